"""Starting, stopping and waiting for processes in tests: the helpers of the demo, which runs the same programs."""

from demo.processes import Child, ChildFailed, TookTooLong, environment, free_port, until
from demo.product import CommandFailed, Finished, Gateway, Product
from demo.sandboxes import SandboxProcess

__all__ = [
    "Child",
    "ChildFailed",
    "CommandFailed",
    "Finished",
    "Gateway",
    "Product",
    "SandboxProcess",
    "TookTooLong",
    "environment",
    "free_port",
    "until",
]

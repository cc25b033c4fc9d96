"""What machine this is, in one paragraph: no number means anything without it."""

from __future__ import annotations

import os
import platform
import resource
from pathlib import Path


def describe() -> dict[str, str]:
    """Processor, cores this process may use, memory, system, Python."""
    return {
        "processor": _from_file("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "load before": ", ".join(f"{load:.2f}" for load in os.getloadavg()),
        "memory": _from_file("/proc/meminfo", "MemTotal"),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def _from_file(path: str, label: str) -> str:
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(label)), "")


def peak_memory() -> float:
    """The most memory this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

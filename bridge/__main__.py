"""``python -m bridge``: the worker and every command. Each module of ``bridge.cli`` holds one subject's verbs."""

from __future__ import annotations

import click

from bridge.cli import coupling, inspect, later, runs, setup
from bridge.cli.common import BridgeGroup
from bridge.cli.deploy import deploy

COMMANDS = (
    setup.setup,
    setup.test_connection,
    deploy,
    later.reset,
    later.enable,
    later.disable,
    runs.work,
    runs.pick_up_once,
    runs.push_status_once,
    runs.update_statistics_once,
    runs.refresh_availability,
    later.sync,
    coupling.couple,
    coupling.uncouple,
    coupling.match,
    inspect.list_jobs,
    inspect.list_failures,
    inspect.retry,
    inspect.show,
)


@click.group(cls=BridgeGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Live stock and released orders between Dynamics 365 Sales and Business Central.

    Exit codes: 0 done; 1 something failed and is listed; 2 the call itself was wrong.
    """


for command in COMMANDS:
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="python -m bridge")

"""The command that brings to Sales what must be there of ours."""

from __future__ import annotations

import click

from bridge.cli.common import DONE, FAILED, State, json_option, pass_state
from bridge.cli.output import print_json, print_table
from bridge.setup.deploy import SOLUTION, Deployed, Result, Step, Target
from bridge.setup.deploy import deploy as run
from bridge.setup.deploy_forms import HANDLER, TABLES, forms
from bridge.setup.deploy_scripts import PANEL, SCRIPT, name_of, web_resources

STEPS: tuple[Step, ...] = (web_resources, forms)


@click.command("deploy")
@click.option("--solution", default=SOLUTION, show_default=True, help="Unique name of the solution to deploy into.")
@click.option(
    "--forms", "on_forms", is_flag=True, help=f"Let the main forms of {', '.join(TABLES)} load the script as well."
)
@json_option
@pass_state
def deploy(state: State, solution: str, on_forms: bool) -> None:
    """Bring the form script to Sales: web resources in a solution of ours, published.

    Repeatable: writes only what differs. Needs a sign-in that may customize, for this one call.
    """
    target = Target(state.bridge.sales, solution, on_forms)
    done: list[Deployed] = []
    try:
        done.extend(run(target, STEPS))
    except BaseException:
        if done and not state.as_json:
            _show(done)
        raise
    if state.as_json:
        print_json({"solution": target.solution, "prefix": target.prefix, "deployed": done})
    else:
        _show(done)
        if not on_forms:
            _say_how(name_of(SCRIPT, target), name_of(PANEL, target))
    raise SystemExit(FAILED if any(one.result is Result.REFUSED for one in done) else DONE)


def _show(done: list[Deployed]) -> None:
    rows: list[dict[str, object]] = [
        {"What": one.what, "Name": one.name, "Result": one.result.value, "Note": one.note} for one in done
    ]
    print_table("Deployed to Sales", rows, empty="")


def _say_how(script: str, panel: str) -> None:
    click.echo(
        "Forms do not load it by themselves. Either run this again with --forms, or add the library in the form\n"
        f"editor: {script}, and call {HANDLER} on OnLoad, with the execution context as first parameter.\n"
        f"For lines as a table, place the web resource {panel} on the form. See docs/form-script.md."
    )

"""Commands that connect: test-connection, setup hooks, setup database; the rest of setup keeps its place."""

from __future__ import annotations

import click

from bridge.cli.common import DONE, FAILED, State, json_option, not_built_yet, pass_state
from bridge.cli.later import setup_connection, setup_guide
from bridge.cli.output import print_json, print_table
from bridge.cli.publish import publish, reset_urls, unpublish
from bridge.settings import Settings
from bridge.setup.connection import State as CheckState
from bridge.setup.connection import check_connection
from bridge.setup.hooks import Registered, register_hooks
from bridge.store.database import Database, upgrade
from bridge.wiring import require


@click.group(invoke_without_command=True)
@click.pass_context
def setup(ctx: click.Context) -> None:
    """Connect the two systems."""
    if ctx.invoked_subcommand is None:
        not_built_yet("setup as one guide")


@setup.command("database")
def setup_database() -> None:
    """Create or upgrade the database's tables. Repeatable, and safe beside running processes."""
    database = Database(Settings.from_environment().database_url)
    upgrade(database)
    database.close()
    click.echo("The database is up to date.")


@setup.command("hooks")
@click.option("--gateway-url", required=True, help="The address both systems reach the gateway by, without a path.")
@json_option
@pass_state
def setup_hooks(state: State, gateway_url: str) -> None:
    """Let both systems wake us: register webhooks that lead to the gateway.

    Repeatable: what is there already is renewed or corrected, nothing is doubled. A worker renews Business Central's
    subscriptions before they expire.
    """
    if not gateway_url.startswith(("http://", "https://")):
        raise click.BadParameter("expected an http or https address", param_hint="--gateway-url")
    bridge = state.bridge
    require(bridge.settings, "secret_key")
    companies = bridge.companies()
    done: list[Registered] = register_hooks(
        bridge.business_central,
        bridge.sales,
        companies,
        gateway_url.rstrip("/"),
        bridge.settings.secret_key.get_secret_value(),
        bridge.clock(),
    )
    if state.as_json:
        print_json(done)
    else:
        rows: list[dict[str, object]] = [
            {"System": one.system, "Tells of": one.what, "Result": one.result, "Note": one.note} for one in done
        ]
        print_table("Webhooks", rows, empty="Nothing to register.")
    raise SystemExit(FAILED if any(one.result == "refused" for one in done) else DONE)


setup.add_command(setup_connection)
setup.add_command(setup_guide)
for command in (publish, unpublish, reset_urls):
    setup.add_command(command)


@click.command("test-connection")
@json_option
@pass_state
def test_connection(state: State) -> None:
    """Check sign-in, company, companion and rights on both sides. Changes nothing."""
    checks = check_connection(state.bridge)
    ok = all(check.state is not CheckState.FAILED for check in checks)
    if state.as_json:
        print_json({"ok": ok, "checks": checks})
    else:
        rows: list[dict[str, object]] = [
            {
                "System": check.system,
                "Check": check.id,
                "Result": check.state.value,
                "Found": check.detail,
                "Next step": check.advice,
            }
            for check in checks
        ]
        print_table("Connection", rows, empty="")
    raise SystemExit(DONE if ok else FAILED)

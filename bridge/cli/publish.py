"""Commands under ``setup`` that write, renew and clear what form scripts in Sales read."""

from __future__ import annotations

import click

from bridge.cli.common import DONE, State, company_option, json_option, pass_state
from bridge.cli.output import print_json
from bridge.context import CompanyContext
from bridge.setup.account import check_account
from bridge.setup.publish import FORM_USER, KEY_DAYS, Publisher, publisher
from bridge.wiring import require


def _context(state: State) -> CompanyContext:
    require(state.bridge.settings, "public_url")
    return state.bridge.context(state.one_company())


def _publisher(state: State, ctx: CompanyContext | None = None) -> Publisher:
    return publisher(ctx or _context(state), only_company=len(state.bridge.companies()) == 1)


def _sure(question: str, yes: bool) -> None:
    """Ask, unless the answer was given with the call; a no ends here."""
    if not yes and not click.confirm(question):
        click.echo("Nothing was changed.")
        raise SystemExit(DONE)


_yes = click.option("--yes", is_flag=True, help="Do not ask.")


@click.command("publish")
@click.option("--user", default="", help=f"The gateway's user whose key is published.  [default: {FORM_USER}]")
@click.option("--url", default="", help="Another address than the one made from PUBLIC_URL.")
@click.option(
    "--days", type=click.IntRange(1, KEY_DAYS), default=KEY_DAYS, show_default=True, help="How long it is good."
)
@click.option("--force", is_flag=True, help="Even if the account that reads Business Central holds SUPER.")
@_yes
@company_option
@json_option
@pass_state
def publish(state: State, user: str, url: str, days: int, force: bool, yes: bool) -> None:
    """Publish stock to Sales: address, user and a fresh key of the gateway, for the forms to read.

    Repeatable: each call writes a new key, and the one before works on for KEY_OVERLAP_HOURS. A worker renews it before
    it expires.
    """
    ctx = _context(state)
    if not force:
        check_account(ctx)
    door = _publisher(state, ctx)
    if url and not door.is_ours(url):
        _sure(f"{url} does not lead to this gateway, and the key would be sent there. Publish it all the same?", yes)
    else:
        _sure(f"Publish {url or door.url} to everyone in Sales who may read the connection?", yes)
    done = door.publish(user, url, days=days)
    if state.as_json:
        print_json(done)
        return
    click.echo(f"Published for {done.company}: {done.url}, user {done.user}, with a key that is good for {days} days.")


@click.command("unpublish")
@_yes
@company_option
@json_option
@pass_state
def unpublish(state: State, yes: bool) -> None:
    """Take it back: the gateway refuses, the key ends, and address, user and key in Sales are cleared. Repeatable."""
    door = _publisher(state)
    _sure("Forms in Sales will show no stock any more. Unpublish?", yes)
    ended = door.unpublish()
    if state.as_json:
        print_json({"keys_ended": ended})
        return
    click.echo(f"Unpublished; keys ended: {ended}.")


@click.command("reset-urls")
@click.option("--wipe-credentials", is_flag=True, help="Clear user and key as well, as older releases did.")
@_yes
@company_option
@json_option
@pass_state
def reset_urls(state: State, wipe_credentials: bool, yes: bool) -> None:
    """Put both addresses in Sales back to what they are by default. User and key stay as they are."""
    door = _publisher(state)
    _sure("Put the addresses in Sales back to their defaults?", yes)
    url = door.reset_urls(wipe_credentials=wipe_credentials)
    if state.as_json:
        print_json({"url": url})
        return
    click.echo(f"Availability address: {url or 'none, it is not published'}.")

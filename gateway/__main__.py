"""``python -m gateway keys …``: web service access keys, shown once and stored hashed.

Exit codes: 0 done, 1 it failed, 2 the call itself was wrong.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

import click
from rich.console import Console
from rich.table import Column, Table

from bridge.errors import BridgeError, SettingInvalid
from bridge.records import utc_now
from bridge.store.database import Database
from bridge.store.gateway import GatewayStore, NewKey
from gateway.settings import GatewaySettings

_TABLE_WIDTH = 170
"""Ids are there to be copied: a narrow terminal wraps the line, it does not cut it."""
SCOPES = ("availability", "metrics")
_LONGEST_USER = 250
"""What the connection record in Sales holds of a user name."""


def _store() -> GatewayStore:
    store = GatewayStore(Database(GatewaySettings.from_environment().database_url), utc_now)
    store.check()
    return store


def _explained(command: Callable[..., None]) -> Callable[..., None]:
    """Turn our errors into one line and the right exit code."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except BridgeError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(2 if isinstance(error, SettingInvalid) else 1)

    return run


@click.group()
def main() -> None:
    """The gateway's own commands. The web process itself is started with gunicorn."""


@main.group()
def keys() -> None:
    """Web service access keys: who may ask for stock."""


class Expiry(click.ParamType[datetime | str]):
    """A date (2026-12-31, its end in UTC), a number of days (90d) or "never"."""

    name = "DATE|Nd|never"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | str:
        if isinstance(value, datetime) or value == "never":
            return value  # type: ignore[no-any-return]
        if (days := re.fullmatch(r"(\d{1,4})d", value)) is not None:
            return utc_now() + timedelta(days=int(days[1]))
        try:
            expires = datetime.combine(datetime.fromisoformat(value).date(), datetime.max.time(), UTC)
        except ValueError:
            self.fail(f'"{value}" is neither a date such as 2026-12-31, nor days such as 90d, nor never.', param, ctx)
        if expires <= utc_now():
            self.fail(f"{value} is past.", param, ctx)
        return expires


class Origin(click.ParamType[str]):
    """A browser origin: scheme and host, no path."""

    name = "ORIGIN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d+)?", value) is None:
            self.fail(f'"{value}" is no origin such as https://contoso.crm4.dynamics.com.', param, ctx)
        return str(value).lower()


class Span(click.ParamType[timedelta]):
    """Minutes (30m), hours (24h) or days (2d)."""

    name = "Nm|Nh|Nd"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d{1,4})([mhd])", value)
        if found is None:
            self.fail(f'"{value}" is no time such as 30m, 24h or 2d.', param, ctx)
        return timedelta(minutes=int(found[1]) * {"m": 1, "h": 60, "d": 1440}[found[2]])


_json = click.option("--json", "as_json", is_flag=True, help="For machines.")
_expires = click.option(
    "--expires", type=Expiry(), default="90d", show_default=True, help="When the key stops working."
)


@keys.command()
@click.argument("user")
@_expires
@click.option("--scope", type=click.Choice(SCOPES), default=SCOPES[0], show_default=True, help="What the key opens.")
@click.option(
    "--origin", "origins", type=Origin(), multiple=True, help="The only page it may be used from. Repeatable."
)
@_json
@_explained
def create(user: str, expires: datetime | str, scope: str, origins: tuple[str, ...], as_json: bool) -> None:
    """Make a key for USER and show it, once. Any earlier key of USER stops working at once."""
    if not user.isascii() or not user.isprintable() or ":" in user or not 0 < len(user) <= _LONGEST_USER:
        raise click.BadParameter(
            f"a user name has 1 to {_LONGEST_USER} ASCII characters and no colon: HTTP Basic carries no others.",
            param_hint="USER",
        )
    expires_at = expires if isinstance(expires, datetime) else None
    _add(NewKey(user, scope, expires_at, origins), None, as_json)


@keys.command()
@click.argument("user")
@_expires
@click.option("--overlap", type=Span(), default="24h", show_default=True, help="How long the old key still works.")
@_json
@_explained
def rotate(user: str, expires: datetime | str, overlap: timedelta, as_json: bool) -> None:
    """Make a new key for USER that opens what the newest one does; the old one works on for a while."""
    now = utc_now()
    working = [
        one for one in _store().keys_of(user) if _state(one.revoked_at, one.expires_at, one.disabled_at, now) == "good"
    ]
    if not working:
        click.echo(f'Error: "{user}" has no working key to rotate; use: python -m gateway keys create {user}', err=True)
        sys.exit(1)
    newest = max(working, key=lambda one: one.created_at)
    expires_at = expires if isinstance(expires, datetime) else None
    _add(NewKey(user, newest.scope, expires_at, tuple(newest.origins.split())), overlap, as_json)


def _add(key: NewKey, overlap: timedelta | None, as_json: bool) -> None:
    """Save a key and show it, the one time that is possible."""
    store = _store()
    row = store.add_key(key, by=_whoami(), overlap=overlap)
    if store.published_for(key.user):
        click.echo(
            f"Note: Sales still holds the earlier key of {key.user}, and forms go dark when it ends. "
            "Write a new one there: python -m bridge setup publish",
            err=True,
        )
    if as_json:
        facts = {"id": row.id, "user": key.user, "key": key.secret, "scope": key.scope, "origins": key.origins}
        click.echo(json.dumps(facts | {"expires_at": _iso(key.expires_at)}))
        return
    click.echo(f"User:    {key.user}")
    click.echo(f"Key:     {key.secret}")
    click.echo(f"Opens:   {key.scope}{' from ' + ', '.join(key.origins) if key.origins else ''}")
    click.echo(f"Expires: {_iso(key.expires_at) or 'never'}")
    click.echo("The key is not kept and cannot be shown again.")


@keys.command("list")
@_json
@_explained
def list_keys(as_json: bool) -> None:
    """All keys ever made, which of them work, and when each was last used."""
    now = utc_now()
    rows = [
        {
            "id": row.id,
            "user": row.user_name,
            "scope": row.scope,
            "origins": row.origins,
            "state": _state(row.revoked_at, row.expires_at, row.disabled_at, now),
            "created_at": _iso(row.created_at),
            "expires_at": _iso(row.expires_at),
            "revoked_at": _iso(row.revoked_at),
            "last_used_at": _iso(row.last_used_at),
        }
        for row in _store().all_keys()
    ]
    if as_json:
        click.echo(json.dumps(rows))
        return
    _print_table(
        ("User", "Opens", "State", "Created", "Expires", "Last used", "Id"),
        [
            (
                *(one["user"], one["scope"], one["state"], one["created_at"]),
                *(one["expires_at"] or "never", one["last_used_at"] or "never", one["id"]),
            )
            for one in rows
        ],
    )


@keys.command()
@click.argument("user", required=False)
@_json
@_explained
def history(user: str | None, as_json: bool) -> None:
    """What was done to the keys of USER, or of all, when and by whom."""
    rows = [
        (_iso(one.at), one.user_name, one.action, one.by, one.detail, one.key_id) for one in _store().key_events(user)
    ]
    names = ("at", "user", "action", "by", "detail", "key")
    if as_json:
        click.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows]))
        return
    _print_table(tuple(name.capitalize() for name in names), rows)


@keys.command()
@click.argument("user_or_id", metavar="USER|ID")
@_json
@_explained
def revoke(user_or_id: str, as_json: bool) -> None:
    """Make all keys of USER, or the one with this ID, stop working: within a second, everywhere."""
    _count("revoked", user_or_id, _store().revoke_keys(user_or_id, by=_whoami()), as_json)


@keys.command()
@click.argument("user")
@_json
@_explained
def disable(user: str, as_json: bool) -> None:
    """Shut USER out without ending its keys: within a second, everywhere."""
    _count("disabled", user, _store().disable_user(user, disabled=True, by=_whoami()), as_json)


@keys.command()
@click.argument("user")
@_json
@_explained
def enable(user: str, as_json: bool) -> None:
    """Let a disabled USER in again with the keys it has."""
    _count("enabled", user, _store().disable_user(user, disabled=False, by=_whoami()), as_json)


def _count(what: str, whom: str, count: int, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({what: count}))
    elif count:
        click.echo(f"{what.capitalize()}: {count}")
    if not count:
        click.echo(f'Error: "{whom}" has no working key. See: python -m gateway keys list', err=True)
        sys.exit(1)


def _whoami() -> str:
    """Who gave the command, for the audit trail: the account it runs under."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run under a number without a name
        return f"uid {os.getuid()}"


def _print_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(*(Column(name, no_wrap=True) for name in names), box=None)
    for row in rows:
        table.add_row(*row)
    Console(width=max(Console().width, _TABLE_WIDTH)).print(table)


def _iso(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _state(
    revoked_at: datetime | None, expires_at: datetime | None, disabled_at: datetime | None, now: datetime
) -> str:
    if revoked_at is not None:
        return "revoked"
    if disabled_at is not None:
        return "disabled"
    return "expired" if expires_at is not None and expires_at <= now else "good"


if __name__ == "__main__":
    main(prog_name="python -m gateway")

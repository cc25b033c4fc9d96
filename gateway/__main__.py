"""``python -m gateway keys create | list | revoke``: web service access keys, shown once and stored hashed.

Exit codes: 0 done, 1 it failed, 2 the call itself was wrong.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

import click
from rich.console import Console
from rich.table import Column, Table

from bridge.errors import BridgeError, SettingInvalid
from bridge.records import utc_now
from bridge.store.database import Database
from bridge.store.gateway import GatewayStore
from gateway.keys import new_key
from gateway.settings import GatewaySettings

_TABLE_WIDTH = 140
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


@keys.command()
@click.argument("user")
@click.option("--expires", type=Expiry(), default="90d", show_default=True, help="When the key stops working.")
@click.option("--scope", type=click.Choice(SCOPES), default=SCOPES[0], show_default=True, help="What the key opens.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@_explained
def create(user: str, expires: datetime | str, scope: str, as_json: bool) -> None:
    """Make a key for USER and show it, once. Any earlier key of USER stops working at once."""
    if not user.isascii() or not user.isprintable() or ":" in user or not 0 < len(user) <= _LONGEST_USER:
        raise click.BadParameter(
            f"a user name has 1 to {_LONGEST_USER} ASCII characters and no colon: HTTP Basic carries no others.",
            param_hint="USER",
        )
    key, salt, digest = new_key()
    expires_at = expires if isinstance(expires, datetime) else None
    row = _store().add_key(user=user, salt=salt, digest=digest, scope=scope, expires_at=expires_at)
    if as_json:
        click.echo(json.dumps({"id": row.id, "user": user, "key": key, "scope": scope, "expires_at": _iso(expires_at)}))
        return
    click.echo(f"User:    {user}")
    click.echo(f"Key:     {key}")
    click.echo(f"Opens:   {scope}")
    click.echo(f"Expires: {_iso(expires_at) or 'never'}")
    click.echo("The key is not kept and cannot be shown again.")


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@_explained
def list_keys(as_json: bool) -> None:
    """All keys ever made, and which of them work."""
    now = utc_now()
    rows = [
        {
            "id": row.id,
            "user": row.user_name,
            "scope": row.scope,
            "state": _state(row.revoked_at, row.expires_at, now),
            "created_at": _iso(row.created_at),
            "expires_at": _iso(row.expires_at),
            "revoked_at": _iso(row.revoked_at),
        }
        for row in _store().all_keys()
    ]
    if as_json:
        click.echo(json.dumps(rows))
        return
    table = Table(
        *(Column(name, no_wrap=True) for name in ("User", "Opens", "State", "Created", "Expires", "Id")), box=None
    )
    for one in rows:
        table.add_row(
            one["user"], one["scope"], one["state"], one["created_at"], one["expires_at"] or "never", one["id"]
        )
    Console(width=max(Console().width, _TABLE_WIDTH)).print(table)


@keys.command()
@click.argument("user_or_id", metavar="USER|ID")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@_explained
def revoke(user_or_id: str, as_json: bool) -> None:
    """Make all keys of USER, or the one with this ID, stop working: within a second, everywhere."""
    count = _store().revoke_keys(user_or_id)
    if as_json:
        click.echo(json.dumps({"revoked": count}))
    elif count:
        click.echo(f"Revoked: {count}")
    if not count:
        click.echo(f'Error: "{user_or_id}" has no working key. See: python -m gateway keys list', err=True)
        sys.exit(1)


def _iso(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _state(revoked_at: datetime | None, expires_at: datetime | None, now: datetime) -> str:
    if revoked_at is not None:
        return "revoked"
    return "expired" if expires_at is not None and expires_at <= now else "good"


if __name__ == "__main__":
    main(prog_name="python -m gateway")

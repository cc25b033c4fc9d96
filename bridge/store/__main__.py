"""``python -m bridge.store upgrade``: bring the database to this program's version (the Procfile's release step)."""

from __future__ import annotations

import click

from bridge.errors import BridgeError
from bridge.settings import Settings
from bridge.store.database import Database
from bridge.store.database import upgrade as upgrade_schema


@click.group()
def main() -> None:
    """The bridge's database."""


@main.command()
def upgrade() -> None:
    """Create or change the tables; safe to repeat, and safe beside running processes of the same version."""
    try:
        upgrade_schema(Database(Settings.from_environment().database_url))
    except BridgeError as error:
        raise click.ClickException(str(error)) from error
    click.echo("The database is up to date.")


if __name__ == "__main__":
    main()

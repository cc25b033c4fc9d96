"""Verbs that keep their place: they know their arguments and say that they are not built yet (exit code 2)."""

from __future__ import annotations

import click

from bridge.cli.common import not_built_yet


@click.command("sync")
@click.argument("mappings", nargs=-1)
@click.option("--full", is_flag=True, help="Everything instead of what changed.")
@click.option("--record", metavar="ID", help="One record only.")
def sync(mappings: tuple[str, ...], full: bool, record: str | None) -> None:
    """Run sync jobs by their Business Central names (ITEM-PRODUCT, …), once, now."""
    not_built_yet("sync")


@click.command("reset")
def reset() -> None:
    """Put mappings and jobs back to their defaults."""
    not_built_yet("reset")


@click.command("enable")
def enable() -> None:
    """Switch the connection on."""
    not_built_yet("enable")


@click.command("disable")
def disable() -> None:
    """Switch the connection off."""
    not_built_yet("disable")


@click.command("connection")
def setup_connection() -> None:
    """Enter the addresses and the sign-in of both systems, step by step."""
    not_built_yet("setup connection")


@click.command("guide")
def setup_guide() -> None:
    """The whole assisted setup without a browser."""
    not_built_yet("setup guide")

"""Duplicate detection: off unless a request asks for it, by the rules every new environment has published."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError
from sandbox.sales.model import Row, Table

RULES: Mapping[str, tuple[str, ...]] = {
    "account": ("name", "emailaddress1"),
    "contact": ("emailaddress1",),
}
"""Columns of which each alone makes two active rows of a table duplicates when its values are equal."""


def check(env: Environment, table: Table, row: Row) -> None:
    """Refuse a row that another active row of the table resembles by one of the rules."""
    for column in RULES.get(table.name, ()):
        value = row.get(column)
        if not value:
            continue
        for other in _with_value(env, table, column, str(value)):
            if other[table.id] != row[table.id] and other.get("statecode") == 0:
                raise DataverseError(
                    412,
                    "0x80040333",
                    "A record was not created or updated because a duplicate of the current record already exists.",
                )


def _with_value(env: Environment, table: Table, column: str, value: str) -> list[Row]:
    if column in env.store.indexed(table.name):
        return list(env.store.where(table.name, column, value))
    wanted = value.casefold()
    return [row for row in env.store.rows(table.name) if str(row.get(column) or "").casefold() == wanted]

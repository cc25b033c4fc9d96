"""The options of choice columns: those the environment starts with, and what option actions have made of them."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.sales.schema import choice_labels


class Choices:
    """Value to label by table and column."""

    def __init__(self) -> None:
        self._changed: dict[tuple[str, str], dict[int, str]] = {}

    def of(self, table: str, column: str) -> Mapping[int, str] | None:
        """The options of a column, None where the sandbox does not know them and takes any number."""
        return self._changed.get((table, column)) or choice_labels(table, column)

    def put(self, table: str, column: str, value: int, label: str) -> None:
        """Add an option, or give it another label."""
        self._own(table, column)[value] = label

    def remove(self, table: str, column: str, value: int) -> None:
        """Take an option away; rows that hold it keep it."""
        self._own(table, column).pop(value, None)

    def _own(self, table: str, column: str) -> dict[int, str]:
        return self._changed.setdefault((table, column), dict(choice_labels(table, column) or {}))

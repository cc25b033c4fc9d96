"""What the tables of both systems are built on: a small index, values kept once, and rows that can be kept in a file.

In both systems a stored row is never changed in place. Whoever has taken hold of rows under the world's lock may
therefore read them without it, however long that takes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from types import NoneType
from typing import Any, Protocol

Row = dict[str, Any]

_ALONE = frozenset({bool, int, float, NoneType, list, dict, datetime})
"""Kinds that are small, that rarely come twice, or that cannot be compared at once."""
MOST_SHARED = 1000
"""Different values of one column that are worth knowing; a column with more of them is one of names or numbers."""


class Index:
    """Ids by value, in the order they came. Most values have one id, and that is held without anything around it."""

    __slots__ = ("_ids",)

    def __init__(self) -> None:
        self._ids: dict[Any, str | dict[str, None]] = {}

    def add(self, value: Any, row_id: str) -> None:
        """Note that the row has the value. Noting it again changes nothing."""
        there = self._ids.get(value)
        if there is None:
            self._ids[value] = row_id
        elif isinstance(there, dict):
            there[row_id] = None
        elif there != row_id:
            self._ids[value] = {there: None, row_id: None}

    def discard(self, value: Any, row_id: str) -> None:
        """The row has the value no longer, if it had it."""
        there = self._ids.get(value)
        if isinstance(there, dict):
            there.pop(row_id, None)
        if there == row_id or there == {}:
            del self._ids[value]

    def ids(self, value: Any) -> Collection[str]:
        """The ids of the rows that have the value. Not to be kept over a change of the index."""
        there = self._ids.get(value)
        if there is None:
            return ()
        return (there,) if isinstance(there, str) else there.keys()


class Shared:
    """Equal values of a column kept once: thousands of rows say the same country, unit, rate and nought."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, dict[Any, Any] | None] = {}

    def share(self, row: Row) -> Row:
        """The row itself, its values put in place by equal ones that were seen before in their column."""
        all_known = self._known
        for name, value in row.items():
            kind = type(value)
            if kind in _ALONE:
                continue
            known = all_known.get(name)
            if known is None:
                if name in all_known:
                    continue
                known = all_known[name] = {}
            key = str(value) if kind is Decimal else value  # 1 and 1.00 are equal, and yet not the same
            found = known.get(key)
            if found is None:
                known[key] = value
                if len(known) > MOST_SHARED:
                    all_known[name] = None  # every row has another: there is nothing to share
            elif type(found) is kind:
                row[name] = found
        return row


class KeptTable(Protocol):
    """A table as snapshots and the state file see it."""

    def all_rows(self) -> Mapping[str, Row]:
        """Its rows by id, in the order they came. Not to be kept over a change of the table."""

    def watch(self) -> Collection[str] | None:
        """Ids that were written or deleted since the last call; None at the first call, as nobody was watching."""

    def refill(self, rows: Iterable[Row]) -> None:
        """Take these rows, as they are, in place of those there are. Nobody is told."""

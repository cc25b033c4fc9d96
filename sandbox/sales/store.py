"""Rows in memory: by id, and indexed by every lookup and by state, with transactions that can be undone.

A stored row is never changed in place: an update puts a new dict, so that undoing is putting the old one back and a
reader may keep what it was given. Versions rise over the whole environment, as row versions do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sandbox.sales.model import Kind, Ref, Row, Table

_ALSO_INDEXED = {"product": ("productnumber",)}
"""Columns that a rule looks values up in at each write."""


class Store:
    """All rows of one environment. The caller holds the world's lock."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = tables
        self._rows: dict[str, dict[str, Row]] = {name: {} for name in tables}
        self._indexed: dict[str, tuple[str, ...]] = {
            name: tuple(c.name for c in t.columns.values() if c.kind in (Kind.LOOKUP, Kind.STATE))
            + _ALSO_INDEXED.get(name, ())
            for name, t in tables.items()
        }
        self._indexes: dict[tuple[str, str], dict[Any, dict[str, None]]] = {}
        self._deleted: list[tuple[int, str, str]] = []
        self._version = 1000
        self._undo: list[Callable[[], None]] = []
        self._depth = 0

    @property
    def version(self) -> int:
        """The version given last."""
        return self._version

    def get(self, table: str, row_id: str) -> Row | None:
        """The row, or None. Not to be changed by the caller."""
        return self._rows[table].get(row_id)

    def rows(self, table: str) -> Iterable[Row]:
        """All rows of a table in the order they came."""
        return self._rows[table].values()

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return len(self._rows[table])

    def where(self, table: str, column: str, value: Any) -> Iterator[Row]:
        """Rows whose lookup ``column`` points at the id ``value``, or whose indexed ``column`` is ``value``."""
        rows = self._rows[table]
        for row_id in list(self._indexes.get((table, column), {}).get(value, ())):
            yield rows[row_id]

    def put(self, table: str, row: Row) -> Row:
        """Store a row under its id with a fresh version; replaces the one that is there."""
        self._version += 1
        row["versionnumber"] = self._version
        self._replace(table, row[self._tables[table].id], row)
        return row

    def remove(self, table: str, row_id: str) -> None:
        """Take a row away; it stays known as deleted for change tracking."""
        self._version += 1
        mark = (self._version, table, row_id)
        self._deleted.append(mark)
        if self._depth:
            self._undo.append(lambda: self._deleted.remove(mark))
        self._replace(table, row_id, None)

    def deleted_since(self, table: str, version: int) -> list[str]:
        """Ids of rows deleted after ``version`` and not there again, each once."""
        gone = {row_id: None for at, name, row_id in self._deleted if name == table and at > version}
        return [row_id for row_id in gone if row_id not in self._rows[table]]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing does. May be nested: the inner one undoes only its own."""
        mark = len(self._undo)
        self._depth += 1
        try:
            yield
        except BaseException:
            while len(self._undo) > mark:
                self._undo.pop()()
            raise
        finally:
            self._depth -= 1
            if not self._depth:
                self._undo.clear()

    def _replace(self, table: str, row_id: str, row: Row | None) -> None:
        rows = self._rows[table]
        old = rows.get(row_id)
        if self._depth:
            self._undo.append(lambda: self._swap(table, row_id, old))
        self._swap(table, row_id, row)

    def _swap(self, table: str, row_id: str, row: Row | None) -> None:
        rows = self._rows[table]
        old = rows.get(row_id)
        for column in self._indexed[table]:
            before = _key(old.get(column)) if old is not None else None
            after = _key(row.get(column)) if row is not None else None
            if before == after:
                continue
            index = self._indexes.setdefault((table, column), {})
            if before is not None:
                index[before].pop(row_id, None)
            if after is not None:
                index.setdefault(after, {})[row_id] = None
        if row is None:
            rows.pop(row_id, None)
        else:
            rows[row_id] = row


def _key(value: Any) -> Any:
    return value.id if isinstance(value, Ref) else value

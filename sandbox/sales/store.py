"""Rows in memory: by id, indexed by lookups, state and the columns people search by, with transactions to be undone.

A stored row is never changed in place: an update puts a new dict, so that undoing is putting the old one back and a
reader may keep what it was given. Versions rise over the whole environment, as row versions do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sandbox.rows import Index
from sandbox.sales.model import Kind, Ref, Row, Table

_ALSO_INDEXED = {
    "account": ("accountnumber", "name", "emailaddress1"),
    "contact": ("emailaddress1",),
    "product": ("productnumber", "name"),
    "uomschedule": ("name",),
    "pricelevel": ("name",),
    "quote": ("quotenumber", "name"),
    "salesorder": ("ordernumber", "name"),
    "invoice": ("invoicenumber", "name"),
    "systemuser": ("internalemailaddress", "applicationid", "azureactivedirectoryobjectid"),
    "sdkmessage": ("name",),
    "sdkmessagefilter": ("primaryobjecttypecode",),
    "privilege": ("name",),
}
"""Columns beside lookups and state that rules, keys and clients look values up in."""

DELETIONS_KEPT = 100_000
"""Deletions remembered for change tracking; a delta token from before the oldest of them has expired."""


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
        self._touched: dict[str, int] = {}
        self._indexes: dict[tuple[str, str], Index] = {}
        self._written: dict[str, dict[str, None]] = {}
        self._deleted: deque[tuple[int, str, str]] = deque()
        self._forgotten = 0
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
        """Rows whose lookup ``column`` points at the id ``value``, or whose indexed ``column`` is ``value``.

        Texts are found without regard to case.
        """
        rows = self._rows[table]
        index = self._indexes.get((table, column))
        for row_id in list(index.ids(_key(value))) if index is not None else ():
            yield rows[row_id]

    def indexed(self, table: str) -> tuple[str, ...]:
        """The columns of a table that ``where`` can be asked for."""
        return self._indexed[table]

    def add_index(self, table: str, column: str) -> None:
        """Index one more column, as a new alternate key needs."""
        if column in self._indexed[table]:
            return
        self._indexed[table] += (column,)
        index = self._index(table, column)
        for row_id, row in self._rows[table].items():
            if (value := _key(row.get(column))) is not None:
                index.add(value, row_id)

    def touched(self, tables: Iterable[str]) -> int:
        """How often ``tables`` have been written, undone writes included: tells whether what was derived is stale."""
        return sum(self._touched.get(table, 0) for table in tables)

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
        self._forget()

    def deleted_since(self, table: str, version: int) -> list[str]:
        """Ids of rows deleted after ``version`` and not there again, each once."""
        gone = {row_id: None for at, name, row_id in self._deleted if name == table and at > version}
        return [row_id for row_id in gone if row_id not in self._rows[table]]

    @property
    def oldest_known_deletion(self) -> int:
        """Deletions at or below this version have been forgotten; a change list cannot start before it."""
        return self._forgotten

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
                self._forget()

    def _forget(self) -> None:
        """Drop the oldest deletions beyond what is kept; not inside a transaction, which may take its own back."""
        while not self._depth and len(self._deleted) > DELETIONS_KEPT:
            self._forgotten = self._deleted.popleft()[0]

    def _replace(self, table: str, row_id: str, row: Row | None) -> None:
        rows = self._rows[table]
        old = rows.get(row_id)
        if self._depth:
            self._undo.append(lambda: self._swap(table, row_id, old))
        self._swap(table, row_id, row)

    def _swap(self, table: str, row_id: str, row: Row | None) -> None:
        rows = self._rows[table]
        old = rows.get(row_id)
        self._touched[table] = self._touched.get(table, 0) + 1
        for column in self._indexed[table]:
            before = _key(old.get(column)) if old is not None else None
            after = _key(row.get(column)) if row is not None else None
            if before == after:
                continue
            index = self._index(table, column)
            if before is not None:
                index.discard(before, row_id)
            if after is not None:
                index.add(after, row_id)
        if table in self._written:
            self._written[table][row_id] = None
        if row is None:
            rows.pop(row_id, None)
        else:
            rows[row_id] = row

    def _index(self, table: str, column: str) -> Index:
        index = self._indexes.get((table, column))
        if index is None:
            index = self._indexes[(table, column)] = Index()
        return index

    def __getstate__(self) -> dict[str, Any]:
        """All but the rows, which are kept one by one, and what follows from them."""
        left_out = {"_rows": {name: {} for name in self._rows}, "_indexes": {}, "_undo": [], "_written": {}}
        return {**self.__dict__, **left_out}

    def tables(self) -> Mapping[str, KeptRows]:
        """Each table as snapshots and the state file see it."""
        return {name: KeptRows(self, name) for name in self._rows}

    def rows_by_id(self, table: str) -> Mapping[str, Row]:
        """All rows of a table. Not to be kept over a change of it."""
        return self._rows[table]

    def watch(self, table: str) -> Collection[str] | None:
        """Ids that were written since the last call; None at the first."""
        written = self._written.get(table)
        self._written[table] = {}
        return written

    def refill(self, table: str, rows: Iterable[Row]) -> None:
        """Take these rows, as they are, in place of those there are."""
        self._written.pop(table, None)
        for row_id in list(self._rows[table]):
            self._swap(table, row_id, None)
        name = self._tables[table].id
        for row in rows:
            self._swap(table, row[name], row)


class KeptRows:
    """One table of a store, as :class:`sandbox.rows.KeptTable`."""

    def __init__(self, store: Store, table: str) -> None:
        self._store, self._table = store, table

    def all_rows(self) -> Mapping[str, Row]:
        return self._store.rows_by_id(self._table)

    def watch(self) -> Collection[str] | None:
        return self._store.watch(self._table)

    def refill(self, rows: Iterable[Row]) -> None:
        self._store.refill(self._table, rows)


def _key(value: Any) -> Any:
    if isinstance(value, Ref):
        return value.id
    return value.casefold() if isinstance(value, str) else value

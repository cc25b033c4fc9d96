"""Rows in memory with what a database gives them: stamps, row versions, indexes, and transactions that roll back.

Rows are never changed in place: an update puts a new dict into the table, so the old one can be put back.
"""

from __future__ import annotations

import uuid
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.rows import Index, Shared

Row = dict[str, Any]
"""A record by property name; a property that was never set is absent and reads as its kind's empty value."""

Step = tuple[Callable[[], None], Callable[[], None]]
"""A change of one row: how to take it back, how to take it again."""

_STAMPS = frozenset({"lastModifiedDateTime", "rowVersion"})
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Change:
    """One committed write, for those who are told of changes. ``kind``: created, updated or deleted.

    ``real`` is False of an update that wrote what was there already.
    """

    table: Table
    id: str
    kind: str
    at: datetime
    real: bool = True


class Journal:
    """What a transaction needs to be undone, and the stamps all tables share."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._steps: list[Step] = []
        self._history: list[tuple[datetime, list[Step]]] = []
        self.keep = timedelta()
        """How long committed steps stay known, for those who ask for rows as they were."""
        self._depth = 0
        self._last_stamp = _NEVER
        self.changes: list[Change] = []
        self.row_version = 1000
        self.open_row_versions: set[int] = set()
        self.stamps_rise = True
        self.on_commit: Callable[[list[Change]], None] = lambda changes: None

    def stamp(self) -> datetime:
        """Now, in whole milliseconds as the wire shows it."""
        now = self._now()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        if now < self._last_stamp:
            self.stamps_rise = False  # somebody moved the clock back: searches by stamp must look at every row
        self._last_stamp = now
        return now

    def next_row_version(self) -> int:
        self.row_version += 1
        return self.row_version

    @property
    def lowest_open_row_version(self) -> int:
        """Rows below it are final: no transaction that is still open holds a lower one."""
        return min(self.open_row_versions, default=self.row_version + 1)

    def undo(self, back: Callable[[], None], again: Callable[[], None]) -> None:
        """How the step just taken is taken back, and how it is taken again."""
        if self._depth:
            self._steps.append((back, again))

    @contextmanager
    def as_of(self, moment: datetime) -> Iterator[None]:
        """Show all rows as they were at ``moment``, as far back as ``keep`` reaches; nothing may be written inside."""
        newer = [step for at, steps in self._history if at > moment for step in steps]
        for back, _ in reversed(newer):
            back()
        try:
            yield
        finally:
            for _, again in newer:
                again()

    def __getstate__(self) -> dict[str, Any]:
        """Everything but steps that could still be taken back: they cannot be kept over a restart."""
        return {**self.__dict__, "_steps": [], "_history": []}

    def _remember(self) -> None:
        now = self._now()
        self._history = [(at, steps) for at, steps in self._history if now - at <= self.keep]
        if self.keep and self._steps:
            self._history.append((now, self._steps))
        self._steps = []

    def changed(self, table: Table, row_id: str, kind: str, *, real: bool = True) -> None:
        self.changes.append(Change(table, row_id, kind, self._last_stamp, real))
        if not self._depth:
            self._tell()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; inside another transaction it is a savepoint of that one."""
        mark, changes = len(self._steps), len(self.changes)
        self._depth += 1
        try:
            yield
        except BaseException:
            while len(self._steps) > mark:
                self._steps.pop()[0]()
            del self.changes[changes:]
            raise
        finally:
            self._depth -= 1
            if not self._depth:
                self._remember()
                self._tell()

    def _tell(self) -> None:
        if self.changes:
            changes, self.changes = self.changes, []
            self.on_commit(changes)


class Table:
    """One table of one company. ``order`` is the primary key's property; ``indexed`` are found without a search."""

    def __init__(
        self, company_id: str, name: str, journal: Journal, order: Sequence[str], indexed: Iterable[str] = ()
    ) -> None:
        self.company_id, self.name = company_id, name
        self._journal = journal
        self._order = tuple(order)
        self._indexed = tuple(indexed)
        self._shared = Shared()
        self._written: dict[str, None] | None = None
        self._empty()

    def _empty(self) -> None:
        self._rows: dict[str, Row] = {}
        self._keys: list[tuple[Any, ...]] = []
        self._versions: list[tuple[int, str]] = []
        self.indexes: dict[str, Index] = {field: Index() for field in self._indexed}

    def __getstate__(self) -> tuple[Any, ...]:
        """What the table is; its rows are kept one by one."""
        return self.company_id, self.name, self._journal, self._order, self._indexed

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        company_id, name, journal, order, indexed = state
        Table.__init__(self, company_id, name, journal, order, indexed)

    def all_rows(self) -> Mapping[str, Row]:
        """See :class:`sandbox.rows.KeptTable`."""
        return self._rows

    def watch(self) -> Collection[str] | None:
        written, self._written = self._written, {}
        return written

    def refill(self, rows: Iterable[Row]) -> None:
        self._empty()
        self._written = None
        for row in rows:
            self._rows[row["id"]] = row
            self._keys.append(self.key(row))
            self._versions.append((row["rowVersion"], row["id"]))
            for field, index in self.indexes.items():
                index.add(_folded(row.get(field, "")), row["id"])
        self._keys.sort()
        self._versions.sort()

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return (self._rows[key[-1]] for key in self._keys)

    def get(self, row_id: str) -> Row | None:
        return self._rows.get(row_id)

    def by(self, field: str, value: Any) -> list[Row]:
        """Rows whose indexed ``field`` equals ``value``, texts without regard to case, in primary key order."""
        found = self.indexes[field].ids(_folded(value))
        return sorted((self._rows[row_id] for row_id in found), key=self.key)

    def one(self, field: str, value: Any) -> Row | None:
        for row_id in self.indexes[field].ids(_folded(value)):
            return self._rows[row_id]
        return None

    def key(self, row: Row) -> tuple[Any, ...]:
        return (*(row.get(field, "") for field in self._order), row["id"])

    @property
    def first_of_key(self) -> str:
        return self._order[0]

    def at_least(self, lowest: Any) -> Iterator[Row]:
        """Rows from the one whose primary key begins with ``lowest``, in order."""
        for key in self._keys[bisect_left(self._keys, (lowest,)) :]:
            yield self._rows[key[-1]]

    def behind(self, key: tuple[Any, ...]) -> Iterator[Row]:
        """Rows that follow ``key`` in primary key order, whether or not a row of that key is still there."""
        for found in self._keys[bisect_right(self._keys, key) :]:
            yield self._rows[found[-1]]

    def changed_since(self, field: str, lowest: Any) -> list[Row] | None:
        """Rows whose ``rowVersion`` or ``lastModifiedDateTime`` is at least ``lowest``; None if that needs a search."""
        if field == "lastModifiedDateTime" and not self._journal.stamps_rise:
            return None
        found = []
        for _, row_id in reversed(self._versions):
            row = self._rows[row_id]
            if row[field] < lowest:
                break
            found.append(row)
        return sorted(found, key=self.key)

    def insert(self, row: Row) -> Row:
        """Add a row; an id is given unless it brings one."""
        stamp = self._journal.stamp()
        row = {
            "id": str(uuid.uuid4()),
            "lastModifiedDateTime": stamp,
            "systemCreatedAt": stamp,
            "rowVersion": self._journal.next_row_version(),
            **row,
        }
        self._put(self._shared.share(row))
        self._journal.undo(lambda: self._drop(row), lambda: self._put(row))
        self._journal.changed(self, row["id"], "created")
        return row

    def update(self, row: Row, changes: Row, *, moved: bool = False) -> Row:
        """Put the changed row in place of the one with its id, stamped anew.

        ``moved``: what hangs on the row has changed, though its own values may not have.
        """
        old = self._rows[row["id"]]
        new = {
            **old,
            "lastModifiedDateTime": self._journal.stamp(),
            "rowVersion": self._journal.next_row_version(),
            **changes,
        }
        self._drop(old)
        self._put(self._shared.share(new))

        def back() -> None:
            self._drop(new)
            self._put(old)

        def again() -> None:
            self._drop(old)
            self._put(new)

        self._journal.undo(back, again)
        real = moved or any(old.get(name) != value for name, value in changes.items() if name not in _STAMPS)
        self._journal.changed(self, new["id"], "updated", real=real)
        return new

    def delete(self, row: Row) -> None:
        old = self._rows[row["id"]]
        self._drop(old)
        self._journal.undo(lambda: self._put(old), lambda: self._drop(old))
        self._journal.stamp()
        self._journal.changed(self, old["id"], "deleted")

    def _put(self, row: Row) -> None:
        row_id = row["id"]
        self._rows[row_id] = row
        _place(self._keys, self.key(row))
        _place(self._versions, (row["rowVersion"], row_id))
        for field, index in self.indexes.items():
            index.add(_folded(row.get(field, "")), row_id)
        if self._written is not None:
            self._written[row_id] = None

    def _drop(self, row: Row) -> None:
        row_id = row["id"]
        del self._rows[row_id]
        del self._keys[bisect_left(self._keys, self.key(row))]
        del self._versions[bisect_left(self._versions, (row["rowVersion"], row_id))]
        for field, index in self.indexes.items():
            index.discard(_folded(row.get(field, "")), row_id)
        if self._written is not None:
            self._written[row_id] = None


def _place(keys: list[Any], key: Any) -> None:
    if keys and key < keys[-1]:
        insort(keys, key)
    else:
        keys.append(key)


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value

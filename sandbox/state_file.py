"""The file that keeps a sandbox's state over a restart: a SQLite database with one record per row.

A save writes what was changed since the last one, in one transaction: after a crash the file holds the former state,
and saving costs what was changed, not what there is. The rows are taken under the world's lock and written without it.

The file is private to one version of the sandbox: it says which code wrote it, and a file of other code is refused,
never guessed at. It holds the application's secret and is therefore readable by its owner alone.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sandbox.frozen import StateUnreadable, thaw
from sandbox.rows import Row, Shared
from sandbox.world import Taken

__all__ = ["FORMAT", "StateFile", "StateUnreadable", "code_version"]

FORMAT = 2
_TABLES = """
CREATE TABLE IF NOT EXISTS head (name TEXT PRIMARY KEY, value);
CREATE TABLE IF NOT EXISTS shapes (number INTEGER PRIMARY KEY, names TEXT);
CREATE TABLE IF NOT EXISTS places (number INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS kept (
    at INTEGER PRIMARY KEY, place INTEGER, id TEXT, shape INTEGER, sum INTEGER, body BLOB, UNIQUE (place, id)
);
"""
"""``shapes`` are lists of column names: rows of one shape are kept as their values. ``kept.at`` is their order."""
_PUT = (
    "INSERT INTO kept (place, id, shape, sum, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (place, id) DO UPDATE"
    " SET shape = excluded.shape, sum = excluded.sum, body = excluded.body"
)


class StateFile:
    """The open file of one sandbox; no other can open it meanwhile. Used by one thread at a time."""

    def __init__(self, path: Path, company: str) -> None:
        """Open the file, or make an empty one.

        Raises StateUnreadable when it is something else, was written by other code, is damaged, is of another company
        or is used by a running sandbox; OSError when it cannot be made. A file that is refused is left as it is.
        """
        self._path, self._company = path, company
        self._head: Mapping[str, Any] = {}
        self._shapes: dict[tuple[str, ...], int] = {}
        self._places: dict[str, int] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = not path.exists()
        if fresh:
            path.touch(mode=0o600)
        try:
            self._db = sqlite3.connect(
                f"file:{quote(str(path.absolute()))}?mode=rw", uri=True, timeout=0, isolation_level=None,
                check_same_thread=False,
            )  # fmt: skip
        except sqlite3.Error as error:
            raise OSError(f"{path} cannot be opened: {error}") from error
        try:
            self._open(fresh)
        except BaseException:
            self._db.close()
            raise

    def _open(self, fresh: bool) -> None:
        with self._readable():
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            if fresh:
                self._db.executescript(_TABLES)
                return
            if not self._db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'kept'").fetchone():
                raise StateUnreadable(f"{self._path} is no state file of the sandbox. Name another file with --state.")
            self._head = dict(self._db.execute("SELECT name, value FROM head"))
            if self._head:
                self._check(self._head)
            self._shapes = {
                tuple(json.loads(names)): number for number, names in self._db.execute("SELECT * FROM shapes")
            }
            self._places = {name: number for number, name in self._db.execute("SELECT * FROM places")}

    @property
    def rest(self) -> bytes | None:
        """What is in no table; None while nothing was saved."""
        return self._head.get("rest")

    def rows(self, table: str) -> Iterator[Row]:
        """The rows of a table in their order. Raises StateUnreadable on the first that is damaged."""
        shared = Shared()
        shapes = {number: names for names, number in self._shapes.items()}
        wanted = "SELECT id, shape, sum, body FROM kept WHERE place = ? ORDER BY at"
        with self._readable():
            for row_id, shape, checksum, body in self._db.execute(wanted, (self._places.get(table),)):
                if zlib.crc32(body) != checksum or shape not in shapes:
                    raise self._damaged(f"row {row_id} of {table} is not what was written")
                yield shared.share(dict(zip(shapes[shape], thaw(body, {}), strict=True)))

    def write(self, taken: Taken) -> None:
        """Save in one step: what ``taken`` does not hold stays as it was saved last. Raises sqlite3.Error."""
        self._db.execute("BEGIN IMMEDIATE")
        shapes, places = dict(self._shapes), dict(self._places)
        try:
            for name, table in taken.tables.items():
                place = self._number(self._places, name, "INSERT INTO places (number, name) VALUES (?, ?)", name)
                if table.whole:
                    self._db.execute("DELETE FROM kept WHERE place = ?", (place,))
                else:
                    gone = ((place, row_id) for row_id, row in table.rows.items() if row is None)
                    self._db.executemany("DELETE FROM kept WHERE place = ? AND id = ?", gone)
                self._db.executemany(_PUT, self._records(place, table.rows))
            head = {"format": FORMAT, "code": code_version(), "company": self._company, "rest": taken.rest}
            self._db.executemany("INSERT OR REPLACE INTO head VALUES (?, ?)", head.items())
            self._db.execute("COMMIT")
        except BaseException:
            self._shapes, self._places = shapes, places
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _records(self, place: int, rows: Mapping[str, Row | None]) -> Iterable[tuple[Any, ...]]:
        for row_id, row in rows.items():
            if row is not None:
                names = tuple(row)
                shape = self._shapes.get(names) or self._number(
                    self._shapes, names, "INSERT INTO shapes (number, names) VALUES (?, ?)", json.dumps(names)
                )
                body = pickle.dumps(tuple(row.values()), pickle.HIGHEST_PROTOCOL)
                yield place, row_id, shape, zlib.crc32(body), body

    def _number(self, numbers: dict[Any, int], of: Any, insert: str, text: str) -> int:
        if of not in numbers:
            numbers[of] = len(numbers) + 1
            self._db.execute(insert, (numbers[of], text))
        return numbers[of]

    def _check(self, head: Mapping[str, Any]) -> None:
        if (head.get("format"), head.get("code")) != (FORMAT, code_version()):
            raise StateUnreadable(
                f"{self._path} was written by another version of the sandbox (format {head.get('format')}, code"
                f" {head.get('code')}; this one is format {FORMAT}, code {code_version()}). Start that version, or"
                " begin anew by moving the file away."
            )
        if head.get("company") != self._company:
            raise StateUnreadable(
                f"{self._path} holds the company {head.get('company')!r}, not {self._company!r}. Give the --data it was"
                " made with."
            )

    def _damaged(self, why: str) -> StateUnreadable:
        return StateUnreadable(f"{self._path} is damaged: {why}. Move it away to begin anew.")

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """What SQLite says about a file that cannot be read, in words that say what to do."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise StateUnreadable(
                    f"{self._path} is used by a sandbox that is running. End it, or name another file with --state."
                ) from error
            raise self._damaged(str(error)) from error
        except sqlite3.DatabaseError as error:
            if "not a database" in str(error):
                raise StateUnreadable(
                    f"{self._path} is no state file of this version of the sandbox. Name another file with --state."
                ) from error
            raise self._damaged(str(error)) from error


def code_version() -> str:
    """A digest over the sandbox's own source: two sandboxes with the same one read each other's states."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]

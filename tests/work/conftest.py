"""Jobs that tests steer, and what a job gets around it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.store.database import Database


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """An empty database of this version, once on SQLite and once on PostgreSQL."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def sqlite_db(sqlite_url: str) -> Iterator[Database]:
    """An empty SQLite database, where which database it is makes no difference."""
    database = Database(sqlite_url)
    yield database
    database.close()

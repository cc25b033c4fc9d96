"""A database of each kind, and a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bridge.store.database import Database


class MovableClock:
    """Answers the same time until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """An empty database of this version, once on SQLite and once on PostgreSQL."""
    database = Database(database_url)
    yield database
    database.close()

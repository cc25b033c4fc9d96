"""Counters that say "what you cached may be old": ``availability`` and ``keys``. Moved by the changing transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from bridge.store.database import Database
from bridge.store.models import Generation


def bump(session: Any, db: Database, name: str) -> None:
    """Move the counter as part of the caller's transaction."""
    statement = db.insert(Generation).values(name=name, value=1)
    session.execute(
        statement.on_conflict_do_update(index_elements=[Generation.name], set_={"value": Generation.value + 1})
    )


def read(db: Database) -> dict[str, int]:
    with db.read() as session:
        return {row.name: row.value for row in session.scalars(select(Generation))}

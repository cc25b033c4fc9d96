"""What workers have asked of the remote systems, added up in the database, where ``/metrics`` reads it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bridge.store.database import Database
from bridge.store.models_calls import RemoteCalls


class Asked(NamedTuple):
    """So many requests and operations with one purpose; ``system`` is ``business-central`` or ``sales``."""

    system: str
    verb: str
    purpose: str
    requests: int
    operations: int


def add(db: Database, asked: Iterable[Asked]) -> bool:
    """Add these to what is known. False when the database did not take them: they are then to be given again."""
    rows = [one._asdict() | {"purpose": one.purpose[:100]} for one in asked]
    if not rows:
        return True
    statement = db.insert(RemoteCalls)
    statement = statement.on_conflict_do_update(
        index_elements=["system", "verb", "purpose"],
        set_={
            "requests": RemoteCalls.requests + statement.excluded.requests,
            "operations": RemoteCalls.operations + statement.excluded.operations,
        },
    )
    try:
        with db.write() as session:
            for row in sorted(rows, key=lambda one: (one["system"], one["verb"], one["purpose"])):
                session.execute(statement.values(row))  # in one order, so that two workers never wait in a circle
    except SQLAlchemyError:
        return False
    return True


def read(db: Database) -> list[Asked]:
    """All there is, in a stable order."""
    columns = (
        RemoteCalls.system,
        RemoteCalls.verb,
        RemoteCalls.purpose,
        RemoteCalls.requests,
        RemoteCalls.operations,
    )
    with db.read() as session:
        return [Asked(*row) for row in session.execute(select(*columns).order_by(*columns[:3]))]

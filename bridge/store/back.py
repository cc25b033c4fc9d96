"""Put back what waits on its way to Sales: posts, invoices and the like lose their pause, and their count of tries."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update

from bridge.store import invoices, notes, pushes, statistics
from bridge.store.database import Database
from bridge.store.models import JournalEntry, OrderEvent


def put_back(db: Database, named: Collection[str] | None) -> None:
    """Make it due now: everything, or what these ids and numbers name."""
    with db.write() as session:
        statement = update(OrderEvent).where(OrderEvent.told_at.is_(None))
        if named is not None:
            of_orders = select(JournalEntry.id).where(JournalEntry.sales_id.in_(named))
            statement = statement.where(OrderEvent.entry_id.in_(of_orders))
        session.execute(statement.values(attempts=0))
    invoices.put_back(db, named)
    pushes.put_back(db, named)
    notes.put_back(db, named)
    statistics.put_back(db, named)

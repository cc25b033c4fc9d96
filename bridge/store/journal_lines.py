"""What Business Central last showed of the lines of orders: once an order is gone, nobody else remembers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import select, update

from bridge.store.database import Database
from bridge.store.models import JournalLine


def note_seen(db: Database, seen: Mapping[str, Mapping[int, Decimal]]) -> None:
    """Remember the quantities of these orders, entry id → line number → quantity; a line that is not there has none.
    Writes what differs only."""
    with db.read() as session:
        rows = session.scalars(select(JournalLine).where(JournalLine.entry_id.in_(seen))).all()
    changed = {}
    for row in rows:
        now = seen[row.entry_id].get(row.line_number, Decimal(0))
        if now != (row.quantity if row.seen_quantity is None else row.seen_quantity):
            changed[row.id] = now
    if not changed:
        return
    with db.write() as session:
        for row_id, quantity in sorted(changed.items()):
            session.execute(update(JournalLine).where(JournalLine.id == row_id).values(seen_quantity=quantity))

"""Notes on orders that both systems have, or shall have; a note waits here until the other side has it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update

from bridge.records import new_id
from bridge.store.database import Database
from bridge.store.journal import Kind
from bridge.store.models import JournalEntry
from bridge.store.models_returns import OrderNote, OrderPush

TO_BC, TO_SALES, AGREED = "bc", "sales", ""
_CHUNK = 500


def orders(db: Database, company_id: str) -> list[JournalEntry]:
    """Orders that Business Central has and that have not ended: the ones whose notes go both ways."""
    with db.read() as session:
        return list(
            session.scalars(
                select(JournalEntry)
                .where(
                    JournalEntry.company_id == company_id,
                    JournalEntry.kind == Kind.ORDER,
                    JournalEntry.bc_order_id.is_not(None),
                    JournalEntry.ended_at.is_(None),
                )
                .order_by(JournalEntry.sales_number)
            )
        )


def unread(db: Database, entries: Sequence[JournalEntry]) -> list[JournalEntry]:
    """Those of the orders whose notes in Sales have not been read as a whole yet."""
    ids = [entry.id for entry in entries]
    with db.read() as session:
        statement = select(OrderPush.entry_id).where(OrderPush.notes_read_at.is_not(None))
        done = set(session.scalars(statement.where(OrderPush.entry_id.in_(ids))))
    return [entry for entry in entries if entry.id not in done]


def mark_read(db: Database, entries: Collection[JournalEntry], now: datetime) -> None:
    with db.write() as session:
        for entry in sorted(entries, key=lambda entry: entry.id):
            statement = db.insert(OrderPush).values(entry_id=entry.id, is_due=True, attempts=0, notes_read_at=now)
            again = {"notes_read_at": now}
            session.execute(statement.on_conflict_do_update(index_elements=["entry_id"], set_=again))


def known(
    db: Database, company_id: str, *, sales_ids: Collection[str] = (), bc_ids: Collection[str] = ()
) -> list[OrderNote]:
    """Notes by their ids on either side."""
    found: list[OrderNote] = []
    for column, ids in ((OrderNote.sales_id, sorted(sales_ids)), (OrderNote.bc_id, sorted(bc_ids))):
        for start in range(0, len(ids), _CHUNK):
            with db.read() as session:
                some = column.in_(ids[start : start + _CHUNK])
                found += session.scalars(select(OrderNote).where(OrderNote.company_id == company_id, some))
    return found


def save(db: Database, new: Sequence[OrderNote], changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Add notes, those that somebody else has added meanwhile left out, and set columns of others, row id → column →
    value, in one transaction."""
    if not new and not changes:
        return
    with db.write() as session:
        for note in new:
            statement = db.insert(OrderNote).values(
                id=note.id or new_id(),
                company_id=note.company_id,
                entry_id=note.entry_id,
                sales_id=note.sales_id,
                bc_id=note.bc_id,
                digest=note.digest,
                waiting=note.waiting,
                subject=note.subject or "",
                body=note.body or "",
                created_on=note.created_on or "",
                attempts=0,
            )
            session.execute(statement.on_conflict_do_nothing(index_elements=["company_id", "sales_id"]))
        for row_id, values in sorted(changes.items()):
            session.execute(update(OrderNote).where(OrderNote.id == row_id).values(**values))


def waiting(db: Database, company_id: str, side: str, now: datetime, limit: int) -> list[OrderNote]:
    """Notes that one side shall be told and that may be tried now."""
    with db.read() as session:
        due = or_(OrderNote.next_attempt_at.is_(None), OrderNote.next_attempt_at <= now)
        statement = select(OrderNote).where(OrderNote.company_id == company_id, OrderNote.waiting == side, due)
        return list(session.scalars(statement.order_by(OrderNote.created_on, OrderNote.id).limit(limit)))


def forget(db: Database, row_ids: Collection[str]) -> None:
    with db.write() as session:
        session.execute(delete(OrderNote).where(OrderNote.id.in_(row_ids)))


def of_orders(db: Database, entry_ids: Collection[str]) -> list[OrderNote]:
    with db.read() as session:
        statement = select(OrderNote).where(OrderNote.entry_id.in_(entry_ids))
        return list(session.scalars(statement.order_by(OrderNote.created_on, OrderNote.id)))


def put_back(db: Database, named: Collection[str] | None) -> None:
    """Make what backs off due now: everything, or notes of these ids, or of orders of these ids."""
    with db.write() as session:
        statement = update(OrderNote).where(OrderNote.next_attempt_at.is_not(None))
        if named is not None:
            of = select(JournalEntry.id).where(JournalEntry.sales_id.in_(named))
            statement = statement.where(or_(OrderNote.sales_id.in_(named), OrderNote.entry_id.in_(of)))
        session.execute(statement.values(next_attempt_at=None))

"""Which orders have changed in Business Central since Sales was last made to agree, and when each is tried next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, update

from bridge.store.database import Database
from bridge.store.journal import Kind, State
from bridge.store.models import Coupling, Failure, JournalEntry, JournalLine, OptionCoupling
from bridge.store.models_returns import OrderPush

_CHUNK = 500


def _followed(company_id: str) -> Any:
    return and_(
        JournalEntry.company_id == company_id,
        JournalEntry.kind == Kind.ORDER,
        JournalEntry.bc_order_id.is_not(None),
        JournalEntry.state == State.ACK_DONE,
        JournalEntry.ended_at.is_(None),
    )


def ensure(db: Database, company_id: str) -> None:
    """Every order that is followed has its row; a new one is due. Repeatable."""
    with db.read() as session:
        missing = session.scalars(
            select(JournalEntry.id)
            .outerjoin(OrderPush, OrderPush.entry_id == JournalEntry.id)
            .where(_followed(company_id), OrderPush.entry_id.is_(None))
        ).all()
    if not missing:
        return
    with db.write() as session:
        for entry_id in sorted(missing):
            statement = db.insert(OrderPush).values(entry_id=entry_id, is_due=True, attempts=0)
            session.execute(statement.on_conflict_do_nothing(index_elements=["entry_id"]))


def mark_due(db: Database, company_id: str, bc_ids: Collection[str]) -> None:
    """These orders have changed in Business Central. Those nobody knows are passed over."""
    wanted = sorted(bc_ids)
    for start in range(0, len(wanted), _CHUNK):
        some = JournalEntry.bc_order_id.in_(wanted[start : start + _CHUNK])
        with db.write() as session:
            ids = session.scalars(select(JournalEntry.id).where(JournalEntry.company_id == company_id, some)).all()
            for entry_id in sorted(ids):
                statement = db.insert(OrderPush).values(entry_id=entry_id, is_due=True, attempts=0)
                again = {"is_due": True, "attempts": 0, "next_attempt_at": None}
                session.execute(statement.on_conflict_do_update(index_elements=["entry_id"], set_=again))


def due(db: Database, company_id: str, now: datetime, limit: int) -> list[JournalEntry]:
    """Followed orders whose changes may be taken to Sales now."""
    with db.read() as session:
        return list(
            session.scalars(
                select(JournalEntry)
                .join(OrderPush, OrderPush.entry_id == JournalEntry.id)
                .where(
                    _followed(company_id),
                    OrderPush.is_due,
                    or_(OrderPush.next_attempt_at.is_(None), OrderPush.next_attempt_at <= now),
                )
                .order_by(JournalEntry.sales_number)
                .limit(limit)
            )
        )


def attempts(db: Database, entry_ids: Collection[str]) -> dict[str, int]:
    with db.read() as session:
        rows = session.scalars(select(OrderPush).where(OrderPush.entry_id.in_(entry_ids)))
        return {row.entry_id: row.attempts for row in rows}


def pushed_at(db: Database, entry_ids: Collection[str]) -> dict[str, datetime | None]:
    """When Sales last agreed, by entry; orders that were never pushed are missing."""
    with db.read() as session:
        rows = session.scalars(select(OrderPush).where(OrderPush.entry_id.in_(entry_ids)))
        return {row.entry_id: row.pushed_at for row in rows}


def settle(
    db: Database,
    changes: Mapping[str, Mapping[str, Any]],
    lines: Mapping[str, Sequence[JournalLine]],
) -> None:
    """Save what became of some pushes, entry id → column → value, and the lines as both sides have them now."""
    with db.write() as session:
        for entry_id, rows in sorted(lines.items()):
            known = {
                row.line_number: row
                for row in session.scalars(select(JournalLine).where(JournalLine.entry_id == entry_id))
            }
            for row in rows:
                old = known.get(row.line_number)
                if old is None:
                    row.entry_id = entry_id
                    session.add(row)
                    continue
                old.quantity, old.unit_price, old.discount_amount = row.quantity, row.unit_price, row.discount_amount
        for entry_id, values in sorted(changes.items()):
            session.execute(update(OrderPush).where(OrderPush.entry_id == entry_id).values(**values))


def wake_coupled(db: Database, company_id: str, code: str, now: datetime) -> int:
    """Make due what backs off for want of a coupling (open failures of this code), once anything was coupled since;
    answer how many orders that were."""
    with db.write() as session:
        newest = [
            session.scalar(select(func.max(table.coupled_at)).where(table.company_id == company_id))
            for table in (Coupling, OptionCoupling)
        ]
        coupled_at = max((stamp for stamp in newest if stamp is not None), default=None)
        if coupled_at is None:
            return 0
        woken = session.scalars(
            select(OrderPush.entry_id)
            .join(JournalEntry, JournalEntry.id == OrderPush.entry_id)
            .join(Failure, Failure.record_id == JournalEntry.sales_id)
            .where(
                JournalEntry.company_id == company_id,
                OrderPush.next_attempt_at > now,
                Failure.code == code,
                Failure.resolved_at.is_(None),
                Failure.last_at <= coupled_at,
            )
        ).all()
        if woken:
            values = {"next_attempt_at": None, "attempts": 0}
            session.execute(update(OrderPush).where(OrderPush.entry_id.in_(woken)).values(**values))
        return len(woken)


def put_back(db: Database, sales_ids: Collection[str] | None) -> None:
    """Make what backs off due now: everything, or the orders of these Sales ids."""
    with db.write() as session:
        statement = update(OrderPush).where(OrderPush.next_attempt_at.is_not(None))
        if sales_ids is not None:
            of_orders = select(JournalEntry.id).where(JournalEntry.sales_id.in_(sales_ids))
            statement = statement.where(OrderPush.entry_id.in_(of_orders))
        session.execute(statement.values(next_attempt_at=None))

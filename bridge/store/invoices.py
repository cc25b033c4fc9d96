"""Posted invoices on their way to Sales, and what of their payment Sales has been told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, or_, select, update

from bridge.records import new_id
from bridge.store.database import Database
from bridge.store.models import Coupling, OptionCoupling
from bridge.store.models_returns import PostedInvoice

_CHUNK = 500


class State(StrEnum):
    """How far an invoice has come."""

    WAITING = "waiting"
    THERE = "there"
    GONE = "gone"


class Payment(StrEnum):
    """What of an invoice is paid."""

    UNKNOWN = ""
    BILLED = "billed"
    PARTIAL = "partial"
    PAID = "paid"
    CANCELED = "canceled"


UNSETTLED = (Payment.BILLED, Payment.PARTIAL)
"""More is expected to be paid."""


@dataclass(frozen=True, slots=True)
class FoundInvoice:
    """A posted invoice that Sales shall have."""

    bc_id: str
    bc_number: str
    bill_to_id: str
    order_id: str | None
    payment: Payment


def note_found(db: Database, company_id: str, found: Sequence[FoundInvoice], now: datetime) -> int:
    """Save the invoices not known yet, by id or number; answer how many were new. Repeatable."""
    if not found:
        return 0
    known = {row.bc_number for row in by_numbers(db, company_id, [one.bc_number for one in found])}
    new = 0
    with db.write() as session:
        for one in found:
            if one.bc_number in known:
                continue
            statement = db.insert(PostedInvoice).values(
                id=new_id(),
                company_id=company_id,
                bc_id=one.bc_id,
                bc_number=one.bc_number,
                bill_to_id=one.bill_to_id,
                order_id=one.order_id,
                sales_id=new_id(),
                state=State.WAITING,
                payment=one.payment,
                payment_told=Payment.UNKNOWN,
                wants=[],
                attempts=0,
                found_at=now,
            )
            statement = statement.on_conflict_do_nothing(index_elements=["company_id", "bc_id"])
            new += session.scalar(statement.returning(PostedInvoice.id)) is not None
    return new


def by_numbers(db: Database, company_id: str, numbers: Collection[str]) -> list[PostedInvoice]:
    return _by(db, company_id, PostedInvoice.bc_number, numbers)


def of_customers(db: Database, company_id: str, customer_ids: Collection[str]) -> list[PostedInvoice]:
    """Invoices in Sales that these customers owe or owed."""
    rows = _by(db, company_id, PostedInvoice.bill_to_id, customer_ids)
    return [row for row in rows if row.state == State.THERE]


def _by(db: Database, company_id: str, column: Any, values: Collection[str]) -> list[PostedInvoice]:
    wanted = sorted(set(values))
    found: list[PostedInvoice] = []
    for start in range(0, len(wanted), _CHUNK):
        with db.read() as session:
            some = column.in_(wanted[start : start + _CHUNK])
            found += session.scalars(select(PostedInvoice).where(PostedInvoice.company_id == company_id, some))
    return found


def waiting(db: Database, company_id: str, now: datetime, limit: int) -> list[PostedInvoice]:
    """Invoices that Sales does not have yet and that may be tried now: the oldest first."""
    with db.read() as session:
        return list(
            session.scalars(
                select(PostedInvoice)
                .where(
                    PostedInvoice.company_id == company_id,
                    PostedInvoice.state == State.WAITING,
                    or_(PostedInvoice.next_attempt_at.is_(None), PostedInvoice.next_attempt_at <= now),
                )
                .order_by(PostedInvoice.found_at, PostedInvoice.bc_number)
                .limit(limit)
            )
        )


def untold(db: Database, company_id: str, now: datetime, limit: int) -> list[PostedInvoice]:
    """Invoices in Sales whose payment Sales does not know, and that may be tried now."""
    with db.read() as session:
        return list(
            session.scalars(
                select(PostedInvoice)
                .where(
                    PostedInvoice.company_id == company_id,
                    PostedInvoice.state == State.THERE,
                    PostedInvoice.payment != PostedInvoice.payment_told,
                    or_(PostedInvoice.next_attempt_at.is_(None), PostedInvoice.next_attempt_at <= now),
                )
                .order_by(PostedInvoice.bc_number)
                .limit(limit)
            )
        )


def unsettled(db: Database, company_id: str) -> list[PostedInvoice]:
    """Invoices in Sales that are neither paid nor canceled."""
    with db.read() as session:
        return list(
            session.scalars(
                select(PostedInvoice).where(
                    PostedInvoice.company_id == company_id,
                    PostedInvoice.state == State.THERE,
                    PostedInvoice.payment.in_(UNSETTLED),
                )
            )
        )


def change(db: Database, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Set columns of several rows in one transaction: row id → column → value."""
    if not changes:
        return
    with db.write() as session:
        for row_id, values in sorted(changes.items()):
            session.execute(update(PostedInvoice).where(PostedInvoice.id == row_id).values(**values))


def wake_coupled(db: Database, company_id: str, now: datetime) -> int:
    """Make due what waits for a coupling that is there by now; answer how many invoices that were."""
    with db.write() as session:
        rows = session.scalars(
            select(PostedInvoice).where(
                PostedInvoice.company_id == company_id,
                PostedInvoice.state == State.WAITING,
                PostedInvoice.next_attempt_at > now,
            )
        ).all()
        woken = 0
        for row in rows:
            if row.wants and all(_is_coupled(session, company_id, *want) for want in row.wants):
                row.next_attempt_at, row.attempts, row.wants = None, 0, []
                woken += 1
        return woken


def _is_coupled(session: Any, company_id: str, mapping: str, key: str) -> bool:
    """Whether a Business Central record or code is coupled, by its id or its number."""
    for table, number in ((Coupling, Coupling.bc_number), (OptionCoupling, OptionCoupling.bc_code)):
        named = and_(table.company_id == company_id, table.mapping == mapping, or_(table.bc_id == key, number == key))
        if session.scalar(select(table.id).where(named).limit(1)) is not None:
            return True
    return False


def put_back(db: Database, numbers: Collection[str] | None) -> int:
    """Make what backs off due now, all or only these, by number or id; answer how many."""
    with db.write() as session:
        statement = update(PostedInvoice).where(PostedInvoice.next_attempt_at.is_not(None))
        if numbers is not None:
            named = or_(*(column.in_(numbers) for column in (PostedInvoice.bc_number, PostedInvoice.bc_id)))
            statement = statement.where(named)
        return int(session.execute(statement.values(next_attempt_at=None)).rowcount)  # type: ignore[attr-defined]


def find(db: Database, record: str) -> list[PostedInvoice]:
    """Invoices by number, by either id, or by the id of their Sales order."""
    with db.read() as session:
        columns = (PostedInvoice.bc_id, PostedInvoice.sales_id, PostedInvoice.order_id)
        named = or_(PostedInvoice.bc_number == record, *(column == record.lower() for column in columns))
        return list(session.scalars(select(PostedInvoice).where(named).order_by(PostedInvoice.bc_number)))

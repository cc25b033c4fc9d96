"""The account statistics of coupled customers: which are due, and what the row of each in Sales was last told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, or_, select, update

from bridge.records import new_id
from bridge.store.database import Database
from bridge.store.models import Coupling
from bridge.store.models_returns import StatisticsRow

CUSTOMER = "CUSTOMER"
_CHUNK = 500


def ensure(db: Database, company_id: str) -> None:
    """Every coupled customer that is not skipped has its row; a new one is due. Repeatable."""
    with db.read() as session:
        missing = session.execute(
            select(Coupling.bc_id, Coupling.bc_number, Coupling.sales_id)
            .outerjoin(
                StatisticsRow,
                (StatisticsRow.company_id == Coupling.company_id) & (StatisticsRow.customer_id == Coupling.bc_id),
            )
            .where(
                Coupling.company_id == company_id,
                Coupling.mapping == CUSTOMER,
                Coupling.skipped.is_(False),
                StatisticsRow.customer_id.is_(None),
            )
        ).all()
    if not missing:
        return
    with db.write() as session:
        for customer_id, number, account_id in missing:
            statement = db.insert(StatisticsRow).values(
                company_id=company_id,
                customer_id=customer_id,
                customer_number=number,
                account_id=account_id,
                sales_id=new_id(),
                told={},
                is_due=True,
                attempts=0,
            )
            session.execute(statement.on_conflict_do_nothing(index_elements=["company_id", "customer_id"]))


def of_customers(db: Database, customer_ids: Collection[str]) -> list[StatisticsRow]:
    with db.read() as session:
        return list(session.scalars(select(StatisticsRow).where(StatisticsRow.customer_id.in_(customer_ids))))


def left_over(db: Database, company_id: str) -> list[StatisticsRow]:
    """Rows of customers that are not coupled to that account any more."""
    with db.read() as session:
        coupled = select(Coupling.id).where(
            Coupling.company_id == company_id,
            Coupling.mapping == CUSTOMER,
            Coupling.bc_id == StatisticsRow.customer_id,
            Coupling.sales_id == StatisticsRow.account_id,
        )
        statement = select(StatisticsRow).where(StatisticsRow.company_id == company_id, ~coupled.exists())
        return list(session.scalars(statement))


def forget(db: Database, company_id: str, customer_ids: Collection[str]) -> None:
    with db.write() as session:
        session.execute(
            delete(StatisticsRow).where(
                StatisticsRow.company_id == company_id, StatisticsRow.customer_id.in_(customer_ids)
            )
        )


def mark_due(db: Database, company_id: str, customer_ids: Collection[str]) -> None:
    """Something happened in the books of these customers. Those that are not coupled are passed over."""
    wanted = sorted(customer_ids)
    with db.write() as session:
        for start in range(0, len(wanted), _CHUNK):
            some = StatisticsRow.customer_id.in_(wanted[start : start + _CHUNK])
            session.execute(
                update(StatisticsRow)
                .where(StatisticsRow.company_id == company_id, some, StatisticsRow.is_due.is_(False))
                .values(is_due=True, attempts=0, next_attempt_at=None)
            )


def mark_day(db: Database, company_id: str, today: date) -> None:
    """What is overdue changes with the day: figures of an earlier one are due."""
    with db.write() as session:
        session.execute(
            update(StatisticsRow)
            .where(
                StatisticsRow.company_id == company_id,
                StatisticsRow.is_due.is_(False),
                or_(StatisticsRow.read_on.is_(None), StatisticsRow.read_on < today),
            )
            .values(is_due=True)
        )


def due(db: Database, company_id: str, now: datetime, limit: int, only: str = "") -> list[StatisticsRow]:
    """Customers whose figures are wanted now; with ``only`` that one, due or not."""
    with db.read() as session:
        statement = select(StatisticsRow).where(StatisticsRow.company_id == company_id)
        if only:
            return list(session.scalars(statement.where(StatisticsRow.customer_id == only)))
        waits = or_(StatisticsRow.next_attempt_at.is_(None), StatisticsRow.next_attempt_at <= now)
        return list(
            session.scalars(
                statement.where(StatisticsRow.is_due, waits).order_by(StatisticsRow.customer_number).limit(limit)
            )
        )


def change(db: Database, company_id: str, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Set columns of several rows in one transaction: customer id → column → value."""
    if not changes:
        return
    with db.write() as session:
        for customer_id, values in sorted(changes.items()):
            session.execute(
                update(StatisticsRow)
                .where(StatisticsRow.company_id == company_id, StatisticsRow.customer_id == customer_id)
                .values(**values)
            )


def skip(db: Database, company_id: str, customer_ids: Collection[str]) -> None:
    """Leave these customers alone until a person puts them back."""
    with db.write() as session:
        session.execute(
            update(Coupling)
            .where(Coupling.company_id == company_id, Coupling.mapping == CUSTOMER, Coupling.bc_id.in_(customer_ids))
            .values(skipped=True)
        )
        session.execute(
            update(StatisticsRow)
            .where(StatisticsRow.company_id == company_id, StatisticsRow.customer_id.in_(customer_ids))
            .values(is_due=False)
        )


def put_back(db: Database, named: Collection[str] | None) -> None:
    """Make what was skipped or backs off due again: everything, or customers of these ids or numbers."""
    with db.write() as session:
        skipped = update(Coupling).where(Coupling.mapping == CUSTOMER, Coupling.skipped)
        rows = update(StatisticsRow).where(
            or_(StatisticsRow.next_attempt_at.is_not(None), StatisticsRow.is_due.is_(False))
        )
        if named is not None:
            skipped = skipped.where(or_(Coupling.bc_id.in_(named), Coupling.bc_number.in_(named)))
            either = (StatisticsRow.customer_id.in_(named), StatisticsRow.customer_number.in_(named))
            rows = rows.where(or_(*either))
        session.execute(skipped.values(skipped=False))
        session.execute(rows.values(is_due=True, next_attempt_at=None))

"""Failures: what is stuck, why, since when, and whether it heals by itself. Resolved ones are kept as history."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from bridge.store.database import Database
from bridge.store.models import Failure


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one record, in words a person can act on."""

    subject: str
    record_id: str
    record: str
    code: str
    text: str
    advice: str
    heals_by_itself: bool
    next_attempt_at: datetime | None = None


def report(db: Database, company_id: str, problems: Collection[Problem], now: datetime) -> int:
    """Note these; the same code on the same record only counts up. Answer how many are new."""
    if not problems:
        return 0
    new = 0
    with db.write() as session:
        for problem in problems:
            row = session.scalar(
                select(Failure).where(
                    Failure.company_id == company_id,
                    Failure.subject == problem.subject,
                    Failure.record_id == problem.record_id,
                    Failure.code == problem.code,
                    Failure.resolved_at.is_(None),
                )
            )
            if row is None:
                new += 1
                row = Failure(
                    company_id=company_id,
                    subject=problem.subject,
                    record_id=problem.record_id,
                    code=problem.code,
                    first_at=now,
                    count=0,
                )
                session.add(row)
            row.record, row.text, row.advice = problem.record[:250], problem.text, problem.advice
            row.heals_by_itself, row.next_attempt_at = problem.heals_by_itself, problem.next_attempt_at
            row.last_at, row.count = now, row.count + 1
    return new


def resolve(
    db: Database,
    company_id: str,
    subject: str,
    record_ids: Collection[str],
    now: datetime,
    *,
    except_codes: Collection[str] = (),
) -> int:
    """Close the open failures of these records, save those with one of ``except_codes``; answer how many."""
    if not record_ids:
        return 0
    with db.write() as session:
        result = session.execute(
            update(Failure)
            .where(
                Failure.company_id == company_id,
                Failure.subject == subject,
                Failure.record_id.in_(record_ids),
                Failure.resolved_at.is_(None),
                Failure.code.not_in(except_codes),
            )
            .values(resolved_at=now)
        )
        return int(result.rowcount)  # type: ignore[attr-defined]


def open_failures(db: Database, company_id: str | None = None) -> list[Failure]:
    with db.read() as session:
        statement = select(Failure).where(Failure.resolved_at.is_(None)).order_by(Failure.first_at)
        if company_id is not None:
            statement = statement.where(Failure.company_id == company_id)
        return list(session.scalars(statement))


def history_of(db: Database, record_ids: Collection[str]) -> list[Failure]:
    with db.read() as session:
        return list(
            session.scalars(select(Failure).where(Failure.record_id.in_(record_ids)).order_by(Failure.first_at))
        )

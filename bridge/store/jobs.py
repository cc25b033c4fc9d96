"""Recurring jobs as state: what is due is decided here, in the database, and nowhere else.

A job is claimed by one conditional update with a lease. While it runs its holder renews the lease; when the holder dies
the lease runs out and another process takes the job. A wake-up makes it due now; one that comes while it runs makes it
run once more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from bridge.records import new_id
from bridge.store.database import Database
from bridge.store.models import Job


def define(db: Database, company_id: str, name: str, interval_seconds: int, now: datetime) -> None:
    """Make sure the job exists with this interval; a new one is due at once."""
    with db.write() as session:
        statement = db.insert(Job).values(
            id=new_id(),
            name=name,
            company_id=company_id,
            interval_seconds=interval_seconds,
            enabled=True,
            due_at=now,
            wakes=0,
            counts={},
            error="",
            outcome="",
            failures_in_a_row=0,
        )
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["company_id", "name"], set_={"interval_seconds": interval_seconds}
            )
        )


def forget_others(db: Database, company_ids: Collection[str]) -> None:
    """Drop the jobs of companies no longer served."""
    with db.write() as session:
        session.execute(delete(Job).where(Job.company_id.not_in(company_ids)))


def forget(db: Database, names: Collection[str]) -> None:
    """Drop these jobs of every company."""
    with db.write() as session:
        session.execute(delete(Job).where(Job.name.in_(names)))


def longest_due(db: Database, now: datetime) -> datetime | None:
    """Since when the job that has waited longest has been due; None when no job waits for a worker."""
    with db.read() as session:
        return session.scalar(
            select(func.min(Job.due_at)).where(
                Job.enabled, Job.due_at <= now, or_(Job.lease_until.is_(None), Job.lease_until <= now)
            )
        )


def wake(db: Database, name: str, now: datetime, company_id: str | None = None) -> int:
    """Make the job due now, in one company or all; answer how many there were."""
    with db.write() as session:
        statement = update(Job).where(Job.name == name).values(due_at=now, wakes=Job.wakes + 1)
        if company_id is not None:
            statement = statement.where(Job.company_id == company_id)
        return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class DueJob:
    """A job somebody should start: its id, its name, and since when it is due."""

    id: str
    name: str
    due_at: datetime


def due(db: Database, now: datetime) -> list[DueJob]:
    """Jobs that are due and held by nobody, the longest-due first. Looks only: another process may claim one first."""
    with db.read() as session:
        rows = session.execute(
            select(Job.id, Job.name, Job.due_at)
            .where(Job.enabled, _free(now), Job.due_at <= now)
            .order_by(Job.due_at, Job.id)
        )
        return [DueJob(job_id, name, due_at) for job_id, name, due_at in rows]


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(Job.lease_until.is_(None), Job.lease_until <= now)


def claim(db: Database, job_id: str, *, owner: str, lease: timedelta, now: datetime, early: bool = False) -> Job | None:
    """Take this job with a lease until ``now + lease``; None when somebody holds it, or it is not due or switched off.

    With ``early`` it is taken before it is due as well: a person asked."""
    with db.write() as session:
        taken = update(Job).where(Job.id == job_id, Job.enabled, _free(now))
        if not early:
            taken = taken.where(Job.due_at <= now)
        result = session.execute(taken.values(lease_owner=owner, lease_until=now + lease, started_at=now))
        return session.get(Job, job_id) if result.rowcount else None  # type: ignore[attr-defined]


def renew(db: Database, job_id: str, *, owner: str, until: datetime) -> bool:
    """Keep the lease; False when another process has taken the job."""
    with db.write() as session:
        result = session.execute(
            update(Job).where(Job.id == job_id, Job.lease_owner == owner).values(lease_until=until)
        )
        return bool(result.rowcount)  # type: ignore[attr-defined]


def finish(
    db: Database,
    claimed: Job,
    *,
    owner: str,
    now: datetime,
    counts: dict[str, Any] | None = None,
    error: str = "",
    look_again_at: datetime | None = None,
) -> None:
    """Give the job back: due again after its interval, or at ``look_again_at`` if that comes first; at once when it was
    woken meanwhile; later after failures (twice the interval for each failure in a row, one hour at the most)."""
    with db.write() as session:
        row = session.get(Job, claimed.id, with_for_update=True)
        if row is None or row.lease_owner != owner:
            return  # the lease ran out and somebody else has it: the job is theirs to finish
        row.lease_owner = row.lease_until = None
        row.finished_at, row.error, row.counts = now, error[:2000], counts or {}
        row.outcome = "failed" if error else "finished"
        row.failures_in_a_row = row.failures_in_a_row + 1 if error else 0
        woken = row.wakes != claimed.wakes
        pause = min(row.interval_seconds * 2 ** min(row.failures_in_a_row, 10), max(3600, row.interval_seconds))
        if woken and not error:
            row.due_at = now
        elif error:
            row.due_at = now + timedelta(seconds=pause)
        else:
            usual = now + timedelta(seconds=row.interval_seconds)
            row.due_at = usual if look_again_at is None else min(usual, max(now, look_again_at))


def all_jobs(db: Database) -> list[Job]:
    with db.read() as session:
        return list(session.scalars(select(Job).order_by(Job.company_id, Job.name)))


def get(db: Database, company_id: str, name: str) -> Job | None:
    with db.read() as session:
        return session.scalar(select(Job).where(Job.company_id == company_id, Job.name == name))


def next_due(db: Database, after: datetime) -> datetime | None:
    """The first moment after this one at which a job falls due or its lease runs out; None when there is none."""
    with db.read() as session:
        rows = session.execute(select(Job.due_at, Job.lease_until).where(Job.enabled)).all()
    moments = (max(due_at, lease_until) if lease_until is not None else due_at for due_at, lease_until in rows)
    return min((moment for moment in moments if moment > after), default=None)

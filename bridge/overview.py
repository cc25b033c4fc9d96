"""What people ask and do, for the command line and the console: jobs, failures, one record's story, put it back.

Reads and changes our own state only; no remote system is asked. Answers are plain values with the names people see.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.store import (
    back,
    companies,
    couplings,
    failures,
    invoices,
    jobs,
    journal,
    notes,
    projection,
    pushes,
    statistics,
)
from bridge.store.database import Database
from bridge.store.journal import Kind
from bridge.store.models import AvailabilityItem, Coupling, Failure, Job, JournalEntry, JournalLine, OrderEvent
from bridge.store.models_returns import OrderNote, PostedInvoice, StatisticsRow

JOB_OF_SUBJECT = {
    "order": "PICK-UP",
    "status": "PUSH-STATUS",
    "availability": "AVAILABILITY",
    "invoice": "POSTEDSALESINV-INV",
    "push": "SALESORDER-ORDER",
    "note": "SALES ORDER NOTES",
    "statistics": "CUSTOMER STATISTICS",
}
"""Which job tries again what failed in this subject."""
_IN_JOURNAL = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class JobView:
    """One recurring job of one company. ``state`` is ``running``, ``due``, ``waiting`` or ``off``."""

    name: str
    company: str
    state: str
    every_seconds: int
    due_at: datetime
    holder: str
    last_outcome: str
    finished_at: datetime | None
    counts: dict[str, Any]
    failures_in_a_row: int
    error: str


@dataclass(frozen=True, slots=True)
class FailureView:
    """One failure as people read it; ``record_id`` is what ``retry`` and ``show`` also take."""

    record: str
    code: str
    what: str
    next_step: str
    heals_by_itself: bool
    since: datetime
    tries: int
    next_try: datetime | None
    resolved_at: datetime | None
    subject: str
    record_id: str
    company: str


@dataclass(frozen=True, slots=True)
class OrderView:
    """The journal row of an order or quote with the lines as written and what happened since."""

    entry: JournalEntry
    lines: list[JournalLine]
    events: list[OrderEvent]
    notes: list[OrderNote]
    pushed_at: datetime | None
    """When Sales last agreed with what Business Central has."""


@dataclass(frozen=True, slots=True)
class RecordView:
    """Everything known of what a person called by one number, name or id."""

    orders: list[OrderView]
    couplings: list[Coupling]
    items: list[AvailabilityItem]
    invoices: list[PostedInvoice]
    statistics: list[StatisticsRow]
    failures: list[FailureView]

    @property
    def is_empty(self) -> bool:
        return not (self.orders or self.couplings or self.items or self.invoices or self.failures)


@dataclass(frozen=True, slots=True)
class PutBack:
    """What a retry made due: how many orders, and which jobs were woken."""

    orders: int
    jobs: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        return not self.orders and not self.jobs


def job_list(db: Database, now: datetime, company_id: str | None = None) -> list[JobView]:
    names = _company_names(db)
    return [
        _job_view(job, names.get(job.company_id, job.company_id), now)
        for job in jobs.all_jobs(db)
        if company_id in (None, job.company_id)
    ]


def _job_view(job: Job, company: str, now: datetime) -> JobView:
    held = job.lease_until is not None and job.lease_until > now
    state = "running" if held else "off" if not job.enabled else "due" if job.due_at <= now else "waiting"
    return JobView(
        name=job.name,
        company=company,
        state=state,
        every_seconds=job.interval_seconds,
        due_at=job.due_at,
        holder=(job.lease_owner or "") if held else "",
        last_outcome=job.outcome,
        finished_at=job.finished_at,
        counts=job.counts,
        failures_in_a_row=job.failures_in_a_row,
        error=job.error,
    )


def failure_list(db: Database, company_id: str | None = None) -> list[FailureView]:
    """What is stuck now, the oldest first."""
    names = _company_names(db)
    return [_failure_view(row, names) for row in failures.open_failures(db, company_id)]


def _failure_view(row: Failure, names: dict[str, str]) -> FailureView:
    return FailureView(
        record=row.record,
        code=row.code,
        what=_said_once(row.record, row.text),
        next_step=row.advice,
        heals_by_itself=row.heals_by_itself,
        since=row.first_at,
        tries=row.count,
        next_try=row.next_attempt_at,
        resolved_at=row.resolved_at,
        subject=row.subject,
        record_id=row.record_id,
        company=names.get(row.company_id, row.company_id),
    )


def _said_once(record: str, text: str) -> str:
    """The text without the record it begins with: the record stands beside it."""
    rest = text.removeprefix(f"{record}: ")
    return rest if rest == text else rest[:1].upper() + rest[1:]


def put_back(db: Database, record: str | None, now: datetime) -> PutBack:
    """Make what waits because of a failure due now: one record by number, name or id, or everything (None).

    What is stuck loses its pause and the jobs that work on it are woken. Repeatable; failures stay listed until they
    are gone for good.
    """
    if record is None:
        stuck = failures.open_failures(db)
        orders = journal.put_back(db, None, now)
        back.put_back(db, None)
    else:
        entries = journal.find(db, record)
        named = {record, record.lower(), *(entry.sales_id for entry in entries)}
        named |= {row.bc_id for row in invoices.find(db, record)}
        named |= {row.bc_id for row in couplings.find(db, record) if row.mapping == "CUSTOMER"}
        stuck = [row for row in failures.open_failures(db) if row.record_id in named or row.record == record]
        sales_ids = {entry.sales_id for entry in entries}
        sales_ids |= {row.record_id for row in stuck if row.subject in _IN_JOURNAL}
        orders = journal.put_back(db, sales_ids, now)
        back.put_back(db, named | {row.record_id for row in stuck})
    by_id = {job.id: job for job in jobs.all_jobs(db)}
    wanted = {(JOB_OF_SUBJECT[row.subject], row.company_id) for row in stuck if row.subject in JOB_OF_SUBJECT}
    wanted |= {(by_id[row.record_id].name, row.company_id) for row in stuck if row.record_id in by_id}
    if orders:
        wanted |= {("PICK-UP", job.company_id) for job in by_id.values() if job.name == "PICK-UP"}
    woken = [name for name, company_id in sorted(wanted) if jobs.wake(db, name, now, company_id)]
    return PutBack(orders=orders, jobs=tuple(dict.fromkeys(woken)))


def about(db: Database, record: str) -> RecordView:
    """Everything known of a record: an order by either number, an item, customer … by number or name, or any id."""
    entries = journal.find(db, record)
    lines = journal.lines_of(db, [entry.id for entry in entries])
    coupled = couplings.find(db, record)
    names = _company_names(db)
    items = [
        item
        for company_id in names
        for item in projection.items_by_number(db, company_id, [record, *(row.bc_number for row in coupled)]).values()
    ]
    ids = {record.lower(), *(entry.sales_id for entry in entries), *(entry.bc_order_id or "" for entry in entries)}
    ids |= {row.bc_id for row in coupled} | {row.sales_id for row in coupled}
    posted = {row.id: row for one in (record, *(entry.sales_id for entry in entries)) for row in invoices.find(db, one)}
    ids |= {row.bc_id for row in posted.values()}
    pushed = pushes.pushed_at(db, [entry.id for entry in entries])
    return RecordView(
        orders=[
            OrderView(
                entry,
                lines.get(entry.id, []),
                journal.events_of(db, entry.id),
                notes.of_orders(db, [entry.id]),
                pushed.get(entry.id),
            )
            for entry in entries
        ],
        couplings=coupled,
        items=[item for item in items if item.number == record or item.item_id in ids],
        invoices=list(posted.values()),
        statistics=statistics.of_customers(db, {row.bc_id for row in coupled if row.mapping == "CUSTOMER"}),
        failures=[_failure_view(row, names) for row in failures.history_of(db, ids)],
    )


def _company_names(db: Database) -> dict[str, str]:
    return {row.id: row.name for row in companies.all_companies(db)}

"""Write down what came of a chunk of orders: listed failures, the pause before the next try, the end of a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bridge.context import CompanyContext
from bridge.orders.errors import AFTER_ACKNOWLEDGEMENT, AmountsDiffer, AmountsHeld, NotSubmitted, OrderProblem, Retry
from bridge.store import failures, journal
from bridge.store.failures import Problem
from bridge.store.journal import Kind, ReleaseState, State
from bridge.store.models import JournalEntry

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_PAUSE_OF_OUTAGE = timedelta(minutes=2)
"""What passes by itself is looked at often: an hour after an outage nobody should still wait for it."""


def pause(attempts: int, problems: Sequence[OrderProblem]) -> timedelta:
    """How long to leave an order alone after ``attempts`` failed tries and one more: doubling, never giving up."""
    if attempts < min((problem.tries_at_once for problem in problems), default=0):
        return timedelta()
    passes = all(problem.retry is Retry.EVERY_RUN for problem in problems)
    longest = LONGEST_PAUSE_OF_OUTAGE if passes and problems else LONGEST_PAUSE
    doublings = min(attempts, 20)  # a million times the first pause is past any limit
    return min(FIRST_PAUSE * (1 << doublings), longest)


def write_down(
    ctx: CompanyContext, entries: Iterable[JournalEntry], problems: Mapping[str, Sequence[OrderProblem]]
) -> None:
    """Report the problems of these entries, resolve what is over, set when each is tried again. ``problems`` is by
    entry id; an entry without any went well."""
    now = ctx.clock()
    current = journal.by_ids(ctx.db, [entry.id for entry in entries])
    reports: list[Problem] = []
    changes: dict[str, dict[str, Any]] = {}
    over: dict[tuple[str, frozenset[str]], list[str]] = {}
    for entry in current.values():
        found = problems.get(entry.id, ())
        waits = bool(found) or entry.release_state in journal.UNRELEASED
        again = now + pause(entry.attempts, found) if waits else None
        changes[entry.id] = {"attempts": entry.attempts + 1 if waits else 0, "next_attempt_at": again}
        reports.extend(_reports(entry, found, again))
        over.setdefault((entry.kind, _still_listed(entry, found)), []).append(entry.sales_id)
    failures.report(ctx.db, ctx.company.id, reports, now)
    for (subject, codes), sales_ids in over.items():
        failures.resolve(ctx.db, ctx.company.id, subject, sales_ids, now, except_codes=codes)
    journal.change(ctx.db, changes, now)


def _still_listed(entry: JournalEntry, found: Sequence[OrderProblem]) -> frozenset[str]:
    """Codes that stay open: those found now, and what was told once about an order that is otherwise done."""
    codes = frozenset(problem.code for problem in found)
    if entry.state != State.ACK_DONE or entry.ended_at is not None:
        return codes
    if entry.release_state == ReleaseState.RELEASED:
        return codes | {AmountsDiffer.code}
    over = frozenset() if entry.release_state == ReleaseState.HELD else {AmountsHeld.code}
    return codes | (AFTER_ACKNOWLEDGEMENT - over)


def _reports(entry: JournalEntry, found: Sequence[OrderProblem], again: datetime | None) -> list[Problem]:
    """One report for each code: the same cause on several lines is told together."""
    by_code: dict[str, list[OrderProblem]] = {}
    for problem in found:
        by_code.setdefault(problem.code, []).append(problem)
    return [
        Problem(
            subject=entry.kind,
            record_id=entry.sales_id,
            record=alike[0].where,
            code=code,
            text=" ".join(dict.fromkeys(problem.text for problem in alike)),
            advice=" ".join(dict.fromkeys(problem.advice for problem in alike)),
            heals_by_itself=all(problem.heals_by_itself for problem in alike),
            next_attempt_at=again,
        )
        for code, alike in by_code.items()
    ]


def close(ctx: CompanyContext, entries: Sequence[JournalEntry], reason: str, *, note: bool = False) -> None:
    """End rows of orders that are not ours to make any more. With ``note`` their history says that they were no longer
    submitted; nobody has to do anything about that."""
    now = ctx.clock()
    closed = {"state": State.ACK_DONE, "ended_at": now, "end_reason": reason}
    journal.change(ctx.db, {entry.id: dict(closed) for entry in entries}, now)
    if note:
        told = [report for e in entries for report in _reports(e, [NotSubmitted(e.sales_number)], None)]
        failures.report(ctx.db, ctx.company.id, told, now)
        failures.resolve(ctx.db, ctx.company.id, Kind.ORDER, [entry.sales_id for entry in entries], now)

"""Tell Sales what was found: a timeline post for each event, and the state Invoiced at the end of an order.

Events wait in the database until Sales has them. All go out in one batch; each post has an id chosen beforehand, so
that one sent twice, after a lost reply for example, is refused as known and counts as told. What Sales refuses is tried
again after a pause that doubles, an hour at the most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.clients.errors import AlreadyExists, NotFound, RemoteError
from bridge.clients.sales import PartResult, Write
from bridge.context import CompanyContext
from bridge.status import problems
from bridge.status.ending import DELETED_IN_SALES, INVOICED, end
from bridge.status.events import Kind
from bridge.status.texts import post_text
from bridge.store import journal
from bridge.store.failures import Problem
from bridge.store.models import JournalEntry, OrderEvent

TRIES = 3
LONGEST_PAUSE = timedelta(hours=1)
_AT_ONCE = 10_000
_PER_BATCH = 500
_NO_SUCH_RECORD = "0x80040217"
_AUTOMATIC, _STATUS_POST = 1, 7
_INVOICED_STATE = {"statecode": 4, "statuscode": 100003}

Waiting = tuple[OrderEvent, JournalEntry]


@dataclass(slots=True)
class Told:
    """``posts`` written, orders ``completed`` (now Invoiced) or ``gone`` from Sales, problems listed (``failed``), and
    events that still wait."""

    posts: int = 0
    completed: int = 0
    gone: int = 0
    failed: int = 0
    waiting: int = 0
    notes: list[str] = field(default_factory=list)


def tell(ctx: CompanyContext) -> Told:
    """Tell everything that waits. Raises RemoteError when Sales does not answer at all; nothing is lost then."""
    told = Told()
    now, interval = ctx.clock(), timedelta(seconds=ctx.settings.push_status_seconds)
    waiting = journal.untold_events(ctx.db, ctx.company.id, _AT_ONCE)
    due = [(event, entry) for event, entry in waiting if now >= due_at(event.found_at, event.attempts, interval)]
    for start in range(0, len(due), _PER_BATCH):
        if ctx.stopping():
            break
        _tell_some(ctx, due[start : start + _PER_BATCH], told)
    return told


def due_at(found_at: datetime, attempts: int, interval: timedelta) -> datetime:
    """When an event is tried next: at once, then after pauses that double from ``interval`` up to the longest."""
    pauses = (min(interval * 2 ** min(attempt, 12), LONGEST_PAUSE) for attempt in range(attempts))
    return found_at + sum(pauses, timedelta())


def _tell_some(ctx: CompanyContext, waiting: Sequence[Waiting], told: Told) -> None:
    writes: list[tuple[Waiting, Write]] = []
    silent: list[str] = []
    for event, entry in waiting:
        write = _write(ctx, event, entry)
        if write is None:
            silent.append(event.id)
        else:
            writes.append(((event, entry), write))
    journal.mark_told(ctx.db, silent, ctx.clock())
    if not writes:
        return
    results = ctx.sales.batch([write for _, write in writes], purpose="tell status", repeatable=True)
    outcome = _Outcome(ctx, told)
    for (each, _), result in zip(writes, results, strict=True):
        outcome.take(*each, result)
    outcome.save()


def _write(ctx: CompanyContext, event: OrderEvent, entry: JournalEntry) -> Write | None:
    """What tells this event; None when there is nobody to tell, or it is not wanted."""
    if entry.end_reason == DELETED_IN_SALES:
        return None
    if event.kind == Kind.COMPLETED:
        return Write("PATCH", f"salesorders({entry.sales_id})", dict(_INVOICED_STATE))
    text = post_text(ctx.settings.language, event.kind, event.number)
    if text is None or not ctx.settings.timeline_posts:
        return None
    body = {
        "postid": event.post_id,
        "text": text,
        "source": _AUTOMATIC,
        "type": _STATUS_POST,
        "regardingobjectid_salesorder@odata.bind": f"/salesorders({entry.sales_id})",
    }
    return Write("POST", "posts", body)


class _Outcome:
    """Sorts the answers of one batch and saves what follows from them."""

    def __init__(self, ctx: CompanyContext, told: Told) -> None:
        self._ctx, self._told = ctx, told
        self._settled: list[str] = []
        self._refused: list[str] = []
        self._completed: dict[str, JournalEntry] = {}
        self._gone: dict[str, JournalEntry] = {}
        self._problems: list[Problem] = []

    def take(self, event: OrderEvent, entry: JournalEntry, result: PartResult) -> None:
        error = result.error
        refused = error is not None and not error.can_retry and not isinstance(error, NotFound)
        if error is not None and refused and event.kind == Kind.COMPLETED:
            error = _after_a_look(self._ctx, entry, error)
        if error is None or isinstance(error, AlreadyExists):
            self._done(event, entry)
        elif isinstance(error, NotFound) or error.code == _NO_SUCH_RECORD:
            self._settled.append(event.id)
            self._gone[entry.id] = entry
        elif error.can_retry or error.outcome_unknown:
            self._told.waiting += 1
            self._told.notes.append(f"Sales order {entry.sales_number}: {event.kind} not told yet, {error}")
        elif event.kind == Kind.COMPLETED:
            self._refused.append(event.id)
            self._problems.append(problems.not_completed(entry, error))
        elif event.attempts + 1 < TRIES:
            self._refused.append(event.id)
        else:
            self._settled.append(event.id)
            self._problems.append(problems.not_posted(entry, error))

    def _done(self, event: OrderEvent, entry: JournalEntry) -> None:
        self._settled.append(event.id)
        if event.kind == Kind.COMPLETED:
            self._completed[entry.id] = entry
        else:
            self._told.posts += 1

    def save(self) -> None:
        ctx, told = self._ctx, self._told
        for entry_id in self._gone:
            self._completed.pop(entry_id, None)
        problems.resolve(ctx, [*self._completed.values(), *self._gone.values()])
        end(ctx, list(self._completed.values()), INVOICED)
        end(ctx, list(self._gone.values()), DELETED_IN_SALES)
        journal.count_event_attempt(ctx.db, self._refused)
        told.failed += problems.report(ctx, self._problems)
        told.completed += len(self._completed)
        told.gone += len(self._gone)
        journal.mark_told(ctx.db, self._settled, ctx.clock())


def _after_a_look(ctx: CompanyContext, entry: JournalEntry, refusal: RemoteError) -> RemoteError | None:
    """Sales refused the state Invoiced: perhaps because the order has it already, or is gone."""
    try:
        row = ctx.sales.row("salesorders", entry.sales_id, purpose="look at refused order", select=("statecode",))
    except RemoteError as error:
        return error
    return None if row["statecode"] == _INVOICED_STATE["statecode"] else refusal

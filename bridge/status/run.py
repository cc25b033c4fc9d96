"""One run of the job PUSH-STATUS: look at Business Central, note what happened, tell Sales.

What was found is saved before the watermarks move, and told from what is saved: a run that dies anywhere is completed
by the next one. With nothing to do it is three reads in Business Central and none in Sales.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from bridge.context import CompanyContext, Outcome
from bridge.records import new_id
from bridge.status import events, problems
from bridge.status.collect import OVERLAP, Found, collect, move_watermarks, posted_from
from bridge.status.ending import PARTLY_POSTED, end
from bridge.status.events import Document, Event, Fate, Kind, Order
from bridge.status.reset import is_second_look, reset
from bridge.status.tell import tell
from bridge.store import failures, jobs, journal, journal_lines, watermarks
from bridge.store.failures import Problem
from bridge.store.journal import ReleaseState
from bridge.store.models import JournalEntry, OrderEvent

_RELEASES = "status releases"
_STAYS_LISTED = ("E-ORD-25",)
"""Problems of an order that its release does not solve: the amounts differ."""


def push_status(ctx: CompanyContext) -> Outcome:
    """Bring the status of all followed orders to Sales. Raises RemoteError when a system does not answer."""
    counts: Counter[str] = Counter()
    failed = 0
    followed = journal.followed(ctx.db, ctx.company.id)
    if followed:
        failed += _look(ctx, followed, counts)
    told = tell(ctx)
    counts.update(posts=told.posts, completed=told.completed, gone=told.gone, waiting=told.waiting)
    return Outcome(counts={"followed": len(followed), **counts}, failed=failed + told.failed, notes=tuple(told.notes))


def _look(ctx: CompanyContext, followed: Sequence[JournalEntry], counts: Counter[str]) -> int:
    """Read, note and reset; answers how many problems are listed."""
    began = ctx.clock()
    _note(ctx, _own_releases(ctx, followed), counts)
    found = collect(ctx, [_order(entry) for entry in followed])
    _note(ctx, _postings(ctx, found.documents), counts)
    if counts[Kind.INVOICED.value]:
        jobs.wake(ctx.db, "POSTEDSALESINV-INV", ctx.clock(), ctx.company.id)
    _note(ctx, _still_there(ctx, followed, found), counts)
    missing = [entry for entry in followed if entry.bc_order_id not in found.orders]
    failed = _missing(ctx, missing, len(followed), began, counts) if missing else 0
    move_watermarks(ctx, found)
    watermarks.move(ctx.db, ctx.company.id, _RELEASES, began.isoformat(), ctx.clock())
    return failed


def _order(entry: JournalEntry) -> Order:
    return Order(
        entry_id=entry.id,
        sales_number=entry.sales_number,
        bc_id=entry.bc_order_id or "",
        bc_number=entry.bc_order_number or "",
        status=entry.bc_status,
    )


def _note(ctx: CompanyContext, found: Sequence[Event], counts: Counter[str]) -> None:
    now = ctx.clock()
    in_order = sorted(found, key=lambda event: list(Kind).index(event.kind))
    for kind, of_kind in groupby(enumerate(in_order), key=lambda each: each[1].kind):
        rows = [
            OrderEvent(
                id=new_id(),
                post_id=new_id(),
                entry_id=event.entry_id,
                kind=event.kind,
                key=event.key,
                number=event.number,
                found_at=now + timedelta(microseconds=position),  # told in this order
            )
            for position, event in of_kind
        ]
        new = journal.note_events(ctx.db, rows)
        if kind is not Kind.COMPLETED:  # counted when Sales has it
            counts[kind.value] += new


def _own_releases(ctx: CompanyContext, followed: Sequence[JournalEntry]) -> list[Event]:
    """Orders that our own pick-up released since the last run: known without asking anybody."""
    value = watermarks.get(ctx.db, ctx.company.id, _RELEASES)
    since = datetime.fromisoformat(value) - OVERLAP if value is not None else None
    return [
        events.release_event(_order(entry), 1)
        for entry in followed
        if entry.released_at is not None
        and (since is None or max(entry.released_at, entry.acknowledged_at or entry.released_at) >= since)
    ]


def _postings(ctx: CompanyContext, documents: Sequence[Document]) -> list[Event]:
    """Shipments and invoices of orders the journal knows, acknowledged already or not yet."""
    numbers = {document.order_number for document in documents} - {""}
    owners: dict[str, list[JournalEntry]] = defaultdict(list)
    for entry in journal.by_bc_numbers(ctx.db, ctx.company.id, numbers) if numbers else ():
        owners[entry.bc_order_number or ""].append(entry)
    return [
        events.posted(document, _order(entry))
        for document in documents
        for entry in owners[document.order_number]
        if events.belongs(document, _order(entry))
    ]


def _still_there(ctx: CompanyContext, followed: Sequence[JournalEntry], found: Found) -> list[Event]:
    """Releases by people, orders invoiced without being deleted, and changes of status for the journal."""
    now = ctx.clock()
    happened: list[Event] = []
    changes: dict[str, dict[str, Any]] = {}
    seen: dict[str, Mapping[int, Decimal]] = {}
    mended: list[str] = []
    for entry in followed:
        order, listed = _order(entry), found.orders.get(entry.bc_order_id or "")
        if listed is None:
            continue
        change: dict[str, Any] = {}
        if listed.status != entry.bc_status:
            change["bc_status"] = listed.status
            if (release := events.released(order, listed, _releases_before(ctx, entry))) is not None:
                happened.append(release)
                change |= {"release_state": ReleaseState.RELEASED, "released_at": now, "next_attempt_at": None}
                mended.append(entry.sales_id)
        if entry.missing_since is not None:
            change["missing_since"] = None
        if change:
            changes[entry.id] = change
        if listed.lines is not None:
            seen[entry.id] = {line.number: line.quantity for line in listed.lines}
            if events.fully_invoiced(listed.lines):
                happened.append(events.completed(order))
    journal_lines.note_seen(ctx.db, seen)
    if changes:
        journal.change(ctx.db, changes, now)
    if mended:
        failures.resolve(ctx.db, ctx.company.id, "order", mended, now, except_codes=_STAYS_LISTED)
    return happened


def _releases_before(ctx: CompanyContext, entry: JournalEntry) -> int:
    ours = f"{entry.bc_order_id}/"
    return sum(
        event.kind == Kind.RELEASED and event.key.startswith(ours) for event in journal.events_of(ctx.db, entry.id)
    )


def _missing(
    ctx: CompanyContext, missing: Sequence[JournalEntry], followed: int, began: datetime, counts: Counter[str]
) -> int:
    """Decide by what was posted why orders are gone, and act; answers how many problems are listed."""
    documents = posted_from(ctx, {entry.bc_order_number for entry in missing if entry.bc_order_number})
    ordered = _ordered(ctx, missing)
    happened: list[Event] = []
    changes: dict[str, dict[str, Any]] = {}
    deleted: list[JournalEntry] = []
    partly: list[JournalEntry] = []
    for entry in missing:
        order = _order(entry)
        own = [document for document in documents if events.belongs(document, order)]
        happened += [events.posted(document, order) for document in own]
        fate = events.fate(ordered.get(entry.id, {}), own)
        if fate is Fate.INVOICED:
            happened.append(events.completed(order))
        elif entry.missing_since is None:
            changes[entry.id] = {"missing_since": began}
        elif is_second_look(ctx, entry, began):
            (deleted if fate is Fate.DELETED else partly).append(entry)
    _note(ctx, happened, counts)
    if changes:
        journal.change(ctx.db, changes, ctx.clock())
    problems_found: list[Problem] = [problems.partly_posted(entry) for entry in partly]
    failed = problems.report(ctx, problems_found)
    end(ctx, partly, PARTLY_POSTED)
    counts["reset"], refused = reset(ctx, deleted, followed)
    return failed + refused


def _ordered(ctx: CompanyContext, entries: Sequence[JournalEntry]) -> dict[str, Mapping[int, Decimal]]:
    """By line number the quantities that were seen last, or those an order was created with."""
    lines = journal.lines_of(ctx.db, [entry.id for entry in entries])
    ordered: dict[str, Mapping[int, Decimal]] = {}
    for entry_id, of_entry in lines.items():
        last = {
            line.line_number: line.quantity if line.seen_quantity is None else line.seen_quantity for line in of_entry
        }
        ordered[entry_id] = {number: quantity for number, quantity in last.items() if quantity}
    return ordered

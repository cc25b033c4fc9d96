"""Keep the availability projection true by tailing Business Central's item ledger.

One tick asks in one request for new ledger entries and for items whose own fields changed; when it finds any, a second
request reads the items they touch. The tail moves last: a tick that dies is repeated, and two that overlap repeat a
little but lose nothing. Once a day, in the company's night where that can be, all items are compared, a slice with each
tick: answers stay as fresh as ever meanwhile. More often their ids alone are compared, which finds items that are gone,
and it is asked whether the company has the companion.

However often it is woken, it asks no more than its allowance: a tick that must wait leaves the answers a little older.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bridge.availability import items, ledger
from bridge.availability.allowance import TAIL, Allowance
from bridge.availability.saved import Saved
from bridge.availability.together import Together
from bridge.clients.errors import CompanionMissing, RemoteError
from bridge.context import CompanyContext, Outcome
from bridge.errors import BridgeError
from bridge.records import guid
from bridge.store import companies, projection, watermarks
from bridge.store.models import AvailabilityTail

FULL_EVERY = timedelta(days=1)
NIGHT = range(4)
"""Hours of the company's day in which the full compare begins early, so that it moves into the night and stays."""
SLICE = 1000
"""Items compared with one tick."""
COMPARE_EVERY = timedelta(minutes=15)
ROW_VERSION_EVERY = timedelta(seconds=30)
"""How often the companion is asked which row versions are final. What lies above is read again by every tick."""
ITEMS_OVERLAP = timedelta(minutes=2)
"""Modified stamps are taken at write, not at commit: items changed this long before the newest stamp are read again."""
TICK_COSTS = 3
"""Requests of a tick that finds something: the batch, the touched items, with the companion the row version."""

_COMPARED = "availability items compared"
_SWEPT = "availability items swept"
"""The number that the last slice of the full compare ended with; empty when none is under way."""
_FINAL = "availability row version"
"""Moved when the companion was last asked which row versions are final."""
_IDS_PER_REQUEST = 20_000


class SourceLooksEmpty(BridgeError):
    """Business Central lists no item at all although the projection has some: more likely a mistake than the truth."""

    code = "SourceLooksEmpty"

    def __init__(self, company: str, known: int) -> None:
        super().__init__(
            f"Availability: Business Central lists no items in {company}, {known} are known. Nothing was removed.",
            advice="Check the permissions of the bridge's user on items. If all items are meant to be gone: "
            "python -m bridge refresh-availability --full",
        )


def refresh(ctx: CompanyContext, full: bool = False) -> Outcome:
    """Bring the projection of one company up to date; ``full`` reads every item anew, even when there are none.

    Repeatable at any point. Does nothing while the allowance is used up, unless ``full`` was asked for. Raises
    RemoteError when Business Central does not answer, and :class:`SourceLooksEmpty`.
    """
    tail = projection.tail_of(ctx.db, ctx.company.id)
    if tail is None or tail.full_at is None:
        return _rebuild(ctx, tail, asked=full)
    if full:
        return _compare_all(ctx, tail)
    room = Allowance(ctx, TAIL).room()
    if room < TICK_COSTS:
        return Outcome(notes=("As much was asked within this minute as may be; the next tick goes on.",))
    swept = watermarks.get(ctx.db, ctx.company.id, _SWEPT) or ""
    due = bool(swept) or _compare_is_due(ctx.clock(), tail.full_at, ctx.settings.time_zone)
    tick = _tick(ctx, tail, swept if due else None, room)
    return tick.outcome if tick is not None else _rebuild(ctx, tail, asked=False)


def _compare_is_due(now: datetime, full_at: datetime, time_zone: str) -> bool:
    age = now - full_at
    at_night = now.astimezone(ZoneInfo(time_zone)).hour in NIGHT
    return age >= FULL_EVERY or (at_night and age >= FULL_EVERY / 2)


def _compare_all(ctx: CompanyContext, tail: AvailabilityTail) -> Outcome:
    """All items now, slice by slice with a tick before each: the answers of a large company do not age meanwhile."""
    swept, listed, changed = "", set[str](), 0
    while True:
        tick = _tick(ctx, tail, swept, TICK_COSTS)
        if tick is None:
            return _rebuild(ctx, tail, asked=True)
        swept, listed, changed = tick.swept, listed | tick.listed, changed + tick.outcome.counts["modified"]
        tail = tick.tail
        ctx.progress("items", len(listed), 0)
        if not swept or ctx.stopping():
            break
    gone = set() if ctx.stopping() else projection.item_ids(ctx.db, ctx.company.id) - listed
    projection.save(ctx.db, tail, gone=gone)
    return Outcome(counts={"items": len(listed), "modified": changed, "deleted": len(gone)})


@dataclass(frozen=True, slots=True)
class _Tick:
    """What a tick did, where it left the tail, the items of its slice, and the number the next one begins behind."""

    outcome: Outcome
    tail: AvailabilityTail
    listed: set[str]
    swept: str


@dataclass(frozen=True, slots=True)
class _Found:
    """What the first request of a tick brought: the reading of the ledger, items that changed, those of the slice, and
    the ids of all (None: not asked for)."""

    reading: ledger.Reading
    changed: list[dict[str, Any]]
    slice: list[dict[str, Any]]
    ids: set[str] | None


def _tick(ctx: CompanyContext, tail: AvailabilityTail, swept: str | None, room: int) -> _Tick | None:
    """Tail the ledger once, and compare the slice of items behind ``swept``; None when the ledger is another one."""
    together = Together(ctx.bc, ledger.PURPOSE)
    companion = _has_companion(ctx)
    try:
        try:
            return _ticked(ctx, tail, swept, room, together, companion)
        except CompanionMissing:
            companies.learn_companion(ctx.db, ctx.company.id, None)
            return _ticked(ctx, tail, swept, room, together, False)
    finally:
        Allowance(ctx, TAIL).note(together.requests)


def _ticked(
    ctx: CompanyContext, tail: AvailabilityTail, swept: str | None, room: int, together: Together, companion: bool
) -> _Tick | None:
    began = ctx.clock()
    compared = _when(ctx, _COMPARED)
    due = swept is None and (compared is None or began - compared >= COMPARE_EVERY)
    compare = due and room > TICK_COSTS + _pages_of_ids(ctx)
    found = _find(ctx, tail, swept, together, companion=companion, compare=compare)
    if not found.reading.continues:
        return None
    saved = Saved(ctx, tail, found.reading.position.last, began, tail.items_watermark)
    saved.take(found.changed)
    saved.take(found.slice)
    touched = found.reading.items - saved.numbers
    for rows in together.ask(items.numbered(touched, companion=companion), companion=companion) if touched else ():
        saved.take(rows)
    gone = _not_found(ctx, touched - saved.numbers, saved.ids)
    if found.ids is not None:
        gone |= _gone(ctx, found.ids)
    behind = str(found.slice[-1]["number"]) if len(found.slice) == SLICE else ""
    done = swept is not None and not behind
    moved = saved.finish(found.reading.position, full_at=began if done else tail.full_at, gone=gone)
    if swept is not None and (behind or swept):
        watermarks.move(ctx.db, ctx.company.id, _SWEPT, behind, ctx.clock())
    if compare:
        together.requests += 1
        _look_for_companion(ctx)
        watermarks.move(ctx.db, ctx.company.id, _COMPARED, began.isoformat(), ctx.clock())
    counts = {"entries": found.reading.entries, "modified": saved.changed, "deleted": len(gone)}
    return _Tick(Outcome(counts=counts), moved, {guid(item["id"]) for item in found.slice}, behind)


def _find(
    ctx: CompanyContext,
    tail: AvailabilityTail,
    swept: str | None,
    together: Together,
    *,
    companion: bool,
    compare: bool,
) -> _Found:
    """The ledger is read first, so that items listed after it hold what its entries say."""
    position = ledger.Position(tail.last_entry_number, frozenset(tail.recent_entries), tail.row_version)
    final = _final_row_version(ctx, together) if companion else 0
    since = tail.items_watermark - ITEMS_OVERLAP if tail.items_watermark is not None else None
    reads = [ledger.new_entries(position, companion=companion), items.changed_since(since, companion=companion)]
    if swept is not None:
        reads.append(items.after(swept, SLICE, companion=companion))
    if compare:
        reads.append(items.ids(companion=companion))
    entries, changed, *more = together.ask(reads, companion=companion)
    return _Found(
        reading=ledger.take(position, entries, companion=companion, final=final),
        changed=changed,
        slice=more[0] if swept is not None else [],
        ids={guid(row["id"]) for row in more[-1]} if compare else None,
    )


def _final_row_version(ctx: CompanyContext, together: Together) -> int:
    """Asked before the ledger is read: a transaction that ends in between is then above it. 0 when not asked now."""
    asked, now = _when(ctx, _FINAL), ctx.clock()
    if asked is not None and now - asked < ROW_VERSION_EVERY:
        return 0
    together.requests += 1
    final = ctx.bc.active_row_version() - 1
    watermarks.move(ctx.db, ctx.company.id, _FINAL, now.isoformat(), now)
    return final


def _rebuild(ctx: CompanyContext, tail: AvailabilityTail | None, *, asked: bool) -> Outcome:
    began = ctx.clock()
    position = ledger.read_start(ctx.bc, companion=_look_for_companion(ctx))
    saved = Saved(ctx, tail or AvailabilityTail(company_id=ctx.company.id), position.last, began, None)
    saved.take(items.everything(ctx.bc))
    gone = projection.item_ids(ctx.db, ctx.company.id) - saved.ids if asked else _gone(ctx, saved.ids)
    saved.finish(position, full_at=began, gone=gone)
    watermarks.move(ctx.db, ctx.company.id, _COMPARED, began.isoformat(), ctx.clock())
    return Outcome(counts={"items": len(saved.ids), "modified": saved.changed, "deleted": len(gone)})


def _has_companion(ctx: CompanyContext) -> bool:
    known = next((row for row in companies.all_companies(ctx.db) if row.id == ctx.company.id), None)
    return known is not None and bool(known.companion_version)


def _look_for_companion(ctx: CompanyContext) -> bool:
    """Ask whether the company has a companion that can be used, and note it; it may come and go at any time."""
    version: str | None = None
    try:
        version = ctx.bc.bridge_setup().companion_version
    except CompanionMissing:
        pass
    except RemoteError as error:
        if error.can_retry:
            raise
    companies.learn_companion(ctx.db, ctx.company.id, version)
    return version is not None


def _pages_of_ids(ctx: CompanyContext) -> int:
    return projection.count(ctx.db, ctx.company.id) // _IDS_PER_REQUEST


def _not_found(ctx: CompanyContext, numbers: Collection[str], listed: Collection[str]) -> set[str]:
    """Items asked for by number and not listed are gone, unless they are listed under a new number."""
    known = projection.items_by_number(ctx.db, ctx.company.id, numbers) if numbers else {}
    return {row.item_id for row in known.values()} - set(listed)


def _gone(ctx: CompanyContext, listed: set[str]) -> set[str]:
    known = projection.item_ids(ctx.db, ctx.company.id)
    if known and not listed:
        raise SourceLooksEmpty(ctx.company.name, len(known))
    return known - listed


def _when(ctx: CompanyContext, name: str) -> datetime | None:
    value = watermarks.get(ctx.db, ctx.company.id, name)
    return datetime.fromisoformat(value) if value is not None else None

"""Keep the availability projection true by tailing Business Central's item ledger.

One tick asks for new ledger entries and for items whose own fields changed, two requests when nothing happened, then
reads the touched items in bulk. The tail moves last: a tick that dies is repeated, and two that overlap repeat a little
but lose nothing. Once a day, at night where that can be, all items are compared, a slice with each tick: answers stay
as fresh as ever meanwhile. More often their ids alone are compared, which finds items that are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from bridge.availability import items, ledger
from bridge.clients.errors import CompanionMissing
from bridge.context import CompanyContext, Outcome
from bridge.errors import BridgeError
from bridge.records import guid
from bridge.store import companies, projection, watermarks
from bridge.store.models import AvailabilityItem, AvailabilityTail

T = TypeVar("T")

FULL_EVERY = timedelta(days=1)
NIGHT = range(4)
"""Hours UTC in which the full compare begins early, so that it moves into the night and stays there."""
SLICE = 1000
"""Items compared with one tick."""
COMPARE_EVERY = timedelta(minutes=15)
ITEMS_OVERLAP = timedelta(minutes=2)
"""Modified stamps are taken at write, not at commit: items changed this long before the newest stamp are read again."""

_COMPARED = "availability items compared"
_SWEPT = "availability items swept"
"""The number that the last slice of the full compare ended with; empty when none is under way."""
_CHUNK = 1000


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

    Repeatable at any point. Raises RemoteError when Business Central does not answer, and :class:`SourceLooksEmpty`.
    """
    tail = projection.tail_of(ctx.db, ctx.company.id)
    if tail is None or tail.full_at is None:
        return _rebuild(ctx, tail, asked=full)
    if full:
        return _compare_all(ctx, tail)
    swept = watermarks.get(ctx.db, ctx.company.id, _SWEPT) or ""
    due = bool(swept) or _compare_is_due(ctx.clock(), tail.full_at)
    tick = _tick(ctx, tail, swept if due else None)
    return tick.outcome if tick is not None else _rebuild(ctx, tail, asked=False)


def _compare_is_due(now: datetime, full_at: datetime) -> bool:
    age = now - full_at
    return age >= FULL_EVERY or (now.astimezone(UTC).hour in NIGHT and age >= FULL_EVERY / 2)


def _compare_all(ctx: CompanyContext, tail: AvailabilityTail) -> Outcome:
    """All items now, slice by slice with a tick before each: the answers of a large company do not age meanwhile."""
    swept, listed, changed = "", set[str](), 0
    while True:
        tick = _tick(ctx, tail, swept)
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


def _tick(ctx: CompanyContext, tail: AvailabilityTail, swept: str | None) -> _Tick | None:
    """Tail the ledger once, and compare the slice of items behind ``swept``; None when the ledger is another one."""
    began = ctx.clock()
    position = ledger.Position(tail.last_entry_number, frozenset(tail.recent_entries), tail.row_version)
    reading = _asking(ctx, lambda companion: ledger.read_new(ctx.bc, position, companion=companion))
    if not reading.continues:
        return None
    saved = _Saved(ctx, tail, reading.position.last, began, tail.items_watermark)
    since = tail.items_watermark - ITEMS_OVERLAP if tail.items_watermark is not None else None
    saved.take(items.changed_since(ctx.bc, since))
    untouched = reading.items - saved.numbers
    saved.take(items.numbered(ctx.bc, untouched))
    gone = _not_found(ctx, untouched - saved.numbers, saved.ids)
    slice_ = list(items.after(ctx.bc, swept, SLICE)) if swept is not None else []
    saved.take(slice_)
    compared = _last_compared(ctx)
    if compare := swept is None and (compared is None or began - compared >= COMPARE_EVERY):
        gone |= _gone(ctx, items.ids(ctx.bc))
    behind = str(slice_[-1]["number"]) if len(slice_) == SLICE else ""
    done = swept is not None and not behind
    moved = saved.finish(reading.position, full_at=began if done else tail.full_at, gone=gone)
    if swept is not None and (behind or swept):
        watermarks.move(ctx.db, ctx.company.id, _SWEPT, behind, ctx.clock())
    if compare:
        watermarks.move(ctx.db, ctx.company.id, _COMPARED, began.isoformat(), ctx.clock())
    counts = {"entries": reading.entries, "modified": saved.changed, "deleted": len(gone)}
    return _Tick(Outcome(counts=counts), moved, {guid(item["id"]) for item in slice_}, behind)


def _rebuild(ctx: CompanyContext, tail: AvailabilityTail | None, *, asked: bool) -> Outcome:
    began = ctx.clock()
    position = _asking(ctx, lambda companion: ledger.read_start(ctx.bc, companion=companion))
    saved = _Saved(ctx, tail or AvailabilityTail(company_id=ctx.company.id), position.last, began, None)
    saved.take(items.everything(ctx.bc))
    gone = projection.item_ids(ctx.db, ctx.company.id) - saved.ids if asked else _gone(ctx, saved.ids)
    saved.finish(position, full_at=began, gone=gone)
    watermarks.move(ctx.db, ctx.company.id, _COMPARED, began.isoformat(), ctx.clock())
    return Outcome(counts={"items": len(saved.ids), "modified": saved.changed, "deleted": len(gone)})


class _Saved:
    """Takes items as they are read and saves them a chunk at a time, so that memory does not grow with the company.

    Until :meth:`finish` the tail stays where it was: whatever dies before is read again.
    """

    def __init__(
        self, ctx: CompanyContext, tail: AvailabilityTail, entry_number: int, began: datetime, newest: datetime | None
    ) -> None:
        self._ctx, self._tail, self._entry_number, self._began = ctx, tail, entry_number, began
        self._newest = newest
        self._rows: dict[str, AvailabilityItem] = {}
        self.ids: set[str] = set()
        self.numbers: set[str] = set()
        self.changed = 0

    def take(self, listed: Iterable[dict[str, Any]]) -> None:
        for item in listed:
            row = items.row_of(self._ctx.company.id, item, entry_number=self._entry_number, now=self._began)
            self._rows[row.item_id] = row
            self.ids.add(row.item_id)
            self.numbers.add(row.number)
            if row.modified_at is not None and (self._newest is None or row.modified_at > self._newest):
                self._newest = row.modified_at
            if len(self._rows) >= _CHUNK:
                self._save(self._tail)
                self._ctx.progress("items", len(self.ids), 0)

    def finish(self, position: ledger.Position, *, full_at: datetime | None, gone: Collection[str]) -> AvailabilityTail:
        """Save the rest, drop what is gone, and move the tail: the answers are now as old as the start of this run."""
        tail = AvailabilityTail(
            company_id=self._ctx.company.id,
            last_entry_number=position.last,
            recent_entries=sorted(position.recent),
            items_watermark=self._newest,
            row_version=position.row_version,
            tailed_at=self._began,
            full_at=full_at,
        )
        self._save(tail, gone)
        self.changed -= len(gone)
        return tail

    def _save(self, tail: AvailabilityTail, gone: Collection[str] = ()) -> None:
        self.changed += projection.save(self._ctx.db, tail, items=list(self._rows.values()), gone=gone)
        self._rows = {}


def _asking(ctx: CompanyContext, read: Callable[[bool], T]) -> T:
    """Read with the companion where the company has one; without it when it turns out to be gone."""
    known = next((row for row in companies.all_companies(ctx.db) if row.id == ctx.company.id), None)
    if known is None or not known.companion_version:
        return read(False)
    try:
        return read(True)
    except CompanionMissing:
        return read(False)


def _not_found(ctx: CompanyContext, numbers: Collection[str], listed: Collection[str]) -> set[str]:
    """Items asked for by number and not listed are gone, unless they are listed under a new number."""
    known = projection.items_by_number(ctx.db, ctx.company.id, numbers) if numbers else {}
    return {row.item_id for row in known.values()} - set(listed)


def _gone(ctx: CompanyContext, listed: set[str]) -> set[str]:
    known = projection.item_ids(ctx.db, ctx.company.id)
    if known and not listed:
        raise SourceLooksEmpty(ctx.company.name, len(known))
    return known - listed


def _last_compared(ctx: CompanyContext) -> datetime | None:
    value = watermarks.get(ctx.db, ctx.company.id, _COMPARED)
    return datetime.fromisoformat(value) if value is not None else None

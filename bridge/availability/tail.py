"""Keep the availability projection true by tailing Business Central's item ledger.

One tick asks for new ledger entries and for items whose own fields changed, two requests when nothing happened, then
reads the touched items in bulk. The tail moves last: a tick that dies is repeated, and two that overlap repeat a little
but lose nothing. Once a day, or when asked, all items are read anew; more often their ids alone are compared, which
finds items that are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bridge.availability import items, ledger
from bridge.clients.errors import CompanionMissing
from bridge.context import CompanyContext, Outcome
from bridge.errors import BridgeError
from bridge.store import companies, projection, watermarks
from bridge.store.models import AvailabilityItem, AvailabilityTail

T = TypeVar("T")

FULL_EVERY = timedelta(days=1)
COMPARE_EVERY = timedelta(minutes=15)
ITEMS_OVERLAP = timedelta(minutes=2)
"""Modified stamps are taken at write, not at commit: items changed this long before the newest stamp are read again."""

_COMPARED = "availability items compared"
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
    if full or tail is None or tail.full_at is None or ctx.clock() - tail.full_at >= FULL_EVERY:
        return _rebuild(ctx, tail, asked=full)
    return _tick(ctx, tail)


def _tick(ctx: CompanyContext, tail: AvailabilityTail) -> Outcome:
    began = ctx.clock()
    position = ledger.Position(tail.last_entry_number, frozenset(tail.recent_entries), tail.row_version)
    reading = _asking(ctx, lambda companion: ledger.read_new(ctx.bc, position, companion=companion))
    if not reading.continues:
        return _rebuild(ctx, tail, asked=False)
    saved = _Saved(ctx, tail, reading.position.last, began, tail.items_watermark)
    since = tail.items_watermark - ITEMS_OVERLAP if tail.items_watermark is not None else None
    saved.take(items.changed_since(ctx.bc, since))
    untouched = reading.items - saved.numbers
    saved.take(items.numbered(ctx.bc, untouched))
    gone = _not_found(ctx, untouched - saved.numbers, saved.ids)
    compared = _last_compared(ctx)
    if compare := compared is None or began - compared >= COMPARE_EVERY:
        gone |= _gone(ctx, items.ids(ctx.bc))
    saved.finish(reading.position, full_at=tail.full_at, gone=gone)
    if compare:
        watermarks.move(ctx.db, ctx.company.id, _COMPARED, began.isoformat(), ctx.clock())
    return Outcome(counts={"entries": reading.entries, "modified": saved.changed, "deleted": len(gone)})


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

    def finish(self, position: ledger.Position, *, full_at: datetime | None, gone: Collection[str]) -> None:
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

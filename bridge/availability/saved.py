"""What a tail has read on its way into the projection: a chunk at a time, the tail itself last."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from bridge.availability import items, ledger
from bridge.context import CompanyContext
from bridge.store import projection
from bridge.store.models import AvailabilityItem, AvailabilityTail

_CHUNK = 1000


class Saved:
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

"""End the following of orders: forget the coupling, close the journal row, keep the reason."""

from __future__ import annotations

from collections.abc import Collection

from bridge.context import CompanyContext
from bridge.store import couplings, journal
from bridge.store.models import JournalEntry

MAPPING = "SALESORDER-ORDER"
INVOICED = "invoiced"
DELETED_IN_BC = "deleted-in-bc"
DELETED_IN_SALES = "deleted-in-sales"
PARTLY_POSTED = "partly-posted"


def end(ctx: CompanyContext, entries: Collection[JournalEntry], reason: str) -> None:
    """Stop following these orders. The coupling goes first: should this die in between, it is done again."""
    if not entries:
        return
    if reason != PARTLY_POSTED:  # there a person decides, and needs to see which order it was
        for entry in entries:
            couplings.uncouple(ctx.db, ctx.company.id, MAPPING, entry.sales_id)
    now = ctx.clock()
    journal.change(ctx.db, {entry.id: {"ended_at": now, "end_reason": reason} for entry in entries}, now)

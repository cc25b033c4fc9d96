"""Which customers have news in their books: entries in their ledger, orders that were changed. Two cheap reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.clients.errors import CompanionMissing
from bridge.context import CompanyContext
from bridge.records import EMPTY_GUID, guid
from bridge.status.here import has_companion
from bridge.store import watermarks

OVERLAP = timedelta(minutes=10)
ENTRY_OVERLAP = 100
_ENTRIES, _ORDERS = "statistics entries", "statistics orders"
_BEGINNING = datetime.min.replace(tzinfo=UTC)


def customers_with_news(ctx: CompanyContext) -> tuple[set[str], dict[str, str]]:
    """The customers, and the watermarks that are to be moved once they are noted."""
    moved: dict[str, str] = {}
    found = _from_orders(ctx, moved)
    if has_companion(ctx):
        try:
            found |= _from_ledger(ctx, moved)
        except CompanionMissing:
            return found, moved
    return found, moved


def _from_ledger(ctx: CompanyContext, moved: dict[str, str]) -> set[str]:
    value = watermarks.get(ctx.db, ctx.company.id, _ENTRIES)
    if value is None:  # everybody is due at first: only where to go on must be known
        rows = list(_entries(ctx, orderby="entryNumber desc", top=1))
        moved[_ENTRIES] = json.dumps({"last": max((int(row["entryNumber"]) for row in rows), default=0), "seen": []})
        return set()
    known = json.loads(value)
    last, seen = int(known["last"]), {int(known["last"]), *known["seen"]}
    rows = list(_entries(ctx, filter=f"entryNumber gt {last - ENTRY_OVERLAP}"))
    highest = max([last, *(int(row["entryNumber"]) for row in rows)])
    near = sorted(int(row["entryNumber"]) for row in rows if int(row["entryNumber"]) > highest - ENTRY_OVERLAP)
    moved[_ENTRIES] = json.dumps({"last": highest, "seen": near})
    return {guid(row["customerId"]) for row in rows if int(row["entryNumber"]) not in seen}


def _entries(ctx: CompanyContext, **options: Any) -> Iterator[dict[str, Any]]:
    return ctx.bc.rows(
        "customerLedgerActivity",
        purpose="tail customer ledger",
        select=("entryNumber", "customerId"),
        companion=True,
        fresh=True,
        **options,
    )


def _from_orders(ctx: CompanyContext, moved: dict[str, str]) -> set[str]:
    value = watermarks.get(ctx.db, ctx.company.id, _ORDERS)
    known: dict[str, Any] = json.loads(value) if value is not None else {"at": _BEGINNING.isoformat(), "seen": {}}
    newest = datetime.fromisoformat(known["at"])
    if value is None:
        options: dict[str, Any] = {"orderby": "lastModifiedDateTime desc", "top": 1}
    else:
        since = newest - OVERLAP if newest > _BEGINNING + OVERLAP else _BEGINNING
        options = {"filter": f"lastModifiedDateTime ge {since.replace(microsecond=0, tzinfo=None).isoformat()}Z"}
    rows = list(
        ctx.bc.rows(
            "salesOrders",
            purpose="tail orders of customers",
            select=("id", "customerId", "billToCustomerId", "lastModifiedDateTime"),
            fresh=True,
            **options,
        )
    )
    stamps = {guid(row["id"]): str(row["lastModifiedDateTime"]) for row in rows}
    at = max((datetime.fromisoformat(stamp) for stamp in stamps.values()), default=newest)
    moved[_ORDERS] = json.dumps({"at": at.isoformat(), "seen": stamps}, sort_keys=True)
    changed = [
        row for row in rows if value is not None and known["seen"].get(guid(row["id"])) != stamps[guid(row["id"])]
    ]
    found = {guid(row[name]) for row in changed for name in ("customerId", "billToCustomerId")}
    return found - {EMPTY_GUID}

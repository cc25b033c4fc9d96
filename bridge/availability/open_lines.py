"""Keep the open lines of sales and purchase orders in the projection, for what can be promised.

Each run reads the orders changed since the last one with their lines, and the ids of all orders that are still open:
an order that was posted or deleted has left that list, and its lines go. Four requests when nothing happened. It is a
projection like the items': repeatable, moved last, and as old as the start of its last complete run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from bridge.context import CompanyContext, Outcome
from bridge.records import guid
from bridge.store import supply, watermarks
from bridge.store.models import OpenLine

JOB = "OPEN-LINES"
WATERMARK = "open order lines"
"""Its value is JSON: ``at``, when the last complete run began, and for each kind the newest stamp it has seen."""

_OVERLAP = timedelta(minutes=2)
_PAGE = 20_000
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class _Kind:
    """One side of the balance as API v2.0 names it."""

    name: str
    orders: str
    lines: str
    done: str
    moved: str
    day: str


_KINDS = (
    _Kind("sale", "salesOrders", "salesOrderLines", "fullyShipped", "shippedQuantity", "shipmentDate"),
    _Kind(
        "purchase", "purchaseOrders", "purchaseOrderLines", "fullyReceived", "receivedQuantity", "expectedReceiptDate"
    ),
)


def refresh_open_lines(ctx: CompanyContext) -> Outcome:
    """Bring the open lines of one company up to date. Raises RemoteError; what was saved until then stays."""
    began = ctx.clock()
    saved = watermarks.get(ctx.db, ctx.company.id, WATERMARK)
    stamps: dict[str, str] = json.loads(saved)["stamps"] if saved else {}
    counts = {"orders": 0, "deleted": 0}
    for kind in _KINDS:
        newest = datetime.fromisoformat(stamps[kind.name]) if kind.name in stamps else None
        changed = _changed(ctx, kind, newest)
        while chunk := list(islice(changed, _CHUNK)):
            supply.save(ctx.db, ctx.company.id, {guid(row["id"]): _lines(ctx, kind, row) for row in chunk})
            counts["orders"] += len(chunk)
            newest = max((newest, *map(_stamp, chunk)), key=lambda one: one or datetime.min.replace(tzinfo=UTC))
        closed = supply.document_ids(ctx.db, ctx.company.id, kind.name) - _open_ids(ctx, kind)
        supply.forget(ctx.db, ctx.company.id, closed)
        counts["deleted"] += len(closed)
        if newest is not None:
            stamps[kind.name] = newest.isoformat()
    value = json.dumps({"at": began.isoformat(), "stamps": stamps})
    watermarks.move(ctx.db, ctx.company.id, WATERMARK, value, ctx.clock())
    return Outcome(counts=counts)


def _changed(ctx: CompanyContext, kind: _Kind, newest: datetime | None) -> Iterator[dict[str, Any]]:
    """Orders changed about ``newest`` or later, or all that are open when nothing is known."""
    wanted = f"{kind.done} eq false"
    if newest is not None:
        since = (newest - _OVERLAP).astimezone(UTC).replace(microsecond=0, tzinfo=None)
        wanted = f"lastModifiedDateTime ge {since.isoformat()}Z"
    fields = ("id", "lineType", "itemId", "quantity", kind.moved, kind.day, "unitOfMeasureCode")
    yield from ctx.bc.rows(
        kind.orders,
        purpose="read open lines",
        select=("id", "lastModifiedDateTime"),
        filter=wanted,
        expand=f"{kind.lines}($select={','.join(fields)})",
        fresh=True,
    )


def _open_ids(ctx: CompanyContext, kind: _Kind) -> set[str]:
    wanted = f"{kind.done} eq false"
    rows = ctx.bc.rows(
        kind.orders, purpose="list open orders", select=("id",), filter=wanted, page_size=_PAGE, fresh=True
    )
    return {guid(row["id"]) for row in rows}


def _stamp(row: dict[str, Any]) -> datetime | None:
    stamp = datetime.fromisoformat(row["lastModifiedDateTime"])
    return stamp if stamp.year > 1 else None


def _lines(ctx: CompanyContext, kind: _Kind, order: dict[str, Any]) -> list[OpenLine]:
    lines = []
    for row in order.get(kind.lines) or []:
        left = Decimal(row["quantity"]) - Decimal(row.get(kind.moved) or 0)
        if row["lineType"] != "Item" or not left:
            continue
        line = OpenLine(
            company_id=ctx.company.id,
            line_id=guid(row["id"]),
            kind=kind.name,
            document_id=guid(order["id"]),
            item_id=guid(row["itemId"]),
            quantity=left,
            unit=row["unitOfMeasureCode"],
            due_on=_day(row.get(kind.day)),
        )
        lines.append(line)
    return lines


def _day(text: str | None) -> date | None:
    """A date as Business Central writes it; its empty date is year 1."""
    day = date.fromisoformat(text) if text else None
    return day if day is not None and day.year > 1 else None

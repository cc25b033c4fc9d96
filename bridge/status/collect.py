"""Ask Business Central what happened to the orders we follow, in three requests when nothing did.

One request for the orders, one each for shipments and invoices posted since the watermark. Modified stamps are taken at
write and not at commit, so each read goes back an overlap; what is found twice is the same event. All reads ask for the
primary database: an order must not look deleted because a replica lags.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from bridge.clients.errors import CompanionMissing
from bridge.clients.odata import any_of, quote_text
from bridge.context import CompanyContext
from bridge.records import EMPTY_GUID, guid
from bridge.status.events import Document, Kind, Line, Order, OrderNow
from bridge.store import companies, watermarks

OVERLAP = timedelta(minutes=10)
BY_ID = 60
"""Up to so many orders are asked for by id, with their lines; beyond, all open orders are listed without lines."""
_NUMBERS = 40
_BEGINNING = datetime.min.replace(tzinfo=UTC)

_STATUS_OF_API = {"Draft": "Open", "In Review": "Pending Approval", "Open": "Released"}
"""API v2.0's order status has its own words; its Open may also be Pending Prepayment."""


@dataclass(frozen=True, slots=True)
class _Posted:
    kind: Kind
    entity_set: str
    lines: str
    fields: tuple[str, ...]
    watermark: str


_COMMON = ("id", "number", "orderNumber", "customerPurchaseOrderReference", "lastModifiedDateTime")
_POSTED = (
    _Posted(Kind.SHIPPED, "salesShipments", "salesShipmentLines", _COMMON, "status shipments"),
    _Posted(Kind.INVOICED, "salesInvoices", "salesInvoiceLines", (*_COMMON, "orderId", "status"), "status invoices"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """``orders`` are those that still exist, by Business Central id; ``watermarks`` are to be moved at the end."""

    orders: Mapping[str, OrderNow]
    documents: Sequence[Document]
    watermarks: Mapping[str, str]


def collect(ctx: CompanyContext, orders: Sequence[Order]) -> Found:
    """What Business Central shows of these orders now, and what was posted from any order since the last time."""
    found_orders = _orders_now(ctx, [order.bc_id for order in orders])
    documents: list[Document] = []
    moved: dict[str, str] = {}
    for posted in _POSTED:
        value = watermarks.get(ctx.db, ctx.company.id, posted.watermark)
        if value is None:
            newest = _newest_stamp(ctx, posted)
            documents += _documents_of(ctx, posted, [order.bc_number for order in orders])
        else:
            newest = datetime.fromisoformat(value)
            for row in _since(ctx, posted, newest):
                newest = max(newest, datetime.fromisoformat(row["lastModifiedDateTime"]))
                documents += _document(posted, row)
        moved[posted.watermark] = newest.isoformat()
    return Found(found_orders, documents, moved)


def move_watermarks(ctx: CompanyContext, found: Found) -> None:
    for name, value in found.watermarks.items():
        watermarks.move(ctx.db, ctx.company.id, name, value, ctx.clock())


def posted_from(ctx: CompanyContext, order_numbers: Collection[str]) -> list[Document]:
    """Everything posted from orders of these numbers, with the quantities of the lines."""
    return [
        document
        for posted in _POSTED
        for document in _documents_of(
            ctx, posted, sorted(order_numbers), expand=f"{posted.lines}($select=sequence,quantity)"
        )
    ]


def _orders_now(ctx: CompanyContext, ids: Sequence[str]) -> dict[str, OrderNow]:
    known = next((row for row in companies.all_companies(ctx.db) if row.id == ctx.company.id), None)
    if known is not None and known.companion_version:
        try:
            return _read_orders(ctx, ids, companion=True)
        except CompanionMissing:  # gone since it was found: API v2.0 knows less, but what it knows is true
            return _read_orders(ctx, ids, companion=False)
    return _read_orders(ctx, ids, companion=False)


def _read_orders(ctx: CompanyContext, ids: Sequence[str], *, companion: bool) -> dict[str, OrderNow]:
    entity_set, lines = ("salesDocuments", "salesDocumentLines") if companion else ("salesOrders", "salesOrderLines")
    by_id = len(ids) <= BY_ID
    only_orders = "documentType eq 'Order'" if companion else ""
    rows = ctx.bc.rows(
        entity_set,
        purpose="read order status",
        select=("id", "status"),
        filter=any_of("id", ids) if by_id else only_orders,
        expand=f"{lines}($select=sequence,quantity,shippedQuantity,invoicedQuantity)" if by_id else "",
        companion=companion,
        fresh=True,
    )
    wanted = set(ids)
    listed = (_order_now(row, row.get(lines), companion=companion) for row in rows)
    return {order.bc_id: order for order in listed if order.bc_id in wanted}


def _order_now(row: dict[str, Any], lines: list[dict[str, Any]] | None, *, companion: bool) -> OrderNow:
    status = str(row["status"]).replace("_x0020_", " ")
    return OrderNow(
        bc_id=guid(row["id"]),
        status=status if companion else _STATUS_OF_API.get(status, status),
        lines=None if lines is None else tuple(_line(line) for line in lines),
    )


def _line(line: dict[str, Any]) -> Line:
    quantity, shipped, invoiced = (Decimal(line[name]) for name in ("quantity", "shippedQuantity", "invoicedQuantity"))
    return Line(quantity, shipped, invoiced, int(line["sequence"]))


def _newest_stamp(ctx: CompanyContext, posted: _Posted) -> datetime:
    """Where to go on next time, by Business Central's clock and not by ours."""
    rows = ctx.bc.rows(
        posted.entity_set,
        purpose=f"read {posted.entity_set}",
        select=("id", "lastModifiedDateTime"),
        orderby="lastModifiedDateTime desc",
        top=1,
        fresh=True,
    )
    return max((datetime.fromisoformat(row["lastModifiedDateTime"]) for row in rows), default=_BEGINNING)


def _since(ctx: CompanyContext, posted: _Posted, watermark: datetime) -> Iterator[dict[str, Any]]:
    since = watermark - OVERLAP if watermark > _BEGINNING + OVERLAP else _BEGINNING
    return ctx.bc.rows(
        posted.entity_set,
        purpose=f"read {posted.entity_set}",
        select=posted.fields,
        filter=f"lastModifiedDateTime ge {since.replace(microsecond=0, tzinfo=None).isoformat()}Z",
        fresh=True,
    )


def _documents_of(
    ctx: CompanyContext, posted: _Posted, order_numbers: Sequence[str], *, expand: str = ""
) -> Iterator[Document]:
    remaining = iter(order_numbers)
    while chunk := list(islice(remaining, _NUMBERS)):
        rows = ctx.bc.rows(
            posted.entity_set,
            purpose=f"read {posted.entity_set} of orders",
            select=posted.fields,
            filter=any_of("orderNumber", map(quote_text, chunk)),
            expand=expand,
            fresh=True,
        )
        for row in rows:
            yield from _document(posted, row)


def _document(posted: _Posted, row: dict[str, Any]) -> Iterator[Document]:
    status = str(row.get("status") or "").replace("_x0020_", " ").strip()
    if posted.kind is Kind.INVOICED and status in ("", "Draft", "In Review"):
        return  # not posted yet
    order_id = guid(row.get("orderId") or EMPTY_GUID)
    yield Document(
        kind=posted.kind,
        id=guid(row["id"]),
        number=row["number"],
        order_number=row["orderNumber"],
        order_id=order_id if order_id != EMPTY_GUID else "",
        reference=row["customerPurchaseOrderReference"].strip(),
        counts=status not in ("Canceled", "Corrective"),
        quantities={int(line["sequence"]): Decimal(line["quantity"]) for line in row.get(posted.lines, ())},
    )

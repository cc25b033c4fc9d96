"""Find posted invoices that Sales shall have, and payments of those it has, in one or two cheap reads.

Invoices are tailed by their modified stamp, with an overlap: stamps are taken at write and not at commit. What is found
is saved before the watermark moves. A payment need not touch the invoice, so the customer ledger is tailed as well;
without the companion, which shows it, the open invoices are read again twice an hour.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from bridge.clients.errors import CompanionMissing
from bridge.clients.odata import any_of, quote_text
from bridge.context import CompanyContext
from bridge.records import EMPTY_GUID, guid
from bridge.status.here import has_companion
from bridge.store import invoices, journal, journal_search, watermarks
from bridge.store.invoices import FoundInvoice, Payment
from bridge.store.models import JournalEntry
from bridge.store.models_returns import PostedInvoice

OVERLAP = timedelta(minutes=10)
ENTRY_OVERLAP = 100
"""So many ledger entries below the highest are read again: lower ones may show later."""
LOOK_AGAIN = timedelta(minutes=30)
REFERENCE_LENGTH = 35
_AT_ONCE = 60
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_STAMP, _ENTRIES, _OTHERS, _LOOKED = "invoices", "invoices entries", "invoices of others", "invoices looked at"

COLUMNS = (
    "id",
    "number",
    "orderId",
    "orderNumber",
    "customerPurchaseOrderReference",
    "billToCustomerId",
    "status",
    "remainingAmount",
    "totalAmountIncludingTax",
    "lastModifiedDateTime",
)


def find(ctx: CompanyContext) -> int:
    """Save what is new and what changed; answer how many invoices were not known before. Raises RemoteError."""
    new = 0
    value = watermarks.get(ctx.db, ctx.company.id, _STAMP)
    if value is None:
        newest = _newest_stamp(ctx)
        new += _note(ctx, _of_orders(ctx))
    else:
        newest = datetime.fromisoformat(value)
        rows = list(_since(ctx, newest))
        new += _note(ctx, rows)
        newest = max((datetime.fromisoformat(row["lastModifiedDateTime"]) for row in rows), default=newest)
    new += _of_others_once(ctx)
    if has_companion(ctx):
        try:
            _tail_ledger(ctx)
        except CompanionMissing:
            _look_at_open_ones(ctx)
    else:
        _look_at_open_ones(ctx)
    watermarks.move(ctx.db, ctx.company.id, _STAMP, newest.isoformat(), ctx.clock())
    return new


def payment_of(row: dict[str, Any]) -> Payment:
    """What of an invoice is paid, as Business Central shows it."""
    if _status(row) == "Canceled":
        return Payment.CANCELED
    remaining, total = Decimal(row["remainingAmount"]), Decimal(row["totalAmountIncludingTax"])
    if not remaining:
        return Payment.PAID
    return Payment.BILLED if remaining == total else Payment.PARTIAL


def note_payments(ctx: CompanyContext, rows: Iterable[dict[str, Any]]) -> None:
    """Save the payment of those invoices among ``rows`` that are known and have another one by now."""
    by_number = {row["number"]: row for row in rows}
    known = invoices.by_numbers(ctx.db, ctx.company.id, by_number)
    changed = {row.id: {"payment": payment_of(by_number[row.bc_number])} for row in known}
    before = {row.id: row.payment for row in known}
    invoices.change(ctx.db, {key: value for key, value in changed.items() if value["payment"] != before[key]})


def look_at(ctx: CompanyContext, rows: Sequence[PostedInvoice]) -> None:
    """Read the payment of these invoices anew, many in one call."""
    if rows:
        note_payments(ctx, _by_ids(ctx, [row.bc_id for row in rows]))


def look_at_customers(ctx: CompanyContext, customer_ids: Collection[str]) -> None:
    """Read anew what these customers have paid: their open invoices, and of ours those that are open no longer. However
    many old ones there are, they are not asked for."""
    ours = invoices.of_customers(ctx.db, ctx.company.id, customer_ids)
    concerned = sorted({row.bill_to_id for row in ours})
    open_: set[str] = set()
    for start in range(0, len(concerned), _AT_ONCE):
        rows = list(
            ctx.bc.rows(
                "salesInvoices",
                purpose="read open invoices",
                select=COLUMNS,
                filter=f"status eq 'Open' and {any_of('billToCustomerId', concerned[start : start + _AT_ONCE])}",
                fresh=True,
            )
        )
        note_payments(ctx, rows)
        open_ |= {row["number"] for row in rows}
    look_at(ctx, [row for row in ours if row.payment in invoices.UNSETTLED and row.bc_number not in open_])


def _newest_stamp(ctx: CompanyContext) -> datetime:
    """Where to go on next time, by Business Central's clock and not by ours."""
    rows = ctx.bc.rows(
        "salesInvoices",
        purpose="tail invoices",
        select=("id", "lastModifiedDateTime"),
        orderby="lastModifiedDateTime desc",
        top=1,
        fresh=True,
    )
    return max((datetime.fromisoformat(row["lastModifiedDateTime"]) for row in rows), default=_BEGINNING)


def _since(ctx: CompanyContext, watermark: datetime) -> Iterator[dict[str, Any]]:
    since = watermark - OVERLAP if watermark > _BEGINNING + OVERLAP else _BEGINNING
    return ctx.bc.rows(
        "salesInvoices",
        purpose="tail invoices",
        select=(*COLUMNS, "postingDate"),
        filter=f"lastModifiedDateTime ge {since.replace(microsecond=0, tzinfo=None).isoformat()}Z",
        fresh=True,
    )


def _of_orders(ctx: CompanyContext) -> Iterator[dict[str, Any]]:
    """Everything invoiced from orders that the journal knew before anybody looked for invoices."""
    numbers = iter(journal_search.bc_numbers(ctx.db, ctx.company.id))
    while chunk := list(islice(numbers, _AT_ONCE)):
        yield from ctx.bc.rows(
            "salesInvoices",
            purpose="read invoices of orders",
            select=(*COLUMNS, "postingDate"),
            filter=any_of("orderNumber", map(quote_text, chunk)),
            fresh=True,
        )


def _of_others_once(ctx: CompanyContext) -> int:
    """Invoices of no Sales order, from the day on that the setting names: read once when it is set."""
    day = ctx.settings.invoices_of_others_from
    told = day.isoformat() if day is not None else ""
    if told == (watermarks.get(ctx.db, ctx.company.id, _OTHERS) or ""):
        return 0
    new = 0
    if day is not None:
        rows = ctx.bc.rows(
            "salesInvoices",
            purpose="read invoices of others",
            select=(*COLUMNS, "postingDate"),
            filter=f"postingDate ge {told}",
            fresh=True,
        )
        new = _note(ctx, rows)
    watermarks.move(ctx.db, ctx.company.id, _OTHERS, told, ctx.clock())
    return new


def _note(ctx: CompanyContext, rows: Iterable[dict[str, Any]]) -> int:
    """Save those of these invoices that Sales shall have, and the payment of all that are known."""
    posted = [row for row in rows if _status(row) not in ("", "Draft", "In Review")]
    if not posted:
        return 0
    owners = _Owners(ctx, posted)
    day = ctx.settings.invoices_of_others_from
    wanted = [
        FoundInvoice(
            bc_id=guid(row["id"]),
            bc_number=row["number"],
            bill_to_id=guid(row["billToCustomerId"]),
            order_id=order.sales_id if order is not None else None,
            payment=payment_of(row),
        )
        for row in posted
        if (order := owners.of(row)) is not None or (day is not None and row["postingDate"] >= day.isoformat())
    ]
    new = invoices.note_found(ctx.db, ctx.company.id, wanted, ctx.clock())
    note_payments(ctx, posted)
    return new


class _Owners:
    """Whose order an invoice was posted from: by order number and id, else by its reference."""

    def __init__(self, ctx: CompanyContext, rows: Sequence[dict[str, Any]]) -> None:
        numbers = {row["orderNumber"] for row in rows} - {""}
        references = {_reference(row) for row in rows} - {""}
        entries = journal.by_bc_numbers(ctx.db, ctx.company.id, numbers) if numbers else []
        entries += (
            journal_search.by_references(ctx.db, ctx.company.id, references, REFERENCE_LENGTH) if references else []
        )
        self._by_number: dict[str, list[JournalEntry]] = {}
        self._by_reference: dict[str, JournalEntry] = {}
        for entry in entries:
            if entry.bc_order_id is not None:
                self._by_number.setdefault(entry.bc_order_number or "", []).append(entry)
                self._by_reference[entry.sales_number[:REFERENCE_LENGTH].strip()] = entry

    def of(self, row: dict[str, Any]) -> JournalEntry | None:
        order_id = guid(row["orderId"] or EMPTY_GUID)
        for entry in self._by_number.get(row["orderNumber"], ()):
            if order_id == entry.bc_order_id:
                return entry
        return self._by_reference.get(_reference(row))


def _reference(row: dict[str, Any]) -> str:
    return str(row["customerPurchaseOrderReference"]).strip()


def _status(row: dict[str, Any]) -> str:
    return str(row.get("status") or "").replace("_x0020_", " ").strip()


def _tail_ledger(ctx: CompanyContext) -> None:
    """Customers with new entries in their ledger: what is left to pay of their invoices may have changed."""
    value = watermarks.get(ctx.db, ctx.company.id, _ENTRIES)
    if value is None:
        rows = list(_entries(ctx, orderby="entryNumber desc", top=1))
        _move_entries(ctx, max((int(row["entryNumber"]) for row in rows), default=0), ())
        look_at(ctx, invoices.unsettled(ctx.db, ctx.company.id))
        return
    known = json.loads(value)
    last, seen = int(known["last"]), set(known["seen"])
    rows = list(_entries(ctx, filter=f"entryNumber gt {last - ENTRY_OVERLAP}"))
    new = [row for row in rows if int(row["entryNumber"]) not in seen and int(row["entryNumber"]) != last]
    if new:
        customers = {guid(row["customerId"]) for row in new}
        look_at_customers(ctx, customers)
    numbers = [int(row["entryNumber"]) for row in rows]
    highest = max([last, *numbers])
    _move_entries(ctx, highest, [number for number in numbers if number > highest - ENTRY_OVERLAP])


def _entries(ctx: CompanyContext, **options: Any) -> Iterator[dict[str, Any]]:
    return ctx.bc.rows(
        "customerLedgerActivity",
        purpose="tail customer ledger",
        select=("entryNumber", "customerId"),
        companion=True,
        fresh=True,
        **options,
    )


def _move_entries(ctx: CompanyContext, last: int, seen: Collection[int]) -> None:
    told = json.dumps({"last": last, "seen": sorted(seen)})
    if told != watermarks.get(ctx.db, ctx.company.id, _ENTRIES):
        watermarks.move(ctx.db, ctx.company.id, _ENTRIES, told, ctx.clock())


def _look_at_open_ones(ctx: CompanyContext) -> None:
    value = watermarks.get(ctx.db, ctx.company.id, _LOOKED)
    now = ctx.clock()
    if value is not None and now - datetime.fromisoformat(value) < LOOK_AGAIN:
        return
    look_at(ctx, invoices.unsettled(ctx.db, ctx.company.id))
    watermarks.move(ctx.db, ctx.company.id, _LOOKED, now.isoformat(), now)


def _by_ids(ctx: CompanyContext, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The payment columns of these invoices. Not in a batch: that may be answered by a copy that lags behind."""
    remaining = iter(ids)
    while chunk := list(islice(remaining, _AT_ONCE)):
        yield from ctx.bc.rows(
            "salesInvoices", purpose="read payments", select=COLUMNS, filter=any_of("id", chunk), fresh=True
        )

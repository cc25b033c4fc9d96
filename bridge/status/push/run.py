"""One run of the job SALESORDER-ORDER: find released orders that were changed in Business Central, make Sales agree.

Orders are tailed by their modified stamp, with an overlap; what changed is noted before the watermark moves. Changing a
line takes reopening and releasing, so the header's stamp tells of lines too. An order goes out as one change set:
opened, changed, submitted again. With nothing to do it is one read in Business Central.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.clients.errors import CompanionMissing, NotFound
from bridge.clients.odata import any_of
from bridge.clients.sales import ChangeSet, Write
from bridge.context import CompanyContext, Outcome
from bridge.records import guid
from bridge.status.here import company_row_id, has_companion, pause
from bridge.status.push import errors
from bridge.status.push.compare import ADDRESS_COLUMNS, ADDRESS_FIELDS, Kept, Partners, Push, Row, Wanted, compare
from bridge.store import couplings, failures, journal, pushes, watermarks
from bridge.store.failures import Problem
from bridge.store.models import JournalEntry, JournalLine

OVERLAP = timedelta(minutes=10)
AT_ONCE = 40
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_STAMP = "pushed orders"
_SUBMITTED = 1
_OPEN_IT = {"statecode": 0, "statuscode": 2}
_SUBMIT_IT = {"statecode": 1, "statuscode": 3}

_ORDER = (
    "id,number,status,requestedDeliveryDate,paymentTermsId,salesperson,discountAmount,totalAmountExcludingTax,"
    "totalAmountIncludingTax," + ",".join(ADDRESS_FIELDS)
)
_MORE = "paymentTermsCode,shippingAgentCode,lastShipmentDate"
_LINE = (
    "id,sequence,lineType,lineObjectNumber,itemId,description,quantity,unitPrice,discountAmount,netAmount,taxPercent"
)
_SALES = (
    "salesorderid,statecode,_bcbi_companyid_value,_ownerid_value,requestdeliveryby,datefulfilled,paymenttermscode,"
    "shippingmethodcode,discountamount,discountpercentage,totalamountlessfreight,totalamount,totallineitemamount,"
    + ",".join(ADDRESS_COLUMNS)
)
_DETAIL = (
    "salesorderdetailid,quantity,priceperunit,ispriceoverridden,volumediscountamount,manualdiscountamount,tax,"
    "baseamount,extendedamount,productdescription"
)


def push_orders(ctx: CompanyContext) -> Outcome:
    """Take the changes of released orders to Sales. Raises RemoteError when a system does not answer."""
    counts: Counter[str] = Counter()
    settings = ctx.settings
    if not (settings.push_order_header or settings.push_order_totals or settings.push_order_lines):
        return Outcome()
    if not journal.followed(ctx.db, ctx.company.id):
        return Outcome()
    _tail(ctx)
    pushes.ensure(ctx.db, ctx.company.id)
    pushes.wake_coupled(ctx.db, ctx.company.id, errors.NOT_COUPLED, ctx.clock())
    failed = 0
    tried: set[str] = set()
    while not ctx.stopping():
        entries = pushes.due(ctx.db, ctx.company.id, ctx.clock(), AT_ONCE)
        entries = [entry for entry in entries if entry.id not in tried]
        if not entries:
            break
        tried |= {entry.id for entry in entries}
        failed += _Handful(ctx, entries, counts).run()
    return Outcome(counts=dict(counts), failed=failed)


def _tail(ctx: CompanyContext) -> None:
    """Note which orders changed since the last time. Before the first time all that are followed are due anyway."""
    value = watermarks.get(ctx.db, ctx.company.id, _STAMP)
    known: dict[str, Any] = json.loads(value) if value is not None else {"at": _BEGINNING.isoformat(), "seen": {}}
    newest = datetime.fromisoformat(known["at"])
    if value is None:
        options: dict[str, Any] = {"orderby": "lastModifiedDateTime desc", "top": 1}
    else:
        since = newest - OVERLAP if newest > _BEGINNING + OVERLAP else _BEGINNING
        options = {"filter": f"lastModifiedDateTime ge {since.replace(microsecond=0, tzinfo=None).isoformat()}Z"}
    rows = ctx.bc.rows(
        "salesOrders", purpose="tail orders", select=("id", "lastModifiedDateTime"), fresh=True, **options
    )
    stamps = {guid(row["id"]): str(row["lastModifiedDateTime"]) for row in rows}
    if value is not None:
        changed = {order for order, stamp in stamps.items() if known["seen"].get(order) != stamp}
        pushes.mark_due(ctx.db, ctx.company.id, changed)
    newest = max((datetime.fromisoformat(stamp) for stamp in stamps.values()), default=newest)
    told = json.dumps({"at": newest.isoformat(), "seen": stamps}, sort_keys=True)
    if told != value:
        watermarks.move(ctx.db, ctx.company.id, _STAMP, told, ctx.clock())


class _Handful:
    """Some orders on their way to Sales."""

    def __init__(self, ctx: CompanyContext, entries: Sequence[JournalEntry], counts: Counter[str]) -> None:
        self._ctx = ctx
        self._entries = entries
        self._counts = counts
        self._attempts = pushes.attempts(ctx.db, [entry.id for entry in entries])
        self._changes: dict[str, dict[str, Any]] = {}
        self._lines: dict[str, list[JournalLine]] = {}
        self._reports: list[Problem] = []
        self._settled: list[str] = []

    def run(self) -> int:
        """Do it; answers how many failures are listed. Raises RemoteError; repeatable then."""
        orders = self._released()
        sales = self._in_sales([entry for entry in self._entries if entry.id in orders])
        kept = journal.lines_of(self._ctx.db, list(orders))
        writes: list[tuple[JournalEntry, Push, ChangeSet]] = []
        known = self._partners(orders, kept) if sales else Partners()
        for entry in self._entries:
            order, row = orders.get(entry.id), sales.get(entry.sales_id)
            if order is None or row is None or row["statecode"] != _SUBMITTED or self._is_elsewhere(row):
                self._let_be(entry)
                continue
            lines = [_kept(line) for line in kept.get(entry.id, ())]
            push = compare(order, order["lines"], lines, row, known, self._wanted())
            if push.missing:
                self._listed(entry, errors.not_coupled(entry, push.missing, self._again(entry)))
            elif push.is_empty:
                self._agree(entry, push)
            else:
                writes.append((entry, push, _change_set(entry, push, row)))
        if writes:
            self._write(writes)
        return self._save()

    def _wanted(self) -> Wanted:
        settings = self._ctx.settings
        return Wanted(
            header=settings.push_order_header,
            totals=settings.push_order_totals,
            lines=settings.push_order_lines,
            owner=settings.ownership == "person",
        )

    def _released(self) -> dict[str, Row]:
        """The orders that Business Central has Released, with their lines, by entry id."""
        by_bc_id = {entry.bc_order_id: entry.id for entry in self._entries}
        ids = sorted(bc_id for bc_id in by_bc_id if bc_id)
        if has_companion(self._ctx):
            try:
                rows = self._read("salesDocuments", "salesDocumentLines", ids, companion=True)
            except CompanionMissing:
                rows = self._read("salesOrders", "salesOrderLines", ids, companion=False)
        else:
            rows = self._read("salesOrders", "salesOrderLines", ids, companion=False)
        return {by_bc_id[guid(row["id"])]: row for row in rows}

    def _read(self, entity_set: str, lines: str, ids: Sequence[str], *, companion: bool) -> list[Row]:
        rows = self._ctx.bc.rows(
            entity_set,
            purpose="read changed orders",
            select=(f"{_ORDER},{_MORE}" if companion else _ORDER).split(","),
            filter=any_of("id", ids),
            expand=f"{lines}($select={_LINE})",
            companion=companion,
            fresh=True,
        )
        # API v2.0 calls a released order Open
        released = "Released" if companion else "Open"
        return [{**row, "lines": row[lines]} for row in rows if row["status"] == released]

    def _in_sales(self, entries: Sequence[JournalEntry]) -> dict[str, Row]:
        if not entries:
            return {}
        rows = self._ctx.sales.rows(
            "salesorders",
            purpose="compare orders",
            select=_SALES.split(","),
            filter=any_of("salesorderid", [entry.sales_id for entry in entries]),
            expand=f"order_details($select={_DETAIL};$expand=productid($select=productnumber))",
        )
        return {guid(row["salesorderid"]): row for row in rows}

    def _is_elsewhere(self, row: Row) -> bool:
        company = row["_bcbi_companyid_value"]
        ours = company_row_id(self._ctx)
        return bool(company and ours and guid(company) != ours)

    def _partners(self, orders: Mapping[str, Row], kept: Mapping[str, Sequence[JournalLine]]) -> Partners:
        """Couplings, and the units of products on new lines, for which alone Sales is asked."""
        ctx = self._ctx
        company = ctx.company.id
        options = couplings.options(ctx.db, company)
        known = {(entry_id, line.line_number) for entry_id, lines in kept.items() for line in lines}
        new = [
            line
            for entry_id, order in orders.items()
            for line in order["lines"]
            if (entry_id, int(line["sequence"])) not in known
        ]
        item_ids = {guid(line["itemId"]) for line in new if line["lineType"] == "Item"}
        items = {
            bc_id: row.sales_id for bc_id, row in couplings.by_bc_ids(ctx.db, company, "ITEM-PRODUCT", item_ids).items()
        }
        has_resource = any(line["lineType"] == "Resource" for line in new)
        resources = couplings.of_mapping(ctx.db, company, "RESOURCE-PRODUCT") if has_resource else []
        numbers = {line["lineObjectNumber"] for line in new}
        by_number = {row.bc_number: row.sales_id for row in resources if row.bc_number in numbers}
        return Partners(
            users={row.bc_number: row.sales_id for row in couplings.of_mapping(ctx.db, company, "SALESPEOPLE")},
            payment_terms={row.bc_id: value for value, row in options.get("PAYMENT TERMS", {}).items()},
            agents={row.bc_code: value for value, row in options.get("SHIPPING AGENT", {}).items()},
            items=items,
            resources=by_number,
            units=self._units({*items.values(), *by_number.values()}),
        )

    def _units(self, products: Collection[str]) -> dict[str, str]:
        if not products:
            return {}
        rows = self._ctx.sales.rows(
            "products",
            purpose="read units",
            select=("productid", "_defaultuomid_value"),
            filter=any_of("productid", sorted(products)),
        )
        return {guid(row["productid"]): guid(row["_defaultuomid_value"]) for row in rows if row["_defaultuomid_value"]}

    def _write(self, writes: Sequence[tuple[JournalEntry, Push, ChangeSet]]) -> None:
        results = self._ctx.sales.batch([part for _, _, part in writes], purpose="push orders", repeatable=True)
        for (entry, push, _), result in zip(writes, results, strict=True):
            error = result.error
            if error is None:
                self._counts["pushed"] += 1
                self._agree(entry, push)
            elif isinstance(error, NotFound):
                self._let_be(entry)
            elif error.can_retry or error.outcome_unknown:
                # somebody else changed it, or our write may have arrived: the next run looks before it writes
                self._changes[entry.id] = {"next_attempt_at": self._ctx.clock() + pause(0)}
                self._counts["waiting"] += 1
            else:
                self._listed(entry, errors.refused(entry, error, self._again(entry)))

    def _agree(self, entry: JournalEntry, push: Push) -> None:
        """Sales has it all, save what a person must settle."""
        self._lines[entry.id] = [_journal_line(entry, one) for one in push.kept]
        if push.differs:
            self._listed(entry, errors.differs(entry, push.differs, self._again(entry)))
            return
        now = self._ctx.clock()
        self._changes[entry.id] = {"is_due": False, "attempts": 0, "next_attempt_at": None, "pushed_at": now}
        self._settled.append(entry.sales_id)

    def _let_be(self, entry: JournalEntry) -> None:
        """Not released there, or not submitted here: when that changes, its stamp does too, or it is picked up anew."""
        self._changes[entry.id] = {"is_due": False, "attempts": 0, "next_attempt_at": None}
        self._settled.append(entry.sales_id)

    def _again(self, entry: JournalEntry) -> datetime:
        return self._ctx.clock() + pause(self._attempts.get(entry.id, 0))

    def _listed(self, entry: JournalEntry, problem: Problem) -> None:
        attempts = self._attempts.get(entry.id, 0) + 1
        self._changes[entry.id] = {"attempts": attempts, "next_attempt_at": problem.next_attempt_at}
        self._reports.append(problem)

    def _save(self) -> int:
        ctx, now = self._ctx, self._ctx.clock()
        pushes.settle(ctx.db, self._changes, self._lines)
        failures.resolve(ctx.db, ctx.company.id, errors.SUBJECT, self._settled, now)
        for one in self._reports:
            record = [one.record_id]
            failures.resolve(ctx.db, ctx.company.id, errors.SUBJECT, record, now, except_codes=[one.code])
        failures.report(ctx.db, ctx.company.id, self._reports, now)
        return len(self._reports)


def _kept(line: JournalLine) -> Kept:
    return Kept(line.line_number, line.sales_line_id or "", line.quantity, line.unit_price, line.discount_amount)


def _journal_line(entry: JournalEntry, one: Kept) -> JournalLine:
    return JournalLine(
        entry_id=entry.id,
        line_number=one.number,
        sales_line_id=one.sales_line_id or None,
        bc_line_id=None,
        quantity=one.quantity,
        unit_price=one.unit_price,
        discount_amount=one.discount,
    )


def _change_set(entry: JournalEntry, push: Push, row: Row) -> ChangeSet:
    path = f"salesorders({entry.sales_id})"
    return ChangeSet(
        (
            # the first write gives the row another etag, so only it can be guarded; the transaction covers the others
            Write("PATCH", path, dict(_OPEN_IT), etag=str(row.get("@odata.etag") or "*")),
            *(Write("POST", "salesorderdetails", create) for create, _ in push.created),
            *(
                Write("PATCH", f"salesorderdetails({create['salesorderdetailid']})", amounts)
                for create, amounts in push.created
            ),
            *(Write("PATCH", f"salesorderdetails({line})", columns) for line, columns in push.changed.items()),
            Write("PATCH", path, push.header | _SUBMIT_IT),
        )
    )

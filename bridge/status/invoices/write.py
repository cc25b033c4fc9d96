"""Write invoices to Sales: one batch for many, one change set each, so that none is ever there without its lines.

An invoice has its id before it is sent. Sent twice, after a lost reply for example, it is refused as known, and that
counts as there. One that somebody else has written under the same number for the same customer is adopted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.clients.errors import AlreadyExists
from bridge.clients.sales import BATCH_SIZE, ChangeSet, Part, PartResult, Write
from bridge.context import CompanyContext
from bridge.records import guid, new_id
from bridge.status.here import pause
from bridge.status.invoices.around import Around, Row
from bridge.status.invoices.errors import InvoiceProblem, NotReadable, NumberTaken, SalesRefused, TooManyLines
from bridge.status.invoices.find import payment_of
from bridge.status.invoices.gather import gather, read_invoices
from bridge.status.invoices.payments import after_creation
from bridge.status.invoices.translate import WantedInvoice, translate
from bridge.store import couplings, failures, invoices
from bridge.store.couplings import NewCoupling
from bridge.store.failures import Problem
from bridge.store.invoices import Payment, State
from bridge.store.models_returns import PostedInvoice

MAPPING = "POSTEDSALESINV-INV"
SUBJECT = "invoice"
SALES_INVOICE_HEADER = 112
MOST_LINES = (BATCH_SIZE - 10) // 2
"""Two writes a line, and a few for the header, must fit into one change set."""


class Handful:
    """Some invoices on their way to Sales."""

    def __init__(self, ctx: CompanyContext, waiting: Sequence[PostedInvoice]) -> None:
        self._ctx = ctx
        self._waiting = waiting
        self._problems: dict[str, InvoiceProblem] = {}
        self._changes: dict[str, dict[str, Any]] = {}
        self._settled: list[PostedInvoice] = []
        self._couplings: list[NewCoupling] = []
        self.counts: Counter[str] = Counter()

    def run(self) -> int:
        """Bring them to Sales; answers how many are listed as failures. Raises RemoteError; repeatable then."""
        posted, with_companion = read_invoices(self._ctx, self._waiting)
        readable = [row for row in self._waiting if row.bc_number in posted]
        for row in self._waiting:
            if row.bc_number not in posted or not posted[row.bc_number]["lines"]:
                self._problems[row.id] = NotReadable(row.bc_number)
        readable = [row for row in readable if row.id not in self._problems]
        if readable:
            read = {row.bc_number: posted[row.bc_number] for row in readable}
            self._write(readable, read, gather(self._ctx, readable, read, with_companion=with_companion))
        return self._save()

    def _write(self, rows: Sequence[PostedInvoice], posted: Mapping[str, Row], around: Around) -> None:
        parts: list[Part] = []
        sent: list[tuple[PostedInvoice, int, Payment]] = []
        made = _Made(around)
        for row in rows:
            if row.order_id is not None and row.order_id not in around.orders:
                self._gone(row)
                continue
            wanted = self._wanted(row, posted[row.bc_number], around)
            if wanted is None:
                continue
            payment = payment_of(posted[row.bc_number])
            parts += made.before(wanted)
            sent.append((row, len(parts), payment))
            parts.append(_change_set(wanted, row.sales_id, payment))
        if not parts:
            return
        results = self._ctx.sales.batch(parts, purpose="write invoices", repeatable=True)
        for row, position, payment in sent:
            self._take(row, payment, results[position])

    def _wanted(self, row: PostedInvoice, invoice: Row, around: Around) -> WantedInvoice | None:
        """What to write; None when there is nothing to write, because it is there or cannot be."""
        wanted = translate(invoice, row.sales_id, row.order_id, around)
        if isinstance(wanted, InvoiceProblem):
            self._problems[row.id] = wanted
            return None
        existing = around.existing.get(row.bc_number)
        if existing is not None and guid(existing["invoiceid"]) == row.sales_id:
            self._there(row, Payment.UNKNOWN)
            return None
        if existing is not None:
            self._adopt(row, existing, wanted)
            return None
        if len(wanted.lines) > MOST_LINES:
            self._problems[row.id] = TooManyLines(row.bc_number, lines=len(wanted.lines), most=MOST_LINES)
            return None
        return wanted

    def _adopt(self, row: PostedInvoice, existing: Row, wanted: WantedInvoice) -> None:
        bound = next(value for name, value in wanted.create.items() if name.startswith("customerid_"))
        if existing.get("_customerid_value") and guid(existing["_customerid_value"]) in bound:
            self._changes[row.id] = {"sales_id": guid(existing["invoiceid"])}
            self._there(row, Payment.UNKNOWN, sales_id=guid(existing["invoiceid"]))
            self.counts["coupled"] += 1
        else:
            self._problems[row.id] = NumberTaken(row.bc_number)

    def _take(self, row: PostedInvoice, payment: Payment, result: PartResult) -> None:
        error = result.error
        if error is None:
            self._there(row, payment)
            self.counts["inserted"] += 1
        elif isinstance(error, AlreadyExists):
            self._there(row, Payment.UNKNOWN)
        elif error.can_retry or error.outcome_unknown:
            self._changes[row.id] = {"next_attempt_at": self._ctx.clock() + pause(0)}
            self.counts["waiting"] += 1
        else:
            self._problems[row.id] = SalesRefused(row.bc_number, text=error.text or error.problem)

    def _there(self, row: PostedInvoice, told: Payment, *, sales_id: str = "") -> None:
        self._changes[row.id] = self._changes.get(row.id, {}) | {
            "state": State.THERE,
            "payment_told": told,
            "written_at": self._ctx.clock(),
            "attempts": 0,
            "next_attempt_at": None,
            "wants": [],
        }
        self._settled.append(row)
        self._couplings.append(
            NewCoupling(
                mapping=MAPPING,
                table_id=SALES_INVOICE_HEADER,
                bc_id=row.bc_id,
                bc_number=row.bc_number,
                sales_table="invoice",
                sales_id=sales_id or row.sales_id,
                sales_name=row.bc_number,
            )
        )

    def _gone(self, row: PostedInvoice) -> None:
        """Sales has deleted the order: there is nothing left that the invoice could belong to."""
        self._changes[row.id] = {"state": State.GONE, "wants": [], "next_attempt_at": None}
        self._settled.append(row)
        self.counts["gone"] += 1

    def _save(self) -> int:
        ctx = self._ctx
        now = ctx.clock()
        reports: list[Problem] = []
        for row in self._waiting:
            problem = self._problems.get(row.id)
            if problem is None:
                continue
            again = now + pause(row.attempts)
            wants = [list(want) for want in problem.wants]
            self._changes[row.id] = {"attempts": row.attempts + 1, "next_attempt_at": again, "wants": wants}
            reports.append(as_failure(row, problem, again))
        couplings.couple_many(ctx.db, ctx.company.id, self._couplings, now)
        invoices.change(ctx.db, self._changes)
        failures.resolve(ctx.db, ctx.company.id, SUBJECT, [row.bc_id for row in self._settled], now)
        for one in reports:
            failures.resolve(ctx.db, ctx.company.id, SUBJECT, [one.record_id], now, except_codes=[one.code])
        failures.report(ctx.db, ctx.company.id, reports, now)
        return len(reports)


def as_failure(row: PostedInvoice, problem: InvoiceProblem, again: Any) -> Problem:
    """The problem as it is listed."""
    return Problem(
        subject=SUBJECT,
        record_id=row.bc_id,
        record=problem.where,
        code=problem.code,
        text=problem.text,
        advice=problem.advice,
        heals_by_itself=problem.heals_by_itself,
        next_attempt_at=again,
    )


class _Made:
    """What must be in Sales before an invoice: price lists and prices. Made once for all invoices of a handful."""

    def __init__(self, around: Around) -> None:
        self._prices = set(around.prices)
        self._lists: dict[str, str] = {}

    def before(self, wanted: WantedInvoice) -> list[Part]:
        """The writes that go ahead of this invoice's. One that is there already is refused, and that is no harm."""
        parts: list[Part] = []
        if wanted.new_list and wanted.new_list not in self._lists:
            self._lists[wanted.new_list] = new_id()
            made: Row = {
                "pricelevelid": self._lists[wanted.new_list],
                "name": wanted.new_list,
                "transactioncurrencyid@odata.bind": f"/transactioncurrencies({wanted.currency})",
            }
            parts.append(Write("POST", "pricelevels", made))
        price_list = wanted.price_list or self._lists.get(wanted.new_list, "")
        if not price_list:
            return parts
        wanted.create["pricelevelid@odata.bind"] = f"/pricelevels({price_list})"
        for line in wanted.lines:
            if line.price is None:
                continue
            product, group, unit, price = line.price
            if (price_list, product, unit) in self._prices:
                continue
            self._prices.add((price_list, product, unit))
            body: Row = {
                "pricelevelid@odata.bind": f"/pricelevels({price_list})",
                "productid@odata.bind": f"/products({product})",
                "uomid@odata.bind": f"/uoms({unit})",
                "uomscheduleid@odata.bind": f"/uomschedules({group})",
                "amount": price,
                "pricingmethodcode": 1,
            }
            parts.append(Write("POST", "productpricelevels", body))
        return parts


def _change_set(wanted: WantedInvoice, sales_id: str, payment: Payment) -> ChangeSet:
    path = f"invoices({sales_id})"
    return ChangeSet(
        (
            Write("POST", "invoices", wanted.create),
            *(Write("POST", "invoicedetails", line.create) for line in wanted.lines),
            *(Write("PATCH", f"invoicedetails({line.id})", line.change) for line in wanted.lines),
            Write("PATCH", path, wanted.change),
            *(Write("PATCH", path, body) for body in after_creation(payment)),
        )
    )

"""Create orders by API v2.0 alone, where the companion is not installed. They stay Open, and each says so.

API v2.0 has no *Your Reference*, so the external document number carries the order number: by it and the customer an
order is found again after a lost reply. Nothing in Business Central makes that pair unique, therefore every order is
looked for before it is created. What API v2.0 cannot write is left out: docs/orders.md lists it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.clients.bc_requests import BatchRequest
from bridge.clients.companion import CreatedOrder
from bridge.clients.errors import NotFound, Refused, RemoteError
from bridge.clients.odata import Row, any_of, query_options, quote_text
from bridge.context import CompanyContext
from bridge.orders import hold
from bridge.orders.create import same_customer, save_created
from bridge.orders.creation import Creation, Draft
from bridge.orders.errors import (
    AlreadyPosted,
    NothingToRelease,
    OrderProblem,
    PriceMayIncludeVat,
    ReleaseNeedsCompanion,
)
from bridge.orders.gather import PAYMENT_TERMS, SHIPMENT_METHOD
from bridge.orders.lines import decimal_of, id_of, text_of
from bridge.orders.refusals import problem_of_refusal
from bridge.orders.release import RELEASED, ReleaseOutcome, real_status
from bridge.orders.remote import problem_of
from bridge.orders.request import LineType, OrderLine, OrderRequest
from bridge.records import cents
from bridge.store import couplings, journal
from bridge.store.journal import ReleaseState, State

_NUMBERS_AT_ONCE = 100
_POSTED = (("salesInvoices", "posted invoice"), ("salesShipments", "posted shipment"))


@dataclass(slots=True)
class _Found:
    """What carries an order's number already: open orders, and posted documents as (what it is, row)."""

    orders: list[Row] = field(default_factory=list)
    posted: list[tuple[str, Row]] = field(default_factory=list)


def create(ctx: CompanyContext, drafts: Sequence[Draft]) -> dict[str, Creation]:
    """Create these one by one; entry id → what became of it, saved in the journal already."""
    requests = [draft.request for draft in drafts]
    try:
        found = _look(ctx, requests)
        with_vat = _items_priced_with_vat(ctx, requests)
    except RemoteError as error:
        return {draft.entry.id: Creation(problems=[problem_of(draft.request.sales_number, error)]) for draft in drafts}
    ids = _option_ids(ctx)
    outcome: dict[str, Creation] = {}
    for draft in drafts:
        there = found.get(_key(draft.request), _Found())
        unclear = _unclear_prices(draft.request, with_vat)
        if unclear and _match(there.orders, draft.request) is None:
            outcome[draft.entry.id] = Creation(problems=unclear)
        else:
            outcome[draft.entry.id] = _one(ctx, draft, there, ids)
    hold.compare_and_release(ctx, drafts, outcome, hold.stay_open)
    return outcome


def find_existing(ctx: CompanyContext, request: OrderRequest) -> CreatedOrder | None:
    """The open order that a creation of unknown outcome may have left. Raises RemoteError."""
    order = _match(_look(ctx, [request]).get(_key(request), _Found()).orders, request)
    return _as_created(order, existed=True) if order is not None else None


def _one(ctx: CompanyContext, draft: Draft, found: _Found, ids: Mapping[str, str]) -> Creation:
    request = draft.request
    row = _match(found.orders, request)
    posted = next(((noun, other) for noun, other in found.posted if same_customer(other, request)), None)
    if row is None and posted is not None:
        document = f"{posted[0]} {text_of(posted[1], 'number')}"
        return Creation(problems=[AlreadyPosted(request.sales_number, document=document)])
    existed = row is not None
    journal.change(ctx.db, {draft.entry.id: {"state": State.BC_CREATING}}, ctx.clock())
    try:
        if row is not None and row["status"] == "Draft" and len(row["salesOrderLines"]) != len(request.lines):
            # an interrupted creation left a part of it: nobody has seen it yet, so it is made anew
            ctx.bc.delete("salesOrders", id_of(row, "id"), purpose="remove half an order")
            row, existed = None, False
        if row is None:
            row = ctx.bc.create("salesOrders", _body(request, ids), purpose="create order", expand="salesOrderLines")
        row = _finish(ctx, row, request)
    except Refused as refusal:
        return _take_back(ctx, draft, row, refusal, existed=existed)
    except RemoteError as error:
        return Creation(problems=[problem_of(request.sales_number, error)])  # found by its number at the next try
    judge_release = hold.wait_for_comparison if hold.is_on(ctx) else _stays_open
    return save_created(ctx, [(draft, _as_created(row, existed=existed))], judge_release)[draft.entry.id]


def _finish(ctx: CompanyContext, row: Row, request: OrderRequest) -> Row:
    """What one call cannot do: prices that a later property replaced, and the invoice discount, which needs the lines
    to be there. Writes only what differs, so that repeating it is harmless."""
    order_id = id_of(row, "id")
    made = {int(line["sequence"]): line for line in row["salesOrderLines"]}
    changed = False
    if row["status"] != "Draft":
        return row  # released by a person meanwhile: it is theirs now
    for line in request.lines:
        other = made.get(line.number)
        wanted = {"unitPrice": line.unit_price, "discountAmount": cents(line.discount_amount)}
        if line.type is LineType.COMMENT or other is None:
            continue
        if any(decimal_of(other, name) != value for name, value in wanted.items()):
            ctx.bc.update("salesOrderLines", id_of(other, "id"), wanted, purpose="correct line", repeatable=True)
            changed = True
    discount = cents(request.discount_amount)
    if decimal_of(row, "discountAmount") != discount:
        body = {"discountAmount": discount}
        ctx.bc.update("salesOrders", order_id, body, purpose="set invoice discount", repeatable=True)
        changed = True
    if not changed:
        return row
    return ctx.bc.row("salesOrders", order_id, purpose="read order", expand="salesOrderLines", fresh=True)


def _take_back(ctx: CompanyContext, draft: Draft, row: Row | None, refusal: RemoteError, *, existed: bool) -> Creation:
    """A refused step leaves nothing of ours behind; an order that was there before is not ours to delete."""
    creation = Creation(problems=[problem_of_refusal(draft.request, refusal.text)])
    if row is not None and not existed:
        try:
            ctx.bc.delete("salesOrders", id_of(row, "id"), purpose="take order back")
        except NotFound:
            pass  # gone is what is wanted
        except RemoteError as error:
            creation.problems.append(problem_of(draft.request.sales_number, error))
            return creation
    journal.change(ctx.db, {draft.entry.id: {"state": State.SEEN}}, ctx.clock())
    return creation


def _look(ctx: CompanyContext, requests: Sequence[OrderRequest]) -> dict[str, _Found]:
    """Everything that carries these numbers, by number as Business Central writes it. One batch of three reads."""
    condition = any_of("externalDocumentNumber", [quote_text(key) for key in sorted(map(_key, requests))])
    select = ("id", "number", "customerId", "customerNumber", "externalDocumentNumber")
    orders = query_options(filter=condition, select=(*select, "status", "discountAmount"), expand="salesOrderLines")
    posted = query_options(filter=condition, select=select)
    answers = ctx.bc.batch(
        [
            BatchRequest("GET", f"salesOrders?{orders}"),
            *(BatchRequest("GET", f"{entity_set}?{posted}") for entity_set, _ in _POSTED),
        ],
        purpose="look for orders by number",
    )
    found: dict[str, _Found] = {}
    for noun, answer in zip(("", *(noun for _, noun in _POSTED)), answers, strict=True):
        if answer.error is not None:
            raise answer.error
        for row in (answer.body or {}).get("value", []):
            there = found.setdefault(text_of(row, "externalDocumentNumber").upper(), _Found())
            if noun:
                there.posted.append((noun, row))
            else:
                there.orders.append(row)
    return found


def _items_priced_with_vat(ctx: CompanyContext, requests: Sequence[OrderRequest]) -> set[str]:
    """Which of the items that are ordered have a price with VAT inside. Their VAT group API v2.0 does not show."""
    numbers = sorted({line.object_number for request in requests for line in request.lines if line.may_include_vat})
    slices = [numbers[start : start + _NUMBERS_AT_ONCE] for start in range(0, len(numbers), _NUMBERS_AT_ONCE)]
    among = [any_of("number", [quote_text(number) for number in some]) for some in slices]
    reads = [
        BatchRequest("GET", "items?" + query_options(filter=f"priceIncludesTax eq true and {one}", select=("number",)))
        for one in among
    ]
    found: set[str] = set()
    for answer in ctx.bc.batch(reads, purpose="look for prices with VAT") if reads else ():
        if answer.error is not None:
            raise answer.error
        found |= {text_of(row, "number") for row in (answer.body or {}).get("value", [])}
    return found


def _unclear_prices(request: OrderRequest, with_vat: Collection[str]) -> list[OrderProblem]:
    ordered = dict.fromkeys(line.object_number for line in request.lines if line.may_include_vat)
    return [PriceMayIncludeVat(request.sales_number, item=number) for number in ordered if number in with_vat]


def _key(request: OrderRequest) -> str:
    return request.your_reference.strip().upper()


def _match(orders: Sequence[Row], request: OrderRequest) -> Row | None:
    return next((row for row in orders if same_customer(row, request)), None)


def _option_ids(ctx: CompanyContext) -> dict[str, str]:
    """API v2.0 wants ids where the companion takes codes: "mapping code" → id."""
    known = couplings.options(ctx.db, ctx.company.id)
    return {
        f"{mapping} {row.bc_code}": row.bc_id
        for mapping in (PAYMENT_TERMS, SHIPMENT_METHOD)
        for row in known.get(mapping, {}).values()
    }


def _body(request: OrderRequest, ids: Mapping[str, str]) -> Row:
    body: Row = {
        "customerId": request.customer_id,
        "externalDocumentNumber": request.your_reference,
        "currencyCode": request.currency_code,
    }
    if request.requested_delivery_date:
        body["requestedDeliveryDate"] = request.requested_delivery_date
    if request.payment_terms_code:
        body["paymentTermsId"] = ids[f"{PAYMENT_TERMS} {request.payment_terms_code}"]
    if request.shipment_method_code:
        body["shipmentMethodId"] = ids[f"{SHIPMENT_METHOD} {request.shipment_method_code}"]
    if request.ship_to is not None:
        parts = request.ship_to.to_json().items()
        body |= {f"shipTo{name[0].upper()}{name[1:]}": value for name, value in parts}
    body["salesOrderLines"] = [_line_body(line) for line in request.lines]
    return body


def _line_body(line: OrderLine) -> dict[str, Any]:
    body = line.to_json()
    for name in ("attachedToLineNumber", "unitPriceMayIncludeVAT"):
        body.pop(name, None)
    return body


def _as_created(row: Row, *, existed: bool) -> CreatedOrder:
    return CreatedOrder(
        order_id=id_of(row, "id"),
        order_number=text_of(row, "number"),
        status=real_status(text_of(row, "status")),
        existed=existed,
        release_error="",
        lines=hold.lines_of(row),
    )


def _stays_open(ctx: CompanyContext, request: OrderRequest, order: CreatedOrder) -> ReleaseOutcome:
    if order.status == RELEASED:
        return ReleaseOutcome(ReleaseState.RELEASED, RELEASED)
    if not request.can_be_released:
        problem = NothingToRelease(request.sales_number, number=order.order_number)
        return ReleaseOutcome(ReleaseState.NOTHING_TO_RELEASE, order.status, problem)
    needs = ReleaseNeedsCompanion(request.sales_number, number=order.order_number)
    return ReleaseOutcome(ReleaseState.FAILED, order.status, needs)

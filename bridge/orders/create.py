"""Create orders in Business Central, up to 50 with one call, and save at once what came of it.

The call may be repeated: Business Central knows an order again by reference and customer, and then answers with the one
it has. So a lost reply leaves the journal at ``bc_creating``, and the next try adopts what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from bridge.clients.bc_requests import BatchRequest
from bridge.clients.companion import CreatedOrder, RefusedOrder
from bridge.clients.errors import Refused, RemoteError
from bridge.clients.odata import Row, any_of, query_options, quote_text
from bridge.context import CompanyContext
from bridge.orders import hold
from bridge.orders.compare import differences, in_words
from bridge.orders.creation import Creation, Draft
from bridge.orders.discounts import keep_discounts
from bridge.orders.errors import AlreadyCoupledElsewhere, AlreadyPosted, AmountsDiffer, OrderProblem
from bridge.orders.lines import id_of, text_of
from bridge.orders.refusals import problem_of_refusal
from bridge.orders.release import OPEN, RELEASED, ReleaseOutcome, judge
from bridge.orders.remote import problem_of
from bridge.orders.request import ZERO, OrderRequest
from bridge.store import couplings, journal
from bridge.store.couplings import NewCoupling
from bridge.store.journal import ReleaseState, State
from bridge.store.models import JournalEntry, JournalLine

MAPPING, SALES_HEADER = "SALESORDER-ORDER", 36
_POSTED = (("salesInvoices", "posted invoice"), ("salesShipments", "posted shipment"))


JudgeRelease = Callable[[CompanyContext, OrderRequest, CreatedOrder], ReleaseOutcome]


def create(ctx: CompanyContext, drafts: Sequence[Draft], *, calc_invoice_discount: bool) -> dict[str, Creation]:
    """Create and release these, with ``ORDER_TOTALS=hold`` only those that are as ordered; entry id → what became of
    it, saved in the journal already.

    Raises nothing of the remote systems: every failure becomes the problem of its orders.
    """
    outcome: dict[str, Creation] = {}
    try:
        posted = already_posted(ctx, drafts)
    except RemoteError as error:
        return {draft.entry.id: Creation(problems=[problem_of(draft.request.sales_number, error)]) for draft in drafts}
    for entry_id, problem in posted.items():
        outcome[entry_id] = Creation(problems=[problem])
    wanted = [draft for draft in drafts if draft.entry.id not in posted]
    if not wanted:
        return outcome
    journal.change(ctx.db, {draft.entry.id: {"state": State.BC_CREATING} for draft in wanted}, ctx.clock())
    held = hold.is_on(ctx)
    answers = send(_unreleased(ctx) if held else ctx.bc.create_sales_orders, [draft.request for draft in wanted])
    made = [(draft, answer) for draft, answer in zip(wanted, answers, strict=True) if isinstance(answer, CreatedOrder)]
    outcome |= save_created(
        ctx,
        made,
        hold.wait_for_comparison if held else release_outcome,
        discount_may_move=calc_invoice_discount,
    )
    refused: dict[str, dict[str, object]] = {}
    for draft, answer in zip(wanted, answers, strict=True):
        if isinstance(answer, RefusedOrder):
            outcome[draft.entry.id] = Creation(problems=[problem_of_refusal(draft.request, answer.message)])
            refused[draft.entry.id] = {"state": State.SEEN}
        elif isinstance(answer, RemoteError):
            outcome[draft.entry.id] = Creation(problems=[problem_of(draft.request.sales_number, answer)])
    journal.change(ctx.db, refused, ctx.clock())
    there = [draft for draft, _ in made]
    if held:
        hold.compare_and_release(ctx, there, outcome, hold.release_created)
    if calc_invoice_discount:
        (hold.keep_discounts_or_hold if held else keep_discounts)(ctx, there, outcome)
    return outcome


CreateCall = Callable[[Sequence[Mapping[str, Any]]], list[CreatedOrder | RefusedOrder]]


def _unreleased(ctx: CompanyContext) -> CreateCall:
    return lambda bodies: ctx.bc.create_sales_orders([{**body, "release": False} for body in bodies])


def send(call: CreateCall, requests: Sequence[OrderRequest]) -> list[CreatedOrder | RefusedOrder | RemoteError]:
    """One call. When the call itself is refused, one document in it is to blame: it is halved until that one is found.
    A failure of the call is the answer for each that was in it."""
    try:
        return list(call([request.to_json() for request in requests]))
    except Refused as refusal:
        if len(requests) == 1:
            return [RefusedOrder(refusal.code, refusal.text)]
        middle = len(requests) // 2
        return send(call, requests[:middle]) + send(call, requests[middle:])
    except RemoteError as error:
        return [error] * len(requests)


def already_posted(ctx: CompanyContext, drafts: Sequence[Draft]) -> dict[str, OrderProblem]:
    """Which of these Business Central has as posted documents only: entry id → problem."""
    documents = posted_documents(ctx, {draft.request.your_reference for draft in drafts})
    found: dict[str, OrderProblem] = {}
    for draft in drafts:
        request = draft.request
        for noun, row in documents.get(request.your_reference, ()):
            if same_customer(row, request) and not _is_open(ctx, request):
                document = f"{noun} {text_of(row, 'number')}"
                found[draft.entry.id] = AlreadyPosted(request.sales_number, document=document)
                break
    return found


def posted_documents(ctx: CompanyContext, references: Collection[str]) -> dict[str, list[tuple[str, Row]]]:
    """Posted invoices and shipments by reference, each as (what it is, row). One batch of two reads."""
    query = query_options(
        filter=any_of("customerPurchaseOrderReference", [quote_text(text) for text in sorted(references)]),
        select=("number", "customerId", "customerNumber", "customerPurchaseOrderReference"),
    )
    answers = ctx.bc.batch(
        [BatchRequest("GET", f"{entity_set}?{query}") for entity_set, _ in _POSTED], purpose="look for posted documents"
    )
    documents: dict[str, list[tuple[str, Row]]] = {}
    for (_, noun), answer in zip(_POSTED, answers, strict=True):
        if answer.error is not None:
            raise answer.error
        for row in (answer.body or {}).get("value", []):
            documents.setdefault(text_of(row, "customerPurchaseOrderReference"), []).append((noun, row))
    return documents


def find_existing(ctx: CompanyContext, request: OrderRequest) -> CreatedOrder | None:
    """The open order that a create call of unknown outcome may have left. Raises RemoteError."""
    for document in ctx.bc.find_order_by_reference(request.your_reference, request.customer_number):
        if document.document_type == "Order":
            return CreatedOrder(document.id, document.number, document.status, True, "", ())
    return None


def same_customer(row: Row, request: OrderRequest) -> bool:
    """Whether a document of Business Central is for the customer of this order."""
    return id_of(row, "customerId") == request.customer_id or text_of(row, "customerNumber") == request.customer_number


def _is_open(ctx: CompanyContext, request: OrderRequest) -> bool:
    """Whether the order itself is still there, only partly posted: then it is adopted like any other."""
    documents = ctx.bc.find_order_by_reference(request.your_reference, request.customer_number)
    return any(document.document_type == "Order" for document in documents)


def save_created(
    ctx: CompanyContext,
    made: Sequence[tuple[Draft, CreatedOrder]],
    judge_release: JudgeRelease,
    *,
    discount_may_move: bool = False,
) -> dict[str, Creation]:
    """Remember ids, lines and coupling of what Business Central has now. The journal's state moves last: until then a
    repeated call finds the same orders again. With ``discount_may_move`` the totals are not compared yet."""
    if not made:
        return {}
    now = ctx.clock()
    journal.save_lines(ctx.db, {draft.entry.id: journal_lines(draft.request, order) for draft, order in made})
    conflicts = couple(ctx, {draft.entry.id: _coupling(draft, order) for draft, order in made})
    outcome: dict[str, Creation] = {}
    changes: dict[str, dict[str, object]] = {}
    for draft, order in made:
        entry, request = draft.entry, draft.request
        if entry.id in conflicts:
            problem = AlreadyCoupledElsewhere(request.sales_number, number=order.order_number)
            outcome[entry.id] = Creation(problems=[problem])
            changes[entry.id] = {"state": State.SEEN}
            continue
        release = judge_release(ctx, request, order)
        creation = Creation(order.order_id, order.order_number, order.existed, release)
        if release.problem is not None:
            creation.problems.append(release.problem)
        if not order.existed and release.state is not ReleaseState.HELD:
            total = None if discount_may_move else sum((line.net_amount for line in order.lines), ZERO)
            if found := differences(request, order.lines, total=total):
                what = in_words(found)
                creation.problems.append(AmountsDiffer(request.sales_number, number=order.order_number, what=what))
        outcome[entry.id] = creation
        changes[entry.id] = {
            "state": State.BC_CREATED,
            "bc_order_id": order.order_id,
            "bc_order_number": order.order_number,
            "bc_status": release.status,
            "release_state": release.state,
            "released_at": now if release.state is ReleaseState.RELEASED else None,
            "created_at": now,
        }
    journal.change(ctx.db, changes, now)
    return outcome


def couple(ctx: CompanyContext, wanted: Mapping[str, NewCoupling]) -> set[str]:
    """Couple these orders, which may be coupled already; answers the entry ids whose other end has another partner."""
    if couplings.couple_many(ctx.db, ctx.company.id, list(wanted.values()), ctx.clock()) == len(wanted):
        return set()
    sales_ids = [one.sales_id for one in wanted.values()]
    coupled = couplings.by_sales_ids(ctx.db, ctx.company.id, MAPPING, sales_ids)
    return {
        entry_id
        for entry_id, one in wanted.items()
        if one.sales_id not in coupled or coupled[one.sales_id].bc_id != one.bc_id
    }


def coupling_of(entry: JournalEntry) -> NewCoupling:
    """The coupling of an order that the journal knows to be in Business Central."""
    return NewCoupling(
        mapping=MAPPING,
        table_id=SALES_HEADER,
        bc_id=entry.bc_order_id or "",
        bc_number=entry.bc_order_number or "",
        sales_table="salesorder",
        sales_id=entry.sales_id,
        sales_name=entry.sales_number,
    )


def _coupling(draft: Draft, order: CreatedOrder) -> NewCoupling:
    return NewCoupling(
        mapping=MAPPING,
        table_id=SALES_HEADER,
        bc_id=order.order_id,
        bc_number=order.order_number,
        sales_table="salesorder",
        sales_id=draft.entry.sales_id,
        sales_name=draft.entry.sales_number,
    )


def journal_lines(request: OrderRequest, order: CreatedOrder) -> list[JournalLine]:
    """The lines as written, each with the line of Sales it came from."""
    asked = {line.number: line for line in request.lines}
    return [
        JournalLine(
            sales_line_id=asked[line.line_number].sales_line_id if line.line_number in asked else None,
            bc_line_id=line.id or None,
            line_number=line.line_number,
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount_amount=line.discount_amount,
        )
        for line in order.lines
    ]


def release_outcome(ctx: CompanyContext, request: OrderRequest, order: CreatedOrder) -> ReleaseOutcome:
    """An order that was there already, Open, and of whose release nothing is said, is released now."""
    status, error = order.status, order.release_error
    if order.existed and status == OPEN and not error and request.can_be_released:
        try:
            status = ctx.bc.release_sales_order(order.order_id)
        except RemoteError as refusal:
            error = refusal.text
    return judge(request.sales_number, order.order_number, status, error=error, sells_something=request.can_be_released)


def left_as_it_is(ctx: CompanyContext, request: OrderRequest, order: CreatedOrder) -> ReleaseOutcome:
    """For an order that is not wanted any more: its status is noted, a release is not asked for."""
    state = ReleaseState.RELEASED if order.status == RELEASED else ReleaseState.NONE
    return ReleaseOutcome(state, order.status)

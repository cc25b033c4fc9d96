"""Orders that are created Open and compared before they are released (``ORDER_TOTALS=hold``).

The journal says ``held`` from the creation until an order was found to be as ordered, so that a process that takes over
in between compares first. What differs stays Open, is listed, and is compared again at every later look, with the Sales
order and the Business Central order as they are by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bridge.clients.companion import CreatedLine, CreatedOrder
from bridge.clients.errors import RemoteError
from bridge.clients.odata import Row, any_of
from bridge.context import CompanyContext
from bridge.orders.compare import Difference, differences, in_words
from bridge.orders.creation import Creation, Draft
from bridge.orders.discounts import keep_discounts
from bridge.orders.errors import AmountsDiffer, AmountsHeld, BusinessCentralOrderGone, ReleaseNeedsCompanion
from bridge.orders.lines import decimal_of, id_of, text_of
from bridge.orders.release import OPEN, ReleaseOutcome, judge
from bridge.orders.remote import problem_of
from bridge.orders.request import OrderRequest
from bridge.store import journal
from bridge.store.journal import ReleaseState

Release = Callable[[CompanyContext, Sequence[Draft], Mapping[str, Creation]], dict[str, ReleaseOutcome]]
"""Release these, which are as ordered: entry id → outcome."""


def is_on(ctx: CompanyContext) -> bool:
    return ctx.settings.order_totals == "hold"


def wait_for_comparison(_ctx: CompanyContext, request: OrderRequest, order: CreatedOrder) -> ReleaseOutcome:
    """An Open order with something to release is held until it was compared."""
    if order.status == OPEN and request.can_be_released:
        return ReleaseOutcome(ReleaseState.HELD, OPEN)
    return judge(request.sales_number, order.order_number, order.status, sells_something=request.can_be_released)


def lines_of(row: Row) -> tuple[CreatedLine, ...]:
    """The lines of an order that was read with them."""
    return tuple(
        CreatedLine(
            line_number=int(line["sequence"]),
            id=id_of(line, "id"),
            object_number=text_of(line, "lineObjectNumber"),
            quantity=decimal_of(line, "quantity"),
            unit_price=decimal_of(line, "unitPrice"),
            discount_amount=decimal_of(line, "discountAmount"),
            net_amount=decimal_of(line, "netAmount"),
        )
        for line in row["salesOrderLines"]
    )


def compare(ctx: CompanyContext, requests: Mapping[str, OrderRequest]) -> dict[str, list[Difference]]:
    """Business Central order id → what is other than asked, in one read. Orders that are gone are left out. Raises
    RemoteError."""
    if not requests:
        return {}
    rows = ctx.bc.rows(
        "salesOrders",
        purpose="compare orders",
        filter=any_of("id", sorted(requests)),
        select=("id", "discountAmount", "totalAmountExcludingTax"),
        expand="salesOrderLines",
        fresh=True,
    )
    return {
        id_of(row, "id"): differences(
            requests[id_of(row, "id")],
            lines_of(row),
            discount=decimal_of(row, "discountAmount"),
            total=decimal_of(row, "totalAmountExcludingTax"),
        )
        for row in rows
    }


def compare_and_release(
    ctx: CompanyContext, drafts: Sequence[Draft], outcome: Mapping[str, Creation], release: Release
) -> None:
    """Compare those of these orders that were just created and are held, and release what is as ordered. Saved in the
    journal, told in ``outcome``. Raises nothing of Business Central."""
    held = [draft for draft in drafts if _is_held(outcome[draft.entry.id])]
    try:
        found = compare(ctx, {outcome[draft.entry.id].order_id: draft.request for draft in held})
    except RemoteError as error:
        for draft in held:
            outcome[draft.entry.id].problems.append(problem_of(draft.request.sales_number, error))
        return
    equal = []
    for draft in held:
        creation = outcome[draft.entry.id]
        differing = found.get(creation.order_id)
        if differing:
            creation.problems.append(held_for(draft.entry.sales_number, creation.order_number, differing))
        elif differing is not None:
            equal.append(draft)
    if equal:
        _save(ctx, release(ctx, equal, outcome), outcome)


def held_for(order: str, bc_number: str, differing: Sequence[Difference]) -> AmountsHeld:
    return AmountsHeld(order, number=bc_number, what=in_words(differing))


def release_created(
    ctx: CompanyContext, drafts: Sequence[Draft], outcome: Mapping[str, Creation]
) -> dict[str, ReleaseOutcome]:
    """Release up to 50 orders that are there, with one call. It names the orders and nothing else: one that somebody
    deleted meanwhile is not sold a second time."""
    bodies = [
        {"yourReference": draft.request.your_reference, "customerId": draft.request.customer_id, "release": True}
        for draft in drafts
    ]
    try:
        answers = ctx.bc.create_sales_orders(bodies)
    except RemoteError as error:
        return {
            draft.entry.id: ReleaseOutcome(ReleaseState.HELD, OPEN, problem_of(draft.request.sales_number, error))
            for draft in drafts
        }
    released = {}
    for draft, answer in zip(drafts, answers, strict=True):
        order, creation = draft.request.sales_number, outcome[draft.entry.id]
        if not isinstance(answer, CreatedOrder):
            told = judge(order, creation.order_number, OPEN, error=answer.message)
        elif answer.order_id != creation.order_id:
            # deleted since it was read: what was made in its place is empty, and is not released
            gone = BusinessCentralOrderGone(order, number=creation.order_number, id=draft.entry.sales_id)
            told = ReleaseOutcome(ReleaseState.HELD, OPEN, gone)
        else:
            told = judge(order, creation.order_number, answer.status, error=answer.release_error)
        released[draft.entry.id] = told
    return released


def stay_open(
    _ctx: CompanyContext, drafts: Sequence[Draft], outcome: Mapping[str, Creation]
) -> dict[str, ReleaseOutcome]:
    """Without the companion nothing can be released; each says so."""
    return {
        draft.entry.id: ReleaseOutcome(
            ReleaseState.FAILED,
            OPEN,
            ReleaseNeedsCompanion(draft.request.sales_number, number=outcome[draft.entry.id].order_number),
        )
        for draft in drafts
    }


def keep_discounts_or_hold(ctx: CompanyContext, drafts: Sequence[Draft], outcome: Mapping[str, Creation]) -> None:
    """Where releasing itself worked the discount out anew, and would not take ours, the order is opened again and held:
    that difference no look before the release can see."""
    released = [draft for draft in drafts if _is_released(outcome[draft.entry.id])]
    keep_discounts(ctx, released, outcome)
    for draft in released:
        creation = outcome[draft.entry.id]
        told = [problem for problem in creation.problems if isinstance(problem, AmountsDiffer)]
        if not told or not _is_released(creation):
            continue
        try:
            status = ctx.bc.reopen_sales_order(creation.order_id)
        except RemoteError as error:
            creation.problems.append(problem_of(draft.request.sales_number, error))
            continue
        creation.problems = [problem for problem in creation.problems if problem not in told]
        what = "; ".join(str(problem.facts["what"]) for problem in told)
        problem = AmountsHeld(draft.request.sales_number, number=creation.order_number, what=what)
        _save(ctx, {draft.entry.id: ReleaseOutcome(ReleaseState.HELD, status, problem)}, outcome)


def _save(ctx: CompanyContext, told: Mapping[str, ReleaseOutcome], outcome: Mapping[str, Creation]) -> None:
    now = ctx.clock()
    changes: dict[str, dict[str, object]] = {}
    for entry_id, release in told.items():
        outcome[entry_id].release = release
        if release.problem is not None:
            outcome[entry_id].problems.append(release.problem)
        changes[entry_id] = {
            "bc_status": release.status,
            "release_state": release.state,
            "released_at": now if release.state is ReleaseState.RELEASED else None,
        }
    journal.change(ctx.db, changes, now)


def _is_held(creation: Creation) -> bool:
    return creation.release is not None and creation.release.state is ReleaseState.HELD


def _is_released(creation: Creation) -> bool:
    return creation.release is not None and creation.release.state is ReleaseState.RELEASED

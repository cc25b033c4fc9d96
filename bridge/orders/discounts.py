"""Keep the invoice discount that the seller gave, where releasing replaced it by the customer's terms.

With *Calc. Inv. Discount* on, Business Central may work the discount out anew while it releases. The order is then
opened, its discount is set, and it is released once more. What differs even after that is told and left to a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bridge.clients.errors import Refused, RemoteError
from bridge.clients.odata import any_of
from bridge.context import CompanyContext
from bridge.orders.compare import discount_difference
from bridge.orders.creation import Creation, Draft
from bridge.orders.errors import AmountsDiffer, OrderProblem, ReleaseRefused
from bridge.orders.lines import decimal_of, id_of
from bridge.orders.release import OPEN, ReleaseOutcome, judge
from bridge.orders.remote import problem_of
from bridge.records import cents
from bridge.store import journal
from bridge.store.journal import ReleaseState


def keep_discounts(ctx: CompanyContext, drafts: Sequence[Draft], outcome: Mapping[str, Creation]) -> None:
    """Compare the discounts of these orders, which were just created, in one read, and mend what releasing changed.

    What cannot be mended is added to the problems in ``outcome``. Raises nothing of Business Central.
    """
    created = {
        made.order_id: draft
        for draft in drafts
        if (made := outcome[draft.entry.id]).release is not None and made.order_id and not made.existed
    }
    if not created:
        return
    try:
        found = _discounts(ctx, created)
    except RemoteError as error:
        for draft in created.values():
            outcome[draft.entry.id].problems.append(problem_of(draft.request.sales_number, error))
        return
    for order_id, discount in found.items():
        draft = created[order_id]
        creation, asked = outcome[draft.entry.id], cents(draft.request.discount_amount)
        if cents(discount) == asked:
            continue
        if _can_be_set_again(draft, creation):
            discount = _release_once_more(ctx, draft, creation, asked, discount)
        if cents(discount) != asked:
            what = discount_difference(draft.request, discount).text
            problem = AmountsDiffer(draft.request.sales_number, number=creation.order_number, what=what)
            creation.problems.append(problem)


def _discounts(ctx: CompanyContext, ids: Mapping[str, object]) -> dict[str, Decimal]:
    rows = ctx.bc.rows(
        "salesOrders",
        purpose="compare discounts",
        filter=any_of("id", sorted(ids)),
        select=("id", "discountAmount"),
        fresh=True,
    )
    return {id_of(row, "id"): decimal_of(row, "discountAmount") for row in rows}


def _can_be_set_again(draft: Draft, creation: Creation) -> bool:
    """API v2.0 sets the discount, and overwrites a bill-to address of the order's own while it does."""
    released = creation.release is not None and creation.release.state is ReleaseState.RELEASED
    return released and draft.request.bill_to is None


def _release_once_more(
    ctx: CompanyContext, draft: Draft, creation: Creation, asked: Decimal, found: Decimal
) -> Decimal:
    """Answers the discount that the order has in the end, as far as we know."""
    order_id, entry = creation.order_id, draft.entry
    # noted first: whoever takes over after a crash finds an order that has to be released
    _note(ctx, draft, ReleaseOutcome(ReleaseState.FAILED, OPEN))
    try:
        ctx.bc.reopen_sales_order(order_id)
        body = {"discountAmount": asked}
        ctx.bc.update("salesOrders", order_id, body, purpose="set invoice discount", repeatable=True)
        status = ctx.bc.release_sales_order(order_id)
        release = judge(entry.sales_number, creation.order_number, status)
        found = _discounts(ctx, {order_id: None}).get(order_id, found)
    except RemoteError as error:
        problem: OrderProblem = problem_of(entry.sales_number, error)
        if isinstance(error, Refused):
            problem = ReleaseRefused(entry.sales_number, number=creation.order_number, text=error.text)
        release = ReleaseOutcome(ReleaseState.FAILED, OPEN, problem)
    _note(ctx, draft, release)
    creation.release = release
    if release.problem is not None:
        creation.problems.append(release.problem)
    return found


def _note(ctx: CompanyContext, draft: Draft, release: ReleaseOutcome) -> None:
    now = ctx.clock()
    released_at = now if release.state is ReleaseState.RELEASED else None
    values = {"bc_status": release.status, "release_state": release.state, "released_at": released_at}
    journal.change(ctx.db, {draft.entry.id: values}, now)

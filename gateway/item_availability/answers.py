"""Answers put together from what is known: the figures of a method, and why a figure is not there."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway.item_availability.model import (
    NOT_COUNTED,
    OFFICIAL_FORMULA,
    Answer,
    Basis,
    Figures,
    Item,
    Official,
    Own,
    Question,
)

_RESERVATIONS = "API v2.0 does not tell reservations; the companion does"
_TOLD_IN_ONE = "Business Central counts it in GrossRequirement and does not tell it apart"
_NOT_TOLD = "Business Central does not tell it; our own calculation does"
_NOT_READ = "open orders have not been read lately; the job OPEN-LINES reads them"


def age(at: datetime, now: datetime) -> int:
    """Whole seconds from then to now, never below 0."""
    return max(0, int((now - at).total_seconds()))


def by_ourselves(basis: Basis, item: Item, question: Question, own: Own, now: datetime, formula: str) -> Answer:
    """Our own calculation for the item as a whole. ``basis.lines_at`` must be there."""
    assert basis.lines_at is not None
    promise = own.promise
    not_known = dict.fromkeys(("Reserved", "ReservedReceipt", "ReservedRequirement"), _RESERVATIONS)
    if basis.no_transfers:
        not_known |= dict.fromkeys(("InTransfer", "TransferReceipt"), basis.no_transfers)
        formula = formula.replace(" - InTransfer", "").replace(" + TransferReceipt", "")
    figures = Figures(
        on_hand=promise.on_hand,
        reserved=None,
        on_sales_orders=promise.on_sales_orders,
        on_purchase_orders=promise.on_purchase_orders,
        in_transfer=None if basis.no_transfers else promise.in_transfer,
        transfer_receipt=None if basis.no_transfers else promise.transfer_receipt,
        scheduled_receipt=promise.scheduled_receipt,
        reserved_receipt=None,
        later_demand=promise.later_demand,
        gross_requirement=promise.gross_requirement,
        reserved_requirement=None,
        projected=promise.projected,
        available_to_promise=promise.available_to_promise,
        uncommitted=promise.uncommitted,
    )
    transfers = ("transfers",) if basis.no_transfers else ()
    as_of = min(basis.lines_at, basis.tailed_at or basis.lines_at)
    return Answer(
        **_who(item, question),
        figures=figures,
        earliest=promise.earliest,
        official=False,
        formula=formula,
        not_counted=(*NOT_COUNTED, *transfers, *_left_out(own, item)),
        not_known=not_known,
        as_of=as_of,
        age=age(as_of, now),
        ledger_entry=basis.ledger_entry,
    )


def by_business_central(
    basis: Basis,
    item: Item,
    question: Question,
    own: Own,
    now: datetime,
    official: Official,
    *,
    lines_at: datetime | None,
) -> Answer:
    """Business Central's own calculation, and beside it what is known of open orders, read at ``lines_at`` (None: not
    lately)."""
    terms, orders, everywhere = official.terms, own.promise, question.location is None
    not_known = {"LaterDemand": _TOLD_IN_ONE, "Uncommitted": _NOT_TOLD}
    no_orders = _NOT_READ if lines_at is None else "; ".join(_left_out(own, item))
    no_transfers = _NOT_READ if lines_at is None else basis.no_transfers
    if no_orders:
        not_known |= dict.fromkeys(("OnSalesOrders", "OnPurchaseOrders"), no_orders)
    if no_transfers:
        not_known |= dict.fromkeys(("InTransfer", "TransferReceipt"), no_transfers)
    elsewhere = terms.get("inTransfer", Decimal(0)) if everywhere else Decimal(0)
    figures = Figures(
        on_hand=terms["inventory"],
        reserved=terms["reservedOnInventory"],
        on_sales_orders=None if no_orders else orders.on_sales_orders,
        on_purchase_orders=None if no_orders else orders.on_purchase_orders,
        in_transfer=None if no_transfers else elsewhere if everywhere else orders.in_transfer,
        transfer_receipt=None if no_transfers else orders.transfer_receipt,
        scheduled_receipt=terms["scheduledReceipt"],
        reserved_receipt=terms["reservedReceipt"],
        later_demand=None,
        gross_requirement=terms["grossRequirement"],
        reserved_requirement=terms["reservedRequirement"],
        projected=terms["inventory"] - elsewhere + terms["scheduledReceipt"] - terms["grossRequirement"],
        available_to_promise=terms["availableToPromise"],
        uncommitted=None,
    )
    as_of = official.answered_at if lines_at is None else min(official.answered_at, lines_at)
    return Answer(
        **_who(item, question),
        figures=figures,
        earliest=official.earliest,
        official=True,
        formula=OFFICIAL_FORMULA.format(
            less=" - InTransfer" if everywhere and not no_transfers else "",
            places=", summed over its places" if everywhere or question.variant is None else "",
        ),
        not_counted=("goods on their way may count twice",) if everywhere and no_transfers else (),
        not_known=not_known,
        as_of=as_of,
        age=age(as_of, now),
        ledger_entry=official.ledger_entry,
    )


def _left_out(own: Own, item: Item) -> tuple[str, ...]:
    if not own.left_out:
        return ()
    what = "an order line" if own.left_out == 1 else f"{own.left_out} order lines"
    return (f"{what} in another unit than {item.unit}: API v2.0 does not tell how many {item.unit} that is",)


def _who(item: Item, question: Question) -> dict[str, Any]:
    return {
        "item_id": item.item_id,
        "product_id": item.product_id,
        "number": item.number,
        "name": item.name,
        "unit": item.unit,
        "blocked": item.blocked,
        "question": question,
    }

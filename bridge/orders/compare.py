"""What Business Central made of an order, held against what was asked, in words. Pure."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from bridge.clients.companion import CreatedLine, CreatedOrder
from bridge.orders.request import OrderLine, OrderRequest
from bridge.records import cents

_UNIT_PRICE = Decimal("0.00001")
_TENTH = Decimal("0.1")
_HALF_A_CENT = Decimal("0.005")
"""Business Central rounds unit prices to cents at the coarsest."""


def difference(request: OrderRequest, order: CreatedOrder) -> str:
    """The first line that is other than asked; blank when all are as ordered. VAT taken out of a price is as asked."""
    made = {line.line_number: line for line in order.lines}
    for line in request.lines:
        if not line.object_number:
            continue
        other = made.get(line.number)
        if other is None:
            return f"line {line.number} is missing"
        price = line.unit_price.quantize(_UNIT_PRICE)
        pairs = (
            ("quantity", line.quantity, other.quantity),
            ("unit price", price if vat_taken_out(line, other) is None else other.unit_price, other.unit_price),
            ("line discount", cents(line.discount_amount), cents(other.discount_amount)),
        )
        for noun, ordered, got in pairs:
            if ordered != got:
                return f"line {line.number} has {noun} {got:f}, ordered {ordered:f}"
    return ""


def vat_taken_out(asked: OrderLine, made: CreatedLine) -> Decimal | None:
    """The VAT, in percent, whose absence explains the price of the line; None where no VAT was to be taken out or no
    rate, in tenths of a percent, leads from one price to the other."""
    if not asked.may_include_vat or not 0 < made.unit_price < asked.unit_price:
        return None
    rate = ((asked.unit_price / made.unit_price - 1) * 100).quantize(_TENTH, rounding=ROUND_HALF_UP)
    net = asked.unit_price / (1 + rate / 100)
    return rate if abs(net - made.unit_price) <= _HALF_A_CENT else None

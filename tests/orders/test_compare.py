"""What Business Central made of an order is compared with what was asked, to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridge.clients.companion import CreatedLine, CreatedOrder
from bridge.orders.compare import difference, vat_taken_out
from bridge.orders.request import LineType, OrderLine, OrderRequest

ASKED = OrderLine(10000, LineType.ITEM, "HOSE-12", quantity=Decimal(3), unit_price=Decimal(1000), may_include_vat=True)


def made_as(quantity: str = "3", price: str = "1000", discount: str = "0") -> CreatedLine:
    return CreatedLine(10000, "", "HOSE-12", Decimal(quantity), Decimal(price), Decimal(discount), Decimal(0))


def told(asked: OrderLine, *made: CreatedLine) -> str:
    request = OrderRequest("", "SO-1", "SO-1", "", "C100", lines=(asked,))
    return difference(request, CreatedOrder("", "S1", "Released", False, "", made))


def test_what_is_as_ordered_is_not_told():
    assert told(ASKED, made_as()) == ""


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ([], "line 10000 is missing"),
        ([made_as(quantity="2")], "line 10000 has quantity 2, ordered 3"),
        ([made_as(price="1100")], "line 10000 has unit price 1100, ordered 1000.00000"),
        ([made_as(discount="0.01")], "line 10000 has line discount 0.01, ordered 0.00"),
    ],
)
def test_the_first_difference_is_told_in_words(made, words):
    assert told(ASKED, *made) == words


@pytest.mark.parametrize(("price", "rate"), [("800", "25.0"), ("869.56522", "15.0"), ("892.86", "12.0")])
def test_a_price_without_its_vat_is_as_ordered(price, rate):
    assert vat_taken_out(ASKED, made_as(price=price)) == Decimal(rate)
    assert told(ASKED, made_as(price=price)) == ""


@pytest.mark.parametrize("price", ["1000", "1250", "0", "876.54321"])
def test_a_price_that_no_rate_explains_is_another_price(price):
    assert vat_taken_out(ASKED, made_as(price=price)) is None


def test_where_no_vat_was_to_be_taken_out_a_lower_price_is_told():
    service = OrderLine(10000, LineType.RESOURCE, "FITTING", quantity=Decimal(3), unit_price=Decimal(1000))
    assert told(service, made_as(price="800")) == "line 10000 has unit price 800, ordered 1000.00000"

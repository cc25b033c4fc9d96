"""What Business Central made of an order is compared with what was asked, to the cent."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.clients.companion import CreatedLine
from bridge.orders.compare import differences, in_words, vat_taken_out
from bridge.orders.request import LineType, OrderLine, OrderRequest

ASKED = OrderLine(10000, LineType.ITEM, "HOSE-12", quantity=Decimal(3), unit_price=Decimal(1000), may_include_vat=True)
SERVICE = OrderLine(10000, LineType.RESOURCE, "HOSE-12", quantity=Decimal(3), unit_price=Decimal(1000))


def made_as(quantity: str = "3", price: str = "1000", discount: str = "0", number: str = "HOSE-12") -> CreatedLine:
    return CreatedLine(10000, "", number, Decimal(quantity), Decimal(price), Decimal(discount), Decimal(0))


def told(asked: OrderLine, *made: CreatedLine, **whole: Decimal) -> str:
    return in_words(differences(OrderRequest("", "SO-1", "SO-1", "", "C100", lines=(asked,)), made, **whole))


def test_what_is_as_ordered_is_not_told():
    assert told(ASKED, made_as(), discount=Decimal(0), total=Decimal(3000)) == ""


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ([], "line 10000 is missing"),
        ([made_as(quantity="2")], "line 10000 has quantity 2, ordered 3 (cause unknown)"),
        ([made_as(price="1100")], "line 10000 has unit price 1100, ordered 1000.00000 (cause unknown)"),
        ([made_as(discount="7")], "line 10000 has line discount 7.00, ordered 0.00 (cause unknown)"),
        ([made_as(number="HOSE-14")], "line 10000 has number HOSE-14, ordered HOSE-12 (cause unknown)"),
        (
            [made_as(), replace(made_as(number="GIFT"), line_number=20000)],
            "line 20000 with GIFT was not ordered",
        ),
        (
            [made_as(quantity="2", price="1100")],
            "line 10000 has quantity 2, ordered 3 (cause unknown);"
            " line 10000 has unit price 1100, ordered 1000.00000 (cause unknown)",
        ),
    ],
)
def test_every_difference_of_a_line_is_told_in_words(made, words):
    assert told(ASKED, *made) == words


@pytest.mark.parametrize(
    ("discount", "total", "words"),
    [
        ("50", "2950", "the invoice discount is 50, ordered 0.00"
         " (Business Central worked the invoice discount out anew);"
         " the total without VAT is 2950.00, ordered 3000.00 (it follows from the above)"),
        ("0", "2999.99", "the total without VAT is 2999.99, ordered 3000.00 (rounded by Business Central)"),
        ("0", "2400", "the total without VAT is 2400.00, ordered 3000.00 (VAT of 25 % taken out)"),
        ("0", "2000.17", "the total without VAT is 2000.17, ordered 3000.00 (cause unknown)"),
    ],
)  # fmt: skip
def test_what_differs_of_the_whole_order_is_told_with_its_cause(discount, total, words):
    assert told(ASKED, made_as(), discount=Decimal(discount), total=Decimal(total)) == words


@pytest.mark.parametrize(("price", "rate"), [("800", "25.0"), ("869.56522", "15.0"), ("892.86", "12.0")])
def test_a_price_without_its_vat_is_as_ordered(price, rate):
    assert vat_taken_out(ASKED, made_as(price=price)) == Decimal(rate)
    assert told(ASKED, made_as(price=price)) == ""


def test_a_total_without_the_vat_that_was_inside_a_price_is_as_ordered():
    assert told(ASKED, made_as(price="800"), total=Decimal(2400)) == ""


@pytest.mark.parametrize("price", ["1000", "1250", "0", "876.54321"])
def test_a_price_that_no_rate_explains_is_another_price(price):
    assert vat_taken_out(ASKED, made_as(price=price)) is None


def test_where_no_vat_was_to_be_taken_out_a_lower_price_is_told():
    words = "line 10000 has unit price 800, ordered 1000.00000 (VAT of 25 % taken out)"
    assert told(SERVICE, made_as(price="800")) == words


def test_a_price_that_was_rounded_is_told_as_rounded():
    asked = replace(SERVICE, unit_price=Decimal("12.3456"))
    words = "line 10000 has unit price 12.35, ordered 12.34560 (rounded by Business Central)"
    assert told(asked, made_as(price="12.35")) == words


CENT = Decimal("0.01")
money = st.decimals(min_value=0, max_value=99_999, places=2)
lines = st.builds(
    lambda quantity, price, share: OrderLine(
        0, LineType.RESOURCE, "X", quantity=quantity, unit_price=price,
        discount_amount=(quantity * price * share / 100).quantize(CENT),
    ),
    st.decimals(min_value="0.001", max_value=9_999, places=3), money, st.integers(0, 100),
)  # fmt: skip
orders = st.lists(lines, min_size=1, max_size=6).map(
    lambda some: OrderRequest(
        "", "SO-1", "SO-1", "", "C100",
        lines=tuple(replace(line, number=10000 * at) for at, line in enumerate(some, start=1)),
    )
)  # fmt: skip


def as_asked(request: OrderRequest) -> list[CreatedLine]:
    return [
        CreatedLine(
            line.number, "", line.object_number, line.quantity, line.unit_price, line.discount_amount, line.amount
        )
        for line in request.lines
    ]


@given(orders, money)
def test_an_order_made_as_asked_has_no_difference(request, discount):
    request = replace(request, discount_amount=discount)
    total = sum((line.net_amount for line in as_asked(request)), Decimal(0)) - discount
    assert differences(request, as_asked(request), discount=discount, total=total) == []


@given(orders, st.data())
def test_every_value_that_is_changed_is_told_once_and_no_other(request, data):
    fields = {"quantity": "quantity", "unit price": "unit_price", "line discount": "discount_amount"}
    places = [(line.number, noun) for line in request.lines for noun in fields]
    changed = data.draw(st.sets(st.sampled_from(places), min_size=1))
    made = []
    for line in as_asked(request):
        moved = {
            name: getattr(line, name) + data.draw(st.integers(1, 500)) * CENT
            for noun, name in fields.items()
            if (line.line_number, noun) in changed
        }
        made.append(replace(line, **moved))
    found = differences(request, made)
    assert {(one.line, one.field) for one in found} == changed
    assert len(found) == len(changed)
    assert all(one.cause and one.cause in one.text for one in found)


@given(orders, st.integers(-10_000, 10_000).filter(bool))
def test_a_total_that_is_off_by_a_cent_is_told_with_the_cents_it_is_off(request, cents):
    [found] = differences(request, as_asked(request), total=request.expected_total + cents * CENT)
    assert found.line is None
    assert Decimal(str(found.got)) - Decimal(str(found.ordered)) == cents * CENT


@given(st.decimals(min_value=1, max_value=9_999, places=5), st.sampled_from(["0.0001", "0.001", "0.01", "0.1", "1"]))
def test_a_price_rounded_to_any_step_is_known_as_such(price, step):
    rounded = price.quantize(Decimal(step), rounding=ROUND_HALF_UP)
    found = differences(
        OrderRequest("", "SO-1", "SO-1", "", "C100", lines=(replace(SERVICE, unit_price=price),)),
        [made_as(price=str(rounded))],
    )
    assert [one.cause for one in found] == ([] if rounded == price else ["rounded by Business Central"])

"""Sales order lines become Business Central lines: what they stand for, their values, their texts, their numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.orders.lookups import Partner
from bridge.orders.request import LineType
from tests.orders.builders import (
    PRODUCT,
    UNIT,
    a_line,
    a_product,
    a_service,
    a_write_in,
    an_order,
    lookups,
    texts_of,
    translated,
)

text_line = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=350)


def test_products_services_and_write_ins_keep_the_sellers_order():
    request = translated(
        an_order(a_write_in(sequencenumber=30), a_line(sequencenumber=10), a_line(a_service(), sequencenumber=20))
    )

    assert [(line.number, line.type, line.object_number) for line in request.lines] == [
        (10000, LineType.ITEM, "HOSE-12"),
        (20000, LineType.RESOURCE, "FITTING"),
        (30000, LineType.ITEM, "VARIOUS"),
    ]


def test_lines_without_a_sequence_number_come_last_by_line_item_number():
    rows = [a_line(sequencenumber=None, lineitemnumber=2), a_line(sequencenumber=None, lineitemnumber=1), a_line()]

    request = translated(an_order(*rows))

    assert [line.sales_line_id for line in request.lines] == [rows[n]["salesorderdetailid"] for n in (2, 1, 0)]


@given(
    quantity=st.decimals(min_value=-1000, max_value=1000, places=5).filter(bool),
    volume=st.decimals(min_value=0, max_value=1000, places=4),
    manual=st.decimals(min_value=0, max_value=1000, places=4),
)
def test_the_line_discount_is_volume_per_unit_and_manual_once(quantity, volume, manual):
    line = a_line(quantity=quantity, volumediscountamount=volume, manualdiscountamount=manual)

    [made] = translated(an_order(line)).lines

    assert made.discount_amount == quantity * volume + manual


def test_price_and_quantity_are_taken_as_they_are():
    [made] = translated(an_order(a_line(quantity=Decimal("2.5"), priceperunit=Decimal("123.45")))).lines

    assert made.to_json() == {
        "sequence": 10000,
        "lineType": "Item",
        "lineObjectNumber": "HOSE-12",
        "quantity": Decimal("2.5"),
        "unitPrice": Decimal("123.45"),
        "unitPriceMayIncludeVAT": True,
        "discountAmount": Decimal(0),
    }


@given(first=text_line, further=st.lists(text_line, max_size=4))
def test_no_character_of_a_line_text_is_lost(first, further):
    """Every line of the text arrives in pieces of at most 100 that joined give it again; blank ones give nothing."""
    request = translated(an_order(a_line(description="\n".join([first, *further]))))
    texts = texts_of(request, request.lines[0])

    if first == "Garden hose":
        assert texts == []
    else:
        assert "".join(texts) == "".join(line for line in [first, *further] if line.strip())
    assert all(0 < len(text) <= 100 for text in texts)


@given(first=text_line.filter(str.strip), further=st.lists(text_line, max_size=4))
def test_a_write_in_is_described_by_its_text(first, further):
    request = translated(an_order(a_write_in(description="\r\n".join([first, *further]))))
    main = request.lines[0]
    texts = texts_of(request, main)

    assert main.description == (first[:100] if first[:100].strip() else "")
    rest = [first[100:], *further]
    assert "".join(texts) == "".join(line for line in rest if line.strip())


def test_line_numbers_are_10000_apart_and_texts_follow_their_line():
    request = translated(an_order(a_line(description="x" * 250), a_line(sequencenumber=2)))

    assert [(line.number, line.attached_to, len(line.description)) for line in request.lines] == [
        (10000, 0, 0),
        (20000, 10000, 100),
        (30000, 10000, 100),
        (40000, 10000, 50),
        (50000, 0, 0),
    ]


def test_a_text_that_only_repeats_the_item_is_not_written():
    """Compared with the item's own description where we know it, with the product's name otherwise."""
    order = an_order(a_line(description="Garden hose\nand more"))
    assert len(translated(order).lines) == 1
    assert len(translated(order, lookups(item_names={"HOSE-12": "Hose, green"})).lines) == 3


def test_a_write_in_without_text_takes_its_product_description():
    [main] = translated(an_order(a_write_in(productdescription="Chair"))).lines

    assert main.description == "Chair"


def test_freight_is_the_last_line_on_the_freight_account():
    *_, freight = translated(an_order(freightamount=Decimal("32.38"))).lines

    assert freight.to_json() == {
        "sequence": 20000,
        "lineType": "Account",
        "lineObjectNumber": "6810",
        "quantity": 1,
        "unitPrice": Decimal("32.38"),
        "discountAmount": 0,
    }


@pytest.mark.parametrize("amount", [None, 0, Decimal("-5")])
def test_no_freight_no_line(amount):
    assert len(translated(an_order(freightamount=amount)).lines) == 1


def test_only_the_price_of_an_item_may_include_vat():
    """A price list is kept for products; services have no such price, and a write-in or freight has none at all."""
    order = an_order(a_line(), a_line(a_service(), sequencenumber=2), a_write_in(sequencenumber=3), freightamount=10)
    made = translated(order)

    assert [line.may_include_vat for line in made.lines] == [True, False, False, False]
    assert [line.to_json().get("unitPriceMayIncludeVAT") for line in made.lines] == [True, None, None, None]


def test_the_default_unit_is_left_to_business_central():
    [made] = translated(an_order(a_line(_uomid_value=UNIT))).lines
    assert made.unit_code == ""
    [made] = translated(an_order(a_line(_uomid_value=None))).lines
    assert made.unit_code == ""


def test_with_unit_groups_the_coupled_unit_is_written():
    known = lookups(rules={"unit_groups": True}, units={"box": Partner("bc-unit", "BOX")})

    [made] = translated(an_order(a_line(_uomid_value="BOX")), known).lines

    assert made.to_json()["unitOfMeasureCode"] == "BOX"


def test_the_same_product_may_be_on_many_lines():
    rows = [a_line(a_product(), sequencenumber=n, quantity=n) for n in range(1, 11)]

    assert [line.quantity for line in translated(an_order(*rows)).lines] == list(range(1, 11))
    assert {row["_productid_value"] for row in rows} == {PRODUCT}

"""Scenarios S-46 to S-66: lines, prices and texts. Most look at what one pick-up made."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bridge.store import journal
from tests.orders.conftest import Desk
from tests.orders.seller import Seller, product, write_in

TENT = "Tent Lei, two persons, three seasons"
LONG = "".join(chr(ord("a") + place // 100) for place in range(250))


def sell_all(desk: Desk) -> None:
    """Every order of this module, and what Business Central must be told about its items beforehand."""
    seller, bc = Seller(desk.sandbox), desk.sandbox.bc
    sell = seller.sell
    for item, group in (("PACK-45", "DOMESTIC"), ("PACK-70", "EXPORT"), ("PACK-RAIN", "")):
        bc.set_item(item, priceIncludesTax=True, vatBusPostingGroupPrice=group)
    sell("S-46", product("TENT-LEI-2"), product("REPAIR", 2), write_in("Name plates", 3, 50))
    lines = [
        product(item) | {"sequencenumber": at} for item, at in (("STOVE-GAS", 30), ("GAS-230", 10), ("AXE-CAMP", 20))
    ]
    sell("S-47", *lines)
    sell("S-48", product("TENT-LEI-2"), product("SAW-FOLD"))
    sell("S-49", product("TENT-LEI-2"), product("KNIFE-TURI"))
    sell("S-54", product("TENT-LEI-2", 1, 123.45))
    sell("S-55", *(product(item, 2, 1000) for item in ("PACK-45", "PACK-70", "PACK-RAIN", "TENT-LEI-2")))
    sell("S-55 abroad", product("PACK-45", 1, 1000), customer="20100", currency="SEK")
    sell("S-56", product("TENT-LEI-2", 3, 100, manualdiscountamount=5))
    sell("S-57", product("TENT-LEI-2"), product("GAS-230", 0))
    sell("S-58", product("TENT-LEI-2", description=LONG), product("GAS-230"))
    sell("S-59", product("TENT-LEI-2", description="First line\nSecond line"))
    sell("S-60", product("TENT-LEI-2", description=TENT))
    sell("S-61", write_in("", description="w" * 120))
    sell("S-62", write_in("Chair"))
    sell("S-66")
    seller.change(seller.product_path("SAW-FOLD"), producttypecode=4)
    seller.change(seller.product_path("KNIFE-TURI"), statecode=1, statuscode=2)
    volume = {"volumediscountamount": Decimal(2)}
    desk.read_lines_from_sales("S-56", **volume)


@pytest.fixture(scope="module")
def day(shared_desk: Desk) -> Desk:
    sell_all(shared_desk)
    shared_desk.pick_up()
    return shared_desk


@pytest.fixture(scope="module")
def lines(day: Desk) -> Callable[[str], list[dict[str, Any]]]:
    """The lines Business Central has under a reference, by line number."""
    made = {each["yourReference"]: each["lines"] for each in day.sandbox.bc.orders()}
    return lambda reference: sorted(made[reference], key=lambda line: line["sequence"])


def sold(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(line["lineType"], line["lineObjectNumber"]) for line in lines]


def refused(day: Desk, number: str) -> list[str]:
    """The codes of an order of which nothing must be in Business Central nor written in Sales."""
    assert number not in day.bc_orders()
    assert not day.sandbox.sales.order(number)["lastbackofficesubmit"]
    return day.codes()[number]


def test_s46_products_services_and_write_ins_become_items_resources_and_the_write_in_item(lines):
    assert sold(lines("S-46")) == [("Item", "TENT-LEI-2"), ("Resource", "REPAIR"), ("Item", "WRITE-IN")]


def test_s47_lines_follow_the_sequence_numbers(lines):
    assert [number for _, number in sold(lines("S-47"))] == ["GAS-230", "AXE-CAMP", "STOVE-GAS"]


def test_s48_a_flat_fee_cannot_be_ordered(day):
    assert refused(day, "S-48") == ["E-ORD-14"]


def test_s49_a_retired_product_cannot_be_ordered(day):
    assert refused(day, "S-49") == ["E-ORD-11"]


def test_s54_the_sellers_price_counts_not_the_items(lines):
    assert lines("S-54")[0]["unitPrice"] == 123.45


def test_s55_vat_goes_out_of_a_price_only_where_item_and_customer_agree(day, lines):
    prices = {line["lineObjectNumber"]: line["unitPrice"] for line in lines("S-55")}
    assert prices == {"PACK-45": 800, "PACK-70": 1000, "PACK-RAIN": 1000, "TENT-LEI-2": 1000}
    assert lines("S-55 abroad")[0]["unitPrice"] == 1000
    remembered = journal.lines_of(day.ctx.db, [day.entry("S-55").id])[day.entry("S-55").id]
    assert [line.unit_price for line in remembered] == [800, 1000, 1000, 1000]
    assert "S-55" not in day.codes(), "the price is what was wanted: no difference to report"


def test_s56_volume_discount_counts_per_unit_and_manual_discount_per_line(lines):
    assert lines("S-56")[0]["discountAmount"] == 11


def test_s57_nothing_of_something_cannot_be_ordered(day):
    assert refused(day, "S-57") == ["E-ORD-20"]


def test_s58_a_long_text_follows_its_line_in_pieces(lines):
    main, *texts, _ = lines("S-58")
    assert main["description"] == TENT
    assert [text["description"] for text in texts] == [LONG[:100], LONG[100:200], LONG[200:]]
    assert {text["attachedToLineNumber"] for text in texts} == {10000}


def test_s59_each_line_of_a_text_is_a_line(lines):
    assert [line["description"] for line in lines("S-59")] == [TENT, "First line", "Second line"]


def test_s60_a_text_that_repeats_the_item_is_left_out(lines):
    assert len(lines("S-60")) == 1


def test_s61_the_text_of_a_write_in_begins_on_the_line_itself(lines):
    assert [line["description"] for line in lines("S-61")] == ["w" * 100, "w" * 20]
    assert lines("S-61")[1]["attachedToLineNumber"] == 10000


def test_s62_a_write_in_without_text_is_called_by_its_product_description(lines):
    assert [line["description"] for line in lines("S-62")] == ["Chair"]


def test_s63_texts_take_numbers_like_any_line(lines):
    assert [line["sequence"] for line in lines("S-58")] == [10000, 20000, 30000, 40000, 50000]


def test_s66_an_order_without_lines_is_created_acknowledged_and_listed(day, lines):
    assert lines("S-66") == []
    assert day.bc_order("S-66")["status"] == "Open"
    assert day.is_acknowledged("S-66")
    assert day.codes()["S-66"] == ["E-REL-01"]


def test_s64_texts_go_with_their_line(day):
    """A person deletes the line in Business Central, which Business Central allows on an open order only."""
    order = day.bc_order("S-58")
    day.sandbox.bc.call("POST", "reopen", {"order": order["number"]})
    main = min(order["lines"], key=lambda line: line["sequence"])
    day.ctx.bc.delete("salesOrderLines", main["id"], purpose="test")
    assert sold(day.bc_order("S-58")["lines"]) == [("Item", "GAS-230")]


def test_s50_s51_a_write_in_needs_a_product_that_sales_does_not_know(desk: Desk, seller: Seller):
    bc = desk.sandbox.bc
    for number, write_in_item, code in (("S-50", "", "E-ORD-12"), ("S-51", "TENT-LEI-2", "E-ORD-13")):
        bc.call("POST", "set-company", {"write_in_item": write_in_item})
        seller.sell(number, write_in("Name plates"))
        desk.pick_up()
        assert refused(desk, number) == [code]


def test_s52_s53_with_unit_groups_the_unit_of_the_line_counts(desk: Desk, seller: Seller):
    """The tent is sold in boxes of four as well; Sales has the box in the tent's unit group."""
    desk.sandbox.bc.set_item("TENT-LEI-2", units={"PCS": 1, "BOX": 4})
    group = seller.id_of("uomschedules", "name", "PCS")
    base = seller.id_of("uoms", "name", "PCS")
    schedule = {"uomscheduleid@odata.bind": f"/uomschedules({group})", "baseuom@odata.bind": f"/uoms({base})"}
    box = seller.create("uoms", name="BOX OF FOUR", quantity=4, **schedule)
    boxed = product("TENT-LEI-2", 2, 400, **{"uomid@odata.bind": f"/uoms({box})"})
    seller.sell("S-53", boxed)
    seller.sell("S-53 none", product("TENT-LEI-2", 1))
    desk.read_lines_from_sales("S-53 none", _uomid_value=None, uomid=None)
    desk.pick_up()
    assert refused(desk, "S-53") == ["E-ORD-17"]
    assert desk.bc_order("S-53 none")["lines"][0]["unitOfMeasureCode"] == "PCS"

    desk.with_settings(unit_groups=True)
    desk.wait(minutes=2)
    desk.pick_up()
    assert refused(desk, "S-53") == ["E-ORD-17"], "the box is not coupled yet"

    desk.couple("ITEM UOM", 5404, "BOX", "uom", box)
    desk.wait(minutes=5)
    desk.pick_up()
    [line] = desk.bc_order("S-53")["lines"]
    assert (line["unitOfMeasureCode"], line["quantity"], line["unitPrice"]) == ("BOX", 2, 400)
    assert desk.is_acknowledged("S-53")

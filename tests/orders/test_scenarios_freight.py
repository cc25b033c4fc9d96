"""Scenarios S-67 to S-76: freight, discounts of the header, and notes that are there when the order is created."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.orders.conftest import Desk
from tests.orders.seller import Seller, product


def thousand() -> dict[str, Any]:
    return product("TENT-LEI-2", 2, 500)


def sell_all(desk: Desk) -> None:
    seller = Seller(desk.sandbox)
    seller.sell("S-67", thousand(), freightamount=100)
    seller.sell("S-69", thousand(), freightamount=0)
    seller.sell("S-69 alone", freightamount=100)
    seller.sell("S-70", thousand(), product("REPAIR", 1, 500), discountamount=50)
    seller.sell("S-71", thousand(), discountpercentage=10)
    seller.sell("S-72", thousand(), discountpercentage=10, discountamount=50)
    order = seller.write("S-75", thousand())
    on = {"objectid_salesorder@odata.bind": f"/salesorders({order})"}
    seller.create("annotations", subject="First", notetext="Call <b>Kari</b> first.", **on)
    seller.create("annotations", subject="S-76", notetext="<p>Nuts &amp; bolts</p><p>today</p>", **on)
    seller.create("annotations", subject="A drawing", filename="a.txt", documentbody="aGVp", isdocument=True, **on)
    seller.submit("S-75")


@pytest.fixture(scope="module")
def day(shared_desk: Desk) -> Desk:
    sell_all(shared_desk)
    shared_desk.pick_up()
    return shared_desk


@pytest.fixture(scope="module")
def order(day: Desk) -> Callable[[str], dict[str, Any]]:
    made = {each["yourReference"]: each for each in day.sandbox.bc.orders()}
    return made.__getitem__


def test_s67_freight_is_the_last_line_on_its_account(day, order):
    last = order("S-67")["lines"][-1]
    assert (last["lineType"], last["quantity"], last["unitPrice"]) == ("Account", 1, 100)
    assert last["lineObjectNumber"] == day.ctx.bc.bridge_setup().freight_account_number
    assert last["sequence"] == 20000


def test_s69_no_freight_no_line_and_freight_alone_is_refused(day, order):
    assert len(order("S-69")["lines"]) == 1
    assert day.codes()["S-69 alone"] == ["E-ORD-21"]
    assert "S-69 alone" not in day.bc_orders()


@pytest.mark.parametrize(
    ("number", "discount", "payment_discount"), [("S-70", 50, 0), ("S-71", 100, 10), ("S-72", 150, 10)]
)
def test_s70_s71_s72_amount_and_percentage_of_the_header_are_one_invoice_discount(
    day, order, number, discount, payment_discount
):
    made, asked = order(number), day.sandbox.sales.order(number)
    assert (made["discountAmount"], made["paymentDiscountPercent"]) == (discount, payment_discount)
    assert made["totalAmountExcludingTax"] == asked["totalamount"]
    assert sum(line["invoiceDiscountAllocation"] for line in made["lines"]) == discount
    assert number not in day.codes()


def test_s75_s76_notes_go_over_as_plain_text_attachments_stay(day, order):
    notes = order("S-75")["notes"]
    assert sorted((note["subject"], note["body"]) for note in notes) == [
        ("First", "Call Kari first."),
        ("S-76", "Nuts & bolts\ntoday"),
    ]


def test_s68_freight_without_an_account_is_refused(desk: Desk, seller: Seller):
    desk.sandbox.bc.call("POST", "set-company", {"freight_account": ""})
    seller.sell("S-68", thousand(), freightamount=100)
    desk.pick_up()
    assert desk.codes()["S-68"] == ["E-ORD-19"]
    assert "S-68" not in desk.bc_orders()


def test_s73_a_discount_that_no_line_allows_is_refused(desk: Desk, seller: Seller):
    """The line costs nothing, so there is nothing a discount could be taken from but the freight."""
    seller.sell("S-73", product("TENT-LEI-2", 1, 0), discountamount=50, freightamount=100)
    desk.pick_up()
    assert desk.codes()["S-73"] == ["E-ORD-22"]
    assert "S-73" not in desk.bc_orders()
    assert not desk.is_acknowledged("S-73")


def _reopened(desk: Desk) -> int:
    return sum(each["path"].endswith("SalesBridge_ReopenSalesOrder") for each in desk.sandbox.requests())


def test_s74_a_discount_that_release_replaces_is_set_once_more_and_then_told_once(desk: Desk, seller: Seller):
    desk.sandbox.bc.call("POST", "set-company", {"calc_invoice_discount": True})
    seller.sell("S-74", thousand(), discountamount=50)
    seller.sell("S-74 addressed", thousand(), discountamount=50, billto_city="Lom")
    desk.reopen_in_sales("SO-1003")  # it has a discount as well
    desk.reopen_in_sales("SO-1002")
    for _ in range(2):
        desk.pick_up()
        desk.wait(hours=2)

    assert _reopened(desk) == 1, "not the one whose address the correction would overwrite, and not twice"
    for number in ("S-74", "S-74 addressed"):
        [told] = [each for each in desk.failures() if each.record == f"Sales order {number}"]
        assert (told.code, told.count) == ("E-ORD-25", 1)
        assert told.text.endswith(
            "the invoice discount is 0, ordered 50.00 (Business Central worked the invoice discount out anew)."
        )
        assert desk.bc_order(number)["status"] == "Released"
        assert desk.is_acknowledged(number)


def test_s74_a_discount_that_holds_when_it_is_set_by_hand_is_kept(desk: Desk, seller: Seller):
    """Newer versions of Business Central leave a discount alone that was set as an amount."""
    desk.sandbox.bc.call("POST", "set-company", {"calc_invoice_discount": True})
    seller.sell("S-74", thousand(), discountamount=50)
    reopen = desk.ctx.bc.reopen_sales_order

    def as_newer_versions(order_id: str) -> str:
        desk.sandbox.bc.call("POST", "set-company", {"calc_invoice_discount": False})
        return reopen(order_id)

    desk.ctx.bc.reopen_sales_order = as_newer_versions  # type: ignore[method-assign]
    desk.pick_up()

    assert (desk.bc_order("S-74")["discountAmount"], desk.bc_order("S-74")["status"]) == (50, "Released")
    assert "S-74" not in desk.codes()
    assert desk.entry("S-74").release_state == "released"


def test_s74_a_release_that_is_refused_the_second_time_is_tried_again(desk: Desk, seller: Seller):
    desk.sandbox.bc.call("POST", "set-company", {"calc_invoice_discount": True})
    seller.sell("S-74", thousand(), discountamount=50)
    reopen = desk.ctx.bc.reopen_sales_order

    def and_somebody_makes_locations_mandatory(order_id: str) -> str:
        desk.sandbox.bc.set_item("TENT-LEI-2", locationMandatory=True)
        return reopen(order_id)

    desk.ctx.bc.reopen_sales_order = and_somebody_makes_locations_mandatory  # type: ignore[method-assign]
    desk.pick_up()
    assert "E-REL-02" in desk.codes()["S-74"]
    assert desk.bc_order("S-74")["status"] == "Open"
    assert desk.is_acknowledged("S-74")

    desk.sandbox.bc.set_item("TENT-LEI-2", locationMandatory=False)
    desk.wait(minutes=2)
    desk.pick_up()
    assert desk.bc_order("S-74")["status"] == "Released"
    assert desk.codes()["S-74"] == ["E-ORD-25"]

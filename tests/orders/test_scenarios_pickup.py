"""Scenarios S-01 to S-19: which orders are taken, how often they are tried, and that none is made twice."""

from __future__ import annotations

from typing import Any

from bridge.store import couplings, failures
from tests.orders.conftest import Desk
from tests.orders.seller import Seller, product

TENT = product("TENT-LEI-2")


def stamp(desk: Desk, number: str, day: str | None) -> None:
    """Give a submitted order this acknowledgement date."""
    moment = f"{day}T00:00:00Z" if day else None
    desk.write_in_sales(
        number, {"statecode": 0, "statuscode": 2}, {"lastbackofficesubmit": moment}, {"statecode": 1, "statuscode": 3}
    )


def uncouple(desk: Desk, seller: Seller, item: str) -> couplings.NewCoupling:
    """Take the coupling of a product away; answers what would bring it back."""
    product_id = seller.id_of("products", "productnumber", item)
    gone = couplings.uncouple(desk.ctx.db, desk.ctx.company.id, "ITEM-PRODUCT", product_id)
    assert gone is not None
    return couplings.NewCoupling("ITEM-PRODUCT", 27, gone.bc_id, gone.bc_number, "product", product_id, item)


def test_s01_s02_s03_what_has_no_stamp_is_created_and_stamped_today(desk: Desk, seller: Seller):
    for number in ("S-01", "S-02", "S-03 before", "S-03 after"):
        seller.sell(number, TENT)
    stamp(desk, "S-02", "1900-01-01")
    stamp(desk, "S-03 before", "1899-12-31")
    stamp(desk, "S-03 after", "1900-01-02")

    desk.pick_up()

    today = desk.ctx.clock().date().isoformat()
    coupled = couplings.count_by_mapping(desk.ctx.db, desk.ctx.company.id)["SALESORDER-ORDER"]
    assert coupled == len(desk.bc_orders()) == 6, "these two and four of the seed"
    for number in ("S-01", "S-02"):
        assert desk.is_acknowledged(number)
        assert desk.sandbox.sales.order(number)["lastbackofficesubmit"].startswith(today)
        assert desk.bc_order(number)["status"] == "Released"
    for number, day in (("S-03 before", "1899-12-31"), ("S-03 after", "1900-01-02")):
        assert number not in desk.bc_orders()
        assert desk.sandbox.sales.order(number)["lastbackofficesubmit"].startswith(day)


def test_s04_orders_in_any_other_state_are_left_alone(desk: Desk):
    """The seed has one each: Active, Canceled, Fulfilled, Invoiced."""
    others = {each["ordernumber"]: each for each in desk.sandbox.sales.orders() if each["statecode"] != 1}
    assert {each["statecode"] for each in others.values()} == {0, 2, 3, 4}

    desk.pick_up()

    assert not set(desk.bc_orders()) & set(others)
    for number, before in others.items():
        assert desk.sandbox.sales.order(number) == before


def test_s06_an_order_of_no_company_becomes_ours(desk: Desk, seller: Seller):
    order_id = seller.sell("S-06", TENT)
    desk.pick_up()
    row = desk.ctx.sales.row("salesorders", order_id, purpose="test", select=("_bcbi_companyid_value",))
    [ours] = desk.ctx.sales.rows("bcbi_companies", purpose="test", filter=f"bcbi_externalid eq '{desk.ctx.company.id}'")
    assert row["_bcbi_companyid_value"] == ours["bcbi_companyid"]


def test_s07_s08_one_that_fails_leaves_nothing_and_holds_up_nobody_until_its_product_is_coupled(
    desk: Desk, seller: Seller
):
    back = uncouple(desk, seller, "GAS-230")
    seller.sell("S-07 a", TENT)
    seller.sell("S-07 b", TENT, product("GAS-230", 2))
    seller.sell("S-07 c", TENT)
    desk.pick_up()
    assert desk.is_acknowledged("S-07 a")
    assert desk.is_acknowledged("S-07 c")
    assert desk.codes()["S-07 b"] == ["E-ORD-10"]
    assert "S-07 b" not in desk.bc_orders()
    assert not desk.sandbox.sales.order("S-07 b")["lastbackofficesubmit"]

    couplings.couple(desk.ctx.db, desk.ctx.company.id, back, desk.ctx.clock())
    desk.pick_up()  # at once: it does not wait for the end of its pause

    assert desk.is_acknowledged("S-07 b")
    assert len(desk.bc_order("S-07 b")["lines"]) == 2
    assert "S-07 b" not in desk.codes()


def test_s09_a_failure_is_told_once_tried_ever_less_often_and_at_once_after_a_change(desk: Desk, seller: Seller):
    uncouple(desk, seller, "GAS-230")
    seller.sell("S-09", product("GAS-230"))
    for _ in range(5):
        desk.pick_up()
        desk.wait(minutes=20)
    entry = desk.entry("S-09")
    assert entry.attempts == 5
    [told] = failures.history_of(desk.ctx.db, [entry.sales_id])
    assert (told.code, told.count) == ("E-ORD-10", 5)
    desk.pick_up()
    desk.pick_up()
    assert desk.entry("S-09").attempts == 6, "nothing has changed, so the second run leaves it alone"

    desk.sandbox.move_clock(2 * 3600)  # Sales' clock must not lag behind ours
    desk.reopen_in_sales("S-09")
    [line] = desk.ctx.sales.rows("salesorderdetails", purpose="test", filter=f"_salesorderid_value eq {entry.sales_id}")
    desk.ctx.sales.delete("salesorderdetails", line["salesorderdetailid"], purpose="test")
    desk.sandbox.sales.submit("S-09")
    desk.pick_up()

    assert desk.is_acknowledged("S-09")
    assert "E-ORD-10" not in desk.codes()["S-09"]


def test_s11_more_than_a_page_is_read_to_the_end_each_order_once(desk: Desk, seller: Seller):
    numbers = [f"S-11 {place:02}" for place in range(55)]
    for number in numbers:
        seller.sell(number)
    outcome = desk.pick_up()
    assert outcome.counts["seen"] == 61
    assert [number for number in desk.bc_orders() if number in numbers] == numbers
    listed = [each for each in desk.sandbox.requests() if each["path"].endswith("/salesorders")]
    assert len([each for each in listed if each["method"] == "GET"]) == 2


def test_s12_an_order_that_is_opened_meanwhile_keeps_its_business_central_order(desk: Desk, seller: Seller):
    seller.sell("S-12", TENT)
    make = desk.ctx.bc.create_sales_orders

    def while_it_is_created(requests: Any) -> Any:
        made = make(requests)
        desk.reopen_in_sales("S-12")
        return made

    desk.ctx.bc.create_sales_orders = while_it_is_created  # type: ignore[method-assign]
    desk.pick_up()
    assert desk.bc_orders().count("S-12") == 1
    assert desk.sandbox.sales.order("S-12")["statecode"] == 0
    assert not desk.sandbox.sales.order("S-12")["lastbackofficesubmit"]
    assert desk.codes()["S-12"] == ["E-ORD-00"]


def test_s13_s14_what_business_central_has_is_adopted_and_stamped(desk: Desk, seller: Seller, new_desk):
    """The journal knows the first, nobody knows the second: another installation made it."""
    seller.sell("S-13", TENT)
    seller.sell("S-14", TENT)
    new_desk().pick_up()
    stamp(desk, "S-13", None)
    desk.pick_up()
    assert desk.entry("S-13").state == "ack_done"
    stamp(desk, "S-13", None)
    stamp(desk, "S-14", None)

    outcome = desk.pick_up()

    assert (outcome.counts["created"], outcome.counts["adopted"], outcome.counts["acknowledged"]) == (0, 1, 2)
    for number in ("S-13", "S-14"):
        assert desk.bc_orders().count(number) == 1
        assert desk.is_acknowledged(number)
        assert desk.entry(number).bc_order_number == desk.bc_order(number)["number"]


def test_s15_what_is_posted_already_is_reported_and_not_made_again(desk: Desk, seller: Seller, new_desk):
    seller.sell("S-15", TENT)
    new_desk().pick_up()
    desk.sandbox.bc.ship_and_invoice(desk.bc_order("S-15")["number"])
    stamp(desk, "S-15", None)
    desk.pick_up()
    assert desk.codes()["S-15"] == ["E-ORD-15"]
    assert "S-15" not in desk.bc_orders()
    assert not desk.sandbox.sales.order("S-15")["lastbackofficesubmit"]


def test_s16_a_deleted_order_is_reported_and_not_made_again(desk: Desk, seller: Seller):
    seller.sell("S-16", TENT)
    desk.pick_up()
    number = desk.bc_order("S-16")["number"]
    desk.sandbox.bc.call("POST", "reopen", {"order": number})
    desk.sandbox.bc.call("POST", "delete-order", {"order": number})
    stamp(desk, "S-16", None)
    desk.pick_up()
    assert desk.codes()["S-16"] == ["E-ORD-16"]
    assert "S-16" not in desk.bc_orders()
    assert not desk.sandbox.sales.order("S-16")["lastbackofficesubmit"]


def test_s17_s19_a_creation_whose_reply_was_lost_is_found_by_35_characters_of_its_number(desk: Desk, seller: Seller):
    long = "S-19 " + "0123456789" * 5 + "ABCDE"
    assert len(long) == 60
    seller.sell(long, TENT)
    desk.sandbox.faults({"system": "business-central", "path": "CreateSalesOrders", "kind": "after", "times": 20})
    desk.pick_up()
    assert desk.codes()[long] == ["E-NET-02"]

    desk.sandbox.clear_faults()
    desk.wait(minutes=1)
    desk.pick_up()

    assert desk.bc_orders().count(long[:35]) == 1
    assert desk.is_acknowledged(long)
    assert desk.entry(long).bc_order_number == desk.bc_order(long[:35])["number"]

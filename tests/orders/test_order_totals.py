"""Issue of money: an order that Business Central made another one of is noted, or held before release, as set up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bridge.orders.run import process
from bridge.status.run import push_status
from tests.orders.conftest import Desk
from tests.orders.seller import Seller, product

WITH_VAT = "10110"
"""A customer whose orders Business Central reads as with VAT in the prices."""
VAT_TEXT = "the total without VAT is 800.00, ordered 1000.00 (VAT of 25 % taken out)."


def thousand(**columns: Any) -> dict[str, Any]:
    return product("TENT-LEI-2", 2, 500, **columns)


@pytest.fixture
def day(desk: Desk) -> Desk:
    """Only the test's own orders are submitted."""
    for order in desk.sandbox.sales.orders():
        if order["statecode"] == 1:
            desk.reopen_in_sales(order["ordernumber"])
    desk.sandbox.bc.set_customer(WITH_VAT, pricesIncludeTax=True)
    return desk


@pytest.fixture
def held(day: Desk) -> Desk:
    day.with_settings(order_totals="hold")
    return day


def status(desk: Desk, number: str) -> str:
    return str(desk.bc_order(number)["status"])


def asked(desk: Desk) -> list[str]:
    """What was asked of Business Central for orders since the log was cleared, in order."""
    paths = [each["path"] for each in desk.sandbox.requests()]
    return [path.rsplit("/", 1)[-1] for path in paths if "SalesBridge_" in path or path.endswith("/salesOrders")]


def meanwhile(desk: Desk, work: Callable[[], object]) -> None:
    """Somebody does this in Business Central right after the next orders are created."""
    create = desk.ctx.bc.create_sales_orders

    def and_then(requests: Any) -> Any:
        answer = create(requests)
        desk.ctx.bc.create_sales_orders = create  # type: ignore[method-assign]
        work()
        return answer

    desk.ctx.bc.create_sales_orders = and_then  # type: ignore[method-assign]


def change_line(desk: Desk, number: str, quantity: int) -> None:
    order = desk.bc_order(number)["number"]
    values = {"quantity": quantity, "unitPrice": 500}
    desk.sandbox.bc.call("POST", "change-order-line", {"order": order, "line": 10000, **values})


def test_as_it_comes_a_difference_is_noted_once_and_the_order_released(day: Desk, seller: Seller):
    seller.sell("M-1", thousand(), customer=WITH_VAT)
    for _ in range(2):
        day.pick_up()
        day.wait(hours=2)

    [told] = day.failures()
    assert (told.code, told.count) == ("E-ORD-25", 1)
    assert told.text.endswith(VAT_TEXT)
    assert status(day, "M-1") == "Released"
    assert day.is_acknowledged("M-1")


def test_hold_releases_what_is_as_ordered_and_keeps_the_rest_open(held: Desk, seller: Seller):
    seller.sell("M-1", thousand(), customer=WITH_VAT)
    for at in range(3):
        seller.sell(f"M-equal-{at}", thousand(), freightamount=100, discountamount=50)
    held.sandbox.forget_requests()
    outcome = held.pick_up()

    # posted documents are one batch; the rest is for 50 orders what it is for one
    create = "SalesBridge_CreateSalesOrders"
    assert asked(held)[-3:] == [create, "salesOrders", create]
    assert (outcome.counts["created"], outcome.counts["released"], outcome.counts["acknowledged"]) == (4, 3, 4)
    assert {status(held, f"M-equal-{at}") for at in range(3)} == {"Released"}
    assert (status(held, "M-1"), held.entry("M-1").release_state) == ("Open", "held")
    assert held.is_acknowledged("M-1")
    [told] = held.failures()
    assert (told.code, told.heals_by_itself) == ("E-REL-05", False)
    number = held.bc_order("M-1")["number"]
    assert told.text == (
        f"Sales order M-1: Business Central order {number} is held Open, since it differs from what was ordered:"
        f" {VAT_TEXT}"
    )
    assert "python -m bridge retry M-1" in told.advice

    held.wait(hours=2)
    held.pick_up()
    assert [failure.code for failure in held.failures()] == ["E-REL-05"]
    assert status(held, "M-1") == "Open"


@pytest.mark.parametrize("look", ["pick_up", "push_status"])
def test_an_order_that_a_person_releases_is_taken_as_it_is(held: Desk, seller: Seller, look: str):
    seller.sell("M-1", thousand(), customer=WITH_VAT)
    held.pick_up()
    assert held.codes() == {"M-1": ["E-REL-05"]}

    held.sandbox.bc.call("POST", "release", {"order": held.bc_order("M-1")["number"]})
    held.wait(hours=2)
    push_status(held.ctx) if look == "push_status" else held.pick_up()
    assert held.codes() == {}
    assert held.entry("M-1").release_state == "released"


def test_an_order_that_a_person_corrects_is_released_by_a_retry(held: Desk, seller: Seller):
    seller.sell("M-1", thousand())
    meanwhile(held, lambda: change_line(held, "M-1", 3))
    held.pick_up()
    [told] = held.failures()
    assert "line 10000 has quantity 3, ordered 2 (cause unknown); the total without VAT is 1500.00" in told.text
    assert status(held, "M-1") == "Open"

    change_line(held, "M-1", 2)
    process(held.ctx, only=[held.entry("M-1").sales_id])
    assert status(held, "M-1") == "Released"
    assert held.codes() == {}


def test_a_lost_reply_does_not_release_what_was_not_compared(held: Desk, seller: Seller):
    """The order is there from an earlier call: it is adopted, and held like any other."""
    seller.sell("M-1", thousand(), customer=WITH_VAT)
    seller.sell("M-2", thousand())
    held.sandbox.faults(
        {"system": "business-central", "method": "POST", "path": "CreateSalesOrders", "kind": "after", "times": 1}
    )
    outcome = held.pick_up()
    assert (outcome.counts["created"], outcome.counts["adopted"]) == (0, 2)
    assert (status(held, "M-1"), status(held, "M-2")) == ("Open", "Released")


def test_what_waits_is_released_and_noted_when_differences_are_accepted_from_now_on(held: Desk, seller: Seller):
    seller.sell("M-1", thousand(), customer=WITH_VAT)
    held.pick_up()
    held.with_settings(order_totals="accept")
    held.wait(hours=2)
    held.pick_up()
    assert status(held, "M-1") == "Released"
    assert held.codes() == {"M-1": ["E-ORD-25"]}


def test_a_discount_that_releasing_replaces_brings_the_order_back_to_open(held: Desk, seller: Seller):
    held.sandbox.bc.call("POST", "set-company", {"calc_invoice_discount": True})
    seller.sell("M-1", thousand(), discountamount=50)
    seller.sell("M-2", thousand())
    for _ in range(2):
        held.pick_up()
        held.wait(hours=2)

    assert (status(held, "M-1"), status(held, "M-2")) == ("Open", "Released")
    assert held.codes() == {"M-1": ["E-REL-05"]}
    assert "the invoice discount is 0, ordered 50.00 (Business Central worked" in held.failures()[0].text


def test_without_the_companion_what_differs_says_so_and_the_rest_waits_for_a_release(held: Desk, seller: Seller):
    held.sandbox.bc.install_companion(False)
    seller.sell("M-1", thousand(), customer=WITH_VAT)
    seller.sell("M-2", thousand())
    for _ in range(2):
        held.pick_up()
        held.wait(hours=2)
    assert held.codes() == {"M-1": ["E-REL-05"], "M-2": ["E-REL-04"]}
    assert {order["status"] for order in held.sandbox.bc.orders()} == {"Open"}

    held.sandbox.bc.install_companion(True)
    held.pick_up()
    assert held.codes() == {"M-1": ["E-REL-05"]}
    assert sorted(order["status"] for order in held.sandbox.bc.orders()) == ["Open", "Released"]

"""Scenarios S-20 to S-26: whose order it is. One pick-up for all but the last."""

from __future__ import annotations

import pytest

from bridge.store import couplings
from tests.orders.conftest import Desk
from tests.orders.seller import Seller, product


def sell_all(desk: Desk) -> None:
    seller = Seller(desk.sandbox)
    tent = product("TENT-LEI-2")

    def contact(first: str, account: str = "") -> dict[str, object]:
        parent = {"parentcustomerid_account@odata.bind": f"/accounts({account})"} if account else {}
        row = seller.create("contacts", firstname=first, lastname="Li", **parent)
        return {"customerid_account@odata.bind": None, "customerid_contact@odata.bind": f"/contacts({row})"}

    prospect = seller.id_of("accounts", "accountnumber", "10120")
    uncoupled = seller.id_of("accounts", "accountnumber", "10130")
    seller.sell("S-20", tent)
    desk.read_from_sales("S-20", _customerid_value=None, customerid_account=None)
    seller.sell("S-21", tent, customer="10120")
    seller.sell("S-22", tent, **contact("Kari", prospect))
    seller.sell("S-23", tent, **contact("Ola"))
    seller.sell("S-24", tent, customer="10130")
    seller.sell("S-25", tent, customer="10180")
    seller.change(f"accounts({prospect})", customertypecode=2)
    couplings.uncouple(desk.ctx.db, desk.ctx.company.id, "CUSTOMER", uncoupled)


@pytest.fixture(scope="module")
def day(shared_desk: Desk) -> Desk:
    sell_all(shared_desk)
    shared_desk.pick_up()
    return shared_desk


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        ("S-20", "E-ORD-01", "it has no customer."),
        ("S-21", "E-ORD-03", "account Trebygg Sunnmøre AS is not of type customer."),
        ("S-23", "E-ORD-02", "customer contact Ola Li does not lead to an account."),
        ("S-24", "E-ORD-04", "account Elvebredden Camping has no Business Central customer."),
        (
            "S-25",
            "E-ORD-06",
            "customer 10180 is blocked: You cannot Create this type of document when Customer 10180 is blocked with"
            " type All.",
        ),
    ],
)
def test_s20_to_s25_an_order_without_a_usable_customer_waits_and_says_why(day, number, code, words):
    [failure] = [each for each in day.failures() if each.record == f"Sales order {number}"]
    assert (failure.code, failure.text) == (code, f"Sales order {number}: {words}")
    assert number not in day.bc_orders()
    assert not day.sandbox.sales.order(number)["lastbackofficesubmit"]


def test_s22_a_contact_stands_for_its_account_of_whatever_type(day):
    assert day.bc_order("S-22")["customerNumber"] == "10120"
    assert day.is_acknowledged("S-22")


def test_s26_the_contact_on_the_order_is_the_customers_own_not_the_one_who_ordered(day):
    made = day.bc_order("S-22")
    assert "Kari" not in str(made)
    assert made["shipToContact"] == "Purchasing"


def test_s25_unblocked_the_order_is_created(day):
    day.sandbox.bc.set_customer("10180", blocked="")
    day.wait(minutes=1)
    day.pick_up()
    assert day.is_acknowledged("S-25")
    assert day.bc_order("S-25")["customerNumber"] == "10180"
    assert "S-25" not in day.codes()

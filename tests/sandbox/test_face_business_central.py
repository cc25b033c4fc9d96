"""Business Central's pages with what real orders hold: comment lines, a blocked customer, foreign and local amounts."""

from __future__ import annotations

import pytest

from sandbox.face.business_central import create_face
from sandbox.world import company_id
from tests.sandbox.bc_client import Client, a_client
from tests.sandbox.test_face import Pages


@pytest.fixture(scope="module")
def bc() -> Client:
    return a_client()


@pytest.fixture
def pages(bc: Client) -> Pages:
    bc.world.reset()
    return Pages(create_face(bc.world, bc.app), bc.app)


def new_order(bc: Client, customer: str) -> str:
    assert bc.company == company_id(bc.world.data.name)
    lines = [{"lineType": "Item", "lineObjectNumber": "BOLT", "quantity": 4}, {"description": "Leave at the gate"}]
    reply = bc.send("POST", bc.api("salesOrders"), {"customerNumber": customer, "salesOrderLines": lines})
    assert reply.status == 201, reply.text
    return str(reply.json["number"])


def test_an_order_with_a_comment_is_shown_and_posted_to_the_end(bc: Client, pages: Pages) -> None:
    number = new_order(bc, "100")
    order = f"/face/orders/{number}"
    assert "Comment Leave at the gate Total with tax 12.50 NOK" in pages.open(order)
    assert pages.press(f"{order}/ship") == f"Order {number}: shipped."
    assert "4 PCS 4 0 2.50 10.00 shipped" in pages.open(order)
    assert pages.press(f"{order}/invoice") == f"Order {number} is invoiced."
    assert "There is no open order of this number" in pages.open(order)


def test_an_order_in_another_currency_says_so(bc: Client, pages: Pages) -> None:
    assert "EUR" in pages.open(f"/face/orders/{new_order(bc, '200')}")


def test_a_refusal_is_told_in_business_centrals_words_without_its_correlation_id(bc: Client, pages: Pages) -> None:
    number = new_order(bc, "100")
    bc.control("set-customer", customer="100", blocked="All")
    assert pages.press(f"/face/orders/{number}/ship") == (
        "You cannot Post this type of document when Customer 100 is blocked with type All (Application_DialogException)"
    )

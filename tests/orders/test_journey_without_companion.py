"""Where the companion is not installed orders are created by API v2.0; they stay Open, and say why."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.orders.conftest import Desk


@pytest.fixture
def bare(desk: Desk) -> Desk:
    """Without the companion, and with an order that needs nothing it adds: SO-1007 has neither freight nor write-in."""
    desk.sandbox.bc.install_companion(False)
    desk.sandbox.sales.submit("SO-1007")
    return desk


def _there(desk: Desk) -> list[dict]:
    return sorted(desk.sandbox.bc.orders(), key=lambda order: order["externalDocumentNumber"])


def test_an_order_is_created_and_acknowledged_and_waits_to_be_released(bare: Desk):
    bare.pick_up()

    assert [order["externalDocumentNumber"] for order in _there(bare)] == ["SO-1003", "SO-1007"]
    assert {order["status"] for order in _there(bare)} == {"Open"}
    assert bare.is_acknowledged("SO-1007")
    assert bare.codes()["SO-1007"] == ["E-REL-04"]
    for order in _there(bare):
        here = bare.sandbox.sales.order(order["externalDocumentNumber"])
        ordered = Decimal(str(here["totalamount"])) - Decimal(str(here["totaltax"] or 0))
        assert Decimal(str(order["totalAmountExcludingTax"])) == ordered


def test_what_needs_the_companion_is_refused_by_name(bare: Desk):
    bare.pick_up()

    assert bare.codes()["SO-1001"] == ["E-ORD-19"]
    assert sorted(bare.codes()["SO-1002"]) == ["E-ORD-12", "E-ORD-19"]


def test_an_item_whose_price_includes_vat_is_not_sold_at_a_guessed_price(bare: Desk):
    """S-55 without the companion: API v2.0 does not say whose VAT is in the price, so a person has to."""
    bare.sandbox.bc.set_item("MAT-FOAM", priceIncludesTax=True, vatBusPostingGroupPrice="DOMESTIC")
    bare.pick_up()
    [failure] = [each for each in bare.failures() if each.record == "Sales order SO-1007"]
    assert (failure.code, failure.text) == (
        "E-ORD-30",
        "Sales order SO-1007: the price of item MAT-FOAM includes VAT, and whether it does for this customer only the"
        " companion can tell.",
    )
    assert "SO-1007" not in {order["externalDocumentNumber"] for order in _there(bare)}
    assert not bare.is_acknowledged("SO-1007")

    bare.sandbox.bc.set_item("MAT-FOAM", priceIncludesTax=False)
    bare.wait(minutes=1)
    bare.pick_up()
    assert bare.is_acknowledged("SO-1007")


def test_a_lost_reply_makes_no_second_order(bare: Desk):
    bare.sandbox.faults({"system": "business-central", "method": "POST", "path": "salesOrders$", "kind": "after"})
    bare.pick_up()
    assert bare.codes()["SO-1007"] == ["E-NET-02"]

    bare.sandbox.clear_faults()
    bare.wait(seconds=31)
    outcome = bare.pick_up()

    assert outcome.counts["adopted"] == 2
    assert [order["externalDocumentNumber"] for order in _there(bare)] == ["SO-1003", "SO-1007"]
    assert bare.is_acknowledged("SO-1007")


def test_a_release_by_hand_is_noticed(bare: Desk):
    bare.pick_up()
    bare.sandbox.bc.call("POST", "release", {"order": bare.entry("SO-1007").bc_order_number})
    bare.wait(minutes=1)
    bare.pick_up()

    assert "SO-1007" not in bare.codes()
    assert bare.entry("SO-1007").release_state == "released"


def test_the_companion_takes_over_once_it_is_there(bare: Desk):
    bare.pick_up()
    bare.sandbox.bc.install_companion(True)
    bare.wait(minutes=1)
    bare.pick_up()

    assert bare.entry("SO-1007").bc_status == "Released"
    assert bare.is_acknowledged("SO-1001")

"""Orders go from Sales to Business Central and back, and both sides agree."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from bridge.store import couplings, journal
from tests.orders.conftest import Desk

READY = ["SO-1001", "SO-1002", "SO-1003", "SO-1006"]
"""Submitted at the start, with nothing in their way; SO-1004 and SO-1005 wait for a person."""


def test_submitted_orders_are_created_released_and_acknowledged(desk: Desk):
    outcome = desk.pick_up()

    assert dict(outcome.counts) == {
        "seen": 6,
        "created": 4,
        "adopted": 0,
        "released": 4,
        "acknowledged": 4,
        "failed": 2,
        "waiting": 2,
        "leased": 0,
    }
    assert desk.bc_orders() == READY
    assert {order["status"] for order in desk.sandbox.bc.orders()} == {"Released"}
    for number in READY:
        assert desk.is_acknowledged(number)
        there, here = desk.bc_order(number), desk.sandbox.sales.order(number)
        assert here["bcbi_businesscentralordernumber"] == there["number"]
        ordered = Decimal(str(here["totalamount"])) - Decimal(str(here["totaltax"] or 0))
        assert Decimal(str(there["totalAmountExcludingTax"])) == ordered


def test_what_was_created_is_remembered(desk: Desk):
    desk.pick_up()

    entry, there = desk.entry("SO-1003"), desk.bc_order("SO-1003")
    coupled = couplings.by_sales_ids(desk.ctx.db, desk.ctx.company.id, "SALESORDER-ORDER", [entry.sales_id])
    lines = journal.lines_of(desk.ctx.db, [entry.id])[entry.id]

    assert (entry.state, entry.release_state, entry.bc_status) == ("ack_done", "released", "Released")
    assert (entry.bc_order_number, entry.lease_owner, entry.attempts) == (there["number"], None, 0)
    assert coupled[entry.sales_id].bc_id == entry.bc_order_id
    assert [line.line_number for line in lines] == [10000, 20000, 30000, 40000]
    assert all(line.sales_line_id and line.bc_line_id for line in lines)


def test_a_burst_costs_a_handful_of_requests(desk: Desk):
    """One list, one guard, one creation, one acknowledgement; what the run needs to know, once."""
    desk.pick_up()

    asked = Counter(
        (entry["system"], entry["method"], entry["path"].rsplit("/", 1)[-1])
        for entry in desk.sandbox.requests()
        if entry["system"] != "sign-in"
    )
    assert asked == {
        ("sales", "GET", "bcbi_companies"): 1,
        ("sales", "GET", "salesorders"): 1,
        ("sales", "POST", "$batch"): 1,
        ("business-central", "POST", "SalesBridge_GetBridgeSetup"): 1,
        ("business-central", "GET", "currencies"): 1,
        ("business-central", "GET", "countriesRegions"): 1,
        ("business-central", "POST", "$batch"): 1,
        ("business-central", "POST", "SalesBridge_CreateSalesOrders"): 1,
    }


def test_nothing_to_do_costs_one_read_and_writes_nothing(desk: Desk):
    for number in ("SO-1004", "SO-1005"):
        desk.reopen_in_sales(number)
    desk.pick_up()
    desk.sandbox.forget_requests()

    outcome = desk.pick_up()

    assert not any(outcome.counts.values())
    assert [entry["method"] for entry in desk.sandbox.requests()] == ["GET"]


def test_s05_an_order_of_another_company_is_left_alone(desk: Desk):
    other = desk.ctx.sales.create(
        "bcbi_companies", {"bcbi_name": "Another", "bcbi_externalid": "0" * 36}, purpose="test"
    )
    theirs = {"bcbi_CompanyId@odata.bind": f"/bcbi_companies({other})"}
    desk.write_in_sales("SO-1001", {"statecode": 0, "statuscode": 2}, theirs, {"statecode": 1, "statuscode": 3})

    outcome = desk.pick_up()

    assert outcome.counts["seen"] == 5
    assert "SO-1001" not in desk.bc_orders()
    assert "SO-1001" not in desk.codes()
    assert not desk.sandbox.sales.order("SO-1001")["lastbackofficesubmit"]


def test_a_blocked_customer_is_told_once_and_heals_when_unblocked(desk: Desk):
    desk.pick_up()
    desk.wait(seconds=31)
    desk.pick_up()
    [failure] = [failure for failure in desk.failures() if failure.code == "E-ORD-06"]
    assert failure.count == 2
    assert failure.text == (
        "Sales order SO-1005: customer 10180 is blocked: You cannot Create this type of document when Customer 10180 is"
        " blocked with type All."
    )

    desk.sandbox.bc.set_customer("10180", blocked="")
    assert desk.pick_up().counts["created"] == 0, "it waits for its next try"
    desk.wait(minutes=2)
    assert desk.pick_up().counts["created"] == 1

    assert desk.is_acknowledged("SO-1005")
    assert desk.codes() == {"SO-1004": ["E-ORD-09"]}


def test_tries_are_further_and_further_apart_but_never_end(desk: Desk):
    pauses = []
    for _ in range(9):
        desk.pick_up()
        entry = desk.entry("SO-1004")
        assert entry.next_attempt_at is not None
        pauses.append(round((entry.next_attempt_at - desk.ctx.clock()).total_seconds()))
        desk.wait(hours=1.1)

    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_a_refused_release_does_not_hold_up_the_acknowledgement(desk: Desk):
    """Business Central has the order, so Sales is told; the release is a failure of its own, tried again."""
    desk.sandbox.bc.set_item("TENT-LEI-2", locationMandatory=True)
    desk.pick_up()

    assert desk.is_acknowledged("SO-1001")
    assert desk.bc_order("SO-1001")["status"] == "Open"
    assert desk.codes()["SO-1001"] == ["E-REL-02"]

    desk.sandbox.bc.set_item("TENT-LEI-2", locationMandatory=False)
    desk.wait(seconds=31)
    assert desk.pick_up().counts["released"] == 1

    assert desk.bc_order("SO-1001")["status"] == "Released"
    assert "SO-1001" not in desk.codes()
    assert desk.entry("SO-1001").release_state == "released"


def test_waiting_for_an_approval_is_no_failure(desk: Desk):
    desk.sandbox.bc.set_customer("10100", approvalNeeded=True)
    desk.pick_up()
    assert desk.is_acknowledged("SO-1001")
    assert (desk.entry("SO-1001").release_state, desk.entry("SO-1001").bc_status) == ("pending", "Pending Approval")
    assert "SO-1001" not in desk.codes()

    desk.wait(minutes=1)
    desk.pick_up()
    assert (desk.entry("SO-1001").release_state, desk.entry("SO-1001").bc_status) == ("pending", "Pending Approval")
    assert "SO-1001" not in desk.codes(), "looked at again, it still waits"

    desk.sandbox.bc.call("POST", "approve", {"order": desk.bc_order("SO-1001")["number"]})
    desk.wait(minutes=2)
    desk.pick_up()

    assert desk.entry("SO-1001").release_state == "released"


def test_waiting_for_a_prepayment_is_not_taken_for_released(desk: Desk):
    desk.sandbox.bc.set_customer("10100", prepaymentNeeded=True)
    for _ in range(2):
        desk.pick_up()
        assert desk.is_acknowledged("SO-1001")
        assert (desk.entry("SO-1001").release_state, desk.entry("SO-1001").bc_status) == (
            "pending",
            "Pending Prepayment",
        )
        assert "SO-1001" not in desk.codes()
        desk.wait(minutes=2)


def test_without_the_companion_an_order_in_review_is_pending(desk: Desk):
    """API v2.0 has a word of its own for waiting, and writes it with the space escaped."""
    desk.sandbox.bc.call("POST", "set-company", {"approval_needed": True})
    desk.pick_up()
    desk.sandbox.bc.install_companion(False)
    desk.wait(minutes=1)
    desk.pick_up()

    assert (desk.entry("SO-1001").release_state, desk.entry("SO-1001").bc_status) == ("pending", "Pending Approval")
    assert "SO-1001" not in desk.codes()


def test_an_invoice_discount_that_release_replaced_is_told(desk: Desk):
    """Calc. Inv. Discount makes Business Central take the customer's terms instead of what the seller gave."""
    desk.sandbox.bc.call("POST", "set-company", {"calc_invoice_discount": True})
    desk.pick_up()

    assert desk.is_acknowledged("SO-1003")
    number = desk.bc_order("SO-1003")["number"]
    [told] = [failure.text for failure in desk.failures() if failure.record == "Sales order SO-1003"]
    assert told == (
        f"Sales order SO-1003: Business Central order {number} differs from what was ordered:"
        " the invoice discount is 0, ordered 500.00 (Business Central worked the invoice discount out anew)."
    )

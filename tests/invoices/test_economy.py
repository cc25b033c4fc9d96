"""What invoices cost in requests, and what is left when Sales refuses one in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bridge.records import Side
from bridge.status.invoices.run import sync_invoices
from tests.invoices.conftest import Office
from tests.orders.seller import product


def cost(office: Office, work: Callable[[], object]) -> dict[Side, int]:
    calls = office.desk.bridge.calls
    before = {side: calls.totals(side).requests for side in Side}
    work()
    return {side: calls.totals(side).requests - before[side] for side in Side}


def run(office: Office) -> None:
    sync_invoices(office.desk.ctx)


def test_nothing_to_do_is_two_reads(office: Office):
    office.invoiced("IDLE")
    run(office)
    assert cost(office, lambda: run(office)) == {Side.BUSINESS_CENTRAL: 2, Side.SALES: 0}


def test_twenty_invoices_of_five_lines_cost_what_one_of_one_line_costs(office: Office):
    """Two tails, the invoices, the words of shipment methods, and what else the customer has paid; in Sales a batch of
    reads and one of writes. Payments are two tails, two reads and one batch."""
    lines = [product(number) for number in ("GAS-230", "GLOVE-WOOL", "MAT-FOAM", "PACK-RAIN", "FLASK-1L")]
    spent = {}
    for many in (1, 20):
        numbers = [f"BURST-{many}-{position}" for position in range(many)]
        for number in numbers:
            office.seller.sell(number, *(lines if many > 1 else lines[:1]))
        office.desk.pick_up()
        posted = [office.post(number) for number in numbers]
        spent[many] = cost(office, lambda: run(office))
        assert all(len(office.in_sales(number)) == 1 for number in posted)
        for number in posted:
            office.pay(number)
        assert cost(office, lambda: run(office)) == {Side.BUSINESS_CENTRAL: 3, Side.SALES: 1}
        assert {office.state(number) for number in posted} == {(2, 100001)}
    assert spent[1] == spent[20] == {Side.BUSINESS_CENTRAL: 5, Side.SALES: 2}


@pytest.fixture
def payments_are_silent(office: Office) -> Iterator[None]:
    """A payment leaves the invoice as it is: only the customer ledger tells of it."""
    office.sandbox.bc.call("POST", "set-company", {"payments_touch_invoices": False})
    yield
    office.sandbox.bc.call("POST", "set-company", {"payments_touch_invoices": True})


@pytest.mark.usefixtures("payments_are_silent")
def test_a_payment_that_leaves_no_trace_on_the_invoice_is_found_in_the_ledger(office: Office):
    paid = office.invoiced("SILENT-1")
    office.sandbox.move_clock(3600)  # behind the overlap of the tail
    other = office.invoiced("SILENT-2")
    run(office)
    office.pay(paid)
    assert cost(office, lambda: run(office)) == {Side.BUSINESS_CENTRAL: 4, Side.SALES: 1}
    assert (office.state(paid), office.state(other)) == ((2, 100001), (0, 4))

    office.sandbox.bc.call("POST", "unapply", {"invoice": paid})
    run(office)
    assert office.state(paid) == (0, 4)


@pytest.mark.usefixtures("payments_are_silent")
def test_without_the_companion_open_invoices_are_looked_at_twice_an_hour(office: Office):
    number = office.invoiced("SILENT-3")
    office.sandbox.move_clock(3600)
    office.invoiced("SILENT-4")
    run(office)
    office.pay(number)
    office.sandbox.bc.install_companion(False)
    try:
        run(office)
        office.desk.wait(minutes=31)
        run(office)
    finally:
        office.sandbox.bc.install_companion(True)
    assert office.state(number) == (2, 100001)


def test_s_121_a_refused_line_leaves_nothing_of_the_invoice(office: Office):
    number = office.invoiced("S121", product("GAS-230"), product("GLOVE-WOOL"), product("STOVE-MULTI"))
    path = office.seller.product_path("STOVE-MULTI")
    office.seller.change(path, statecode=1, statuscode=2)

    run(office)

    assert office.in_sales(number) == []
    [problem] = office.listed(number)
    assert problem.code == "E-INV-08"
    assert "active products" in problem.text
    assert problem.next_attempt_at is not None

    office.seller.change(path, statecode=0, statuscode=1)
    office.desk.wait(hours=1)
    run(office)
    assert office.state(number) == (0, 4)
    assert office.listed(number) == []


def test_a_lost_reply_makes_no_second_invoice(office: Office):
    number = office.invoiced("LOSTINV", product("GAS-230"))
    office.sandbox.faults({"system": "sales", "method": "POST", "path": "batch", "kind": "cut", "skip": 1, "times": 1})
    run(office)
    office.sandbox.clear_faults()
    run(office)

    assert office.state(number) == (0, 4)
    assert len(office.one_in_sales(number)["lines"]) == 1
    assert office.listed(number) == []

"""Notes on orders go both ways, each once: scenarios by their numbers."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.records import Side
from bridge.status.notes.run import sync_notes
from bridge.store import notes
from tests.invoices.conftest import Office, office
from tests.orders.seller import product

__all__ = ["office"]


class Pinboard:
    """Orders with notes on both sides."""

    def __init__(self, office: Office) -> None:
        self.office, self.desk, self.seller = office, office.desk, office.seller

    def order(self, number: str, *texts: tuple[str, str]) -> str:
        """An order with these notes, picked up; its id in Sales."""
        order_id = self.seller.write(number, product("GAS-230"))
        for subject, text in texts:
            self.write(order_id, subject, text)
        self.seller.submit(number)
        self.desk.pick_up()
        return order_id

    def write(self, order_id: str, subject: str, text: str, **more: Any) -> str:
        bind = {"objectid_salesorder@odata.bind": f"/salesorders({order_id})"}
        return self.seller.create("annotations", subject=subject, notetext=text, **bind, **more)

    def write_in_bc(self, number: str, subject: str, body: str) -> None:
        order = self.desk.entry(number).bc_order_number
        self.office.sandbox.bc.call("POST", "add-note", {"order": order, "subject": subject, "body": body})

    def sync(self) -> dict[str, int]:
        outcome = sync_notes(self.desk.ctx)
        assert outcome.failed == 0
        return dict(outcome.counts)

    def in_bc(self, number: str) -> list[tuple[str, str]]:
        [order] = self.office.sandbox.bc.call("GET", "orders", reference=number)
        return sorted((note["subject"], note["body"]) for note in order["notes"])

    def in_sales(self, order_id: str) -> list[tuple[str, str]]:
        rows = self.seller.admin.rows(f"annotations?$filter=_objectid_value eq {order_id}")
        return sorted((row["subject"], row["notetext"]) for row in rows)

    def coupled(self, number: str) -> int:
        rows = notes.of_orders(self.desk.ctx.db, [self.desk.entry(number).id])
        return sum(bool(row.bc_id) and not row.waiting and not row.body for row in rows)


@pytest.fixture(scope="module")
def board(office: Office) -> Pinboard:
    return Pinboard(office)


def test_s_75_and_76_notes_of_a_new_order_are_there_plain_and_coupled(board: Pinboard):
    order_id = board.seller.write("S75", product("GAS-230"))
    board.write(order_id, "Gate", "Use the north gate")
    board.write(order_id, "Cables", "<p>Bring two</p><p>A &amp; B</p>")
    board.write(order_id, "Drawing", "See file", filename="a.txt", documentbody="aGVsbG8=", mimetype="text/plain")
    board.seller.submit("S75")
    board.desk.pick_up()

    board.sync()
    board.sync()

    assert board.in_bc("S75") == [("Cables", "Bring two\nA & B"), ("Gate", "Use the north gate")]
    assert board.coupled("S75") == 2


def test_s_77_a_later_note_goes_over_once(board: Pinboard):
    order_id = board.order("S77")
    board.sync()
    board.write(order_id, "Late", "Ring the bell")

    assert board.sync()["to_business_central"] == 1
    assert board.sync() == {}
    assert board.in_bc("S77") == [("Late", "Ring the bell")]
    assert board.coupled("S77") == 1


def test_s_78_a_changed_note_is_changed_there(board: Pinboard):
    order_id = board.order("S78", ("Gate", "North"))
    board.sync()
    [row] = board.seller.admin.rows(f"annotations?$filter=_objectid_value eq {order_id}")
    board.seller.change(f"annotations({row['annotationid']})", notetext="South")

    board.sync()
    board.sync()

    assert board.in_bc("S78") == [("Gate", "South")]
    board.seller.change(f"annotations({row['annotationid']})", notetext="<p>South</p>")
    assert board.sync() == {}, "the same text in another dress is no change"


def test_s_79_a_note_of_business_central_goes_over_and_does_not_come_back(board: Pinboard):
    order_id = board.order("S79")
    board.write_in_bc("S79", "From the warehouse", "One box is wet")

    assert board.sync()["to_sales"] == 1
    assert board.sync() == {}
    assert board.in_sales(order_id) == [("From the warehouse", "One box is wet")]
    assert board.in_bc("S79") == [("From the warehouse", "One box is wet")]
    assert board.coupled("S79") == 1

    [row] = board.seller.admin.rows(f"annotations?$filter=_objectid_value eq {order_id}")
    board.seller.change(f"annotations({row['annotationid']})", notetext="Two boxes are wet")
    board.sync()
    assert board.in_bc("S79") == [("From the warehouse", "Two boxes are wet")]


def test_s_80_notes_on_orders_and_quotes_that_are_not_ours_stay_where_they_are(board: Pinboard):
    board.order("S80")
    board.sync()
    company = f"api/v2.0/companies({board.desk.ctx.company.id})"
    for entity_set in ("salesOrders", "salesQuotes"):
        made = board.office.bc.call("POST", f"{company}/{entity_set}", {"customerNumber": "10100"}).answer
        board.office.sandbox.bc.call("POST", "add-note", {"order": made["number"], "subject": "x", "body": "y"})
    before = len(board.seller.admin.rows("annotations?$filter=isdocument eq false"))

    assert board.sync() == {}
    assert len(board.seller.admin.rows("annotations?$filter=isdocument eq false")) == before


def test_lost_replies_make_no_second_note(board: Pinboard):
    order_id = board.order("LOSTNOTE")
    board.sync()
    board.write(order_id, "To there", "a")
    board.write_in_bc("LOSTNOTE", "To here", "b")
    board.office.sandbox.faults(
        {"system": "business-central", "path": "WriteOrderNotes", "kind": "after", "times": 1},
        {"system": "sales", "method": "POST", "path": "batch", "kind": "after", "times": 1},
    )
    board.sync()
    board.office.sandbox.clear_faults()
    board.sync()

    both = [("To here", "b"), ("To there", "a")]
    assert board.in_bc("LOSTNOTE") == both
    assert board.in_sales(order_id) == both


def test_nothing_to_do_is_one_read_on_each_side(board: Pinboard):
    board.order("IDLENOTE", ("a", "b"))
    board.sync()
    assert cost(board) == {Side.BUSINESS_CENTRAL: 1, Side.SALES: 1}


def test_twenty_notes_cost_what_one_costs(board: Pinboard):
    order_id = board.order("BURSTNOTE")
    board.sync()
    burst = {}
    for many in (1, 20):
        for number in range(many):
            board.write(order_id, f"{many} {number}", "there")
            board.write_in_bc("BURSTNOTE", f"{many} {number}", "here")
        burst[many] = cost(board)
    assert burst[1] == burst[20] == {Side.BUSINESS_CENTRAL: 2, Side.SALES: 2}
    assert len(board.in_bc("BURSTNOTE")) == len(board.in_sales(order_id)) == 42


def test_a_note_too_long_for_sales_is_listed(board: Pinboard):
    order_id = board.order("LONGNOTE")
    board.sync()
    board.write_in_bc("LONGNOTE", "Long", "x" * 100_001)

    outcome = sync_notes(board.desk.ctx)

    assert outcome.failed == 1
    [problem] = [one for one in board.desk.failures() if one.subject == "note"]
    assert (problem.code, problem.record) == ("E-NOTE-01", "Sales order LONGNOTE")
    assert "100001 characters" in problem.text
    assert board.in_sales(order_id) == []


def test_without_the_companion_the_job_rests(board: Pinboard):
    board.office.sandbox.bc.install_companion(False)
    try:
        outcome = sync_notes(board.desk.ctx)
    finally:
        board.office.sandbox.bc.install_companion(True)
    assert (outcome.failed, outcome.notes) == (0, ("Notes go both ways with the companion only.",))


def cost(board: Pinboard) -> dict[Side, int]:
    calls = board.desk.bridge.calls
    before = {side: calls.totals(side).requests for side in Side}
    sync_notes(board.desk.ctx)
    return {side: calls.totals(side).requests - before[side] for side in Side}


def test_two_that_find_the_same_note_at_once_make_one(board: Pinboard):
    """A command beside the worker: both have looked before either has written."""
    order_id = board.order("TWICE")
    board.sync()
    board.write_in_bc("TWICE", "From the warehouse", "Once")
    ctx, entry = board.desk.ctx, board.desk.entry("TWICE")
    board.sync()
    notes.forget(ctx.db, [row.id for row in notes.of_orders(ctx.db, [entry.id])])  # the other one knows nothing of it

    board.sync()

    assert board.in_sales(order_id) == [("From the warehouse", "Once")]
    assert board.in_bc("TWICE") == [("From the warehouse", "Once")]

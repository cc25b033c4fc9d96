"""Whatever breaks, and wherever: the next pick-up finishes the same order, and never makes a second one."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from bridge.clients.errors import RemoteError
from bridge.orders import acknowledge, chunk, create, translate, working
from bridge.orders.errors import OrdersProcessedElsewhere
from bridge.orders.run import process
from bridge.store import couplings, failures, journal
from tests.orders.conftest import Desk
from tests.orders.test_journey_orders import READY


class Killed(BaseException):
    """The process ends here."""


def _die(*_: object, **__: object) -> None:
    raise Killed


@pytest.mark.parametrize(
    ("module", "name", "left"),
    [
        (chunk, "create", "seen"),
        (create, "save_created", "bc_creating"),
        (couplings, "couple_many", "bc_creating"),
        (chunk, "acknowledge", "bc_created"),
        (acknowledge, "_save", "ack_started"),
    ],
)
def test_a_run_that_dies_is_finished_by_the_next(desk: Desk, monkeypatch, module, name, left):
    with monkeypatch.context() as patch:
        patch.setattr(module, name, _die)
        with pytest.raises(Killed):
            desk.pick_up()
    assert desk.entry("SO-1001").state == left

    desk.pick_up()

    assert desk.bc_orders() == READY
    assert all(desk.is_acknowledged(number) for number in READY)
    assert {desk.entry(number).state for number in READY} == {"ack_done"}
    assert sorted(desk.codes()) == ["SO-1004", "SO-1005"]
    assert couplings.count_by_mapping(desk.ctx.db, desk.ctx.company.id)["SALESORDER-ORDER"] == 4


def test_a_lost_reply_to_the_creation_is_adopted_by_the_next_run(desk: Desk):
    """Not one of the answers arrives, so nobody knows; the orders are there all the same."""
    desk.sandbox.faults({"system": "business-central", "path": "CreateSalesOrders", "kind": "after"})
    outcome = desk.pick_up()
    assert desk.codes()["SO-1001"] == ["E-NET-02"]
    assert desk.entry("SO-1001").state == "bc_creating"
    assert outcome.counts["created"] == 0

    desk.sandbox.clear_faults()
    desk.wait(seconds=31)
    outcome = desk.pick_up()

    assert (outcome.counts["created"], outcome.counts["adopted"]) == (0, 4)
    assert desk.bc_orders() == READY
    assert sorted(desk.codes()) == ["SO-1004", "SO-1005"]


def test_a_lost_reply_to_the_acknowledgement_is_found_by_reading(desk: Desk):
    desk.sandbox.faults({"system": "sales", "method": "POST", "path": r"\$batch", "kind": "after", "times": 1})

    outcome = desk.pick_up()

    assert outcome.counts["acknowledged"] == 4
    assert all(desk.is_acknowledged(number) for number in READY)
    batches = [entry for entry in desk.sandbox.requests() if entry["system"] == "sales" and entry["method"] == "POST"]
    assert len(batches) == 1, "what is stamped is not stamped again"


def test_when_sales_cannot_record_it_the_order_stays_and_only_that_step_is_repeated(desk: Desk):
    desk.sandbox.faults({"system": "sales", "method": "POST", "path": r"\$batch", "kind": "500"})
    desk.pick_up()
    assert desk.bc_orders() == READY
    assert desk.codes()["SO-1001"] == ["E-ORD-23"]

    desk.sandbox.clear_faults()
    desk.wait(seconds=31)
    outcome = desk.pick_up()

    assert (outcome.counts["created"], outcome.counts["adopted"], outcome.counts["acknowledged"]) == (0, 0, 4)
    assert sorted(desk.codes()) == ["SO-1004", "SO-1005"]


def test_when_sales_is_away_nothing_is_begun(desk: Desk):
    desk.sandbox.faults({"system": "sales", "kind": "503"})

    with pytest.raises(RemoteError):
        desk.pick_up()

    assert not any(journal.counts(desk.ctx.db, desk.ctx.company.id, desk.ctx.clock()).values())
    assert desk.bc_orders() == []


def test_when_business_central_is_away_orders_wait_in_the_journal(desk: Desk):
    desk.sandbox.faults({"system": "business-central", "kind": "503"})
    outcome = desk.pick_up()
    assert (outcome.failed, outcome.counts["waiting"]) == (6, 6)
    assert set(desk.codes()["SO-1001"]) == {"E-NET-01"}

    desk.sandbox.clear_faults()
    desk.wait(seconds=31)

    assert desk.pick_up().counts["created"] == 4
    assert sorted(desk.codes()) == ["SO-1004", "SO-1005"]


def test_s18_two_at_once_make_each_order_once(desk: Desk, new_desk: Callable[[], Desk]):
    """Two installations that know nothing of each other: the worst two processes can do."""
    other = new_desk()
    ready = threading.Barrier(2)
    raised: list[BaseException] = []

    def run(one: Desk) -> None:
        ready.wait(10)
        try:
            one.pick_up()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in (desk, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert raised == []
    assert desk.bc_orders() == READY
    assert all(desk.is_acknowledged(number) for number in READY)
    for one in (desk, other):
        assert not {"SO-1001", "SO-1002", "SO-1003", "SO-1006"} & one.codes().keys()


def test_an_order_somebody_else_created_is_adopted(desk: Desk, new_desk: Callable[[], Desk]):
    new_desk().pick_up()
    desk.take_stamp_away("SO-1001")

    outcome = desk.pick_up()

    assert (outcome.counts["created"], outcome.counts["adopted"]) == (0, 1)
    assert desk.is_acknowledged("SO-1001")
    assert desk.entry("SO-1001").bc_order_number == desk.bc_order("SO-1001")["number"]


def test_what_is_posted_already_is_not_created_again(desk: Desk, new_desk: Callable[[], Desk]):
    new_desk().pick_up()
    desk.sandbox.bc.ship_and_invoice(desk.bc_order("SO-1006")["number"])
    desk.take_stamp_away("SO-1006")

    outcome = desk.pick_up()

    assert outcome.counts["created"] + outcome.counts["adopted"] == 0
    assert desk.codes()["SO-1006"] == ["E-ORD-15"]
    assert "SO-1006" not in desk.bc_orders()


def test_a_stamp_that_got_lost_is_put_back(desk: Desk):
    desk.pick_up()
    desk.take_stamp_away("SO-1001")

    outcome = desk.pick_up()

    assert outcome.counts["acknowledged"] == 1
    assert desk.is_acknowledged("SO-1001")
    assert desk.bc_orders() == READY


def test_a_deleted_order_is_created_again_only_when_somebody_decides_so(desk: Desk):
    desk.pick_up()
    desk.sandbox.bc.call("POST", "reopen", {"order": desk.bc_order("SO-1001")["number"]})
    desk.sandbox.bc.call("POST", "delete-order", {"order": desk.bc_order("SO-1001")["number"]})
    desk.take_stamp_away("SO-1001")
    desk.pick_up()
    assert desk.codes()["SO-1001"] == ["E-ORD-16"]
    assert "SO-1001" not in desk.bc_orders()

    couplings.uncouple(desk.ctx.db, desk.ctx.company.id, "SALESORDER-ORDER", desk.entry("SO-1001").sales_id)
    process(desk.ctx, only=[desk.entry("SO-1001").sales_id])

    assert desk.is_acknowledged("SO-1001")
    assert desk.bc_orders() == READY
    assert "SO-1001" not in desk.codes()


def test_an_order_that_is_taken_back_before_anything_was_created_is_closed(desk: Desk):
    desk.pick_up()  # SO-1005 is refused: its customer is blocked
    desk.reopen_in_sales("SO-1005")
    entry = desk.entry("SO-1005")

    process(desk.ctx, only=[entry.sales_id])

    assert "SO-1005" not in desk.codes()
    assert (desk.entry("SO-1005").state, desk.entry("SO-1005").end_reason) == ("ack_done", "not-submitted")
    history = failures.history_of(desk.ctx.db, [entry.sales_id])
    assert {failure.code for failure in history} == {"E-ORD-06", "E-ORD-00"}
    assert all(failure.resolved_at for failure in history)


def test_an_order_submitted_again_after_that_goes_on_as_if_new(desk: Desk):
    desk.pick_up()
    desk.reopen_in_sales("SO-1005")
    process(desk.ctx, only=[desk.entry("SO-1005").sales_id])
    desk.sandbox.bc.set_customer("10180", blocked="")
    desk.sandbox.sales.submit("SO-1005")

    desk.pick_up()

    entry = desk.entry("SO-1005")
    assert desk.is_acknowledged("SO-1005")
    assert (entry.state, entry.ended_at, entry.end_reason) == ("ack_done", None, "")
    assert entry.id in {followed.id for followed in journal.followed(desk.ctx.db, desk.ctx.company.id)}


def test_an_order_opened_while_it_was_created_is_kept_and_reported(desk: Desk, monkeypatch):
    """The seller was quicker than the acknowledgement: what Business Central has stays, and a person decides."""
    companion = type(desk.ctx.bc)
    make = companion.create_sales_orders

    def while_it_is_created(self, requests):
        made = make(self, requests)
        desk.reopen_in_sales("SO-1001")
        return made

    with monkeypatch.context() as patch:
        patch.setattr(companion, "create_sales_orders", while_it_is_created)
        desk.pick_up()
    assert "SO-1001" in desk.bc_orders()
    assert desk.codes()["SO-1001"] == ["E-ORD-00"]
    assert desk.sandbox.sales.order("SO-1001")["statecode"] == 0

    desk.wait(minutes=1)
    desk.pick_up()
    assert desk.sandbox.sales.order("SO-1001")["statecode"] == 0, "a seller's decision is not overruled"

    desk.sandbox.sales.submit("SO-1001")
    desk.wait(minutes=3)
    desk.pick_up()
    assert desk.is_acknowledged("SO-1001")
    assert desk.bc_orders() == READY
    assert "SO-1001" not in desk.codes()


def test_s84_an_acknowledgement_cut_in_half_is_finished(desk: Desk, monkeypatch):
    """The journal says we had begun, the order is Active: that is our own trace."""
    with monkeypatch.context() as patch:
        patch.setattr(acknowledge, "_write", _die)
        with pytest.raises(Killed):
            desk.pick_up()
    assert desk.entry("SO-1001").state == "ack_started"
    desk.write_in_sales("SO-1001", {"statecode": 0, "statuscode": 2})

    desk.pick_up()

    assert desk.is_acknowledged("SO-1001")


def test_one_odd_order_does_not_hold_up_the_others(desk: Desk, monkeypatch):
    def stumble(row, lookups, document):
        if row["ordernumber"] == "SO-1002":
            raise ValueError("a quantity nobody can read")
        return translate.translate(row, lookups, document)

    monkeypatch.setattr(working, "translate", stumble)
    desk.pick_up()

    assert desk.codes()["SO-1002"] == ["E-ORD-29"]
    assert desk.bc_orders() == ["SO-1001", "SO-1003", "SO-1006"]


def test_an_order_deleted_in_sales_is_not_waited_for(desk: Desk):
    desk.pick_up()
    desk.reopen_in_sales("SO-1005")
    entry = desk.entry("SO-1005")
    desk.ctx.sales.delete("salesorders", entry.sales_id, purpose="test")

    process(desk.ctx, only=[entry.sales_id])

    assert desk.entry("SO-1005").end_reason == "deleted-in-sales"
    assert "SO-1005" not in desk.codes()


def test_s10_bidirectional_mode_keeps_the_bridge_away(desk: Desk):
    desk.sandbox.bc.call("POST", "set-company", {"bidirectional_orders": True})

    with pytest.raises(OrdersProcessedElsewhere):
        desk.pick_up()

    assert desk.bc_orders() == []
    assert not any(desk.is_acknowledged(number) for number in READY)

"""Scenarios S-81 to S-85: telling Sales that Business Central has the order, whatever happens in between."""

from __future__ import annotations

import pytest

from bridge.orders import acknowledge
from tests.orders.conftest import Desk
from tests.orders.seller import Seller, product

TENT = product("TENT-LEI-2")


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def quiet(desk: Desk) -> Desk:
    """Without the seed's own submitted orders."""
    for order in desk.sandbox.sales.orders():
        if order["statecode"] == 1:
            desk.reopen_in_sales(order["ordernumber"])
    return desk


def test_s81_two_updates_in_one_change_set_stamp_the_order(quiet: Desk, seller: Seller, monkeypatch):
    order_id = seller.sell("S-81", TENT)
    sales, sent = quiet.ctx.sales, []
    send = sales.batch

    def batch(parts, *, purpose):
        sent.extend(parts)
        return send(parts, purpose=purpose)

    monkeypatch.setattr(sales, "batch", batch)
    quiet.sandbox.forget_requests()
    quiet.pick_up()

    [change_set] = sent
    assert [(write.method, write.path) for write in change_set.writes] == [("PATCH", f"salesorders({order_id})")] * 2
    first, second = (write.body for write in change_set.writes)
    assert first == {"statecode": 0, "statuscode": 2}
    assert (second["statecode"], second["statuscode"]) == (1, 3)
    assert second["lastbackofficesubmit"][:10] == quiet.ctx.clock().date().isoformat()
    written = [each for each in quiet.sandbox.requests() if each["system"] == "sales" and each["method"] != "GET"]
    assert len(written) == 1
    assert quiet.is_acknowledged("S-81")


def test_s82_where_submitted_rows_take_no_columns_none_is_refused(quiet: Desk, seller: Seller):
    """Without the rights of an integration user columns can be written to an open order only."""
    me = quiet.ctx.sales.who_am_i().user_id
    seller.sell("S-82", TENT)
    seller.change(f"systemusers({me})", isintegrationuser=False)
    quiet.sandbox.forget_requests()

    quiet.pick_up()

    assert quiet.is_acknowledged("S-82")
    assert "S-82" not in quiet.codes()
    assert not [each for each in quiet.sandbox.requests() if each["status"] >= 400]


def test_s84_killed_before_or_after_the_change_set_the_next_run_ends_with_one_order(
    quiet: Desk, seller: Seller, monkeypatch
):
    """There is no "between the two updates" for us, since they are one transaction; these are the two ends of it."""
    for number, name in (("S-84 before", "_write"), ("S-84 after", "_save")):
        seller.sell(number, TENT)
        with monkeypatch.context() as patch:

            def die(*_: object, **__: object) -> None:
                raise Killed

            patch.setattr(acknowledge, name, die)
            with pytest.raises(Killed):
                quiet.pick_up()
        assert quiet.entry(number).state == "ack_started"

        quiet.pick_up()

        assert quiet.entry(number).state == "ack_done"
        assert quiet.bc_orders().count(number) == 1
        assert quiet.is_acknowledged(number)


def test_s85_when_sales_refuses_the_order_stays_and_the_next_run_only_acknowledges(quiet: Desk, seller: Seller):
    seller.sell("S-85", TENT)
    quiet.sandbox.faults({"system": "sales", "method": "POST", "path": r"\$batch", "kind": "503"})
    quiet.pick_up()
    assert quiet.codes()["S-85"] == ["E-ORD-23"]
    number = quiet.bc_order("S-85")["number"]
    assert not quiet.sandbox.sales.order("S-85")["lastbackofficesubmit"]

    quiet.sandbox.clear_faults()
    quiet.wait(minutes=3)
    quiet.sandbox.forget_requests()
    outcome = quiet.pick_up()

    assert (outcome.counts["created"], outcome.counts["adopted"], outcome.counts["acknowledged"]) == (0, 0, 1)
    assert quiet.bc_order("S-85")["number"] == number
    assert quiet.is_acknowledged("S-85")
    assert not [each for each in quiet.sandbox.requests() if "CreateSalesOrder" in each["path"]]
    assert "S-85" not in quiet.codes()

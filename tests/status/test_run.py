"""What happens to an order in Business Central comes back to Sales, each thing once."""

from __future__ import annotations

from typing import Any

import pytest

from bridge import overview
from bridge.clients.errors import RemoteError
from bridge.clients.sales import Write
from bridge.coupling.service import ALL, match
from bridge.orders.run import pick_up
from bridge.records import Side, new_id
from bridge.status.run import push_status
from bridge.store import couplings, failures, journal
from bridge.store.models import JournalEntry, OrderEvent
from tests.availability.surroundings import Surroundings
from tests.processes import SandboxProcess

ORDER, OTHER = "SO-1001", "SO-1003"
ACTIVE, SUBMITTED, INVOICED = (0, 2), (1, 3), (4, 100003)


@pytest.fixture
def picked_up(here: Surroundings) -> Surroundings:
    """Four orders of the demo company are in Business Central, released and acknowledged; nothing is told yet."""
    match(here.ctx, ALL)
    pick_up(here.ctx)
    assert len(journal.followed(here.ctx.db, here.ctx.company.id)) == 4
    return here


def entry(here: Surroundings, number: str) -> JournalEntry:
    return journal.find(here.ctx.db, number)[0]


def bc_number(here: Surroundings, number: str) -> str:
    return str(entry(here, number).bc_order_number)


def sales_order(here: Surroundings, number: str) -> dict[str, Any]:
    columns = ("statecode", "statuscode", "lastbackofficesubmit", "_bcbi_companyid_value")
    return here.ctx.sales.row("salesorders", entry(here, number).sales_id, purpose="test", select=columns)


def state(here: Surroundings, number: str) -> tuple[int, int]:
    row = sales_order(here, number)
    return row["statecode"], row["statuscode"]


def posts(here: Surroundings, number: str) -> list[str]:
    """What the timeline of an order tells of, in its order."""
    rows = here.ctx.sales.rows(
        "posts",
        purpose="test",
        select=("text", "createdon"),
        filter=f"_regardingobjectid_value eq {entry(here, number).sales_id}",
    )
    words = ("released", "shipped", "invoiced")
    return [word for row in rows for word in words if word in row["text"]]


def cancel(here: Surroundings, sales_id: str) -> None:
    """Cancel an order as its seller does."""
    close = {"salesorderid@odata.bind": f"/salesorders({sales_id})", "subject": "Canceled"}
    write = Write("POST", "CancelSalesOrder", {"OrderClose": close, "Status": 4})
    [result] = here.ctx.sales.batch([write], purpose="test")
    assert result.ok, result.error


def listed(here: Surroundings) -> set[tuple[str, str]]:
    found = failures.open_failures(here.ctx.db, here.ctx.company.id)
    return {(one.record, one.code) for one in found if one.subject == "status"}


def test_a_release_is_told_once(picked_up: Surroundings):
    push_status(picked_up.ctx)
    push_status(picked_up.ctx)

    assert posts(picked_up, ORDER) == ["released"]
    assert state(picked_up, ORDER) == SUBMITTED


def test_a_shipment_is_told_and_the_order_stays_submitted(picked_up: Surroundings, sandbox: SandboxProcess):
    push_status(picked_up.ctx)
    sandbox.bc.ship(bc_number(picked_up, ORDER))

    push_status(picked_up.ctx)
    push_status(picked_up.ctx)

    assert sorted(posts(picked_up, ORDER)) == ["released", "shipped"]
    assert state(picked_up, ORDER) == SUBMITTED
    assert posts(picked_up, OTHER) == ["released"]


def test_a_completely_invoiced_order_is_invoiced_and_no_longer_followed(
    picked_up: Surroundings, sandbox: SandboxProcess
):
    push_status(picked_up.ctx)
    sandbox.bc.ship_and_invoice(bc_number(picked_up, ORDER))

    push_status(picked_up.ctx)
    push_status(picked_up.ctx)

    assert sorted(posts(picked_up, ORDER)) == ["invoiced", "released", "shipped"]
    assert state(picked_up, ORDER) == INVOICED
    assert entry(picked_up, ORDER).end_reason == "invoiced"
    sales_id = entry(picked_up, ORDER).sales_id
    assert couplings.by_sales_ids(picked_up.ctx.db, picked_up.ctx.company.id, "SALESORDER-ORDER", [sales_id]) == {}
    assert listed(picked_up) == set()


def test_all_that_happened_before_the_first_look_is_told(picked_up: Surroundings, sandbox: SandboxProcess):
    """Released, shipped, invoiced and deleted by posting within one interval."""
    sandbox.bc.ship(bc_number(picked_up, ORDER))
    sandbox.bc.invoice(bc_number(picked_up, ORDER))

    push_status(picked_up.ctx)

    assert sorted(posts(picked_up, ORDER)) == ["invoiced", "released", "shipped"]
    assert state(picked_up, ORDER) == INVOICED


def test_a_part_is_told_and_the_order_stays_submitted(picked_up: Surroundings, sandbox: SandboxProcess):
    push_status(picked_up.ctx)
    number = bc_number(picked_up, ORDER)
    sandbox.bc.call("POST", "ship", {"order": number, "lines": {"TENT-LEI-2": 1}})
    sandbox.bc.invoice(number)

    push_status(picked_up.ctx)

    assert sorted(posts(picked_up, ORDER)) == ["invoiced", "released", "shipped"]
    assert state(picked_up, ORDER) == SUBMITTED


def test_with_nothing_to_do_it_reads_three_times_and_writes_nothing(picked_up: Surroundings):
    push_status(picked_up.ctx)

    assert picked_up.cost(lambda: push_status(picked_up.ctx)) == {Side.BUSINESS_CENTRAL: 3, Side.SALES: 0}


def test_nothing_followed_costs_nothing(here: Surroundings):
    assert here.cost(lambda: push_status(here.ctx)) == {Side.BUSINESS_CENTRAL: 0, Side.SALES: 0}


def test_many_posts_go_out_in_one_batch(picked_up: Surroundings):
    assert picked_up.cost(lambda: push_status(picked_up.ctx))[Side.SALES] == 1
    assert all(posts(picked_up, number) == ["released"] for number in (ORDER, OTHER, "SO-1002", "SO-1006"))


def test_a_lost_reply_to_the_posts_does_not_post_twice(picked_up: Surroundings, sandbox: SandboxProcess):
    sandbox.faults({"system": "sales", "method": "POST", "path": "batch", "kind": "after", "times": 1})

    push_status(picked_up.ctx)
    sandbox.clear_faults()
    push_status(picked_up.ctx)

    assert posts(picked_up, ORDER) == ["released"]


def test_a_release_by_a_person_is_found_and_a_second_one_told_again(picked_up: Surroundings, sandbox: SandboxProcess):
    push_status(picked_up.ctx)
    number = bc_number(picked_up, ORDER)

    sandbox.bc.call("POST", "reopen", {"order": number})
    push_status(picked_up.ctx)
    assert entry(picked_up, ORDER).bc_status == "Open"
    sandbox.bc.call("POST", "release", {"order": number})
    push_status(picked_up.ctx)
    push_status(picked_up.ctx)

    assert posts(picked_up, ORDER) == ["released", "released"]
    assert entry(picked_up, ORDER).bc_status == "Released"


def test_an_order_released_at_last_is_no_longer_listed(here: Surroundings, sandbox: SandboxProcess):
    """The release was refused; somebody mends the order and releases it by hand."""
    sandbox.bc.set_customer("10100", approvalNeeded=True)
    match(here.ctx, ALL)
    pick_up(here.ctx)
    push_status(here.ctx)
    assert entry(here, ORDER).release_state == "pending"
    assert posts(here, ORDER) == []

    sandbox.bc.call("POST", "approve", {"order": bc_number(here, ORDER)})
    push_status(here.ctx)
    push_status(here.ctx)

    assert entry(here, ORDER).release_state == "released"
    assert posts(here, ORDER) == ["released"]


def test_a_deleted_order_goes_back_to_the_seller_after_a_second_look(picked_up: Surroundings, sandbox: SandboxProcess):
    push_status(picked_up.ctx)
    sandbox.bc.call("POST", "delete-order", {"order": bc_number(picked_up, ORDER)})

    push_status(picked_up.ctx)
    push_status(picked_up.ctx)
    assert state(picked_up, ORDER) == SUBMITTED, "one look is not enough, nor are two in the same minute"
    picked_up.later(seconds=picked_up.ctx.settings.push_status_seconds)
    push_status(picked_up.ctx)

    assert state(picked_up, ORDER) == ACTIVE
    row = sales_order(picked_up, ORDER)
    assert row["lastbackofficesubmit"] is None
    assert row["_bcbi_companyid_value"] is None
    assert entry(picked_up, ORDER).end_reason == "deleted-in-bc"
    assert listed(picked_up) == set()


def test_a_deleted_order_submitted_again_becomes_a_new_one(picked_up: Surroundings, sandbox: SandboxProcess):
    push_status(picked_up.ctx)
    old = bc_number(picked_up, ORDER)
    sandbox.bc.call("POST", "delete-order", {"order": old})
    push_status(picked_up.ctx)
    picked_up.later(seconds=picked_up.ctx.settings.push_status_seconds)
    push_status(picked_up.ctx)

    sandbox.sales.submit(ORDER)
    pick_up(picked_up.ctx)
    push_status(picked_up.ctx)

    assert bc_number(picked_up, ORDER) != old
    assert posts(picked_up, ORDER) == ["released", "released"]
    assert state(picked_up, ORDER) == SUBMITTED


def test_an_order_deleted_after_a_part_was_posted_is_listed_and_left_alone(
    picked_up: Surroundings, sandbox: SandboxProcess
):
    push_status(picked_up.ctx)
    number = bc_number(picked_up, ORDER)
    sandbox.bc.call("POST", "ship", {"order": number, "lines": {"TENT-LEI-2": 1}})
    sandbox.bc.invoice(number)
    sandbox.bc.call("POST", "delete-order", {"order": number})

    push_status(picked_up.ctx)
    picked_up.later(seconds=picked_up.ctx.settings.push_status_seconds)
    outcome = push_status(picked_up.ctx)

    assert outcome.failed == 1
    assert listed(picked_up) == {(f"Sales order {ORDER}", "E-END-01")}
    assert state(picked_up, ORDER) == SUBMITTED
    assert push_status(picked_up.ctx).failed == 0, "listed once"


def test_a_sales_order_that_is_gone_ends_without_an_error(picked_up: Surroundings, sandbox: SandboxProcess):
    sales_id = entry(picked_up, ORDER).sales_id
    picked_up.ctx.sales.delete("salesorders", sales_id, purpose="test")

    outcome = push_status(picked_up.ctx)

    assert outcome.failed == 0
    assert entry(picked_up, ORDER).end_reason == "deleted-in-sales"
    sandbox.bc.ship_and_invoice(bc_number(picked_up, ORDER))
    assert push_status(picked_up.ctx).failed == 0
    assert listed(picked_up) == set()


def test_posts_can_be_switched_off(picked_up: Surroundings, sandbox: SandboxProcess):
    ctx = picked_up.with_settings(timeline_posts=False)
    sandbox.bc.ship_and_invoice(bc_number(picked_up, ORDER))

    push_status(ctx)

    assert posts(picked_up, ORDER) == []
    assert state(picked_up, ORDER) == INVOICED
    push_status(picked_up.ctx)
    assert posts(picked_up, ORDER) == [], "what happened while they were off is not told later"


def test_posts_speak_norwegian(picked_up: Surroundings):
    push_status(picked_up.with_settings(language="nb"))

    rows = picked_up.ctx.sales.rows("posts", purpose="test", select=("text",))
    assert {row["text"].split(" er ")[0] for row in rows} == {"Ordren"}


def test_without_the_companion_status_still_comes_back(picked_up: Surroundings, sandbox: SandboxProcess):
    sandbox.bc.install_companion(False)
    sandbox.bc.ship(bc_number(picked_up, ORDER))

    push_status(picked_up.ctx)

    assert sorted(posts(picked_up, ORDER)) == ["released", "shipped"]
    assert entry(picked_up, ORDER).bc_status == "Released"


def test_more_orders_than_fit_one_address_are_read_as_a_list(
    picked_up: Surroundings, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bridge.status.collect.BY_ID", 2)
    push_status(picked_up.ctx)
    sandbox.bc.ship_and_invoice(bc_number(picked_up, ORDER))
    sandbox.bc.call("POST", "reopen", {"order": bc_number(picked_up, OTHER)})

    assert picked_up.cost(lambda: push_status(picked_up.ctx))[Side.BUSINESS_CENTRAL] == 5

    assert state(picked_up, ORDER) == INVOICED
    assert entry(picked_up, OTHER).bc_status == "Open"
    assert state(picked_up, OTHER) == SUBMITTED


def test_an_order_that_sales_will_not_invoice_is_listed_and_tried_again(
    picked_up: Surroundings, sandbox: SandboxProcess
):
    """The seller has canceled it meanwhile; Business Central has delivered and invoiced all the same."""
    push_status(picked_up.ctx)
    sales_id = entry(picked_up, ORDER).sales_id
    cancel(picked_up, sales_id)
    sandbox.bc.ship_and_invoice(bc_number(picked_up, ORDER))

    assert push_status(picked_up.ctx).failed == 1
    assert listed(picked_up) == {(f"Sales order {ORDER}", "E-END-03")}
    assert push_status(picked_up.ctx).failed == 0, "not before its pause is over"

    picked_up.ctx.sales.update("salesorders", sales_id, {"statecode": 0, "statuscode": 2}, purpose="test")
    sandbox.sales.submit(ORDER)
    picked_up.later(hours=1)
    push_status(picked_up.ctx)

    assert state(picked_up, ORDER) == INVOICED
    assert listed(picked_up) == set()


def test_a_post_refused_three_times_is_given_up_and_listed(picked_up: Surroundings):
    push_status(picked_up.ctx)
    odd = OrderEvent(
        id=new_id(),
        post_id="no-guid-at-all",
        entry_id=entry(picked_up, ORDER).id,
        kind="shipped",
        key="odd",
        number="102001",
        found_at=picked_up.now(),
    )
    journal.note_events(picked_up.ctx.db, [odd])

    for _ in range(2):
        assert push_status(picked_up.ctx).failed == 0
        picked_up.later(hours=1)
    assert push_status(picked_up.ctx).failed == 1

    assert listed(picked_up) == {(f"Sales order {ORDER}", "E-POST-01")}
    picked_up.later(hours=1)
    assert picked_up.cost(lambda: push_status(picked_up.ctx))[Side.SALES] == 0


def test_many_orders_gone_at_once_are_not_believed(
    picked_up: Surroundings, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bridge.status.reset.MANY", 3)
    push_status(picked_up.ctx)
    gone = (ORDER, OTHER, "SO-1002")
    for number in gone:
        sandbox.bc.call("POST", "delete-order", {"order": bc_number(picked_up, number)})

    push_status(picked_up.ctx)
    picked_up.later(seconds=picked_up.ctx.settings.push_status_seconds)
    push_status(picked_up.ctx)

    assert listed(picked_up) == {(f"Sales order {number}", "E-END-02") for number in gone}
    assert {state(picked_up, number) for number in gone} == {SUBMITTED}


def test_a_deleted_order_that_the_seller_canceled_stays_canceled(picked_up: Surroundings, sandbox: SandboxProcess):
    push_status(picked_up.ctx)
    cancel(picked_up, entry(picked_up, ORDER).sales_id)
    sandbox.bc.call("POST", "delete-order", {"order": bc_number(picked_up, ORDER)})

    push_status(picked_up.ctx)
    picked_up.later(seconds=picked_up.ctx.settings.push_status_seconds)
    push_status(picked_up.ctx)

    assert state(picked_up, ORDER) == (2, 4)
    assert entry(picked_up, ORDER).end_reason == "deleted-in-bc"


@pytest.mark.parametrize("path", ["salesDocuments", "salesShipments", "salesInvoices"])
def test_a_run_that_breaks_off_loses_nothing(picked_up: Surroundings, sandbox: SandboxProcess, path: str):
    push_status(picked_up.ctx)
    sandbox.bc.ship_and_invoice(bc_number(picked_up, ORDER))
    sandbox.faults({"system": "business-central", "path": path, "kind": "500"})
    with pytest.raises(RemoteError):
        push_status(picked_up.ctx)
    sandbox.clear_faults()

    push_status(picked_up.ctx)

    assert sorted(posts(picked_up, ORDER)) == ["invoiced", "released", "shipped"]
    assert state(picked_up, ORDER) == INVOICED


def test_an_order_made_smaller_and_then_invoiced_is_invoiced(picked_up: Surroundings, sandbox: SandboxProcess):
    """What counts is the quantity seen last, not the one the order was created with."""
    number = bc_number(picked_up, ORDER)
    line = sandbox.bc.order_of(ORDER)["lines"][0]
    change = {"order": number, "line": line["sequence"], "quantity": line["quantity"] - 1}
    sandbox.bc.call("POST", "change-order-line", change)
    push_status(picked_up.ctx)
    sandbox.bc.ship_and_invoice(number)

    push_status(picked_up.ctx)

    assert state(picked_up, ORDER) == INVOICED
    assert listed(picked_up) == set()


def test_put_back_a_refused_state_is_tried_at_once(picked_up: Surroundings, sandbox: SandboxProcess):
    """Sales refused to set the order to Invoiced; somebody mends it and does not want to wait for the next try."""
    push_status(picked_up.ctx)
    sandbox.bc.ship_and_invoice(bc_number(picked_up, ORDER))
    cancel(picked_up, entry(picked_up, ORDER).sales_id)
    for minutes in (0, 1, 2, 4):
        picked_up.later(minutes=minutes)
        push_status(picked_up.ctx)
    assert ("Sales order SO-1001", "E-END-03") in listed(picked_up)
    path = f"salesorders({entry(picked_up, ORDER).sales_id})"
    for body in ({"statecode": 0, "statuscode": 2}, {"statecode": 1, "statuscode": 3}):
        picked_up.ctx.sales.batch([Write("PATCH", path, body)], purpose="test")
    push_status(picked_up.ctx)
    assert state(picked_up, ORDER) == SUBMITTED, "the pause is not over"

    overview.put_back(picked_up.ctx.db, ORDER, picked_up.ctx.clock())
    push_status(picked_up.ctx)

    assert state(picked_up, ORDER) == INVOICED
    assert listed(picked_up) == set()

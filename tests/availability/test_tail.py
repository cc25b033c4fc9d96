"""The projection says what Business Central says, soon after it changes, at little cost and with nothing lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bridge.availability import items, tail
from bridge.availability.tail import COMPARE_EVERY, FULL_EVERY, SourceLooksEmpty, refresh
from bridge.availability.together import Read
from bridge.clients.errors import RemoteError
from bridge.records import Side, guid
from bridge.store import companies, projection
from bridge.store.models import AvailabilityItem
from tests.availability.surroundings import Surroundings
from tests.processes import SandboxProcess

ITEM, OTHER = "GAS-230", "TENT-LEI-2"


@pytest.fixture(params=["alone", "companion"])
def tailed(request: pytest.FixtureRequest, here: Surroundings, sandbox: SandboxProcess) -> Surroundings:
    """A company whose items have been read, without the companion and with it."""
    sandbox.bc.install_companion(request.param == "companion")
    refresh(here.ctx)
    return here


def let_time_pass(here: Surroundings, sandbox: SandboxProcess) -> None:
    """An hour after the company was set up one item has changed since, not all of them."""
    sandbox.move_clock(3600)
    sandbox.bc.set_item("FLASK-1L", displayName="Flask, one litre")
    refresh(here.ctx)


def known(here: Surroundings, number: str) -> AvailabilityItem:
    return projection.items_by_number(here.ctx.db, here.ctx.company.id, [number])[number]


def as_business_central_says(here: Surroundings) -> bool:
    """Every row equals its item, and there is a row for every item."""
    listed = {
        row["number"]: (
            guid(row["id"]),
            row["displayName"],
            row["baseUnitOfMeasureCode"],
            row["inventory"],
            row["blocked"],
        )
        for row in items.everything(here.ctx.bc)
    }
    rows = projection.items_by_number(here.ctx.db, here.ctx.company.id, list(listed)).values()
    ours = {row.number: (row.item_id, row.name, row.base_unit, row.inventory, row.blocked) for row in rows}
    return ours == listed and projection.item_ids(here.ctx.db, here.ctx.company.id) == {
        one[0] for one in listed.values()
    }


def test_the_first_tail_reads_every_item(tailed: Surroundings):
    now = projection.tail_of(tailed.ctx.db, tailed.ctx.company.id)

    assert now is not None
    assert now.tailed_at is not None
    assert now.full_at == now.tailed_at
    assert as_business_central_says(tailed)


def test_a_posting_is_found_by_the_next_tail(tailed: Surroundings, sandbox: SandboxProcess):
    before = known(tailed, ITEM).inventory
    sandbox.bc.post_stock(ITEM, "-2.5")

    outcome = refresh(tailed.ctx)

    assert known(tailed, ITEM).inventory == before - Decimal("2.5")
    assert outcome.counts["entries"] == 1
    assert as_business_central_says(tailed)


def test_a_tail_with_nothing_to_find_asks_once(tailed: Surroundings):
    refresh(tailed.ctx)  # the companion is asked for its row version now and then

    assert tailed.cost(lambda: refresh(tailed.ctx)) == {Side.BUSINESS_CENTRAL: 1, Side.SALES: 0}


def test_a_burst_of_postings_costs_no_request_for_each(tailed: Surroundings, sandbox: SandboxProcess):
    let_time_pass(tailed, sandbox)
    for number in (ITEM, OTHER, "FLASK-1L", ITEM):
        sandbox.bc.post_stock(number, 3)

    assert tailed.cost(lambda: refresh(tailed.ctx))[Side.BUSINESS_CENTRAL] == 2
    assert as_business_central_says(tailed)


def test_an_entry_that_commits_late_with_a_lower_number_is_found(tailed: Surroundings, sandbox: SandboxProcess):
    sandbox.bc.call("POST", "late-entry", {"item": OTHER, "quantity": 7, "hold": True})
    sandbox.bc.post_stock(ITEM, 1)
    refresh(tailed.ctx)
    before = known(tailed, OTHER).inventory
    sandbox.bc.call("POST", "late-entry", {"commit": True})

    refresh(tailed.ctx)

    assert known(tailed, OTHER).inventory == before + 7
    assert as_business_central_says(tailed)


def test_a_changed_item_is_found_although_its_stock_stands_still(tailed: Surroundings, sandbox: SandboxProcess):
    sandbox.bc.set_item(ITEM, blocked=True, displayName="Gas cartridge, new label")

    refresh(tailed.ctx)

    assert known(tailed, ITEM).blocked
    assert known(tailed, ITEM).name == "Gas cartridge, new label"


def test_an_item_that_is_gone_is_dropped_at_the_next_comparison(tailed: Surroundings):
    made = tailed.ctx.bc.create("items", {"number": "BRIEF", "displayName": "Soon gone"}, purpose="test")
    refresh(tailed.ctx)
    assert known(tailed, "BRIEF").item_id == guid(made["id"])
    tailed.ctx.bc.delete("items", made["id"], purpose="test")

    tailed.later(seconds=COMPARE_EVERY.total_seconds())
    outcome = refresh(tailed.ctx)

    assert outcome.counts["deleted"] == 1
    assert as_business_central_says(tailed)


def companion_of(here: Surroundings) -> str | None:
    return next(row.companion_version for row in companies.all_companies(here.ctx.db) if row.id == here.ctx.company.id)


def test_a_companion_that_comes_is_found_and_one_that_goes_is_done_without(here: Surroundings, sandbox: SandboxProcess):
    sandbox.bc.install_companion(False)
    refresh(here.ctx)
    assert companion_of(here) is None

    sandbox.bc.install_companion(True)
    here.later(seconds=COMPARE_EVERY.total_seconds())
    refresh(here.ctx)
    assert companion_of(here)

    sandbox.bc.install_companion(False)
    sandbox.bc.post_stock(ITEM, 4)
    refresh(here.ctx)
    assert companion_of(here) is None
    assert as_business_central_says(here)


def test_a_tail_that_breaks_off_leaves_the_posting_to_the_next_one(tailed: Surroundings, sandbox: SandboxProcess):
    let_time_pass(tailed, sandbox)
    tailed_before = projection.tail_of(tailed.ctx.db, tailed.ctx.company.id)
    sandbox.bc.post_stock(ITEM, 4)
    sandbox.faults({"system": "business-central", "path": "batch$", "skip": 1, "kind": "500"})
    with pytest.raises(RemoteError):
        refresh(tailed.ctx)
    tailed_after = projection.tail_of(tailed.ctx.db, tailed.ctx.company.id)
    assert tailed_before is not None
    assert tailed_after is not None
    assert tailed_after.tailed_at == tailed_before.tailed_at
    sandbox.clear_faults()

    refresh(tailed.ctx)

    assert as_business_central_says(tailed)


@pytest.fixture
def spoilt(tailed: Surroundings, monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    """The projection is wrong in a way that no posting and no stamp gives away."""
    nothing = items.changed_since(datetime(2999, 1, 1, tzinfo=UTC), companion=False)
    as_companion = items.changed_since(datetime(2999, 1, 1, tzinfo=UTC), companion=True)
    monkeypatch.setattr(items, "changed_since", lambda since, companion: as_companion if companion else nothing)
    spoil(tailed)
    return tailed


def spoil(here: Surroundings) -> None:
    now = projection.tail_of(here.ctx.db, here.ctx.company.id)
    assert now is not None
    wrong = []
    for number in (ITEM, OTHER):
        row = known(here, number)
        row.inventory += 1000
        wrong.append(row)
    projection.save(here.ctx.db, now, items=wrong)


def test_once_a_day_everything_is_compared(spoilt: Surroundings):
    refresh(spoilt.ctx)
    assert not as_business_central_says(spoilt)

    spoilt.later(seconds=FULL_EVERY.total_seconds())
    refresh(spoilt.ctx)

    assert as_business_central_says(spoilt)


def test_the_full_compare_goes_in_slices_and_answers_stay_fresh(spoilt: Surroundings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tail, "SLICE", 4)
    spoilt.later(seconds=FULL_EVERY.total_seconds())
    ticks, began = 0, spoilt.now()
    before = projection.tail_of(spoilt.ctx.db, spoilt.ctx.company.id)
    assert before is not None
    full_at = before.full_at

    while full_at == before.full_at:
        cost = spoilt.cost(lambda: refresh(spoilt.ctx))
        ticks += 1
        now = projection.tail_of(spoilt.ctx.db, spoilt.ctx.company.id)
        assert now is not None
        assert now.tailed_at is not None
        assert now.tailed_at >= began
        assert cost[Side.BUSINESS_CENTRAL] <= 3
        full_at = now.full_at
    assert ticks == len(projection.item_ids(spoilt.ctx.db, spoilt.ctx.company.id)) // 4 + 1
    assert as_business_central_says(spoilt)


def test_the_full_compare_moves_into_the_night():
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)

    for zone, night in (("UTC", 12), ("America/New_York", 17), ("Asia/Tokyo", 27)):
        due = [hour for hour in range(30) if tail._compare_is_due(noon + timedelta(hours=hour), noon, zone)]
        assert due[0] == min(night, 24)
        assert all(hour in due for hour in range(24, 30))


def test_a_full_refresh_that_was_asked_for_compares_everything_and_keeps_answers_fresh(
    spoilt: Surroundings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tail, "SLICE", 4)
    outcome = refresh(spoilt.ctx, full=True)

    assert outcome.counts["items"] == len(projection.item_ids(spoilt.ctx.db, spoilt.ctx.company.id))
    assert as_business_central_says(spoilt)


def test_a_ledger_that_starts_over_is_read_anew(here: Surroundings, sandbox: SandboxProcess):
    """The environment was restored from a backup: entries after it have numbers we believe to know."""
    refresh(here.ctx)
    for _ in range(3):
        sandbox.bc.post_stock(ITEM, 5)
    refresh(here.ctx)
    sandbox.reset()
    sandbox.bc.post_stock(OTHER, 1)

    refresh(here.ctx)

    assert as_business_central_says(here)


def test_a_company_that_suddenly_lists_no_items_keeps_its_rows(here: Surroundings, monkeypatch: pytest.MonkeyPatch):
    """Lost permissions look like an empty table; only a person who asks for it gets the rows removed."""
    refresh(here.ctx)
    rows = projection.item_ids(here.ctx.db, here.ctx.company.id)
    monkeypatch.setattr(items, "everything", lambda bc: iter(()))
    for name in ("ids", "after"):
        monkeypatch.setattr(items, name, lambda *args, companion: Read("items", ("id",), filter="number eq 'NO-ITEM'"))

    here.later(seconds=COMPARE_EVERY.total_seconds())
    with pytest.raises(SourceLooksEmpty, match=f"{len(rows)} are known"):
        refresh(here.ctx)
    here.later(seconds=FULL_EVERY.total_seconds())
    refresh(here.ctx)
    assert projection.item_ids(here.ctx.db, here.ctx.company.id) == rows

    refresh(here.ctx, full=True)
    assert projection.item_ids(here.ctx.db, here.ctx.company.id) == set()

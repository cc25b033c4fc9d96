"""Goods between locations, orders by place, and our own calculation held against Business Central's."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from bridge.availability import open_lines
from bridge.availability.official import answer_questions
from bridge.availability.open_lines import refresh_open_lines
from bridge.availability.tail import refresh
from bridge.store import projection, questions, supply, watermarks
from bridge.store.gateway_items import GatewayItems, Own
from bridge.store.models import OpenLine
from tests.availability.surroundings import Surroundings
from tests.processes import SandboxProcess

ITEM, MAIN, NORTH, ROAD = "LATHE", "MAIN", "NORTH", "ROAD"


@pytest.fixture
def item(here: Surroundings, sandbox: SandboxProcess) -> str:
    """Id of an item in two colours, forty of them in the main warehouse, and a location to travel through."""
    here.ctx.bc.create("locations", {"code": ROAD, "displayName": "On the road"}, purpose="test")
    made = here.ctx.bc.create(
        "items", {"number": ITEM, "displayName": "Lathe", "baseUnitOfMeasureCode": "PCS"}, purpose="test"
    )
    here.ctx.bc.create("itemVariants", {"itemId": made["id"], "code": "RED", "description": "Red"}, purpose="test")
    sandbox.bc.post_stock(ITEM, 40, MAIN)
    refresh(here.ctx)
    return projection.items_by_number(here.ctx.db, here.ctx.company.id, [ITEM])[ITEM].item_id


def today(here: Surroundings) -> date:
    """The sandbox's clock goes with this machine's."""
    return here.now().date()


def sell(here: Surroundings, quantity: int, day: date, location: str = MAIN, variant: str = "") -> None:
    bc = here.ctx.bc
    customer = next(iter(bc.rows("customers", purpose="test", top=1)))
    line: dict[str, Any] = {"lineType": "Item", "lineObjectNumber": ITEM, "quantity": quantity}
    line["shipmentDate"] = day.isoformat()
    line["locationId"] = next(bc.rows("locations", purpose="test", filter=f"code eq '{location}'"))["id"]
    if variant:
        line["itemVariantId"] = next(bc.rows("itemVariants", purpose="test", filter=f"code eq '{variant}'"))["id"]
    bc.create("salesOrders", {"customerId": customer["id"], "salesOrderLines": [line]}, purpose="test")


def lines(here: Surroundings, item_id: str) -> list[OpenLine]:
    refresh_open_lines(here.ctx)
    return supply.of_items(here.ctx.db, here.ctx.company.id, [item_id])


def own(here: Surroundings, item_id: str, day: date, quantity: str = "1", location: str | None = None) -> Own:
    asked = [(item_id, None, location, day, Decimal(quantity))]
    [answer] = GatewayItems(here.ctx.db, here.now).own(here.ctx.company.id, asked)
    return answer


def official(here: Surroundings, *asked: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = [{"item": ITEM, "variant": None, "location": None, "date": "", "quantity": "1", **one} for one in asked]
    questions.ask(here.ctx.db, here.ctx.company.id, wanted, here.now())
    answer_questions(here.ctx)
    ids = [questions.digest(here.ctx.company.id, one) for one in wanted]
    found = questions.found(here.ctx.db, ids)
    assert [found[one].error for one in ids] == [""] * len(ids)
    return [dict(found[one].answer or {}) for one in ids]


def test_open_lines_say_where(here: Surroundings, item: str):
    sell(here, 3, today(here), NORTH, "RED")

    [line] = lines(here, item)
    assert [line.kind, line.quantity, line.variant, line.location] == ["sale", 3, "RED", NORTH]


def test_goods_on_the_road_are_on_hand_and_counted_once(here: Surroundings, sandbox: SandboxProcess, item: str):
    """Twelve have left the main warehouse and are not in the north yet: nobody can ship them before they arrive."""
    day = today(here)
    arrival = day + timedelta(days=2)
    given = {"item": ITEM, "quantity": 12, "from": MAIN, "to": NORTH, "transit": ROAD}
    days = {"shipmentDate": day.isoformat(), "receiptDate": arrival.isoformat()}
    made = sandbox.bc.call("POST", "transfer", given | days)
    assert lines(here, item) == [], "it has not left yet"
    sandbox.bc.call("POST", "ship-transfer", {"transfer": made["number"]})
    tail = projection.tail_of(here.ctx.db, here.ctx.company.id)
    assert tail is not None
    projection.save(here.ctx.db, tail, gone=[item])
    assert len(lines(here, item)) == 1, "also while the tail has not brought the item"
    refresh(here.ctx, full=True)

    [line] = lines(here, item)
    assert [line.kind, line.quantity, line.location, line.due_on] == ["transit", 12, NORTH, arrival]
    before, after = (own(here, item, one).promise for one in (day, arrival))
    assert [before.on_hand, before.in_transfer, before.available_to_promise] == [40, 12, 28]
    assert [after.transfer_receipt, after.available_to_promise] == [12, 40]
    assert own(here, item, day, location=NORTH).promise.in_transfer == 12
    told = official(here, {"date": day.isoformat()}, {"date": arrival.isoformat()})
    names = ("inventory", "inTransfer", "scheduledReceipt", "availableToPromise")
    assert [[Decimal(str(one[name])) for name in names] for one in told] == [[40, 12, 0, 28], [40, 12, 12, 40]]

    sandbox.bc.call("POST", "receive-transfer", {"transfer": made["number"]})
    refresh(here.ctx)
    assert lines(here, item) == []


def test_an_environment_without_transfers_is_told_so_and_the_rest_goes_on(
    here: Surroundings, item: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(open_lines, "TRANSFERS", "transferOrdersOfALaterRelease")
    sell(here, 3, today(here))

    assert len(lines(here, item)) == 1
    value = json.loads(watermarks.get(here.ctx.db, here.ctx.company.id, open_lines.WATERMARK) or "")
    assert value["no_transfers"] == "API v2.0 of this Business Central has no transfer orders"


def test_an_official_answer_holds_every_entry_that_was_known_when_it_was_asked_for(here: Surroundings, item: str):
    tail = projection.tail_of(here.ctx.db, here.ctx.company.id)
    assert tail is not None

    [answer] = official(here, {})

    assert answer["ledgerEntry"] == tail.last_entry_number > 0


@pytest.mark.parametrize("seed", range(3))
def test_our_own_calculation_comes_to_what_business_central_says(
    here: Surroundings, sandbox: SandboxProcess, item: str, seed: int
):
    """Orders at random, all at one place and without reservations, which is what API v2.0 lets us see: two programs
    that share no code promise the same, on every day and for every quantity."""
    random, day = Random(seed), today(here)
    sandbox.bc.call("POST", "set-company", {"look_ahead": "1Y"})
    for _ in range(7):
        sell(here, random.randint(1, 25), day + timedelta(days=random.randint(-3, 20)))
    for _ in range(4):
        supplied = {"item": ITEM, "quantity": random.randint(1, 30), "location": MAIN}
        when = day + timedelta(days=random.randint(-3, 20))
        sandbox.bc.call("POST", "order-supply", supplied | {"date": when.isoformat()})
    refresh_open_lines(here.ctx)
    asked = [(day + timedelta(days=ahead), str(quantity)) for ahead in (0, 3, 9, 21) for quantity in (1, 9, 33, 70)]

    theirs = official(
        here, *({"date": when.isoformat(), "quantity": much, "location": MAIN, "variant": ""} for when, much in asked)
    )

    ours = [own(here, item, when, much).promise for when, much in asked]
    assert [[one.available_to_promise, one.scheduled_receipt, one.gross_requirement, one.earliest] for one in ours] == [
        [
            *(Decimal(str(one[name])) for name in ("availableToPromise", "scheduledReceipt", "grossRequirement")),
            date.fromisoformat(one["earliestDate"]) if one["earliestDate"] else None,
        ]
        for one in theirs
    ]

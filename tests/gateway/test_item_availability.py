"""What can be promised, over HTTP: our own calculation, Business Central's, and many questions in one request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from werkzeug.test import TestResponse

from bridge.availability.open_lines import WATERMARK
from bridge.records import Company, new_id
from bridge.store import companies, jobs, projection, questions, supply, watermarks
from bridge.store.models import AvailabilityTail, OpenLine
from gateway.app import create_app
from gateway.item_availability import routes
from gateway.settings import GatewaySettings
from gateway.wiring import build
from tests.availability.formulas import holds
from tests.conftest import SECRET_KEY
from tests.gateway.conftest import MAIN, NOW, ROOT, Door, World, basic, error

FIGURES = set(routes._FIGURES)
ADDRESS, ACTION = f"{ROOT}/ItemAvailability", f"{ROOT}/ItemAvailability_Calculate"


@dataclass
class Counter:
    """A gateway whose requests, when they wait, let ``worker`` do its work; ``waits`` counts how often they waited."""

    door: Door
    worker: Callable[[], None] | None = None
    waits: list[float] = field(default_factory=list)

    def get(self, query: dict[str, Any], **headers: str) -> TestResponse:
        return self.door.get(ADDRESS, query, **headers)

    def one(self, query: dict[str, Any], **headers: str) -> dict[str, Any]:
        response = self.get(query, **headers)
        assert response.status_code == 200, response.text
        (row,) = json.loads(response.text, parse_float=Decimal)["value"]
        return dict(row)

    def calculate(self, asked: Any) -> TestResponse:
        return self.door.client.open(
            ACTION,
            method="POST",
            data=asked if isinstance(asked, bytes) else json.dumps({"questions": asked}).encode(),
            headers={"Authorization": self.door.authorization, "Content-Type": "application/json"},
            base_url=self.door.base_url,
        )


@pytest.fixture
def counter(world: World, database_url: str) -> Iterator[Counter]:
    """A company whose orders were read just now, with the jobs that answer questions."""
    for job in ("ITEM-AVAILABILITY", "OPEN-LINES"):
        jobs.define(world.db, MAIN.id, job, 60, NOW)
    read_orders(world)
    given = {"database_url": database_url, "secret_key": SECRET_KEY, "log_format": "json", "redis_url": ""}
    settings = GatewaySettings.model_validate(given | {"public_url": "https://stock.example"})
    made = Counter(Door(None, basic("SALES", world.key())))  # type: ignore[arg-type]

    def pause(seconds: float) -> None:
        made.waits.append(seconds)
        if made.worker is not None:
            made.worker()

    services = build(
        settings, clock=world.clock, ticks=world.ticks, log_stream=world.log, pause=pause, spawn=lambda work: work()
    )
    made.door.client = create_app(settings, services).test_client()
    yield made
    services.close()


def read_orders(world: World, no_transfers: str = "", company: Company = MAIN) -> None:
    """The open orders have just been read."""
    value = {"at": world.now.isoformat(), "stamps": {}, "transits": [], "no_transfers": no_transfers}
    watermarks.move(world.db, company.id, WATERMARK, json.dumps(value), world.now)


def line(
    world: World, item_id: str, kind: str, quantity: str, due: date | None, unit: str = "STK", location: str = ""
) -> None:
    document = new_id()
    made = OpenLine(
        company_id=MAIN.id,
        line_id=new_id(),
        kind=kind,
        document_id=document,
        item_id=item_id,
        quantity=Decimal(quantity),
        unit=unit,
        due_on=due,
        location=location,
    )
    supply.save(world.db, MAIN.id, {document: [made]})


@pytest.fixture
def item(world: World) -> str:
    """Ten on hand, four sold for the fourth, twenty to come on the ninth."""
    item_id = world.item("1000", "STK", "10")
    line(world, item_id, "sale", "4", date(2026, 3, 4))
    line(world, item_id, "purchase", "20", date(2026, 3, 9))
    return item_id


def test_without_the_companion_we_calculate_ourselves_and_say_so(counter: Counter, item: str):
    now, then = (counter.one({"item": "1000", "date": day, "quantity": "12"}) for day in ("2026-03-02", "2026-03-10"))

    orders = ("OnHand", "OnSalesOrders", "OnPurchaseOrders", "LaterDemand", "Projected", "AvailableToPromise")
    assert [now[name] for name in orders] == [10, 0, 0, 4, 10, 6]
    assert [then[name] for name in orders] == [10, 4, 20, 0, 26, 26]
    assert now["Uncommitted"] == 6
    assert now["EarliestDate"] == "2026-03-09"
    assert now["Method"] == "OwnCalculation"
    assert "reservations" in now["NotCounted"]
    assert (now["Reserved"], now["InTransfer"]) == (None, 0)
    assert counter.waits == []
    for row in (now, then):
        assert holds(row["Formula"], row)
        assert row["NotKnown"].keys() == {name for name in FIGURES if row[name] is None}


def test_goods_on_their_way_count_from_the_day_they_arrive(counter: Counter, item: str, world: World):
    line(world, item, "transit", "3", date(2026, 3, 3))

    now, then = (counter.one({"item": "1000", "date": day}) for day in ("2026-03-02", "2026-03-03"))

    figures = ("OnHand", "InTransfer", "TransferReceipt", "AvailableToPromise")
    assert [now[name] for name in figures] == [10, 3, 0, 7]
    assert [then[name] for name in figures] == [10, 3, 3, 6]
    assert holds(now["Formula"], now) and holds(then["Formula"], then)


def test_where_transfers_are_not_to_be_had_the_answer_says_why(counter: Counter, item: str, world: World):
    read_orders(world, no_transfers="API v2.0 of this Business Central has no transfer orders")

    row = counter.one({"item": "1000"})

    assert row["InTransfer"] is None
    assert row["NotKnown"]["InTransfer"] == "API v2.0 of this Business Central has no transfer orders"
    assert "transfers" in row["NotCounted"]
    assert holds(row["Formula"], row)


def test_an_answer_says_what_it_rests_on(counter: Counter, item: str, world: World):
    world.later(20)
    tail = AvailabilityTail(company_id=MAIN.id, tailed_at=world.now, recent_entries=[], last_entry_number=77)
    projection.save(world.db, tail)
    world.later(2)

    response = counter.get({"item": "1000"})

    row = response.get_json()["value"][0]
    assert (row["Age"], row["AsOf"], row["LedgerEntry"]) == (22, "2026-03-02T09:00:00Z", 77)
    assert response.headers["Age"] == "22"
    assert "Warning" not in response.headers


def test_orders_not_read_for_long_make_the_answer_stale_and_wake_their_job_once(
    counter: Counter, item: str, world: World
):
    world.later(31)
    world.tail()

    responses = [counter.get({"item": "1000"}) for _ in range(5)]

    assert [one.headers["Warning"] for one in responses] == ['110 - "Response is Stale"'] * 5
    job = jobs.get(world.db, MAIN.id, "OPEN-LINES")
    assert job is not None
    assert job.wakes == 1
    world.later(300)
    world.tail()
    assert error(counter.get({"item": "1000"})) == (503, "Internal_TenantUnavailable")


def test_lines_in_another_unit_are_named_as_left_out(counter: Counter, item: str, world: World):
    line(world, item, "sale", "1", date(2026, 3, 2), unit="BOX")

    row = counter.one({"item": "1000"})

    assert row["OnSalesOrders"] == 0
    assert row["NotCounted"][-1].startswith("an order line in another unit than STK")


def test_a_product_may_be_asked_for_by_its_id_in_sales(counter: Counter, item: str, world: World):
    product = world.couple(item)

    row = counter.one({"product": product.upper()})

    assert (row["ItemNo"], row["CRM_ID"], row["Integration_ID"]) == ("1000", product, item)


def test_a_whole_order_is_one_request_and_one_bad_line_does_not_spoil_it(counter: Counter, item: str):
    asked = [{"item": "1000", "quantity": 5}, {"item": "NOPE"}, {"item": "1000", "location": "MAIN"}]

    response = counter.calculate(asked)

    assert response.status_code == 200
    good, unknown, place = response.get_json()["value"]
    assert good["AvailableToPromise"] == 6
    assert unknown["error"]["code"] == "Internal_RecordNotFound"
    assert "companion" in place["error"]["message"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({}, "at least one item"),
        ({"item": "1000", "product": new_id()}, "at least one item"),
        ({"item": "1000", "colour": "red"}, "colour"),
        ({"item": "1000", "date": "tomorrow"}, "date"),
        ({"item": "1000", "date": "0001-01-01"}, "date"),
        ({"item": "1000", "quantity": "-1"}, "quantity"),
        ({"item": "1000", "quantity": "NaN"}, "quantity"),
        ({"item": "1000", "quantity": "1e999999999"}, "quantity"),
        ({"item": "1000", "quantity": "0.000001"}, "quantity"),
        ({"item": "x" * 21}, "item"),
        ({"item": "a\0b"}, "item"),
        ({"product": "not-a-guid"}, "product"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(counter: Counter, item: str, query: dict[str, str], named: str):
    if query.keys() >= {"item", "product"}:
        response = counter.calculate([query])
        named = "one of them"
    else:
        response = counter.get(query)

    assert error(response) == (400, "BadRequest")
    assert named in response.get_json()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"questions": 1}', b'{"questions": [1]}', b"[" * 100_000, b"\xff"])
def test_a_body_that_is_none_is_refused(counter: Counter, body: bytes):
    assert error(counter.calculate(body)) == (400, "BadRequest")


def test_more_questions_than_an_order_has_lines_are_refused(counter: Counter):
    assert error(counter.calculate([{"item": "1000"}] * 201)) == (400, "BadRequest")


def test_it_needs_the_same_key_and_only_reads(counter: Counter, item: str, world: World):
    query = {"item": "1000"}
    counter.door.authorization = basic("SALES", world.key(scope="metrics"))
    assert error(counter.get(query)) == (403, "Authorization_RequestDenied")
    counter.door.authorization = ""
    assert counter.get(query).status_code == 401
    assert counter.calculate([query]).status_code == 401
    counter.door.authorization = basic("SALES", world.key())
    world.later(1)
    assert error(counter.door.ask("DELETE", ADDRESS)) == (405, "BadRequest_MethodNotAllowed")
    assert counter.door.ask("GET", ACTION).status_code == 405
    assert counter.one(query)["OnHand"] == 10
    by_path = f"{ROOT}/Company('Fjord%20%26%20Sons')/ItemAvailability"
    assert counter.door.get(by_path, query).status_code == 200
    assert error(counter.door.get(f"{ROOT}/Company('NOBODY')/ItemAvailability", query))[1] == "Internal_CompanyNotFound"


TERMS = {
    "inventory": "10",
    "reservedOnInventory": "2",
    "scheduledReceipt": "20",
    "reservedReceipt": "0",
    "grossRequirement": "4",
    "reservedRequirement": "1",
    "availableToPromise": "24",
    "inTransfer": "1",
    "earliestDate": "2026-03-04",
    "ledgerEntry": 41,
}


@pytest.fixture
def official(counter: Counter, world: World) -> Counter:
    """With the companion; the worker answers what waits, each question by the same figures."""
    companies.learn(world.db, MAIN.id, sales_company_id=None, companion_version="1.0.0.0")

    def work() -> None:
        waiting = questions.waiting(world.db, MAIN.id, 100)
        questions.answer(world.db, [(row.id, TERMS, "") for row in waiting], world.now)

    counter.worker = work
    return counter


def test_with_the_companion_the_answer_is_business_centrals_own(official: Counter, item: str):
    row = official.one({"item": "1000", "location": "main", "variant": "", "date": "2026-03-10"})

    figures = [
        row[name] for name in ("OnHand", "Reserved", "ScheduledReceipt", "GrossRequirement", "AvailableToPromise")
    ]
    assert figures == [10, 2, 20, 4, 24]
    assert (row["Method"], row["EarliestDate"], row["Location"]) == ("BusinessCentral", "2026-03-04", "MAIN")
    assert (row["NotCounted"], row["LedgerEntry"]) == ([], 41)
    assert row["NotKnown"].keys() == {name for name in FIGURES if row[name] is None} == {"LaterDemand", "Uncommitted"}


def test_beside_business_centrals_own_answer_stand_the_orders_of_that_place(official: Counter, item: str, world: World):
    line(world, item, "sale", "5", date(2026, 3, 3), location="MAIN")
    line(world, item, "transit", "2", date(2026, 3, 5), location="MAIN")
    line(world, item, "transit", "9", date(2026, 3, 5), location="NORTH")

    row = official.one({"item": "1000", "location": "main", "date": "2026-03-10"})

    shown = ("OnSalesOrders", "OnPurchaseOrders", "InTransfer", "TransferReceipt")
    assert [row[name] for name in shown] == [5, 0, 2, 2]


def test_the_numbers_of_an_answer_make_its_formula_true(official: Counter, item: str):
    """The same terms stand for a place and, less what is on its way, for all of them."""
    everywhere, place = (official.one({"item": "1000"} | where) for where in ({}, {"location": "MAIN", "variant": ""}))

    assert "- InTransfer" in everywhere["Formula"] and "summed" in everywhere["Formula"]
    assert holds(everywhere["Formula"], everywhere)
    assert "InTransfer" not in place["Formula"] and "summed" not in place["Formula"]


def test_the_same_question_is_asked_once_until_it_is_old_or_its_item_moves(official: Counter, item: str, world: World):
    query = {"item": "1000", "location": "MAIN"}
    for _ in range(5):
        official.one(query)
    assert len(official.waits) == 1

    world.later(6)
    world.item("1000", "STK", "9", item_id=item)
    official.one(query)
    assert len(official.waits) == 2

    world.later(31)
    world.tail()
    official.one(query)
    assert len(official.waits) == 3


def test_while_the_worker_does_not_answer_the_whole_item_is_calculated_and_a_place_waits(official: Counter, item: str):
    official.worker = None

    whole, place = official.calculate([{"item": "1000"}, {"item": "1000", "location": "MAIN"}]).get_json()["value"]

    assert whole["Method"] == "OwnCalculation"
    assert place["error"]["code"] == "Internal_TenantUnavailable"
    assert error(official.get({"item": "1000", "location": "MAIN"})) == (503, "Internal_TenantUnavailable")


def test_what_business_central_refuses_is_told_in_its_words(official: Counter, item: str, world: World):
    def refuse() -> None:
        waiting = questions.waiting(world.db, MAIN.id, 100)
        questions.answer(world.db, [(row.id, None, "The location XX does not exist.") for row in waiting], world.now)

    official.worker = refuse

    response = official.get({"item": "1000", "location": "XX"})

    assert error(response) == (400, "BadRequest")
    assert "The location XX does not exist." in response.get_json()["error"]["message"]


def test_no_cache_asks_anew_but_not_more_than_every_few_seconds(official: Counter, item: str, world: World):
    official.one({"item": "1000"})
    world.later(10)
    before = len(official.waits)
    plain = official.worker
    assert plain is not None

    def work() -> None:
        world.tail()
        read_orders(world)
        plain()

    official.worker = work
    rows = [official.one({"item": "1000"}, Cache_Control="no-cache") for _ in range(3)]

    assert [row["Age"] for row in rows] == [0, 0, 0]
    assert len(official.waits) - before <= 2

"""Scenarios S-108 to S-113, and bursts: what picking up orders costs, by the sandbox's own request log.

The native integration needs 10 requests and one more for each line to create an order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bridge.status.run import push_status
from tests.journeys.counting import writes
from tests.orders.conftest import Desk
from tests.orders.seller import Seller, product

GOODS = ("TENT-LEI-2", "PACK-45", "GAS-230", "AXE-CAMP", "STOVE-GAS")
ROUND_TRIPS, OPERATIONS = 0.5, 6
"""What is promised for each order of a burst of 50 or more, both systems together."""


@dataclass(frozen=True)
class Cost:
    """Requests and operations (parts of a batch, orders in one call) by system."""

    sales: int
    business_central: int
    operations: int


def cost(desk: Desk) -> Cost:
    """Of what was done since the log was cleared; signing in, which is kept for an hour, is not counted."""
    counts = desk.sandbox.counts()
    found = {system: counts.get(system, {}) for system in ("sales", "business-central")}
    return Cost(
        sales=int(found["sales"].get("requests", 0)),
        business_central=int(found["business-central"].get("requests", 0)),
        operations=sum(int(one.get("operations", 0)) for one in found.values()),
    )


def sell(desk: Desk, prefix: str, orders: int, lines: int) -> list[str]:
    """Orders of different goods, line by line; their numbers."""
    seller = Seller(desk.sandbox)
    numbers = [f"{prefix}-{at}" for at in range(orders)]
    for number in numbers:
        seller.sell(number, *(product(GOODS[at % len(GOODS)]) for at in range(lines)))
    return numbers


def picked_up(desk: Desk, prefix: str, orders: int, lines: int) -> Cost:
    """What it costs to pick up so many orders, all of which are created and acknowledged."""
    numbers = sell(desk, prefix, orders, lines)
    desk.sandbox.forget_requests()
    outcome = desk.pick_up()
    assert outcome.counts["acknowledged"] == orders
    spent = cost(desk)
    assert min(spent.sales, spent.business_central, spent.operations) > 0
    assert set(numbers) <= set(desk.bc_orders())
    return spent


@pytest.fixture(scope="module")
def desk(shared_desk: Desk) -> Iterator[Desk]:
    """An installation that has been at work before, so that nothing is asked for the first time."""
    picked_up(shared_desk, "FIRST", 1, 1)
    yield shared_desk


def test_s108_one_order_of_five_lines(desk: Desk):
    assert picked_up(desk, "S-108", 1, 5).sales <= 3


def test_s109_twenty_orders_of_five_lines(desk: Desk):
    spent = picked_up(desk, "S-109", 20, 5)
    assert spent.sales <= 41
    assert spent.sales < 10, "they share their requests"


def test_s110_fifty_lines_cost_what_five_cost(desk: Desk):
    few, many = picked_up(desk, "S-110-few", 1, 5), picked_up(desk, "S-110-many", 1, 50)
    assert (many.sales, many.business_central) == (few.sales, few.business_central)


def test_s111_the_same_product_on_ten_lines_is_not_read_ten_times(desk: Desk):
    Seller(desk.sandbox).sell("S-111", *(product("GAS-230") for _ in range(10)))
    desk.sandbox.forget_requests()
    desk.pick_up()
    paths = [entry["path"] for entry in desk.sandbox.requests()]
    assert sum("products" in path or "/items" in path for path in paths) <= 1


def test_s112_with_nothing_to_do_little_is_read_and_nothing_written(desk: Desk):
    desk.pick_up()
    push_status(desk.ctx)
    desk.sandbox.forget_requests()
    assert desk.pick_up().counts["seen"] == 0
    spent = cost(desk)
    assert spent.sales <= 2
    assert spent.business_central <= 3
    assert writes(desk.sandbox) == []


def test_s113_when_sales_asks_for_a_pause_it_gets_one_and_nothing_is_lost_or_doubled(desk: Desk):
    numbers = sell(desk, "S-113", 3, 2)
    desk.sandbox.forget_requests()
    desk.sandbox.faults({"system": "sales", "kind": "429", "times": 1, "retry_after": 1})

    desk.pick_up()

    sent = [entry for entry in desk.sandbox.requests() if entry["system"] == "sales"]
    refused = [at for at, entry in enumerate(sent) if entry["status"] == 429]
    assert len(refused) == 1
    assert sent[refused[0] + 1]["path"] == sent[refused[0]]["path"], "the refused call was sent again"
    made = desk.bc_orders()
    assert [made.count(number) for number in numbers] == [1, 1, 1]
    assert all(desk.is_acknowledged(number) for number in numbers)


def test_a_burst_of_two_hundred_orders_costs_what_is_promised(desk: Desk):
    spent = picked_up(desk, "BURST", 200, 3)
    assert (spent.sales + spent.business_central) / 200 < ROUND_TRIPS
    assert spent.operations / 200 <= OPERATIONS

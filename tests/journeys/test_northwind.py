"""830 orders at once: all there, all released, all acknowledged, all to the cent."""

from __future__ import annotations

from collections.abc import Mapping

from tests.journeys.counting import assert_all_there, writes
from tests.northwind import LINES, ORDERS, ExpectedOrder
from tests.processes import Product, SandboxProcess


def test_one_pick_up_brings_every_order_over_and_a_second_one_writes_nothing(
    trader: SandboxProcess, trading: Product, expected: Mapping[str, ExpectedOrder]
) -> None:
    assert len(expected) == ORDERS
    assert sum(len(order.lines) for order in expected.values()) == LINES

    done = trading.bridge("pick-up", "--json").expect(0)

    assert done.json["failed"] == 0
    assert_all_there(trader, expected)
    counts = trader.counts()
    per_order = {system: counts[system] for system in ("business-central", "sales")}
    trips = sum(count["requests"] for count in per_order.values()) / ORDERS
    operations = sum(count["operations"] for count in per_order.values()) / ORDERS
    assert trips < 0.5, f"{trips:.2f} round trips per order: {per_order}"
    assert operations <= 6, f"{operations:.2f} operations per order: {per_order}"

    trader.forget_requests()
    trading.bridge("pick-up").expect(0)

    assert writes(trader) == []
    assert_all_there(trader, expected)

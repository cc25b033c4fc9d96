"""Killed at any line, restarted, finished: no order lost, none made twice."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping

from demo.remote import sales
from tests.journeys.counting import assert_all_there
from tests.northwind import ExpectedOrder
from tests.processes import Child, Product, SandboxProcess, until

KILLS = 50
ACTIVE = {"statecode": 0, "statuscode": 1}


def test_killed_at_fifty_random_moments_nothing_is_lost_or_doubled(
    trader: SandboxProcess, trading: Product, expected: Mapping[str, ExpectedOrder]
) -> None:
    """Orders are submitted in waves, so that every kill meets a process with work in its hands."""
    draw = random.Random(50)
    numbers = sorted(expected)
    draw.shuffle(numbers)
    _take_back(trader, numbers)
    window = _seconds_at_work(trader, trading, numbers[:10])
    submitted, kills = 10, 0

    while kills < KILLS:
        wave = (len(numbers) - submitted) // (KILLS - kills)
        _submit(trader, numbers[submitted : submitted + wave])
        submitted += wave
        kills += _run_and_kill(trader, trading, draw.uniform(0, window), name=f"pick-up-{submitted}-{kills}")
    _submit(trader, numbers[submitted:])

    _finish(trading)
    assert_all_there(trader, expected)


def test_a_worker_that_dies_is_replaced_by_another_one(
    sandbox: SandboxProcess, product: Product, couple_all: Callable[[Product], None]
) -> None:
    """A worker is killed with an order in its hands and stays dead; another one ends the order within a minute."""
    couple_all(product)
    sandbox.faults(
        {"system": "business-central", "path": "CreateSalesOrders", "kind": "slow", "seconds": 5, "times": 1}
    )
    dying = product.worker("dying", WORK_LEASE_SECONDS="3")
    until(lambda: _asked(sandbox, "CreateSalesOrders") or _creating(product), 60, "the worker to begin an order")
    dying.kill()
    began = time.monotonic()

    product.worker("replacing", WORK_LEASE_SECONDS="3")

    until(lambda: sandbox.sales.order("SO-1001")["lastbackofficesubmit"], 60, "the other worker to end the order")
    assert time.monotonic() - began < 60
    assert len([order for order in sandbox.bc.orders() if order["yourReference"] == "SO-1001"]) == 1


def _take_back(trader: SandboxProcess, numbers: list[str]) -> None:
    """Make the orders Active again, as a seller who is not done with them."""
    remote = sales(trader.env)
    ids = {order["ordernumber"]: order["salesorderid"] for order in trader.sales.orders()}
    for number in numbers:
        remote.call("PATCH", f"salesorders({ids[number]})", ACTIVE)


def _submit(trader: SandboxProcess, numbers: list[str]) -> None:
    for number in numbers:
        trader.sales.submit(number)


def _seconds_at_work(trader: SandboxProcess, product: Product, numbers: list[str]) -> float:
    """How long a small run lasts from its first request to its end."""
    _submit(trader, numbers)
    child, began = _start(trader, product, "measured")
    until(lambda: not child.running, 60, "the measured pick-up to end")
    assert child.process.returncode == 0, child.tail()
    return time.monotonic() - began


def _start(trader: SandboxProcess, product: Product, name: str) -> tuple[Child, float]:
    """A pick-up that has just sent its first request, and when that was noticed."""
    trader.forget_requests()
    child = product.start(name, [*product.python, "-m", "bridge", "pick-up"], product.env)
    until(lambda: trader.counts() or not child.running, 60, "the pick-up to begin")
    return child, time.monotonic()


def _run_and_kill(trader: SandboxProcess, product: Product, after: float, name: str) -> bool:
    """Start a pick-up and kill it that long after its first request; False when it was done before."""
    child, began = _start(trader, product, name)
    until(lambda: time.monotonic() - began >= after or not child.running, after + 5, "the moment to kill")
    landed = child.running
    child.kill()
    return landed


def _finish(product: Product) -> None:
    """Pick up until nothing is left; the dead processes' leases run out meanwhile."""

    def nothing_left() -> bool:
        counts = product.bridge("pick-up", "--json").expect(0).json["counts"]
        return bool(counts["waiting"] == 0 and counts["leased"] == 0 and counts["seen"] == 0)

    until(nothing_left, 120, "the orders that the killed processes held to be finished")


def _asked(sandbox: SandboxProcess, what: str) -> bool:
    return any(what in entry["path"] for entry in sandbox.requests())


def _creating(product: Product) -> bool:
    return '"bc_creating"' in product.bridge("show", "SO-1001", "--json").expect(0, 1).out

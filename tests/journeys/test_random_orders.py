"""Orders made up at random, calls that fail in every way, workers killed: none lost, none doubled, all to the cent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import random_orders, stormy_run
from tests.processes import Product, SandboxProcess

ORDERS, WAVE, SEED = 150, 5, 11
RATE = 0.1
"""Of all calls: few orders need few calls, and some of them must fail."""


@pytest.mark.parametrize("state", ["servers"], indirect=True)
def test_random_orders_survive_faults_and_kills(
    start_sandbox: Callable[..., SandboxProcess],
    install: Callable[..., Product],
    couple_all: Callable[[Product], None],
):
    sandbox = start_sandbox("--webhook-delay", "0.2")
    product = install(sandbox)
    couple_all(product)
    made = random_orders.make_up(ORDERS, SEED)
    orders = {f"R-{at:05}": order for at, order in enumerate(made)}
    random_orders.write_all(sandbox, orders, lambda _done: None)
    stormy_run.spoil(sandbox, SEED, RATE)

    storm = stormy_run.run(sandbox, product, list(orders), SEED, (1.5, 4), WAVE, lambda _done, _kills: None)

    told = product.bridge("failures").out
    assert storm.left == [], told
    assert random_orders.differences(sandbox, orders) == [], told
    assert sum(storm.faults.values()) > 2, storm
    assert storm.kills > 0

"""Mutated queries never fail the service and never hang it, on either database; ``python -m bench fuzz`` asks more."""

from __future__ import annotations

import tracemalloc

import pytest

from gateway.availability import filters
from gateway.errors import ODataError
from tests.gateway.conftest import Door, World
from tests.gateway.fuzz import attack, attack_headers


@pytest.mark.parametrize("seed", [1, 2])
def test_a_mutated_query_is_answered_or_refused_and_nothing_else(world: World, make_gateway, door: Door, seed: int):
    door = Door(make_gateway(rate_limit="1000000 per second"), door.authorization)
    for number in range(5):
        world.stock(f"N{number}", "STK", str(number))
    seen = attack(door, seed, 2500)
    assert seen[200] > 100 and seen[400] > 1000, seen


def test_broken_headers_are_refused_or_ignored_and_nothing_else(world: World, make_gateway, door: Door):
    door = Door(make_gateway(rate_limit="1000000 per second", trusted_proxies="127.0.0.1"), door.authorization)
    world.stock("N1", "STK", "1")
    seen = attack_headers(door, 3, 1500)
    assert seen[200] > 50 and seen[400] > 50 and seen[401] + seen[429] > 50, seen


@pytest.mark.parametrize(
    "text",
    [
        "(" * 8000,
        "not " * 2000,
        "-" * 8000,
        "[" * 8000,
        "tolower(" * 1000,
        "a/" * 4000,
        " or ".join(["ItemNo eq 'A'"] * 500),
        "ItemNo in (" + ",".join(["'A'"] * 4000) + ")",
        "ItemNo eq '" + "A" * 8_000,
        "any(x:" * 1000,
    ],
)
def test_a_deep_or_huge_filter_is_refused_in_little_memory(text: str):
    tracemalloc.start()
    try:
        with pytest.raises(ODataError) as refused:
            filters.parse(text)
        assert refused.value.status == 400
        assert len(refused.value.text) < 600
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("number", "matches"),
    [("9" * 7_900, 0), ("1e" + "9" * 400, 0), ("-1e999999999", 1), ("1e-" + "9" * 30, 1), ("0e" + "9" * 30, 1)],
)
def test_a_huge_number_is_above_or_below_every_stock(door: Door, world: World, number: str, matches: int):
    world.stock("N1", "STK", "1")
    assert len(door.rows({"$filter": f"Inventory gt {number}"})) == matches

"""Limits hold for all processes together, and never cost a caller who stays within them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from limits import parse
from limits.storage import MemoryStorage, Storage

from gateway.cache.redis import counters
from gateway.throttle import Allowance, Guesses


@pytest.fixture(params=["memory", "redis"])
def storage(request: pytest.FixtureRequest) -> Callable[[], Storage]:
    """Answers the counters as each process would reach them."""
    if request.param == "memory":
        alone = MemoryStorage()
        return lambda: alone
    url = request.getfixturevalue("redis_url")
    return lambda: counters(url)


def taken(allowance: Allowance, name: str, most: int) -> int:
    return sum(allowance.take(name) for _ in range(most))


def test_two_processes_together_never_allow_more_than_the_limit(storage: Callable[[], Storage]):
    first, second = (Allowance(parse("200 per hour"), storage()) for _ in range(2))
    allowed = sum(first.take("a") + second.take("a") for _ in range(300))
    assert 200 - 4 <= allowed <= 200  # what is missing lies with the other process as an unspent share
    assert taken(first, "b", 300) == 200
    assert 0 < first.seconds_left() <= 3601


def test_a_window_is_worth_its_limit_up_to_its_last_moment_and_the_next_one_anew(storage: Callable[[], Storage]):
    now = [7_200.0]
    allowance = Allowance(parse("200 per hour"), storage(), lambda: now[0])
    assert (taken(allowance, "a", 50), allowance.seconds_left()) == (50, 3601)
    now[0] = 10_799.9
    assert (taken(allowance, "a", 300), allowance.seconds_left()) == (150, 1)
    now[0] = 10_800.0
    assert taken(allowance, "a", 300) == 200


def test_one_caller_does_not_spend_anothers(storage: Callable[[], Storage]):
    allowance = Allowance(parse("3 per hour"), storage())
    assert taken(allowance, "a", 5) == 3
    assert taken(allowance, "b", 5) == 3


def test_guesses_are_counted_for_all_processes_per_user_and_address(storage: Callable[[], Storage]):
    first, second = (Guesses(parse("4 per hour"), storage()) for _ in range(2))
    assert [guesses.wrong("u", "1") for guesses in (first, second) * 2] == [0] * 4
    assert 0 < first.wrong("u", "1") <= 3601
    assert first.wrong("u", "2") == first.wrong("v", "1") == 0


def test_without_its_counters_a_process_counts_by_itself():
    away = counters("redis://127.0.0.1:1/0")
    assert taken(Allowance(parse("3 per hour"), away), "a", 5) == 3
    guesses = Guesses(parse("2 per hour"), away)
    assert [guesses.wrong("u", "1") > 0 for _ in range(3)] == [False, False, True]

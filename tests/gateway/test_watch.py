"""The state answers depend on is looked up in time, by one request, and others do not wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from gateway.cache.memory import MemoryCache
from gateway.watch import View, Watch


@dataclass
class Source:
    """A database whose state has a number; ``before`` is called when it is read."""

    number: int = 0
    before: Callable[[], None] = lambda: None
    companies: tuple[Any, ...] = ()
    tails: dict[str, datetime] = field(default_factory=dict)
    unpublished: frozenset[str] = frozenset()

    @property
    def generations(self) -> dict[str, int]:
        return {"keys": self.number}

    def read(self) -> Source:
        self.before()
        return self


@dataclass
class Clock:
    seconds: float = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def watch(clock: Clock, source: Source) -> Watch:
    long_ago = count(0.0, 100.0).__next__  # a cache in which nothing lasts: each look is long after the one before
    return Watch(source.read, MemoryCache(long_ago), clock)


def test_a_change_is_seen_before_half_a_second_is_over(clock: Clock, source: Source, watch: Watch):
    assert watch.view().keys == 0
    source.number = 1
    clock.seconds += 0.2
    assert watch.view().keys == 0
    clock.seconds += 0.1
    assert watch.view().keys == 1


def test_while_one_request_renews_the_view_others_go_on_with_it(clock: Clock, source: Source, watch: Watch):
    watch.view()
    reading, go_on, seen = threading.Event(), threading.Event(), list[View]()

    def wait() -> None:
        reading.set()
        assert go_on.wait(10)

    source.number, source.before = 1, wait
    clock.seconds += 0.3
    renewing = threading.Thread(target=lambda: seen.append(watch.view()))
    renewing.start()
    assert reading.wait(10)
    assert watch.view().keys == 0, "at once, although nobody has let the other one go on"
    go_on.set()
    renewing.join()
    assert (seen[0].keys, watch.view().keys) == (1, 1)


def test_a_view_that_could_not_be_renewed_is_good_until_it_is_due(clock: Clock, source: Source, watch: Watch):
    watch.view()

    def fail() -> None:
        raise ConnectionError

    source.before = fail
    clock.seconds += 0.4
    assert watch.view().keys == 0
    clock.seconds += 0.1
    with pytest.raises(ConnectionError):
        watch.view()

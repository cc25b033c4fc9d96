"""A shop's afternoon with every mishap; ``python -m bench shop-life`` lives two days of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from bench.shop_life import STALE_IF_ERROR, Plan, a_life
from bench.truth import Truth
from bridge.store import projection
from tests.gateway.conftest import NOW


def test_no_answer_is_wrong_by_more_than_its_age():
    """Business Central away, Redis away, gateways restarted, postings that are committed late."""
    plan = Plan(seed=5, hours=0.5, items=20, visits=80, postings=60, poll_seconds=40, outage_minutes=7)
    with a_life(plan) as life:
        story = life.live()
    assert story.wrong == []
    assert story.answers["200"] > 100 and story.quantities > 200
    assert story.answers["503"] > 0, "Business Central was away for longer than answers may be old"
    assert 60 < story.oldest <= STALE_IF_ERROR
    for what in ("late postings", "outages of Business Central", "outages of Redis", "restarts"):
        assert story.happened[what] > 0, what


def test_a_worker_that_only_pretends_to_read_is_found_out():
    plan = Plan(seed=6, hours=0.2, items=10, visits=30, postings=40, poll_seconds=30, outage_minutes=1)
    with a_life(plan) as life:

        def pretend(**_: object) -> None:
            tail = projection.tail_of(life.world.db, life.shop.company.id)
            assert tail is not None
            tail.tailed_at = life.world.now
            projection.save(life.world.db, tail)

        life.shop.refresh = pretend  # type: ignore[method-assign]
        story = life.live()
    assert any("really" in line for line in story.wrong)


def test_what_was_true_for_a_moment_of_the_age_may_be_said():
    truth = Truth()
    for minute, value in enumerate((5, 4, 9)):
        truth.becomes("HOSE", Decimal(value), NOW + timedelta(minutes=minute))
    at = NOW + timedelta(minutes=2, seconds=10)
    for age, possible in ((5, {9}), (10, {9}), (11, {9, 4}), (70, {9, 4}), (71, {9, 4, 5})):
        said = {value for value in (4, 5, 9) if truth.was("HOSE", Decimal(value), at - timedelta(seconds=age), at)}
        assert said == possible, age
    assert not truth.was("OTHER", Decimal(0), NOW, at)

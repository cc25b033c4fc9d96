"""A whole order in one request: its limits, its errors line by line, and what it costs the database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bridge.records import new_id
from bridge.store import companies, questions
from gateway.item_availability.model import MOST_QUESTIONS
from tests.gateway.conftest import MAIN, OTHER, ROOT, World, basic, error
from tests.gateway.test_item_availability import Counter, counter, official, read_orders

__all__ = ["counter", "official"]


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the database is asked meanwhile, by whoever asks."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE")):
            asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def items(world: World) -> list[str]:
    """A hundred item numbers; the item n has n on hand."""
    for number in range(100):
        world.item(f"I{number}", "STK", str(number))
    read_orders(world)
    return [f"I{number}" for number in range(100)]


def test_a_hundred_lines_ask_the_database_as_often_as_one(counter: Counter, items: list[str]):
    costs = []
    for lines in ([{"item": items[0]}], [{"item": one} for one in items]):
        counter.calculate(lines)  # whatever is looked at once a second has been looked at
        with statements() as asked:
            answer = counter.calculate(lines)
        assert [row["OnHand"] for row in answer.get_json()["value"]] == list(range(len(lines)))
        costs.append(len(asked))

    assert costs[0] == costs[1] < 10


def test_every_line_has_its_answer_in_its_place(counter: Counter, items: list[str], world: World):
    coupled = world.couple(world.item("COUPLED", "BOX", "7"))
    stranger = new_id()
    lines = [
        {"item": "I5", "quantity": 5},
        {"item": "I5", "quantity": "6.5"},
        {"item": "i5"},
        {"product": coupled},
        {"item": "NO-SUCH"},
        {"product": stranger},
        {"item": "I9", "variant": "RED"},
    ]

    rows = json.loads(counter.calculate(lines).text, parse_float=Decimal)["value"]

    assert [row.get("OnHand") for row in rows] == [5, 5, 5, 7, None, None, None]
    assert [row["Quantity"] for row in rows[:3]] == [5, Decimal("6.5"), 1]
    assert [row["EarliestDate"] is None for row in rows[:3]] == [False, True, False]
    said = [row["error"]["message"] for row in rows[4:]]
    assert '"NO-SUCH"' in said[0] and MAIN.name in said[0]
    assert stranger in said[1] and "couple ITEM-PRODUCT" in said[1]
    assert "companion/README.md" in said[2] and rows[6]["Variant"] == "RED"


def test_an_order_of_more_lines_than_are_taken_is_told_how_many(counter: Counter, items: list[str]):
    assert counter.calculate([{"item": "I1"}] * MOST_QUESTIONS).status_code == 200

    response = counter.calculate([{"item": "I1"}] * (MOST_QUESTIONS + 1))

    assert error(response) == (400, "BadRequest")
    assert f"{MOST_QUESTIONS + 1} questions; one request takes at most {MOST_QUESTIONS}" in response.text


def test_a_line_that_cannot_be_read_is_named_by_its_number(counter: Counter, items: list[str]):
    response = counter.calculate([{"item": "I1"}, {"item": "I2", "quantity": "many"}])

    assert error(response) == (400, "BadRequest")
    assert "Question 2: quantity is a number" in response.get_json()["error"]["message"]


def test_the_same_line_many_times_is_put_to_business_central_once(official: Counter, items: list[str], world: World):
    """Also while the cache that tells who asked first is away, on both databases."""
    asked = [{"item": "I1", "location": "MAIN", "variant": ""}] * 50

    rows = official.calculate(asked).get_json()["value"]

    assert {row["Method"] for row in rows} == {"BusinessCentral"}
    wording = {"item": "I1", "variant": "", "location": "MAIN", "date": "2026-03-02", "quantity": "1"}
    questions.ask(world.db, MAIN.id, [wording] * 3, world.now)
    assert len(questions.waiting(world.db, MAIN.id, 100)) <= 1


def test_two_companies_with_the_same_number_have_their_own_stock_and_age(counter: Counter, world: World):
    companies.save(world.db, [MAIN, OTHER])
    world.item("SAME", "STK", "5", MAIN)
    world.later(20)
    read_orders(world)
    read_orders(world, company=OTHER)
    world.item("SAME", "BOX", "9", OTHER)

    answers = [
        counter.door.get(f"{ROOT}/Company(Id={company.id})/ItemAvailability", {"item": "SAME"})
        for company in (MAIN, OTHER)
    ]

    rows = [one.get_json()["value"][0] for one in answers]
    assert [(row["OnHand"], row["UOM"], row["Age"]) for row in rows] == [(5, "STK", 20), (9, "BOX", 0)]
    assert [one.headers["Age"] for one in answers] == ["20", "0"]


def test_who_has_no_key_costs_no_look_at_the_items(counter: Counter, items: list[str]):
    counter.door.authorization = basic("SALES", "wrong")
    with statements() as asked:
        assert counter.get({"item": "I1"}).status_code == 401
    assert not [one for one in asked if "availability_items" in one]

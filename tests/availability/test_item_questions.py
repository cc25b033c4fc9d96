"""What can be promised rests on the orders that are open now, or on Business Central's own calculation."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bridge.availability.official import answer_questions
from bridge.availability.open_lines import refresh_open_lines
from bridge.availability.tail import refresh
from bridge.clients.errors import RemoteError
from bridge.records import Side
from bridge.store import projection, questions, supply
from bridge.store.models import AvailabilityQuestion
from tests.availability.surroundings import Surroundings
from tests.processes import SandboxProcess

ITEM = "GAS-230"


def item_id(here: Surroundings) -> str:
    refresh(here.ctx)
    return projection.items_by_number(here.ctx.db, here.ctx.company.id, [ITEM])[ITEM].item_id


def order(here: Surroundings, quantity: int, number: str = ITEM) -> dict[str, Any]:
    customer = next(iter(here.ctx.bc.rows("customers", purpose="test", top=1)))
    line = {"lineType": "Item", "lineObjectNumber": number, "quantity": quantity}
    body = {"customerId": customer["id"], "salesOrderLines": [line]}
    return here.ctx.bc.create("salesOrders", body, purpose="test")


def outstanding(here: Surroundings, item: str) -> list[tuple[str, Decimal]]:
    return sorted((one.kind, one.quantity) for one in supply.of_items(here.ctx.db, here.ctx.company.id, [item]))


def test_an_order_counts_from_the_next_run_until_it_is_shipped(here: Surroundings, sandbox: SandboxProcess):
    item = item_id(here)
    refresh_open_lines(here.ctx)
    before = outstanding(here, item)

    made = order(here, 4)
    refresh_open_lines(here.ctx)
    assert outstanding(here, item) == sorted([*before, ("sale", Decimal(4))])

    sandbox.bc.call("POST", "ship", {"order": made["number"]})
    refresh_open_lines(here.ctx)
    assert outstanding(here, item) == before


def test_an_order_that_was_deleted_counts_no_more(here: Surroundings):
    item = item_id(here)
    refresh_open_lines(here.ctx)
    before = outstanding(here, item)
    made = order(here, 4)
    refresh_open_lines(here.ctx)

    here.ctx.bc.delete("salesOrders", made["id"], purpose="test")
    refresh_open_lines(here.ctx)

    assert outstanding(here, item) == before


def test_a_run_asks_once(here: Surroundings):
    refresh_open_lines(here.ctx)

    assert here.cost(lambda: refresh_open_lines(here.ctx)) == {Side.BUSINESS_CENTRAL: 1, Side.SALES: 0}


def ask(here: Surroundings, **given: Any) -> str:
    question = {"item": ITEM, "variant": None, "location": None, "date": "", "quantity": "1", **given}
    questions.ask(here.ctx.db, here.ctx.company.id, [question], here.now())
    return questions.digest(here.ctx.company.id, question)


def answered(here: Surroundings, question_id: str) -> AvailabilityQuestion:
    return questions.found(here.ctx.db, [question_id])[question_id]


def test_a_question_about_the_whole_item_is_the_sum_of_its_places(here: Surroundings, sandbox: SandboxProcess):
    item_id(here)
    sandbox.bc.post_stock(ITEM, 7, "NORTH")
    refresh(here.ctx)
    whole, north, nowhere = ask(here), ask(here, location="NORTH", variant=""), ask(here, location="", variant="")

    outcome = answer_questions(here.ctx)

    stock = projection.items_by_number(here.ctx.db, here.ctx.company.id, [ITEM])[ITEM].inventory
    assert outcome.counts == {"answered": 3, "refused": 0}
    found = [answered(here, one).answer for one in (whole, north, nowhere)]
    assert [Decimal(one["inventory"]) for one in found if one is not None] == [stock, 7, 0]


def test_many_questions_go_in_one_call(here: Surroundings):
    item_id(here)
    for quantity in range(30):
        ask(here, quantity=str(quantity), location="MAIN", variant="")

    assert here.cost(lambda: answer_questions(here.ctx))[Side.BUSINESS_CENTRAL] == 1
    assert here.cost(lambda: answer_questions(here.ctx))[Side.BUSINESS_CENTRAL] == 0


def test_one_question_that_is_refused_does_not_spoil_the_others(here: Surroundings):
    item_id(here)
    good, bad = ask(here, location="MAIN", variant=""), ask(here, item="NO-SUCH-ITEM", location="MAIN", variant="")

    answer_questions(here.ctx)

    assert answered(here, good).answer is not None
    assert answered(here, bad).answer is None
    assert "NO-SUCH-ITEM" in answered(here, bad).error


def test_without_the_companion_the_question_says_so(here: Surroundings, sandbox: SandboxProcess):
    sandbox.bc.call("POST", "companion", {"installed": False})
    question = ask(here, location="MAIN", variant="")

    answer_questions(here.ctx)

    assert "companion" in answered(here, question).error


def test_while_business_central_is_away_questions_wait(here: Surroundings, sandbox: SandboxProcess):
    question = ask(here, location="MAIN", variant="")
    sandbox.faults({"system": "business-central", "kind": "500"})

    with pytest.raises(RemoteError):
        answer_questions(here.ctx)

    assert answered(here, question).answered_at is None


def test_questions_nobody_asks_any_more_are_forgotten(here: Surroundings):
    question = ask(here, location="MAIN", variant="")
    here.later(seconds=(questions.KEPT + timedelta(minutes=1)).total_seconds())

    answer_questions(here.ctx)

    assert questions.found(here.ctx.db, [question]) == {}

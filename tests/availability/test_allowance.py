"""What keeps answers fresh costs Business Central a bounded number of requests, however often it is woken."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from bridge.availability import official
from bridge.availability.allowance import ALTOGETHER, MOST
from bridge.availability.official import answer_questions
from bridge.availability.open_lines import refresh_open_lines
from bridge.availability.tail import refresh
from bridge.context import CompanyContext
from bridge.records import Company, Side, new_id
from bridge.store import companies, projection, questions, supply
from tests.availability.surroundings import Surroundings
from tests.processes import SandboxProcess

ITEM = "GAS-230"
MINUTE = 60


@pytest.fixture(params=["alone", "companion"])
def tailed(request: pytest.FixtureRequest, here: Surroundings, sandbox: SandboxProcess) -> Surroundings:
    """A company whose items have been read a while ago."""
    sandbox.bc.install_companion(request.param == "companion")
    refresh(here.ctx)
    here.later(seconds=MINUTE)
    return here


def each_second(
    here: Surroundings, sandbox: SandboxProcess, seconds: int, *work: Callable[[CompanyContext], object]
) -> Iterator[int]:
    """Do the work once a second; answer, second by second, what the minute up to it cost by Business Central's log."""
    minute, began = deque[int](maxlen=MINUTE), here.now() - here.ahead
    here.ctx = replace(here.ctx, clock=lambda: began + here.ahead)  # a second is one whatever the machine is busy with
    for _ in range(seconds):
        sandbox.forget_requests()
        for one in work:
            one(here.ctx)
        minute.append(len([row for row in sandbox.requests() if row["system"] == "business-central"]))
        yield sum(minute)
        here.later(seconds=1)


def test_woken_every_second_with_a_posting_each_time_they_stay_within_thirty_a_minute(
    tailed: Surroundings, sandbox: SandboxProcess
):
    """Tail and open orders together: whoever wakes them, a webhook or a reader, this is the most."""

    def sell(ctx: CompanyContext) -> None:
        sandbox.bc.post_stock(ITEM, 1)

    costs = list(each_second(tailed, sandbox, MINUTE + 30, sell, refresh, refresh_open_lines))

    assert MOST - 5 <= max(costs) <= MOST
    tailed.later(seconds=MINUTE)
    refresh(tailed.ctx)
    [found] = projection.items_by_number(tailed.ctx.db, tailed.ctx.company.id, [ITEM]).values()
    listed = next(iter(tailed.ctx.bc.rows("items", purpose="test", filter=f"number eq '{ITEM}'")))
    assert found.inventory == listed["inventory"]


def test_at_the_usual_pace_a_quiet_company_costs_fifteen_a_minute(tailed: Surroundings, sandbox: SandboxProcess):
    """Twelve ticks, three looks at the open orders, and with the companion its row version twice."""
    seconds = iter(range(MINUTE))

    def usual(ctx: CompanyContext) -> None:
        second = next(seconds)
        if second % 5 == 0:
            refresh(ctx)
        if second % 20 == 0:
            refresh_open_lines(ctx)

    assert list(each_second(tailed, sandbox, MINUTE, usual))[-1] <= 17


def test_the_more_companies_there_are_the_less_each_of_them_gets(here: Surroundings, sandbox: SandboxProcess):
    refresh(here.ctx)
    here.later(seconds=MINUTE)
    others = [Company(new_id(), f"Branch {number}", "") for number in range(39)]
    companies.save(here.ctx.db, [here.ctx.company, *others])

    costs = list(each_second(here, sandbox, MINUTE + 5, refresh, refresh_open_lines))

    assert 0 < max(costs) <= ALTOGETHER / 40


def test_readers_who_ask_something_new_every_second_cost_twelve_a_minute(here: Surroundings, sandbox: SandboxProcess):
    refresh(here.ctx)

    def ask(ctx: CompanyContext) -> None:
        given = {"item": ITEM, "variant": "", "location": None, "date": "", "quantity": str(here.ahead.seconds)}
        questions.ask(ctx.db, ctx.company.id, [given], here.now())

    assert max(each_second(here, sandbox, MINUTE, ask, answer_questions)) == official.MOST
    assert len(questions.waiting(here.ctx.db, here.ctx.company.id, 1000)) > MINUTE / 2, "not forgotten"
    here.later(seconds=MINUTE)
    answer_questions(here.ctx)
    assert questions.waiting(here.ctx.db, here.ctx.company.id, 1000) == []


def test_what_waited_is_found_when_the_minute_is_over(tailed: Surroundings, sandbox: SandboxProcess):
    """An order that was made while the allowance was used up."""
    for _ in each_second(tailed, sandbox, MINUTE - 5, refresh):
        pass
    customer = next(iter(tailed.ctx.bc.rows("customers", purpose="test", top=1)))
    line = {"lineType": "Item", "lineObjectNumber": ITEM, "quantity": 7}
    tailed.ctx.bc.create("salesOrders", {"customerId": customer["id"], "salesOrderLines": [line]}, purpose="test")
    assert tailed.cost(lambda: refresh_open_lines(tailed.ctx))[Side.BUSINESS_CENTRAL] == 0

    tailed.later(seconds=MINUTE)
    refresh_open_lines(tailed.ctx)

    item = projection.items_by_number(tailed.ctx.db, tailed.ctx.company.id, [ITEM])[ITEM].item_id
    assert 7 in [one.quantity for one in supply.of_items(tailed.ctx.db, tailed.ctx.company.id, [item])]

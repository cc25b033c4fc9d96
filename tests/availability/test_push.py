"""Products are told their quantity on hand, in bulk, and only when it moved; one refusal does not hold up the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import SecretStr

from bridge.availability.push import JOB, push_quantities
from bridge.availability.tail import refresh
from bridge.cli.runs import _Served, recurring_jobs
from bridge.clients.calls import Calls
from bridge.clients.errors import SignInRefused, Throttled
from bridge.clients.sales import Write
from bridge.context import Outcome
from bridge.records import Side, guid
from bridge.store import couplings, failures, jobs, projection, pushed
from bridge.store.couplings import NewCoupling
from bridge.store.models import Coupling, Failure
from tests.availability.surroundings import Surroundings
from tests.processes import SandboxProcess

NUMBERS = ("GAS-230", "TENT-LEI-2", "FLASK-1L")
FIRST = NUMBERS[0]


@pytest.fixture
def products(here: Surroundings) -> dict[str, str]:
    """Product id by item number: three coupled items."""
    refresh(here.ctx)
    items = projection.items_by_number(here.ctx.db, here.ctx.company.id, NUMBERS)
    rows = here.ctx.sales.rows("products", purpose="test", select=("productid", "productnumber"))
    found = {row["productnumber"]: guid(row["productid"]) for row in rows}
    for number, item in items.items():
        wanted = NewCoupling("ITEM-PRODUCT", 27, item.item_id, number, "product", found[number])
        couplings.couple(here.ctx.db, here.ctx.company.id, wanted, datetime.now(UTC))
    return {number: found[number] for number in NUMBERS}


def stock(here: Surroundings, number: str) -> Decimal:
    return projection.items_by_number(here.ctx.db, here.ctx.company.id, [number])[number].inventory


def on_hand(here: Surroundings, product: str) -> object:
    return here.ctx.sales.row("products", product, purpose="test", select=("quantityonhand",))["quantityonhand"]


def listed(here: Surroundings) -> list[Failure]:
    return [one for one in failures.open_failures(here.ctx.db) if one.subject == pushed.SUBJECT]


def move(here: Surroundings, sandbox: SandboxProcess, number: str, quantity: Decimal | str) -> None:
    sandbox.bc.post_stock(number, str(quantity))
    refresh(here.ctx)


def test_only_what_moved_is_told_in_one_request_and_negative_as_0(
    here: Surroundings, sandbox: SandboxProcess, products: dict[str, str]
):
    assert here.cost(lambda: push_quantities(here.ctx)) == {Side.BUSINESS_CENTRAL: 0, Side.SALES: 1}
    assert [on_hand(here, products[one]) for one in NUMBERS] == [stock(here, one) for one in NUMBERS]
    assert here.cost(lambda: push_quantities(here.ctx)) == {Side.BUSINESS_CENTRAL: 0, Side.SALES: 0}

    move(here, sandbox, FIRST, -(stock(here, FIRST) + 5))
    assert here.cost(lambda: push_quantities(here.ctx))[Side.SALES] == 1
    assert on_hand(here, products[FIRST]) == 0

    move(here, sandbox, FIRST, "-3")
    assert here.cost(lambda: push_quantities(here.ctx))[Side.SALES] == 0, "0 has been told already"


def test_a_skipped_coupling_is_left_alone(here: Surroundings, products: dict[str, str]):
    with here.ctx.db.write() as session:
        session.query(Coupling).filter(Coupling.sales_id == products[FIRST]).update({"skipped": True})

    assert push_quantities(here.ctx).counts == {"modified": 2}


def new_product(here: Surroundings, number: str) -> str:
    """A product with the units of one that is there."""
    some = next(here.ctx.sales.rows("products", purpose="test", filter=f"productnumber eq '{NUMBERS[1]}'"))
    body = {"name": number, "productnumber": number, "quantitydecimal": 2}
    for one, many in {"defaultuomid": "uoms", "defaultuomscheduleid": "uomschedules"}.items():
        body[f"{one}@odata.bind"] = f"/{many}({some[f'_{one}_value']})"
    return here.ctx.sales.create("products", body, purpose="test")


@pytest.fixture
def gone(here: Surroundings, products: dict[str, str]) -> str:
    """Instead of the first product a coupled one that has been deleted."""
    product = new_product(here, "BRIEF")
    recouple(here, products[FIRST], product)
    here.ctx.sales.delete("products", product, purpose="test")
    return product


def recouple(here: Surroundings, before: str, after: str) -> None:
    """The first item is that product now."""
    coupling = couplings.uncouple(here.ctx.db, here.ctx.company.id, "ITEM-PRODUCT", before)
    assert coupling is not None
    wanted = NewCoupling("ITEM-PRODUCT", 27, coupling.bc_id, FIRST, "product", after)
    couplings.couple(here.ctx.db, here.ctx.company.id, wanted, here.now())


def test_a_product_that_is_gone_is_listed_and_the_others_are_told(
    here: Surroundings, products: dict[str, str], gone: str
):
    outcome: list[Outcome] = []

    cost = here.cost(lambda: outcome.append(push_quantities(here.ctx)))

    assert (outcome[0].counts, outcome[0].failed) == ({"modified": 2}, 1)
    assert cost[Side.SALES] == 2, "all of them, and when that was refused one by one in a batch"
    assert [on_hand(here, products[one]) for one in NUMBERS[1:]] == [stock(here, one) for one in NUMBERS[1:]]
    [failure] = listed(here)
    assert (failure.record_id, failure.heals_by_itself) == (gone, True)
    assert failure.record == f"Product of item {FIRST}, quantity on hand {stock(here, FIRST).normalize():f}"
    assert "uncouple" in failure.advice
    assert here.cost(lambda: push_quantities(here.ctx))[Side.SALES] == 0, "it waits for its next attempt"


def test_who_was_refused_is_tried_again_after_a_growing_pause_and_heals(here: Surroundings, gone: str):
    push_quantities(here.ctx)
    for minutes in (1, 2, 4):
        here.later(minutes=minutes, seconds=1)
        assert push_quantities(here.ctx).failed == 1
        here.later(minutes=minutes)
        assert here.cost(lambda: push_quantities(here.ctx))[Side.SALES] == 0
    assert listed(here)[0].count == 4

    anew = new_product(here, "ANEW")
    recouple(here, gone, anew)

    assert push_quantities(here.ctx).counts == {"modified": 1}
    assert on_hand(here, anew) == stock(here, FIRST)


def test_a_reply_that_is_lost_costs_a_repeat_and_nothing_else(
    here: Surroundings, sandbox: SandboxProcess, products: dict[str, str]
):
    sandbox.faults({"system": "sales", "path": "UpdateMultiple", "kind": "after", "times": 1})

    assert push_quantities(here.ctx).counts == {"modified": 3}
    assert on_hand(here, products[FIRST]) == stock(here, FIRST)


def test_while_sales_throttles_nothing_is_noted_and_nothing_asked_again_soon(
    here: Surroundings, sandbox: SandboxProcess, products: dict[str, str]
):
    sandbox.faults({"system": "sales", "path": "UpdateMultiple", "kind": "429", "retry_after": 600})

    def throttled() -> None:
        with pytest.raises(Throttled):
            push_quantities(here.ctx)

    assert [here.cost(throttled)[Side.SALES] for _ in range(2)] == [1, 0]
    assert len(pushed.moved(here.ctx.db, here.ctx.company.id, here.now(), 10)) == 3
    assert listed(here) == []


def test_without_the_privilege_there_is_one_failure_that_says_so(
    here: Surroundings, sandbox: SandboxProcess, products: dict[str, str]
):
    me = here.ctx.sales.who_am_i().user_id
    held = here.ctx.sales.row("systemusers", me, purpose="test", expand="systemuserroles_association")
    given = {f"entra_client_{one}": sandbox.env[f"SANDBOX_ADMIN_CLIENT_{one.upper()}"] for one in ("id", "secret")}
    admin = {name: SecretStr(text) if name.endswith("secret") else text for name, text in given.items()}
    administrator = replace(here.bridge, settings=here.bridge.settings.model_copy(update=admin), calls=Calls())
    for role in held["systemuserroles_association"]:
        link = f"systemusers({me})/systemuserroles_association({role['roleid']})/$ref"
        [done] = administrator.sales.batch([Write("DELETE", link)], purpose="test")
        assert done.ok, done.error
    administrator.sales.transport.close()

    with pytest.raises(SignInRefused, match="has not been assigned any roles"):
        push_quantities(here.ctx)

    assert listed(here) == []


def test_the_job_goes_when_the_push_is_switched_off_and_all_are_told_when_it_is_on_again(
    here: Surroundings, products: dict[str, str]
):
    def served(on: bool) -> bool:
        settings = here.bridge.settings.model_copy(update={"push_quantity_on_hand": on})
        object.__setattr__(here.bridge, "settings", settings)
        _Served(here.bridge, recurring_jobs(settings)).prepare()
        return jobs.get(here.ctx.db, here.ctx.company.id, JOB) is not None

    assert served(on=True)
    push_quantities(here.ctx)
    assert not served(on=False)
    here.ctx.sales.update("products", products[FIRST], {"quantityonhand": 4711}, purpose="test")
    assert served(on=True)
    assert push_quantities(here.ctx).counts == {"modified": 3}
    assert on_hand(here, products[FIRST]) == stock(here, FIRST)

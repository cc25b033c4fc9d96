"""Products are told their quantity on hand, in bulk, and only when it moved."""

from __future__ import annotations

from datetime import UTC, datetime

from bridge.availability.push import push_quantities
from bridge.availability.tail import refresh
from bridge.records import Side, guid
from bridge.store import couplings, projection
from bridge.store.couplings import NewCoupling
from tests.availability.surroundings import Surroundings
from tests.processes import SandboxProcess

NUMBERS = ("GAS-230", "TENT-LEI-2")


def coupled(here: Surroundings) -> dict[str, str]:
    """Product id by item number."""
    refresh(here.ctx)
    items = projection.items_by_number(here.ctx.db, here.ctx.company.id, NUMBERS)
    rows = here.ctx.sales.rows("products", purpose="test", select=("productid", "productnumber"))
    products = {row["productnumber"]: guid(row["productid"]) for row in rows}
    for number, item in items.items():
        wanted = NewCoupling("ITEM-PRODUCT", 27, item.item_id, number, "product", products[number])
        couplings.couple(here.ctx.db, here.ctx.company.id, wanted, datetime.now(UTC))
    return {number: products[number] for number in NUMBERS}


def on_hand(here: Surroundings, product: str) -> object:
    return here.ctx.sales.row("products", product, purpose="test", select=("quantityonhand",))["quantityonhand"]


def test_only_what_moved_is_told_in_one_request_and_negative_as_0(here: Surroundings, sandbox: SandboxProcess):
    products = coupled(here)
    assert push_quantities(here.ctx).counts == {"modified": 2}
    stock = projection.items_by_number(here.ctx.db, here.ctx.company.id, NUMBERS)
    assert [on_hand(here, products[one]) for one in NUMBERS] == [stock[one].inventory for one in NUMBERS]
    assert here.cost(lambda: push_quantities(here.ctx)) == {Side.BUSINESS_CENTRAL: 0, Side.SALES: 0}

    sandbox.bc.post_stock(NUMBERS[0], str(-(stock[NUMBERS[0]].inventory + 5)))
    refresh(here.ctx)

    assert here.cost(lambda: push_quantities(here.ctx))[Side.SALES] == 1
    assert on_hand(here, products[NUMBERS[0]]) == 0

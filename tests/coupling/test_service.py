"""Coupling by hand and by values, against both systems."""

from __future__ import annotations

import pytest

from bridge.coupling.errors import MappingUnknown, NotCoupled, NotOfThisMapping, RecordNotFound
from bridge.coupling.service import ALL, couple, match, uncouple
from bridge.records import guid, new_id
from bridge.store import companies, couplings
from bridge.store.couplings import AlreadyCoupled
from bridge.store.models import Coupling
from tests.availability.surroundings import Surroundings
from tests.processes import SandboxProcess

ITEM, OTHER = "GAS-230", "TENT-LEI-2"


def coupled(here: Surroundings, mapping: str) -> dict[str, Coupling]:
    return {one.bc_number: one for one in couplings.of_mapping(here.ctx.db, here.ctx.company.id, mapping)}


def product_id(here: Surroundings, number: str) -> str:
    rows = here.ctx.sales.rows("products", purpose="test", select=("productid",), filter=f"productnumber eq '{number}'")
    return guid(next(iter(rows))["productid"])


def item_id(here: Surroundings, number: str) -> str:
    rows = here.ctx.bc.rows("items", purpose="test", select=("id",), filter=f"number eq '{number}'")
    return guid(next(iter(rows))["id"])


def test_matching_everything_couples_what_both_sides_have(here: Surroundings):
    outcome = match(here.ctx, ALL)

    assert outcome.failed == 0
    items = coupled(here, "ITEM-PRODUCT")
    assert len(items) >= 40
    assert items[ITEM].bc_id == item_id(here, ITEM)
    assert items[ITEM].sales_id == product_id(here, ITEM)
    assert items[ITEM].table_id == 27
    for mapping in ("UNIT OF MEASURE", "SALESPEOPLE", "CUSTOMER", "RESOURCE-PRODUCT"):
        assert coupled(here, mapping), mapping
    options = couplings.options(here.ctx.db, here.ctx.company.id)
    assert set(options) == {"PAYMENT TERMS", "SHIPMENT METHOD", "SHIPPING AGENT"}
    assert any("WRITE-IN is unmatched" in note for note in outcome.notes)


def test_matching_again_changes_nothing(here: Surroundings):
    first = match(here.ctx, ALL)
    before = {mapping: set(coupled(here, mapping)) for mapping in ("ITEM-PRODUCT", "CUSTOMER", "SALESPEOPLE")}

    second = match(here.ctx, ALL)

    assert second.counts == {
        "coupled": 0,
        "unchanged": first.counts["coupled"],
        "unmatched": first.counts["unmatched"],
    }
    assert {mapping: set(coupled(here, mapping)) for mapping in before} == before


def test_blocked_records_are_coupled_like_any_other(here: Surroundings, sandbox: SandboxProcess):
    sandbox.bc.set_item(ITEM, blocked=True)
    sandbox.bc.set_customer("10100", blocked="All")

    match(here.ctx, ALL)

    assert ITEM in coupled(here, "ITEM-PRODUCT")
    assert "10100" in coupled(here, "CUSTOMER")


def test_records_of_another_company_are_left_alone(here: Surroundings):
    other = here.ctx.sales.create(
        "bcbi_companies", {"bcbi_name": "Another AS", "bcbi_externalid": new_id()}, purpose="test"
    )
    here.ctx.sales.update(
        "products", product_id(here, ITEM), {"bcbi_CompanyId@odata.bind": f"/bcbi_companies({other})"}, purpose="test"
    )
    companies.learn(here.ctx.db, here.ctx.company.id, sales_company_id=new_id(), companion_version=None)

    match(here.ctx, "ITEM-PRODUCT")

    assert ITEM not in coupled(here, "ITEM-PRODUCT")
    assert OTHER in coupled(here, "ITEM-PRODUCT")


def test_without_the_companion_the_rest_is_matched_and_what_is_missing_is_named(
    here: Surroundings, sandbox: SandboxProcess
):
    sandbox.bc.install_companion(False)

    outcome = match(here.ctx, ALL)

    assert coupled(here, "ITEM-PRODUCT")
    named = [note for note in outcome.notes if "companion" in note]
    assert [note.partition(":")[0] for note in named] == ["SHIPPING AGENT", "RESOURCE-PRODUCT"]


def test_coupling_by_hand_takes_numbers_or_ids(here: Surroundings):
    couple(here.ctx, "item-product", ITEM, product_id(here, OTHER))
    couple(here.ctx, "ITEM-PRODUCT", item_id(here, OTHER), ITEM)

    assert coupled(here, "ITEM-PRODUCT")[ITEM].sales_id == product_id(here, OTHER)
    assert coupled(here, "ITEM-PRODUCT")[OTHER].sales_id == product_id(here, ITEM)


def test_coupling_the_same_pair_again_changes_nothing_and_another_partner_is_refused(here: Surroundings):
    couple(here.ctx, "ITEM-PRODUCT", ITEM, ITEM)
    couple(here.ctx, "ITEM-PRODUCT", ITEM, ITEM)

    with pytest.raises(AlreadyCoupled, match=ITEM):
        couple(here.ctx, "ITEM-PRODUCT", ITEM, OTHER)
    assert len(coupled(here, "ITEM-PRODUCT")) == 1


NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(("bc", "sales"), [("NO-SUCH", ITEM), (ITEM, "NO-SUCH"), (NOBODY, ITEM), (ITEM, NOBODY)])
def test_a_record_that_does_not_exist_is_not_coupled(here: Surroundings, bc: str, sales: str):
    with pytest.raises(RecordNotFound) as refusal:
        couple(here.ctx, "ITEM-PRODUCT", bc, sales)

    assert refusal.value.wanted in (bc, sales)
    assert refusal.value.wanted != ITEM
    assert coupled(here, "ITEM-PRODUCT") == {}


def test_a_service_is_no_partner_for_an_item(here: Surroundings):
    with pytest.raises(NotOfThisMapping, match="producttypecode"):
        couple(here.ctx, "ITEM-PRODUCT", ITEM, "ASSEMBLY")


def test_a_mapping_nobody_knows_is_answered_with_those_there_are(here: Surroundings):
    with pytest.raises(MappingUnknown, match="ITEM-PRODUCT"):
        match(here.ctx, "ITEMS")


def test_uncoupling_takes_either_end_and_leaves_the_others(here: Surroundings):
    match(here.ctx, "ITEM-PRODUCT")
    uncouple(here.ctx, "ITEM-PRODUCT", ITEM)
    uncouple(here.ctx, "ITEM-PRODUCT", product_id(here, OTHER))

    left = coupled(here, "ITEM-PRODUCT")
    assert ITEM not in left
    assert OTHER not in left
    assert left
    with pytest.raises(NotCoupled, match=ITEM):
        uncouple(here.ctx, "ITEM-PRODUCT", ITEM)


def test_an_option_is_coupled_by_label_or_value_and_can_be_moved(here: Surroundings):
    match(here.ctx, "SHIPMENT METHOD")
    before = couplings.options(here.ctx.db, here.ctx.company.id)["SHIPMENT METHOD"]
    value = next(iter(before))

    couple(here.ctx, "SHIPMENT METHOD", "PICKUP", str(value))

    after = couplings.options(here.ctx.db, here.ctx.company.id)["SHIPMENT METHOD"]
    assert after[value].bc_code == "PICKUP"
    assert {k: o.bc_code for k, o in after.items() if k != value} == {
        k: o.bc_code for k, o in before.items() if k != value
    }
    uncouple(here.ctx, "SHIPMENT METHOD", "PICKUP")
    assert value not in couplings.options(here.ctx.db, here.ctx.company.id)["SHIPMENT METHOD"]
    with pytest.raises(RecordNotFound, match="There are"):
        couple(here.ctx, "SHIPMENT METHOD", "PICKUP", "By camel")

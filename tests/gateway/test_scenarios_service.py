"""Item availability service: scenarios 1 to 33 of the acceptance list, each by its number, over HTTP.

Business Central and Sales are the sandbox, the ledger is tailed by the worker's own step, and the gateway answers at a
socket behind a proxy. The only state made by hand is what no sandbox company has: thousands of rows, a company's name.
Where the list and the architecture differ the architecture holds, and the test says so.
"""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from sqlalchemy import insert

from bridge.availability.push import push_quantities
from bridge.clients.errors import RemoteError
from bridge.records import Company
from bridge.store import companies
from bridge.store.models import AvailabilityItem, Coupling
from tests.gateway.conftest import OTHER, ROOT, SET, Door, World, basic, error
from tests.gateway.shop import Shop

P1 = "b5cf0b51-6c0e-ec11-b6e6-000d3ab8e4f1"
P2 = "b5cf0b51-6c0e-ec11-b6e6-000d3ab8e4f2"
NAMES = ["CRM_ID", "Integration_ID", "Table_ID", "ItemNo", "UOM", "Inventory"]
ADDRESS = f"{ROOT}/{SET}"


@pytest.fixture
def door(world: World, shop: Shop) -> Door:
    """A caller with a good key, over https."""
    return shop.door(basic("SALES", world.key()))


@pytest.fixture
def p1(shop: Shop) -> str:
    """Item 1896-S coupled to product P1; answers the item's id."""
    return shop.coupled("1896-S", "STK", "47.5", P1)


def many(world: World, company: Company, count: int) -> None:
    """So many coupled items, as a worker leaves them."""
    items, coupled = [], []
    for number in range(count):
        item, product = f"{number:08x}-0000-4000-8000-000000000001", f"{number:08x}-0000-4000-8000-000000000002"
        of = {"company_id": company.id}
        what = {"number": f"N{number:05}", "name": "", "base_unit": "STK", "inventory": number, "blocked": False}
        items.append(of | {"item_id": item, "entry_number": 1, "refreshed_at": world.now} | what)
        ends = {"bc_id": item, "sales_table": "product", "sales_id": product}
        coupled.append(of | {"mapping": "ITEM-PRODUCT", "table_id": 27, "coupled_at": world.now} | ends)
    with world.db.write() as session:
        session.execute(insert(AvailabilityItem), items)
        session.execute(insert(Coupling), coupled)


@pytest.fixture
def rows_of_three(world: World, shop: Shop) -> Shop:
    """Three coupled items, as a worker leaves them: for scenarios about addresses and pages."""
    shop.refresh()
    for number in "ABC":
        world.stock(number, "STK", "1", shop.company)
    world.later(1)
    return shop


def test_01_a_coupled_product_is_answered_with_its_item(door: Door, p1: str):
    (row,) = door.rows({"$filter": f"CRM_ID eq {P1}"})
    assert (row["ItemNo"], row["UOM"], row["Inventory"], row["Table_ID"]) == ("1896-S", "STK", 47.5, 27)


def test_01_a_posting_is_answered_after_the_next_tail(door: Door, shop: Shop, world: World, p1: str):
    assert door.rows()[0]["Inventory"] == 47.5
    shop.sandbox.bc.post_stock("1896-S", -7)
    world.later(5)
    shop.refresh()
    world.later(1)
    assert door.rows()[0]["Inventory"] == 40.5


def test_02_a_product_without_coupling_is_an_empty_set(door: Door, p1: str):
    assert door.rows({"$filter": f"CRM_ID eq {P2}"}) == []


def test_03_only_couplings_of_items_are_listed(door: Door, world: World, shop: Shop, p1: str):
    for mapping, table in (("RESOURCE-PRODUCT", 156), ("CUSTOMER", 18)):
        world.couple(f"0d6f4b9a-77aa-4b11-9889-000d3a2b7{table:03}", company=shop.company, mapping=mapping, table=table)
    assert [row["CRM_ID"] for row in door.rows()] == [P1]


def test_04_a_skipped_coupling_is_listed_all_the_same(door: Door, world: World, p1: str):
    with world.db.write() as session:
        for coupling in session.query(Coupling):
            coupling.skipped = True
    world.later(1)
    assert [row["CRM_ID"] for row in door.rows()] == [P1]


def test_05_a_deleted_item_is_empty_and_not_an_error(door: Door, shop: Shop):
    item = shop.coupled("1896-S", "STK", "0", P1)
    assert door.rows()[0]["ItemNo"] == "1896-S"
    shop.context().bc.delete("items", item, purpose="test")
    shop.refresh(full=True)
    shop.world.later(1)
    (row,) = door.rows({"$filter": f"CRM_ID eq {P1}"})
    assert (row["ItemNo"], row["UOM"], row["Inventory"]) == ("", "", 0)


def test_06_negative_stock_is_told_as_it_is_and_pushed_as_nothing(door: Door, shop: Shop):
    shop.coupled("1000", "STK", "-3", P1)
    assert door.rows()[0]["Inventory"] == -3
    assert push_quantities(shop.context()).counts["modified"] == 1
    (pushed,) = shop.sales.rows("products", purpose="test", filter=f"productid eq {P1}", select=("quantityonhand",))
    assert pushed["quantityonhand"] == 0


def test_07_an_item_without_base_unit_has_an_empty_one(door: Door, shop: Shop):
    shop.coupled("1000", "")
    assert door.rows()[0]["UOM"] == ""


@pytest.fixture
def two_companies(world: World, shop: Shop, door: Door) -> Door:
    companies.save(world.db, [shop.company, shop.branch])
    shop.coupled("HERE", "STK", "1")
    shop.coupled("THERE", "STK", "2", company=shop.branch)
    world.later(1)
    return door


def numbers(door: Door, address: str, query: str | None = None) -> list[str]:
    response = door.get(address, query)
    assert response.status_code == 200, response.text
    return [row["ItemNo"] for row in response.get_json()["value"]]


def test_08_another_company_has_its_own_couplings(two_companies: Door, shop: Shop):
    assert numbers(two_companies, f"{ROOT}/Company('{shop.branch.name}')/{SET}") == ["THERE"]
    assert numbers(two_companies, f"{ROOT}/Company('{shop.company.name}')/{SET}") == ["HERE"]


def test_09_a_company_in_wrong_case_is_no_company(two_companies: Door, shop: Shop):
    response = two_companies.get(f"{ROOT}/Company('{shop.branch.name.lower()}')/{SET}")
    assert error(response) == (404, "Internal_CompanyNotFound")


def test_10_by_id_by_name_and_by_query_are_the_same(two_companies: Door, shop: Shop):
    for address, query in (
        (f"{ROOT}/Company(Id={shop.branch.id})/{SET}", None),
        (f"{ROOT}/Company('{shop.branch.name}')/{SET}", None),
        (ADDRESS, f"company={shop.branch.name}"),
        (ADDRESS, f"company='{shop.branch.name}'"),
    ):
        assert numbers(two_companies, address, query) == ["THERE"]


def test_11_two_companies_without_default_need_a_name(two_companies: Door):
    assert error(two_companies.get(ADDRESS)) == (404, "Internal_CompanyNotFound")


def test_12_an_apostrophe_in_the_name_is_doubled(door: Door, world: World):
    companies.save(world.db, [OTHER])
    world.stock("THERE", "STK", "2", OTHER)
    world.later(1)
    assert door.get(f"{ROOT}/Company('Bob''s%20Shop')").get_json()["Name"] == "Bob's Shop"
    assert numbers(door, f"{ROOT}/Company('Bob''s%20Shop')/{SET}") == ["THERE"]


def test_13_a_tenant_stays_in_the_link(rows_of_three: Shop, door: Door):
    body = door.get(ADDRESS, "tenant=T1", Prefer="odata.maxpagesize=2").get_json()
    assert "tenant=T1" in body["@odata.nextLink"]


def test_14_the_names_are_exactly_these(door: Door, p1: str):
    assert [name for name in door.rows()[0] if not name.startswith("@")] == NAMES


def test_15_metadata_has_business_centrals_shape(door: Door):
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    root = ElementTree.fromstring(door.get(f"{ROOT}/$metadata").data)
    schema = root.find(f".//{edm}Schema")
    assert schema is not None and schema.get("Namespace") == "NAV"
    container = schema.find(f"{edm}EntityContainer")
    assert container is not None and container.get("Name") == "NAV"
    rows = schema.find(f"{edm}EntityType[@Name='{SET}']")
    assert rows is not None
    keys = [one.get("Name") for one in rows.iterfind(f"{edm}Key/{edm}PropertyRef")]
    assert keys == ["CRM_ID", "Integration_ID"]
    for key in keys:
        described = rows.find(f"{edm}Property[@Name='{key}']")
        assert described is not None and described.get("Nullable") == "false"


def test_16_one_row_by_both_keys(door: Door, p1: str):
    body = door.get(f"{ADDRESS}(CRM_ID={P1},Integration_ID={p1})").get_json()
    assert body["@odata.context"].endswith("/$entity") and body["ItemNo"] == "1896-S"


def test_17_an_unknown_key_pair_is_404_with_a_correlation_id(door: Door, p1: str):
    response = door.get(f"{ADDRESS}(CRM_ID={P2},Integration_ID={p1})")
    assert error(response) == (404, "Internal_RecordNotFound")  # error() checks the id in the text


def test_18_a_malformed_guid_is_400_without_a_stack_trace(door: Door, p1: str):
    response = door.get(ADDRESS, {"$filter": "CRM_ID eq b5cf0b51-6c0e"})
    assert error(response)[0] == 400 and "Traceback" not in response.text and ".py" not in response.text


def test_19_or_across_two_fields_is_refused(door: Door, p1: str):
    response = door.get(ADDRESS, {"$filter": "ItemNo eq 'A' or UOM eq 'STK'"})
    assert error(response) == (400, "BadRequest") and "'or'" in response.get_json()["error"]["message"]


def test_20_or_on_one_field_is_served(door: Door, p1: str):
    assert len(door.rows({"$filter": "ItemNo eq '1896-S' or ItemNo eq 'B'"})) == 1


def test_21_selected_properties_and_the_etag_are_all_there_is(door: Door, p1: str):
    assert set(door.rows({"$select": "ItemNo,Inventory"})[0]) == {"@odata.etag", "ItemNo", "Inventory"}


def test_22_an_unknown_property_cannot_be_selected(door: Door):
    assert error(door.get(ADDRESS, {"$select": "Foo"})) == (400, "BadRequest")


def test_23_order_top_skip_and_the_full_count(door: Door, world: World, shop: Shop):
    shop.refresh()
    for number in range(12):
        world.stock(f"N{number:02}", "STK", str(number), shop.company)
    body = door.get(ADDRESS, "$orderby=Inventory desc&$top=5&$skip=5&$count=true").get_json()
    assert [row["Inventory"] for row in body["value"]] == [6, 5, 4, 3, 2]
    assert body["@odata.count"] == 12


def test_24_25_26_27_28_pages_of_twenty_thousand(door: Door, world: World, shop: Shop):
    shop.refresh()
    many(world, shop.company, 25_000)
    world.later(1)
    first = door.get(ADDRESS, "$select=ItemNo").get_json()  # 24
    link = first["@odata.nextLink"]
    assert len(first["value"]) == 20_000
    assert "aid=FIN" in link and "$skiptoken=" in link and "$top" not in link
    second = door.get(link.removeprefix("https://stock.example")).get_json()
    assert len(second["value"]) == 5_000 and "@odata.nextLink" not in second
    assert len({row["ItemNo"] for row in first["value"] + second["value"]}) == 25_000

    over = door.get(ADDRESS, "$select=ItemNo&$top=25000").get_json()  # 25
    assert len(over["value"]) == 20_000 and "$top=5000" in over["@odata.nextLink"]
    within = door.get(ADDRESS, "$select=ItemNo&$top=20000").get_json()  # 26
    assert len(within["value"]) == 20_000 and "@odata.nextLink" not in within
    small = door.get(ADDRESS, "$select=ItemNo", Prefer="odata.maxpagesize=100")  # 27
    assert len(small.get_json()["value"]) == 100 and "@odata.nextLink" in small.get_json()
    assert small.headers["Preference-Applied"] == "odata.maxpagesize=100"
    large = door.get(ADDRESS, "$select=ItemNo", Prefer="odata.maxpagesize=50000")  # 28
    assert len(large.get_json()["value"]) == 20_000


def test_29_a_tampered_token_is_refused(rows_of_three: Shop, door: Door):
    link = door.get(ADDRESS, Prefer="odata.maxpagesize=2").get_json()["@odata.nextLink"]
    token = link.rpartition("$skiptoken=")[2]
    assert error(door.get(f"{ADDRESS}?$skiptoken={token[:-2]}xx"))[0] == 400


def test_30_writing_is_405(door: Door):
    assert error(door.ask("POST", ADDRESS)) == (405, "BadRequest_MethodNotAllowed")


def test_31_a_callback_is_refused(door: Door):
    assert error(door.get(ADDRESS, "$callback=x"))[0] == 400


def test_32_while_business_central_is_away_answers_age_until_they_are_too_old(door: Door, shop: Shop, p1: str):
    shop.sandbox.faults({"system": "business-central", "kind": "503"})
    for seconds in (299, 2):
        shop.world.later(seconds)
        with pytest.raises(RemoteError):
            shop.refresh()
        answer = door.get(ADDRESS)
        if seconds == 299:
            assert (answer.status_code, answer.headers["Age"]) == (200, "299")
    assert error(answer) == (503, "Internal_TenantUnavailable") and int(answer.headers["Retry-After"]) > 0
    shop.sandbox.clear_faults()
    shop.refresh()
    shop.world.later(1)
    assert door.get(ADDRESS).status_code == 200


def test_33_a_page_that_is_not_configured_gets_no_cors_headers(door: Door):
    preflight = door.ask("OPTIONS", ADDRESS, Origin="https://elsewhere.example", Access_Control_Request_Method="GET")
    assert not any(name.lower().startswith("access-control-") for name, _ in preflight.headers)

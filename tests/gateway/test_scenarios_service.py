"""Item availability service: scenarios 1 to 33 of the acceptance list, each by its number.

Asked of a gateway over HTTP, with the state that a worker leaves; scenario 1 is walked through the sandbox as well.
Where the list and the architecture differ the architecture holds, and the test says so.
"""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
import requests

from bridge.store import companies, couplings
from bridge.store.models import AvailabilityItem, Coupling
from tests.gateway.conftest import MAIN, OTHER, ROOT, SET, Door, World, error

P1 = "b5cf0b51-6c0e-ec11-b6e6-000d3ab8e4f1"
P2 = "b5cf0b51-6c0e-ec11-b6e6-000d3ab8e4f2"
NAMES = ["CRM_ID", "Integration_ID", "Table_ID", "ItemNo", "UOM", "Inventory"]
ADDRESS = f"{ROOT}/{SET}"


@pytest.fixture
def p1(world: World) -> str:
    """Item 1896-S coupled to product P1; answers the item's id."""
    item = world.item("1896-S", "STK", "47.5")
    world.couple(item, P1)
    return item


def many(world: World, count: int) -> None:
    """So many coupled items."""
    with world.db.write() as session:
        for number in range(count):
            item, product = f"{number:08x}-0000-4000-8000-000000000001", f"{number:08x}-0000-4000-8000-000000000002"
            session.add(
                AvailabilityItem(
                    company_id=MAIN.id,
                    item_id=item,
                    number=f"N{number:05}",
                    name="",
                    base_unit="STK",
                    inventory=number,
                    blocked=False,
                    entry_number=1,
                    refreshed_at=world.now,
                )
            )
            session.add(
                Coupling(
                    company_id=MAIN.id,
                    mapping="ITEM-PRODUCT",
                    table_id=27,
                    bc_id=item,
                    sales_table="product",
                    sales_id=product,
                    coupled_at=world.now,
                )
            )


def test_01_a_coupled_product_is_answered_with_its_item(door: Door, p1: str):
    (row,) = door.rows({"$filter": f"CRM_ID eq {P1}"})
    assert (row["ItemNo"], row["UOM"], row["Inventory"], row["Table_ID"]) == ("1896-S", "STK", 47.5, 27)


def test_01b_the_same_through_the_sandbox_and_the_worker(product, sandbox, couple_all):
    """Business Central posts, the worker reads, the gateway answers: every number is Business Central's."""
    couple_all(product)
    product.bridge("refresh-availability", "--full").expect(0)
    gateway = product.gateway(AVAILABILITY_STALE_IF_ERROR="3600")
    answer = requests.get(
        f"{gateway.address}/ODataV4/{SET}", auth=("FORMS", product.new_key("FORMS")), timeout=30
    ).json()
    assert len(answer["value"]) > 10
    assert {row["Table_ID"] for row in answer["value"]} == {27}
    before = {row["ItemNo"]: row["Inventory"] for row in answer["value"]}
    item = min(before)
    sandbox.bc.post_stock(item, 7)
    product.bridge("refresh-availability").expect(0)
    session = requests.Session()
    session.auth = ("FORMS", product.new_key("FORMS"))
    after = session.get(
        f"{gateway.address}/ODataV4/{SET}",
        params={"$filter": f"ItemNo eq '{item}'"},
        headers={"Cache-Control": "no-cache"},
        timeout=30,
    )
    assert after.json()["value"][0]["Inventory"] == before[item] + 7


def test_02_a_product_without_coupling_is_an_empty_set(door: Door, p1: str):
    assert door.rows({"$filter": f"CRM_ID eq {P2}"}) == []


def test_03_only_couplings_of_items_are_listed(door: Door, world: World, p1: str):
    world.couple("0d6f4b9a-77aa-4b11-9889-000d3a2b7f5c", mapping="RESOURCE-PRODUCT", table=156)
    world.couple("0d6f4b9a-77aa-4b11-9889-000d3a2b7f5d", mapping="CUSTOMER", table=18)
    assert [row["CRM_ID"] for row in door.rows()] == [P1]


def test_04_a_skipped_coupling_is_listed_all_the_same(door: Door, world: World, p1: str):
    with world.db.write() as session:
        for coupling in session.query(Coupling):
            coupling.skipped = True
    world.later(1)
    assert [row["CRM_ID"] for row in door.rows()] == [P1]


def test_05_a_deleted_item_is_empty_and_not_an_error(door: Door, world: World, p1: str):
    world.tail(MAIN, gone=(p1,))
    (row,) = door.rows({"$filter": f"CRM_ID eq {P1}"})
    assert (row["ItemNo"], row["UOM"], row["Inventory"]) == ("", "", 0)


def test_06_negative_stock_is_told_as_it_is(door: Door, world: World):
    world.stock("1000", "STK", "-3")
    assert door.rows()[0]["Inventory"] == -3


def test_07_an_item_without_base_unit_has_an_empty_one(door: Door, world: World):
    world.stock("1000", "", "1")
    assert door.rows()[0]["UOM"] == ""


@pytest.fixture
def two_companies(world: World, door: Door) -> Door:
    companies.save(world.db, [MAIN, OTHER])
    world.stock("HERE", "STK", "1")
    world.stock("THERE", "STK", "2", OTHER)
    world.later(1)
    return door


def numbers(door: Door, address: str, query: str | None = None) -> list[str]:
    response = door.get(address, query)
    assert response.status_code == 200, response.text
    return [row["ItemNo"] for row in response.get_json()["value"]]


def test_08_another_company_has_its_own_couplings(two_companies: Door):
    assert numbers(two_companies, f"{ROOT}/Company('Bob''s%20Shop')/{SET}") == ["THERE"]


def test_09_a_company_in_wrong_case_is_no_company(two_companies: Door):
    response = two_companies.get(f"{ROOT}/Company('bob''s%20shop')/{SET}")
    assert error(response) == (404, "Internal_CompanyNotFound")


def test_10_by_id_by_name_and_by_query_are_the_same(two_companies: Door):
    for address, query in (
        (f"{ROOT}/Company(Id={OTHER.id})/{SET}", None),
        (f"{ROOT}/Company('Bob''s%20Shop')/{SET}", None),
        (ADDRESS, "company=Bob's Shop"),
        (ADDRESS, "company='Bob''s Shop'"),
    ):
        assert numbers(two_companies, address, query) == ["THERE"]


def test_11_two_companies_without_default_need_a_name(two_companies: Door):
    assert error(two_companies.get(ADDRESS)) == (404, "Internal_CompanyNotFound")


def test_12_an_apostrophe_in_the_name_is_doubled(two_companies: Door):
    assert two_companies.get(f"{ROOT}/Company('Bob''s%20Shop')").get_json()["Name"] == "Bob's Shop"


def test_13_a_tenant_stays_in_the_link(door: Door, world: World):
    for number in "ABC":
        world.stock(number, "STK", "1")
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


def test_23_order_top_skip_and_the_full_count(door: Door, world: World):
    for number in range(12):
        world.stock(f"N{number:02}", "STK", str(number))
    body = door.get(ADDRESS, "$orderby=Inventory desc&$top=5&$skip=5&$count=true").get_json()
    assert [row["Inventory"] for row in body["value"]] == [6, 5, 4, 3, 2]
    assert body["@odata.count"] == 12


def test_24_to_28_pages_of_twenty_thousand(door: Door, world: World):
    many(world, 25_000)
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


def test_29_a_tampered_token_is_refused(door: Door, world: World):
    for number in "ABC":
        world.stock(number, "STK", "1")
    link = door.get(ADDRESS, Prefer="odata.maxpagesize=2").get_json()["@odata.nextLink"]
    token = link.rpartition("$skiptoken=")[2]
    assert error(door.get(f"{ADDRESS}?$skiptoken={token[:-2]}xx"))[0] == 400


def test_30_writing_is_405(door: Door):
    assert error(door.ask("POST", ADDRESS)) == (405, "BadRequest_MethodNotAllowed")


def test_31_a_callback_is_refused(door: Door):
    assert error(door.get(ADDRESS, "$callback=x"))[0] == 400


def test_32_while_business_central_is_away_answers_age_until_they_are_too_old(door: Door, world: World, p1: str):
    world.later(299)
    answer = door.get(ADDRESS)
    assert (answer.status_code, answer.headers["Age"]) == (200, "299")
    world.later(2)
    refusal = door.get(ADDRESS)
    assert error(refusal) == (503, "Internal_TenantUnavailable") and int(refusal.headers["Retry-After"]) > 0


def test_33_a_page_that_is_not_configured_gets_no_cors_headers(door: Door):
    preflight = door.ask("OPTIONS", ADDRESS, Origin="https://elsewhere.example", Access_Control_Request_Method="GET")
    assert not any(name.lower().startswith("access-control-") for name, _ in preflight.headers)


def test_links_survive_changes_between_pages(door: Door, world: World):
    """A row that goes or comes before the place reached neither hides nor repeats another."""
    products = {number: world.stock(number, "STK", "1") for number in ("B", "C", "D", "E")}
    first = door.get(ADDRESS, "$orderby=ItemNo&$select=ItemNo", Prefer="odata.maxpagesize=2").get_json()
    couplings.uncouple(world.db, MAIN.id, "ITEM-PRODUCT", products["B"])
    world.stock("A", "STK", "1")
    world.later(1)
    second = door.get(first["@odata.nextLink"].removeprefix("https://stock.example")).get_json()
    assert [row["ItemNo"] for row in first["value"] + second["value"]] == ["B", "C", "D", "E"]


def test_f7_the_older_address_answers_when_it_is_switched_on(world: World, make_gateway, door: Door, p1: str):
    assert error(door.get(f"/BC170/OData/{SET}")) == (404, "BadRequest_ResourceNotFound")
    older = Door(make_gateway(v3_alias="true"), door.authorization)
    body = older.get(f"/BC170/OData/{SET}", {"$filter": f"CRM_ID eq guid'{P1}'"}).get_json()
    assert [row["ItemNo"] for row in body["value"]] == ["1896-S"]
    assert body["@odata.context"].startswith("https://stock.example/BC170/OData/$metadata#")
    row = older.get(f"/BC170/OData/Company('Fjord%20%26%20Sons')/{SET}(CRM_ID=guid'{P1}',Integration_ID=guid'{p1}')")
    assert row.get_json()["ItemNo"] == "1896-S"
    assert older.get("/BC170/OData/Company('Fjord%20%26%20Sons')").get_json()["Name"] == MAIN.name
    assert older.get(ADDRESS, {"$filter": f"CRM_ID eq guid'{P1}'"}).status_code == 400


def test_f8_metadata_is_json_for_who_asks_for_it(door: Door):
    for query, accept in (("$format=json", ""), ("", "application/json"), ("$format=application/json", "*/*")):
        response = door.get(f"{ROOT}/$metadata", query, **({"Accept": accept} if accept else {}))
        assert response.headers["Content-Type"] == "application/json"
        schema = json.loads(response.text)
        assert schema["$Version"] == "4.0" and schema["$EntityContainer"] == "NAV.NAV"
        assert schema["NAV"][SET]["$Key"] == ["CRM_ID", "Integration_ID"]
        assert schema["NAV"][SET]["CRM_ID"] == {"$Type": "Edm.Guid"}
        assert schema["NAV"][SET]["ItemNo"] == {"$Nullable": True, "$MaxLength": 20}
        assert schema["NAV"]["NAV"][SET] == {"$Collection": True, "$Type": f"NAV.{SET}"}
    for accept in ("application/xml", "application/json, application/xml;q=0.5", "*/*"):
        assert door.get(f"{ROOT}/$metadata", Accept=accept).headers["Content-Type"] == "application/xml"
    assert error(door.get(f"{ROOT}/$metadata", "$format=html")) == (400, "BadRequest")
    assert error(door.get(f"{ROOT}/$metadata", Accept="text/html")) == (406, "BadRequest")


def test_f8_companies_take_top_skip_and_count(two_companies: Door):
    body = two_companies.get(f"{ROOT}/Company", "$top=1&$skip=1&$count=true").get_json()
    assert ([one["Name"] for one in body["value"]], body["@odata.count"]) == ([OTHER.name], 2)
    assert error(two_companies.get(f"{ROOT}/Company", "$filter=true")) == (400, "BadRequest")
    assert error(two_companies.get(f"{ROOT}/Company", "$orderby=ItemNo")) == (400, "BadRequest")


def test_a_key_may_come_by_alias(door: Door, p1: str):
    address = f"{ADDRESS}(CRM_ID=@c,Integration_ID=@i)"
    assert door.get(address, {"@c": P1, "@i": p1}).get_json()["ItemNo"] == "1896-S"
    assert error(door.get(address, {"@c": P1})) == (400, "BadRequest")
    assert error(door.get(address, {"@c": P1, "@i": "x"})) == (400, "Application_InvalidGUID")


def test_the_next_link_is_percent_encoded(door: Door, world: World):
    for number in "ABC":
        world.stock(number, "STK", "1")
    body = door.get(ADDRESS, {"$filter": "UOM eq 'STK' and ItemNo ne 'Ø'"}, Prefer="odata.maxpagesize=1").get_json()
    assert re.fullmatch(r"[\x21-\x7e]+", body["@odata.nextLink"])

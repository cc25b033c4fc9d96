"""The item availability service as a form script sees it."""

from __future__ import annotations

import json
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from bridge.store import companies, couplings
from tests.gateway.conftest import MAIN, OTHER, ROOT, SET, Door, World, error

PRODUCT = "b5cf0b51-6c0e-ec11-b6e6-000d3ab8e4f1"
NAMES = ["CRM_ID", "Integration_ID", "Table_ID", "ItemNo", "UOM", "Inventory"]


def test_a_product_is_answered_with_its_items_stock(door: Door, world: World):
    item = world.item("1896-S", "STK", "47.5")
    world.couple(item, PRODUCT)

    response = door.get(
        f"{ROOT}/Company('Fjord %26 Sons')/{SET}".replace(" ", "%20"), {"$filter": f"CRM_ID eq {PRODUCT}"}
    )

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json; odata.metadata=minimal"
    assert response.headers["OData-Version"] == "4.0"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.headers["Age"] == "0"
    body = response.get_json()
    assert body["@odata.context"] == f"https://stock.example{ROOT}/$metadata#Company('Fjord%20%26%20Sons')/{SET}"
    (row,) = body["value"]
    assert row.pop("@odata.etag").startswith('W/"')
    assert row == {
        "CRM_ID": PRODUCT,
        "Integration_ID": item,
        "Table_ID": 27,
        "ItemNo": "1896-S",
        "UOM": "STK",
        "Inventory": 47.5,
    }


def test_a_product_that_is_not_coupled_is_an_empty_set_and_no_error(door: Door, world: World):
    world.stock("1896-S", "STK", "47.5")
    assert door.rows({"$filter": f"CRM_ID eq {PRODUCT}"}) == []


def test_only_couplings_of_items_are_listed(door: Door, world: World):
    wanted = world.stock("1000", "STK", "1")
    world.couple("0d6f4b9a-77aa-4b11-9889-000d3a2b7f5c", mapping="RESOURCE-PRODUCT", table=156)
    world.couple("0d6f4b9a-77aa-4b11-9889-000d3a2b7f5d", mapping="CUSTOMER", table=18)
    assert [row["CRM_ID"] for row in door.rows()] == [wanted]


def test_a_coupling_whose_item_is_gone_is_listed_with_nothing_in_stock(door: Door, world: World):
    item = world.item("1000", "STK", "5")
    world.couple(item)
    world.tail(MAIN, gone=(item,))
    (row,) = door.rows()
    assert (row["Integration_ID"], row["ItemNo"], row["UOM"], row["Inventory"]) == (item, "", "", 0)


@pytest.mark.parametrize("inventory", ["-3", "0", "0.00001", "123456789.12345"])
def test_stock_is_exact(door: Door, world: World, inventory: str):
    world.stock("1000", "", inventory)
    (row,) = door.rows()
    assert (row["Inventory"], row["UOM"]) == (Decimal(inventory), "")


def test_each_company_has_its_own_rows_and_every_form_of_address_gives_the_same(door: Door, world: World):
    world.stock("HERE", "STK", "1")
    companies.save(world.db, [MAIN, OTHER])
    world.stock("THERE", "STK", "2", OTHER)
    world.later(1)

    for address, query in (
        (f"{ROOT}/Company('Bob''s%20Shop')/{SET}", None),
        (f"{ROOT}/Company(Id={OTHER.id})/{SET}", None),
        (f"{ROOT}/Company(Id={OTHER.id.upper()})/{SET}", None),
        (f"{ROOT}/{SET}", {"company": "Bob's Shop"}),
        (f"{ROOT}/{SET}", {"company": "'Bob''s Shop'"}),
        (f"/v2.0/contoso/production/ODataV4/Company('Bob''s%20Shop')/{SET}", {"tenant": "T1"}),
        (f"/ODataV4/Company('Bob''s%20Shop')/{SET}", {"company": MAIN.name}),
    ):
        response = door.get(address, query)
        assert response.status_code == 200, (address, response.text)
        assert [row["ItemNo"] for row in response.get_json()["value"]] == ["THERE"], address


def test_a_company_is_only_known_by_its_exact_name(door: Door, world: World):
    assert error(door.get(f"{ROOT}/Company('fjord%20%26%20sons')/{SET}")) == (404, "Internal_CompanyNotFound")
    assert error(door.get(f"{ROOT}/Company(Id={OTHER.id})/{SET}")) == (404, "Internal_CompanyNotFound")
    assert error(door.get(f"{ROOT}/{SET}", {"company": "Nobody"})) == (404, "Internal_CompanyNotFound")


def test_with_two_companies_and_no_default_the_address_must_name_one(door: Door, world: World):
    companies.save(world.db, [MAIN, OTHER])
    world.later(1)
    assert error(door.get(f"{ROOT}/{SET}")) == (404, "Internal_CompanyNotFound")


def test_the_first_of_bc_company_is_the_default(world: World, make_gateway, door: Door):
    companies.save(world.db, [MAIN, OTHER])
    world.stock("THERE", "STK", "2", OTHER)
    door.client = make_gateway(bc_company="Bob's Shop, Fjord & Sons", public_url="http://127.0.0.1")
    assert [row["ItemNo"] for row in door.rows()] == ["THERE"]


def test_one_row_by_its_key(door: Door, world: World):
    item = world.item("1000", "STK", "2.5")
    world.couple(item, PRODUCT)
    address = f"{ROOT}/{SET}(CRM_ID={PRODUCT},Integration_ID={item})"

    response = door.get(address)
    body = response.get_json()
    assert body["@odata.context"].endswith(f"/{SET}/$entity")
    assert body["Inventory"] == 2.5
    assert response.headers["ETag"] == body["@odata.etag"]

    again = door.get(address, If_None_Match=response.headers["ETag"])
    assert (again.status_code, again.data, again.headers["Age"]) == (304, b"", "0")

    world.item("1000", "STK", "2.6", item_id=item)
    world.later(1)
    changed = door.get(address, If_None_Match=response.headers["ETag"])
    assert (changed.status_code, changed.get_json()["Inventory"]) == (200, 2.6)

    assert door.get(f"{address}/Inventory").get_json()["value"] == 2.6
    assert door.get(f"{address}/Inventory/$value").text == "2.6"


def test_keys_that_name_no_row_are_refused(door: Door):
    unknown = f"CRM_ID={PRODUCT},Integration_ID={PRODUCT}"
    assert error(door.get(f"{ROOT}/{SET}({unknown})")) == (404, "Internal_RecordNotFound")
    assert error(door.get(f"{ROOT}/{SET}({PRODUCT})")) == (400, "BadRequest_NotFound")
    assert error(door.get(f"{ROOT}/{SET}(CRM_ID=1,Integration_ID=2)")) == (400, "Application_InvalidGUID")
    assert error(door.get(f"{ROOT}/{SET}(CRM_ID={PRODUCT},Foo={PRODUCT})")) == (400, "BadRequest")
    assert error(door.get(f"{ROOT}/{SET}({unknown})/Foo")) == (404, "BadRequest_ResourceNotFound")


def test_select_orderby_top_skip_and_count(door: Door, world: World):
    for number, stock in (("A", "1"), ("B", "5"), ("C", "3"), ("D", "5"), ("E", "2")):
        world.stock(number, "STK", stock)

    rows = door.rows({"$select": "Inventory,ItemNo", "$orderby": "Inventory desc,ItemNo", "$top": 3, "$skip": 1})
    assert [list(row) for row in rows] == [["@odata.etag", "ItemNo", "Inventory"]] * 3
    assert [row["ItemNo"] for row in rows] == ["D", "C", "E"]

    body = door.get(f"{ROOT}/{SET}", {"$count": "true", "$top": "2", "$filter": "Inventory gt 1"}).get_json()
    assert (body["@odata.count"], len(body["value"])) == (4, 2)
    assert door.get(f"{ROOT}/{SET}/$count", {"$filter": "Inventory eq 5"}).text == "2"
    assert door.rows({"$top": 0}) == []


def test_pages_follow_each_other_without_gap_or_repetition(door: Door, world: World):
    expected = sorted(f"N{number:02}" for number in range(25))
    for number in expected:
        world.stock(number, "STK", str(int(number[1:]) % 4))

    query = {"$orderby": "Inventory desc,ItemNo", "tenant": "T1", "$select": "ItemNo", "$top": "23"}
    address, seen, sizes = f"{ROOT}/{SET}?{'&'.join(f'{k}={v}' for k, v in query.items())}", [], []
    while address:
        response = door.get(address.replace(" ", "%20"), Prefer="odata.maxpagesize=10")
        assert response.headers["Preference-Applied"] == "odata.maxpagesize=10"
        body = response.get_json()
        seen += [row["ItemNo"] for row in body["value"]]
        sizes.append(len(body["value"]))
        address = body.get("@odata.nextLink", "").removeprefix("https://stock.example")
        if address:
            assert "aid=FIN" in address and "tenant=T1" in address and "$skiptoken=" in address
    in_order = sorted(expected, key=lambda number: (-(int(number[1:]) % 4), number))
    assert (sizes, seen) == ([10, 10, 3], in_order[:23])


def test_a_link_without_top_has_no_top_and_a_full_page_within_top_has_no_link(door: Door, world: World):
    for number in range(4):
        world.stock(f"N{number}", "STK", "1")
    first = door.get(f"{ROOT}/{SET}", Prefer="odata.maxpagesize=3").get_json()
    assert "$top" not in first["@odata.nextLink"]
    assert "@odata.nextLink" not in door.get(f"{ROOT}/{SET}", {"$top": "3"}, Prefer="odata.maxpagesize=3").get_json()
    more = door.get(f"{ROOT}/{SET}", {"$top": "4"}, Prefer="odata.maxpagesize=3").get_json()
    assert "$top=1" in more["@odata.nextLink"]
    large = door.get(f"{ROOT}/{SET}", Prefer="odata.maxpagesize=50000")
    assert large.headers["Preference-Applied"] == "odata.maxpagesize=20000"


def test_a_skiptoken_that_was_changed_or_belongs_elsewhere_is_refused(door: Door, world: World):
    for number in range(3):
        world.stock(f"N{number}", "STK", "1")
    link = door.get(f"{ROOT}/{SET}", Prefer="odata.maxpagesize=2").get_json()["@odata.nextLink"]
    token = link.rpartition("$skiptoken=")[2]
    assert error(door.get(f"{ROOT}/{SET}?$skiptoken=x{token}")) == (400, "BadRequest")
    assert error(door.get(f"{ROOT}/{SET}?$filter=Inventory%20gt%200&$skiptoken={token}")) == (400, "BadRequest")
    assert len(door.get(f"{ROOT}/{SET}?$skiptoken={token}").get_json()["value"]) == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("$select=Foo", "BadRequest"),
        ("$orderby=Foo", "BadRequest"),
        ("$orderby=ItemNo%20up", "BadRequest_NotFound"),
        ("$orderby=toupper(ItemNo)", "BadRequest"),
        ("$orderby=ItemNo,,UOM", "BadRequest_NotFound"),
        ("$select=ItemNo,", "BadRequest_NotFound"),
        ("$select=Item/Name", "BadRequest"),
        ("$OrderBy=ItemNo", "BadRequest"),
        ("$index=1", "BadRequest"),
        ("$top=-1", "BadRequest"),
        ("$top=ten", "BadRequest"),
        ("$skip=99999999999", "BadRequest"),
        ("$count=yes", "BadRequest"),
        ("$format=xml", "BadRequest"),
        ("$expand=Item", "BadRequest"),
        ("$search=x", "BadRequest"),
        ("$apply=x", "BadRequest"),
        ("$callback=x", "BadRequest"),
        ("$foo=x", "BadRequest_NotFound"),
        ("$top=1&$top=2", "BadRequest"),
        ("$filter=%FF", "BadRequest_NotFound"),
    ],
)
def test_options_that_are_not_served_are_refused_by_name(door: Door, query: str, code: str):
    assert error(door.get(f"{ROOT}/{SET}?{query}")) == (400, code)


def test_unknown_names_without_dollar_and_system_parameters_are_ignored(door: Door):
    assert door.get(f"{ROOT}/{SET}?foo=1&tenant=t&aid=FIN&$schemaversion=2.1").status_code == 200


def test_metadata_levels_and_decimals_as_text(door: Door, world: World):
    world.stock("1000", "STK", "2.5")
    none = door.get(f"{ROOT}/{SET}", Accept="application/json;odata.metadata=none").get_json()
    assert list(none) == ["value"] and list(none["value"][0]) == NAMES
    full = door.get(f"{ROOT}/{SET}", Accept="application/json;odata.metadata=full").get_json()["value"][0]
    assert full["@odata.type"] == f"#NAV.{SET}" and full["Inventory@odata.type"] == "#Decimal"
    odd = door.get(f"{ROOT}/{SET}", Accept="application/json;odata.metadata=lots").get_json()
    assert "@odata.context" in odd
    text = door.get(f"{ROOT}/{SET}", Accept="application/json;IEEE754Compatible=true")
    assert text.get_json()["value"][0]["Inventory"] == "2.5"
    assert "IEEE754Compatible=true" in text.headers["Content-Type"]


def test_formats_and_versions_that_are_not_offered(door: Door):
    assert error(door.get(f"{ROOT}/{SET}", Accept="application/xml")) == (406, "BadRequest")
    assert error(door.get(f"{ROOT}/{SET}", OData_MaxVersion="3.0")) == (400, "BadRequest")
    assert door.get(f"{ROOT}/{SET}", Accept="text/html, */*;q=0.8").status_code == 200
    assert door.get(f"{ROOT}/{SET}?$format=json", Accept="application/xml").status_code == 200


def test_roots_companies_and_metadata(door: Door):
    document = door.get(f"{ROOT}/").get_json()
    assert [one["name"] for one in document["value"]] == ["Company", SET]
    assert door.get(ROOT).get_json() == document
    assert [one["Name"] for one in door.get(f"{ROOT}/Company").get_json()["value"]] == [MAIN.name]
    assert door.get(f"{ROOT}/Company/$count").text == "1"
    assert door.get(f"{ROOT}/Company(Id={MAIN.id})").get_json()["Name"] == MAIN.name

    response = door.get(f"{ROOT}/$metadata")
    assert response.headers["Content-Type"] == "application/xml"
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    schema = ElementTree.fromstring(response.data).find(f".//{edm}Schema")
    assert schema is not None and schema.get("Namespace") == "NAV"
    rows = schema.find(f"{edm}EntityType[@Name='{SET}']")
    assert rows is not None
    assert [one.get("Name") for one in rows.iter(f"{edm}PropertyRef")] == ["CRM_ID", "Integration_ID"]
    nullable = {one.get("Name"): one.get("Nullable") for one in rows.iter(f"{edm}Property")}
    assert nullable == dict.fromkeys(NAMES) | {"CRM_ID": "false", "Integration_ID": "false"}


def test_addresses_that_are_not_served(door: Door):
    for path in ("ProductItemavailability", f"{SET}/Foo", "Foo", "Company('x')/Foo", "$batch"):
        assert error(door.get(f"{ROOT}/{path}")) == (404, "BadRequest_ResourceNotFound"), path
    assert error(door.get("/nothing/here")) == (404, "BadRequest_ResourceNotFound")
    assert error(door.get(f"{ROOT}/{SET}?$filter=" + "x" * 8100)) == (414, "BadRequest_InvalidRequestUrl")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_written(door: Door, method: str):
    response = door.ask(method, f"{ROOT}/{SET}")
    assert error(response) == (405, "BadRequest_MethodNotAllowed")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_head_answers_like_get_without_the_body(door: Door, world: World):
    world.stock("1000", "STK", "1")
    get, head = door.get(f"{ROOT}/{SET}"), door.ask("HEAD", f"{ROOT}/{SET}")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_the_etag_is_the_same_while_nothing_changes(door: Door, world: World):
    world.stock("1000", "STK", "1")
    first = door.rows()[0]["@odata.etag"]
    world.later(5)
    assert door.rows()[0]["@odata.etag"] == first


def test_uncoupling_takes_the_row_away_within_a_second(door: Door, world: World):
    product = world.stock("1000", "STK", "1")
    assert len(door.rows()) == 1
    couplings.uncouple(world.db, MAIN.id, "ITEM-PRODUCT", product)
    world.later(1)
    assert door.rows() == []


def test_a_failure_of_ours_says_nothing_of_its_cause(door: Door, monkeypatch: pytest.MonkeyPatch, world: World):
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("inner secret")

    monkeypatch.setattr("gateway.availability.render.collection", fail)
    response = door.get(f"{ROOT}/{SET}")
    assert error(response) == (500, "Internal_ServerError")
    assert "inner secret" not in response.text
    assert any("inner secret" in json.dumps(line) for line in world.lines())

"""Address forms, links and metadata beyond the numbered scenarios: what clients built for Business Central rely on."""

from __future__ import annotations

import json
import re

import pytest

from bridge.records import Company
from bridge.store import companies, couplings
from tests.gateway.conftest import MAIN, OTHER, ROOT, SET, Door, World, error

P1 = "b5cf0b51-6c0e-ec11-b6e6-000d3ab8e4f1"
ADDRESS = f"{ROOT}/{SET}"


@pytest.fixture
def p1(world: World) -> str:
    """Item 1896-S coupled to product P1; answers the item's id."""
    item = world.item("1896-S", "STK", "47.5")
    world.couple(item, P1)
    return item


@pytest.fixture
def two_companies(world: World, door: Door) -> Door:
    companies.save(world.db, [MAIN, OTHER])
    world.stock("HERE", "STK", "1")
    world.stock("THERE", "STK", "2", OTHER)
    world.later(1)
    return door


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


def test_a_name_is_decoded_once_and_the_service_has_one_spelling(world: World, door: Door):
    companies.save(world.db, [Company(MAIN.id, "100%25 / A+B's")])
    world.later(1)
    for written in ("100%2525%20%2F%20A+B''s", "100%2525%20/%20A%2BB''s"):
        assert door.get(f"{ROOT}/Company('{written}')").get_json()["Name"] == "100%25 / A+B's"
        assert door.get(f"{ROOT}/Company('{written}')/{SET}").status_code == 200
    assert error(door.get(f"{ROOT}/Company('100%25%20/%20A+B''s')"))[0] == 404
    for other in ("productItemAvailability", "PRODUCTITEMAVAILABILITY", "ProductItemAvailability2"):
        assert error(door.get(f"{ROOT}/{other}")) == (404, "BadRequest_ResourceNotFound")


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

"""What clients send beyond plain rows: SQL, metadata by query, bulk deletion, lines without repricing, big queries."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
import simplejson

from tests.sandbox.desk import Desk, sales_id
from tests.sandbox.test_sales_checklist import OPEN, refusal


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    opened = Desk()
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("", ["BOLT", "FIT", "NUT"]),
        ("WHERE productnumber = 'bolt'", ["BOLT"]),
        ("where p.price > 1.5 AND NOT p.price >= 800", ["NUT"]),
        ("WHERE productnumber LIKE '%UT' OR name LIKE 'Bolt%'", ["BOLT", "NUT"]),
        ("WHERE productnumber IN ('NUT', 'FIT') ORDER BY productnumber DESC", ["NUT", "FIT"]),
        ("WHERE (price BETWEEN 1 AND 2) AND description IS NULL", ["BOLT", "NUT"]),
        ("WHERE parentproductid IS NOT NULL", []),
        (f"WHERE productid <> '{sales_id('product', 'NUT')}' AND statecode = 0", ["BOLT", "FIT"]),
        ("WHERE name NOT LIKE '%M8%'", ["FIT"]),
    ],
)
def test_sql_reads_one_table(desk: Desk, where: str, found: list[str]) -> None:
    order = "" if "ORDER" in where else "ORDER BY productnumber"
    reply = desk.get(f"products?sql={quote(f'SELECT productnumber, p.name FROM product AS p {where} {order};')}")
    assert reply.status == 200, reply.text
    assert [row["productnumber"] for row in reply.json["value"]] == found
    top = desk.get(f"products?sql={quote('SELECT TOP 1 productnumber FROM product ORDER BY price')}").json
    assert [row["productnumber"] for row in top["value"]] == ["BOLT"]


@pytest.mark.parametrize(
    ("statement", "code", "words"),
    [
        ("SELECT * FROM product", "0x80040203", "SELECT *"),
        ("SELECT DISTINCT name FROM product", "0x80040203", "DISTINCT"),
        ("SELECT name FROM product JOIN uom ON 1 = 1", "0x80040203", "JOIN"),
        ("SELECT name FROM account", "0x80040203", "the table 'account'"),
        ("SELECT nothing FROM product", "0x80041103", "Name = 'nothing'"),
        ("DELETE FROM product", "0x80040203", "DELETE"),
        ("SELECT name FROM product WHERE", "0x80040203", "syntax"),
        ("SELECT name FROM product WHERE name = nothing", "0x80040203", "syntax"),
        ("SELECT name FROM product WHERE name LIKE 5", "0x80040203", "syntax"),
        ("SELECT TOP x name FROM product", "0x80040203", "syntax"),
        ("SELECT name FROM product ORDER BY name extra", "0x80040203", "syntax"),
        ("SELECT name FROM product WHERE name ~ 'x'", "0x80040203", "syntax"),
        ("SELECT name FROM product WHERE name IS 5", "0x80040203", "syntax"),
    ],
)
def test_sql_that_is_not_served_is_refused(desk: Desk, statement: str, code: str, words: str) -> None:
    reply = desk.get(f"products?sql={quote(statement)}")
    assert refusal(reply) == (400, code)
    assert words in reply.text


def changes(desk: Desk, query: Any, stamp: str = "") -> Any:
    text = quote(simplejson.dumps(query))
    more = f",ClientVersionStamp='{stamp}'" if stamp else ""
    return desk.get(f"RetrieveMetadataChanges(Query=@p1{more})?@p1={text}")


def condition(name: str, operator: str, value: Any) -> dict[str, Any]:
    return {"PropertyName": name, "ConditionOperator": operator, "Value": {"Type": "System.String", "Value": value}}


def test_29_metadata_is_read_by_query(desk: Desk) -> None:
    query = {
        "Properties": {"PropertyNames": ["EntitySetName", "Attributes"]},
        "Criteria": {"Conditions": [condition("LogicalName", "Equals", "salesorder")]},
        "AttributeQuery": {
            "Properties": {"PropertyNames": ["AttributeType", "MaxLength"]},
            "Criteria": {
                "FilterOperator": "Or",
                "Conditions": [
                    condition("LogicalName", "In", ["ordernumber", "totalamount"]),
                    condition("AttributeType", "Equals", "State"),
                ],
            },
        },
    }
    body = changes(desk, query).json
    (table,) = body["EntityMetadata"]
    assert table["EntitySetName"] == "salesorders"
    columns = {c["LogicalName"]: c for c in table["Attributes"]}
    assert columns.keys() == {"ordernumber", "totalamount", "statecode"}
    assert (columns["ordernumber"]["MaxLength"], columns["totalamount"]["AttributeType"]) == (100, "Money")
    assert "IsValidForCreate" not in columns["ordernumber"]
    assert changes(desk, query, body["ServerVersionStamp"]).json["EntityMetadata"] == []
    everything = {"Properties": {"AllProperties": True}, "Criteria": {"Filters": [query["Criteria"]]}}
    assert "ManyToOneRelationships" in changes(desk, everything).json["EntityMetadata"][0]


@pytest.mark.parametrize(
    ("query", "stamp", "code"),
    [
        ({}, "5!somewhere else", "0x80044352"),
        ({"Criteria": {"Conditions": [condition("LogicalName", "GreaterThan", "a")]}}, "", "0x80040203"),
        ([], "", "0x80040203"),
        ({"Criteria": "all"}, "", "0x80040203"),
    ],
)
def test_29_a_metadata_query_that_makes_no_sense_is_refused(desk: Desk, query: Any, stamp: str, code: str) -> None:
    reply = changes(desk, query, stamp)
    assert refusal(reply) == (400, code)
    assert refusal(desk.get("RetrieveMetadataChanges(Query=@p1)?@p1={")) == (400, "0x80040203")


def bulk_delete(ids: list[str], operator: str = "In", table: str = "account", column: str = "") -> dict[str, Any]:
    condition = {
        "AttributeName": column or f"{table}id",
        "Operator": operator,
        "Values": [{"Value": i, "Type": "System.Guid"} for i in ids],
    }
    query = {"EntityName": table, "Criteria": {"FilterOperator": "And", "Conditions": [condition]}}
    return {"JobName": "Clean up", "QuerySet": [query]}


def test_many_rows_are_deleted_by_a_job(desk: Desk) -> None:
    made = [desk.post("accounts", {"name": f"D{n}"}).new_id for n in range(2)]
    held = sales_id("account", "C1")
    done = desk.post("BulkDelete", bulk_delete([*made, held]))
    assert len(done.json["JobId"]) == 36
    assert [desk.get(f"accounts({i})").status for i in made] == [404, 404]
    assert desk.get(f"accounts({held})").status == 200  # it has orders: the job leaves it
    kept = desk.post("accounts", {"name": "Kept"}).new_id
    for body, code in (
        ({"JobName": "x"}, "0x80040203"),
        ({"QuerySet": bulk_delete([kept])["QuerySet"]}, "0x80040203"),
        (bulk_delete([kept], "NotEqual"), "0x80040203"),
        (bulk_delete([kept], table="nothing"), "0x80041102"),
        (bulk_delete([kept], column="nothing"), "0x80041103"),
    ):
        assert refusal(desk.post("BulkDelete", body)) == (400, code)
    unallowed = desk.post("BulkDelete", bulk_delete([sales_id("product", "BOLT")], table="product"), signed_in="ANN")
    assert refusal(unallowed) == (403, "0x80040220")
    assert desk.get(f"accounts({kept})").status == 200


def test_a_line_is_deleted_without_new_totals() -> None:
    desk = Desk()
    order = desk.get(f"{OPEN}?$expand=order_details").json
    lines = [line["salesorderdetailid"] for line in order["order_details"]]
    body = {"entityName": "salesorderdetail", "entityId": lines[0]}
    assert desk.post("DeleteOQOILineWithSkipPricingCalculation", body, as_user="ANN").status == 204
    assert desk.get(f"{OPEN}?$select=totalamount").json["totalamount"] == order["totalamount"]
    assert desk.delete(f"salesorderdetails({lines[1]})", as_user="ANN").status == 204
    assert desk.get(f"{OPEN}?$select=totalamount").json["totalamount"] < Decimal(order["totalamount"])
    wrong = {"entityName": "account", "entityId": lines[2]}
    assert refusal(desk.post("DeleteOQOILineWithSkipPricingCalculation", wrong)) == (400, "0x80040203")
    desk.close()


def test_a_query_has_a_greatest_size(desk: Desk) -> None:
    long = " or ".join(["statecode eq 0"] * 501)
    assert refusal(desk.get(f"accounts?$select=name&$filter={long}")) == (400, "0x8004430c")
    conditions = "<condition attribute='name' operator='null'/>" * 501
    fetch = "<fetch><entity name='account'><attribute name='name'/>{}</entity></fetch>"
    assert refusal(desk.get(f"accounts?fetchXml={fetch.format(f'<filter>{conditions}</filter>')}")) == (
        400,
        "0x8004430c",
    )
    links = "<link-entity name='contact' from='contactid' to='primarycontactid'/>" * 16
    assert refusal(desk.get(f"accounts?fetchXml={fetch.format(links)}")) == (400, "0x8004430d")
    far = fetch.format("").replace("<fetch>", "<fetch page='11'>")
    assert refusal(desk.get(f"accounts?fetchXml={far}")) == (400, "0x8004430a")


@pytest.mark.parametrize(
    "option", ["$apply=aggregate($count as n)", "$search=x", "savedQuery=x", "$compute=x", "$levels=1"]
)
def test_options_that_are_not_served_are_named(desk: Desk, option: str) -> None:
    reply = desk.get(f"accounts?{option}")
    assert refusal(reply) == (400, "0x80060888")
    assert option.partition("=")[0] in reply.text

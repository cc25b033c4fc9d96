"""Reading from the Sales stand-in: what it answers, and with which words it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from sandbox.sales.schema import TABLES
from tests.sandbox.desk import ROOT, Desk, sales_id


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """Nothing in this module writes."""
    opened = Desk()
    yield opened
    opened.close()


def test_a_request_without_a_good_token_is_401(desk: Desk) -> None:
    for token in ("", "Bearer nonsense", "Bearer " + desk.world.tokens.issue("x", "business-central")):
        reply = desk.call("GET", "accounts", Authorization=token)
        assert (reply.status, reply.text) == (401, "")
        assert reply.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")


def test_an_application_that_is_no_user_is_403(desk: Desk) -> None:
    token = desk.world.tokens.issue("00000000-0000-0000-0000-000000000001", "sales")
    reply = desk.call("GET", "accounts", Authorization=f"Bearer {token}")
    assert (reply.status, reply.code) == (403, "0x80072560")


def test_who_am_i_names_user_unit_and_organization(desk: Desk) -> None:
    me = desk.get("WhoAmI").json
    user = desk.get(f"systemusers({me['UserId']})?$select=isintegrationuser,_businessunitid_value").json
    assert user["isintegrationuser"] is True
    assert user["_businessunitid_value"] == me["BusinessUnitId"]
    assert desk.get("organizations").json["value"][0]["organizationid"] == me["OrganizationId"]
    refused = desk.post("WhoAmI", {})
    assert (refused.status, refused.code) == (404, "")


def test_the_service_document_lists_every_table(desk: Desk) -> None:
    listed = {entry["name"] for entry in desk.get("").json["value"]}
    assert listed == {table.entity_set for table in TABLES.values()}


@pytest.mark.parametrize(
    ("path", "status", "code", "words"),
    [
        ("Account", 404, "0x8006088a", "Resource not found for the segment 'Account'."),
        ("accounts?$select=Name", 400, "0x0", "Could not find a property named 'Name' on type"),
        ("accounts?$filter=Name eq 'x'", 400, "0x0", "Could not find a property named 'Name' on type"),
        ("accounts?$orderby=Name", 400, "0x0", "Could not find a property named 'Name' on type"),
        ("salesorders?$select=customerid", 400, "0x0", "Could not find a property named 'customerid'"),
        ("accounts?$expand=orders", 400, "0x0", "Could not find a property named 'orders'"),
        ("accounts?$filter=name eq", 400, "0x0", "position"),
        ("accounts?$skip=1", 400, "0x80060888", "$skip is not supported"),
        ("accounts?$skiptoken=junk", 400, "0x8004112a", "The paging cookie is not valid."),
        (f"accounts({'0' * 8}-0000-0000-0000-{'0' * 12})", 404, "0x80040217", "Does Not Exist"),
        ("accounts(accountnumber='C1')", 400, "0x80060890", "The key in the request URI is not valid"),
        (
            "salesorders?$expand=order_details($orderby=lineitemnumber;$expand=productid)",
            400,
            "0x80060888",
            "Only $select and $filter clause can be provided",
        ),
    ],
)
def test_a_query_that_cannot_be_answered_says_why(desk: Desk, path: str, status: int, code: str, words: str) -> None:
    reply = desk.get(path)
    assert (reply.status, reply.code) == (status, code)
    assert words in reply.json["error"]["message"]


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        ("statecode eq 1", {"SO-2"}),
        ("statecode ne 1", {"SO-1", "SO-3"}),
        ("name eq 'OPEN ORDER'", {"SO-1"}),
        ("startswith(name,'sub') or totalamount gt 100", {"SO-1", "SO-2"}),
        ("not contains(name,'ed')", {"SO-1"}),
        ("requestdeliveryby eq 2026-01-31", {"SO-1"}),
        ("requestdeliveryby eq null", {"SO-2", "SO-3"}),
        ("lastbackofficesubmit eq null and statecode eq 1", {"SO-2"}),
        ("lastbackofficesubmit ge 2020-01-01T00:00:00Z", {"SO-3"}),
        (f"_customerid_value eq {sales_id('account', 'C1')}", {"SO-1", "SO-2"}),
        (f"salesorderid eq {sales_id('salesorder', 'SO-2')}", {"SO-2"}),
        ("customerid_account/accountnumber eq 'C2'", {"SO-3"}),
    ],
)
def test_filters_find_what_they_should_and_nothing_else(desk: Desk, condition: str, numbers: set[str]) -> None:
    rows = desk.get(f"salesorders?$select=ordernumber&$filter={condition}").json["value"]
    assert {row["ordernumber"] for row in rows} == numbers


def test_pages_hold_every_row_once_in_order(desk: Desk) -> None:
    seen: list[str] = []
    path = "products?$select=productnumber&$orderby=price desc"
    pages = 0
    while path:
        answer = desk.get(path, prefer="odata.maxpagesize=1").json
        seen += [row["productnumber"] for row in answer["value"]]
        parts = urlsplit(answer.get("@odata.nextLink", ""))
        path = f"{parts.path.removeprefix(ROOT + '/')}?{parts.query}" if parts.query else ""
        pages += 1
    assert (seen, pages) == (["FIT", "NUT", "BOLT"], 3)


def test_a_row_that_leaves_between_pages_hides_no_other() -> None:
    desk = Desk()
    query = "salesorders?$select=ordernumber&$filter=statecode ne 4&$orderby=ordernumber"
    first = desk.get(query, prefer="odata.maxpagesize=1").json
    assert [row["ordernumber"] for row in first["value"]] == ["SO-1"]
    desk.delete(f"salesorders({first['value'][0]['salesorderid']})")
    parts = urlsplit(first["@odata.nextLink"])
    second = desk.get(f"salesorders?{parts.query}", prefer="odata.maxpagesize=1").json
    assert [row["ordernumber"] for row in second["value"]] == ["SO-2"]
    desk.close()


def test_top_and_count(desk: Desk) -> None:
    answer = desk.get("salesorders?$top=1&$count=true&$select=name").json
    assert len(answer["value"]) == 1
    counted = desk.get("salesorders?$count=true&$select=name", prefer="odata.maxpagesize=1").json
    assert counted["@odata.count"] == 3
    assert desk.get("salesorders/$count?$filter=statecode eq 1").text == "1"


def test_lookups_expand_by_target_and_collections_with_what_is_in_them(desk: Desk) -> None:
    path = (
        f"salesorders({sales_id('salesorder', 'SO-1')})?$select=name,totalamount&$expand="
        "customerid_account($select=accountnumber),customerid_contact($select=fullname),"
        "order_details($select=quantity;$filter=quantity gt 1;$expand=productid($select=productnumber))"
    )
    order = desk.get(path).json
    assert order["customerid_account"]["accountnumber"] == "C1"
    assert order["customerid_contact"] is None
    assert {line["productid"]["productnumber"] for line in order["order_details"]} == {"BOLT", "NUT"}
    assert order["_transactioncurrencyid_value"] == sales_id("transactioncurrency", "NOK")
    assert "description" not in order


def test_annotations_come_on_request_only(desk: Desk) -> None:
    path = f"salesorders({sales_id('salesorder', 'SO-2')})?$select=statecode,_customerid_value"
    assert not [name for name in desk.get(path).json if "@OData" in name or "@Microsoft" in name]
    shown = desk.get(path, prefer='odata.include-annotations="*"')
    assert shown.json["statecode@OData.Community.Display.V1.FormattedValue"] == "Submitted"
    assert shown.json["_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "account"
    assert shown.json["_customerid_value@OData.Community.Display.V1.FormattedValue"] == "First customer"
    assert shown.headers["Preference-Applied"] == 'odata.include-annotations="*"'


def test_an_unchanged_row_is_304_and_the_literal_null_means_nothing(desk: Desk) -> None:
    path = f"accounts({sales_id('account', 'C1')})?$select=name"
    etag = desk.get(path).headers["ETag"]
    assert desk.call("GET", path, If_None_Match=etag).status == 304
    assert desk.call("GET", path, If_None_Match="null").status == 200


def test_money_shows_four_decimals_and_base_amounts_follow_the_rate(desk: Desk) -> None:
    text = desk.get(f"salesorders({sales_id('salesorder', 'SO-2')})?$select=totalamount,totalamount_base").text
    assert '"totalamount":5.0000' in text
    assert '"totalamount_base":5.0000' in text


def test_metadata_knows_names_navigation_and_options(desk: Desk) -> None:
    found = desk.get("EntityDefinitions(LogicalName='salesorder')?$select=EntitySetName,PrimaryIdAttribute").json
    assert (found["EntitySetName"], found["PrimaryIdAttribute"]) == ("salesorders", "salesorderid")
    relations = desk.get("EntityDefinitions(LogicalName='salesorder')/ManyToOneRelationships").json["value"]
    names = {r["ReferencingEntityNavigationPropertyName"] for r in relations}
    assert {"customerid_account", "customerid_contact", "bcbi_CompanyId"} <= names
    options = desk.get(
        "EntityDefinitions(LogicalName='account')/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata"
        "?$select=LogicalName&$filter=LogicalName eq 'paymenttermscode'&$expand=OptionSet($select=Options)"
    ).json["value"]
    labels = {o["Value"]: o["Label"]["UserLocalizedLabel"]["Label"] for o in options[0]["OptionSet"]["Options"]}
    assert labels == {1: "Net 30", 2: "2% 10, Net 30", 3: "Net 45", 4: "Net 60"}


def test_changes_since_a_delta_link_are_the_changed_and_the_deleted() -> None:
    desk = Desk()
    first = desk.get("accounts?$select=name", prefer="odata.track-changes")
    assert first.headers["Preference-Applied"] == "odata.track-changes"
    token = urlsplit(first.json["@odata.deltaLink"]).query
    made = desk.post("accounts", {"name": "New"}).new_id
    gone = desk.post("accounts", {"name": "Gone"}).new_id
    desk.delete(f"accounts({gone})")
    changes = desk.get(f"accounts?{token}").json["value"]
    assert [row["name"] for row in changes if "name" in row] == ["New"]
    assert [(row["id"], row["reason"]) for row in changes if "id" in row] == [(gone, "deleted")]
    assert [row["accountid"] for row in changes if "accountid" in row] == [made]
    refused = desk.get("accounts?$filter=name eq 'x'", prefer="odata.track-changes")
    assert (refused.status, 'The "${filter}" query parameter' in refused.text.replace("\\", "")) == (400, True)
    desk.close()


def test_totals_of_seeded_orders_follow_the_published_formulas(desk: Desk) -> None:
    """Lines 12.50, 6.00 less 0.50, and 99.90; 10% off 117.90; freight 12.50."""
    order = desk.order("SO-1")
    assert order["totallineitemamount"] == Decimal("117.90")
    assert order["totallineitemdiscountamount"] == Decimal("0.50")
    assert order["totaldiscountamount"] == Decimal("11.79")
    assert order["totalamountlessfreight"] == Decimal("106.11")
    assert order["totalamount"] == Decimal("118.61")

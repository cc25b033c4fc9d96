"""The checklist's further points: batches, webhooks, metadata, impersonation, numbers, limits; and what roles allow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4
from xml.etree import ElementTree

import pytest

from sandbox.sales import routes
from sandbox.sales.schema import TABLES
from tests.sandbox.desk import Desk, Reply, sales_id
from tests.sandbox.test_sales_checklist import ACCOUNT, ACTIVE, BOLTS, C1, DRAFT, LIST, OPEN, refusal

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


@pytest.fixture
def desk() -> Iterator[Desk]:
    opened = Desk()
    yield opened
    opened.close()


def batch(desk: Desk, *parts: str, prefer: str = "") -> Reply:
    body = "".join(f"--b\r\n{part}\r\n" for part in parts) + "--b--\r\n"
    return desk.call("POST", "$batch", body.encode(), prefer=prefer, Content_Type="multipart/mixed; boundary=b")


def part(method: str, path: str, body: str = "", content_id: str = "") -> str:
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    head += f"Content-ID: {content_id}\r\n" if content_id else ""
    address = path if path.startswith("$") else f"/api/data/v9.2/{path}"
    return f"{head}\r\n{method} {address} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{body}"


def test_17_a_batch_stops_at_the_first_error_unless_it_shall_go_on(desk: Desk) -> None:
    parts = (part("GET", "accounts?$top=1"), part("GET", "nothing"), part("GET", "products?$top=1"))
    stopped = batch(desk, *parts)
    assert stopped.status == 400
    assert re.findall(r"HTTP/1\.1 (\d+)", stopped.text) == ["200", "404"]
    assert stopped.text.startswith("--batchresponse_")
    whole = batch(desk, *parts, prefer="odata.continue-on-error")
    assert (whole.status, re.findall(r"HTTP/1\.1 (\d+)", whole.text)) == (200, ["200", "404", "200"])


def test_17_a_change_set_is_atomic_and_its_parts_name_each_other(desk: Desk) -> None:
    def change_set(last: str) -> str:
        inner = [part("POST", "accounts", '{"name":"In a set"}', "1"), part("PATCH", "$1", last, "2")]
        text = "".join(f"--c\r\n{p}\r\n" for p in inner) + "--c--\r\n"
        return f"Content-Type: multipart/mixed; boundary=c\r\n\r\n{text}"

    failed = batch(desk, change_set('{"nonsense":1}'))
    assert failed.status == 400
    assert desk.get("accounts?$filter=name eq 'In a set'").json["value"] == []
    done = batch(desk, change_set('{"fax":"7"}'))
    assert (done.status, "--changesetresponse_" in done.text) == (200, True)
    assert desk.get("accounts?$filter=name eq 'In a set'").json["value"][0]["fax"] == "7"


def test_17_lines_end_with_carriage_return_and_line_feed(desk: Desk) -> None:
    """A part whose inner lines end otherwise cannot be read; a whole batch of such lines has no boundary at all."""
    mixed = part("GET", "accounts?$top=1").replace("HTTP/1.1\r\n", "HTTP/1.1\n").replace("json\r\n\r\n", "json\n\n")
    refused = batch(desk, mixed)
    assert re.findall(r"HTTP/1\.1 (\d+)", refused.text) == ["400"]
    assert "0x80048d19" in refused.text and "Stream was not readable" in refused.text
    bare = "--b\n" + part("GET", "accounts?$top=1").replace("\r\n", "\n") + "\n--b--\n"
    whole = desk.call("POST", "$batch", bare.encode(), Content_Type="multipart/mixed; boundary=b")
    assert refusal(whole) == (400, "0x80048d19")


def test_29_metadata_agrees_with_the_tables(desk: Desk) -> None:
    reply = desk.get("$metadata")
    assert reply.headers["Content-Type"].startswith("application/xml")
    root = ElementTree.fromstring(reply.text)
    types = {element.get("Name"): element for element in root.iter(f"{EDM}EntityType")}
    sets = {element.get("Name"): element.get("EntityType") for element in root.iter(f"{EDM}EntitySet")}
    assert sets == {table.entity_set: f"Microsoft.Dynamics.CRM.{table.name}" for table in TABLES.values()}
    for table in TABLES.values():
        declared = {p.get("Name") for p in types[table.name].iter(f"{EDM}Property")}
        assert declared == set(table.by_property), table.name
        navigations = {p.get("Name") for p in types[table.name].iter(f"{EDM}NavigationProperty")}
        assert set(table.collections) <= navigations
    assert 'Property="Supported" Bool="true"' in desk.get("$metadata?annotations=true").text


def test_29_a_row_has_the_properties_metadata_declares(desk: Desk) -> None:
    root = ElementTree.fromstring(desk.get("$metadata").text)
    order = next(e for e in root.iter(f"{EDM}EntityType") if e.get("Name") == "salesorder")
    declared = {p.get("Name") for p in order.iter(f"{EDM}Property")}
    assert {name for name in desk.get(OPEN).json if "@" not in name} == declared


def test_29_definitions_can_be_read(desk: Desk) -> None:
    where = "EntityDefinitions(LogicalName='salesorder')"
    assert desk.get(f"{where}?$select=EntitySetName").json["EntitySetName"] == "salesorders"
    cast = f"{where}/Attributes/Microsoft.Dynamics.CRM.StateAttributeMetadata?$expand=OptionSet"
    states = desk.get(cast).json["value"][0]["OptionSet"]["Options"]
    assert [option["Label"]["UserLocalizedLabel"]["Label"] for option in states][:2] == ["Active", "Submitted"]
    lookups = desk.get(f"{where}/ManyToOneRelationships").json["value"]
    assert "customerid_account" in {r["ReferencingEntityNavigationPropertyName"] for r in lookups}
    assert "order_details" in {r["SchemaName"] for r in desk.get(f"{where}/OneToManyRelationships").json["value"]}
    assert desk.get(f"{where}/Keys").json["value"] == []
    for path in ("EntityDefinitions", "CreateEntities", "RelationshipDefinitions", f"{where}/Attributes"):
        assert refusal(desk.post(path, {"SchemaName": "new_x"})) == (501, "0x80040203")
    assert refusal(desk.get("CreateEntities")) == (404, "")


def test_29_options_of_a_choice_can_be_changed(desk: Desk) -> None:
    choice = {"EntityLogicalName": "account", "AttributeLogicalName": "paymenttermscode"}
    label = {"LocalizedLabels": [{"Label": "Net 90", "LanguageCode": 1033}]}
    value = desk.post("InsertOptionValue", {**choice, "Label": label}).json["NewOptionValue"]
    assert desk.patch(ACCOUNT, {"paymenttermscode": value}).status == 204
    shown = desk.get(f"{ACCOUNT}?$select=paymenttermscode", prefer='odata.include-annotations="*"').json
    assert shown["paymenttermscode@OData.Community.Display.V1.FormattedValue"] == "Net 90"
    assert desk.post("DeleteOptionValue", {**choice, "Value": value}).status == 204
    assert refusal(desk.patch(ACCOUNT, {"paymenttermscode": value})) == (400, "0x8004431a")


def test_30_impersonation_needs_the_right_and_shows_in_the_stamps(desk: Desk) -> None:
    made = desk.post("accounts", {"name": "x"}, as_user="ANN").new_id
    row = desk.get(f"accounts({made})").json
    assert row["_createdby_value"] == row["_ownerid_value"] == sales_id("systemuser", "ANN")
    assert row["_createdonbehalfby_value"] == sales_id("systemuser", "application")
    delegate = sales_id("role", "delegate")
    user = f"systemusers({sales_id('systemuser', 'application')})"
    assert desk.delete(f"{user}/systemuserroles_association({delegate})/$ref", as_admin="yes").status == 204
    assert refusal(desk.get("accounts", as_user="ANN")) == (403, "0x8004a110")


def test_30_whoever_acts_for_another_may_do_what_both_may(desk: Desk) -> None:
    assert desk.patch(f"organizations({organization(desk)})", {"localeid": 1044}).status == 204
    refused = desk.patch(f"organizations({organization(desk)})", {"localeid": 1033}, as_user="ANN")
    assert refusal(refused) == (403, "0x80040220")
    assert "prvWriteOrganization" in refused.text


def organization(desk: Desk) -> str:
    return str(desk.get("organizations?$select=name").json["value"][0]["organizationid"])


def test_31_values_on_the_wire(desk: Desk) -> None:
    row = desk.get(f"{OPEN}?$select=totalamount,createdon,requestdeliveryby,versionnumber")
    assert re.search(r'"totalamount":\d+\.\d{4}[,}]', row.text)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row.json["createdon"])
    assert row.json["requestdeliveryby"] == "2026-01-31"
    desk.patch(ACCOUNT, {"fax": "1"})
    assert desk.get(ACCOUNT).json["versionnumber"] > row.json["versionnumber"]


def test_32_numbers_are_given_and_a_revision_counts_up(desk: Desk) -> None:
    made = desk.post("salesorders", {"name": "x", **C1, **LIST}).new_id
    assert re.fullmatch(r"ORD-\d{5}-[0-9A-F]{6}", desk.get(f"salesorders({made})").json["ordernumber"])
    quote = sales_id("quote", "Q-2")
    revise = {"QuoteId": quote, "ColumnSet": {"AllColumns": True}}
    assert refusal(desk.post("ReviseQuote", revise)) == (400, "0x80040233")
    close = {"Status": 7, "QuoteClose": {"subject": "Again", "quoteid@odata.bind": f"/quotes({quote})"}}
    assert desk.post("CloseQuote", close).status == 204
    activities = desk.get(f"{ACTIVE}/Quote_QuoteClose").json["value"]
    assert [(a["subject"], a["statecode"]) for a in activities] == [("Again", 1)]
    revised = desk.post("ReviseQuote", revise).json
    assert (revised["quotenumber"], revised["revisionnumber"], revised["statecode"]) == ("Q-2", 1, 0)
    assert len(desk.get(f"quotes({revised['quoteid']})/quote_details").json["value"]) == 1
    assert refusal(desk.post("ReviseQuote", revise)) == (400, "0x80048d00")


def test_32_documents_follow_from_each_other(desk: Desk) -> None:
    quote = sales_id("quote", "Q-2")
    columns = {"AllColumns": False, "Columns": ["salesorderid", "name"]}
    order = desk.post("ConvertQuoteToSalesOrder", {"QuoteId": quote, "ColumnSet": columns}).json
    assert desk.get(ACTIVE).json["statecode"] == 2
    made = desk.get(f"salesorders({order['salesorderid']})?$expand=order_details").json
    assert (made["_quoteid_value"], len(made["order_details"])) == (quote, 1)
    assert made["totalamount"] == desk.get(ACTIVE).json["totalamount"]
    full = {"SalesOrderId": order["salesorderid"], "ColumnSet": {"AllColumns": True}}
    invoice = desk.post("ConvertSalesOrderToInvoice", full).json
    assert (invoice["_salesorderid_value"], invoice["totalamount"]) == (order["salesorderid"], made["totalamount"])
    line = {**BOLTS, "quantity": 4}
    chance = desk.post("opportunities", {"name": "Chance", **C1, **LIST, "product_opportunities": [line]}).new_id
    body = {"OpportunityId": chance, "ColumnSet": {"AllColumns": True}}
    offered = desk.post("GenerateQuoteFromOpportunity", body).json
    assert (offered["_opportunityid_value"], offered["totalamount"]) == (chance, 5)


def test_33_counts(desk: Desk) -> None:
    plain = desk.get("accounts/$count")
    assert (plain.text, plain.headers["Content-Type"].partition(";")[0]) == ("2", "text/plain")
    counted = desk.get("accounts?$count=true&$top=1").json
    assert (counted["@odata.count"], len(counted["value"])) == (2, 1)


def test_33_counts_end_at_five_thousand(desk: Desk) -> None:
    targets = [{"@odata.type": "Microsoft.Dynamics.CRM.account", "name": f"A{n}"} for n in range(5001)]
    assert desk.post("accounts/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets}).status == 200
    assert desk.get("accounts/$count").text == "5000"
    page = desk.get("accounts?$select=name&$count=true").json
    assert (page["@odata.count"], len(page["value"]), "@odata.nextLink" in page) == (5000, 5000, True)
    total = desk.get("RetrieveTotalRecordCount(EntityNames=['account'])").json["EntityRecordCountCollection"]
    assert total["Values"] == [5003]


def test_34_stamps_and_owner_come_from_the_caller(desk: Desk) -> None:
    row = desk.get(f"accounts({desk.post('accounts', {'name': 'x'}).new_id})").json
    caller = sales_id("systemuser", "application")
    assert {row[f"_{name}_value"] for name in ("createdby", "modifiedby", "ownerid", "owninguser")} == {caller}
    assert row["createdon"] == row["modifiedon"]


def test_35_duplicates_are_found_on_request_only(desk: Desk) -> None:
    body = {"name": "First Customer"}
    refused = desk.call("POST", "accounts", body, **{"MSCRM.SuppressDuplicateDetection": "false"})
    assert refusal(refused) == (412, "0x80040333")
    assert desk.post("accounts", body).status == 204


def test_36_addresses_have_a_limit(desk: Desk) -> None:
    long = f"accounts?$filter=name eq '{'x' * 33_000}'"
    assert desk.get(long).status == 414
    inside = batch(desk, part("GET", long))
    assert re.findall(r"HTTP/1\.1 (\d+)", inside.text) == ["200"]


def test_36_bodies_have_a_limit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BODY_LIMIT", 1000)
    assert refusal(desk.post("accounts", {"name": "x", "description": "x" * 1000})) == (413, "0x80060888")
    assert desk.post("accounts", {"name": "x"}).status == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "privilege"),
    [
        ("PATCH", f"products({sales_id('product', 'BOLT')})", {"name": "x"}, "prvWriteProduct"),
        ("POST", "uomschedules", {"name": "x", "baseuomname": "y"}, "prvCreateUnitSchedule"),
        ("GET", "serviceendpoints", None, "prvReadServiceEndpoint"),
        ("DELETE", f"pricelevels({sales_id('pricelevel', 'NOK')})", None, "prvDeletePriceLevel"),
    ],
)
def test_a_seller_is_told_which_privilege_is_missing(
    desk: Desk, method: str, path: str, body: dict[str, str] | None, privilege: str
) -> None:
    reply = desk.call(method, path, body, signed_in="ANN")
    assert refusal(reply) == (403, "0x80040220")
    assert f"is missing {privilege} privilege" in reply.text


def test_a_role_is_made_filled_and_given(desk: Desk) -> None:
    """A user without roles may nothing; with a role at user depth, only what they own."""
    ann = f"systemusers({sales_id('systemuser', 'ANN')})"
    seller = sales_id("role", "seller")
    desk.delete(f"{ann}/systemuserroles_association({seller})/$ref", as_admin="yes")
    assert refusal(desk.get("accounts", signed_in="ANN")) == (403, "0x80042f09")
    unit = desk.get("businessunits").json["value"][0]["businessunitid"]
    body = {"name": "Own accounts", "businessunitid@odata.bind": f"/businessunits({unit})"}
    assert refusal(desk.post("roles", body)) == (403, "0x80040220")
    role = desk.post("roles", body, as_admin="yes").new_id
    rights = [{"PrivilegeId": privilege(desk, f"prv{verb}Account"), "Depth": "Basic"} for verb in ("Read", "Write")]
    filled = desk.post(
        f"roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole", {"Privileges": rights}, as_admin="yes"
    )
    assert filled.status == 204
    link = {"@odata.id": f"roles({role})"}
    assert desk.post(f"{ann}/systemuserroles_association/$ref", link, as_admin="yes").status == 204
    assert desk.get("accounts", signed_in="ANN").json["value"] == []
    assert refusal(desk.get(ACCOUNT, signed_in="ANN")) == (403, "0x80048306")
    owner = {"ownerid@odata.bind": f"/{ann}"}
    assert desk.patch(ACCOUNT, owner).status == 204
    assert len(desk.get("accounts", signed_in="ANN").json["value"]) == 1
    assert desk.patch(ACCOUNT, {"fax": "1"}, signed_in="ANN").status == 204
    assert refusal(desk.delete(ACCOUNT, signed_in="ANN")) == (403, "0x80040220")


def privilege(desk: Desk, name: str) -> str:
    return str(
        desk.get(f"privileges?$select=name&$filter=name eq '{name}'", as_admin="yes").json["value"][0]["privilegeid"]
    )


def test_fetch_xml_reads_filters_orders_and_links(desk: Desk) -> None:
    fetch = (
        "<fetch><entity name='salesorder'><attribute name='ordernumber'/><order attribute='ordernumber'/>"
        "<filter><condition attribute='statecode' operator='in'><value>0</value><value>1</value></condition></filter>"
        "<link-entity name='account' from='accountid' to='customerid' alias='a'><attribute name='accountnumber'/>"
        "</link-entity></entity></fetch>"
    )
    rows = desk.get(f"salesorders?fetchXml={fetch}").json["value"]
    assert [(row["ordernumber"], row["a.accountnumber"]) for row in rows] == [("SO-1", "C1"), ("SO-2", "C1")]
    wrong = fetch.replace("operator='in'", "operator='above'")
    assert refusal(desk.get(f"salesorders?fetchXml={wrong}")) == (400, "0x80040203")
    assert refusal(desk.get("salesorders?fetchXml=<fetch")) == (400, "0x80041100")
    unknown = fetch.replace("attribute name='ordernumber'", "attribute name='nothing'")
    assert refusal(desk.get(f"salesorders?fetchXml={unknown}")) == (400, "0x80041103")


def test_a_closed_document_keeps_its_activity(desk: Desk) -> None:
    body = {"Status": 4, "OrderClose": {"subject": "No money", "salesorderid@odata.bind": f"/{OPEN}"}}
    assert desk.post("CancelSalesOrder", body).status == 204
    assert desk.get(f"{OPEN}/SalesOrder_OrderClose").json["value"][0]["subject"] == "No money"
    assert refusal(desk.post("CancelSalesOrder", body)) == (400, "0x80040233")
    assert refusal(desk.get(f"quotecloses({uuid4()})")) == (404, "0x80040217")
    assert desk.get(f"{DRAFT}/Quote_QuoteClose").json["value"] == []

"""What a faithful Business Central must enforce, point by point: each refusal with its status and code.

Test names carry the number of the point. Points with a file of their own (posting, webhooks, batches) are touched here
by the behaviour that clients trip over first.
"""

from __future__ import annotations

import threading
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.sandbox.bc_client import Client, a_client, an_order

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
NOBODY = "00000000-0000-0000-0000-000000000009"


@pytest.fixture(scope="module")
def shared() -> Client:
    return a_client()


@pytest.fixture
def bc(shared: Client) -> Client:
    """One app for all tests here, as it was at the start."""
    shared.world.reset()
    return shared


def new_order(bc: Client, **more: Any) -> dict[str, Any]:
    lines = [{"lineType": "Item", "lineObjectNumber": "BOLT", "quantity": 4}]
    body = {"customerNumber": "100", "salesOrderLines": lines, **more}
    reply = bc.send("POST", bc.api("salesOrders?$expand=salesOrderLines"), body)
    assert reply.status == 201, reply.text
    return reply.json


def new_quote(bc: Client, **more: Any) -> dict[str, Any]:
    lines = [{"lineType": "Item", "lineObjectNumber": "OIL", "quantity": 2}]
    reply = bc.send("POST", bc.api("salesQuotes"), {"customerNumber": "100", "salesQuoteLines": lines, **more})
    assert reply.status == 201, reply.text
    return reply.json


def new_invoice(bc: Client, **more: Any) -> dict[str, Any]:
    lines = [{"lineType": "Item", "lineObjectNumber": "NUT", "quantity": 10}]
    reply = bc.send("POST", bc.api("salesInvoices"), {"customerNumber": "100", "salesInvoiceLines": lines, **more})
    assert reply.status == 201, reply.text
    return reply.json


def act(bc: Client, path: str, action: str) -> Any:
    return bc.send("POST", bc.api(f"{path}/Microsoft.NAV.{action}"))


# --- 1 companies and sign-in ------------------------------------------------------------------------------------------


def test_01_a_company_is_found_by_id_by_query_and_by_odata_name(bc: Client) -> None:
    by_id = bc.get(bc.api("items?$select=number")).rows
    assert bc.get("api/v2.0/items?$select=number&company=Testing %26 Sons").rows == by_id
    named = bc.get("ODataV4/Company('Testing %26 Sons')/Items").rows
    assert [row["No"] for row in named] == [row["number"] for row in by_id]
    assert bc.get(f"ODataV4/Company(Id={bc.company})/Items").rows == named
    for path in ("ODataV4/Company('testing %26 sons')/Items", f"api/v2.0/companies({NOBODY})/items"):
        reply = bc.get(path)
        assert (reply.status, reply.code) == (404, "Internal_CompanyNotFound")


def test_01_several_companies_keep_their_rows_apart(bc: Client) -> None:
    main, branch = bc.get("api/v2.0/companies").rows
    assert branch["name"] == "Testing & Sons Branch"
    new_order(bc)
    assert bc.get(f"api/v2.0/companies({branch['id']})/salesOrders").rows == []
    assert len(bc.get(f"api/v2.0/companies({branch['id']})/items").rows) == 3
    assert main["id"] == bc.company


def test_01_a_token_that_has_run_out_is_refused(bc: Client) -> None:
    token = bc.world.tokens.issue("application", "business-central", seconds=0)
    reply = bc.get(bc.api("items"), Authorization=f"Bearer {token}")
    assert (reply.status, reply.code) == (401, "Authentication_InvalidCredentials")


# --- 2 errors, 3 etags ------------------------------------------------------------------------------------------------


def test_02_every_error_has_code_message_and_correlation_id(bc: Client) -> None:
    reply = bc.get(bc.api("nothing"))
    assert reply.json["error"]["code"] == "BadRequest_ResourceNotFound"
    assert reply.json["error"]["message"].count("  CorrelationId:  ") == 1
    assert reply.json["error"]["message"].endswith(".")


def test_03_a_documents_etag_moves_with_its_lines(bc: Client) -> None:
    order = new_order(bc)
    line = order["salesOrderLines"][0]["id"]
    assert bc.send("PATCH", bc.api(f"salesOrderLines({line})"), {"quantity": 9}, If_Match="*").status == 200
    path = bc.api(f"salesOrders({order['id']})")
    stale = bc.send("PATCH", path, {"externalDocumentNumber": "A"}, If_Match=order["@odata.etag"])
    assert (stale.status, stale.code) == (409, "Request_EntityChanged")
    missing = bc.send("PATCH", path, {"externalDocumentNumber": "A"})
    assert (missing.status, missing.code) == (400, "BadRequest_InvalidToken")
    malformed = bc.send("PATCH", path, {"externalDocumentNumber": "A"}, If_Match="nonsense")
    assert (malformed.status, malformed.code) == (400, "BadRequest_InvalidToken")
    assert bc.send("DELETE", path, If_Match=order["@odata.etag"]).status == 409
    assert bc.send("DELETE", path).status == 204


# --- 4 properties, 5 forms --------------------------------------------------------------------------------------------


def test_04_an_id_that_a_post_brings_is_kept_and_other_read_only_properties_are_refused(bc: Client) -> None:
    mine = "11111111-2222-3333-4444-555555555555"
    body = {"id": mine, "code": " box ", "displayName": "Box"}
    made = bc.send("POST", bc.api("unitsOfMeasure"), body)
    assert (made.status, made.json["id"], made.json["code"]) == (201, mine, "BOX")
    again = bc.send("POST", bc.api("unitsOfMeasure"), {**body, "code": "BOX2"})
    assert (again.status, again.code) == (400, "Internal_EntityWithSameKeyExists")
    reply = bc.send("POST", bc.api("unitsOfMeasure"), {"code": "X", "lastModifiedDateTime": "2026-01-01T00:00:00Z"})
    assert (reply.status, reply.code) == (400, "BadRequest_InvalidOperation")


def test_05_empty_values_contexts_and_enumerations_have_their_forms(bc: Client) -> None:
    order = bc.get(bc.api(f"salesOrders({new_order(bc)['id']})")).json
    assert order["requestedDeliveryDate"] == "0001-01-01"
    assert order["currencyId"] == "00000000-0000-0000-0000-000000000000"
    assert order["@odata.context"].endswith(f"/api/v2.0/$metadata#companies({bc.company})/salesOrders/$entity")
    quote = new_quote(bc)
    assert quote["sentDate"] == "0001-01-01T00:00:00Z"
    assert bc.get(bc.api("customers?$top=1&$select=blocked")).rows[0]["blocked"] == "_x0020_"


# --- 6 to 10 documents ------------------------------------------------------------------------------------------------


def test_06_an_order_is_not_released_through_api_v2(bc: Client) -> None:
    order = new_order(bc)
    assert (order["status"], order["number"][:2]) == ("Draft", "SO")
    assert act(bc, f"salesOrders({order['id']})", "release").code == "BadRequest_ResourceNotFound"
    bc.control("set-company", approval_needed=True)
    bc.control("release", order=order["number"])
    assert bc.get(bc.api(f"salesOrders({order['id']})")).json["status"] == "In_x0020_Review"
    bc.control("approve", order=order["number"])
    assert bc.get(bc.api(f"salesOrders({order['id']})")).json["status"] == "Open"


def test_07_an_external_number_may_come_twice_is_upper_case_and_survives_posting(bc: Client) -> None:
    first, second = (new_order(bc, externalDocumentNumber="web-1") for _ in range(2))
    assert first["externalDocumentNumber"] == "WEB-1"
    assert act(bc, f"salesOrders({first['id']})", "shipAndInvoice").status == 204
    found = "$filter=externalDocumentNumber eq 'web-1' and customerNumber eq '100'"
    assert [row["id"] for row in bc.get(bc.api(f"salesOrders?{found}")).rows] == [second["id"]]
    for posted in ("salesInvoices", "salesShipments"):
        assert bc.one(bc.api(f"{posted}?{found}"))["orderNumber"] == first["number"]
    long = bc.send("POST", bc.api("salesOrders"), {"customerNumber": "100", "externalDocumentNumber": "x" * 36})
    assert (long.status, long.code) == (400, "Application_StringExceededLength")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"itemId": "@BOLT", "accountId": NOBODY}, "Application_DialogException"),
        ({"itemId": NOBODY}, "Application_DialogException"),
        ({"lineType": "Item", "lineObjectNumber": "GONE"}, "Application_FieldValidationException"),
        ({"itemId": "@BOLT", "unitOfMeasureCode": "HOUR"}, "Internal_InvalidTableRelation"),
        ({"itemId": "@BOLT", "itemVariantId": NOBODY}, "Application_DialogException"),
        ({"itemId": "@BOLT", "locationId": NOBODY}, "Application_DialogException"),
        ({"itemId": "@BOLT", "sequence": 10000}, "Application_DialogException"),
    ],
)
def test_08_a_line_that_cannot_be_is_refused(bc: Client, line: dict[str, Any], code: str) -> None:
    order = new_order(bc)
    body = {name: bc.item("BOLT")["id"] if value == "@BOLT" else value for name, value in line.items()}
    reply = bc.send("POST", bc.api(f"salesOrders({order['id']})/salesOrderLines"), body)
    assert (reply.status, reply.code) == (400, code)


def test_08_lines_need_a_parent_and_no_stock(bc: Client) -> None:
    assert bc.get(bc.api("salesOrderLines")).code == "Application_DialogException"
    assert bc.send("POST", bc.api("salesOrderLines"), {"description": "x"}).code == "Application_DialogException"
    order = new_order(bc)
    path = bc.api(f"salesOrders({order['id']})/salesOrderLines")
    much = bc.send("POST", path, {"lineType": "Item", "lineObjectNumber": "NUT", "quantity": 1_000_000})
    assert (much.status, much.json["sequence"]) == (201, 20000)


@pytest.mark.parametrize("set_name", ["salesOrders", "salesQuotes", "salesInvoices"])
def test_09_a_deep_insert_is_all_or_nothing(bc: Client, set_name: str) -> None:
    lines = [{"lineType": "Item", "lineObjectNumber": number, "quantity": 1} for number in ("BOLT", "GONE")]
    body = {"customerNumber": "100", f"{set_name[:-1]}Lines": lines}
    assert bc.send("POST", bc.api(set_name), body).code == "Application_FieldValidationException"
    assert bc.get(bc.api(set_name)).rows == []


def test_09_a_nested_patch_is_refused(bc: Client) -> None:
    order = new_order(bc)
    reply = bc.send("PATCH", bc.api(f"salesOrders({order['id']})"), {"salesOrderLines": []}, If_Match="*")
    assert (reply.status, reply.code) == (400, "BadRequest")


@pytest.mark.parametrize("blocked", ["Ship", "Invoice", "All"])
def test_10_a_blocked_customer_gets_no_order_and_an_invoice_only_when_shipping_is_what_is_blocked(
    bc: Client, blocked: str
) -> None:
    bc.control("set-customer", customer="100", blocked=blocked)
    for set_name in ("salesOrders", "salesQuotes"):
        reply = bc.send("POST", bc.api(set_name), {"customerNumber": "100"})
        assert (reply.status, reply.code) == (400, "Application_DialogException")
    expected = 201 if blocked == "Ship" else 400
    assert bc.send("POST", bc.api("salesInvoices"), {"customerNumber": "100"}).status == expected


# --- 11 to 13 stock, ledger, pages ------------------------------------------------------------------------------------


def test_11_stock_is_counted_from_entries_and_leaves_the_item_alone(bc: Client) -> None:
    before = bc.item("NUT")
    bc.control("post-stock", item="NUT", quantity=5, location="NORTH")
    after = bc.item("NUT")
    assert after["inventory"] == before["inventory"] + 5
    assert (after["@odata.etag"], after["lastModifiedDateTime"]) == (
        before["@odata.etag"],
        before["lastModifiedDateTime"],
    )
    reply = bc.send("POST", bc.api("items"), {"displayName": "X", "inventory": 1})
    assert (reply.status, reply.code) == (400, "Application_DialogException")


def test_12_a_lower_entry_number_may_commit_late(bc: Client) -> None:
    held = bc.control("late-entry", item="NUT", quantity=1, hold=True).json["entryNumber"]
    visible = bc.control("post-stock", item="NUT", quantity=1).json["entryNumber"]
    listed = bc.get(bc.api(f"itemLedgerEntries?$filter=entryNumber ge {held}")).rows
    assert [row["entryNumber"] for row in listed] == [visible]
    bc.control("late-entry", commit=True)
    listed = bc.get(bc.api(f"itemLedgerEntries?$filter=entryNumber ge {held}")).rows
    assert [row["entryNumber"] for row in listed] == [held, visible]
    assert not {"locationCode", "variantCode", "remainingQuantity", "open"} & listed[0].keys()


def test_13_the_servers_own_page_cap_holds(bc: Client) -> None:
    bc.control("page-cap", entities=2)
    first = bc.get(bc.api("items"), Prefer="odata.maxpagesize=100")
    assert len(first.rows) == 2
    assert first.json["@odata.nextLink"].startswith("http")


# --- 14 queries -------------------------------------------------------------------------------------------------------


def test_14_schema_version_2_1_brings_in_and_nested_functions(bc: Client) -> None:
    for condition in ("number in ('BOLT','NUT')", "startswith(tolower(displayName),'bolt')"):
        refused = bc.get(bc.api(f"items?$filter={condition}"))
        assert (refused.status, refused.code) == (400, "BadRequest_NotFound")
        assert bc.get(bc.api(f"items?$schemaversion=2.1&$filter={condition}")).rows


def test_14_or_across_fields_is_refused_and_a_lambda_is_not_seen(bc: Client) -> None:
    reply = bc.get(bc.api("items?$filter=number eq 'A' or displayName eq 'B'"))
    assert (reply.status, reply.code) == (400, "Application_FilterErrorException")
    assert reply.message == "The 'OR' operator is not supported on distinct fields on an OData filter."
    everything = bc.get(bc.api("items?$filter=itemVariants/any(v:v/code eq 'NONE')")).rows
    assert len(everything) == len(bc.get(bc.api("items")).rows)


@pytest.mark.parametrize("option", ["$search=bolt", "$apply=groupby((type))", "$compute=unitPrice mul 2 as x"])
def test_14_options_that_are_not_documented_are_refused(bc: Client, option: str) -> None:
    reply = bc.get(bc.api(f"items?{option}"))
    assert (reply.status, reply.code) == (400, "BadRequest")


# --- 15 limits, 16 replica --------------------------------------------------------------------------------------------


def test_15_requests_above_the_rate_are_refused_until_the_window_has_passed(bc: Client) -> None:
    bc.control("limits", requests=3, seconds=300)
    assert [bc.get(bc.api("items")).status for _ in range(4)] == [200, 200, 200, 429]
    refused = bc.get(bc.api("items"))
    assert (refused.code, refused.headers["Retry-After"]) == ("Application_TooManyRequests", "10")
    other = bc.world.tokens.issue("somebody else", "business-central")
    assert bc.get(bc.api("items"), Authorization=f"Bearer {other}").status == 200
    bc.world.clock.advance(301)
    assert bc.get(bc.api("items")).status == 200


def test_15_more_at_once_than_places_and_queue_are_refused(bc: Client) -> None:
    bc.control("limits", concurrent=1, queued=0)
    inside, let_go = threading.Event(), threading.Event()
    throttle = bc.app.extensions["business_central"].throttle

    def occupy() -> None:
        with throttle.admit("application"):
            inside.set()
            let_go.wait(10)

    holder = threading.Thread(target=occupy)
    holder.start()
    assert inside.wait(10)
    refused = bc.get(bc.api("items"))
    let_go.set()
    holder.join(10)
    assert (refused.status, refused.code) == (429, "Application_TooManyRequests")
    assert bc.get(bc.api("items")).status == 200


def test_16_a_replica_answers_what_was_there_some_seconds_ago(bc: Client) -> None:
    bc.control("replica-lag", seconds=30)
    order = new_order(bc)
    path = bc.api(f"salesOrders({order['id']})")
    stale = bc.get(path)
    assert (stale.status, stale.code) == (404, "Internal_RecordNotFound")
    assert bc.get(path, Data_Access_Intent="ReadWrite").status == 200
    assert bc.send("PATCH", path, {"externalDocumentNumber": "seen"}, If_Match="*").status == 200
    bc.world.clock.advance(31)
    assert bc.get(path).json["externalDocumentNumber"] == "SEEN"
    bc.control("post-stock", item="NUT", quantity=7)
    assert bc.item("NUT")["inventory"] == 100
    bc.control("replica-lag", seconds=0)
    assert bc.item("NUT")["inventory"] == 107


def test_16_read_only_intent_on_a_write_is_an_error(bc: Client) -> None:
    reply = bc.send("POST", bc.api("salesOrders"), {"customerNumber": "100"}, Data_Access_Intent="ReadOnly")
    assert (reply.status, reply.code) == (400, "BadRequest")


# --- 17 batches -------------------------------------------------------------------------------------------------------


def batch(bc: Client, parts: list[dict[str, Any]], **headers: str) -> Any:
    return bc.send("POST", "api/v2.0/$batch", {"requests": parts}, **headers)


def part(bc: Client, name: str, code: str) -> dict[str, Any]:
    url = f"companies({bc.company})/unitsOfMeasure"
    return {"id": name, "method": "POST", "url": url, "headers": {}, "body": {"code": code}}


def test_17_a_batch_stops_goes_on_or_is_undone(bc: Client) -> None:
    bad = {"id": "bad", "method": "GET", "url": f"companies({bc.company})/nothing"}
    stopped = batch(bc, [part(bc, "a", "A1"), bad, part(bc, "c", "A2")]).json["responses"]
    assert [each["status"] for each in stopped] == [201, 404]
    on = batch(bc, [bad, part(bc, "c", "A2")], Prefer="odata.continue-on-error").json["responses"]
    assert [each["status"] for each in on] == [404, 201]
    undone = batch(bc, [part(bc, "a", "A3"), bad], Isolation="snapshot").json["responses"]
    assert [each["status"] for each in undone] == [201, 404]
    codes = {row["code"] for row in bc.get(bc.api("unitsOfMeasure")).rows}
    assert {"A1", "A2"} <= codes
    assert "A3" not in codes


def test_17_a_hundred_and_one_parts_are_too_many(bc: Client) -> None:
    reply = batch(bc, [part(bc, str(n), f"U{n}") for n in range(101)])
    assert (reply.status, reply.code) == (500, "Unknown")


# --- 18 webhooks ------------------------------------------------------------------------------------------------------


def test_18_what_webhooks_are_offered_for_is_listed_and_the_rest_refused(bc: Client) -> None:
    route = f"api/microsoft/runtime/beta/companies({bc.company})/webhookSupportedResources"
    names = {row["resource"] for row in bc.get(f"{route}?$filter=resource eq 'v2.0*'").rows}
    assert {"v2.0/items", "v2.0/salesOrders", "v2.0/salesQuotes", "v2.0/vendors"} <= names
    assert not {"v2.0/salesOrderLines", "v2.0/jobQueueEntries"} & names
    assert not any(name.startswith("salesbridge") for name in names)
    body = {
        "notificationUrl": "http://127.0.0.1:9/",
        "resource": f"/api/v2.0/companies({bc.company})/salesOrderLines",
    }
    refused = bc.send("POST", "api/v2.0/subscriptions", body)
    assert (refused.status, refused.code) == (400, "BadRequest")


# --- 19 actions -------------------------------------------------------------------------------------------------------


def test_19_a_quote_becomes_an_order_with_a_new_id_and_is_gone(bc: Client) -> None:
    quote = new_quote(bc, externalDocumentNumber="q-1", validUntilDate="2999-01-01")
    assert quote["status"] == "Draft"
    bc.control("set-customer", customer="100", email="")
    refused = act(bc, f"salesQuotes({quote['id']})", "send")
    assert (refused.status, refused.code) == (400, "Application_DialogException")
    bc.control("set-customer", customer="100", email="first@test.example")
    assert act(bc, f"salesQuotes({quote['id']})", "SEND").status == 204
    assert bc.get(bc.api(f"salesQuotes({quote['id']})")).json["status"] == "Sent"
    done = act(bc, f"salesQuotes({quote['id']})", "makeorder")
    assert (done.status, done.text) == (204, "")
    assert bc.get(bc.api(f"salesQuotes({quote['id']})")).status == 404
    order = bc.one(bc.api("salesOrders?$filter=externalDocumentNumber eq 'Q-1'"))
    assert (order["id"] != quote["id"], order["status"]) == (True, "Draft")
    assert order["totalAmountIncludingTax"] == quote["totalAmountIncludingTax"] == 222.5


def test_19_a_quote_past_its_day_is_expired_and_can_become_an_invoice(bc: Client) -> None:
    quote = new_quote(bc, validUntilDate="2020-01-01")
    assert quote["status"] == "Expired_x0020_"
    assert act(bc, f"salesQuotes({quote['id']})", "makeInvoice").status == 204
    assert bc.one(bc.api("salesInvoices"))["status"] == "Draft"


def test_19_a_draft_invoice_is_posted_once_cancelled_once_and_keeps_its_id(bc: Client) -> None:
    draft = new_invoice(bc)
    path = f"salesInvoices({draft['id']})"
    assert act(bc, path, "cancel").message == "The action can be applied to a posted invoice only."
    stock = bc.item("NUT")["inventory"]
    assert act(bc, path, "post").status == 204
    posted = bc.get(bc.api(path)).json
    assert (posted["status"], posted["remainingAmount"]) == ("Open", posted["totalAmountIncludingTax"])
    assert posted["number"] != draft["number"]
    assert bc.item("NUT")["inventory"] == stock - 10
    assert act(bc, path, "post").message == "The action can be applied to a draft invoice only."
    assert bc.send("DELETE", bc.api(path)).status == 400
    assert act(bc, path, "makeCorrectiveCreditMemo").status == 204
    assert act(bc, path, "cancel").status == 204
    assert bc.get(bc.api(path)).json["status"] == "Canceled"
    assert bc.item("NUT")["inventory"] == stock
    again = act(bc, path, "cancel")
    assert again.message == "The invoice cannot be canceled because it has already been canceled."
    assert {row["status"] for row in bc.get(bc.api("salesCreditMemos")).rows} == {"Draft", "Corrective"}


def test_19_a_payment_settles_an_invoice_and_the_customers_figures_follow(bc: Client) -> None:
    order = new_order(bc)
    assert act(bc, f"salesOrders({order['id']})", "shipAndInvoice").status == 204
    invoice = bc.one(bc.api("salesInvoices"))
    figures = bc.one(bc.bridge("customerStatistics?$filter=number eq '100'"))
    assert (figures["balance"], figures["totalSales"], figures["overdueAmount"]) == (12.5, 10, 0)
    bc.world.clock.advance(40 * 86400)
    assert bc.one(bc.bridge("customerStatistics?$filter=number eq '100'"))["overdueAmount"] == 12.5
    assert bc.control("pay", invoice=invoice["number"], amount=2.5).json == "Open"
    assert bc.get(bc.api(f"salesInvoices({invoice['id']})")).json["remainingAmount"] == 10
    assert bc.control("pay", invoice=invoice["number"]).json == "Paid"
    assert bc.control("pay", invoice=invoice["number"]).status == 400
    assert bc.one(bc.bridge("customerStatistics?$filter=number eq '100'"))["balance"] == 0
    numbers = [row["entryNumber"] for row in bc.get(bc.bridge("customerLedgerActivity")).rows]
    assert numbers == [1, 2, 3]


# --- 20 languages and types -------------------------------------------------------------------------------------------


def test_20_the_language_changes_the_text_and_never_the_code(bc: Client) -> None:
    path = bc.api("salesOrders")
    english = bc.send("POST", path, {"customerNumber": "300"}, Accept_Language="en-US,nb;q=0.5")
    norwegian = bc.send("POST", path, {"customerNumber": "300"}, Accept_Language="nb-NO")
    assert english.message == "You cannot Create this type of document when Customer 300 is blocked with type Ship"
    assert norwegian.message == "Du kan ikke opprette denne typen dokument når Kunde 300 er sperret med typen Ship"
    assert english.code == norwegian.code == "Application_DialogException"


def test_20_types_that_cannot_be_read_or_answered_are_refused(bc: Client) -> None:
    assert bc.get(bc.api("items"), Accept="text/html").status == 406
    assert bc.get(bc.api("items"), Accept="text/html, */*;q=0.1").status == 200
    headers = {"Authorization": f"Bearer {bc.token}"}
    sent = bc.app.test_client().post(f"{bc.base}/{bc.api('items')}", data="<a/>", headers=headers)
    assert sent.status_code == 415


# --- 21 web services and metadata -------------------------------------------------------------------------------------


def test_21_filter_columns_change_the_sum_and_not_the_rows(bc: Client) -> None:
    bc.control("post-stock", item="NUT", quantity=5, location="NORTH")
    base = f"ODataV4/Company(Id={bc.company})/Item_Card"
    assert bc.get(f"{base}('NUT')").json["Inventory"] == 105
    assert bc.get(f"{base}('NUT')?$filter=Location_Filter eq 'NORTH'").json["Inventory"] == 5
    rows = bc.get(f"{base}?$filter=Location_Filter eq 'NORTH'&$select=No,Inventory").rows
    assert (len(rows), sum(row["Inventory"] for row in rows)) == (6, 5)
    refused = bc.get(f"{base}?$filter=Location_Filter ne 'NORTH'")
    assert (refused.status, refused.code) == (400, "Application_FilterErrorException")


def test_21_rows_are_addressed_by_key_predicates(bc: Client) -> None:
    order = new_order(bc)
    base = f"ODataV4/Company(Id={bc.company})"
    path = f"{base}/SalesOrder(Document_Type='Order',No='{order['number']}')"
    found = bc.get(f"{path}?$expand=SalesOrderSalesLines").json
    assert (found["Status"], found["SalesOrderSalesLines"][0]["No"]) == ("Open", "BOLT")
    changed = bc.send("PATCH", path, {"Your_Reference": "SO-7"}, If_Match=found["@odata.etag"])
    assert (changed.status, changed.json["Your_Reference"]) == (200, "SO-7")
    assert bc.send("PATCH", path, {"Status": "Released"}, If_Match="*").code == "BadRequest_InvalidOperation"
    assert bc.get(f"{base}/Items(No='BOLT')").json["Description"] == "Bolt of steel"
    assert bc.get(f"{base}/Items('NONE')").code == "Internal_RecordNotFound"
    assert bc.get(f"{base}/SalesOrder('{order['number']}')").code == "BadRequest_NotFound"
    assert bc.send("POST", f"{base}/Items", {"No": "X"}).code == "BadRequest_MethodNotAllowed"


def test_21_the_stock_query_sums_open_entries_per_place(bc: Client) -> None:
    bc.control("post-stock", item="NUT", quantity=5, location="NORTH")
    path = f"ODataV4/Company(Id={bc.company})/InventoryByLocation"
    rows = bc.get(f"{path}?$filter=ItemNo eq 'NUT'&$select=LocationCode,RemainingQuantity").rows
    assert rows == [{"LocationCode": "", "RemainingQuantity": 100}, {"LocationCode": "NORTH", "RemainingQuantity": 5}]
    assert bc.get(f"{path}?$orderby=ItemNo").code == "BadRequest_MethodNotImplemented"


@pytest.mark.parametrize("route", ["api/v2.0", "api/salesbridge/bridge/v1.0", "ODataV4"])
def test_21_metadata_describes_every_set_of_the_service_document(bc: Client, route: str) -> None:
    reply = bc.get(f"{route}/$metadata")
    assert reply.headers["Content-Type"].startswith("application/xml")
    schema = ElementTree.fromstring(reply.text)[0][0]
    described = {each.get("Name") for each in schema.iter(f"{EDM}EntitySet")}
    served = {row["name"] for row in bc.get(route).rows}
    assert served - {"Company"} <= described
    types = {each.get("Name") for each in schema.iter(f"{EDM}EntityType")}
    enumerations = {each.get("Name") for each in schema.iter(f"{EDM}EnumType")}
    for each in schema.iter(f"{EDM}Property"):
        name = str(each.get("Type"))
        assert name.startswith("Edm.") or name.rpartition(".")[2] in enumerations
    for each in schema.iter(f"{EDM}NavigationProperty"):
        assert str(each.get("Type")).removesuffix(")").rpartition(".")[2] in types


def test_21_routes_and_captions_are_listed(bc: Client) -> None:
    routes = {row["route"] for row in bc.get("api/v2.0/apicategoryroutes").rows}
    assert routes == {"v2.0", "salesbridge/bridge/v1.0"}
    names = {row["entitySetName"] for row in bc.get(bc.api("entityDefinitions")).rows}
    assert {"items", "salesQuotes", "jobQueueEntries"} <= names


# --- 22 to 24 ---------------------------------------------------------------------------------------------------------


def test_22_jobs_are_read_only_but_can_be_restarted(bc: Client) -> None:
    job = bc.one(bc.api("jobQueueEntries?$filter=status eq 'Error'"))
    path = f"jobQueueEntries({job['id']})"
    refused = bc.send("PATCH", bc.api(path), {"description": "x"}, If_Match="*")
    assert (refused.status, refused.code) == (405, "BadRequest_MethodNotAllowed")
    assert act(bc, path, "restart").status == 204
    assert bc.get(bc.api(path)).json["status"] == "Ready"
    without = act(bc, f"items({bc.item('NUT')['id']})", "restart")
    assert (without.status, without.code) == (501, "BadRequest_MethodNotImplemented")


def test_22_subscriptions_have_text_keys(bc: Client) -> None:
    assert bc.get("api/v2.0/subscriptions('none')").code == "Internal_RecordNotFound"
    assert bc.get("api/v2.0/subscriptions(17)").status == 404


def test_23_fields_are_validated_in_the_order_they_are_sent(bc: Client) -> None:
    own = bc.send("POST", bc.api("salesOrders"), {"customerNumber": "100", "shipToCity": "Oslo"})
    assert own.json["shipToCity"] == "Oslo"
    overwritten = bc.send("POST", bc.api("salesOrders"), {"shipToCity": "Oslo", "customerNumber": "100"})
    assert overwritten.json["shipToCity"] == "Bergen"


# --- the companion's quote path ---------------------------------------------------------------------------------------


def test_a_quote_is_archived_emptied_and_filled_anew_on_its_number(bc: Client) -> None:
    quote = new_quote(bc)
    line = {"lineType": "Item", "lineObjectNumber": "NUT", "quantity": 3, "unitPrice": 2, "sequence": 10000}
    request = {"yourReference": "QUO-1", "customerNumber": "100", "lines": [line], "discountAmount": 1}
    told = bc.told("ReplaceSalesQuote", quoteId=quote["id"], request=request)
    assert (told["orderId"], told["orderNo"]) == (quote["id"], quote["number"])
    again = bc.get(bc.api(f"salesQuotes({quote['id']})?$expand=salesQuoteLines")).json
    assert (again["totalAmountExcludingTax"], again["discountAmount"]) == (5, 1)
    assert [row["lineObjectNumber"] for row in again["salesQuoteLines"]] == ["NUT"]
    assert bc.told("ArchiveSalesDocument", documentId=quote["id"])["versionNo"] == 2
    order = bc.told("CreateSalesOrder", request=an_order())
    refused = bc.call("ReplaceSalesQuote", quoteId=order["orderId"], request=request)
    assert (refused.status, refused.code) == (400, "Application_FieldValidationException")

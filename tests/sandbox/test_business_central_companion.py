"""The companion's procedures: whole orders, release, and what else API v2.0 does not offer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from sandbox.server import OPERATIONS, PURPOSE, run_app
from tests.sandbox.bc_client import Client, a_client, an_order


@pytest.fixture
def bc() -> Client:
    return a_client()


def create(bc: Client, **more: Any) -> dict[str, Any]:
    return bc.told("CreateSalesOrder", request=an_order(**more))


def test_setup_tells_what_the_bridge_must_know(bc: Client) -> None:
    setup = bc.told("GetBridgeSetup")
    assert (setup["companyId"], setup["companyName"], setup["lcyCode"]) == (bc.company, "Testing & Sons", "NOK")
    assert (setup["freightGLAccountNo"], setup["writeInProductNo"]) == ("6810", "ODD")
    assert setup["shippingAgents"] == [{"code": "POST", "name": "Postal Mail"}]


def test_an_order_is_created_released_and_answered_in_full(bc: Client) -> None:
    told = create(
        bc, discountAmount="2.5", paymentDiscountPercent=3, workDescription="Careful", shippingAgentCode="POST"
    )
    assert (told["status"], told["existed"], told["releaseError"]) == ("Released", False, "")
    assert [(line["lineNo"], line["lineObjectNumber"], line["netAmount"]) for line in told["lines"]] == [
        (10000, "BOLT", 22.5)
    ]
    order = bc.one(bc.bridge("salesDocuments?$filter=yourReference eq 'SO-1'&$expand=salesDocumentLines"))
    assert (order["status"], order["paymentDiscountPercent"], order["workDescription"]) == ("Released", 3, "Careful")
    assert order["salesDocumentLines"][0]["outstandingQuantity"] == 10


def test_the_same_request_again_finds_the_order(bc: Client) -> None:
    first, second = create(bc), create(bc, externalDocumentNumber="other")
    assert (second["existed"], second["orderId"], second["lines"]) == (True, first["orderId"], first["lines"])
    other = create(bc, customer="200")
    assert (other["existed"], other["orderId"] != first["orderId"]) == (False, True)


def test_a_request_for_an_order_that_is_posted_away_is_answered_with_it(bc: Client) -> None:
    first = create(bc)
    bc.control("ship-and-invoice", order=first["orderNo"])
    again = create(bc)
    assert (again["existed"], again["orderId"], again["orderNo"]) == (True, first["orderId"], first["orderNo"])
    assert bc.get("/_sandbox/orders").json == []


def test_each_order_of_a_list_stands_or_falls_alone(bc: Client) -> None:
    requests = [
        an_order("SO-1"),
        an_order("SO-2", customer="300"),
        an_order("SO-3", colour="red"),
        an_order("SO-4", lines=[{"lineType": "Item", "lineObjectNumber": "BOLT", "quantity": 1, "size": 3}]),
        an_order("SO-5", lines=[{"lineType": "Item", "lineObjectNumber": "NONE", "quantity": 1}]),
        an_order("SO-6", shipTo={"country": "XX"}),
        an_order("SO-7", lines=[]),
        an_order("SO-8", release=False),
        an_order("SO-9" * 10),
    ]
    told = bc.told("CreateSalesOrders", requests=requests)
    words = [answer.get("error", {}).get("message", answer.get("status")) for answer in told]
    assert words[0] == "Released"
    assert words[1].startswith("You cannot Create this type of document")
    assert words[2] == "The name 'colour' is not known in the order."
    assert words[3] == "The name 'size' is not known in line 1."
    assert "(NONE) that cannot be found in the related table (Item)" in words[4]
    assert "Country/Region" in words[5]
    assert words[6] == words[7] == "Open"
    assert "nothing to release" in told[6]["releaseError"]
    assert told[7]["releaseError"] == ""
    assert told[8]["error"]["code"] == "Application_StringExceededLength"
    assert {order["yourReference"] for order in bc.get("/_sandbox/orders").json} == {"SO-1", "SO-7", "SO-8"}


def test_more_than_fifty_orders_are_refused(bc: Client) -> None:
    reply = bc.call("CreateSalesOrders", requests=[an_order(f"SO-{n}") for n in range(51)])
    assert (reply.status, reply.code) == (400, "Application_DialogException")
    assert bc.get("/_sandbox/orders").json == []


def test_a_line_has_discount_text_service_and_freight(bc: Client) -> None:
    lines = [
        {"sequence": 10000, "lineType": "Item", "lineObjectNumber": "OIL", "quantity": "2", "unitPrice": "89.5",
         "discountAmount": "9.01"},
        {"sequence": 20000, "lineType": "Comment", "description": "For the shed", "attachedToLineNumber": 10000},
        {"sequence": 30000, "lineType": "Resource", "lineObjectNumber": "FITTING", "quantity": 1.5, "unitPrice": 800},
        {"sequence": 40000, "lineType": "Account", "lineObjectNumber": "6810", "quantity": 1, "unitPrice": 99},
    ]  # fmt: skip
    told = create(bc, lines=lines, discountAmount=100)
    assert told["status"] == "Released"
    net = {line["lineNo"]: line["netAmount"] for line in told["lines"]}
    assert net[40000] == 99
    assert round(net[10000] + net[30000], 2) == round(169.99 + 1200 - 100, 2)
    order = bc.order(told["orderNo"])
    assert order["lines"][1]["attachedToLineNumber"] == 10000
    assert order["totalAmountExcludingTax"] == 1368.99


def test_a_discount_on_nothing_is_refused(bc: Client) -> None:
    line = {"lineType": "Item", "lineObjectNumber": "OIL", "quantity": 0, "discountAmount": 0}
    reply = bc.call("CreateSalesOrder", request=an_order(lines=[line]))
    assert "Quantity must have a value in Sales Line" in reply.message
    freight_only = [{"lineType": "Account", "lineObjectNumber": "6810", "quantity": 1, "unitPrice": 99}]
    reply = bc.call("CreateSalesOrder", request=an_order(lines=freight_only, discountAmount=5))
    assert "allows an invoice discount" in reply.message


@pytest.mark.parametrize(
    ("switch", "status", "words"),
    [
        (("set-company", {"approval_needed": True}), "Pending Approval", ""),
        (("set-customer", {"customer": "100", "approvalNeeded": True}), "Pending Approval", ""),
        (("set-customer", {"customer": "100", "prepaymentNeeded": True}), "Pending Prepayment", ""),
        (("set-company", {"location_mandatory": True}), "Open", "Location Code must have a value in Sales Line"),
        (("set-item", {"item": "BOLT", "locationMandatory": True}), "Open", "Location Code must have a value"),
    ],
)
def test_a_release_can_wait_or_be_refused(bc: Client, switch: tuple[str, Any], status: str, words: str) -> None:
    assert bc.control(switch[0], **switch[1]).status == 200
    told = create(bc)
    assert told["status"] == status
    assert words in told["releaseError"]
    assert bool(words) == bool(told["releaseError"])


def test_a_refused_release_heals_when_its_cause_is_mended(bc: Client) -> None:
    bc.control("set-company", location_mandatory=True)
    told = create(bc)
    assert bc.call("ReleaseSalesOrder", orderId=told["orderId"]).code == "Application_FieldValidationException"
    bc.control("change-order-line", order=told["orderNo"], line=10000, locationCode="MAIN")
    assert bc.call("ReleaseSalesOrder", orderId=told["orderId"]).json["value"] == "Released"
    assert bc.call("ReleaseSalesOrder", orderId=told["orderId"]).json["value"] == "Released"
    assert bc.call("ReopenSalesOrder", orderId=told["orderId"]).json["value"] == "Open"
    assert create(bc)["status"] == "Released"


def test_an_approver_releases_what_waits(bc: Client) -> None:
    bc.control("set-company", approval_needed=True)
    told = create(bc)
    assert bc.call("ReopenSalesOrder", orderId=told["orderId"]).status == 400
    assert bc.get(bc.api(f"salesOrders({told['orderId']})")).json["status"] == "In_x0020_Review"
    bc.control("approve", order=told["orderNo"])
    assert bc.call("ReleaseSalesOrder", orderId=told["orderId"]).json["value"] == "Released"


def test_header_lines_notes_and_archive_have_their_procedures(bc: Client) -> None:
    order_id = create(bc, release=False)["orderId"]
    lines = [
        {"lineType": "Item", "lineObjectNumber": "NUT", "quantity": 1},
        {"lineType": "Comment", "description": "t"},
    ]
    for line in lines:
        assert bc.send("POST", bc.api(f"salesOrders({order_id})/salesOrderLines"), line).status == 201
    fields = {"yourReference": "NEW", "billTo": {"city": "Oslo"}, "paymentDiscountPercent": 2}
    assert bc.call("SetOrderHeader", orderId=order_id, fields=fields).json["value"] == "Open"
    assert bc.call("SetOrderHeader", orderId=order_id, fields={"status": "Released"}).status == 400
    assert bc.call("SetOrderHeader", orderId=order_id, fields={"paymentDiscountPercent": 101}).status == 400
    assert bc.call("AttachSalesLines", documentId=order_id, pairs=[[30000, 20000]]).json["value"] == 1
    assert bc.call("AttachSalesLines", documentId=order_id, pairs=[[30000, 20000]]).json["value"] == 0
    found = bc.told("FindOrderByReference", reference="NEW", customerNo="100")
    assert [(row["documentType"], row["id"]) for row in found] == [("Order", order_id)]
    assert bc.told("ArchiveSalesDocument", documentId=order_id) == {"docNoOccurrence": 1, "versionNo": 1}
    assert bc.told("ArchiveSalesDocument", documentId=order_id)["versionNo"] == 2
    note = {"documentId": order_id, "subject": "s", "body": "b", "createdOn": "2026-01-01T00:00:00Z"}
    assert bc.call("AddOrderNote", **note).json["value"] == bc.call("AddOrderNote", **note).json["value"]
    assert bc.told("ListOrderNotes", since="") == []
    bc.control("add-note", order=found[0]["no"], subject="Call", body="before noon")
    assert [row["subject"] for row in bc.told("ListOrderNotes", since="2020-01-01T00:00:00Z")] == ["Call"]


def test_availability_counts_stock_receipts_and_demand_of_one_place(bc: Client) -> None:
    line = {"lineType": "Item", "lineObjectNumber": "CART", "quantity": 2}
    told = create(bc, lines=[line], requestedDeliveryDate="2026-05-10")
    bc.control("change-order-line", order=told["orderNo"], line=10000, locationCode="MAIN")
    place = {"itemNumber": "CART", "locationCode": "MAIN"}
    early, late, much, elsewhere = bc.told(
        "CalculateAvailability",
        request=[
            {**place, "requestedDate": "2026-05-01", "quantity": 1},
            {**place, "requestedDate": "2026-05-12", "quantity": 5},
            {**place, "requestedDate": "2026-05-12", "quantity": 6},
            {"itemNumber": "CART", "requestedDate": "2026-05-12", "quantity": 1},
        ],
    )
    assert (early["availableToPromise"], early["earliestDate"]) == (0, "2026-05-04")
    assert (late["scheduledReceipt"], late["grossRequirement"], late["availableToPromise"]) == (7, 2, 5)
    assert late["earliestDate"] == "2026-05-12"
    assert much["earliestDate"] == elsewhere["earliestDate"] == ""
    assert bc.call("CalculateAvailability", request=[{"itemNumber": "NONE"}]).code == "Internal_RecordNotFound"
    assert "'colour' is not known" in bc.call("CalculateAvailability", request=[{"colour": 1}]).message


def test_what_is_missing_is_refused_by_name(bc: Client) -> None:
    assert bc.call("CreateSalesOrders").code == "BadRequest_RequiredParamNotProvided"
    assert bc.call("CreateSalesOrder", request="{").message == "request is not valid JSON."
    assert bc.call("CreateSalesOrder", request={"customerNumber": "100"}).message == "yourReference must be given."
    missing = bc.call("ReleaseSalesOrder", orderId="00000000-0000-0000-0000-000000000001")
    assert (missing.status, missing.code) == (404, "Internal_RecordNotFound")
    assert bc.call("MakeCoffee").status == 404
    nobody = bc.send("POST", "ODataV4/SalesBridge_GetBridgeSetup?company=Nobody", {})
    assert nobody.code == "Internal_CompanyNotFound"


def test_without_the_companion_its_addresses_are_not_there(bc: Client) -> None:
    bc.control("companion", installed=False)
    for reply in (bc.call("GetBridgeSetup"), bc.get(bc.bridge("itemLedgerFeed"))):
        assert (reply.status, reply.code) == (404, "BadRequest_ResourceNotFound")
    assert bc.get(bc.api("items")).status == 200
    bc.control("companion", installed=True)
    assert bc.call("GetBridgeSetup").status == 200


def test_the_row_version_watermark_leaves_out_what_is_not_committed(bc: Client) -> None:
    held = bc.control("late-entry", item="NUT", quantity=3, hold=True).json["entryNumber"]
    bc.control("post-stock", item="NUT", quantity=1)
    watermark = int(bc.call("ActiveRowVersion").json["value"])
    final = bc.get(bc.bridge(f"itemLedgerFeed?$filter=rowVersion lt {watermark}&$orderby=entryNumber desc")).rows
    assert final[0]["entryNumber"] < held
    assert bc.item("NUT")["inventory"] == 101
    bc.control("late-entry", commit=True)
    later = bc.get(bc.bridge(f"itemLedgerFeed?$filter=rowVersion ge {watermark}")).rows
    assert [row["entryNumber"] for row in later] == [held, held + 1]
    assert bc.item("NUT")["inventory"] == 104


def test_an_entry_can_appear_below_ones_already_seen(bc: Client) -> None:
    for _ in range(8):
        bc.control("post-stock", item="NUT", quantity=1)
    seen = [row["entryNumber"] for row in bc.get(bc.api("itemLedgerEntries?$select=entryNumber")).rows]
    assert seen != list(range(seen[0], seen[-1] + 1))
    late = bc.control("late-entry", item="NUT", quantity=5).json["entryNumber"]
    assert late not in seen
    assert late < seen[-1]
    assert bc.item("NUT")["inventory"] == 113


def test_a_call_about_two_orders_counts_as_two_operations(bc: Client) -> None:
    builder = EnvironBuilder(
        f"{bc.base}/ODataV4/SalesBridge_CreateSalesOrders",
        method="POST",
        query_string=f"company={bc.company}",
        headers=[("Authorization", f"Bearer {bc.token}")],
        json={"requests": json.dumps([an_order("A"), an_order("B")])},
    )
    environ = builder.get_environ()
    status, _, _ = run_app(bc.app, environ)
    assert (status, environ[OPERATIONS]) == ("200 OK", 2)
    assert environ[PURPOSE] == "POST SalesBridge_CreateSalesOrders"

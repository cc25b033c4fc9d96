"""Writing through API v2.0: etags, properties, and the rules of sales orders."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.bc_client import Client, a_client, an_order


@pytest.fixture
def bc() -> Client:
    return a_client()


def make_order(bc: Client, **more: Any) -> dict[str, Any]:
    body = {"customerNumber": "100", "salesOrderLines": [{"itemId": bc.item("BOLT")["id"], "quantity": 4}], **more}
    reply = bc.send("POST", bc.api("salesOrders?$expand=salesOrderLines"), body)
    assert reply.status == 201, reply.text
    return reply.json


def patch(bc: Client, rest: str, body: dict[str, Any], token: str = "*") -> Any:
    return bc.send("PATCH", bc.api(rest), body, If_Match=token)


def test_a_patch_needs_the_etag_that_is_current(bc: Client) -> None:
    item = bc.item("NUT")
    path = bc.api(f"items({item['id']})")
    without = bc.send("PATCH", path, {"displayName": "A"})
    assert (without.status, without.code) == (400, "BadRequest_InvalidToken")
    first = bc.send("PATCH", path, {"displayName": "A"}, If_Match=item["@odata.etag"])
    assert (first.status, first.json["displayName"]) == (200, "A")
    stale = bc.send("PATCH", path, {"displayName": "B"}, If_Match=item["@odata.etag"])
    assert (stale.status, stale.code) == (409, "Request_EntityChanged")
    assert bc.send("PATCH", path, {"displayName": "C"}, If_Match=first.json["@odata.etag"]).status == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"colour": "red"}, "BadRequest"),
        ({"lastModifiedDateTime": "2026-01-01T00:00:00Z"}, "BadRequest_InvalidOperation"),
        ({"displayName": "x" * 101}, "Application_StringExceededLength"),
        ({"type": "Cloud"}, "Unknown"),
        ({"unitPrice": "dear"}, "BadRequest"),
        ({"baseUnitOfMeasureCode": "BALE"}, "Internal_InvalidTableRelation"),
        ({"baseUnitOfMeasureId": "nonsense"}, "Application_InvalidGUID"),
        ({"number": "BOLT"}, "Internal_EntityWithSameKeyExists"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(bc: Client, body: dict[str, Any], code: str) -> None:
    reply = patch(bc, f"items({bc.item('NUT')['id']})", body)
    assert (reply.status, reply.code) == (400, code)


def test_codes_are_stored_in_upper_case_and_trimmed(bc: Client) -> None:
    reply = bc.send(
        "POST", bc.api("items"), {"number": " new-1 ", "displayName": "New", "baseUnitOfMeasureCode": "pcs"}
    )
    assert (reply.status, reply.json["number"], reply.json["baseUnitOfMeasureCode"]) == (201, "NEW-1", "PCS")
    again = bc.send("POST", bc.api("items"), {"number": "NEW-1", "displayName": "New"})
    assert again.code == "Internal_EntityWithSameKeyExists"


def test_patching_inventory_posts_an_adjustment_and_stock_does_not_touch_the_item(bc: Client) -> None:
    before = bc.item("NUT")
    bc.control("post-stock", item="NUT", quantity=5)
    after = bc.item("NUT")
    assert after["inventory"] == before["inventory"] + 5
    for name in ("@odata.etag", "lastModifiedDateTime"):
        assert after[name] == before[name]
    assert patch(bc, f"items({before['id']})", {"inventory": 90}).json["inventory"] == 90
    last = bc.get(bc.api("itemLedgerEntries?$filter=itemNumber eq 'NUT'")).rows[-1]
    assert last["quantity"] == -15
    assert bc.send("POST", bc.api("items"), {"displayName": "X", "inventory": 1}).message.startswith("Inventory cannot")


def test_an_order_takes_what_the_customer_brings(bc: Client) -> None:
    order = make_order(bc)
    assert (order["status"], order["salesperson"], order["currencyCode"]) == ("Draft", "ANN", "NOK")
    assert (order["sellToCity"], order["shipToCity"], order["billToPostCode"]) == ("Bergen", "Bergen", "5003")
    assert [line["sequence"] for line in order["salesOrderLines"]] == [10000]
    assert (order["totalAmountExcludingTax"], order["totalTaxAmount"]) == (10, 2.5)
    assert order["requestedDeliveryDate"] == "0001-01-01"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, 'A "customerNumber" or a "customerId" must be provided.'),
        ({"customerNumber": "999"}, "The sell-to customer cannot be found."),
        (
            {"customerNumber": "300"},
            "You cannot Create this type of document when Customer 300 is blocked with type Ship",
        ),
        ({"customerNumber": "100", "shipToCountry": "XX"}, "cannot be found in the related table (Country/Region)"),
        ({"customerNumber": "100", "currencyCode": "XXX"}, "cannot be found in the related table (Currency)"),
        (
            {"customerNumber": "100", "salesOrderLines": [{"lineType": "Item", "lineObjectNumber": "GONE"}]},
            "Blocked must be equal to 'No' in Item: No.=GONE. Current value is 'Yes'.",
        ),
        (
            {"customerNumber": "100", "salesOrderLines": [{"itemId": "00000000-0000-0000-0000-000000000009"}]},
            "Item does not exist.",
        ),
    ],
)
def test_an_order_that_cannot_be_is_refused_whole(bc: Client, body: dict[str, Any], message: str) -> None:
    reply = bc.send("POST", bc.api("salesOrders"), body)
    assert reply.status == 400
    assert message in reply.message
    assert bc.get(bc.api("salesOrders")).rows == []


def test_the_number_of_an_order_is_not_ours_to_give(bc: Client) -> None:
    reply = bc.send("POST", bc.api("salesOrders"), {"customerNumber": "100", "number": "MINE"})
    assert (reply.status, reply.code) == (400, "BadRequest_InvalidOperation")


def test_lines_keep_their_document_number_and_object(bc: Client) -> None:
    order = make_order(bc)
    line = order["salesOrderLines"][0]
    for name, value in (("sequence", 5), ("documentId", order["id"]), ("lineObjectNumber", "NUT")):
        assert "cannot be modified" in patch(bc, f"salesOrderLines({line['id']})", {name: value}).message
    changed = patch(bc, f"salesOrderLines({line['id']})", {"quantity": 6, "unitPrice": 3})
    assert (changed.json["netAmount"], changed.json["unitPrice"]) == (18, 3)
    again = bc.get(bc.api(f"salesOrders({order['id']})")).json
    assert again["totalAmountExcludingTax"] == 18
    assert again["@odata.etag"] != order["@odata.etag"]


def test_a_quantity_after_the_price_brings_the_price_of_the_card_back(bc: Client) -> None:
    order = make_order(bc)
    path = f"salesOrders({order['id']})/salesOrderLines"
    line = {"lineType": "Item", "lineObjectNumber": "OIL", "unitPrice": 5, "quantity": 2}
    assert bc.send("POST", bc.api(path), line).json["unitPrice"] == 89
    line = {"lineType": "Item", "lineObjectNumber": "OIL", "quantity": 2, "unitPrice": 5}
    assert bc.send("POST", bc.api(path), line).json["unitPrice"] == 5


def test_a_lines_list_names_its_document_and_deleting_takes_the_line_away(bc: Client) -> None:
    order = make_order(bc, externalDocumentNumber="web-1")
    flat = bc.get(bc.api(f"salesOrderLines?$filter=documentId eq {order['id']}")).rows
    assert flat == bc.get(bc.api(f"salesOrders({order['id']})/salesOrderLines")).rows
    assert bc.send("DELETE", bc.api(f"salesOrderLines({flat[0]['id']})")).status == 204
    assert bc.one(bc.api("salesOrders?$filter=externalDocumentNumber eq 'WEB-1'"))["totalAmountExcludingTax"] == 0


def test_a_header_discount_is_spread_to_the_cent(bc: Client) -> None:
    lines = [{"lineType": "Item", "lineObjectNumber": number, "quantity": 1} for number in ("BOLT", "NUT", "OIL")]
    order = make_order(bc, salesOrderLines=lines, discountAmount=10)
    shares = [line["invoiceDiscountAllocation"] for line in order["salesOrderLines"]]
    assert round(sum(shares), 2) == order["discountAmount"] == 10
    assert round(sum(line["netAmount"] for line in order["salesOrderLines"]), 2) == 81.85
    assert order["totalTaxAmount"] == 20.46
    too_much = patch(bc, f"salesOrders({order['id']})", {"discountAmount": 100})
    assert (too_much.status, too_much.code) == (400, "Application_DialogException")


def test_each_write_through_the_api_copies_sell_to_into_bill_to(bc: Client) -> None:
    told = bc.told("CreateSalesOrder", request=an_order(billTo={"addressLine1": "Elsewhere 9", "city": "Oslo"}))
    order = bc.get(bc.api(f"salesOrders({told['orderId']})")).json
    assert (order["billToAddressLine1"], order["sellToAddressLine1"]) == ("Elsewhere 9", "Main Street 1")
    patch(bc, f"salesOrders({told['orderId']})", {"externalDocumentNumber": "X"})
    order = bc.get(bc.api(f"salesOrders({told['orderId']})")).json
    assert (order["billToAddressLine1"], order["billToCity"]) == ("Main Street 1", "Bergen")


def test_a_released_order_is_guarded_and_shown_as_open(bc: Client) -> None:
    told = bc.told("CreateSalesOrder", request=an_order())
    order = bc.get(bc.api(f"salesOrders({told['orderId']})?$expand=salesOrderLines")).json
    assert order["status"] == "Open"
    line = f"salesOrderLines({order['salesOrderLines'][0]['id']})"
    refusal = patch(bc, line, {"quantity": 2})
    assert refusal.code == "Application_FieldValidationException"
    assert refusal.message == (
        "Status must be equal to 'Open' in Sales Header: Document Type=Order, "
        f"No.={told['orderNo']}. Current value is 'Released'."
    )
    assert bc.send("DELETE", bc.api(line)).status == 400
    assert patch(bc, f"salesOrders({order['id']})", {"currencyCode": "EUR"}).status == 400
    assert patch(bc, f"salesOrders({order['id']})", {"externalDocumentNumber": "ok"}).status == 200
    assert patch(bc, f"salesOrders({order['id']})", {"status": "Draft"}).code == "BadRequest_InvalidOperation"
    assert bc.send("DELETE", bc.api(f"salesOrders({order['id']})")).status == 204


def test_ship_and_invoice_leaves_a_shipment_an_invoice_and_no_order(bc: Client) -> None:
    order = make_order(bc, externalDocumentNumber="PO-7")
    done = bc.send("POST", bc.api(f"salesOrders({order['id']})/microsoft.nav.shipandinvoice"))
    assert (done.status, done.text) == (204, "")
    assert bc.get(bc.api(f"salesOrders({order['id']})")).status == 404
    invoice = bc.one(bc.api("salesInvoices?$filter=externalDocumentNumber eq 'po-7'&$expand=salesInvoiceLines"))
    assert (invoice["orderNumber"], invoice["orderId"], invoice["status"]) == (order["number"], order["id"], "Open")
    assert invoice["totalAmountIncludingTax"] == order["totalAmountIncludingTax"] == 12.5
    assert bc.one(bc.api("salesShipments?$filter=externalDocumentNumber eq 'PO-7'"))["orderNumber"] == order["number"]
    assert bc.item("BOLT")["inventory"] == 96


def test_an_order_without_lines_cannot_be_posted(bc: Client) -> None:
    order = make_order(bc, salesOrderLines=[])
    reply = bc.send("POST", bc.api(f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice"))
    assert reply.message == "Please add at least one line item to the estimate."
    unknown = bc.send("POST", bc.api(f"salesOrders({order['id']})/Microsoft.NAV.release"))
    assert (unknown.status, unknown.code) == (404, "BadRequest_ResourceNotFound")


def test_an_item_in_use_cannot_be_deleted(bc: Client) -> None:
    reply = bc.send("DELETE", bc.api(f"items({bc.item('NUT')['id']})"))
    assert "ledger entries" in reply.message
    assert bc.send("DELETE", bc.api(f"items({bc.item('GONE')['id']})")).status == 204


def test_broken_bodies_are_refused(bc: Client) -> None:
    path = f"{bc.base}/{bc.api('items')}"
    http = bc.app.test_client()
    headers = {"Authorization": f"Bearer {bc.token}"}
    assert http.post(path, data="{", headers=headers, content_type="application/json").status_code == 400
    assert http.post(path, data="<a/>", headers=headers, content_type="text/xml").status_code == 415
    assert bc.send("POST", bc.api("items"), ["a"]).status == 400
    assert bc.send("POST", bc.api("items"), {"displayName": "a"}, Data_Access_Intent="ReadOnly").status == 400

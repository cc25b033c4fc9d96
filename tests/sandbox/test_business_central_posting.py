"""What people do in Business Central: ship in parts, invoice, block, delete; what is left behind each time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.bc_client import Client, a_client, an_order

LINES: list[dict[str, Any]] = [
    {"lineType": "Item", "lineObjectNumber": "BOLT", "quantity": 10, "unitPrice": 2.55, "discountAmount": 0.5},
    {"lineType": "Item", "lineObjectNumber": "OIL", "quantity": 3, "unitPrice": 89},
    {"lineType": "Comment", "description": "Leave at the gate"},
    {"lineType": "Account", "lineObjectNumber": "6810", "quantity": 1, "unitPrice": 49},
]


@pytest.fixture
def bc() -> Client:
    return a_client()


@pytest.fixture
def order(bc: Client) -> dict[str, Any]:
    request = an_order(lines=LINES, discountAmount=7.77, externalDocumentNumber="PO-1", quoteNumber="Q1")
    told: dict[str, Any] = bc.told("CreateSalesOrder", request=request)
    return told


def test_parts_of_an_order_add_up_to_the_whole(bc: Client, order: dict[str, Any]) -> None:
    number = order["orderNo"]
    whole = bc.order(number)["totalAmountIncludingTax"]
    bc.control("ship", order=number, lines={"BOLT": 3})
    bc.control("invoice", order=number)
    bc.control("ship", order=number, lines={"BOLT": 4, "20000": 1})
    left = bc.order(number)["lines"]
    assert [line.get("shippedQuantity", 0) for line in left] == [7, 1, 0, 0]
    assert [line.get("invoicedQuantity", 0) for line in left] == [3, 0, 0, 0]
    assert bc.control("ship-and-invoice", order=number).status == 200
    assert bc.get("/_sandbox/orders").json == []
    invoices = bc.get(bc.api(f"salesInvoices?$filter=orderNumber eq '{number}'")).rows
    assert len(invoices) == 2
    assert round(sum(row["totalAmountIncludingTax"] for row in invoices), 2) == whole
    assert round(sum(row["discountAmount"] for row in invoices), 2) == 7.77
    assert {row["customerPurchaseOrderReference"] for row in invoices} == {"SO-1"}
    shipments = bc.get(bc.api(f"salesShipments?$filter=orderNumber eq '{number}'&$expand=salesShipmentLines")).rows
    assert len(shipments) == 3
    assert {row["externalDocumentNumber"] for row in shipments} == {"PO-1"}
    assert (bc.item("BOLT")["inventory"], bc.item("OIL")["inventory"]) == (90, 97)


def test_a_shipment_writes_the_ledger_and_closes_what_it_took(bc: Client, order: dict[str, Any]) -> None:
    bc.control("ship", order=order["orderNo"], lines={"BOLT": 4})
    entries = bc.get(bc.bridge("itemLedgerFeed?$filter=itemNumber eq 'BOLT'")).rows
    assert [(row["quantity"], row["remainingQuantity"], row["open"]) for row in entries] == [
        (100, 96, True),
        (-4, 0, False),
    ]
    sale = bc.get(bc.api("itemLedgerEntries?$filter=itemNumber eq 'BOLT'")).rows[-1]
    assert (sale["entryType"], sale["documentType"], sale["sourceNumber"]) == ("Sale", "Sales_x0020_Shipment", "100")
    assert sale["documentNumber"].startswith("SS")


@pytest.mark.parametrize(
    ("action", "given", "words"),
    [
        ("ship", {"lines": {"BOLT": 11}}, "You cannot ship more than 10 units"),
        ("invoice", {}, "There is nothing to post."),
        ("ship", {"lines": {"BOLT": 0}}, "There is nothing to post."),
    ],
)
def test_a_posting_that_makes_no_sense_is_refused(
    bc: Client, order: dict[str, Any], action: str, given: dict[str, Any], words: str
) -> None:
    reply = bc.control(action, order=order["orderNo"], **given)
    assert reply.status == 400
    assert words in reply.message


def test_setup_and_customer_can_stop_a_posting_and_nothing_of_it_stays(bc: Client, order: dict[str, Any]) -> None:
    number = order["orderNo"]
    bc.control("set-company", prevent_negative_inventory=True)
    bc.control("post-stock", item="OIL", quantity=-98)
    assert "insufficient quantity of Item OIL" in bc.control("ship", order=number).message
    assert bc.get(bc.api("salesShipments")).rows == []
    assert bc.item("BOLT")["inventory"] == 100
    bc.control("set-company", prevent_negative_inventory=False)
    bc.control("set-customer", customer="100", blocked="All")
    assert "is blocked with type All" in bc.control("ship", order=number).message
    bc.control("set-customer", customer="100", blocked="")
    assert bc.control("ship", order=number).status == 200
    assert bc.item("OIL")["inventory"] == -1


def test_posting_releases_an_open_order_and_wants_its_external_number_where_set_up(bc: Client) -> None:
    told = bc.told("CreateSalesOrder", request=an_order(release=False))
    bc.control("set-company", external_document_number_mandatory=True)
    assert "External Document No. must have a value" in bc.control("ship", order=told["orderNo"]).message
    bc.control("set-company", external_document_number_mandatory=False)
    assert bc.order(told["orderNo"])["status"] == "Open"
    bc.control("ship", order=told["orderNo"])
    assert bc.order(told["orderNo"])["status"] == "Released"


def test_an_order_shipped_and_not_invoiced_cannot_be_deleted(bc: Client, order: dict[str, Any]) -> None:
    bc.control("ship", order=order["orderNo"], lines={"BOLT": 1})
    assert bc.control("delete-order", order=order["orderNo"]).status == 400
    bc.control("invoice", order=order["orderNo"])
    assert bc.control("delete-order", order=order["orderNo"]).status == 200
    assert bc.get("/_sandbox/orders").json == []


def test_a_payment_closes_the_invoice(bc: Client, order: dict[str, Any]) -> None:
    posted = bc.control("ship-and-invoice", order="SO-1").json
    assert bc.control("pay", invoice=posted["invoice"]).json == "Paid"
    invoice = bc.one(bc.bridge("postedSalesInvoices?$filter=yourReference eq 'SO-1'&$expand=postedSalesInvoiceLines"))
    assert (invoice["status"], invoice["remainingAmount"], invoice["orderNumber"]) == ("Paid", 0, order["orderNo"])
    lines = invoice["postedSalesInvoiceLines"]
    assert [line["type"] for line in lines] == ["Item", "Item", "Comment", "Account"]
    assert round(sum(line["invoiceDiscountAmount"] for line in lines), 2) == 7.77


def test_an_export_customer_pays_in_his_currency_without_vat(bc: Client) -> None:
    told = bc.told("CreateSalesOrder", request=an_order(customer="200", lines=[{**LINES[1], "unitPrice": "8.90"}]))
    order = bc.order(told["orderNo"])
    assert (order["currencyCode"], order["totalTaxAmount"], order["totalAmountIncludingTax"]) == ("EUR", 0, 26.7)
    local = bc.told("CreateSalesOrder", request=an_order("SO-2", customer="200", currencyCode="NOK"))
    assert bc.order(local["orderNo"])["currencyCode"] == ""


def test_a_person_changes_a_line_of_a_released_order(bc: Client, order: dict[str, Any]) -> None:
    changed = bc.control("change-order-line", order=order["orderNo"], line=20000, quantity=1).json
    assert (changed["status"], changed["lines"][1]["quantity"]) == ("Released", 1)
    assert bc.control("change-order-line", order=order["orderNo"], line=99, quantity=1).status == 400
    assert bc.control("change-order-line", order=order["orderNo"], line=20000, colour=1).code == "BadRequest"


def test_reset_brings_the_first_state_back(bc: Client, order: dict[str, Any]) -> None:
    company, bolt = bc.company, bc.item("BOLT")["id"]
    assert bc.send("POST", "/_sandbox/reset").status == 204
    assert bc.get("/_sandbox/orders").json == []
    assert (bc.get("api/v2.0/companies").rows[0]["id"], bc.item("BOLT")["id"]) == (company, bolt)


def test_control_routes_refuse_what_they_do_not_know(bc: Client) -> None:
    assert bc.control("post-stock", item="NONE", quantity=1).status == 404
    assert bc.control("post-stock", item="NUT", quantity=1, location="MOON").status == 404
    assert bc.control("ship", order="NONE").status == 404
    assert bc.control("set-customer", customer="100", blocked="Sometimes").code == "Unknown"
    assert bc.control("set-company", colour=True).code == "BadRequest"
    assert bc.control("post-stock", company="Nobody", item="NUT", quantity=1).code == "Internal_CompanyNotFound"

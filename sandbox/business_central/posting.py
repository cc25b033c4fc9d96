"""Posting a sales order: shipments take stock, invoices take amounts, and a fully invoiced order goes away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sandbox.business_central import errors, receivables
from sandbox.business_central.amounts import NOTHING, rounded
from sandbox.business_central.date_formula import add_formula
from sandbox.business_central.document_header import header_name
from sandbox.business_central.document_line import base_quantity_factor
from sandbox.business_central.documents import lines_of, recalculate, release_reservations, remove
from sandbox.business_central.ledger import Movement, post
from sandbox.business_central.release import release
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

Quantities = Mapping[int, Decimal]
"""What to ship or invoice by line number; lines that are not named stay out."""

_KEPT = (
    "externalDocumentNumber", "customerNumber", "customerName", "billToCustomerNumber", "billToName", "currencyCode",
    "pricesIncludeTax", "paymentTermsCode", "shipmentMethodCode", "shippingAgentCode", "salesperson", "phoneNumber",
    "email", "shipToName", "shipToContact", "workDescription", "shipmentDate", "paymentDiscountPercent",
)  # fmt: skip
_ADDRESSES = ("sellTo", "billTo", "shipTo")
_LINE_KEPT = (
    "lineType", "lineObjectNumber", "description", "description2", "unitOfMeasureCode", "unitPrice", "discountPercent",
    "taxPercent", "taxCode", "shipmentDate", "locationCode", "variantCode", "attachedToLineNumber",
)  # fmt: skip
_AMOUNTS = (
    "discountAmount", "amountExcludingTax", "totalTaxAmount", "amountIncludingTax", "invoiceDiscountAllocation",
    "netAmount", "netTaxAmount", "netAmountIncludingTax",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Posted:
    """Numbers of what a posting made; blank where it made none."""

    shipment: str = ""
    invoice: str = ""


def ship_and_invoice(company: Company, header: Row) -> Posted:
    """Post everything that is to be shipped and invoiced. Raises Refused where there is nothing, or a check says no."""
    if not [line for line in lines_of(company, header) if line["lineType"] != "Comment"]:
        raise errors.dialog("Please add at least one line item to the estimate.")
    header = _ready(company, header)
    to_ship = {line["sequence"]: _to_ship(line) for line in lines_of(company, header)}
    shipment = _ship(company, header, to_ship) if any(to_ship.values()) else ""
    to_invoice = {line["sequence"]: _to_invoice(line) for line in lines_of(company, header)}
    if not any(to_invoice.values()):
        raise errors.dialog("There is nothing to post.")
    return Posted(shipment, _invoice(company, header, to_invoice))


def ship(company: Company, header: Row, quantities: Quantities | None = None) -> Posted:
    """Post a shipment of the named quantities, or of all that is outstanding."""
    header = _ready(company, header)
    outstanding = {
        line["sequence"]: line.get("quantity", NOTHING) - line.get("shippedQuantity", NOTHING)
        for line in lines_of(company, header)
    }
    wanted = outstanding if quantities is None else quantities
    if not any(wanted.values()):
        raise errors.dialog("There is nothing to post.")
    for sequence, quantity in wanted.items():
        if quantity < 0 or quantity > outstanding.get(sequence, NOTHING):
            raise errors.validation(
                f"You cannot ship more than {outstanding.get(sequence, NOTHING)} units on line {sequence} of "
                f"order {header['number']}."
            )
    return Posted(shipment=_ship(company, header, wanted))


def invoice(company: Company, header: Row) -> Posted:
    """Post an invoice of all that is shipped and not invoiced."""
    header = _ready(company, header)
    wanted = {
        line["sequence"]: line.get("shippedQuantity", NOTHING) - line.get("invoicedQuantity", NOTHING)
        for line in lines_of(company, header)
    }
    if not any(wanted.values()):
        raise errors.dialog("There is nothing to post.")
    return Posted(invoice=_invoice(company, header, wanted))


def _ready(company: Company, header: Row) -> Row:
    """Check what every posting checks, and release an order that is still Open."""
    customer = company.one("customers", "number", header["customerNumber"]) or {}
    if blocked := customer.get("blocked"):
        raise errors.dialog(
            f"You cannot Post this type of document when Customer {customer['number']} is blocked with type {blocked}"
        )
    if company.setup.external_document_number_mandatory and not header.get("externalDocumentNumber"):
        raise errors.must_have_value("External Document No.", header_name(header))
    if header["status"] == "Open":
        header = release(company, header)
    if header["status"] != "Released":
        raise errors.must_be("Status", "Released", header_name(header), header["status"])
    return header


def _to_ship(line: Row) -> Decimal:
    left: Decimal = line.get("quantity", NOTHING) - line.get("shippedQuantity", NOTHING)
    return min(Decimal(line.get("shipQuantity", left)), left)


def _to_invoice(line: Row) -> Decimal:
    ready: Decimal = line.get("shippedQuantity", NOTHING) - line.get("invoicedQuantity", NOTHING)
    return min(Decimal(line.get("invoiceQuantity", ready)), ready)


def _copied(company: Company, header: Row, series: str) -> Row:
    """What a posted document keeps of its order."""
    today = company.today()
    terms = company.one("paymentTerms", "code", header.get("paymentTermsCode") or "-") or {}
    row = {name: header[name] for name in _KEPT if header.get(name)}
    row.update({name: value for name, value in header.items() if name.startswith(_ADDRESSES)})
    return {
        **row,
        "number": company.series[series].draw(),
        "orderNumber": header["number"],
        "orderId": header["id"],
        "customerPurchaseOrderReference": header.get("yourReference", ""),
        "quoteNumber": header.get("quoteNumber", ""),
        "postingDate": today,
        "invoiceDate": today,
        "dueDate": add_formula(today, terms.get("dueDateCalculation", "")),
    }


def _ship(company: Company, header: Row, quantities: Quantities) -> str:
    document = company.tables["salesShipments"].insert(_copied(company, header, "shipment"))
    for line in lines_of(company, header):
        quantity = quantities.get(line["sequence"], NOTHING)
        if not quantity and line["lineType"] != "Comment":
            continue
        kept = {name: line[name] for name in _LINE_KEPT if name in line}
        kind = "G/L Account" if line["lineType"] == "Account" else line["lineType"]
        company.tables["salesShipmentLines"].insert(
            {
                **kept,
                "lineType": kind,
                "documentId": document["id"],
                "documentNo": document["number"],
                "sequence": line["sequence"],
                "quantity": quantity,
            }
        )
        if line["lineType"] == "Item":
            _take_stock(company, header, line, quantity, document["number"])
        if quantity:
            release_reservations(company, line)
            shipped = line.get("shippedQuantity", NOTHING) + quantity
            changes = {"shippedQuantity": shipped, "shipQuantity": line["quantity"] - shipped}
            company.tables["salesLines"].update(line, changes)
    company.tables["salesHeaders"].update(header, {"lastShipmentDate": company.today()})
    return str(document["number"])


def _take_stock(company: Company, header: Row, line: Row, quantity: Decimal, shipment: str) -> None:
    item = company.one("items", "number", line["lineObjectNumber"]) or {}
    if item.get("type", "Inventory") != "Inventory":
        return
    base = quantity * base_quantity_factor(company, line)
    if company.setup.prevent_negative_inventory and company.inventory.of_item(item["number"]) < base:
        raise errors.dialog(f"You have insufficient quantity of Item {item['number']} on inventory.")
    post(
        company,
        Movement(
            item["number"],
            -base,
            line.get("locationCode", ""),
            line.get("variantCode", ""),
            entry_type="Sale",
            document_type="Sales Shipment",
            document_number=shipment,
            source_type="Customer",
            source_number=header["customerNumber"],
            amount=rounded(base * line.get("unitPrice", NOTHING)),
        ),
    )


def _invoice(company: Company, header: Row, quantities: Quantities) -> str:
    document = company.tables["salesInvoices"].insert({**_copied(company, header, "invoice"), "status": "Open"})
    totals = dict.fromkeys(("invoiceDiscountAllocation", "netAmount", "netTaxAmount"), NOTHING)
    for line in lines_of(company, header):
        quantity = quantities.get(line["sequence"], NOTHING)
        if not quantity and line["lineType"] != "Comment":
            continue
        amounts = _share(line, quantity)
        company.tables["salesInvoiceLines"].insert(
            {
                **{name: line[name] for name in _LINE_KEPT if name in line},
                **amounts,
                "documentId": document["id"],
                "documentNumber": document["number"],
                "sequence": line["sequence"],
                "quantity": quantity,
            }
        )
        totals = {name: total + amounts.get(name, NOTHING) for name, total in totals.items()}
        if quantity:
            invoiced = line.get("invoicedQuantity", NOTHING) + quantity
            gone = {name: line.get(f"{name}Invoiced", NOTHING) + amounts[name] for name in amounts}
            changes = {f"{name}Invoiced": amount for name, amount in gone.items()}
            left = line["quantity"] - invoiced
            company.tables["salesLines"].update(
                line, {**changes, "invoicedQuantity": invoiced, "invoiceQuantity": left}
            )
    total = totals["netAmount"] + totals["netTaxAmount"]
    document = company.tables["salesInvoices"].update(
        document,
        {
            "discountAmount": totals["invoiceDiscountAllocation"],
            "totalAmountExcludingTax": totals["netAmount"],
            "totalTaxAmount": totals["netTaxAmount"],
            "totalAmountIncludingTax": total,
            "remainingAmount": total,
        },
    )
    receivables.owe(company, document)
    _end_or_go_on(company, header)
    return str(document["number"])


def _share(line: Row, quantity: Decimal) -> Row:
    """A line's amounts for part of its quantity; the last part gets what the earlier ones left."""
    if not quantity:
        return {}
    last = line.get("invoicedQuantity", NOTHING) + quantity == line["quantity"]
    shares = {}
    for name in _AMOUNTS:
        whole = line.get(name, NOTHING)
        left = whole - line.get(f"{name}Invoiced", NOTHING)
        shares[name] = left if last else rounded(whole * quantity / line["quantity"])
    return shares


def _end_or_go_on(company: Company, header: Row) -> None:
    header = company.tables["salesHeaders"].get(header["id"]) or header
    lines = [line for line in lines_of(company, header) if line.get("quantity")]
    if all(line["quantity"] == line.get("invoicedQuantity", NOTHING) for line in lines):
        remove(company, header)
    else:
        recalculate(company, header)

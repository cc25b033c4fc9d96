"""Goods that come in and move: purchase orders that are written and received, transfers shipped and received."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.business_central import errors
from sandbox.business_central.amounts import NOTHING
from sandbox.business_central.document_line import base_quantity_factor
from sandbox.business_central.ledger import Movement, check_item, post
from sandbox.business_central.schema import EMPTY_GUID
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

STEP = 10_000


def create_order(company: Company, values: Mapping[str, Any]) -> Row:
    """A new purchase order; its vendor is required."""
    vendors = company.tables["vendors"]
    vendor = vendors.get(values.get("vendorId", "")) or vendors.one("number", values.get("vendorNumber") or "-")
    if vendor is None:
        raise errors.dialog("The vendor cannot be found.")
    if vendor.get("blocked"):
        raise errors.must_be("Blocked", " ", f"Vendor: No.={vendor['number']}", vendor["blocked"])
    today = company.today()
    kept = {name: value for name, value in values.items() if name not in {"vendorId", "id"}}
    head = {"number": company.series["purchase"].draw(), "status": "Open", "orderDate": today, "postingDate": today}
    named = {"vendorNumber": vendor["number"], "vendorName": vendor["displayName"]}
    return company.tables["purchaseHeaders"].insert({**head, **kept, **named})


def change_order(company: Company, header: Row, values: Mapping[str, Any]) -> Row:
    for name in ("vendorId", "vendorNumber"):
        if name in values:
            raise errors.dialog(f'The value for "{name}" cannot be modified.')
    return company.tables["purchaseHeaders"].update(header, dict(values))


def add_line(company: Company, values: Mapping[str, Any]) -> Row:
    """A new line of the purchase order that ``documentId`` names."""
    header = _order_of(company, values.get("documentId", ""))
    lines = company.tables["purchaseLines"].by("documentId", header["id"])
    sequence = int(values.get("sequence") or (lines[-1]["sequence"] + STEP if lines else STEP))
    if any(line["sequence"] == sequence for line in lines):
        raise errors.dialog("You cannot insert a line because a line already exists.")
    row = {"documentId": header["id"], "documentNumber": header["number"], "sequence": sequence, "lineType": "Comment"}
    return company.tables["purchaseLines"].insert(_line(company, row, values))


def change_line(company: Company, line: Row, values: Mapping[str, Any]) -> Row:
    row = {name: value for name, value in line.items() if name not in {"lastModifiedDateTime", "rowVersion"}}
    return company.tables["purchaseLines"].update(line, _line(company, row, values))


def delete_order(company: Company, header: Row) -> None:
    for line in company.tables["purchaseLines"].by("documentId", header["id"]):
        delete_line(company, line)
    company.tables["purchaseHeaders"].delete(header)


def delete_line(company: Company, line: Row) -> None:
    if line.get("receivedQuantity", NOTHING) > line.get("invoicedQuantity", NOTHING):
        where = f"Purchase Line: Document No.={line['documentNumber']}, Line No.={line['sequence']}"
        raise errors.must_be("Qty. Rcd. Not Invoiced", "0", where, str(line["receivedQuantity"]))
    for entry in company.tables["reservations"].by("supplyLineId", line["id"]):
        company.tables["reservations"].delete(entry)
    company.tables["purchaseLines"].delete(line)


def receive(company: Company, header: Row, quantities: Mapping[int, Decimal] | None = None) -> Row:
    """Receive the named quantities by line number, or all that is outstanding; stock comes in."""
    done = False
    for line in company.tables["purchaseLines"].by("documentId", header["id"]):
        left = line.get("quantity", NOTHING) - line.get("receivedQuantity", NOTHING)
        quantity = left if quantities is None else quantities.get(line["sequence"], NOTHING)
        if quantity < 0 or quantity > left:
            raise errors.validation(f"You cannot receive more than {left} units on line {line['sequence']}.")
        if not quantity or line["lineType"] != "Item":
            continue
        done = True
        post(
            company,
            Movement(
                line["lineObjectNumber"],
                quantity * base_quantity_factor(company, line),
                line.get("locationCode", ""),
                line.get("variantCode", ""),
                entry_type="Purchase",
                document_type="Purchase Receipt",
                document_number=header["number"],
                source_type="Vendor",
                source_number=header["vendorNumber"],
            ),
        )
        received = line.get("receivedQuantity", NOTHING) + quantity
        company.tables["purchaseLines"].update(line, {"receivedQuantity": received})
        if quantity == left:
            for entry in company.tables["reservations"].by("supplyLineId", line["id"]):
                company.tables["reservations"].update(entry, {"supply": "Stock", "supplyLineId": ""})
    if not done:
        raise errors.dialog("There is nothing to post.")
    return company.tables["purchaseHeaders"].update(header, {"status": "Released"})


def receive_and_invoice(company: Company, header: Row) -> None:
    """Receive and invoice everything; the order is gone then."""
    receive(company, header)
    for line in company.tables["purchaseLines"].by("documentId", header["id"]):
        company.tables["purchaseLines"].update(line, {"invoicedQuantity": line.get("quantity", NOTHING)})
    delete_order(company, header)


def make_transfer(
    company: Company, item: str, quantity: Decimal, places: tuple[str, str, str], days: tuple[date, date]
) -> Row:
    """A released transfer of one item. ``places``: from, to, in transit; ``days``: shipment, receipt."""
    check_item(company, item)
    for place in places:
        if company.one("locations", "code", place or "-") is None:
            raise errors.record_missing("Location", f"Code='{place}'")
    header = company.tables["transferHeaders"].insert(
        {
            "number": company.series["transfer"].draw(),
            **dict(zip(("transferFromCode", "transferToCode", "inTransitCode"), places, strict=True)),
            "status": "Released",
            "shipmentDate": days[0],
            "receiptDate": days[1],
        }
    )
    owner = {"documentId": header["id"], "documentNumber": header["number"], "lineNumber": STEP}
    company.tables["transferLines"].insert({**owner, "itemNumber": item, "quantity": quantity})
    return header


def ship_transfer(company: Company, header: Row) -> None:
    """All goods of a transfer leave for the in-transit location."""
    _move(company, header, "transferFromCode", "inTransitCode", "quantityShipped", "Transfer Shipment")


def receive_transfer(company: Company, header: Row) -> None:
    """All goods of a shipped transfer arrive; the transfer is gone then."""
    for line in company.tables["transferLines"].by("documentId", header["id"]):
        if line.get("quantityShipped", NOTHING) != line["quantity"]:
            raise errors.dialog("There is nothing to post.")
    _move(company, header, "inTransitCode", "transferToCode", "quantityReceived", "Transfer Receipt")
    for line in company.tables["transferLines"].by("documentId", header["id"]):
        company.tables["transferLines"].delete(line)
    company.tables["transferHeaders"].delete(header)


def _move(company: Company, header: Row, source: str, target: str, counted: str, document: str) -> None:
    for line in company.tables["transferLines"].by("documentId", header["id"]):
        quantity = line["quantity"] - line.get(counted, NOTHING)
        if not quantity:
            continue
        for place, moved in ((header[source], -quantity), (header[target], quantity)):
            variant = line.get("variantCode", "")
            post(company, Movement(line["itemNumber"], moved, place, variant, "Transfer", document, header["number"]))
        company.tables["transferLines"].update(line, {counted: line["quantity"]})


def _order_of(company: Company, row_id: str) -> Row:
    header = company.tables["purchaseHeaders"].get(row_id)
    if header is None:
        raise errors.dialog("No document with the specified ID exists.")
    return header


def _line(company: Company, row: Row, values: Mapping[str, Any]) -> Row:
    row = dict(row)
    item = company.tables["items"].get(values.get("itemId", EMPTY_GUID))
    if item is None and values.get("lineObjectNumber"):
        item = check_item(company, values["lineObjectNumber"])
    if item is None and values.get("itemId", EMPTY_GUID) != EMPTY_GUID:
        raise errors.dialog("Item does not exist.")
    if item is not None:
        row.update(
            lineType="Item",
            lineObjectNumber=item["number"],
            description=item.get("displayName", ""),
            unitOfMeasureCode=item.get("baseUnitOfMeasureCode", ""),
            directUnitCost=item.get("unitCost", NOTHING),
        )
    for name, value in values.items():
        if name == "locationId":
            location = company.tables["locations"].get(value)
            row["locationCode"] = location["code"] if location else ""
        elif name == "itemVariantId":
            variant = company.tables["itemVariants"].get(value)
            row["variantCode"] = variant["code"] if variant else ""
        elif name not in {"itemId", "accountId", "lineObjectNumber", "documentId", "sequence", "unitOfMeasureId"}:
            row[name] = value
    return row

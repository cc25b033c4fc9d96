"""Properties that are worked out when read: ids behind codes, inventory, the API's view of a document's status."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.business_central.schema import EMPTY_DATE, EMPTY_GUID, Reader

if TYPE_CHECKING:
    from sandbox.business_central.state import Company
    from sandbox.business_central.tables import Row

API_STATUS = {
    "Open": "Draft",
    "Pending Approval": "In Review",
    "Released": "Open",
    "Pending Prepayment": "Open",
}
"""Real status of a sales document, and the one API v2.0 makes of it."""


def id_by(table: str, field: str, own: str) -> Reader:
    """The id of the record of ``table`` whose ``field`` equals our ``own``; the empty id where there is none."""

    def read(company: Company, row: Row) -> Any:
        value = row.get(own, "")
        found = company.tables[table].one(field, value) if value else None
        return found["id"] if found else EMPTY_GUID

    return read


def field_by(table: str, field: str, own: str, wanted: str) -> Reader:
    """A field of the record of ``table`` whose ``field`` equals our ``own``; blank where there is none."""

    def read(company: Company, row: Row) -> Any:
        value = row.get(own, "")
        found = company.tables[table].one(field, value) if value else None
        return found.get(wanted, "") if found else ""

    return read


def currency_code(company: Company, row: Row) -> str:
    """A blank currency is shown as the local one's code."""
    return str(row.get("currencyCode") or company.setup.local_currency)


def inventory(company: Company, row: Row) -> Decimal:
    return company.inventory.of_item(row["number"])


def document_status(company: Company, row: Row) -> str:
    return API_STATUS[row.get("status", "Open")]


def fully_shipped(company: Company, row: Row) -> bool:
    lines = [line for line in company.tables["salesLines"].by("documentId", row["id"]) if line.get("quantity")]
    return bool(lines) and all(line["quantity"] == line.get("shippedQuantity", 0) for line in lines)


def fully_received(company: Company, row: Row) -> bool:
    lines = company.tables["purchaseLines"].by("documentId", row["id"])
    return bool(lines) and all(line["quantity"] == line.get("receivedQuantity", 0) for line in lines)


def quote_status(company: Company, row: Row) -> str:
    """Where a quote stands; one whose last day is over is Expired, whatever it was before."""
    if row.get("acceptedDate"):
        return "Accepted"
    if EMPTY_DATE < row.get("validUntilDate", EMPTY_DATE) < company.today():
        return "Expired "
    return "Sent" if row.get("sentDate") else "Draft"


def contact_company_name(company: Company, row: Row) -> str:
    if row.get("type", "Company") == "Company":
        return str(row.get("displayName", ""))
    return str(field_by("contacts", "number", "companyNumber", "displayName")(company, row))


def contact_relation(company: Company, row: Row) -> str:
    return str(row.get("relatedTable") or "None")


def contact_related_id(company: Company, row: Row) -> Any:
    """The customer or vendor a contact belongs to."""
    table = "vendors" if row.get("relatedTable") == "Vendor" else "customers"
    return id_by(table, "number", "relatedNumber")(company, row)


def opportunity_contact(wanted: str) -> Reader:
    return field_by("contacts", "number", "contactNumber", wanted)


def opportunity_company_name(company: Company, row: Row) -> str:
    contact = company.one("contacts", "number", row.get("contactNumber") or "-")
    return contact_company_name(company, contact) if contact else ""


def object_id(kind: str, table: str) -> Reader:
    """The id of the item or account a line is about; the empty id on lines of another type."""

    def read(company: Company, row: Row) -> Any:
        if row.get("lineType") != kind:
            return EMPTY_GUID
        found = company.tables[table].one("number", row.get("lineObjectNumber", ""))
        return found["id"] if found else EMPTY_GUID

    return read


def variant_id(company: Company, row: Row) -> Any:
    code = row.get("variantCode", "")
    if not code:
        return EMPTY_GUID
    variants = company.tables["itemVariants"].by("itemNumber", row.get("lineObjectNumber", ""))
    return next((variant["id"] for variant in variants if variant["code"] == code), EMPTY_GUID)


def outstanding(received: str) -> Reader:
    """Quantity of a line that is not yet shipped or received."""

    def read(company: Company, row: Row) -> Decimal:
        return Decimal(row.get("quantity", Decimal(0)) - row.get(received, Decimal(0)))

    return read


def base_unit(company: Company, row: Row) -> Any:
    return id_by("unitsOfMeasure", "code", "baseUnitOfMeasureCode")(company, row)

"""Releasing and reopening a sales order, with the checks that can say no."""

from __future__ import annotations

from sandbox.business_central import errors
from sandbox.business_central.amounts import NOTHING
from sandbox.business_central.document_line import line_name
from sandbox.business_central.documents import lines_of, set_invoice_discount
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row


def release(company: Company, header: Row) -> Row:
    """Bring an Open order to Released; one that needs approval or prepayment gets the status that says so.

    An order that is not Open is answered as it is. Raises Refused where the order is not complete.
    """
    if header["status"] != "Open":
        return header
    lines = [line for line in lines_of(company, header) if line["lineType"] != "Comment" and line.get("quantity")]
    if not lines:
        raise errors.dialog(
            f"There is nothing to release for the document of type {header['documentType']} "
            f"with the number {header['number']}."
        )
    for line in lines:
        _check_line(company, header, line)
    if company.setup.calc_invoice_discount:
        customer = company.one("customers", "number", header["customerNumber"]) or {}
        percent = customer.get("invoiceDiscountPercent", NOTHING)
        base = sum((line["amountExcludingTax"] for line in lines if line.get("allowInvoiceDiscount")), NOTHING)
        header = set_invoice_discount(company, header, base * percent / 100)
    return company.tables["salesHeaders"].update(header, {"status": _next_status(company, header)})


def reopen(company: Company, header: Row) -> Row:
    """Bring an order back to Open. Raises Refused while an approval is pending."""
    if header["status"] == "Pending Approval":
        raise errors.dialog("The approval process must be cancelled or completed to reopen this document.")
    if header["status"] == "Open":
        return header
    return company.tables["salesHeaders"].update(header, {"status": "Open", "approved": False})


def approve(company: Company, header: Row) -> Row:
    """What an approver does: an order that waits for approval is released."""
    if header["status"] != "Pending Approval":
        raise errors.dialog(f"Order {header['number']} does not wait for approval.")
    return company.tables["salesHeaders"].update(header, {"status": "Released", "approved": True})


def _next_status(company: Company, header: Row) -> str:
    customer = company.one("customers", "number", header["customerNumber"]) or {}
    if (company.setup.approval_needed or customer.get("approvalNeeded")) and not header.get("approved"):
        return "Pending Approval"
    return "Pending Prepayment" if customer.get("prepaymentNeeded") else "Released"


def _check_line(company: Company, header: Row, line: Row) -> None:
    if line["lineType"] != "Item":
        return
    item = company.one("items", "number", line["lineObjectNumber"]) or {}
    place = line_name(header, line)
    if not line.get("locationCode") and (company.setup.location_mandatory or item.get("locationMandatory")):
        raise errors.must_have_value("Location Code", place)
    if not line.get("unitOfMeasureCode"):
        raise errors.must_have_value("Unit of Measure Code", place)
    variants = company.tables["itemVariants"].by("itemNumber", line["lineObjectNumber"])
    if variants and item.get("variantMandatory") and not line.get("variantCode"):
        raise errors.must_have_value("Variant Code", place)

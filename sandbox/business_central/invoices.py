"""Sales invoices beyond what posting an order makes: drafts that are posted, sent, cancelled and corrected.

A draft lives in the table of posted invoices and keeps its id when it is posted; its number changes then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.business_central import errors, receivables
from sandbox.business_central.amounts import NOTHING
from sandbox.business_central.document_line import base_quantity_factor
from sandbox.business_central.documents import change_header, header_changes, lines_of
from sandbox.business_central.ledger import Movement
from sandbox.business_central.ledger import post as post_stock
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

DRAFT = "Draft"
OPEN_FOR_CHANGE = frozenset({"dueDate", "promisedPayDate"})
"""What can still be written on a posted invoice; the real list is not documented."""


def change(company: Company, invoice: Row, values: Mapping[str, Any]) -> Row:
    """Changed fields of a draft; of a posted invoice the few that stay open. Raises Refused for the others."""
    if invoice["status"] == DRAFT:
        return change_header(company, invoice, values)
    for name, value in values.items():
        if name not in OPEN_FOR_CHANGE and invoice.get(name) != value:
            raise _drafts_only()
    return company.tables["salesInvoices"].update(invoice, dict(values))


def check_draft(invoice: Row) -> None:
    """Raises Refused for an invoice that is posted."""
    if invoice["status"] != DRAFT:
        raise _drafts_only()


def post(company: Company, invoice: Row) -> Row:
    """Post a draft: it gets its final number, takes stock, and is owed. Raises Refused where a check says no."""
    check_draft(invoice)
    lines = [line for line in lines_of(company, invoice) if line["lineType"] != "Comment" and line.get("quantity")]
    if not lines:
        raise errors.dialog("Please add at least one line item to the estimate.")
    customer = company.one("customers", "number", invoice["customerNumber"]) or {}
    if customer.get("blocked") in {"Invoice", "All"}:
        raise errors.dialog(
            f"You cannot Post this type of document when Customer {customer['number']} is blocked with type "
            f"{customer['blocked']}"
        )
    if company.setup.external_document_number_mandatory and not invoice.get("externalDocumentNumber"):
        raise errors.must_have_value("External Document No.", f"Sales Header: No.={invoice['number']}")
    number = company.series["invoice"].draw()
    for line in lines_of(company, invoice):
        company.tables["salesInvoiceLines"].update(line, {"documentNumber": number})
        _move_stock(company, line, invoice["customerNumber"], number, out=True)
    changes = {"number": number, "status": "Open", "remainingAmount": invoice["totalAmountIncludingTax"]}
    posted = company.tables["salesInvoices"].update(invoice, {**header_changes(invoice), **changes})
    receivables.owe(company, posted)
    return posted


def send(company: Company, invoice: Row) -> Row:
    """Send an invoice by e-mail; nothing leaves the sandbox. Raises Refused where no address is known."""
    check_address(company, invoice)
    return company.tables["salesInvoices"].update(invoice, {"sentDate": company.journal.stamp()})


def post_and_send(company: Company, invoice: Row) -> Row:
    check_draft(invoice)
    check_address(company, invoice)
    return send(company, post(company, invoice))


def cancel(company: Company, invoice: Row) -> Row:
    """Cancel a posted invoice by a credit memo that takes back amounts and goods."""
    memo = _credit_memo(company, invoice, "Corrective")
    receivables.credit(company, memo)
    for line in lines_of_posted(company, invoice):
        _move_stock(company, line, invoice["customerNumber"], memo["number"], out=False)
    changes = {"status": "Canceled", "cancelled": True, "remainingAmount": NOTHING}
    return company.tables["salesInvoices"].update(invoice, changes)


def cancel_and_send(company: Company, invoice: Row) -> Row:
    check_address(company, invoice)
    return send(company, cancel(company, invoice))


def make_corrective_credit_memo(company: Company, invoice: Row) -> Row:
    """A draft credit memo over a posted invoice, which stays as it is until that is posted."""
    return _credit_memo(company, invoice, DRAFT)


def check_address(company: Company, document: Row) -> None:
    """Raises Refused where neither the document nor its customer has an e-mail address."""
    customer = company.one("customers", "number", document["customerNumber"]) or {}
    if not (document.get("email") or customer.get("email")):
        raise errors.dialog("You must specify an email address for the customer before the document can be sent.")


def lines_of_posted(company: Company, invoice: Row) -> list[Row]:
    return company.tables["salesInvoiceLines"].by("documentId", invoice["id"])


def _drafts_only() -> errors.Refused:
    return errors.dialog("The action can be applied to a draft invoice only.")


def _credit_memo(company: Company, invoice: Row, status: str) -> Row:
    if invoice["status"] == DRAFT:
        raise errors.dialog("The action can be applied to a posted invoice only.")
    if invoice["status"] == "Canceled":
        raise errors.dialog("The invoice cannot be canceled because it has already been canceled.")
    kept = ("customerNumber", "customerName", "billToCustomerNumber", "currencyCode", "externalDocumentNumber",
            "discountAmount", "totalAmountExcludingTax", "totalTaxAmount", "totalAmountIncludingTax")  # fmt: skip
    row = {name: invoice[name] for name in kept if name in invoice}
    today = company.today()
    row.update(number=company.series["creditmemo"].draw(), invoiceNumber=invoice["number"], status=status)
    return company.tables["salesCreditMemos"].insert({**row, "creditMemoDate": today, "postingDate": today})


def _move_stock(company: Company, line: Row, customer: str, document: str, *, out: bool) -> None:
    item = company.one("items", "number", line.get("lineObjectNumber") or "-")
    if line["lineType"] != "Item" or item is None or item.get("type", "Inventory") != "Inventory":
        return
    quantity = line["quantity"] * base_quantity_factor(company, line)
    if not quantity:
        return
    post_stock(
        company,
        Movement(
            item["number"],
            -quantity if out else quantity,
            line.get("locationCode", ""),
            line.get("variantCode", ""),
            entry_type="Sale",
            document_type="Sales Invoice" if out else "Sales Credit Memo",
            document_number=document,
            source_type="Customer",
            source_number=customer,
            amount=line.get("netAmount", NOTHING) if out else -line.get("netAmount", NOTHING),
        ),
    )

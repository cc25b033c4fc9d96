"""Quotes on their way: sent, turned into an order or an invoice, archived, and filled anew for a revision."""

from __future__ import annotations

from sandbox.business_central import errors
from sandbox.business_central.document_header import header_name
from sandbox.business_central.documents import header_changes, lines_of, recalculate, release_reservations, remove
from sandbox.business_central.invoices import check_address
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

_OWN = frozenset({"id", "number", "status", "documentType", "systemCreatedAt", "sentDate", "validUntilDate"})
_LINE_OWN = frozenset(
    {"id", "documentId", "documentType", "documentNumber", "lastModifiedDateTime", "rowVersion", "systemCreatedAt"}
)


def make_order(company: Company, quote: Row) -> Row:
    """An order with the quote's contents, a new id and a new number; the quote is archived and gone."""
    made = _convert(company, quote, "Order", "salesHeaders", "salesLines", company.series["order"].draw(), "Open")
    _end(company, quote)
    return made


def make_invoice(company: Company, quote: Row) -> Row:
    """A draft invoice with the quote's contents; the quote is archived and gone."""
    number = company.series["draft"].draw()
    made = _convert(company, quote, "Invoice", "salesInvoices", "salesInvoiceLines", number, "Draft")
    _end(company, quote)
    return made


def send(company: Company, quote: Row) -> Row:
    """Send a quote by e-mail; nothing leaves the sandbox. Raises Refused where no address is known."""
    check_address(company, quote)
    return company.tables["salesHeaders"].update(quote, {"sentDate": company.journal.stamp()})


def archive(company: Company, header: Row) -> tuple[int, int]:
    """Keep a document as it is now. Answers the occurrence of its number, and the version."""
    version = len(company.tables["archives"].by("number", header["number"])) + 1
    kept = {name: value for name, value in header_changes(header).items() if name != "id"}
    lines = [dict(line) for line in lines_of(company, header)]
    company.tables["archives"].insert(
        {**kept, "versionNumber": version, "docNoOccurrence": 1, "sourceId": header["id"], "lines": lines}
    )
    return 1, version


def empty(company: Company, quote: Row) -> Row:
    """Take a quote's lines and notes away. Raises Refused for what is no open quote."""
    if quote["documentType"] != "Quote":
        raise errors.must_be("Document Type", "Quote", header_name(quote), quote["documentType"])
    if quote["status"] != "Open":
        raise errors.must_be("Status", "Open", header_name(quote), quote["status"])
    for line in lines_of(company, quote):
        release_reservations(company, line)
        company.tables["salesLines"].delete(line)
    for note in company.tables["notes"].by("documentId", quote["id"]):
        company.tables["notes"].delete(note)
    return recalculate(company, {**quote, "discountAmount": 0})


def _convert(company: Company, quote: Row, kind: str, headers: str, lines: str, number: str, status: str) -> Row:
    today = company.today()
    kept = {name: value for name, value in header_changes(quote).items() if name not in _OWN}
    if kind == "Invoice":
        kept.update(invoiceDate=today, customerPurchaseOrderReference=kept.pop("yourReference", ""))
    made = company.tables[headers].insert(
        {**kept, "documentType": kind, "number": number, "status": status, "quoteNumber": quote["number"]}
    )
    for line in lines_of(company, quote):
        row = {name: value for name, value in line.items() if name not in _LINE_OWN}
        owner = {"documentId": made["id"], "documentType": kind, "documentNumber": number}
        company.tables[lines].insert({**row, **owner})
    return recalculate(company, made)


def _end(company: Company, quote: Row) -> None:
    if company.setup.archive_quotes:
        archive(company, quote)
    remove(company, quote)

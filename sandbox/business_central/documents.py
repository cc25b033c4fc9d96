"""Sales documents that are not posted: headers and lines, validated field by field as Business Central does.

Values arrive typed and in the order they were sent, and are validated in that order: a later default overwrites an
earlier value, as in the real one. Totals are worked out by :func:`recalculate` after the last change.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.business_central import errors
from sandbox.business_central.amounts import NOTHING, Amounts, Priced, discount_base, work_out
from sandbox.business_central.document_header import HeaderDraft
from sandbox.business_central.document_line import LineDraft, line_name
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row, Table

_OPEN_DOCUMENTS = ("salesHeaders", "salesLines")
STEP = 10_000
"""Between the numbers of two lines."""


def home(company: Company, header: Row) -> tuple[Table, Table]:
    """The tables that hold a document and its lines. A draft invoice lives where the posted one will be."""
    names = ("salesInvoices", "salesInvoiceLines") if header["documentType"] == "Invoice" else _OPEN_DOCUMENTS
    return company.tables[names[0]], company.tables[names[1]]


def create_header(company: Company, kind: str, values: Mapping[str, Any], *, through_api: bool = True) -> Row:
    """A new document with a number from its series. ``kind`` is Order, Quote or Invoice.

    ``through_api``: API v2.0 copies the sell-to address into the bill-to address on each write of a header.
    """
    if not values.get("customerNumber") and not values.get("customerId"):
        raise errors.dialog('A "customerNumber" or a "customerId" must be provided.')
    draft = HeaderDraft.new(company, kind)
    for name, value in values.items():
        draft.set(name, value)
    draft.repeat_dates(values)
    if through_api:
        draft.copy_sell_to_into_bill_to()
    return home(company, draft.row)[0].insert(draft.row)


def change_header(company: Company, header: Row, values: Mapping[str, Any], *, through_api: bool = True) -> Row:
    """Validate and store changed header fields, and work out the document anew."""
    draft = HeaderDraft(company, header)
    for name, value in values.items():
        draft.set(name, value)
    if through_api:
        draft.copy_sell_to_into_bill_to()
    headers, lines = home(company, header)
    header = headers.update(header, draft.row)
    if "requestedDeliveryDate" in values:
        for line in lines_of(company, header):
            lines.update(line, {"shipmentDate": header["requestedDeliveryDate"]})
    if "discountAmount" in values:
        return set_invoice_discount(company, header, values["discountAmount"])
    return recalculate(company, header)


def add_line(company: Company, header: Row, values: Mapping[str, Any], *, price_search: bool = True) -> Row:
    """A new line; the document is not worked out yet.

    ``price_search``: as in API v2.0, a quantity or unit that comes after a price replaces it by the one found.
    """
    lines = lines_of(company, header)
    sequence = int(values.get("sequence") or (lines[-1]["sequence"] + STEP if lines else STEP))
    if any(line["sequence"] == sequence for line in lines):
        raise errors.dialog("You cannot insert a line because a line already exists.")
    draft = LineDraft.new(company, header, sequence, price_search)
    draft.set_all(values)
    return home(company, header)[1].insert(draft.row)


def change_line(company: Company, header: Row, line: Row, values: Mapping[str, Any]) -> Row:
    """Validate and store changed line fields; the document is not worked out yet."""
    draft = LineDraft(company, header, line, price_search=True)
    draft.set_all(values)
    return home(company, header)[1].update(line, draft.row)


def delete_line(company: Company, header: Row, line: Row) -> None:
    """Remove a line with the text lines attached to it."""
    if line["lineType"] != "Comment":
        check_open(header)
    if line.get("shippedQuantity", NOTHING) > line.get("invoicedQuantity", NOTHING):
        raise errors.must_be("Qty. Shipped Not Invoiced", "0", line_name(header, line), str(line["shippedQuantity"]))
    _, table = home(company, header)
    for attached in lines_of(company, header):
        if attached.get("attachedToLineNumber") == line["sequence"]:
            table.delete(attached)
    release_reservations(company, line)
    table.delete(line)


def delete_document(company: Company, header: Row) -> None:
    """Remove a document. A Released one may be removed, one that is shipped and not invoiced may not."""
    for line in lines_of(company, header):
        shipped = line.get("shippedQuantity", NOTHING) - line.get("invoicedQuantity", NOTHING)
        if shipped:
            raise errors.must_be("Qty. Shipped Not Invoiced", "0", line_name(header, line), str(shipped))
    remove(company, header)


def remove(company: Company, header: Row) -> None:
    """Take header, lines and notes away without asking, as posting does with what is fully invoiced."""
    headers, lines = home(company, header)
    for line in lines_of(company, header):
        release_reservations(company, line)
        lines.delete(line)
    for table, owner in (("notes", "documentId"), ("documentAttachments", "parentId")):
        for row in company.tables[table].by(owner, header["id"]):
            company.tables[table].delete(row)
    headers.delete(header)


def release_reservations(company: Company, line: Row) -> None:
    """What was reserved for a line is free again."""
    table = company.tables["reservations"]
    for entry in table.by("demandLineId", line["id"]):
        table.delete(entry)


def lines_of(company: Company, header: Row) -> list[Row]:
    return home(company, header)[1].by("documentId", header["id"])


def check_open(header: Row) -> None:
    HeaderDraft.check_status_open(header)


def priced(line: Row) -> Priced:
    return Priced(
        line.get("quantity", NOTHING),
        line.get("unitPrice", NOTHING),
        line.get("discountAmount", NOTHING),
        line.get("taxPercent", NOTHING),
        bool(line.get("allowInvoiceDiscount")),
    )


def set_invoice_discount(company: Company, header: Row, amount: Decimal) -> Row:
    """Set the invoice discount of the whole document; without lines there is nothing it could be taken from."""
    lines = lines_of(company, header)
    base = discount_base(priced(line) for line in lines)
    if amount and lines and not base:
        raise errors.dialog(
            f"There is no line in {header['documentType']} {header['number']} that allows an invoice discount."
        )
    if amount < 0 or amount > base > 0:
        raise errors.dialog(f"The invoice discount amount {amount} must be between 0 and {base}.")
    return recalculate(company, {**header, "discountAmount": amount if base else NOTHING})


def settle(company: Company, header: Row) -> Row:
    """What a read by somebody who may write does where lines have changed below an invoice discount.

    The discount is worked out again, and the header written: its etag moves although nobody changed it.
    """
    if not header.get("discountIsStale"):
        return header
    return home(company, header)[0].update(header, {"discountIsStale": False})


def recalculate(company: Company, header: Row, *, lines_moved: bool = False) -> Row:
    """Spread the invoice discount, work out VAT and totals, and stamp the header anew.

    ``lines_moved``: its lines were written, so that it counts as changed whatever the totals are, and the next read
    finds its discount to be worked out (see :func:`settle`). The amounts are right at once here.
    """
    headers, table = home(company, header)
    lines = lines_of(company, header)
    stale = lines_moved and bool(header.get("discountAmount"))
    prices = [priced(line) for line in lines]
    discount = min(header.get("discountAmount", NOTHING), max(discount_base(prices), NOTHING))
    amounts = work_out(prices, discount, bool(header.get("pricesIncludeTax")))
    for line, found in zip(lines, amounts, strict=True):
        values = as_fields(found)
        if any(line.get(name, NOTHING) != value for name, value in values.items()):
            table.update(line, values)
    net = sum((found.net for found in amounts), NOTHING)
    tax = sum((found.net_tax for found in amounts), NOTHING)
    totals = {
        "discountAmount": discount,
        "totalAmountExcludingTax": net,
        "totalTaxAmount": tax,
        "totalAmountIncludingTax": net + tax,
        **({"discountIsStale": True} if stale else {}),
    }
    return headers.update(header, {**header_changes(header), **totals}, moved=lines_moved)


def header_changes(header: Row) -> Row:
    """A header's own fields without the stamps that the table gives."""
    return {name: value for name, value in header.items() if name not in {"lastModifiedDateTime", "rowVersion"}}


def as_fields(found: Amounts) -> Row:
    return {
        "amountExcludingTax": found.before,
        "totalTaxAmount": found.before_tax,
        "amountIncludingTax": found.before + found.before_tax,
        "invoiceDiscountAllocation": found.invoice_discount,
        "netAmount": found.net,
        "netTaxAmount": found.net_tax,
        "netAmountIncludingTax": found.net + found.net_tax,
    }

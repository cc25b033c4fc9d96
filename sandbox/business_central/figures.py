"""What a customer owes, is about to owe, and has bought, in local currency: sums over entries and open lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.business_central.amounts import NOTHING, rounded

if TYPE_CHECKING:
    from sandbox.business_central.state import Company
    from sandbox.business_central.tables import Row


def exchange_rate(company: Company, currency: str) -> Decimal:
    """Units of local currency for one of ``currency``; 1 for the local one."""
    found = company.one("currencies", "code", currency) if currency else None
    return Decimal(found["exchangeRate"]) if found and found.get("exchangeRate") else Decimal(1)


def balance(company: Company, row: Row) -> Decimal:
    """Invoices less credit memos less payments."""
    return _sum(entry["amount"] for entry in _entries(company, row))


def overdue(company: Company, row: Row) -> Decimal:
    """What is left to pay of invoices that were due before today."""
    today = company.today()
    invoices = company.tables["salesInvoices"].by("billToCustomerNumber", row["number"])
    return _sum(
        rounded(invoice.get("remainingAmount", NOTHING) * exchange_rate(company, invoice.get("currencyCode", "")))
        for invoice in invoices
        if invoice["status"] != "Draft" and invoice["dueDate"] < today
    )


def all_sales(company: Company, row: Row) -> Decimal:
    return _sum(entry.get("salesAmount", NOTHING) for entry in _entries(company, row))


def sales_this_year(company: Company, row: Row) -> Decimal:
    """Sales of the fiscal year to date; a fiscal year here is a calendar year."""
    year = company.today().year
    entries = (entry for entry in _entries(company, row) if entry["postingDate"].year == year)
    return _sum(entry.get("salesAmount", NOTHING) for entry in entries)


def last_entry(company: Company, row: Row) -> int:
    return max((entry["entryNumber"] for entry in _entries(company, row)), default=0)


def outstanding_orders(company: Company, row: Row) -> Decimal:
    """Amounts with VAT of what is ordered and not shipped."""
    return _orders(company, row, lambda line: line.get("quantity", NOTHING) - line.get("shippedQuantity", NOTHING))


def shipped_not_invoiced(company: Company, row: Row) -> Decimal:
    return _orders(
        company, row, lambda line: line.get("shippedQuantity", NOTHING) - line.get("invoicedQuantity", NOTHING)
    )


def outstanding_invoices(company: Company, row: Row) -> Decimal:
    """Amounts with VAT of invoices that are not posted."""
    drafts = company.tables["salesInvoices"].by("billToCustomerNumber", row["number"])
    return _sum(
        rounded(draft.get("totalAmountIncludingTax", NOTHING) * exchange_rate(company, draft.get("currencyCode", "")))
        for draft in drafts
        if draft["status"] == "Draft"
    )


def total(company: Company, row: Row) -> Decimal:
    parts = (balance, outstanding_orders, shipped_not_invoiced, outstanding_invoices)
    return _sum(part(company, row) for part in parts)


def _orders(company: Company, row: Row, part: Callable[[Row], Decimal]) -> Decimal:
    found = NOTHING
    for header in company.tables["salesHeaders"].by("billToCustomerNumber", row["number"]):
        if header["documentType"] != "Order":
            continue
        rate = exchange_rate(company, header.get("currencyCode", ""))
        for line in company.tables["salesLines"].by("documentId", header["id"]):
            if line.get("quantity"):
                gross = line.get("netAmountIncludingTax", NOTHING)
                found += rounded(gross * part(line) / line["quantity"] * rate)
    return found


def _entries(company: Company, row: Row) -> list[Row]:
    return company.tables["customerEntries"].by("customerNumber", row["number"])


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, NOTHING)

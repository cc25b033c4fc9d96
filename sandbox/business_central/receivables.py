"""The customer ledger: what invoices add, what payments and credit memos take away, and invoices that are settled."""

from __future__ import annotations

from decimal import Decimal

from sandbox.business_central import errors
from sandbox.business_central.amounts import NOTHING, rounded
from sandbox.business_central.date_formula import add_formula
from sandbox.business_central.figures import exchange_rate
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

_SETTLED = frozenset({"Paid", "Canceled"})


def owe(company: Company, invoice: Row) -> None:
    """A posted invoice is owed by its bill-to customer."""
    _enter(company, invoice, "Invoice", invoice["totalAmountIncludingTax"], invoice["totalAmountExcludingTax"])


def credit(company: Company, memo: Row) -> None:
    """A posted credit memo takes back what its invoice brought."""
    _enter(company, memo, "Credit Memo", -memo["totalAmountIncludingTax"], -memo["totalAmountExcludingTax"])


def pay(company: Company, invoice: Row, amount: Decimal | None = None) -> Row:
    """Enter a payment of ``amount`` (invoice currency; all that is left by default) and settle the invoice by it.

    Paid within the discount period, the payment discount counts as paid too. Raises Refused for an invoice that is not
    open, and for an amount that is not between nothing and what is left.
    """
    if invoice["status"] == "Draft" or invoice["status"] in _SETTLED:
        raise errors.dialog(f"Invoice {invoice['number']} is not open: it is {invoice['status']}.")
    left = invoice["remainingAmount"]
    discount = _discount(company, invoice)
    given = left - discount if amount is None else rounded(amount)
    if not 0 < given <= left:
        raise errors.dialog(f"The payment of invoice {invoice['number']} must be between 0 and {left}, not {given}.")
    if given >= left - discount:
        given, settled = left, True
    else:
        settled = False
    _enter(company, invoice, "Payment", -given, NOTHING)
    changes = {"remainingAmount": left - given, "status": "Paid" if settled else invoice["status"]}
    return _settle(company, invoice, changes)


def unapply(company: Company, invoice: Row) -> Row:
    """Take every payment of an invoice back: it is owed as on its first day. Raises Refused where none was entered."""
    paid = invoice["totalAmountIncludingTax"] - invoice["remainingAmount"]
    if not paid or invoice["status"] == "Canceled":
        raise errors.dialog(f"There is no application to undo for invoice {invoice['number']}.")
    _enter(company, invoice, "Payment", paid, NOTHING)
    return _settle(company, invoice, {"remainingAmount": invoice["totalAmountIncludingTax"], "status": "Open"})


def _settle(company: Company, invoice: Row, changes: Row) -> Row:
    if not company.setup.payments_touch_invoices:
        company.journal.stamps_rise = False
        changes["lastModifiedDateTime"] = invoice["lastModifiedDateTime"]
    return company.tables["salesInvoices"].update(invoice, changes)


def _discount(company: Company, invoice: Row) -> Decimal:
    percent = invoice.get("paymentDiscountPercent", NOTHING)
    terms = company.one("paymentTerms", "code", invoice.get("paymentTermsCode") or "-") or {}
    last_day = add_formula(invoice["postingDate"], terms.get("discountDateCalculation", ""))
    if not percent or company.today() > last_day or invoice["remainingAmount"] != invoice["totalAmountIncludingTax"]:
        return NOTHING
    return rounded(invoice["totalAmountIncludingTax"] * percent / 100)


def _enter(company: Company, document: Row, kind: str, amount: Decimal, sales: Decimal) -> None:
    rate = exchange_rate(company, document.get("currencyCode", ""))
    company.customer_entries += 1
    company.tables["customerEntries"].insert(
        {
            "entryNumber": company.customer_entries,
            "customerNumber": document["billToCustomerNumber"],
            "documentType": kind,
            "documentNumber": document["number"],
            "postingDate": company.today(),
            "amount": rounded(amount * rate),
            "salesAmount": rounded(sales * rate),
        }
    )

"""What can keep a posted invoice from Sales: a stable code each, words for people, and what it waits for.

The codes are listed in docs/invoices.md. Every one is tried again after a pause that doubles, an hour at the most; one
that waits for couplings is tried as soon as they are made.
"""

from __future__ import annotations

from typing import ClassVar

from bridge.errors import BridgeError

Want = tuple[str, str]
"""A coupling that is missing: its mapping, and the Business Central id, number or code."""


class InvoiceProblem(BridgeError):
    """One posted invoice cannot go to Sales as it stands. ``wants`` are the couplings that would help."""

    code = "E-INV-08"
    says: ClassVar[str] = "Sales refused it: {text}"
    hint: ClassVar[str] = "Mend what Sales names; it is tried again by itself, an hour later at the most."

    def __init__(self, invoice: str, *, wants: tuple[Want, ...] = (), **facts: object) -> None:
        self.where = f"Posted invoice {invoice}"
        sentence = self.says.format(invoice=invoice, **facts).rstrip()
        super().__init__(
            f"{self.where}: {sentence}" + ("" if sentence.endswith((".", "!", "?")) else "."),
            advice=self.hint.format(invoice=invoice, **facts),
        )
        self.invoice, self.wants, self.facts = invoice, wants, facts


class SalesRefused(InvoiceProblem):
    """Sales said no for a reason we have no code of our own for. Nothing of the invoice is left there."""


class CustomerDiffers(InvoiceProblem):
    code = "E-INV-01"
    says = "its customer {customer} is not the one of order {order} in Sales, {account}."
    hint = "Nothing was created. Enter the invoice by hand, or correct the customer of the order in Sales."


class ProductNotCoupled(InvoiceProblem):
    code = "E-INV-02"
    says = "{kind} {number} on its line {line} is not coupled to a product."
    hint = "Couple it: python -m bridge couple {mapping} {number} SALES_ID. The invoice then follows by itself."


class ObjectBlocked(InvoiceProblem):
    code = "E-INV-02"
    says = "{kind} {number} on its line {line} is blocked."
    hint = "Unblock it in Business Central until the invoice has gone to Sales; it is tried again by itself."


class CustomerNotCoupled(InvoiceProblem):
    code = "E-INV-03"
    says = "customer {customer} has no account."
    hint = "Couple it: python -m bridge couple CUSTOMER {customer} SALES_ID. The invoice then follows by itself."


class NotReadable(InvoiceProblem):
    code = "E-INV-04"
    says = "it is posted, but cannot be read yet."
    hint = "Nothing to do: it is tried again by itself."
    heals_by_itself = True


class SalespersonNotCoupled(InvoiceProblem):
    code = "E-INV-05"
    says = "salesperson {salesperson} is not coupled to a user."
    hint = (
        "Couple them: python -m bridge couple SALESPEOPLE {salesperson} SALES_ID. The invoice then follows by itself."
    )


class OptionNotCoupled(InvoiceProblem):
    code = "E-INV-06"
    says = "{noun} {value} are not coupled to an option."
    hint = 'Couple them: python -m bridge couple "{mapping}" {value} OPTION. The invoice is tried again by itself.'


class TooManyLines(InvoiceProblem):
    code = "E-INV-07"
    says = "it has {lines} lines; at most {most} can be written in one transaction."
    hint = "Nothing was created. Enter the invoice in Sales by hand."


class NumberTaken(InvoiceProblem):
    code = "E-INV-09"
    says = "Sales has an invoice of this number for another customer."
    hint = "Give the invoice in Sales another number, or remove it; then: python -m bridge retry {invoice}."


class CurrencyUnknown(InvoiceProblem):
    code = "E-INV-10"
    says = "Sales has no currency {iso}."
    hint = "Set the currency up in Sales; the invoice then follows by itself."


class PaymentRefused(InvoiceProblem):
    code = "E-INV-11"
    says = "it is {payment}, but Sales refused to show that: {text}"

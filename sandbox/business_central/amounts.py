"""The arithmetic of a sales document: line amounts, invoice discount spread over the lines, VAT per rate. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
NOTHING = Decimal(0)


def rounded(amount: Decimal, precision: Decimal = CENT) -> Decimal:
    """To the precision, halves away from zero."""
    return (amount / precision).quantize(Decimal(1), rounding=ROUND_HALF_UP) * precision


@dataclass(frozen=True, slots=True)
class Priced:
    """What a line is charged by. ``discount`` is the line's own, an amount."""

    quantity: Decimal
    price: Decimal
    discount: Decimal
    tax_percent: Decimal
    takes_invoice_discount: bool

    @property
    def amount(self) -> Decimal:
        """Before invoice discount."""
        return rounded(self.quantity * self.price) - self.discount


@dataclass(frozen=True, slots=True)
class Amounts:
    """A line's amounts: before invoice discount, the share of it, and what is left, each without and with VAT."""

    before: Decimal
    before_tax: Decimal
    invoice_discount: Decimal
    net: Decimal
    net_tax: Decimal


def discount_base(lines: Iterable[Priced]) -> Decimal:
    """What an invoice discount can be taken from."""
    return sum((line.amount for line in lines if line.takes_invoice_discount), NOTHING)


def work_out(lines: Sequence[Priced], invoice_discount: Decimal, prices_include_tax: bool) -> list[Amounts]:
    """Amounts of every line. Shares of the discount add up to it, and VAT of a rate to the rounded VAT of its sum.

    Rounding differences are carried from line to line, so that none is lost. Where prices include tax, the discount is
    taken from the gross amount.
    """
    base = discount_base(lines)
    carried = NOTHING
    tax_carried: dict[Decimal, Decimal] = {}
    found = []
    for line in lines:
        share = NOTHING
        if invoice_discount and base and line.takes_invoice_discount:
            exact = invoice_discount * line.amount / base + carried
            share = rounded(exact)
            carried = exact - share
        charged = line.amount - share
        before, before_tax = _taxed(line.amount, line.tax_percent, prices_include_tax)
        exact_net, exact_tax = _taxed(charged, line.tax_percent, prices_include_tax)
        exact_tax += tax_carried.get(line.tax_percent, NOTHING)
        net_tax = rounded(exact_tax)
        tax_carried[line.tax_percent] = exact_tax - net_tax
        net = charged - net_tax if prices_include_tax else exact_net
        net_share = rounded(before - net) if prices_include_tax else share
        found.append(Amounts(rounded(before), rounded(before_tax), net_share, rounded(net), net_tax))
    return found


def _taxed(amount: Decimal, percent: Decimal, includes_tax: bool) -> tuple[Decimal, Decimal]:
    """An amount without its VAT, and its VAT, not rounded."""
    if includes_tax:
        tax = amount * percent / (100 + percent)
        return amount - tax, tax
    return amount, amount * percent / 100

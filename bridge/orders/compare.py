"""What Business Central made of an order, held against what was asked: every difference, in words. Pure.

A price out of which Business Central took the VAT that it was told may be inside is as asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from bridge.clients.companion import CreatedLine
from bridge.orders.request import ZERO, OrderLine, OrderRequest
from bridge.records import cents

_UNIT_PRICE = Decimal("0.00001")
_TENTH = Decimal("0.1")
_CENT = Decimal("0.01")
_HALF_A_CENT = Decimal("0.005")
"""Business Central rounds unit prices to cents at the coarsest."""
_COARSER = tuple(Decimal(step) for step in ("0.0001", "0.001", "0.01", "0.05", "0.1", "0.5", "1"))
"""What a currency or the ledger may round to, where that is coarser than what was sent."""
_HIGHEST_VAT = 30


class Cause(StrEnum):
    """Why a value is another one, as far as the values tell."""

    ROUNDING = "rounded by Business Central"
    VAT = "VAT of {rate:f} % taken out"
    DISCOUNT = "Business Central worked the invoice discount out anew"
    FOLLOWS = "it follows from the above"
    UNKNOWN = "cause unknown"


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not as ordered; ``line`` is None for the order as a whole. A line that is missing, or that
    nobody ordered, has no values."""

    line: int | None
    field: str
    ordered: Decimal | str | None = None
    got: Decimal | str | None = None
    cause: str = ""

    @property
    def text(self) -> str:
        if self.ordered is None or self.got is None:
            return f"line {self.line} {self.field}"
        where = f"line {self.line} has {self.field}" if self.line is not None else f"the {self.field} is"
        reason = f" ({self.cause})" if self.cause else ""
        return f"{where} {_plain(self.got)}, ordered {_plain(self.ordered)}{reason}"


def in_words(found: Sequence[Difference]) -> str:
    """All of them in one clause."""
    return "; ".join(one.text for one in found)


def differences(
    request: OrderRequest,
    lines: Sequence[CreatedLine],
    *,
    discount: Decimal | None = None,
    total: Decimal | None = None,
) -> list[Difference]:
    """Everything that is other than asked, line by line, then the invoice discount and the total without VAT, each only
    when given. Blank when all are as ordered."""
    made = {line.line_number: line for line in lines}
    asked = {line.number: line for line in request.lines if line.object_number}
    found: list[Difference] = []
    for number, line in asked.items():
        other = made.get(number)
        found += [Difference(number, "is missing")] if other is None else _of_line(line, other)
    added = [line for line in lines if line.object_number and line.line_number not in asked]
    found += [Difference(line.line_number, f"with {line.object_number} was not ordered") for line in added]
    wanted = cents(request.discount_amount)
    if discount is not None and cents(discount) != wanted:
        found.append(discount_difference(request, discount))
    expected = _expected_total(request, made)
    if total is not None and cents(total) != expected:
        cause = Cause.FOLLOWS.value if found else _cause_of_total(expected, cents(total), len(asked))
        found.append(Difference(None, "total without VAT", expected, cents(total), cause))
    return found


def discount_difference(request: OrderRequest, discount: Decimal) -> Difference:
    """The invoice discount that Business Central has instead of the one that was ordered."""
    return Difference(None, "invoice discount", cents(request.discount_amount), discount, Cause.DISCOUNT.value)


def _of_line(line: OrderLine, other: CreatedLine) -> Iterator[Difference]:
    if line.object_number.upper() != other.object_number.upper():
        yield Difference(line.number, "number", line.object_number, other.object_number, Cause.UNKNOWN.value)
    if line.quantity != other.quantity:
        yield Difference(
            line.number, "quantity", line.quantity, other.quantity, _rounded(line.quantity, other.quantity)
        )
    price = line.unit_price.quantize(_UNIT_PRICE)
    if price != other.unit_price and vat_taken_out(line, other) is None:
        cause = _cause_of_price(price, other.unit_price)
        yield Difference(line.number, "unit price", price, other.unit_price, cause)
    given, kept = cents(line.discount_amount), cents(other.discount_amount)
    if given != kept:
        yield Difference(line.number, "line discount", given, kept, _rounded(given, kept))


def _expected_total(request: OrderRequest, made: Mapping[int, CreatedLine]) -> Decimal:
    """What the order comes to when every price from which VAT was rightly taken out counts without it."""
    inside = ZERO
    for line in request.lines:
        other = made.get(line.number)
        if other is not None and vat_taken_out(line, other) is not None:
            inside += cents(line.quantity * line.unit_price) - cents(line.quantity * other.unit_price)
    return request.expected_total - inside


def vat_taken_out(asked: OrderLine, made: CreatedLine) -> Decimal | None:
    """The VAT, in percent, whose absence explains the price of the line; None where no VAT was to be taken out or no
    rate, in tenths of a percent, leads from one price to the other."""
    if not asked.may_include_vat:
        return None
    return _rate(asked.unit_price, made.unit_price)


def _rate(gross: Decimal, net: Decimal) -> Decimal | None:
    if not 0 < net < gross:
        return None
    rate = ((gross / net - 1) * 100).quantize(_TENTH, rounding=ROUND_HALF_UP)
    return rate if abs(gross / (1 + rate / 100) - net) <= _HALF_A_CENT else None


def _cause_of_price(ordered: Decimal, got: Decimal) -> str:
    if (cause := _rounded(ordered, got)) != Cause.UNKNOWN:
        return cause
    return _vat(ordered, got) or Cause.UNKNOWN.value


def _cause_of_total(ordered: Decimal, got: Decimal, lines: int) -> str:
    if abs(ordered - got) <= _CENT * lines:  # each line's amount is rounded once
        return Cause.ROUNDING.value
    return _vat(ordered, got) or _rounded(ordered, got)


def _vat(gross: Decimal, net: Decimal) -> str:
    """Told as a cause only for a rate that a country may have: among small amounts some odd rate fits any two."""
    rate = _rate(gross, net)
    if rate is None or rate != rate.to_integral_value() or not 0 < rate <= _HIGHEST_VAT:
        return ""
    return Cause.VAT.format(rate=rate.quantize(Decimal(1)))


def _rounded(ordered: Decimal, got: Decimal) -> str:
    fits = any((ordered / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step == got for step in _COARSER)
    return (Cause.ROUNDING if fits else Cause.UNKNOWN).value


def _plain(value: Decimal | str) -> str:
    return value if isinstance(value, str) else f"{value:f}"

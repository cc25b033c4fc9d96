"""Line amounts and document totals, as the platform's own pricing engine makes them.

Base is price times quantity; extended is base less manual discount plus tax; a document's detail amount is the sum of
bases less manual discounts; the header discount is an amount plus a percentage of the detail amount. The engine rests
for integration users on orders and invoices while sales order processing integration is on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from sandbox.sales.environment import Caller, Environment
from sandbox.sales.model import Ref, Row
from sandbox.sales.values import MONEY

ZERO = Decimal(0)

NO_ERROR = 0
MISSING_PRICE_LIST = 2
MISSING_QUANTITY = 4
MISSING_UNIT_PRICE = 5
MISSING_UNIT = 10
NOT_IN_PRICE_LIST = 11

ACTIVE, SUBMITTED = 0, 1


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of document with the tables of its headers and lines."""

    header: str
    line: str
    parent: str
    """The lookup on a line that names its header."""
    details: str
    """The navigation property from header to lines."""
    number: str
    """The column with the document's own number; blank where it has none."""
    prefix: str


FAMILIES = (
    Family("salesorder", "salesorderdetail", "salesorderid", "order_details", "ordernumber", "ORD"),
    Family("quote", "quotedetail", "quoteid", "quote_details", "quotenumber", "QUO"),
    Family("invoice", "invoicedetail", "invoiceid", "invoice_details", "invoicenumber", "INV"),
    Family("opportunity", "opportunityproduct", "opportunityid", "product_opportunities", "", ""),
)
BY_HEADER: Mapping[str, Family] = {f.header: f for f in FAMILIES}
BY_LINE: Mapping[str, Family] = {f.line: f for f in FAMILIES}


def engine_runs(env: Environment, family: Family, header: Row, caller: Caller) -> bool:
    """Whether a write by ``caller`` to this document or its lines makes the platform calculate."""
    if not env.organization.get("oobpricecalculationenabled") or header.get("statecode") != ACTIVE:
        return False
    if family.header in ("quote", "opportunity") or not env.sop_integration:
        return True
    return not caller.integration


@lru_cache(maxsize=1 << 16)  # big companies hold the same few thousand amounts again and again
def _cents(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP).quantize(MONEY)


def price_line(env: Environment, header: Row, line: Row) -> Row:
    """The amounts of a line, as columns to be set: the price from the price list unless it is overridden."""
    places = _places(env, header)
    error = NO_ERROR
    price = line.get("priceperunit")
    if not (line.get("isproductoverridden") or line.get("ispriceoverridden")):
        price, error = _list_price(env, header, line)
    elif price is None:
        error = MISSING_UNIT_PRICE
    quantity = line.get("quantity")
    if quantity is None:
        error = error or MISSING_QUANTITY
    base = _cents((price or ZERO) * (quantity or ZERO), places)
    discount = _discount(env, line)
    return {
        "priceperunit": price,
        "pricingerrorcode": error,
        "volumediscountamount": _cents(ZERO, places),
        "baseamount": base,
        "extendedamount": _cents(base - discount + (line.get("tax") or ZERO), places),
    }


def total_header(env: Environment, header: Row, lines: Iterable[Row]) -> Row:
    """The totals of a document from its lines, as columns to be set."""
    places = _places(env, header)
    detail = discounts = tax = ZERO
    broken = False
    for line in lines:
        discount = _discount(env, line)
        detail += (line.get("baseamount") or ZERO) - discount
        discounts += discount
        tax += line.get("tax") or ZERO
        broken = broken or bool(line.get("pricingerrorcode"))
    percentage = header.get("discountpercentage") or ZERO
    header_discount = (header.get("discountamount") or ZERO) + _cents(detail * percentage / 100, places)
    less_freight = detail - header_discount
    return {
        "totallineitemamount": _cents(detail, places),
        "totallineitemdiscountamount": _cents(discounts, places),
        "totaldiscountamount": _cents(header_discount, places),
        "totalamountlessfreight": _cents(less_freight, places),
        "totaltax": _cents(tax, places),
        "totalamount": _cents(less_freight + (header.get("freightamount") or ZERO) + tax, places),
        "pricingerrorcode": 1 if broken else NO_ERROR,
    }


def recalculate(env: Environment, family: Family, header_id: str, line_ids: Iterable[str] = ()) -> None:
    """Price the given lines again, then the totals of their document; rows that come out equal are left alone."""
    store = env.store
    header = store.get(family.header, header_id)
    if header is None:
        return
    for line_id in line_ids:
        line = store.get(family.line, line_id)
        if line is not None:
            _set(env, family.line, line, price_line(env, header, line))
    lines = store.where(family.line, family.parent, header_id)
    _set(env, family.header, header, total_header(env, header, lines))


def _set(env: Environment, table: str, row: Row, changes: Row) -> None:
    if any(row.get(name) != value for name, value in changes.items()):
        env.store.put(table, {**row, **changes})


def _places(env: Environment, header: Row) -> int:
    currency = env.row(header.get("transactioncurrencyid"))
    return int(currency.get("currencyprecision") or 2) if currency is not None else 2


def _discount(env: Environment, line: Row) -> Decimal:
    discount: Decimal = line.get("manualdiscountamount") or ZERO
    if env.organization.get("discountcalculationmethod") == 1:
        return discount * (line.get("quantity") or ZERO)
    return discount


def _list_price(env: Environment, header: Row, line: Row) -> tuple[Decimal | None, int]:
    price_list: Ref | None = header.get("pricelevelid")
    product: Ref | None = line.get("productid")
    unit: Ref | None = line.get("uomid")
    if price_list is None:
        return None, MISSING_PRICE_LIST
    if product is None or unit is None:
        return None, MISSING_UNIT
    for entry in env.store.where("productpricelevel", "productid", product.id):
        if entry.get("pricelevelid") == price_list and entry.get("uomid") == unit:
            return _entry_price(env, entry, product)
    return None, NOT_IN_PRICE_LIST


def _entry_price(env: Environment, entry: Row, product: Ref) -> tuple[Decimal | None, int]:
    method = entry.get("pricingmethodcode", 1)
    if method == 1:
        amount = entry.get("amount")
        return (amount, NO_ERROR) if amount is not None else (None, 12)
    row = env.row(product) or {}
    basis = row.get({2: "price", 3: "currentcost", 4: "currentcost"}.get(method, "standardcost"))
    share = (entry.get("percentage") or ZERO) / 100
    if basis is None or (method in (4, 6) and share >= 1):
        return None, 25
    price = (
        basis * share
        if method == 2
        else basis * (1 + share)
        if method in (3, 5)
        else basis + basis * share / (1 - share)
    )
    return price.quantize(MONEY, ROUND_HALF_UP), NO_ERROR

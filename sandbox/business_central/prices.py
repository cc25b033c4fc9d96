"""The price a line gets when it is validated: the lowest of the prices that apply, else the card's.

With extended prices, lines of active price lists apply; without, sales prices. Both may be for everyone, for a customer
or for a customer's price group, for a variant, a unit, a least quantity, and a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sandbox.business_central.amounts import NOTHING, rounded
from sandbox.business_central.figures import exchange_rate
from sandbox.business_central.schema import EMPTY_DATE
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

PRICE_PRECISION = Decimal("0.00001")


def find(company: Company, header: Row, line: Row, factor: Decimal, card: Decimal) -> Decimal:
    """The price of the line's unit in the document's currency. ``factor``: base units in one; ``card``: card price."""
    rate = exchange_rate(company, header.get("currencyCode", ""))
    rows = _lists(company, header, line) if company.setup.extended_prices else _sales_prices(company, header, line)
    found = [price for row in rows if (price := _fitting(header, line, row, factor, rate)) is not None]
    return min(found) if found else rounded(card / rate, PRICE_PRECISION) * factor


def _sales_prices(company: Company, header: Row, line: Row) -> Iterator[Row]:
    if line["lineType"] != "Item":
        return
    wanted = _sources(header)
    for row in company.tables["salesPrices"].by("itemNumber", line["lineObjectNumber"]):
        if (row.get("salesType", "Customer"), row.get("salesCode", "")) in wanted:
            yield row


def _lists(company: Company, header: Row, line: Row) -> Iterator[Row]:
    wanted = _sources(header)
    for row in company.tables["priceListLines"].by("assetNumber", line["lineObjectNumber"]):
        kinds = row.get("priceType"), row.get("amountType"), row.get("assetType")
        if kinds != ("Sale", "Price", line["lineType"]) or row.get("status") != "Active":
            continue
        if (row.get("sourceType", "All Customers"), row.get("sourceNumber", "")) in wanted:
            yield row


def _sources(header: Row) -> set[tuple[str, str]]:
    found = {("All Customers", ""), ("Customer", header["billToCustomerNumber"])}
    if header.get("customerPriceGroup"):
        found.add(("Customer Price Group", header["customerPriceGroup"]))
    return found


def _fitting(header: Row, line: Row, row: Row, factor: Decimal, rate: Decimal) -> Decimal | None:
    """The row's price in the line's unit and the document's currency; None where the row does not apply."""
    day, unit, currency = header["orderDate"], row.get("unitOfMeasureCode", ""), row.get("currencyCode", "")
    last_day = row.get("endingDate", EMPTY_DATE)
    if not row.get("startingDate", EMPTY_DATE) <= day or (last_day != EMPTY_DATE and last_day < day):
        return None
    if row.get("variantCode", "") not in {"", line.get("variantCode", "")}:
        return None
    if unit not in {"", line.get("unitOfMeasureCode", "")} or currency not in {"", header.get("currencyCode", "")}:
        return None
    if line.get("quantity", NOTHING) < row.get("minimumQuantity", NOTHING):
        return None
    price: Decimal = row["unitPrice"] * (factor if not unit else 1)
    return price if currency == header.get("currencyCode", "") else rounded(price / rate, PRICE_PRECISION)

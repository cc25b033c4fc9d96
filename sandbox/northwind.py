"""Reads a company from CSV files in the layout of the Northwind sample: 830 orders of a wholesaler of food.

Money in the files has been through binary fractions (32.3800011): it becomes cents here. A line's discount is a
fraction of the line there and an amount here. There is no VAT, so both systems show the same totals. Rows with an
embedded line break written as ``\\n`` come as one line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path

from sandbox.company import Address, CompanyData, Customer, Item, Order, OrderLine, Salesperson, Unit

COUNTRIES = {
    "Argentina": "AR",
    "Austria": "AT",
    "Belgium": "BE",
    "Brazil": "BR",
    "Canada": "CA",
    "Denmark": "DK",
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Ireland": "IE",
    "Italy": "IT",
    "Mexico": "MX",
    "Norway": "NO",
    "Poland": "PL",
    "Portugal": "PT",
    "Spain": "ES",
    "Sweden": "SE",
    "Switzerland": "CH",
    "UK": "GB",
    "USA": "US",
    "Venezuela": "VE",
}
_UNITS = ((("bottle",), "BOTTLE"), (("jar", "tin", "can", "box", "pkg", "bag", "carton", "glass"), "BOX"))


def load(directory: Path) -> CompanyData:
    """Everything in the folder as one company. Raises FileNotFoundError for a missing file, KeyError for a column."""
    lines: dict[str, list[OrderLine]] = {}
    for row in _rows(directory, "order_details"):
        lines.setdefault(row["order_id"], []).append(_line(row))
    salespeople = {row["employee_id"]: _salesperson(row) for row in _rows(directory, "employees")}
    return CompanyData(
        name="Northwind Traders",
        local_currency="USD",
        units=(Unit("PCS", "Piece"), Unit("BOTTLE", "Bottles"), Unit("BOX", "Box")),
        items=tuple(_item(row) for row in _rows(directory, "products")),
        resources=(),
        salespeople=tuple(salespeople.values()),
        customers=tuple(_customer(row) for row in _rows(directory, "customers")),
        orders=tuple(
            _order(row, tuple(lines[row["order_id"]]), salespeople[row["employee_id"]].code)
            for row in _rows(directory, "orders")
        ),
        payment_terms=(("NET30", "Net 30", "30D"),),
        shipment_methods=(("FOB", "FOB"),),
        shipping_agents=tuple(
            (f"SHIP{row['shipper_id']}", row["company_name"]) for row in _rows(directory, "shippers")
        ),
        countries=tuple((code, _country_name(name)) for name, code in COUNTRIES.items()),
        currencies=(("EUR", "Euro", Decimal("1.10")),),
        locations=(("MAIN", "Main warehouse"),),
    )


def _rows(directory: Path, name: str) -> Iterator[dict[str, str]]:
    with (directory / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {key: (value or "").replace("\\n", ", ").strip() for key, value in row.items()}


@lru_cache(maxsize=1 << 16)  # the same amounts and quantities come again and again
def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


@lru_cache(maxsize=1 << 12)
def _quantity(text: str) -> Decimal:
    return Decimal(text)


def _country_name(name: str) -> str:
    return {"UK": "United Kingdom", "USA": "United States"}.get(name, name)


def _country(name: str) -> str:
    return COUNTRIES.get(name, name[:10])


def _unit(description: str) -> str:
    text = description.lower()
    for words, code in _UNITS:
        if any(word in text for word in words):
            return code
    return "PCS"


def _item(row: dict[str, str]) -> Item:
    price = _cents(Decimal(row["unit_price"]))
    incoming = Decimal(row["units_on_order"])
    return Item(
        number=f"NW-{int(row['product_id']):03}",
        name=row["product_name"][:100],
        unit=_unit(row["quantity_per_unit"]),
        price=price,
        cost=_cents(price * Decimal("0.6")),
        stock=Decimal(row["units_in_stock"]),
        incoming=incoming,
        incoming_date=date(1998, 6, 1) if incoming else None,
        location="MAIN",
    )


def _salesperson(row: dict[str, str]) -> Salesperson:
    first, last = row["first_name"], row["last_name"]
    return Salesperson(f"{last[:4]}{first[0]}".upper(), f"{first} {last}", f"{first}.{last}@northwind.example".lower())


def _customer(row: dict[str, str]) -> Customer:
    return Customer(
        number=row["customer_id"],
        name=row["company_name"][:100],
        address=Address(
            line1=row["address"][:100],
            city=row["city"][:30],
            post_code=row["postal_code"][:20],
            state=row["region"][:30],
            country=_country(row["country"]),
        ),
        phone=row["phone"][:30],
        email=f"{row['customer_id'].lower()}@northwind.example",
        contact=row["contact_name"][:100],
        payment_terms="NET30",
        shipment_method="FOB",
    )


def _line(row: dict[str, str]) -> OrderLine:
    price = _cents(Decimal(row["unit_price"]))
    quantity = _quantity(row["quantity"])
    fraction = Decimal(row["discount"]).quantize(Decimal("0.0001"))
    return OrderLine(f"NW-{int(row['product_id']):03}", quantity, price, discount=_cents(price * quantity * fraction))


def _order(row: dict[str, str], lines: tuple[OrderLine, ...], salesperson: str) -> Order:
    return Order(
        number=row["order_id"],
        name=f"NW {row['order_id']}",
        customer=row["customer_id"],
        lines=lines,
        state="Submitted",
        salesperson=salesperson,
        requested_delivery=date.fromisoformat(row["required_date"]),
        freight=_cents(Decimal(row["freight"])),
        ship_to=Address(
            line1=row["ship_address"][:100],
            city=row["ship_city"][:30],
            post_code=row["ship_postal_code"][:20],
            state=row["ship_region"][:30],
            country=_country_name(row["ship_country"]),
        ),
    )

"""A company of any size in the Northwind layout, the same in every run: to see how much the sandbox holds."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

LINES = 3


def write_company(folder: Path, items: int, customers: int, orders: int) -> None:
    """Write the six files; every order has three lines of different items."""
    _write(
        folder, "products", ("product_id", "product_name", "quantity_per_unit", "unit_price", "units_in_stock",
                             "units_on_order", "discontinued"),
        ((n, f"Product of the number {n}", "1 piece", f"{n % 900 + 1}.25", n % 50, 0, 0) for n in range(1, items + 1)),
    )  # fmt: skip
    address = ("Long street 1", "Bergen", "", "5003", "Norway", "+47 55 00 00 00", "")
    places = ("address", "city", "region", "postal_code", "country", "phone", "fax")
    _write(
        folder, "customers", ("customer_id", "company_name", "contact_name", "contact_title", *places),
        ((f"C{n:06}", f"Customer of the number {n}", "Kari Berg", "Buyer", *address) for n in range(1, customers + 1)),
    )  # fmt: skip
    _write(folder, "employees", ("employee_id", "first_name", "last_name"), ((1, "Ann", "Berg"), (2, "Bo", "Dahl")))
    _write(folder, "shippers", ("shipper_id", "company_name"), ((1, "Swift"),))
    ship_to = ("Long street 1", "Bergen", "", "5003", "Norway")
    _write(
        folder, "orders", ("order_id", "customer_id", "employee_id", "order_date", "required_date", "shipped_date",
                           "ship_via", "freight", "ship_name", "ship_address", "ship_city", "ship_region",
                           "ship_postal_code", "ship_country"),
        ((n, f"C{n % customers + 1:06}", n % 2 + 1, "1998-01-05", "1998-02-02", "", 1, "12.50", "Customer", *ship_to)
         for n in range(1, orders + 1)),
    )  # fmt: skip
    _write(
        folder, "order_details", ("order_id", "product_id", "unit_price", "quantity", "discount"),
        ((n, (n * 7 + step * 1013) % items + 1, f"{n % 90 + 1}.50", n % 9 + 1, "0.05" if n % 4 == 0 else "0")
         for n in range(1, orders + 1) for step in range(LINES)),
    )  # fmt: skip


def _write(folder: Path, name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)

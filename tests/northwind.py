"""830 orders to count with: where the files are, a generated set of the same size and shape, and what they come to.

NORTHWIND_DIR names a folder of CSV files; without it the same tests run on the generated set. The totals are computed
here from the files themselves, in whole cents, and share no code with the sandbox that reads the same files.
"""

from __future__ import annotations

import csv
import os
import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

ORDERS, LINES, PRODUCTS, CUSTOMERS, EMPLOYEES, SHIPPERS = 830, 2155, 77, 91, 9, 6
_PERCENTS = (0, 0, 0, 0, 0, 0, 5, 10, 15, 20, 25, 3)


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """Money in cents."""

    item: str
    quantity: int
    price: int
    discount: int


@dataclass(frozen=True, slots=True)
class ExpectedOrder:
    """What one order comes to, in cents."""

    number: str
    customer: str
    lines: tuple[ExpectedLine, ...]
    freight: int

    @property
    def total(self) -> int:
        return sum(line.quantity * line.price - line.discount for line in self.lines) + self.freight


def find_or_generate(folder: Path) -> Path:
    """The folder of the CSV files: that of NORTHWIND_DIR, else ``folder`` filled with the generated set."""
    given = os.environ.get("NORTHWIND_DIR")
    if given:
        return Path(given)
    generate(folder)
    return folder


def expected_orders(folder: Path) -> dict[str, ExpectedOrder]:
    """Every order of the files by its number."""
    lines: dict[str, list[ExpectedLine]] = {}
    for row in _read(folder / "order_details.csv"):
        price, quantity = _cents(row["unit_price"]), int(row["quantity"])
        percent = round(float(row["discount"]) * 100)
        line = ExpectedLine(f"NW-{int(row['product_id']):03}", quantity, price, _percent_of(price * quantity, percent))
        lines.setdefault(row["order_id"], []).append(line)
    return {
        row["order_id"]: ExpectedOrder(
            row["order_id"], row["customer_id"], tuple(lines[row["order_id"]]), _cents(row["freight"])
        )
        for row in _read(folder / "orders.csv")
    }


def _cents(text: str) -> int:
    """Whole cents of a number that has been through binary fractions: the nearest, which is never a close call."""
    return round(float(text) * 100)


def _percent_of(cents: int, percent: int) -> int:
    """Rounded to a whole cent, a half upwards."""
    return (cents * percent + 50) // 100


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _dust(cents: int) -> str:
    """An amount as it looks after a round trip through a 32-bit float: 32.38 becomes 32.3800011."""
    (value,) = struct.unpack("f", struct.pack("f", cents / 100))
    text = f"{value:.9g}"
    return text if "." in text else f"{text}.0"


def generate(folder: Path, seed: int = 830) -> None:
    """Write the generated set; the same files for the same seed."""
    draw = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    prices = [draw.randrange(250, 26400) for _ in range(PRODUCTS)]
    places = [
        ("Lyon", "69004", "France"),
        ("Bergen", "5003", "Norway"),
        ("Bath", "BA1 1AA", "UK"),
        ("Eugene", "", "USA"),
    ]
    customers = [f"C{number:04}" for number in range(1, CUSTOMERS + 1)]
    _write(folder, "categories", "category_id,category_name,description", [(1, "Goods", "All there is")])
    _write(
        folder, "shippers", "shipper_id,company_name,phone", [(n + 1, f"Carrier {n + 1}", n) for n in range(SHIPPERS)]
    )
    _write(
        folder,
        "employees",
        "employee_id,last_name,first_name",
        [(n + 1, f"{'ABCDEFGHI'[n]}ldersen", f"{'KLMNOPQRS'[n]}im") for n in range(EMPLOYEES)],
    )
    _write(
        folder,
        "customers",
        "customer_id,company_name,contact_name,contact_title,address,city,region,postal_code,country,phone,fax",
        [
            (number, f'Trader "{number}", Ltd.', "Ann Other", "Owner", f"Road {n}", *_place(places[n % 4]), "0-1", "")
            for n, number in enumerate(customers)
        ],
    )
    _write(
        folder,
        "products",
        "product_id,product_name,quantity_per_unit,unit_price,units_in_stock,units_on_order,discontinued",
        [
            (n + 1, f"Ware {n + 1}", "12 - 1 l bottles" if n % 3 else "each", _dust(price), n % 50, n % 7 * 10, 0)
            for n, price in enumerate(prices)
        ],
    )
    sizes = [1] * ORDERS
    for _ in range(LINES - ORDERS):
        sizes[draw.randrange(ORDERS)] += 1
    orders, lines = [], []
    for n, size in enumerate(sizes):
        order_id = 20001 + n
        day = date(1996, 7, 4) + timedelta(days=n // 2)
        customer = draw.randrange(CUSTOMERS)
        freight = _dust(draw.randrange(2, 100000))
        dates = (day, day + timedelta(days=28), day + timedelta(days=7))
        ship_to = (f"Trader {customer}", f"Road {customer}", *_place(places[customer % 4]))
        orders.append((order_id, customers[customer], n % EMPLOYEES + 1, *dates, n % SHIPPERS + 1, freight, *ship_to))
        for product in draw.sample(range(PRODUCTS), size):
            price = round(prices[product] * draw.choice((0.8, 1, 1)))
            percent = draw.choice(_PERCENTS)
            lines.append((order_id, product + 1, _dust(price), draw.randrange(1, 131), _dust(percent)))
    _write(folder, "order_details", "order_id,product_id,unit_price,quantity,discount", lines)
    _write(
        folder,
        "orders",
        "order_id,customer_id,employee_id,order_date,required_date,shipped_date,ship_via,freight,"
        "ship_name,ship_address,ship_city,ship_region,ship_postal_code,ship_country",
        orders,
    )


def _place(place: tuple[str, str, str]) -> tuple[str, str, str, str]:
    city, post_code, country = place
    return city, "", post_code, country


def _write(folder: Path, name: str, header: str, rows: Sequence[tuple[object, ...]]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)

"""A trading company as plain values: what both systems are seeded from, so that they tell the same story.

Numbers and codes are what the two sides have in common; ids are made by each system for itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Unit:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """``stock`` is on hand at ``location`` (blank is a location too); ``incoming`` is on purchase orders."""

    number: str
    name: str
    unit: str
    price: Decimal
    cost: Decimal
    stock: Decimal
    incoming: Decimal = Decimal(0)
    incoming_date: date | None = None
    location: str = ""
    blocked: bool = False
    price_includes_vat: bool = False
    vat_percent: Decimal = Decimal(0)
    in_sales: bool = True


@dataclass(frozen=True, slots=True)
class Resource:
    """A service that is sold by the hour or the piece."""

    number: str
    name: str
    unit: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Salesperson:
    code: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Address:
    line1: str = ""
    line2: str = ""
    city: str = ""
    post_code: str = ""
    state: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """``blocked`` is blank, Ship, Invoice or All; ``in_sales`` says whether Sales has an account of this number."""

    number: str
    name: str
    address: Address
    phone: str = ""
    email: str = ""
    contact: str = ""
    salesperson: str = ""
    payment_terms: str = ""
    shipment_method: str = ""
    currency: str = ""
    blocked: str = ""
    vat_bus_group: str = ""
    in_sales: bool = True


@dataclass(frozen=True, slots=True)
class OrderLine:
    """``item`` blank is a write-in with ``text``; ``discount`` is the line's manual discount, an amount."""

    item: str
    quantity: Decimal
    price: Decimal
    discount: Decimal = Decimal(0)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """An order or quote as Sales has it. ``state``: Active, Submitted, Canceled, Fulfilled, Invoiced for orders;
    Draft, Active, Won, Lost for quotes."""

    number: str
    name: str
    customer: str
    lines: tuple[OrderLine, ...]
    state: str = "Active"
    kind: str = "order"
    salesperson: str = ""
    requested_delivery: date | None = None
    freight: Decimal = Decimal(0)
    discount_amount: Decimal = Decimal(0)
    discount_percent: Decimal = Decimal(0)
    ship_to: Address = field(default_factory=Address)
    currency: str = ""
    payment_terms: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class CompanyData:
    """Everything both systems are seeded from."""

    name: str
    local_currency: str
    units: tuple[Unit, ...]
    items: tuple[Item, ...]
    resources: tuple[Resource, ...]
    salespeople: tuple[Salesperson, ...]
    customers: tuple[Customer, ...]
    orders: tuple[Order, ...]
    payment_terms: tuple[tuple[str, str, str], ...]
    """Code, description, due date formula."""
    shipment_methods: tuple[tuple[str, str], ...]
    shipping_agents: tuple[tuple[str, str], ...]
    countries: tuple[tuple[str, str], ...]
    currencies: tuple[tuple[str, str, Decimal], ...]
    """Code, name, units of local currency for one; the local currency is not among them."""
    locations: tuple[tuple[str, str], ...]
    freight_account: str = "6810"
    write_in_item: str = ""
    """Number of the item that stands for write-in lines; it is not in Sales."""

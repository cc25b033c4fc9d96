"""What translating an invoice needs to know beside the invoice: plain values, gathered once for many. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
"""One record as it stands on the wire."""

CUSTOMER, ITEM, RESOURCE, SALESPEOPLE = "CUSTOMER", "ITEM-PRODUCT", "RESOURCE-PRODUCT", "SALESPEOPLE"
PAYMENT_TERMS, SHIPPING_AGENT = "PAYMENT TERMS", "SHIPPING AGENT"


@dataclass(frozen=True, slots=True)
class Around:
    """What the invoices of one handful refer to. Sales rows are by id, partners by Business Central id or number."""

    with_companion: bool
    totals_are_ours: bool
    """Sales leaves the totals of orders and invoices to us: order processing is integrated there."""
    price_decimals: int
    company_row: str
    ownership: str
    team: str = ""
    """Owns what nobody else does; blank leaves it to Sales."""
    write_in: str = ""
    """Number of the item or resource that stands for write-in lines."""
    orders: Mapping[str, Row] = field(default_factory=dict)
    orders_by_number: Mapping[str, Row] = field(default_factory=dict)
    existing: Mapping[str, Row] = field(default_factory=dict)
    """Invoices in Sales by number."""
    accounts: Mapping[str, str] = field(default_factory=dict)
    """Customer's id in Business Central → account."""
    items: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    blocked_items: frozenset[str] = frozenset()
    units: Mapping[str, str] = field(default_factory=dict)
    """Product → its default unit."""
    unit_groups: Mapping[str, str] = field(default_factory=dict)
    """Product → its unit group."""
    users: Mapping[str, str] = field(default_factory=dict)
    payment_terms: Mapping[str, int] = field(default_factory=dict)
    agents: Mapping[str, int] = field(default_factory=dict)
    currencies: Mapping[str, str] = field(default_factory=dict)
    price_lists: Mapping[str, Row] = field(default_factory=dict)
    """Price lists of the integration by name."""
    prices: frozenset[tuple[str, str, str]] = frozenset()
    """Price list, product and unit of every price there is."""
    local_currency: str = ""
    shipment_methods: Mapping[str, str] = field(default_factory=dict)


def list_name(currency: str, local: str) -> str:
    """The price list of an invoice that has no order: the names that the native integration gives them."""
    return "Business Central Default Price List" if currency == local else f"Price List in {currency}"


def amount(row: Row, name: str) -> Decimal:
    """A number of a Business Central row, exact; empty counts as zero."""
    value = row.get(name)
    return Decimal(0) if value is None else Decimal(str(value))

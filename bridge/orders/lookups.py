"""What translating needs to know beside the order itself. Plain values, gathered once for many orders; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.orders.request import LineType


@dataclass(frozen=True, slots=True)
class Partner:
    """The Business Central end of a coupling."""

    id: str
    number: str


@dataclass(frozen=True, slots=True)
class Rules:
    """How this company is set up. ``unit_groups`` and ``country_matching`` are ours, the rest is Business Central's."""

    local_currency: str
    write_in_type: LineType = LineType.ITEM
    write_in_number: str = ""
    write_in_is_coupled: bool = False
    freight_account: str = ""
    country_matching: bool = True
    unit_groups: bool = False
    finds_quotes: bool = False


@dataclass(frozen=True, slots=True)
class Lookups:
    """Couplings by Sales id or option value, and the code tables of Business Central that the orders touch."""

    rules: Rules
    customers: Mapping[str, Partner] = field(default_factory=dict)
    items: Mapping[str, Partner] = field(default_factory=dict)
    resources: Mapping[str, Partner] = field(default_factory=dict)
    units: Mapping[str, Partner] = field(default_factory=dict)
    payment_terms: Mapping[int, str] = field(default_factory=dict)
    shipment_methods: Mapping[int, str] = field(default_factory=dict)
    shipping_agents: Mapping[int, str] = field(default_factory=dict)
    currencies: frozenset[str] = frozenset()
    countries: Mapping[str, str] = field(default_factory=dict)
    """Code → display name."""
    item_names: Mapping[str, str] = field(default_factory=dict)
    """Item number → description in Business Central, where we know it."""
    quotes: Mapping[str, Partner] = field(default_factory=dict)
    """Sales quote → its quote in Business Central."""

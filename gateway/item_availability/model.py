"""Questions and answers about one item, and what this package needs to know of where they come from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

MOST_QUESTIONS = 200
"""In one request: an order has fewer lines."""
OFFICIAL_FORMULA = (
    "AvailableToPromise = OnHand{less} - Reserved + (ScheduledReceipt - ReservedReceipt) "
    "- (GrossRequirement - ReservedRequirement), each term by codeunit 5790 of Business Central{places}"
)
NOT_COUNTED = ("reservations", "returns", "production", "assembly", "projects")


@dataclass(frozen=True, slots=True)
class Question:
    """``item`` is a number, or with ``product`` the id of a coupled product is given instead. ``variant`` and
    ``location`` None mean all of them together, empty means none."""

    item: str
    product: str
    variant: str | None
    location: str | None
    day: date
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Figures:
    """Quantities in base units. What the method does not know is None, never 0."""

    on_hand: Decimal
    reserved: Decimal | None
    on_sales_orders: Decimal | None
    on_purchase_orders: Decimal | None
    in_transfer: Decimal | None
    transfer_receipt: Decimal | None
    scheduled_receipt: Decimal
    reserved_receipt: Decimal | None
    later_demand: Decimal | None
    gross_requirement: Decimal
    reserved_requirement: Decimal | None
    projected: Decimal
    available_to_promise: Decimal
    uncommitted: Decimal | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What can be promised, by which method, and what that rests on. ``not_known`` says by the name of a figure why it
    is None; ``earliest`` None means that the quantity cannot be promised on any day. All ledger entries up to
    ``ledger_entry`` are in the answer, and nothing it shows is older than ``as_of``."""

    item_id: str
    product_id: str
    number: str
    name: str
    unit: str
    blocked: bool
    question: Question
    figures: Figures
    earliest: date | None
    official: bool
    formula: str
    not_counted: tuple[str, ...]
    not_known: Mapping[str, str]
    as_of: datetime
    age: int
    ledger_entry: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A question without an answer; the others of its request have theirs."""

    question: Question
    code: str
    text: str


class Basis(Protocol):
    @property
    def tailed_at(self) -> datetime | None: ...
    @property
    def ledger_entry(self) -> int: ...
    @property
    def lines_at(self) -> datetime | None: ...
    @property
    def no_transfers(self) -> str: ...
    @property
    def companion(self) -> bool: ...


class Item(Protocol):
    @property
    def item_id(self) -> str: ...
    @property
    def product_id(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def inventory(self) -> Decimal: ...
    @property
    def blocked(self) -> bool: ...
    @property
    def changed_at(self) -> datetime: ...


class Promise(Protocol):
    @property
    def on_hand(self) -> Decimal: ...
    @property
    def on_sales_orders(self) -> Decimal: ...
    @property
    def on_purchase_orders(self) -> Decimal: ...
    @property
    def in_transfer(self) -> Decimal: ...
    @property
    def transfer_receipt(self) -> Decimal: ...
    @property
    def scheduled_receipt(self) -> Decimal: ...
    @property
    def later_demand(self) -> Decimal: ...
    @property
    def gross_requirement(self) -> Decimal: ...
    @property
    def projected(self) -> Decimal: ...
    @property
    def available_to_promise(self) -> Decimal: ...
    @property
    def uncommitted(self) -> Decimal: ...
    @property
    def earliest(self) -> date | None: ...


class Own(Protocol):
    @property
    def promise(self) -> Promise: ...
    @property
    def left_out(self) -> int: ...


class Official(Protocol):
    @property
    def terms(self) -> Mapping[str, Decimal]: ...
    @property
    def earliest(self) -> date | None: ...
    @property
    def answered_at(self) -> datetime: ...
    @property
    def ledger_entry(self) -> int: ...
    @property
    def error(self) -> str: ...


class Source(Protocol):
    """Where answers come from; nothing here asks Business Central."""

    @property
    def formula(self) -> str: ...
    def basis(self, company_id: str) -> Basis: ...
    def lines_at(self, company_id: str) -> datetime | None: ...
    def items(self, company_id: str, numbers: Collection[str], products: Collection[str]) -> Sequence[Item]: ...
    def own(
        self, company_id: str, asked: Sequence[tuple[str, str | None, str | None, date, Decimal]]
    ) -> Sequence[Own]: ...
    def official(self, company_id: str, asked: Sequence[Mapping[str, Any]]) -> Sequence[Official | None]: ...
    def ask(self, company_id: str, asked: Collection[Mapping[str, Any]]) -> None: ...

"""Frozen values everyone in the bridge speaks. Nothing here does I/O."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

Clock = Callable[[], datetime]
"""Answers "now" as an aware UTC time. Always injected, so that tests can move it."""

EMPTY_GUID = "00000000-0000-0000-0000-000000000000"
"""What Business Central sends where a record id is empty."""


class Side(StrEnum):
    """The two systems a record can live in."""

    BUSINESS_CENTRAL = "business-central"
    SALES = "sales"


@dataclass(frozen=True, slots=True)
class Company:
    """One Business Central company: ``id`` is its SystemId, 36 characters, and ``name`` its key, 30 at the most."""

    id: str
    name: str
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class RecordRef:
    """Points at one record; ``label`` is what a person would call it ("Sales order SO-1042")."""

    side: Side
    table: str
    id: str
    label: str = ""

    def __str__(self) -> str:
        return self.label or f"{self.table} {self.id}"


def utc_now() -> datetime:
    """The one place that reads the computer's clock; handed out as a :data:`Clock` by the wiring."""
    return datetime.now(UTC)


def guid(text: str) -> str:
    """Bring a GUID to its one form here: 36 characters, lower case, no braces. Raises ValueError when it is none."""
    return str(uuid.UUID(text.strip().strip("{}")))


def new_id() -> str:
    return str(uuid.uuid4())


def cents(amount: Decimal) -> Decimal:
    """Round money to two decimals, halves away from zero, as Business Central does with precision 0.01."""
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)

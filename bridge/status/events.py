"""What happened to an order, decided from what was known and what Business Central shows now.

Pure. An event has a key, so that finding it twice is finding it once: a posted document by its id, a release by the
Business Central order and its count, the end by the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

OPEN, RELEASED = "Open", "Released"
REFERENCE_LENGTH = 35
"""Business Central keeps so many characters of a Sales order number as its reference."""


class Kind(StrEnum):
    RELEASED = "released"
    SHIPPED = "shipped"
    INVOICED = "invoiced"
    COMPLETED = "completed"


class Fate(StrEnum):
    """What became of an order that Business Central no longer lists."""

    INVOICED = "invoiced"
    DELETED = "deleted"
    PARTLY_POSTED = "partly posted"


@dataclass(frozen=True, slots=True)
class Order:
    """An order we follow, as the journal knows it; ``status`` is the last one seen in Business Central."""

    entry_id: str
    sales_number: str
    bc_id: str
    bc_number: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """Quantities of an order line, in its unit."""

    quantity: Decimal
    shipped: Decimal
    invoiced: Decimal
    number: int = 0


@dataclass(frozen=True, slots=True)
class OrderNow:
    """An order as Business Central lists it. ``lines`` is None when they were not read."""

    bc_id: str
    status: str
    lines: tuple[Line, ...] | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A posted shipment or invoice. ``order_id`` is blank on shipments; ``quantities`` are by line number, read only
    when they are needed."""

    kind: Kind
    id: str
    number: str
    order_number: str
    order_id: str = ""
    reference: str = ""
    counts: bool = True
    """False for an invoice that was canceled since."""
    quantities: Mapping[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    entry_id: str
    kind: Kind
    key: str
    number: str = ""


def belongs(document: Document, order: Order) -> bool:
    """Whether the document was posted from this order. The number alone does not say: numbers can be used again."""
    if document.order_number != order.bc_number:
        return False
    if document.order_id and document.order_id == order.bc_id:
        return True
    return bool(document.reference) and document.reference == order.sales_number[:REFERENCE_LENGTH].strip()


def posted(document: Document, order: Order) -> Event:
    """The event that a posted document is."""
    return Event(order.entry_id, document.kind, document.id, document.number)


def released(order: Order, now: OrderNow, earlier: int) -> Event | None:
    """The release, when it happened since the last look; ``earlier`` is how many this order had before."""
    if now.status != RELEASED or order.status == RELEASED:
        return None
    return release_event(order, earlier + 1)


def release_event(order: Order, count: int) -> Event:
    return Event(order.entry_id, Kind.RELEASED, f"{order.bc_id}/{count}", order.bc_number)


def completed(order: Order) -> Event:
    return Event(order.entry_id, Kind.COMPLETED, order.bc_id, order.bc_number)


def fully_invoiced(lines: Sequence[Line]) -> bool:
    """Something is invoiced, nothing is left to ship, nothing shipped is left to invoice."""
    return any(line.invoiced for line in lines) and all(
        line.quantity == line.shipped == line.invoiced for line in lines
    )


def fate(ordered: Mapping[int, Decimal], documents: Sequence[Document]) -> Fate:
    """Why an order is gone: from the quantities it had by line number, and everything posted from it."""
    if not documents:
        return Fate.DELETED
    invoiced: dict[int, Decimal] = {}
    for document in documents:
        if document.kind is Kind.INVOICED and document.counts:
            for line, quantity in document.quantities.items():
                invoiced[line] = invoiced.get(line, Decimal(0)) + quantity
    covered = all(invoiced.get(line, Decimal(0)) >= quantity for line, quantity in ordered.items())
    return Fate.INVOICED if invoiced and covered else Fate.PARTLY_POSTED

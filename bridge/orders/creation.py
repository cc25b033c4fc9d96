"""An order that is about to be created, and what became of it: what the steps of creating hand to each other."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.orders.errors import OrderProblem
from bridge.orders.release import ReleaseOutcome
from bridge.orders.request import OrderRequest
from bridge.store.models import JournalEntry


@dataclass(frozen=True, slots=True)
class Draft:
    """An order that is about to be created, with its journal row."""

    entry: JournalEntry
    request: OrderRequest


@dataclass(slots=True)
class Creation:
    """What became of one draft. ``order_id`` is blank when Business Central does not have it, as far as we know."""

    order_id: str = ""
    order_number: str = ""
    existed: bool = False
    release: ReleaseOutcome | None = None
    problems: list[OrderProblem] = field(default_factory=list)

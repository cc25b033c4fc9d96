"""What every piece of work gets: the database, both clients, one company, the settings, the clock. Built by wiring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bridge.clients.business_central import BusinessCentralCompany
from bridge.clients.sales import Sales
from bridge.records import Clock, Company
from bridge.settings import Settings
from bridge.store.database import Database

Progress = Callable[[str, int, int], None]
"""Told (what, done, of) while long work goes on."""


def no_progress(what: str, done: int, of: int) -> None:
    """For work nobody watches."""


@dataclass(frozen=True, slots=True)
class CompanyContext:
    """One company's surroundings. ``owner`` names this process in leases; ``stopping`` answers True when work must end
    soon: finish what is begun, start nothing new."""

    db: Database
    company: Company
    bc: BusinessCentralCompany
    sales: Sales
    settings: Settings
    clock: Clock
    owner: str
    stopping: Callable[[], bool] = lambda: False
    progress: Progress = no_progress


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run did. ``counts`` are the words of docs/vocabulary.md; ``failed`` says how many records it lists as
    failures; ``notes`` are sentences for the person who started it; ``look_again_at`` is when there may be work again
    that this run had to leave, if that is known."""

    counts: Mapping[str, int] = field(default_factory=dict)
    failed: int = 0
    notes: tuple[str, ...] = ()
    look_again_at: datetime | None = None

"""The recurring jobs of a company: which there are, how often, and what each one does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.context import CompanyContext, Outcome
from bridge.records import Company
from bridge.store import jobs
from bridge.store.database import Database


@dataclass(frozen=True, slots=True)
class Recurring:
    """One recurring job: its name in the jobs table, the seconds from one end to the next start, and the work."""

    name: str
    seconds: int
    run: Callable[[CompanyContext], Outcome]


def define(
    db: Database,
    companies: Sequence[Company],
    recurring: Sequence[Recurring],
    now: datetime,
    switched_off: Collection[str] = (),
) -> None:
    """Make the jobs table say what these companies need; jobs of other companies go, and those that a setting has
    ``switched_off``. Repeatable."""
    for company in companies:
        for job in recurring:
            jobs.define(db, company.id, job.name, job.seconds, now)
    jobs.forget(db, switched_off)
    jobs.forget_others(db, [company.id for company in companies])

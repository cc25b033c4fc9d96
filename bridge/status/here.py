"""What several parts of the way back need to know about the company: its companion, its row in Sales, pauses."""

from __future__ import annotations

from datetime import timedelta

from bridge.context import CompanyContext
from bridge.store import companies

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)


def has_companion(ctx: CompanyContext) -> bool:
    """Whether the companion was there when somebody last looked."""
    known = next((row for row in companies.all_companies(ctx.db) if row.id == ctx.company.id), None)
    return known is not None and bool(known.companion_version)


def company_row_id(ctx: CompanyContext) -> str:
    """The row that stands for our company in Sales; blank until the pick-up has looked it up."""
    known = next((row for row in companies.all_companies(ctx.db) if row.id == ctx.company.id), None)
    return (known.sales_company_id or "") if known is not None else ""


def pause(attempts: int) -> timedelta:
    """How long to leave a record alone after ``attempts`` failed tries and one more: doubling, never giving up."""
    return min(FIRST_PAUSE * (1 << min(attempts, 20)), LONGEST_PAUSE)

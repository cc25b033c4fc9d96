"""What can be wrong with the status of an order, in words for people. The codes are listed in docs/status.md."""

from __future__ import annotations

from collections.abc import Collection

from bridge.clients.errors import RemoteError
from bridge.context import CompanyContext
from bridge.store import failures
from bridge.store.failures import Problem
from bridge.store.models import JournalEntry

SUBJECT = "status"


def partly_posted(entry: JournalEntry) -> Problem:
    return _problem(
        entry,
        "E-END-01",
        f"Business Central order {entry.bc_order_number} was deleted after only a part of it was posted.",
        "Nothing was written to Sales. Close the order there, or order the rest anew.",
    )


def many_gone(entry: JournalEntry, count: int) -> Problem:
    return _problem(
        entry,
        "E-END-02",
        f"Business Central order {entry.bc_order_number} is gone, and so are {count - 1} others: too many at once to "
        "believe that people deleted them. Nothing was reset.",
        "Check that BC_COMPANY names the right company. If they were meant to be deleted, reopen the orders in Sales.",
    )


def not_completed(entry: JournalEntry, error: RemoteError) -> Problem:
    return _problem(
        entry,
        "E-END-03",
        f"Business Central order {entry.bc_order_number} is completely invoiced, but Sales refused to set the order to "
        f"Invoiced: {error.text or error.problem}",
        "Mend what Sales names; it is tried again by itself, an hour later at the most.",
    )


def not_reset(entry: JournalEntry, error: RemoteError) -> Problem:
    return _problem(
        entry,
        "E-END-04",
        f"Business Central order {entry.bc_order_number} was deleted, but Sales refused to reopen the order: "
        f"{error.text or error.problem}",
        "Mend what Sales names; it is tried again at each run.",
    )


def not_posted(entry: JournalEntry, error: RemoteError) -> Problem:
    return _problem(
        entry,
        "E-POST-01",
        f"Sales refused a post on the order's timeline three times: {error.text or error.problem}",
        "Only the post is missing; the order itself is as it should be. Posts must be enabled for orders in Sales.",
    )


def report(ctx: CompanyContext, problems: Collection[Problem]) -> int:
    """List these; answers how many there are."""
    failures.report(ctx.db, ctx.company.id, problems, ctx.clock())
    return len(problems)


def resolve(ctx: CompanyContext, entries: Collection[JournalEntry]) -> None:
    """Close what is listed about the status of these orders."""
    failures.resolve(ctx.db, ctx.company.id, SUBJECT, [entry.sales_id for entry in entries], ctx.clock())


def _problem(entry: JournalEntry, code: str, text: str, advice: str) -> Problem:
    where = f"Sales order {entry.sales_number}"
    return Problem(
        subject=SUBJECT,
        record_id=entry.sales_id,
        record=where,
        code=code,
        text=f"{where}: {text}",
        advice=advice,
        heals_by_itself=False,
    )

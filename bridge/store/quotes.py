"""Quotes in the journal: they share its table with orders, and have rules of their own for what opens a row again.

Nothing in Sales says that a quote has been dealt with, so the journal does: ``won`` as the reason of a row's end is the
mark that a won quote is not looked at any more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from bridge.store.database import Database
from bridge.store.journal import Kind, State
from bridge.store.models import JournalEntry

WON = "won"
REVISED = "revised"
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SeenQuote:
    """What Sales listed of an active or won quote. ``modified_at`` is by Sales' own clock."""

    sales_id: str
    number: str
    modified_at: datetime
    won: bool


def note_seen(db: Database, company_id: str, quotes: Sequence[SeenQuote], now: datetime) -> int:
    """Write a row for each quote not known yet; answer how many were new. One that was dealt with as active and is won
    now is open again, and so is one that ended before it was created and is active again. One that backs off and was
    changed since its last try is due at once. Repeatable."""
    new = 0
    for start in range(0, len(quotes), _AT_ONCE):
        some = quotes[start : start + _AT_ONCE]
        with db.write() as session:
            rows = session.scalars(
                select(JournalEntry).where(JournalEntry.sales_id.in_([one.sales_id for one in some]))
            )
            known = {row.sales_id: row for row in rows}
            for quote in some:
                row = known.get(quote.sales_id)
                if row is None:
                    new += 1
                    session.add(_row(company_id, quote, now))
                elif row.state == State.DONE:
                    _open_again(row, quote, now)
                elif row.next_attempt_at is not None and quote.modified_at > row.updated_at:
                    row.next_attempt_at, row.attempts = None, 0
    return new


def _row(company_id: str, quote: SeenQuote, now: datetime) -> JournalEntry:
    return JournalEntry(
        kind=Kind.QUOTE,
        company_id=company_id,
        sales_id=quote.sales_id,
        sales_number=quote.number[:100],
        state=State.SEEN,
        seen_at=now,
        submitted_at=quote.modified_at,
        updated_at=now,
    )


def _open_again(row: JournalEntry, quote: SeenQuote, now: datetime) -> None:
    created = row.bc_order_id is not None
    if row.end_reason == WON or (created and not quote.won):
        return
    row.state = State.BC_CREATED if created else State.SEEN
    row.ended_at, row.end_reason, row.next_attempt_at, row.attempts, row.updated_at = None, "", None, 0, now


def by_sales_ids(db: Database, company_id: str, sales_ids: Collection[str]) -> dict[str, JournalEntry]:
    """The rows of these quotes, by Sales id."""
    return {row.sales_id: row for row in _quotes(db, company_id, JournalEntry.sales_id, sales_ids)}


def in_doubt(db: Database, company_id: str, numbers: Collection[str]) -> list[JournalEntry]:
    """Rows of these quote numbers whose creation has an unknown outcome."""
    doubtful = JournalEntry.state == State.BC_CREATING
    return _quotes(db, company_id, JournalEntry.sales_number, numbers, doubtful)


def by_bc_ids(db: Database, company_id: str, bc_ids: Collection[str]) -> list[JournalEntry]:
    """Rows that have become one of these quotes in Business Central: one for each revision."""
    return _quotes(db, company_id, JournalEntry.bc_order_id, bc_ids)


def _quotes(
    db: Database, company_id: str, column: Any, values: Collection[str], *conditions: ColumnElement[bool]
) -> list[JournalEntry]:
    remaining = sorted(values)
    found: list[JournalEntry] = []
    for start in range(0, len(remaining), _AT_ONCE):
        with db.read() as session:
            statement = select(JournalEntry).where(
                JournalEntry.company_id == company_id,
                JournalEntry.kind == Kind.QUOTE,
                column.in_(remaining[start : start + _AT_ONCE]),
                *conditions,
            )
            found += session.scalars(statement)
    return found

"""Find orders of the journal by what documents in Business Central say of them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from bridge.store.database import Database
from bridge.store.journal import Kind
from bridge.store.models import JournalEntry


def by_references(db: Database, company_id: str, references: Collection[str], length: int) -> list[JournalEntry]:
    """Entries whose Sales number begins with one of these, of which Business Central keeps ``length`` characters."""
    remaining = sorted(references)
    found: list[JournalEntry] = []
    for start in range(0, len(remaining), 500):
        with db.read() as session:
            statement = select(JournalEntry).where(
                JournalEntry.company_id == company_id,
                JournalEntry.kind == Kind.ORDER,
                func.trim(func.substr(JournalEntry.sales_number, 1, length)).in_(remaining[start : start + 500]),
            )
            found += session.scalars(statement)
    return found


def bc_numbers(db: Database, company_id: str) -> list[str]:
    """The numbers of all Business Central orders the journal knows of, ended ones too."""
    with db.read() as session:
        statement = select(JournalEntry.bc_order_number).where(
            JournalEntry.company_id == company_id,
            JournalEntry.kind == Kind.ORDER,
            JournalEntry.bc_order_number.is_not(None),
        )
        return sorted({number for number in session.scalars(statement) if number})

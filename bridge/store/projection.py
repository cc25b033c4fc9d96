"""The availability projection: what the gateway answers from, and how far the ledger has been tailed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import delete, func, select

from bridge.store.database import Database
from bridge.store.generations import bump
from bridge.store.models import AvailabilityItem, AvailabilityTail

_CHUNK = 1000
_FACTS = ("number", "name", "base_unit", "inventory", "blocked", "modified_at")
"""What of a row can differ; entry number and time of reading alone are no reason to write it."""


def tail_of(db: Database, company_id: str) -> AvailabilityTail | None:
    with db.read() as session:
        return session.get(AvailabilityTail, company_id)


def _chunks(items: Sequence[AvailabilityItem]) -> Iterator[Sequence[AvailabilityItem]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def save(
    db: Database,
    tail: AvailabilityTail,
    *,
    items: Sequence[AvailabilityItem] = (),
    gone: Collection[str] = (),
) -> int:
    """Save what a tail has read; answer how many rows changed. The tail itself moves last, in the last transaction.

    ``gone`` are ids of items Business Central no longer has. Rows are compared first: an unchanged one is not written,
    and the generation moves only with a change, once for a chunk.
    """
    company_id = tail.company_id
    changed = sum(_save_chunk(db, company_id, chunk) for chunk in _chunks(items))
    with db.write() as session:
        ids = sorted(set(gone))
        removed = 0
        for start in range(0, len(ids), _CHUNK):
            result = session.execute(
                delete(AvailabilityItem).where(
                    AvailabilityItem.company_id == company_id,
                    AvailabilityItem.item_id.in_(ids[start : start + _CHUNK]),
                )
            )
            removed += int(result.rowcount)  # type: ignore[attr-defined]
        if removed:
            bump(session, db, "availability")
        session.merge(tail)
    return changed + removed


def _save_chunk(db: Database, company_id: str, chunk: Sequence[AvailabilityItem]) -> int:
    """Write the rows of a chunk that are new or differ, in one statement; answer how many."""
    with db.write() as session:
        known = {
            found.item_id: tuple(found)[1:]
            for found in session.execute(
                select(AvailabilityItem.item_id, *(getattr(AvailabilityItem, name) for name in _FACTS)).where(
                    AvailabilityItem.company_id == company_id,
                    AvailabilityItem.item_id.in_([item.item_id for item in chunk]),
                )
            )
        }
        wanted = [
            {"company_id": company_id, "item_id": item.item_id}
            | {name: getattr(item, name) for name in (*_FACTS, "entry_number", "refreshed_at")}
            for item in chunk
            if known.get(item.item_id) != _facts(item)
        ]
        if wanted:
            statement = db.insert(AvailabilityItem)
            replaced = {name: statement.excluded[name] for name in (*_FACTS, "entry_number", "refreshed_at")}
            session.execute(
                statement.on_conflict_do_update(index_elements=["company_id", "item_id"], set_=replaced), wanted
            )
            bump(session, db, "availability")
        return len(wanted)


def _facts(item: AvailabilityItem) -> tuple[object, ...]:
    return tuple(getattr(item, name) for name in _FACTS)


def items_by_number(db: Database, company_id: str, numbers: Collection[str]) -> dict[str, AvailabilityItem]:
    with db.read() as session:
        return {
            row.number: row
            for row in session.scalars(
                select(AvailabilityItem).where(
                    AvailabilityItem.company_id == company_id, AvailabilityItem.number.in_(numbers)
                )
            )
        }


def item_ids(db: Database, company_id: str) -> set[str]:
    with db.read() as session:
        return set(session.scalars(select(AvailabilityItem.item_id).where(AvailabilityItem.company_id == company_id)))


def count(db: Database, company_id: str) -> int:
    with db.read() as session:
        rows = select(func.count()).select_from(AvailabilityItem).where(AvailabilityItem.company_id == company_id)
        return int(session.scalar(rows) or 0)

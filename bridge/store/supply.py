"""Open order lines of the projection: what is still to be shipped and to be received, document by document."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, insert, select

from bridge.store.database import Database
from bridge.store.models import OpenLine

_CHUNK = 500
_COLUMNS = ("company_id", "line_id", "kind", "document_id", "item_id", "quantity", "unit", "due_on")
_PLACE = ("variant", "location")


def save(db: Database, company_id: str, documents: Mapping[str, Sequence[OpenLine]]) -> int:
    """Replace the lines of these documents by these, a chunk of documents at a time; answer how many lines there are.

    A document without lines is one that has nothing outstanding any more.
    """
    ids = list(documents)
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        rows = [_row(line) for one in chunk for line in documents[one]]
        with db.write() as session:
            session.execute(delete(OpenLine).where(OpenLine.company_id == company_id, OpenLine.document_id.in_(chunk)))
            if rows:
                session.execute(insert(OpenLine), rows)
    return sum(len(lines) for lines in documents.values())


def _row(line: OpenLine) -> dict[str, object]:
    facts = {name: getattr(line, name) for name in _COLUMNS}
    return facts | {name: getattr(line, name) or "" for name in _PLACE}


def document_ids(db: Database, company_id: str, kind: str) -> set[str]:
    """The documents of a kind that have lines here."""
    with db.read() as session:
        return set(
            session.scalars(
                select(OpenLine.document_id).where(OpenLine.company_id == company_id, OpenLine.kind == kind).distinct()
            )
        )


def forget(db: Database, company_id: str, document_ids: Collection[str]) -> None:
    """Drop the lines of documents that are gone or have nothing outstanding."""
    save(db, company_id, dict.fromkeys(document_ids, ()))


def of_items(db: Database, company_id: str, item_ids: Collection[str]) -> list[OpenLine]:
    """The open lines of these items."""
    with db.read() as session:
        return list(
            session.scalars(select(OpenLine).where(OpenLine.company_id == company_id, OpenLine.item_id.in_(item_ids)))
        )

"""Which companies' availability is published to Sales, and where that is written down there."""

from __future__ import annotations

from sqlalchemy import select

from bridge.store.database import Database
from bridge.store.generations import bump
from bridge.store.models import Publication


def save(db: Database, publication: Publication) -> None:
    """Remember it; the gateway follows within a second."""
    with db.write() as session:
        session.merge(publication)
        bump(session, db, "availability")


def find(db: Database, company_id: str) -> Publication | None:
    with db.read() as session:
        return session.get(Publication, company_id)


def all_publications(db: Database) -> list[Publication]:
    with db.read() as session:
        return list(session.scalars(select(Publication)))

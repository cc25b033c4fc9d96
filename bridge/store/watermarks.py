"""Watermarks: per company and name, all up to here has been dealt with. They move last, after the work is saved."""

from __future__ import annotations

from datetime import datetime

from bridge.store.database import Database
from bridge.store.models import Watermark


def get(db: Database, company_id: str, name: str) -> str | None:
    with db.read() as session:
        row = session.get(Watermark, (company_id, name))
        return row.value if row is not None else None


def move(db: Database, company_id: str, name: str, value: str, now: datetime) -> None:
    with db.write() as session:
        session.merge(Watermark(company_id=company_id, name=name, value=value, moved_at=now))

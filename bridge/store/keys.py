"""Web service access keys at rest: salted SHA-256, never the key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from bridge.store.database import Database
from bridge.store.generations import bump
from bridge.store.models import ServiceKey


def add(db: Database, key: ServiceKey, *, replace: bool) -> None:
    """Save a key; with ``replace`` the user's other keys are revoked in the same transaction."""
    with db.write() as session:
        if replace:
            session.execute(
                update(ServiceKey)
                .where(ServiceKey.user_name == key.user_name, ServiceKey.revoked_at.is_(None))
                .values(revoked_at=key.created_at)
            )
        session.add(key)
        bump(session, db, "keys")


def of_user(db: Database, user_name: str) -> list[ServiceKey]:
    with db.read() as session:
        return list(session.scalars(select(ServiceKey).where(ServiceKey.user_name == user_name)))


def all_keys(db: Database) -> list[ServiceKey]:
    with db.read() as session:
        return list(session.scalars(select(ServiceKey).order_by(ServiceKey.user_name, ServiceKey.created_at)))


def revoke(db: Database, user_or_id: str, now: datetime) -> int:
    """Revoke a key by its id, or all keys of a user; answer how many."""
    with db.write() as session:
        result = session.execute(
            update(ServiceKey)
            .where(
                (ServiceKey.user_name == user_or_id) | (ServiceKey.id == user_or_id), ServiceKey.revoked_at.is_(None)
            )
            .values(revoked_at=now)
        )
        bump(session, db, "keys")
        return int(result.rowcount)  # type: ignore[attr-defined]

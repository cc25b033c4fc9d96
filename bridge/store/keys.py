"""Web service access keys at rest: salted SHA-256, never the key. What is done to one leaves a row that says by whom.

Every change moves the generation ``keys`` in its own transaction, so that all gateway processes see it within a second.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update

from bridge.records import new_id
from bridge.store.database import Database
from bridge.store.generations import bump
from bridge.store.models import KeyEvent, ServiceKey

_KEY_BYTES = 33
"""33 bytes are 44 characters of URL-safe base64, the length Business Central's own keys have."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key about to be stored. ``secret`` is for the person who asked, once; what is kept is made from it."""

    user: str
    scope: str
    expires_at: datetime | None
    origins: tuple[str, ...] = ()
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(_KEY_BYTES), repr=False)
    salt: str = field(default_factory=lambda: secrets.token_hex(16))

    def at_rest(self, now: datetime) -> ServiceKey:
        """The row: gateway.keys checks against the same digest."""
        return ServiceKey(
            id=new_id(),
            user_name=self.user,
            salt=self.salt,
            digest=hashlib.sha256(self.salt.encode() + self.secret.encode()).hexdigest(),
            scope=self.scope,
            origins=" ".join(self.origins),
            created_at=now,
            expires_at=self.expires_at,
        )


def add(db: Database, key: NewKey, now: datetime, *, by: str, old_until: datetime | None = None) -> ServiceKey:
    """Save a key. The user's earlier keys end now, or at ``old_until`` when they are to overlap."""
    row = key.at_rest(now)
    with db.write() as session:
        for old in session.scalars(_working(ServiceKey.user_name == key.user)):
            if old_until is None:
                old.revoked_at = now
                _note(session, old, now, "revoked", by, f"replaced by {row.id}")
            elif old.expires_at is None or old.expires_at > old_until:
                old.expires_at = old_until
                _note(session, old, now, "rotated out", by, f"replaced by {row.id}, works until {old_until:%FT%TZ}")
        session.add(row)
        opens = f"{key.scope}{', from ' + ' '.join(key.origins) if key.origins else ''}"
        _note(session, row, now, "created", by, f"opens {opens}")
        bump(session, db, "keys")
    return row


def of_user(db: Database, user_name: str) -> list[ServiceKey]:
    with db.read() as session:
        return list(session.scalars(select(ServiceKey).where(ServiceKey.user_name == user_name)))


def all_keys(db: Database) -> list[ServiceKey]:
    with db.read() as session:
        return list(session.scalars(select(ServiceKey).order_by(ServiceKey.user_name, ServiceKey.created_at)))


def revoke(db: Database, user_or_id: str, now: datetime, *, by: str) -> int:
    """Revoke a key by its id, or all keys of a user; answer how many."""
    with db.write() as session:
        found = session.scalars(_working(or_(ServiceKey.user_name == user_or_id, ServiceKey.id == user_or_id))).all()
        for key in found:
            key.revoked_at = now
            _note(session, key, now, "revoked", by)
        bump(session, db, "keys")
    return len(found)


def set_disabled(db: Database, user: str, now: datetime, *, disabled: bool, by: str) -> int:
    """Shut a user out, or let it in again, with the keys it has; answer how many keys that is about."""
    with db.write() as session:
        found = session.scalars(_working(ServiceKey.user_name == user)).all()
        for key in found:
            key.disabled_at = now if disabled else None
            _note(session, key, now, "disabled" if disabled else "enabled", by)
        bump(session, db, "keys")
    return len(found)


def used(db: Database, key_id: str, now: datetime) -> None:
    """Remember when a key was last good for something. Moves no generation: no answer depends on it."""
    with db.write() as session:
        session.execute(update(ServiceKey).where(ServiceKey.id == key_id).values(last_used_at=now))


def events(db: Database, user: str | None) -> Sequence[KeyEvent]:
    """The audit trail, oldest first, of one user or of all."""
    wanted = select(KeyEvent).order_by(KeyEvent.at, KeyEvent.id)
    with db.read() as session:
        return session.scalars(wanted if user is None else wanted.where(KeyEvent.user_name == user)).all()


def _working(condition: Any) -> Any:
    return select(ServiceKey).where(condition, ServiceKey.revoked_at.is_(None))


def _note(session: Any, key: ServiceKey, now: datetime, action: str, by: str, detail: str = "") -> None:
    session.add(KeyEvent(at=now, key_id=key.id, user_name=key.user_name, action=action, by=by, detail=detail))

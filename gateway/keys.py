"""Web service access keys: make one, and find out who is calling.

A key is 44 random characters, shown once; kept is a salted SHA-256 of it, which is enough for a secret that nobody can
guess. Comparing takes the same time for every reason of refusal, unknown users included.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

_KEY_BYTES = 33
"""33 bytes are 44 characters of URL-safe base64, the length Business Central's own keys have."""
_MOST_USERS = 10_000
_NOBODY_SALT = "0" * 32
_NOBODY_DIGEST = "0" * 64


class Refusal(StrEnum):
    """Why a caller was refused: for the log, never for the caller."""

    MISSING = "missing"
    MALFORMED = "malformed"
    UNKNOWN_USER = "unknown_user"
    BAD_KEY = "bad_key"
    EXPIRED = "expired"
    REVOKED = "revoked"


class StoredKey(Protocol):
    """A key at rest."""

    @property
    def id(self) -> str: ...
    @property
    def user_name(self) -> str: ...
    @property
    def salt(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def scope(self) -> str: ...
    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def revoked_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, and what the key opens."""

    user: str
    key_id: str
    scopes: frozenset[str]
    expires_at: datetime | None


def new_key() -> tuple[str, str, str]:
    """A new key, its salt and its digest. The key itself is for the person who asked and is kept nowhere."""
    key, salt = secrets.token_urlsafe(_KEY_BYTES), secrets.token_hex(16)
    return key, salt, digest(key, salt)


def digest(key: str, salt: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(salt.encode() + key.encode()).hexdigest()


class KeyRing:
    """Checks keys against the store, remembering each user's keys while ``generation`` stands still.

    ``generation`` answers the counter that moves when any key changes, at most a second late.
    """

    def __init__(
        self,
        keys_of: Callable[[str], Sequence[StoredKey]],
        generation: Callable[[], int],
        clock: Callable[[], datetime],
    ) -> None:
        self._keys_of = keys_of
        self._generation = generation
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, Sequence[StoredKey]] = {}
        self._known_at: int | None = None

    def check(self, user: str, key: str) -> Caller | Refusal:
        """Who this is, or why not."""
        kept = self._of(user)
        if not kept:
            hmac.compare_digest(digest(key, _NOBODY_SALT), _NOBODY_DIGEST)
            return Refusal.UNKNOWN_USER
        found = None
        for one in kept:
            if hmac.compare_digest(digest(key, one.salt), one.digest):
                found = one
        if found is None:
            return Refusal.BAD_KEY
        if found.revoked_at is not None:
            return Refusal.REVOKED
        if found.expires_at is not None and found.expires_at <= self._clock():
            return Refusal.EXPIRED
        return Caller(found.user_name, found.id, frozenset(found.scope.split()), found.expires_at)

    def _of(self, user: str) -> Sequence[StoredKey]:
        generation = self._generation()
        with self._lock:
            if generation != self._known_at or len(self._known) > _MOST_USERS:
                self._known, self._known_at = {}, generation
            if user in self._known:
                return self._known[user]
        kept = self._keys_of(user)
        if kept:  # unknown names are not remembered: guesses must not fill the memory
            with self._lock:
                if self._known_at == generation:
                    self._known[user] = kept
        return kept

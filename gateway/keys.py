"""Web service access keys: find out who is calling.

A key is 44 random characters, shown once; kept is a salted SHA-256 of it, which is enough for a secret that nobody can
guess. Comparing takes the same time for every reason of refusal, unknown users included.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

_MOST_USERS = 10_000
_USED_SECONDS = 60.0
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
    DISABLED = "disabled"


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
    @property
    def disabled_at(self) -> datetime | None: ...
    @property
    def origins(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, and what the key opens; ``origins`` are the only pages it may be used from, none for any."""

    user: str
    key_id: str
    scopes: frozenset[str]
    expires_at: datetime | None
    origins: frozenset[str] = frozenset()


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
        kept, remembered = self._of(user)
        found = _matching(key, kept)
        if found is None and remembered:  # it may have been made a moment ago: whoever was given it shall not wait
            kept = self._keys_of(user)
            found = _matching(key, kept)
        if not kept:
            hmac.compare_digest(digest(key, _NOBODY_SALT), _NOBODY_DIGEST)
            return Refusal.UNKNOWN_USER
        if found is None:
            return Refusal.BAD_KEY
        if found.revoked_at is not None:
            return Refusal.REVOKED
        if found.expires_at is not None and found.expires_at <= self._clock():
            return Refusal.EXPIRED
        if found.disabled_at is not None:
            return Refusal.DISABLED
        return Caller(
            found.user_name,
            found.id,
            frozenset(found.scope.split()),
            found.expires_at,
            frozenset(found.origins.split()),
        )

    def _of(self, user: str) -> tuple[Sequence[StoredKey], bool]:
        """The user's keys, and whether they are those remembered."""
        generation = self._generation()
        with self._lock:
            if generation != self._known_at or len(self._known) > _MOST_USERS:
                self._known, self._known_at = {}, generation
            if user in self._known:
                return self._known[user], True
        kept = self._keys_of(user)
        if kept:  # unknown names are not remembered: guesses must not fill the memory
            with self._lock:
                if self._known_at == generation:
                    self._known[user] = kept
        return kept, False


def _matching(key: str, kept: Sequence[StoredKey]) -> StoredKey | None:
    """The one this is; every one is compared, so that the time taken tells nothing."""
    found = None
    for one in kept:
        if hmac.compare_digest(digest(key, one.salt), one.digest):
            found = one
    return found


class LastUsed:
    """Notes when keys were last good for something, each at most once a minute, and never makes a caller wait for it.

    ``write`` saves it and may raise; ``spawn`` runs it beside the request.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        ticks: Callable[[], float],
        spawn: Callable[[Callable[[], None]], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._write = write
        self._ticks = ticks
        self._spawn = spawn
        self._failed = failed
        self._noted: dict[str, float] = {}

    def note(self, key_id: str) -> None:
        """This key was just good for something."""
        now = self._ticks()
        if now - self._noted.get(key_id, float("-inf")) < _USED_SECONDS:
            return
        self._noted[key_id] = now
        self._spawn(lambda: self._save(key_id))

    def _save(self, key_id: str) -> None:
        try:
            self._write(key_id)
        except Exception as error:  # noqa: BLE001 - whatever it is: nobody is refused because of it, and it is logged
            self._failed(error)

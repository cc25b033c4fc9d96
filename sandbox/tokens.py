"""Bearer and refresh tokens: opaque to clients, good for one system, for a little under an hour of real time.

Real time, because a client's token cache runs on it too: pushing the sandbox's clock must not lock clients out.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

TOKEN_SECONDS = 3599


@dataclass(frozen=True, slots=True)
class _Grant:
    subject: str
    audience: str
    until: float


class Tokens:
    """The tokens given out. Thread-safe. A subject is an application's client id, or a user's object id."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._grants: dict[str, _Grant] = {}
        self._refresh: dict[str, tuple[str, str]] = {}
        self._lock = threading.Lock()

    def issue(self, subject: str, audience: str, seconds: float = TOKEN_SECONDS) -> str:
        """A new token of ``subject`` for the system ``audience``."""
        token = secrets.token_urlsafe(48)
        now = self._monotonic()
        with self._lock:
            self._grants = {known: grant for known, grant in self._grants.items() if grant.until > now}
            self._grants[token] = _Grant(subject, audience, now + seconds)
        return token

    def check(self, token: str, audience: str) -> str | None:
        """The subject behind a token, or None if it is unknown, run out, or meant for another system."""
        grant = self._grants.get(token)
        if grant is None or grant.audience != audience or grant.until <= self._monotonic():
            return None
        return grant.subject

    def issue_refresh(self, subject: str, client_id: str) -> str:
        """A token by which ``client_id`` gets new tokens of a user without the password."""
        token = secrets.token_urlsafe(48)
        with self._lock:
            self._refresh[token] = (subject, client_id)
        return token

    def refreshed(self, token: str, client_id: str) -> str | None:
        """The user behind a refresh token, or None if this application was not given it."""
        subject, owner = self._refresh.get(token, ("", ""))
        return subject if subject and owner == client_id else None

    def revoke_all(self) -> None:
        """Make every token invalid at once, as after a change of the secret."""
        with self._lock:
            self._grants = {}
            self._refresh = {}

"""Who may call what. A guard is a function that runs before each request of a blueprint and raises when it is not for
this caller; :mod:`gateway.app` names one beside every blueprint.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

from flask import request
from flask_httpauth import HTTPBasicAuth

from gateway.errors import FAILURE, InvalidCredentials, RequestDenied, TooManyRequests
from gateway.keys import Caller, KeyRing, LastUsed, Refusal
from gateway.throttle import Allowance, Guesses

Guard = Callable[[], None]
CALLER = "gateway.caller"
"""Key in the WSGI environment: the :class:`Caller`, once the key has been found good."""
_REALM = "Product availability"


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests per service key and per address, wrong keys per user and address, and when each key was last used."""

    per_key: Allowance
    per_address: Allowance
    guesses: Guesses
    used: LastUsed

    def allow(self, key_id: str, address: str) -> bool:
        """Spend one request of both; False when either has none left."""
        if not (self.per_key.take(f"key:{key_id}") and self.per_address.take(f"address:{address}")):
            return False
        self.used.note(key_id)
        return True


def open_to_anyone() -> None:
    """No guard at all, written out: the blueprint beside it tells nothing that is not for everybody."""


class ServiceKeys:
    """HTTP Basic with user name and web service access key, through Flask-HTTPAuth.

    A right key passes whatever others have guessed: only wrong ones are counted, after the key has been looked at.
    ``https_only`` refuses a key that came over plain HTTP.
    """

    def __init__(self, ring: KeyRing, limits: Limits, *, https_only: bool) -> None:
        self._ring = ring
        self._limits = limits
        self._https_only = https_only
        self._auth = HTTPBasicAuth(realm=_REALM)
        self._auth.verify_password(self._verify)
        self._auth.get_user_roles(lambda caller: list(caller.scopes))
        self._auth.error_handler(self._refuse)

    def opening(self, scope: str) -> Guard:
        """A guard that lets keys with this scope pass."""

        @self._auth.login_required(role=scope)  # type: ignore[untyped-decorator]
        def guard() -> None:
            caller = request.environ[CALLER]
            origin = request.headers.get("Origin", "").lower()
            if origin and caller.origins and origin not in caller.origins:
                request.environ[FAILURE] = "origin"
                raise RequestDenied("This key may not be used from this page.")
            address = request.remote_addr or ""
            for allowance, name in (
                (self._limits.per_key, f"key:{caller.key_id}"),
                (self._limits.per_address, f"address:{address}"),
            ):
                if not allowance.take(name):
                    request.environ[FAILURE] = f"limit_{name.partition(':')[0]}"
                    raise TooManyRequests("Too many requests.", seconds=allowance.seconds_left())
            self._limits.used.note(caller.key_id)

        def unless_preflight() -> None:
            if request.method == "OPTIONS":
                return  # a browser asks first without credentials; the answer holds no data
            if self._https_only and request.scheme != "https" and "Authorization" in request.headers:
                request.environ[FAILURE] = "plain_http"
                raise RequestDenied("A key may not travel over plain HTTP; use the https address of this service.")
            guard()

        return unless_preflight

    def _verify(self, user: str, key: str) -> Caller | None:
        header = request.headers.get("Authorization", "")
        found: Caller | Refusal
        if not header:
            found = Refusal.MISSING
        elif not _is_basic(header):
            found = Refusal.MALFORMED
        else:
            found = self._ring.check(user, key)
        if isinstance(found, Caller):
            request.environ[CALLER] = found
            return found
        request.environ[FAILURE] = found.value
        if found is not Refusal.MISSING:
            seconds = self._limits.guesses.wrong(user, request.remote_addr or "")
            if seconds:
                raise TooManyRequests("Too many failed attempts.", seconds=seconds)
        return None

    def _refuse(self, status: int) -> None:
        if status == 403:
            request.environ[FAILURE] = "permission"
            raise RequestDenied("This key does not open what was asked for.")
        raise InvalidCredentials(self._auth.authenticate_header())


def _is_basic(header: str) -> bool:
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        return b":" in base64.b64decode(credentials.strip(), validate=True)
    except ValueError:  # no base64, or not even ASCII
        return False

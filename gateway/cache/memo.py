"""Hot answers, kept close to the web server: finished bytes that need neither routing, nor a key check, nor a query.

An answer is kept while the state it was made from has the same version, and that is looked up anew at least every
second (:mod:`gateway.watch`): what is given from here is never more than a second behind what the application would
say. It is kept for exactly one wording of a request: method, address, query, credentials, and each header that varies
the answer. Bounded by number and by size, the least recently used goes first.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

REMEMBER = "gateway.remember"
"""Key in the WSGI environment: an answer that may be given again carries a :class:`Remember` there."""
_VARYING = (
    "wsgi.url_scheme",
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_ENCODING",
    "HTTP_PREFER",
    "HTTP_ORIGIN",
    "HTTP_IF_NONE_MATCH",
    "HTTP_ODATA_MAXVERSION",
)
_LARGEST_BODY = 64 * 1024

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remember:
    """The company an answer is about, and the version of the state it was made from."""

    company_id: str
    version: str


@dataclass(frozen=True, slots=True)
class HotAnswer:
    """A finished answer. ``headers`` are without those that differ each time (Age, correlation id). After
    ``key_expires_at`` the caller's key opens nothing any more."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    company_id: str
    version: str
    caller: str
    key_id: str
    key_expires_at: datetime | None


class Memo:
    """Answers by wording of the request. Safe to share between threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._salt = secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._answers: OrderedDict[Key, HotAnswer] = OrderedDict()

    def key(self, environ: Mapping[str, Any]) -> Key | None:
        """What makes two requests the same; None for one that is not to be remembered."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or environ.get("HTTP_CACHE_CONTROL"):
            return None
        credentials = environ.get("HTTP_AUTHORIZATION")
        if credentials is None or "/ODataV4" not in environ["PATH_INFO"]:
            return None
        # Digested, so that no secret lies in memory longer than its request.
        digest = hashlib.blake2b(credentials.encode("latin-1", "replace"), key=self._salt, digest_size=16).hexdigest()
        return (
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            digest,
            *(environ.get(name, "") for name in _VARYING),
        )

    def get(self, key: Key, version: str, now: datetime) -> HotAnswer | None:
        """The answer kept for this wording, if it is of this version and its key is still good."""
        with self._lock:
            found = self._answers.get(key)
            if found is None:
                return None
            if found.version != version or (found.key_expires_at is not None and found.key_expires_at <= now):
                del self._answers[key]
                return None
            self._answers.move_to_end(key)
            return found

    def put(self, key: Key, answer: HotAnswer) -> None:
        """Keep an answer; one with a large body is not kept."""
        if len(answer.body) > _LARGEST_BODY:
            return
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)

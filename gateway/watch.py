"""What every answer depends on beside its rows: companies, how fresh each is, and whether rows or keys have changed.

:meth:`Watch.view` is never more than :data:`MOST_SECONDS` behind the database: a revoked key, a changed row and a new
tail are seen within that time in every process. Half of it is this process's own memory, half the shared cache's, so
the database is asked about twice a second by all processes together, however many requests they serve.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.cache.base import Cache, CacheUnavailable

MOST_SECONDS = 1.0
_HALF = MOST_SECONDS / 2
_SOON = MOST_SECONDS / 4
"""From this age on one request renews the view while the others go on with it."""
_KEY = "view"


class _Company(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def display_name(self) -> str: ...


class Changes(Protocol):
    """What the database says, in one consistent read."""

    @property
    def companies(self) -> Sequence[_Company]: ...
    @property
    def tails(self) -> Mapping[str, datetime]: ...
    @property
    def generations(self) -> Mapping[str, int]: ...
    @property
    def unpublished(self) -> Set[str]: ...


@dataclass(frozen=True, slots=True)
class Company:
    """A Business Central company that is served."""

    id: str
    name: str
    display_name: str


@dataclass(frozen=True, slots=True)
class View:
    """``tails`` maps company id to the time its last complete tail began; ``version`` moves with anything but that."""

    companies: tuple[Company, ...]
    tails: Mapping[str, datetime]
    keys: int
    version: str
    unpublished: frozenset[str] = frozenset()
    """Ids of companies whose service has been taken back: to callers it is not there."""


class Watch:
    """``read`` asks the database and may raise; ``ticks`` answers monotonic seconds."""

    def __init__(self, read: Callable[[], Changes], cache: Cache, ticks: Callable[[], float]) -> None:
        self._read = read
        self._cache = cache
        self._ticks = ticks
        self._lock = threading.Lock()
        self._seen = float("-inf")
        self._view: View | None = None

    def view(self) -> View:
        """The state as it is, or was up to a second ago. Raises what ``read`` raises when it is due and fails."""
        view, behind = self._view, self._ticks() - self._seen
        if view is not None and behind < _SOON:
            return view
        if view is not None and behind < _HALF:
            return self._renewed(view)
        with self._lock:
            if self._view is not None and self._ticks() - self._seen < _HALF:
                return self._view
            return self._read_anew()

    def _read_anew(self) -> View:
        now = self._ticks()  # before reading: what is read is at least as new as this
        self._view = view = _view(self._shared() or self._fresh())
        self._seen = now
        return view

    def _renewed(self, view: View) -> View:
        """A newer view, unless another request is about it: the old one is still good, so nobody waits for it twice."""
        if not self._lock.acquire(blocking=False):
            return view
        try:
            return self._read_anew()
        except Exception:  # noqa: BLE001 - not due yet: who finds it due asks again, and tells what it is
            return view
        finally:
            self._lock.release()

    def forget(self) -> None:
        """The next view is read from the database: something is known to have changed."""
        with self._lock:
            self._view = None
            try:
                self._cache.delete(_KEY)
            except CacheUnavailable:
                return  # then nothing shared is read either

    def _shared(self) -> bytes | None:
        try:
            return self._cache.get(_KEY)
        except CacheUnavailable:
            return None

    def _fresh(self) -> bytes:
        started = self._ticks()
        changes = self._read()
        text = json.dumps(
            {
                "companies": [[one.id, one.name, one.display_name] for one in changes.companies],
                "tails": {company: at.isoformat() for company, at in changes.tails.items()},
                "generations": dict(changes.generations),
                "unpublished": sorted(changes.unpublished),
            },
            sort_keys=True,
        ).encode()
        if (left := _HALF - (self._ticks() - started)) > 0:
            try:
                self._cache.set(_KEY, text, left)
            except CacheUnavailable:
                return text  # every process then asks the database itself
        return text


def _view(text: bytes) -> View:
    found = json.loads(text)
    facts = json.dumps([found["companies"], found["generations"], found["unpublished"]], sort_keys=True)
    return View(
        companies=tuple(Company(*one) for one in found["companies"]),
        tails={company: datetime.fromisoformat(at) for company, at in found["tails"].items()},
        keys=int(found["generations"].get("keys", 0)),
        unpublished=frozenset(found["unpublished"]),
        version=hashlib.blake2b(facts.encode(), digest_size=12).hexdigest(),
    )

"""What a caller's Cache-Control asks for, honoured within limits, and the Warning on answers that are stale.

``no-cache`` on one row, ``max-age`` on anything: when the answer would be older, the tail of the company's ledger is
woken, once for all who ask within :data:`SPACING_SECONDS`, and this request waits for it a little. Whatever comes of
that, Age tells the truth. ``max-stale`` allows as much more, ``only-if-cached`` never wakes anything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from gateway.availability import address
from gateway.availability.address import Kind
from gateway.availability.service import JOB, Availability
from gateway.cache.base import Cache, CacheUnavailable
from gateway.cache.memo import REMEMBER
from gateway.errors import ODataError

SPACING_SECONDS = 5
"""Callers can make Business Central be asked this often for each company, and no more."""
_LOOKS, _PAUSE_SECONDS = 25, 0.1
_MOST_WAITING = 4
"""Requests of one process that wait at once; the others get what there is."""
_NEWEST = "gateway.newest"
_FAILED = "gateway.refresh_failed"
_ONE_ROW = frozenset({Kind.ROW, Kind.PROPERTY, Kind.VALUE})
_DATA = _ONE_ROW | {Kind.ROWS, Kind.COUNT}
STALE, NOT_REVALIDATED = '110 - "Response is Stale"', '111 - "Revalidation Failed"'


class Refresher:
    """Makes answers of a company newer when a caller asks for it. ``pause`` waits some seconds, or until something may
    have happened; ``tailed_at`` asks the database."""

    def __init__(
        self,
        cache: Cache,
        wake: Callable[[str, str], None],
        tailed_at: Callable[[str], datetime | None],
        forget: Callable[[], None],
        clock: Callable[[], datetime],
        pause: Callable[[float], object],
    ) -> None:
        self._cache = cache
        self._wake = wake
        self._tailed_at = tailed_at
        self._forget = forget
        self._clock = clock
        self._pause = pause
        self._places = threading.BoundedSemaphore(_MOST_WAITING)

    def bring(self, company_id: str, newest: int) -> bool:
        """Have the company's ledger tailed and wait for it; False when that did not come in time."""
        tailed_at = self._tailed_at(company_id)
        if tailed_at is not None and (self._clock() - tailed_at).total_seconds() <= newest:
            self._forget()
            return True
        since = self.asked(company_id, JOB)
        return self.wait(lambda: (now := self._tailed_at(company_id)) is not None and now >= since, self._forget)

    def wait(self, done: Callable[[], bool], then: Callable[[], None] = lambda: None) -> bool:
        """Look until it is done, for two and a half seconds at the most, with few others at the same time."""
        if done():
            then()
            return True
        if not self._places.acquire(blocking=False):
            return False
        try:
            for _ in range(_LOOKS):
                self._pause(_PAUSE_SECONDS)
                if done():
                    then()
                    return True
            return False
        finally:
            self._places.release()

    def asked(self, company_id: str, job: str) -> datetime:
        """Have a job of the company run soon; answers when the run that this request may share was asked for: now, or a
        moment ago by somebody else."""
        now, name = self._clock(), f"refresh:{job}:{company_id}"
        try:
            first = self._cache.add(name, now.isoformat().encode(), SPACING_SECONDS)
            earlier = None if first else self._cache.get(name)
        except CacheUnavailable:
            return now  # nobody knows of the others: wait for what the timer does
        if first:
            self._wake(job, company_id)
        return datetime.fromisoformat(earlier.decode()) if earlier is not None else now


def directives(header: str) -> Mapping[str, str]:
    """The directives of a Cache-Control header, names in lower case, "" for one without a value."""
    parts = (part.partition("=") for part in header.lower().split(","))
    return {name.strip(): value.strip().strip('"') for name, _, value in parts if name.strip()}


def wished(header: str, *, one_row: bool) -> int | None:
    """The age in seconds that this caller accepts at most; None when anything we give is good enough."""
    asked = directives(header)
    if "only-if-cached" in asked:
        return None
    newest = 0 if "no-cache" in asked and one_row else _seconds(asked.get("max-age"))
    if newest is None:
        return None
    if "max-stale" in asked:
        more = _seconds(asked["max-stale"])
        return None if more is None else newest + more
    return newest


def _seconds(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None


def honouring(guard: Callable[[], None], service: Availability, refresher: Refresher) -> Callable[[], None]:
    """The guard, and behind it the look at Cache-Control: nobody without a key wakes anything."""

    def guarded() -> None:
        guard()
        if request.method not in ("GET", "HEAD"):
            return
        header = request.headers.get("Cache-Control", "")
        if not header:
            return
        try:
            place = address.parse(request.path, {})
        except ODataError:
            return  # the application says what is wrong with the address
        if place.kind not in _DATA or (newest := wished(header, one_row=place.kind in _ONE_ROW)) is None:
            return
        company = service.company(place.company_name, place.company_id, request.args.get("company", ""))
        request.environ[_NEWEST] = newest
        request.environ[_FAILED] = not refresher.bring(company.id, newest)

    return guarded


def warn(blueprint: Blueprint, max_age: int) -> None:
    """Mark what is older than ``max_age``, or than its caller wished, as stale; such an answer is not remembered."""

    @blueprint.after_request
    def _warned(response: Response) -> Response:
        age, environ = response.headers.get("Age"), request.environ
        if age is not None and int(age) > min(max_age, environ.get(_NEWEST, max_age)):
            response.headers.add("Warning", STALE)
            if environ.get(_FAILED):
                response.headers.add("Warning", NOT_REVALIDATED)
            forget_answer(environ)
        return response


def forget_answer(environ: dict[str, Any]) -> None:
    """This answer is not one to be given again."""
    environ.pop(REMEMBER, None)

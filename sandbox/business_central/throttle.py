"""Operational limits per client, as online: so many requests at once, so many waiting, so many in a sliding window.

The rate limit is off unless set, because a test or a demo asks more in a minute than a business does in an hour.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.business_central import errors

RETRY_AFTER = "10"
"""Seconds that 503 names, as documented, and 429, where the header was seen by third parties only."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The real numbers but for ``requests``: online 6000 per 300 seconds, here 0, which is no limit."""

    concurrent: int = 5
    queued: int = 95
    requests: int = 0
    seconds: float = 300.0
    wait_seconds: float = 480.0


@dataclass(slots=True)
class _Use:
    running: int = 0
    waiting: int = 0
    seen: deque[datetime] = field(default_factory=deque)


class Throttle:
    """Lets requests in one client at a time or says no."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.limits = Limits()
        self._now = now
        self._change = threading.Condition()
        self._uses: dict[str, _Use] = {}

    def set(self, limits: Limits) -> None:
        """Go on with other limits, and with no requests seen."""
        with self._change:
            self.limits = limits
            for use in self._uses.values():
                use.seen.clear()
            self._change.notify_all()

    @contextmanager
    def admit(self, client: str) -> Iterator[None]:
        """Hold a place for one request. Raises Refused (429) at once, or (503) after waiting too long."""
        with self._change:
            use = self._uses.setdefault(client, _Use())
            self._count(use)
            self._wait(use)
            use.running += 1
        try:
            yield
        finally:
            with self._change:
                use.running -= 1
                self._change.notify_all()

    def _count(self, use: _Use) -> None:
        limits, now = self.limits, self._now()
        if not limits.requests:
            return
        oldest = now - timedelta(seconds=limits.seconds)
        while use.seen and use.seen[0] <= oldest:
            use.seen.popleft()
        if len(use.seen) >= limits.requests:
            raise errors.too_many(len(use.seen) + 1, limits.requests, RETRY_AFTER)
        use.seen.append(now)

    def _wait(self, use: _Use) -> None:
        if use.running < self.limits.concurrent:
            return
        if use.waiting >= self.limits.queued:
            most = self.limits.concurrent + self.limits.queued
            raise errors.too_many(use.running + use.waiting + 1, most, RETRY_AFTER)
        use.waiting += 1
        try:
            if not self._change.wait_for(lambda: use.running < self.limits.concurrent, self.limits.wait_seconds):
                late = "The request waited too long to be processed."
                raise errors.Refused(503, "Internal_TenantUnavailable", late, {"Retry-After": RETRY_AFTER})
        finally:
            use.waiting -= 1

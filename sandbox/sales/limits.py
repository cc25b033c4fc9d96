"""Service protection: requests, time spent and requests at once, each counted per user in a sliding window.

Concurrency has the real limit. The other two are off unless set, because a test or a demo asks more in a minute than
a business does in an hour; ``Limits.real()`` has the vendor's numbers.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from sandbox.sales.errors import DataverseError


class Limited(DataverseError):
    """429, with the whole seconds after which it is worth asking again."""

    def __init__(self, code: str, message: str, retry_after: int) -> None:
        super().__init__(429, code, message)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Limits:
    """0 is no limit."""

    requests: int = 0
    milliseconds: int = 0
    """Of time spent answering, over all requests of the window."""
    concurrent: int = 52
    seconds: int = 300
    """Length of the window."""

    @classmethod
    def real(cls) -> Self:
        """The numbers of an online environment."""
        return cls(requests=6000, milliseconds=1_200_000)


@dataclass(slots=True)
class _Use:
    running: int = 0
    asked: deque[datetime] = field(default_factory=deque)
    spent: deque[tuple[datetime, float]] = field(default_factory=deque)
    refused: int = 0
    """Refusals in a row: who keeps asking is told to wait longer."""


class ServiceProtection:
    """Counts what users ask and refuses what is too much. Thread-safe."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._uses: dict[str, _Use] = {}
        self._limits = Limits()

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self._limits

    def set(self, limits: Limits) -> None:
        """Go on with other limits and without a past."""
        with self._lock:
            self._limits = limits
            for use in self._uses.values():
                use.asked.clear()
                use.spent.clear()
                use.refused = 0

    @contextmanager
    def admit(self, user: str) -> Iterator[dict[str, str]]:
        """Let one request of ``user`` happen; yields the headers that tell what is left. Raises Limited."""
        began = time.monotonic()
        with self._lock:
            headers = self._enter(user)
        try:
            yield headers
        finally:
            with self._lock:
                use = self._uses[user]
                use.running -= 1
                use.spent.append((self._now(), (time.monotonic() - began) * 1000))

    def _enter(self, user: str) -> dict[str, str]:
        limits, use, now = self._limits, self._uses.setdefault(user, _Use()), self._now()
        start = now - timedelta(seconds=limits.seconds)
        while use.asked and use.asked[0] <= start:
            use.asked.popleft()
        while use.spent and use.spent[0][0] <= start:
            use.spent.popleft()
        spent = sum(milliseconds for _, milliseconds in use.spent)
        if limits.concurrent and use.running >= limits.concurrent:
            message = f"Number of concurrent requests exceeded the limit of {limits.concurrent}."
            raise self._refusal(use, "0x80072326", message, 1)
        if limits.requests and len(use.asked) >= limits.requests:
            message = (
                f"Number of requests exceeded the limit of {limits.requests} over time window of"
                f" {limits.seconds} seconds."
            )
            raise self._refusal(use, "0x80072322", message, _until(use.asked[0], start))
        if limits.milliseconds and spent >= limits.milliseconds:
            message = (
                f"Combined execution time of incoming requests exceeded limit of {limits.milliseconds:,} milliseconds"
                f" over time window of {limits.seconds} seconds. Decrease number of concurrent requests or reduce the"
                " duration of requests and try again later."
            )
            raise self._refusal(use, "0x80072321", message, _until(use.spent[0][0], start))
        use.refused = 0
        use.running += 1
        use.asked.append(now)
        left = (limits.requests or Limits.real().requests) - len(use.asked)
        time_left = (limits.milliseconds or Limits.real().milliseconds) - spent
        return {
            "x-ms-ratelimit-burst-remaining-xrm-requests": str(max(0, left)),
            "x-ms-ratelimit-time-remaining-xrm-requests": f"{max(0.0, time_left) / 1000:.2f}",
        }

    @staticmethod
    def _refusal(use: _Use, code: str, message: str, seconds: int) -> Limited:
        use.refused += 1
        return Limited(code, message, seconds + use.refused - 1)


def _until(oldest: datetime, start: datetime) -> int:
    """Whole seconds until the oldest entry leaves the window."""
    return max(1, math.ceil((oldest - start).total_seconds()))

"""When to ask again, and when to hold back: back-off with jitter, ``Retry-After``, and the pause all threads share.

Waiting goes through one function that a stopping process interrupts, so no thread sleeps through a shutdown.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from bridge.clients.odata import header

LONGEST_WAIT = 60.0
"""Seconds a call waits for a system that asks for patience; told to wait longer, the call fails instead."""

_FIRST_WAIT = 0.5
_LONGEST_BACK_OFF = 8.0

Wait = Callable[[float], bool]
"""Waits so many seconds; True when the process is stopping and the wait was cut short."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a transport waits. Tests hand in their own clock, wait and jitter."""

    wait: Wait
    attempts: int = 5
    monotonic: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = field(default_factory=lambda: secrets.SystemRandom().random)

    def back_off(self, attempt: int) -> float:
        """Seconds before the attempt after this one (counted from 1): doubling, and spread so that threads part."""
        ceiling = min(_FIRST_WAIT * 2.0 ** (attempt - 1), _LONGEST_BACK_OFF)
        return ceiling * (0.5 + 0.5 * self.jitter())


class Gate:
    """Closed for a while when a system asks to slow down: then no thread of this process sends it anything."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._lock = threading.Lock()
        self._opens_at = 0.0

    def close_for(self, seconds: float) -> None:
        """Keep everybody out for so long, or longer if it is closed for longer already."""
        with self._lock:
            self._opens_at = max(self._opens_at, self._pace.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds until it opens; 0 when it is open."""
        with self._lock:
            return max(0.0, self._opens_at - self._pace.monotonic())


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After``: seconds, or a moment, measured against the answer's own ``Date``. None when unreadable."""
    text = header(headers, "Retry-After").strip()
    if text.isdecimal():
        return float(text)
    try:
        until, now = parsedate_to_datetime(text), parsedate_to_datetime(header(headers, "Date"))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):  # unreadable, or one with and one without a time zone
        return None

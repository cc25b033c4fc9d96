"""The sandbox's own time: it runs with the machine's clock, and a test may set it or push it forward."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    """Answers "now" for both systems, so that a test can let a day pass in one call."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The sandbox's time, aware, in UTC."""
        with self._lock:
            return datetime.now(UTC) + self._offset

    def set(self, moment: datetime) -> None:
        """Go on from ``moment``, which must be aware of its time zone; ValueError if it is not."""
        if moment.tzinfo is None:
            raise ValueError(f"{moment.isoformat()} has no time zone")
        with self._lock:
            self._offset = moment - datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass at once (negative goes back)."""
        with self._lock:
            self._offset += timedelta(seconds=seconds)

    @property
    def offset(self) -> timedelta:
        """How far it is ahead of the machine's own time."""
        with self._lock:
            return self._offset

    @offset.setter
    def offset(self, ahead: timedelta) -> None:
        with self._lock:
            self._offset = ahead

    def reset(self) -> None:
        """Back to the machine's own time."""
        with self._lock:
            self._offset = timedelta()

"""Keep a lease while work goes on: a thread renews it, so that long work is not taken over while its holder lives.

What the lease is on (a job, a handful of journal rows) is the caller's business; here it is only a function that
renews. Taking over an expired lease is safe everywhere (see docs/decisions/0004), so a lost one is a reason to stop
early, not an error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import structlog

from bridge.records import Clock
from bridge.store.database import DatabaseFailed

_log = structlog.get_logger(__name__)
_BEATS_PER_LEASE = 3


class KeptLease:
    """Renews a lease three times in its length, from entering the ``with`` block until leaving it.

    ``renew`` gets the new end and answers False when somebody else has the lease by now. The lease counts as lost then,
    and also when the database could not be reached until it ran out. Leaving the block does not give the lease back.
    """

    def __init__(self, renew: Callable[[datetime], bool], *, length: timedelta, clock: Clock) -> None:
        self._renew = renew
        self._length = length
        self._clock = clock
        self._until = clock() + length
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)

    @property
    def lost(self) -> bool:
        """True once somebody else may be doing this work: start nothing new."""
        return self._lost.is_set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        pause = self._length.total_seconds() / _BEATS_PER_LEASE
        while not self._ended.wait(pause):
            until = self._clock() + self._length
            try:
                if not self._renew(until):
                    self._lost.set()
                    return
            except DatabaseFailed as error:
                _log.warning("lease not renewed", error=type(error).__name__)
                if self._clock() >= self._until:
                    self._lost.set()
                    return
            else:
                self._until = until

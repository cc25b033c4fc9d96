"""The worker: look at the jobs table, pass on what is due, wait until the next is; stop cleanly when asked.

It looks once a second at least, earlier when woken (a job ended here, or somebody announced work on Redis). Any number
of workers may look at the same table. Stopping means: start nothing new, tell running work to end after the record it
is on, wait for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import structlog

from bridge.records import Clock
from bridge.store import jobs
from bridge.store.database import Database, DatabaseFailed
from bridge.work.runner import JobRunner
from bridge.work.spread import Spread
from bridge.work.wakeups import Wakeups

LOOK_SECONDS = 1.0
"""The longest pause between two looks at the table; one small query each."""
_SHORTEST_PAUSE_SECONDS = 0.02
_MINUTE = timedelta(minutes=1)

_log = structlog.get_logger(__name__)


class Worker:
    """One process's part in the work. ``prepare`` defines the jobs; it is called until it answers True. ``stop`` is the
    event running work looks at to know that it should end soon. ``each_minute`` is called that often and at the end.
    """

    def __init__(
        self,
        db: Database,
        runner: JobRunner,
        spread: Spread,
        *,
        clock: Clock,
        prepare: Callable[[], bool],
        stop: threading.Event,
        redis_url: str = "",
        each_minute: Callable[[], None] = lambda: None,
    ) -> None:
        self._db = db
        self._runner = runner
        self._spread = spread
        self._clock = clock
        self._prepare = prepare
        self._prepared = False
        self._each_minute = each_minute
        self._minute_ends = clock() + _MINUTE
        self._look = threading.Event()
        self._stop = stop
        self._wakeups = Wakeups(redis_url, self._look.set) if redis_url else None

    def stop(self) -> None:
        """Ask :meth:`run` to end. Safe in a signal handler, and to repeat."""
        self._stop.set()
        self._look.set()

    def run(self) -> None:
        """Work until :meth:`stop`; comes back when everything that was begun has ended."""
        self._spread.start(self._runner.run_if_due, self._look.set)
        if self._wakeups is not None:
            self._wakeups.start()
        try:
            while not self._stop.is_set():
                self._look.wait(self._offer_what_is_due())
                self._look.clear()
                if self._clock() >= self._minute_ends:
                    self._minute_ends = self._clock() + _MINUTE
                    self._each_minute()
        finally:
            if self._wakeups is not None:
                self._wakeups.stop()
            self._spread.stop()
            self._each_minute()

    def _offer_what_is_due(self) -> float:
        """Pass on every due job; answer how many seconds to wait before looking again."""
        try:
            if not self._prepared:
                self._prepared = self._prepare()
            now = self._clock()
            for job in jobs.due(self._db, now):
                if self._stop.is_set():
                    break
                self._spread.offer(job)
            upcoming = jobs.next_due(self._db, after=now)
        except DatabaseFailed as error:
            _log.warning("the database does not answer", error=type(error).__name__)
            return LOOK_SECONDS
        if upcoming is None:
            return LOOK_SECONDS
        return min(LOOK_SECONDS, max(_SHORTEST_PAUSE_SECONDS, (upcoming - self._clock()).total_seconds()))

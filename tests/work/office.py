"""One company's work with made-up jobs: everything of a worker but the remote systems.

As a program (``python -m tests.work.office DATABASE_URL REDIS_URL JOURNAL [hang]``) it is a worker whose one job
appends its process number to the file JOURNAL, and then, with ``hang``, never comes to its end.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from bridge.context import CompanyContext, Outcome
from bridge.records import Clock, Company, utc_now
from bridge.settings import Settings
from bridge.store import jobs
from bridge.store.database import Database
from bridge.store.models import Job
from bridge.wiring import new_owner
from bridge.work.dramatiq_backend import DramatiqSpread
from bridge.work.recurring import Recurring, define
from bridge.work.runner import JobRunner
from bridge.work.spread import Spread
from bridge.work.threads import ThreadSpread
from bridge.work.worker import Worker

COMPANY = Company("11111111-1111-4111-8111-111111111111", "Made-up Goods")


class Office:
    """A runner, and when asked a worker, for these jobs. ``owner`` is a name nobody else has."""

    def __init__(
        self, db: Database, recurring: Sequence[Recurring], *, lease: float = 20, clock: Clock = utc_now
    ) -> None:
        self.db = db
        self.recurring = recurring
        self.owner = new_owner()
        self.stop = threading.Event()
        self.clock = clock
        nobody = cast(Any, None)  # these jobs talk to no remote system
        self.context = CompanyContext(
            db, COMPANY, nobody, nobody, Settings.from_environment(), clock, self.owner, stopping=self.stop.is_set
        )
        self.runner = JobRunner(
            db,
            recurring,
            lambda: {COMPANY.id: self.context},
            owner=self.owner,
            lease=timedelta(seconds=lease),
            clock=clock,
        )

    def define(self) -> bool:
        define(self.db, [COMPANY], self.recurring, self.clock())
        return True

    def job(self, name: str) -> Job:
        found = self.find(name)
        assert found is not None
        return found

    def find(self, name: str) -> Job | None:
        return jobs.get(self.db, COMPANY.id, name)

    def has_finished(self, name: str) -> bool:
        """Whether the job has run at least once without an error."""
        found = self.find(name)
        return found is not None and found.outcome == "finished"

    def worker(self, spread: Spread, redis_url: str = "", prepare: Callable[[], bool] | None = None) -> Worker:
        return Worker(
            self.db,
            self.runner,
            spread,
            clock=self.clock,
            prepare=prepare or self.define,
            stop=self.stop,
            redis_url=redis_url,
        )

    @contextmanager
    def working(self, worker: Worker):
        """The worker runs in a thread of its own until the block is left, then ends cleanly."""
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            yield thread
        finally:
            worker.stop()
            thread.join(timeout=30)
            assert not thread.is_alive(), "the worker did not end"


def spread_for(redis_url: str, threads: int = 2) -> Spread:
    return DramatiqSpread(redis_url, threads) if redis_url else ThreadSpread(threads)


def main() -> None:
    database_url, redis_url, path = sys.argv[1:4]

    def work(ctx: CompanyContext) -> Outcome:
        with Path(path).open("a") as journal:
            journal.write(f"{os.getpid()}\n")
        if "hang" in sys.argv:
            threading.Event().wait()
        return Outcome()

    office = Office(Database(database_url), [Recurring("HANGING", 3600, work)], lease=1)
    office.worker(spread_for(redis_url), redis_url).run()


if __name__ == "__main__":
    main()

"""Spread in one process: a bounded pool of threads. A hint is taken only when a thread is free for it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from bridge.store.jobs import DueJob
from bridge.work.spread import AfterRun, RunIfDue


class ThreadSpread:
    """Runs up to ``threads`` jobs side by side. What it refuses stays in the database, where it can be seen."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="job")
        self._lock = threading.Lock()
        self._taken: set[str] = set()
        self._stopped = False
        self._run_if_due: RunIfDue | None = None
        self._after_run: AfterRun | None = None

    def start(self, run_if_due: RunIfDue, after_run: AfterRun) -> None:
        self._run_if_due, self._after_run = run_if_due, after_run

    def offer(self, job: DueJob) -> bool:
        with self._lock:
            if self._stopped or job.id in self._taken or len(self._taken) >= self._threads:
                return False
            self._taken.add(job.id)
            self._pool.submit(self._follow, job.id)
        return True

    def _follow(self, job_id: str) -> None:
        assert self._run_if_due is not None and self._after_run is not None
        try:
            self._run_if_due(job_id)
        finally:
            with self._lock:
                self._taken.discard(job_id)
            self._after_run()

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
        self._pool.shutdown(wait=True)

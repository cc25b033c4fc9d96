"""The contract by which due work is spread over threads and machines.

What is due, who holds it and what became of it is state in the database. A spread only carries hints: "start this job
now". It may lose one (the next look at the table finds the job again) or deliver one twice (the job is claimed once).
Whoever receives a hint claims the job, runs it, and gives it back; see :class:`bridge.work.runner.JobRunner`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from bridge.store.jobs import DueJob

RunIfDue = Callable[[str], bool]
"""Claims the job with this id when it is due and free, and runs it to its end; False when there was nothing to do."""

AfterRun = Callable[[], None]
"""Called after each hint has been followed, whatever came of it: the table is worth another look."""


class Spread(Protocol):
    """Two backends keep this contract and share one class of tests: a pool of threads, and Dramatiq on Redis."""

    def start(self, run_if_due: RunIfDue, after_run: AfterRun) -> None:
        """Begin to follow hints. Called once."""

    def offer(self, job: DueJob) -> bool:
        """Pass the hint on; never waits. False when it was not taken: known already, or nobody is free."""

    def stop(self) -> None:
        """Follow no further hint, wait until what is running has ended."""

"""Run one job: claim it, keep its lease, do the work, write down what came of it, give it back.

Nothing a job raises gets past here: it becomes its recorded outcome and a listed failure, and the job is due again
after a growing pause. A job that another process holds, or that is not due, is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from bridge.context import CompanyContext, Outcome, Progress, no_progress
from bridge.explain import explain
from bridge.leases import KeptLease
from bridge.records import Clock
from bridge.store import failures, jobs
from bridge.store.database import Database, DatabaseFailed
from bridge.store.models import Job
from bridge.work.recurring import Recurring

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ran:
    """What running a job once came to: an outcome, or the exception that ended it."""

    outcome: Outcome | None
    error: Exception | None


class JobRunner:
    """Runs the jobs of the companies in ``contexts`` (by company id) as ``owner``. Safe to share between threads."""

    def __init__(
        self,
        db: Database,
        recurring: Sequence[Recurring],
        contexts: Callable[[], Mapping[str, CompanyContext]],
        *,
        owner: str,
        lease: timedelta,
        clock: Clock,
    ) -> None:
        self._db = db
        self._work = {job.name: job.run for job in recurring}
        self._contexts = contexts
        self._owner = owner
        self._lease = lease
        self._clock = clock

    def run_if_due(self, job_id: str) -> bool:
        """Claim this job if it is due and free, and run it; False when it was not. Never raises for what a job does."""
        try:
            return self._run(job_id, early=False, progress=no_progress) is not None
        except DatabaseFailed as error:
            # the job's lease, if it was claimed, runs out by itself: it is found again when the database is back
            _log.warning("job not run, the database failed", job=job_id, error=type(error).__name__)
            return False

    def run_now(self, company_id: str, name: str, progress: Progress = no_progress) -> Ran | None:
        """Run a job that may not be due yet; None while another process holds it. The caller sees what it raised."""
        job = jobs.get(self._db, company_id, name)
        return self._run(job.id, early=True, progress=progress) if job is not None else None

    def _run(self, job_id: str, *, early: bool, progress: Progress) -> Ran | None:
        started = self._clock()
        job = jobs.claim(self._db, job_id, owner=self._owner, lease=self._lease, now=started, early=early)
        if job is None:
            return None
        context, work = self._contexts().get(job.company_id), self._work.get(job.name)
        if context is None or work is None:
            # defined by another version of this program or for a company of another install: not ours to run
            jobs.finish(self._db, job, owner=self._owner, now=self._clock(), error="This worker does not know the job.")
            return None
        ran = self._do(job, context, work, progress)
        self._write_down(job, context, ran)
        return ran

    def _do(
        self, job: Job, context: CompanyContext, work: Callable[[CompanyContext], Outcome], progress: Progress
    ) -> Ran:
        lease = KeptLease(
            lambda until: jobs.renew(self._db, job.id, owner=self._owner, until=until),
            length=self._lease,
            clock=self._clock,
        )
        with lease:
            surroundings = replace(context, stopping=lambda: lease.lost or context.stopping(), progress=progress)
            try:
                return Ran(work(surroundings), None)
            except Exception as error:  # noqa: BLE001 - whatever a job raises is its outcome; the worker lives on
                return Ran(None, error)

    def _write_down(self, job: Job, context: CompanyContext, ran: Ran) -> None:
        now = self._clock()
        fields = {
            "job": job.name,
            "company": context.company.name,
            "seconds": (now - (job.started_at or now)).total_seconds(),
        }
        if ran.error is None:
            counts = dict(ran.outcome.counts) if ran.outcome is not None else {}
            sooner = ran.outcome.look_again_at if ran.outcome is not None else None
            jobs.finish(self._db, job, owner=self._owner, now=now, counts=counts, look_again_at=sooner)
            failures.resolve(self._db, job.company_id, "job", [job.id], now)
            failed = ran.outcome.failed if ran.outcome is not None else 0
            # a timer that found nothing to do is no unit of work worth a line every few seconds
            log = _log.info if failed or any(counts.values()) else _log.debug
            log("job finished", **fields, counts=counts, failed=failed)
            return
        why = explain(ran.error)
        jobs.finish(self._db, job, owner=self._owner, now=now, error=str(why))
        again = jobs.get(self._db, job.company_id, job.name)
        problem = failures.Problem(
            subject="job",
            record_id=job.id,
            record=f"Job {job.name} of {context.company.name}",
            code=why.code,
            text=why.text,
            advice=why.advice,
            heals_by_itself=why.heals_by_itself,
            next_attempt_at=again.due_at if again is not None else None,
        )
        failures.resolve(self._db, job.company_id, "job", [job.id], now, except_codes=[why.code])
        failures.report(self._db, job.company_id, [problem], now)
        _log.error("job failed", **fields, code=why.code, error=str(why), exc_info=None if why.foreseen else ran.error)

"""Spread over machines: hints travel as Dramatiq messages on Redis, and any worker's free thread follows them.

The broker is tuned for hints. A message that waited half a minute is dropped, since the job is found again by the next
look at the table. A worker that died is noticed within seconds and not after Dramatiq's minute, and its messages go to
the others. One hint per job and due time is on its way at once, however many workers look at the table. While Redis is
away hints are followed in this process, so that work goes on.
"""

from __future__ import annotations

import dramatiq
import redis
import structlog
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerConnectionError
from dramatiq.middleware import AgeLimit

from bridge.store.jobs import DueJob
from bridge.work.spread import AfterRun, RunIfDue
from bridge.work.threads import ThreadSpread

HEARTBEAT_MILLISECONDS = 10_000
"""Silence after which Dramatiq takes a worker for dead and hands its messages on. Its own default is a minute."""
MAINTENANCE_PER_MILLION = 100_000
"""One fetch in ten also looks for dead workers: with the pauses below that is every few seconds."""
LONGEST_PAUSE_MILLISECONDS = 250
"""Pause between two looks into an empty queue, at the most: what a hint may wait for a free thread."""
HINT_LIVES_MILLISECONDS = 30_000
"""Past this age a hint is dropped."""
SAME_HINT_AGAIN_SECONDS = 5
"""A lost hint is sent again after this time."""
DEAD_LETTERS_MILLISECONDS = 60_000
"""Dropped hints say nothing that the jobs table does not: they are not kept longer than this."""

_log = structlog.get_logger(__name__)


class DramatiqSpread:
    """Sends hints to Redis and follows those that arrive, with ``threads`` threads of its own."""

    def __init__(self, redis_url: str, threads: int, *, namespace: str = "bridge") -> None:
        self._namespace = namespace
        self._broker = RedisBroker(  # type: ignore[no-untyped-call]
            url=redis_url,
            middleware=[AgeLimit()],
            namespace=f"{namespace}:work",
            heartbeat_timeout=HEARTBEAT_MILLISECONDS,
            maintenance_chance=MAINTENANCE_PER_MILLION,
            dead_message_ttl=DEAD_LETTERS_MILLISECONDS,
        )
        actor = dramatiq.actor(
            actor_name="run_if_due", queue_name="jobs", broker=self._broker, max_age=HINT_LIVES_MILLISECONDS
        )
        self._hint = actor(self._follow)
        self._worker = dramatiq.Worker(self._broker, worker_threads=threads, worker_timeout=LONGEST_PAUSE_MILLISECONDS)
        self._here = ThreadSpread(threads)
        self._redis_away = False
        self._stopped = False
        self._run_if_due: RunIfDue | None = None
        self._after_run: AfterRun | None = None

    def start(self, run_if_due: RunIfDue, after_run: AfterRun) -> None:
        self._run_if_due, self._after_run = run_if_due, after_run
        self._here.start(run_if_due, after_run)
        self._worker.start()

    def offer(self, job: DueJob) -> bool:
        if self._stopped:
            return False
        sent = f"{self._namespace}:hint:{job.id}:{job.due_at.timestamp()}"
        try:
            if not self._broker.client.set(sent, "1", nx=True, ex=SAME_HINT_AGAIN_SECONDS):
                return False
            self._hint.send(job.id)
        except (redis.RedisError, BrokerConnectionError) as error:
            if not self._redis_away:
                _log.warning("redis is away, working in this process alone", error=type(error).__name__)
            self._redis_away = True
            return self._here.offer(job)
        if self._redis_away:
            _log.info("redis is back")
            self._redis_away = False
        return True

    def _follow(self, job_id: str) -> None:
        assert self._run_if_due is not None and self._after_run is not None
        try:
            self._run_if_due(job_id)
        finally:
            self._after_run()

    def stop(self) -> None:
        self._stopped = True
        self._here.stop()
        self._worker.stop()
        self._broker.close()

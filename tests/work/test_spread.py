"""The contract of the work's spread: one class of tests, both backends."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
import redis

from bridge.records import new_id, utc_now
from bridge.store.jobs import DueJob
from bridge.work import dramatiq_backend
from bridge.work.dramatiq_backend import DramatiqSpread
from tests.processes import free_port, until
from tests.work.office import spread_for


def hint(name: str = "PICK-UP") -> DueJob:
    return DueJob(new_id(), name, utc_now())


class Follower:
    """Writes down which hints arrive; holds them back while ``gate`` is closed."""

    def __init__(self) -> None:
        self.followed: Counter[str] = Counter()
        self.begun: Counter[str] = Counter()
        self.looks = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()

    def run_if_due(self, job_id: str) -> bool:
        self.begun[job_id] += 1
        assert self.gate.wait(30)
        self.followed[job_id] += 1
        return True

    def after_run(self) -> None:
        self.looks.release()


@pytest.fixture(params=["threads", "redis"])
def make(request):
    """Makes spreads of one kind that are stopped at the end."""
    made = []

    def spread(threads=2):
        made.append(spread_for(url, threads))
        return made[-1]

    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    yield spread
    for one in made:
        one.stop()


class TestSpread:
    """What every backend promises."""

    def test_a_hint_is_followed_and_another_look_suggested(self, make):
        spread, follower, job = make(), Follower(), hint()
        spread.start(follower.run_if_due, follower.after_run)
        assert spread.offer(job)
        assert follower.looks.acquire(timeout=10)
        assert follower.followed == {job.id: 1}

    def test_the_same_hint_is_taken_once_while_it_is_on_its_way(self, make):
        spread, follower, job = make(), Follower(), hint()
        follower.gate.clear()
        spread.start(follower.run_if_due, follower.after_run)
        assert [spread.offer(job) for _ in range(5)] == [True, False, False, False, False]
        follower.gate.set()
        assert follower.looks.acquire(timeout=10)
        assert follower.followed == {job.id: 1}

    def test_no_more_run_side_by_side_than_there_are_threads(self, make):
        spread, follower, hints = make(2), Follower(), [hint() for _ in range(5)]
        follower.gate.clear()
        spread.start(follower.run_if_due, follower.after_run)
        for job in hints:
            spread.offer(job)
        until(lambda: len(follower.begun) == 2, 10, "two to begin")
        assert not threading.Event().wait(0.5)
        assert len(follower.begun) == 2
        follower.gate.set()

    def test_a_job_may_be_offered_again_when_it_is_due_again(self, make):
        spread, follower, job = make(), Follower(), hint()
        spread.start(follower.run_if_due, follower.after_run)
        assert spread.offer(job)
        assert follower.looks.acquire(timeout=10)
        assert spread.offer(DueJob(job.id, job.name, utc_now()))
        assert follower.looks.acquire(timeout=10)
        assert follower.followed == {job.id: 2}

    def test_what_a_run_raises_does_not_end_the_spread(self, make):
        spread, follower, broken, good = make(), Follower(), hint(), hint()

        def run(job_id):
            if job_id == broken.id:
                raise ValueError("a mistake in our program")
            return follower.run_if_due(job_id)

        spread.start(run, follower.after_run)
        spread.offer(broken)
        assert follower.looks.acquire(timeout=10)
        spread.offer(good)
        assert follower.looks.acquire(timeout=10)
        assert follower.followed == {good.id: 1}

    def test_stopping_waits_for_what_runs_and_takes_no_more(self, make):
        spread, follower, job = make(), Follower(), hint()
        follower.gate.clear()
        spread.start(follower.run_if_due, follower.after_run)
        spread.offer(job)
        until(lambda: follower.begun[job.id], 10, "it to begin")
        stopping = threading.Thread(target=spread.stop)
        stopping.start()
        until(lambda: not spread.offer(hint()), 10, "hints to be refused")
        assert follower.followed[job.id] == 0
        follower.gate.set()
        stopping.join(timeout=20)
        assert not stopping.is_alive()
        assert follower.followed[job.id] == 1


def test_a_hint_from_one_machine_is_followed_on_another(redis_url):
    """Two workers on one Redis: the one that offered is busy, the other one has a free thread."""
    busy, free = Follower(), Follower()
    first, second = DramatiqSpread(redis_url, 1), DramatiqSpread(redis_url, 1)
    first.start(busy.run_if_due, busy.after_run)
    try:
        busy.gate.clear()
        for _ in range(2):  # Dramatiq takes one message more from the queue than it can work on
            first.offer(hint())
        until(lambda: busy.begun, 10, "the first to be busy")
        second.start(free.run_if_due, free.after_run)
        job = hint()
        first.offer(job)
        until(lambda: free.followed[job.id], 10, "the second to follow the hint")
    finally:
        busy.gate.set()
        first.stop()
        second.stop()


def test_a_lost_hint_is_sent_again(redis_url):
    """A message that Redis lost: the job is still due, and after a few seconds it is offered anew."""
    spread, job = DramatiqSpread(redis_url, 1), hint()
    assert spread.offer(job)
    assert not spread.offer(job)
    with redis.Redis.from_url(redis_url) as client:
        [known] = client.keys(f"bridge:hint:{job.id}:*")
        assert 0 < client.ttl(known) <= dramatiq_backend.SAME_HINT_AGAIN_SECONDS
        client.delete(known)
    assert spread.offer(job)
    spread.stop()


def test_work_goes_on_in_this_process_while_redis_is_away():
    spread, follower, job = DramatiqSpread(f"redis://127.0.0.1:{free_port()}/0", 1), Follower(), hint()
    spread.start(follower.run_if_due, follower.after_run)
    assert spread.offer(job)
    assert follower.looks.acquire(timeout=10)
    assert follower.followed == {job.id: 1}
    spread.stop()


def test_broken_connections_to_redis_do_not_end_the_spread(redis_url):
    spread, follower = DramatiqSpread(redis_url, 1), Follower()
    spread.start(follower.run_if_due, follower.after_run)
    with redis.Redis.from_url(redis_url) as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    spread.offer(hint())
    assert follower.looks.acquire(timeout=20)
    spread.stop()


def test_dead_workers_are_noticed_in_less_than_half_a_minute():
    """Dramatiq's own defaults take minutes: a silent worker counts as dead after a minute, and one fetch in a thousand
    looks for such."""
    fetches_a_second = 1000 / dramatiq_backend.LONGEST_PAUSE_MILLISECONDS
    looks_a_second = fetches_a_second * dramatiq_backend.MAINTENANCE_PER_MILLION / 1_000_000
    assert dramatiq_backend.HEARTBEAT_MILLISECONDS / 1000 + 3 / looks_a_second < 30

"""The worker as a whole: what is due runs, a dead worker is replaced, stopping is clean."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import pytest
import redis

from bridge.context import Outcome
from bridge.store import jobs
from bridge.store.database import Database
from bridge.work.recurring import Recurring
from bridge.work.threads import ThreadSpread
from bridge.work.wakeups import CHANNEL, Wakeups, announce
from tests.processes import Child, environment, until
from tests.work.office import Office, spread_for


class Counting:
    """A job that counts its runs."""

    def __init__(self) -> None:
        self.runs = 0
        self.before: Callable[[], object] = lambda: None

    def __call__(self, ctx):
        self.before()
        self.runs += 1
        return Outcome(counts={"runs": self.runs})


@pytest.fixture
def office_with(state):
    """A worker's surroundings, alone on SQLite and with PostgreSQL and Redis."""
    database = Database(state["DATABASE_URL"])

    def make(*recurring, **options):
        office = Office(database, recurring, **options)
        return office, office.worker(spread_for(state["REDIS_URL"]), state["REDIS_URL"])

    yield make
    database.close()


def test_every_job_runs_when_it_is_due_again_and_again(office_with):
    often, seldom = Counting(), Counting()
    office, worker = office_with(Recurring("OFTEN", 1, often), Recurring("SELDOM", 3600, seldom))
    with office.working(worker):
        until(lambda: often.runs >= 3, 20, "three runs")
    assert seldom.runs == 1
    assert office.job("OFTEN").outcome == "finished"


def test_a_job_that_fails_is_no_hindrance_to_the_others(office_with):
    def broken(ctx):
        raise ValueError("always")

    good = Counting()
    office, worker = office_with(Recurring("BROKEN", 1, broken), Recurring("GOOD", 1, good))
    with office.working(worker):
        until(lambda: good.runs >= 2 and office.job("BROKEN").failures_in_a_row, 20, "both to run")


def test_a_wake_up_is_heard_within_two_seconds(office_with, state):
    job = Counting()
    office, worker = office_with(Recurring("PICK-UP", 3600, job))
    with office.working(worker):
        until(lambda: office.has_finished("PICK-UP"), 20, "the first run")
        jobs.wake(office.db, "PICK-UP", office.clock())
        announce(state["REDIS_URL"])
        until(lambda: job.runs == 2, 2, "the second run")


def test_a_wake_up_while_the_job_runs_makes_it_run_once_more(office_with):
    begun, go_on = threading.Event(), threading.Event()
    job = Counting()

    def wait():
        begun.set()
        assert go_on.wait(20)

    job.before = wait
    office, worker = office_with(Recurring("PICK-UP", 3600, job))
    with office.working(worker):
        assert begun.wait(20)
        for _ in range(3):
            jobs.wake(office.db, "PICK-UP", office.clock())
        go_on.set()
        until(lambda: job.runs == 2, 10, "the run that was asked for")
        until(lambda: office.job("PICK-UP").lease_owner is None, 10, "its end")
    assert job.runs == 2


def test_stopping_lets_what_runs_end_and_starts_nothing_new(office_with):
    begun, told = threading.Event(), threading.Event()

    def work(ctx):
        begun.set()
        until(ctx.stopping, 20, "being told to stop")
        told.set()
        return Outcome(counts={"finished properly": 1})

    office, worker = office_with(Recurring("LONG", 1, work))
    with office.working(worker):
        assert begun.wait(20)
    assert told.is_set()
    assert office.job("LONG").counts == {"finished properly": 1}
    assert office.job("LONG").lease_owner is None


def test_a_worker_waits_until_somebody_can_name_the_companies(sqlite_db):
    """Business Central is away at the start: the worker asks again instead of ending."""
    job = Counting()
    office = Office(sqlite_db, [Recurring("PICK-UP", 3600, job)])
    answers = iter([False, False])
    worker = office.worker(ThreadSpread(1), prepare=lambda: next(answers, True) and office.define())
    with office.working(worker):
        until(lambda: job.runs == 1, 20, "the job to run in the end")


def test_a_killed_worker_is_replaced_when_its_lease_has_run_out(state, tmp_path):
    """The first worker is killed hard in the middle of its job; a second one that is there takes it over."""
    path = tmp_path / "runs"
    arguments = [sys.executable, "-m", "tests.work.office", state["DATABASE_URL"], state["REDIS_URL"], str(path)]
    env = environment({"DATABASE_URL": state["DATABASE_URL"]})

    def runs():
        return path.read_text().split() if path.exists() else []

    first = Child("first worker", [*arguments, "hang"], log=tmp_path / "first.log", env=env)
    second = None
    try:
        first.wait_ready(lambda: len(runs()) == 1, 30)
        second = Child("second worker", arguments, log=tmp_path / "second.log", env=env)
        first.kill()
        second.wait_ready(lambda: len(runs()) == 2, 30)
        assert runs()[1] == str(second.process.pid)
        database = Database(state["DATABASE_URL"])
        until(lambda: Office(database, []).has_finished("HANGING"), 10, "the job's end")
        database.close()
    finally:
        first.kill()
        if second is not None:
            second.kill()


def test_announcements_are_heard_and_a_broken_connection_is_made_again(redis_url):
    heard = threading.Semaphore(0)
    wakeups = Wakeups(redis_url, heard.release)
    wakeups.start()
    try:
        assert wakeups.listening.wait(10)
        assert heard.acquire(timeout=10), "listening begins with a look: what came before is not lost"
        announce(redis_url)
        assert heard.acquire(timeout=10)
        with redis.Redis.from_url(redis_url) as client:
            client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            until(lambda: client.pubsub_numsub(CHANNEL)[0][1] == 1, 10, "listening again")
        announce(redis_url)
        assert heard.acquire(timeout=10)
    finally:
        wakeups.stop()

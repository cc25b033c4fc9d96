"""Recurring jobs as state: due, claimed, renewed, taken over, woken, backed off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.store import jobs
from bridge.store.models import Job

COMPANY = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
LEASE = timedelta(seconds=20)


@pytest.fixture
def job(db, clock) -> Job:
    jobs.define(db, COMPANY, "PICK-UP", 60, clock())
    found = jobs.get(db, COMPANY, "PICK-UP")
    assert found is not None
    return found


def claim(db, job, clock, owner="first", **options):
    return jobs.claim(db, job.id, owner=owner, lease=LEASE, now=clock(), **options)


def read(db, job) -> Job:
    found = jobs.get(db, job.company_id, job.name)
    assert found is not None
    return found


def test_a_job_that_had_to_leave_work_looks_again_before_its_interval_is_over(db, clock, job):
    for wanted, expected in ((5, 5), (-5, 0), (600, 60)):
        claimed = claim(db, job, clock)
        now = clock()
        jobs.finish(db, claimed, owner="first", now=now, look_again_at=now + timedelta(seconds=wanted))
        assert read(db, job).due_at == now + timedelta(seconds=expected)
        clock.forward(60)


def test_a_new_job_is_due_at_once_and_then_after_its_interval(db, clock, job):
    assert [due.id for due in jobs.due(db, clock())] == [job.id]
    claimed = claim(db, job, clock)
    jobs.finish(db, claimed, owner="first", now=clock.forward(3))
    assert jobs.due(db, clock.forward(59)) == []
    assert [due.id for due in jobs.due(db, clock.forward(1))] == [job.id]


def test_a_held_job_is_neither_due_nor_claimed(db, clock, job):
    assert claim(db, job, clock) is not None
    assert jobs.due(db, clock()) == []
    assert claim(db, job, clock, "second") is None
    assert claim(db, job, clock, "second", early=True) is None


def test_a_job_that_is_not_due_is_claimed_only_when_a_person_asks(db, clock, job):
    jobs.finish(db, claim(db, job, clock), owner="first", now=clock())
    assert claim(db, job, clock) is None
    assert claim(db, job, clock, early=True) is not None


def test_an_expired_lease_is_taken_over_and_the_former_holder_has_no_say(db, clock, job):
    """The first holder stood still too long: it can neither renew nor finish what is another's now."""
    first = claim(db, job, clock)
    assert claim(db, job, lambda: clock.now + timedelta(seconds=19.9), "second") is None
    clock.forward(20)
    second = claim(db, job, clock, "second")
    assert second is not None

    assert not jobs.renew(db, job.id, owner="first", until=clock() + LEASE)
    jobs.finish(db, first, owner="first", now=clock(), error="too late")
    assert read(db, job).lease_owner == "second"
    assert read(db, job).error == ""

    jobs.finish(db, second, owner="second", now=clock(), counts={"created": 2})
    assert (read(db, job).outcome, read(db, job).counts, read(db, job).lease_owner) == (
        "finished",
        {"created": 2},
        None,
    )


def test_a_renewed_lease_holds(db, clock, job):
    claim(db, job, clock)
    clock.forward(15)
    assert jobs.renew(db, job.id, owner="first", until=clock() + LEASE)
    clock.forward(15)
    assert claim(db, job, clock, "second") is None


def test_a_wake_up_makes_it_due_now(db, clock, job):
    jobs.finish(db, claim(db, job, clock), owner="first", now=clock())
    assert jobs.wake(db, "PICK-UP", clock()) == 1
    assert [due.id for due in jobs.due(db, clock())] == [job.id]


def test_a_wake_up_while_it_runs_makes_it_run_once_more(db, clock, job):
    """Two wake-ups during one run mean one more run, not two."""
    running = claim(db, job, clock)
    jobs.wake(db, "PICK-UP", clock())
    jobs.wake(db, "PICK-UP", clock(), COMPANY)
    jobs.finish(db, running, owner="first", now=clock.forward(1))

    again = claim(db, job, clock, "second")
    assert again is not None
    jobs.finish(db, again, owner="second", now=clock())
    assert jobs.due(db, clock()) == []


def test_waking_one_company_leaves_the_others_alone(db, clock, job):
    jobs.define(db, OTHER, "PICK-UP", 60, clock())
    for held in jobs.all_jobs(db):
        jobs.finish(db, claim(db, held, clock), owner="first", now=clock())
    assert jobs.wake(db, "PICK-UP", clock(), OTHER) == 1
    assert [due.id for due in jobs.due(db, clock())] == [row.id for row in jobs.all_jobs(db) if row.company_id == OTHER]


def test_failures_in_a_row_double_the_pause_up_to_an_hour_and_success_ends_it(db, clock, job):
    pauses = []
    for _ in range(8):
        jobs.finish(db, claim(db, job, clock, early=True), owner="first", now=clock(), error="Sales is away")
        pauses.append((read(db, job).due_at - clock()).total_seconds())
    assert pauses == [120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert (read(db, job).outcome, read(db, job).error) == ("failed", "Sales is away")

    jobs.finish(db, claim(db, job, clock, early=True), owner="first", now=clock())
    assert (read(db, job).due_at - clock()).total_seconds() == 60
    assert (read(db, job).outcome, read(db, job).error) == ("finished", "")


def test_a_job_that_is_switched_off_rests(db, clock, job):
    with db.write() as session:
        session.get(Job, job.id).enabled = False
    assert jobs.due(db, clock()) == []
    assert claim(db, job, clock, early=True) is None
    assert jobs.next_due(db, clock()) is None


def test_the_next_moment_worth_a_look_is_a_due_time_or_the_end_of_a_lease(db, clock, job):
    started = clock()
    claim(db, job, clock)
    assert jobs.next_due(db, started) == started + LEASE
    jobs.finish(db, read(db, job), owner="first", now=started)
    assert jobs.next_due(db, started) == started + timedelta(seconds=60)
    assert jobs.next_due(db, started + timedelta(seconds=60)) is None


def test_defining_again_changes_the_interval_and_nothing_else(db, clock, job):
    jobs.finish(db, claim(db, job, clock), owner="first", now=clock())
    due = read(db, job).due_at
    jobs.define(db, COMPANY, "PICK-UP", 30, clock.forward(5))
    assert (read(db, job).id, read(db, job).interval_seconds, read(db, job).due_at) == (job.id, 30, due)


def test_jobs_of_companies_no_longer_served_go(db, clock, job):
    jobs.define(db, OTHER, "PICK-UP", 60, clock())
    jobs.forget_others(db, [COMPANY])
    assert [row.company_id for row in jobs.all_jobs(db)] == [COMPANY]

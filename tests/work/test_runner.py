"""Running one job: claimed, done, written down, whatever it comes to."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from bridge.clients.errors import Unreachable
from bridge.context import Outcome
from bridge.errors import NotConfigured
from bridge.records import Side, utc_now
from bridge.store import failures, jobs
from bridge.store.database import Database
from bridge.work.recurring import Recurring
from tests.processes import until
from tests.work.office import COMPANY, Office


def office_for(db, work, **options):
    office = Office(db, [Recurring("PICK-UP", 60, work)], **options)
    office.define()
    return office


def run(office):
    ran = office.runner.run_now(COMPANY.id, "PICK-UP")
    assert ran is not None
    return ran


def test_what_a_job_counted_is_written_down(db):
    office = office_for(db, lambda ctx: Outcome(counts={"created": 3}, failed=1))
    assert office.runner.run_if_due(office.job("PICK-UP").id)

    job = office.job("PICK-UP")
    assert (job.outcome, job.counts, job.lease_owner, job.error) == ("finished", {"created": 3}, None, "")
    assert not office.runner.run_if_due(job.id), "it is not due again yet"


def test_a_job_runs_for_its_company_under_our_name(db):
    seen = []

    def work(ctx):
        seen.append((ctx.company, ctx.owner))
        return Outcome()

    office = office_for(db, work)
    office.runner.run_if_due(office.job("PICK-UP").id)
    assert seen == [(COMPANY, office.owner)]


@pytest.mark.parametrize(
    ("error", "code", "heals"),
    [
        (Unreachable("no route", system=Side.SALES, purpose="list orders"), "Unreachable", True),
        (NotConfigured("SALES_URL"), "NotConfigured", False),
        (KeyError("secret-value"), "KeyError", False),
    ],
)
def test_what_ends_a_job_is_listed_until_it_works_again(db, error, code, heals):
    """The failure says what and when next; texts nobody foresaw are not shown, they may hold anything."""
    errors = iter([error, error])

    def work(ctx):
        for one in errors:
            raise one
        return Outcome()

    office = office_for(db, work)
    job_id = office.job("PICK-UP").id
    for _ in range(2):
        assert run(office).error is error

    [listed] = failures.open_failures(db)
    assert (listed.subject, listed.record_id, listed.code, listed.count) == ("job", job_id, code, 2)
    assert listed.heals_by_itself is heals
    assert listed.next_attempt_at == office.job("PICK-UP").due_at
    assert "secret-value" not in listed.text + listed.advice + office.job("PICK-UP").error
    assert office.job("PICK-UP").outcome == "failed"

    assert run(office).error is None
    assert failures.open_failures(db) == []
    assert office.job("PICK-UP").outcome == "finished"


def test_a_job_that_runs_longer_than_its_lease_keeps_it(db):
    """Twice the lease's length: another process asking all the time never gets the job."""
    go_on, begun = threading.Event(), threading.Event()

    def work(ctx):
        begun.set()
        assert go_on.wait(20)
        return Outcome()

    office = office_for(db, work, lease=0.6)
    other = office_for(db, work, lease=0.6)
    job_id = office.job("PICK-UP").id
    first_end = utc_now() + timedelta(seconds=1.2)
    thread = threading.Thread(target=office.runner.run_if_due, args=[job_id])
    thread.start()
    assert begun.wait(10)
    try:
        until(lambda: utc_now() > first_end or other.runner.run_if_due(job_id), 10, "two lengths of the lease")
        assert office.job("PICK-UP").lease_owner == office.owner
    finally:
        go_on.set()
        thread.join()
    assert office.job("PICK-UP").outcome == "finished"


def test_a_job_whose_lease_was_taken_is_told_to_stop(db):
    """Somebody else holds it by now: what runs here should start nothing new, and its end is not written down."""
    begun = threading.Event()

    def work(ctx):
        begun.set()
        until(ctx.stopping, 10, "being told to stop")
        return Outcome(counts={"created": 1})

    office = office_for(db, work, lease=0.6)
    job_id = office.job("PICK-UP").id
    thread = threading.Thread(target=office.runner.run_if_due, args=[job_id])
    thread.start()
    assert begun.wait(10)
    late = utc_now() + timedelta(hours=1)  # another machine, whose clock says that the lease ran out
    assert jobs.claim(db, job_id, owner="other", lease=timedelta(minutes=1), now=late, early=True) is not None
    thread.join(timeout=20)
    assert not thread.is_alive()
    job = office.job("PICK-UP")
    assert (job.lease_owner, job.outcome, job.counts) == ("other", "", {})


def test_a_job_this_program_does_not_know_is_put_down_as_failed(db):
    office = office_for(db, lambda ctx: Outcome())
    jobs.define(db, COMPANY.id, "OF-TOMORROW", 60, utc_now())
    assert not office.runner.run_if_due(office.job("OF-TOMORROW").id)
    assert office.job("OF-TOMORROW").outcome == "failed"


def test_a_database_that_is_away_ends_no_worker(tmp_path):
    office = Office(Database(f"sqlite:///{tmp_path}/without-tables.db"), [])
    assert office.runner.run_if_due("11111111-1111-4111-8111-111111111111") is False
    office.db.close()

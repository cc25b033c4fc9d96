"""The commands that work, against the sandbox: exit codes, what is listed and put back, a clean end."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bridge.cli.runs import recurring_jobs
from bridge.records import utc_now
from bridge.settings import Settings
from bridge.store import companies, jobs, remote_calls
from bridge.store.database import Database
from tests.processes import Product, until

SECRET_KEY = "only-for-tests-0123456789-0123456789-0123456789"


@pytest.fixture
def connected(sqlite_url, sandbox, tmp_path):
    """An installation on SQLite against the sandbox."""
    env = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": sqlite_url, "LOG_FORMAT": "json", **sandbox.env}
    product = Product(env, tmp_path / "product")
    yield product
    product.stop()


@pytest.fixture
def db(sqlite_url):
    database = Database(sqlite_url)
    yield database
    database.close()


def lines_of(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_an_order_that_cannot_be_is_listed_mended_and_retried(connected, sandbox):
    """A blocked customer: pick-up ends with 1 and says so; unblocked and retried the order is in Business Central."""
    connected.bridge("match").expect(0)
    picked = connected.bridge("pick-up", "--json").expect(1)
    [blocked] = [failure for failure in picked.json["failures"] if failure["code"] == "E-ORD-06"]
    number = blocked["record"].split()[2]
    assert picked.json["failed"] == len(picked.json["failures"])
    assert any(line["event"] == "Pick-up finished" and line["remote_calls"] for line in lines_of(picked.err))

    sandbox.bc.set_customer("10180", blocked="")
    retried = connected.bridge("retry", number, "--now", "--json").expect(0)
    assert (retried.json["counts"]["created"], retried.json["failed"]) == (1, 0)
    assert number not in connected.bridge("failures").expect(0).out
    assert "SO1" in connected.bridge("show", number).expect(0).out


def test_refreshing_waits_while_a_worker_tails(connected, db):
    """Two tails at once could write an older answer over a newer one: the command waits for the lease."""
    connected.bridge("refresh-availability").expect(0)
    [company] = companies.all_companies(db)
    job = jobs.get(db, company.id, "AVAILABILITY")
    assert job is not None
    began = utc_now()
    lease = timedelta(seconds=3)
    assert jobs.claim(db, job.id, owner="a worker", lease=lease, now=began, early=True) is not None

    waited = connected.bridge("refresh-availability", "--full").expect(0)

    assert "Another process is refreshing" in waited.err
    assert utc_now() >= began + lease


def test_sales_away_is_reported_and_leaves_nothing_half_done(connected, sandbox):
    """Nothing was listed, so nothing is created; when Sales is back the same command does it all."""
    connected.bridge("match").expect(0)
    before = sandbox.bc.orders()
    sandbox.faults({"system": "sales", "kind": "before"})
    failed = connected.bridge("pick-up").expect(1)
    sandbox.clear_faults()
    assert "Unreachable: Dynamics 365 Sales" in failed.err
    assert sandbox.bc.orders() == before
    assert connected.bridge("pick-up", "--json").json["counts"]["acknowledged"] > 0


def test_a_worker_ends_with_0_when_it_is_asked_to(install, sandbox, state):
    """SIGTERM: what is begun ends, nothing stays held, the last lines say what was asked of whom."""
    db = Database(state["DATABASE_URL"])
    worker = install(sandbox, LOG_FORMAT="json").worker()
    finished = {job.name for job in recurring_jobs(Settings.model_validate({}))}
    worker.wait_ready(lambda: sum(job.outcome == "finished" for job in jobs.all_jobs(db)) == len(finished), 60)
    assert worker.stop() == 0
    assert {job.name: job.lease_owner for job in jobs.all_jobs(db)} == dict.fromkeys(finished)
    saved = remote_calls.read(db)
    db.close()
    lines = lines_of(worker.log.read_text())
    assert lines[-1]["event"] == "worker stopped"
    asked = {purpose for line in lines if line["event"] == "remote calls" for purpose in line["by_purpose"]}
    assert any(purpose.startswith("business-central GET") for purpose in asked)
    assert any(purpose.startswith("sales GET") for purpose in asked)
    assert {f"{one.system} {one.verb} {one.purpose}" for one in saved} == asked


def test_a_worker_that_finds_business_central_away_starts_when_it_is_back(connected, sandbox, db):
    sandbox.faults({"system": "business-central", "kind": "503", "path": ".*/companies$"})
    worker = connected.worker()
    try:
        until(lambda: "waiting for Business Central" in worker.log.read_text(), 60, "the worker to say that it waits")
        assert worker.running
        sandbox.clear_faults()
        worker.wait_ready(lambda: any(job.outcome == "finished" for job in jobs.all_jobs(db)), 60)
    finally:
        sandbox.clear_faults()
    assert worker.stop() == 0

"""What a load balancer sees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from bridge.store import companies
from bridge.store.models import Job
from gateway.health.checks import Check, Checks, Drain, Finding, Status
from tests.gateway.conftest import MAIN, OTHER, ROOT, SET, Door, World, basic, error

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def checks(door: Door) -> dict[str, tuple[str, str]]:
    body = door.get("/readyz").get_json()
    return {one["name"]: (one["status"], one["hint"]) for one in body["checks"]}


def detail(door: Door, name: str) -> str:
    return next(one["detail"] for one in door.get("/readyz").get_json()["checks"] if one["name"] == name)


def worked(world: World) -> None:
    """A worker has just done all that was due."""
    with world.db.write() as session:
        session.execute(update(Job).values(due_at=world.now + timedelta(seconds=60)))


def test_a_gateway_that_can_serve_is_ready(door: Door, world: World):
    worked(world)
    response = door.get("/readyz")
    assert (response.status_code, response.get_json()["status"]) == (200, "ready")
    assert set(checks(door)) == {"database", "cache", "companies", "worker", "availability"}
    assert {status for status, _ in checks(door).values()} == {"ok"}


def test_a_worker_that_is_gone_is_missed_a_minute_after_something_was_due(door: Door, world: World):
    worked(world)
    world.later(120)
    world.tail()
    assert checks(door)["worker"] == ("ok", "")
    world.later(1)
    response = door.get("/readyz")
    assert (response.status_code, response.get_json()["status"]) == (200, "degraded")
    (found,) = [one for one in response.get_json()["checks"] if one["name"] == "worker"]
    assert found["detail"] == "no worker has taken what has been due for 61 s"
    assert found["hint"] == "Start the worker: python -m bridge work. What waits: python -m bridge jobs"
    with world.db.write() as session:
        session.execute(update(Job).values(lease_owner="a worker", lease_until=world.now + timedelta(seconds=20)))
    world.later(1)
    assert checks(door)["worker"] == ("ok", ""), "a job that runs waits for nobody"


def test_old_stock_is_degraded_and_not_unready(door: Door, world: World):
    world.later(31)
    response = door.get("/readyz")
    assert (response.status_code, response.get_json()["status"]) == (200, "degraded")
    assert checks(door)["availability"] == (
        "degraded",
        "Does the worker run, and does Business Central answer? python -m bridge jobs",
    )
    assert detail(door, "availability") == "1 of 1 companies not read within 30 s, the oldest 31 s ago"
    world.later(270)
    assert detail(door, "availability").endswith("the oldest 301 s ago; readers of it get 503")
    assert door.get(f"{ROOT}/{SET}").status_code == 503


def test_a_company_that_was_never_read_is_named_as_such(door: Door, world: World):
    companies.save(world.db, [MAIN, OTHER])
    world.later(1)
    assert detail(door, "availability") == (
        "1 of 2 companies not read within 30 s, one was never read; readers of it get 503"
    )


def test_without_a_company_nothing_can_be_served(door: Door, world: World):
    companies.save(world.db, [])
    world.later(1)
    assert door.get("/readyz").status_code == 503
    assert checks(door)["companies"] == ("failed", "Start the worker: python -m bridge work")


def test_with_everything_behind_it_down_it_is_alive_unready_and_says_why(world: World, make_gateway: Callable):
    door = Door(make_gateway(database_url=NOWHERE, redis_url="redis://127.0.0.1:1/0"), basic("SALES", "x"))
    assert (door.get("/healthz").status_code, door.get("/healthz").text) == (200, "ok\n")
    assert door.get("/readyz").status_code == 503
    found = checks(door)
    assert found["database"][0] == "failed" and "DATABASE_URL" in found["database"][1]
    assert found["cache"][0] == "degraded" and "REDIS_URL" in found["cache"][1]
    response = door.get(f"{ROOT}/{SET}")
    assert error(response) == (503, "Internal_TenantUnavailable")
    assert response.headers["Retry-After"]


def test_a_database_without_tables_is_named_as_such(world: World, make_gateway: Callable, tmp_path):
    door = Door(make_gateway(database_url=f"sqlite:///{tmp_path}/empty.db"), "")
    assert door.get("/readyz").status_code == 503
    assert checks(door)["database"] == ("failed", "Run: python -m bridge.store upgrade")


def test_with_redis_away_answers_go_on(world: World, make_gateway: Callable):
    world.stock("1000", "STK", "5")
    door = Door(make_gateway(redis_url="redis://127.0.0.1:1/0"), basic("SALES", world.key()))
    assert door.rows()[0]["Inventory"] == 5
    assert (door.get("/readyz").status_code, door.get("/readyz").get_json()["status"]) == (200, "degraded")
    door.authorization = basic("SALES", "wrong")
    assert [door.get(f"{ROOT}/{SET}").status_code for _ in range(11)] == [401] * 10 + [429]


def test_a_stopping_gateway_is_unready_and_still_answers(door: Door):
    door.client.application.extensions["gateway"].drain.begin()
    assert (door.get("/readyz").status_code, door.get("/readyz").get_json()["status"]) == (503, "stopping")
    assert door.get("/healthz").status_code == 200
    assert door.get(f"{ROOT}/{SET}").status_code == 200


def test_a_drain_follows_the_flag_it_shares():
    class Flag:
        value = 0

    drain, flag = Drain(), Flag()
    drain.share(flag)
    assert not drain.is_on
    flag.value = 1
    assert drain.is_on


def test_a_check_that_trips_is_a_finding_and_checks_run_once_a_second():
    ticks, runs = [0.0], []

    def trip() -> Finding:
        runs.append(1)
        raise KeyError("x")

    all_checks = Checks([Check("odd", trip)], lambda: ticks[0])
    assert all_checks.run() == [("odd", Finding(Status.FAILED, "could not be checked: KeyError"))]
    all_checks.run()
    assert len(runs) == 1
    ticks[0] = 1.0
    all_checks.run()
    assert len(runs) == 2


def test_the_console_says_that_it_is_not_built(door: Door):
    response = door.get("/console/")
    assert (response.status_code, response.text) == (501, "The console is not built yet.\n")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_read_only_and_never_cached(door: Door, path: str):
    door.authorization = ""
    assert door.get(path).headers["Cache-Control"] == "no-store"
    assert door.ask("POST", path).status_code == 405

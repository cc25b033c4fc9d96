"""The web role as it is shipped: gunicorn with its own configuration, as processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from bridge.records import utc_now
from bridge.store import companies
from bridge.store.database import Database
from bridge.store.gateway import GatewayStore
from demo.processes import Child, environment, until
from tests.conftest import SECRET_KEY
from tests.gateway.conftest import MAIN, SET, World
from tests.processes import free_port

Start = Callable[..., tuple[Child, str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a gateway with these settings; answers its process and its address."""
    children: list[Child] = []

    def run(**settings: str) -> tuple[Child, str]:
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        env = environment({"SECRET_KEY": SECRET_KEY, "PUBLIC_URL": address, "LOG_FORMAT": "json"} | settings)
        command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}"]
        child = Child(f"gateway-{len(children)}", command, log=tmp_path / f"gateway-{len(children)}.log", env=env)
        children.append(child)
        child.wait_ready(lambda: status(f"{address}/healthz") == 200, 30)
        return child, address

    yield run
    for child in children:
        child.stop()


def status(address: str, **arguments: object) -> int:
    try:
        return requests.get(address, timeout=5, **arguments).status_code  # type: ignore[arg-type]
    except requests.RequestException:
        return 0


def test_a_terminated_gateway_turns_unready_first_and_answers_until_it_ends(sqlite_url: str, start: Start):
    db = Database(sqlite_url)
    companies.save(db, [MAIN])
    db.close()
    child, address = start(DATABASE_URL=sqlite_url, DRAIN_SECONDS="2")
    assert status(f"{address}/readyz") == 200
    child.process.terminate()
    until(lambda: status(f"{address}/readyz") == 503, 2, "the gateway to say that it stops")
    assert status(f"{address}/healthz") == 200
    until(lambda: status(f"{address}/healthz") == 0, 10, "the gateway to end")


def test_an_address_too_long_for_gunicorn_is_refused_in_odatas_shape(start: Start, sqlite_url: str):
    _, address = start(DATABASE_URL=sqlite_url, DRAIN_SECONDS="0")
    answer = requests.get(f"{address}/ODataV4/{SET}?$filter={'x' * 9000}", timeout=5)
    assert answer.status_code == 414
    assert answer.json()["error"]["code"] == "BadRequest_InvalidRequestUrl"


def test_a_key_revoked_and_a_row_changed_through_one_gateway_are_seen_through_the_other(
    postgres_url: str, redis_url: str, start: Start, request: pytest.FixtureRequest
):
    db = Database(postgres_url)
    request.addfinalizer(db.close)
    world = World(db, now=utc_now())
    companies.save(db, [MAIN])
    item = world.item("1000", "STK", "5")
    world.couple(item)
    key, watcher = world.key(), world.key("PROM", scope="metrics")
    shared = {"DATABASE_URL": postgres_url, "REDIS_URL": redis_url, "WEB_CONCURRENCY": "2", "DRAIN_SECONDS": "0"}
    addresses = [f"{start(**shared)[1]}/ODataV4/{SET}" for _ in range(2)]

    def stock() -> set[float]:
        answers = [requests.get(one, auth=("SALES", key), timeout=5) for one in addresses * 4]
        return {answer.json()["value"][0]["Inventory"] for answer in answers}

    assert stock() == {5}
    numbers = requests.get(addresses[0].replace(f"ODataV4/{SET}", "metrics"), auth=("PROM", watcher), timeout=5).text
    assert 'gateway_requests_total{memo="' in numbers and 'status="200"} ' in numbers

    world.item("1000", "STK", "4", item_id=item)
    until(lambda: stock() == {4}, 1.5, "both gateways to see the new stock")

    GatewayStore(db, utc_now).revoke_keys("SALES", by="test")
    # Refused is 401, and 429 once this test has guessed wrong often enough.
    refused = {401, 429}
    until(lambda: {status(one, auth=("SALES", key)) for one in addresses * 4} <= refused, 1.5, "both to refuse the key")


@pytest.mark.parametrize(
    ("settings", "options", "says"),
    [
        ({"SECRET_KEY": ""}, [], "Error: SECRET_KEY: "),
        ({"WEB_CONCURRENCY": "2"}, [], "Error: WEB_CONCURRENCY: "),
        ({}, ["--workers", "2"], "Error: --workers: "),
    ],
)
def test_a_start_that_cannot_be_is_refused_in_one_line(
    sqlite_url: str, settings: dict[str, str], options: list[str], says: str
):
    env = environment({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": sqlite_url} | settings)
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{free_port()}", *options]
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert says in ended.stderr and "Traceback" not in ended.stderr

"""Numbers, dashboard and alerts: whatever they show is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bridge.store import remote_calls
from bridge.store.database import Database
from bridge.store.remote_calls import Asked
from tests.gateway.conftest import MAIN, ROOT, SET, Door, World, basic

DOCS = Path(__file__).parents[2] / "docs"
ADDRESS = f"{ROOT}/{SET}"


@pytest.fixture
def metrics(door: Door, world: World):
    """The page of numbers after one request of each kind."""
    prometheus = Door(door.client, basic("PROM", world.key("PROM", scope="metrics")))

    def show() -> str:
        response = prometheus.get("/metrics")
        assert response.status_code == 200
        return response.text

    return show


def test_requests_refusals_and_latency_are_counted(door: Door, world: World, metrics):
    for _ in range(3):
        door.get(ADDRESS)
    door.authorization = basic("SALES", "wrong")
    door.get(ADDRESS)
    page = metrics()
    assert 'gateway_requests_total{memo="hit",method="GET",status="200"} 2.0' in page
    assert 'gateway_requests_total{memo="miss",method="GET",status="200"} 1.0' in page
    assert 'gateway_refusals_total{reason="bad_key"} 1.0' in page
    assert "gateway_request_seconds_count 4.0" in page


def test_a_limit_that_is_met_is_counted_by_what_met_it(world: World, make_gateway):
    client = make_gateway(rate_limit="1 per 5 minutes")
    door = Door(client, basic("SALES", world.key()))
    assert [door.get(ADDRESS).status_code for _ in range(2)] == [200, 429]
    prometheus = Door(client, basic("PROM", world.key("PROM", scope="metrics")))
    page = prometheus.client.get(
        "/metrics",
        headers={"Authorization": prometheus.authorization},
        base_url="https://stock.example",
        environ_overrides={"REMOTE_ADDR": "192.0.2.9"},
    ).text
    assert 'gateway_refusals_total{reason="limit_key"} 1.0' in page


def test_the_age_of_each_companys_stock_is_a_number(door: Door, world: World, metrics):
    world.later(42)
    assert f'gateway_projection_age_seconds{{company="{MAIN.name}"}} 42.0' in metrics()


def test_what_workers_asked_of_the_remote_systems_is_a_number_by_system_and_purpose(door: Door, world: World, metrics):
    asked = Asked("business-central", "POST", "create orders", 2, 60)
    assert remote_calls.add(world.db, [asked, Asked("sales", "GET", "submitted orders", 7, 7)])
    assert remote_calls.add(world.db, [asked]) and remote_calls.add(world.db, [])
    page = metrics()
    labels = 'purpose="create orders",system="business-central",verb="POST"'
    assert f"bridge_remote_requests_total{{{labels}}} 4.0" in page
    assert f"bridge_remote_operations_total{{{labels}}} 120.0" in page
    assert 'bridge_remote_requests_total{purpose="submitted orders",system="sales",verb="GET"} 7.0' in page


def test_calls_that_cannot_be_saved_are_to_be_given_again():
    nowhere = Database("postgresql://nobody@127.0.0.1:1/none")
    assert not remote_calls.add(nowhere, [Asked("sales", "GET", "x", 1, 1)])
    nowhere.close()


def test_readings_of_the_cache_are_counted_by_what_became_of_them(door: Door, world: World, metrics):
    world.stock("1000", "STK", "5")
    for query in ("$top=1", "$top=1&$format=json"):  # two wordings of one question: the rows are shared
        assert door.get(ADDRESS, query).status_code == 200
    page = metrics()
    assert 'gateway_cache_reads_total{outcome="miss",what="rows"} 1.0' in page
    assert 'gateway_cache_reads_total{outcome="hit",what="rows"} 1.0' in page


def test_a_cache_that_is_away_is_counted_as_such(world: World, make_gateway):
    client = make_gateway(redis_url="redis://127.0.0.1:1/0")
    assert Door(client, basic("SALES", world.key())).get(ADDRESS).status_code == 200
    page = Door(client, basic("PROM", world.key("PROM", scope="metrics"))).get("/metrics").text
    assert re.search(r'gateway_cache_reads_total\{outcome="away",what="view"\} [1-9]', page)


@pytest.mark.parametrize("file", ["grafana/gateway.json", "alerts/gateway.yml"])
def test_dashboard_and_alerts_ask_for_numbers_that_exist(door: Door, world: World, metrics, file: str):
    door.get(ADDRESS)
    door.authorization = ""
    door.get(ADDRESS)
    remote_calls.add(world.db, [Asked("sales", "GET", "submitted orders", 1, 1)])
    asked = set(re.findall(r"\b(?:gateway|bridge)_[a-z_]+\b", "\n".join(expressions(DOCS / file))))
    known = set(re.findall(r"^((?:gateway|bridge)_[a-z_]+)", metrics(), re.MULTILINE))
    assert asked and asked <= known


def expressions(file: Path) -> list[str]:
    """What a dashboard or a set of rules asks Prometheus."""
    text = file.read_text("utf-8")
    if file.suffix == ".json":
        return [target["expr"] for panel in json.loads(text)["panels"] for target in panel["targets"]]
    return re.findall(r"^ *expr: (.+)$", text, re.MULTILINE)


def test_the_dashboard_is_one(door: Door):
    board = json.loads((DOCS / "grafana/gateway.json").read_text("utf-8"))
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"]) >= 6
    assert all(panel["targets"] and panel["title"] for panel in board["panels"])

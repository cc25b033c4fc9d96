"""Numbers, dashboard and alerts: whatever they show is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("file", ["grafana/gateway.json", "alerts/gateway.yml"])
def test_dashboard_and_alerts_ask_for_numbers_that_exist(door: Door, world: World, metrics, file: str):
    door.get(ADDRESS)
    door.authorization = ""
    door.get(ADDRESS)
    text = (DOCS / file).read_text("utf-8")
    asked = set(re.findall(r"\bgateway_[a-z_]+\b", text))
    known = set(re.findall(r"^(gateway_[a-z_]+)", metrics(), re.MULTILINE))
    assert asked and asked <= known


def test_the_dashboard_is_one(door: Door):
    board = json.loads((DOCS / "grafana/gateway.json").read_text("utf-8"))
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"]) >= 6
    assert all(panel["targets"] and panel["title"] for panel in board["panels"])

"""Which browser pages may ask."""

from __future__ import annotations

import pytest

from tests.gateway.conftest import ROOT, SET, Door, World, basic

ORIGIN = "https://contoso.crm4.dynamics.com"
ADDRESS = f"{ROOT}/{SET}"


@pytest.fixture
def open_door(world: World, make_gateway) -> Door:
    return Door(make_gateway(cors_origins=f"{ORIGIN}, https://fabrikam.crm4.dynamics.com"), basic("SALES", world.key()))


def test_a_configured_page_may_ask_and_read_what_it_needs(open_door: Door):
    key, open_door.authorization = open_door.authorization, ""
    preflight = open_door.ask("OPTIONS", ADDRESS, Origin=ORIGIN, Access_Control_Request_Headers="authorization")
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]

    open_door.authorization = key
    for _ in range(2):  # the second one from the memo
        answer = open_door.get(ADDRESS, Origin=ORIGIN)
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert {"Age", "ETag", "Retry-After", "OData-Version"} <= set(
            answer.headers["Access-Control-Expose-Headers"].split(", ")
        )
        assert "Origin" in answer.headers["Vary"]


def test_a_page_can_read_why_it_was_refused(open_door: Door):
    open_door.authorization = ""
    refusal = open_door.get(ADDRESS, Origin=ORIGIN)
    assert (refusal.status_code, refusal.headers["Access-Control-Allow-Origin"]) == (401, ORIGIN)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://contoso.crm4.dynamics.com.evil.example", "null", "*"]
)
def test_any_other_page_gets_no_permission(open_door: Door, origin: str):
    for method in ("OPTIONS", "GET"):
        response = open_door.ask(method, ADDRESS, Origin=origin)
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_without_configured_origins_there_is_no_permission_at_all(door: Door):
    response = door.ask("OPTIONS", ADDRESS, Origin=ORIGIN)
    assert response.status_code == 204
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]

"""User name and web service access key: who passes, who does not, and what neither can learn."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.store.gateway import NewKey
from bridge.store.models import ServiceKey
from gateway.keys import digest
from tests.gateway.conftest import NOW, ROOT, SET, Door, World, basic, error

REFUSED = (401, "Authentication_InvalidCredentials")
ADDRESS = f"{ROOT}/{SET}"


def test_a_key_is_44_url_safe_characters_and_is_not_what_is_stored(world: World):
    key = world.key()
    (stored,) = world.store.keys_of("SALES")
    assert len(key) == 44 and key.replace("-", "").replace("_", "").isalnum()
    assert isinstance(stored, ServiceKey)
    assert stored.digest == digest(key, stored.salt) and key not in repr(vars(stored))
    assert len({NewKey("SALES", "availability", None).secret for _ in range(50)}) == 50


def test_every_reason_of_refusal_looks_the_same_and_only_the_log_knows_it(door: Door, world: World):
    expired = world.key("EXPIRED", expires_at=NOW - timedelta(seconds=1))
    revoked = world.key("REVOKED")
    world.store.revoke_keys("REVOKED", by="test")
    disabled = world.key("DISABLED")
    world.store.disable_user("DISABLED", disabled=True, by="test")
    world.later(1)
    cases = {
        "missing": "",
        "malformed": "Bearer abc",
        "unknown_user": basic("NOBODY", "x"),
        "bad_key": basic("SALES", "x" * 44),
        "expired": basic("EXPIRED", expired),
        "revoked": basic("REVOKED", revoked),
        "disabled": basic("DISABLED", disabled),
    }
    bodies = set()
    for reason, authorization in cases.items():
        door.authorization = authorization
        response = door.get(ADDRESS)
        assert error(response) == REFUSED, reason
        assert response.headers["WWW-Authenticate"] == 'Basic realm="Product availability"'
        assert world.lines()[-1]["failure"] == reason
        bodies.add(response.text.replace(response.headers["x-correlation-id"], ""))
    assert len(bodies) == 1


@pytest.mark.parametrize("credentials", ["Basic", "Basic !!!", "Basic QUJD", "Basic æ", "basic", "Negotiate x"])
def test_a_header_that_cannot_be_read_is_refused(door: Door, credentials: str):
    door.authorization = credentials
    assert error(door.get(ADDRESS)) == REFUSED


def test_a_key_works_until_its_last_second(door: Door, world: World):
    door.authorization = basic("SHORT", world.key("SHORT", expires_at=NOW + timedelta(seconds=10)))
    world.later(9)
    assert door.get(ADDRESS).status_code == 200
    world.later(1)
    assert error(door.get(ADDRESS)) == REFUSED


def test_a_new_key_ends_the_old_one_and_a_revoked_one_ends_within_a_second(door: Door, world: World):
    assert door.get(ADDRESS).status_code == 200
    new = world.key("SALES")
    world.later(1)
    assert error(door.get(ADDRESS)) == REFUSED
    door.authorization = basic("SALES", new)
    assert door.get(ADDRESS).status_code == 200
    world.store.revoke_keys("SALES", by="test")
    world.later(1)
    assert error(door.get(ADDRESS)) == REFUSED


def test_a_new_key_is_good_at_once(door: Door, world: World):
    """Who was just given one shall not be refused because this process has not looked yet."""
    assert door.get(ADDRESS).status_code == 200
    door.authorization = basic("SALES", world.key("SALES", overlap=timedelta(hours=1)))
    assert door.get(ADDRESS).status_code == 200
    door.authorization = basic("NEW", world.key("NEW"))
    assert door.get(ADDRESS).status_code == 200


def test_a_key_of_another_scope_opens_nothing_here(door: Door, world: World):
    door.authorization = basic("PROM", world.key("PROM", scope="metrics"))
    assert error(door.get(ADDRESS)) == (403, "Authorization_RequestDenied")
    assert "gateway_requests_total" in door.get("/metrics").text


def test_metrics_are_not_for_everybody(door: Door):
    assert error(door.get("/metrics")) == (403, "Authorization_RequestDenied")
    door.authorization = ""
    assert error(door.get("/metrics")) == REFUSED


def test_guesses_are_limited_and_never_lock_out_the_right_key(door: Door):
    good, door.authorization = door.authorization, basic("SALES", "wrong")
    for _ in range(10):
        assert error(door.get(ADDRESS)) == REFUSED
    response = door.get(ADDRESS)
    assert error(response) == (429, "Unknown")
    assert 0 < int(response.headers["Retry-After"]) <= 301

    door.authorization = good
    assert door.get(ADDRESS, Cache_Control="no-cache").status_code == 200

    door.authorization = basic("SALES", "wrong")
    assert door.get(ADDRESS).status_code == 429


def test_requests_are_limited_per_key_hot_answers_included(world: World, make_gateway):
    door = Door(make_gateway(rate_limit="5 per 5 minutes"), basic("SALES", world.key()))
    assert [door.get(ADDRESS).status_code for _ in range(6)] == [200] * 5 + [429]
    refusal = door.get(ADDRESS)
    assert 0 < int(refusal.headers["Retry-After"]) <= 301


def test_a_key_over_plain_http_is_refused_where_the_service_is_https(door: Door, world: World):
    door.base_url = "http://stock.example"
    assert error(door.get(ADDRESS)) == (403, "Authorization_RequestDenied")
    assert door.get(ADDRESS, X_Forwarded_Proto="https").status_code == 403, "said by nobody we trust"
    assert door.get("/healthz").status_code == 200


def test_a_configured_proxy_is_believed(world: World, make_gateway):
    client = make_gateway(trusted_proxies="127.0.0.0/8")
    door = Door(client, basic("SALES", world.key()), base_url="http://stock.example")
    assert door.get(ADDRESS, X_Forwarded_Proto="https", X_Forwarded_For="192.0.2.7").status_code == 200
    door.authorization = basic("SALES", "wrong")
    assert door.get(ADDRESS, X_Forwarded_Proto="https", X_Forwarded_For="192.0.2.7").status_code == 401
    assert world.lines()[-1]["address"] == "192.0.2.7"


def test_what_a_caller_claims_to_a_proxy_is_not_what_the_proxy_says(world: World, make_gateway):
    """A proxy appends the address it sees; what stands before may be invented, and Host is nobody's word."""
    door = Door(make_gateway(trusted_proxies="127.0.0.0/8, 10.0.0.0/8"), basic("SALES", "wrong"))
    door.get(ADDRESS, X_Forwarded_Proto="https", X_Forwarded_For="203.0.113.9, 192.0.2.7, 10.0.0.4")
    assert world.lines()[-1]["address"] == "192.0.2.7"
    door.get(ADDRESS, X_Forwarded_Proto="https", X_Forwarded_For="no address")
    assert world.lines()[-1]["address"] == "no address"
    door.authorization = basic("SALES", world.key())
    world.later(1)
    answer = door.get(ADDRESS, X_Forwarded_Proto="http, https", X_Forwarded_Host="evil.example", Host="evil.example")
    assert answer.status_code == 200 and "evil" not in answer.text


def test_guesses_from_one_address_hold_up_nobody_at_another(world: World, make_gateway):
    client = make_gateway(trusted_proxies="127.0.0.1")
    stranger, seller = Door(client, basic("SALES", "wrong")), Door(client, basic("SALES", world.key()))
    for _ in range(12):
        last = stranger.get(ADDRESS, X_Forwarded_For="203.0.113.9")
    assert last.status_code == 429
    assert stranger.get(ADDRESS, X_Forwarded_For="192.0.2.7").status_code == 401, "counted for each address"
    for address in ("203.0.113.9", "192.0.2.7"):
        assert seller.get(ADDRESS, X_Forwarded_For=address).status_code == 200


def test_an_unknown_user_costs_a_comparison_too(world: World, door: Door, monkeypatch: pytest.MonkeyPatch):
    """Whether a user exists must not show in how much work a refusal takes."""
    compared: list[str] = []

    def noted(key: str, salt: str) -> str:
        compared.append(key)
        return digest(key, salt)

    monkeypatch.setattr("gateway.keys.digest", noted)
    for user in ("SALES", "NOBODY"):
        compared.clear()
        door.authorization = basic(user, "wrong")
        assert error(door.get(ADDRESS)) == REFUSED
        assert set(compared) == {"wrong"}, user


def test_no_secret_reaches_the_log(door: Door, world: World):
    key = world.key("OTHER")
    door.authorization = basic("OTHER", key)
    door.get(f"{ADDRESS}?code={key}")
    door.authorization = basic("OTHER", key + "x")
    door.get(ADDRESS)
    text = world.log.getvalue()
    assert key not in text and door.authorization.removeprefix("Basic ") not in text
    assert world.lines()[0]["caller"] == "OTHER" and world.lines()[0]["status"] == 200


def test_a_rotation_leaves_the_old_key_for_a_while(door: Door, world: World):
    old = door.authorization
    new = basic("SALES", world.key("SALES", overlap=timedelta(hours=1)))
    world.later(1)
    for authorization in (old, new):
        door.authorization = authorization
        assert door.get(ADDRESS).status_code == 200
    world.later(3600)
    world.tail()
    world.later(1)
    assert door.get(ADDRESS).status_code == 200
    door.authorization = old
    assert error(door.get(ADDRESS)) == REFUSED


def test_a_rotation_never_makes_an_old_key_live_longer(world: World):
    world.key("SALES", expires_at=NOW + timedelta(minutes=5))
    world.key("SALES", overlap=timedelta(hours=1))
    first, second = sorted(world.store.keys_of("SALES"), key=lambda key: key.expires_at is None)
    assert first.expires_at == NOW + timedelta(minutes=5) and second.expires_at is None


def test_a_key_bound_to_a_page_opens_nothing_from_another(door: Door, world: World):
    key = world.key("FORMS", origins=("https://contoso.crm4.dynamics.com",))
    door.authorization = basic("FORMS", key)
    assert door.get(ADDRESS, Origin="https://contoso.crm4.dynamics.com").status_code == 200
    assert door.get(ADDRESS).status_code == 200, "no browser: the header proves nothing and its absence neither"
    assert error(door.get(ADDRESS, Origin="https://elsewhere.example")) == (403, "Authorization_RequestDenied")
    assert world.lines()[-1]["failure"] == "origin"


def test_the_last_use_of_a_key_is_known_to_the_minute(door: Door, world: World):
    def last_used():
        (key,) = world.store.keys_of("SALES")
        return key.last_used_at

    assert last_used() is None
    door.get(ADDRESS)
    assert last_used() == NOW
    world.later(30)
    door.get(ADDRESS)
    assert last_used() == NOW
    world.later(30)
    world.tail()
    door.get(ADDRESS)
    assert last_used() == NOW + timedelta(minutes=1)


def test_a_use_that_cannot_be_noted_refuses_nobody(door: Door, world: World, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise RuntimeError("no disk")

    monkeypatch.setattr("bridge.store.keys.used", fail)
    assert door.get(ADDRESS).status_code == 200
    assert any(line["event"] == "last use of a key not noted" for line in world.lines())


def test_what_is_done_to_keys_is_written_down_with_who_did_it(world: World):
    world.key("SALES")
    world.key("SALES", overlap=timedelta(hours=1), origins=("https://contoso.crm4.dynamics.com",))
    world.store.disable_user("SALES", disabled=True, by="kari")
    world.store.disable_user("SALES", disabled=False, by="kari")
    world.store.revoke_keys("SALES", by="ola")
    told = [(event.action, event.by) for event in world.store.key_events("SALES")]
    assert sorted(told) == sorted(
        [("created", "test"), ("rotated out", "test"), ("created", "test")]
        + [("disabled", "kari"), ("enabled", "kari"), ("revoked", "ola")] * 2
    )
    assert world.store.key_events("NOBODY") == [] and len(world.store.key_events(None)) == len(told)


def test_a_revoked_key_stays_revoked_when_its_user_is_enabled(door: Door, world: World):
    world.store.revoke_keys("SALES", by="test")
    assert world.store.disable_user("SALES", disabled=False, by="test") == 0
    world.later(1)
    assert error(door.get(ADDRESS)) == REFUSED


def test_without_redis_a_revoked_key_ends_within_a_second_in_every_process(world: World, make_gateway):
    """The database says so; Redis only saves asking it."""
    authorization = basic("SALES", world.key())
    doors = [Door(make_gateway(redis_url="redis://127.0.0.1:1/0"), authorization) for _ in range(2)]
    assert [door.get(ADDRESS).status_code for door in doors * 2] == [200] * 4
    world.store.revoke_keys("SALES", by="test")
    world.later(1)
    assert [error(door.get(ADDRESS)) for door in doors * 2] == [REFUSED] * 4

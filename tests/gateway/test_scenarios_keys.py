"""Key and user: scenarios 34 to 43 of the acceptance list, each by its number, over HTTP at a gateway behind a proxy.
38, and 43 for who publishes, are in test_scenarios_publish, where Sales is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner

from gateway.__main__ import main
from tests.conftest import SECRET_KEY
from tests.gateway.conftest import NOW, ROOT, SET, Door, World, basic, error
from tests.gateway.shop import Shop

ADDRESS = f"{ROOT}/{SET}"


@pytest.fixture
def door(world: World, shop: Shop) -> Door:
    """A caller with a good key, over https, at a shop with one item."""
    shop.coupled("1896-S", "STK", "47.5")
    return shop.door(basic("SALES", world.key()))


REFUSED = (401, "Authentication_InvalidCredentials")


def test_34_without_key_the_challenge_is_basic(door: Door):
    door.authorization = ""
    response = door.get(ADDRESS)
    assert error(response) == REFUSED
    assert response.headers["WWW-Authenticate"].startswith("Basic ")


def test_35_five_reasons_have_one_body(door: Door, world: World):
    expired = world.key("EXPIRED", expires_at=NOW - timedelta(seconds=1))
    cleared, disabled = world.key("CLEARED"), world.key("DISABLED")
    world.store.revoke_keys("CLEARED", by="test")
    world.store.disable_user("DISABLED", disabled=True, by="test")
    world.later(1)
    bodies = set()
    for user, key in (
        ("SALES", "wrong"),
        ("EXPIRED", expired),
        ("CLEARED", cleared),
        ("NOBODY", "x"),
        ("DISABLED", disabled),
    ):
        door.authorization = basic(user, key)
        response = door.get(ADDRESS)
        assert error(response) == REFUSED
        bodies.add(response.text.replace(response.headers["x-correlation-id"], ""))
    assert len(bodies) == 1


def test_36_a_key_works_until_it_expires_and_not_a_second_longer(door: Door, world: World):
    door.authorization = basic("SHORT", world.key("SHORT", expires_at=NOW + timedelta(seconds=10)))
    world.later(9)
    assert door.get(ADDRESS).status_code == 200
    world.later(1)
    assert error(door.get(ADDRESS)) == REFUSED


def test_37_a_new_key_ends_the_old_one_and_a_rotation_after_its_overlap(door: Door, world: World):
    first = door.authorization
    second = basic("SALES", world.key("SALES"))
    world.later(1)  # within a second, everywhere
    assert error(door.get(ADDRESS)) == REFUSED
    world.key("SALES", overlap=timedelta(minutes=4))
    world.later(1)
    door.authorization = second
    assert door.get(ADDRESS).status_code == 200
    world.later(238)
    assert door.get(ADDRESS).status_code == 200
    world.later(1)
    assert error(door.get(ADDRESS)) == REFUSED
    door.authorization = first
    assert error(door.get(ADDRESS)) == REFUSED


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_39_no_key_makes_or_changes_keys(door: Door, world: World, method: str):
    """The list has an administration API; architecture §5 has commands instead, for who may read the database."""
    before = len(world.store.all_keys())
    response = door.ask(method, "/admin/users/OTHER/access-key")
    assert response.status_code in (404, 405)
    assert len(world.store.all_keys()) == before


def test_40_a_key_without_the_scope_is_403_and_sees_nothing(door: Door, world: World):
    assert "1896-S" in door.get(ADDRESS).text
    door.authorization = basic("PROM", world.key("PROM", scope="metrics"))
    response = door.get(ADDRESS)
    assert error(response) == (403, "Authorization_RequestDenied") and "1896-S" not in response.text


def test_41_the_eleventh_guess_in_five_minutes_is_429(door: Door):
    """The list would hold the right key back as well; here it always passes, so that no stranger locks others out."""
    good, door.authorization = door.authorization, basic("SALES", "wrong")
    assert [door.get(ADDRESS).status_code for _ in range(10)] == [401] * 10
    response = door.get(ADDRESS)
    assert response.status_code == 429 and int(response.headers["Retry-After"]) > 0
    door.authorization = good
    assert door.get(ADDRESS).status_code == 200


def test_42_over_plain_http_a_key_is_refused_and_not_logged_and_health_answers(door: Door, world: World):
    door.base_url = "http://stock.example"
    response = door.get(ADDRESS)
    assert error(response) == (403, "Authorization_RequestDenied")
    assert "Location" not in response.headers
    assert door.authorization.removeprefix("Basic ") not in world.log.getvalue()
    assert door.get("/healthz").status_code == 200


def test_43_a_non_ascii_user_is_refused_with_a_clear_text(run_keys: Callable):
    refused = run_keys("create", "SØLVI")
    assert refused.exit_code == 2 and "ASCII" in refused.output


@pytest.fixture
def run_keys(sqlite_url: str, monkeypatch: pytest.MonkeyPatch):
    for name, value in (("DATABASE_URL", sqlite_url), ("SECRET_KEY", SECRET_KEY), ("REDIS_URL", "")):
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(main, ["keys", *arguments])

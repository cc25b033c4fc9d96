"""``python -m gateway keys``."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from bridge.records import utc_now
from bridge.store.database import Database
from bridge.store.gateway import GatewayStore
from gateway.__main__ import main
from gateway.keys import Caller, KeyRing
from tests.conftest import SECRET_KEY


@pytest.fixture
def run(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("REDIS_URL", "")
    return lambda *arguments: CliRunner().invoke(main, ["keys", *arguments])


@pytest.fixture
def check(sqlite_url: str) -> Callable[[str, str], object]:
    """What the gateway would make of a user and a key, right now."""
    db = Database(sqlite_url)

    def ask(user: str, key: str) -> object:
        return KeyRing(GatewayStore(db, utc_now).keys_of, lambda: 0, utc_now).check(user, key)

    return ask


def test_a_key_is_shown_once_works_and_ends_when_revoked(run: Callable[..., Result], check: Callable):
    made = run("create", "SALES")
    assert made.exit_code == 0
    key = next(line.split()[-1] for line in made.output.splitlines() if line.startswith("Key:"))
    assert isinstance(check("SALES", key), Caller)
    listed = run("list")
    assert "SALES" in listed.output and "good" in listed.output and key not in listed.output
    assert run("revoke", "SALES").exit_code == 0
    assert check("SALES", key) == "revoked"
    assert run("revoke", "SALES").exit_code == 1


def test_machines_read_json(run: Callable[..., Result], check: Callable):
    made = json.loads(run("create", "PROM", "--scope", "metrics", "--expires", "never", "--json").output)
    caller = check("PROM", made["key"])
    assert isinstance(caller, Caller) and caller.scopes == {"metrics"} and caller.expires_at is None
    (listed,) = json.loads(run("list", "--json").output)
    assert (listed["id"], listed["state"], listed["expires_at"]) == (made["id"], "good", "")
    assert json.loads(run("revoke", made["id"], "--json").output) == {"revoked": 1}


def test_creating_again_ends_the_earlier_key(run: Callable[..., Result], check: Callable):
    first, second = (json.loads(run("create", "SALES", "--json").output)["key"] for _ in range(2))
    assert check("SALES", first) == "revoked" and isinstance(check("SALES", second), Caller)


def test_expiry_is_a_date_or_days(run: Callable[..., Result]):
    assert json.loads(run("create", "A", "--expires", "2999-12-31", "--json").output)["expires_at"].startswith(
        "2999-12-31"
    )
    assert run("create", "A", "--expires", "30d").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("create",),
        ("create", "Ø"),
        ("create", "a:b"),
        ("create", "x" * 251),
        ("create", "A", "--expires", "soon"),
        ("create", "A", "--expires", "2001-01-01"),
        ("create", "A", "--scope", "everything"),
        ("unknown",),
    ],
)
def test_a_wrong_call_ends_2_and_makes_nothing(run: Callable[..., Result], arguments: tuple[str, ...]):
    assert run(*arguments).exit_code == 2
    assert json.loads(run("list", "--json").output) == []


def test_a_bad_setting_ends_2_and_a_database_without_tables_ends_1(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path
):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/empty.db")
    refused = run("list")
    assert refused.exit_code == 1 and "python -m bridge.store upgrade" in refused.output
    monkeypatch.setenv("SECRET_KEY", "")
    assert run("list").exit_code == 2


def test_rotating_keeps_scope_and_pages_and_leaves_the_old_key_for_a_while(run: Callable[..., Result], check: Callable):
    page = "https://contoso.crm4.dynamics.com"
    first = json.loads(run("create", "FORMS", "--origin", page, "--json").output)
    second = json.loads(run("rotate", "FORMS", "--overlap", "30m", "--json").output)
    for made in (first, second):
        caller = check("FORMS", made["key"])
        assert isinstance(caller, Caller) and caller.origins == {page}
    assert isinstance(check("FORMS", first["key"]), Caller)
    third = json.loads(run("rotate", "FORMS", "--overlap", "0m", "--json").output)
    assert check("FORMS", first["key"]) == check("FORMS", second["key"]) == "expired"
    assert isinstance(check("FORMS", third["key"]), Caller)
    assert run("rotate", "NOBODY").exit_code == 1
    assert run("rotate", "FORMS", "--overlap", "soon").exit_code == 2


def test_a_user_is_shut_out_and_let_in_again(run: Callable[..., Result], check: Callable):
    key = json.loads(run("create", "SALES", "--json").output)["key"]
    assert run("disable", "SALES").exit_code == 0
    assert check("SALES", key) == "disabled" and "disabled" in run("list").output
    assert json.loads(run("enable", "SALES", "--json").output) == {"enabled": 1}
    assert isinstance(check("SALES", key), Caller)
    assert run("disable", "NOBODY").exit_code == 1
    told = json.loads(run("history", "SALES", "--json").output)
    assert [one["action"] for one in told] == ["created", "disabled", "enabled"]
    assert all(one["by"] for one in told) and key not in json.dumps(told)
    assert "disabled" in run("history").output


def test_an_origin_is_one(run: Callable[..., Result]):
    assert run("create", "A", "--origin", "*").exit_code == 2
    assert run("create", "A", "--origin", "https://contoso.crm4.dynamics.com/main").exit_code == 2

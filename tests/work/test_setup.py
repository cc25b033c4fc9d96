"""Connecting: what test-connection finds, and webhooks that are registered once and kept alive."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.records import utc_now
from bridge.settings import Settings
from bridge.setup.hooks import RESOURCES, STEPS, HookRefused, renew_hooks
from bridge.wiring import build
from tests.processes import Product, free_port

SECRET_KEY = "only-for-tests-0123456789-0123456789-0123456789"


@pytest.fixture
def connected(sqlite_url, sandbox, tmp_path):
    """An installation on SQLite against the sandbox."""
    product = Product({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": sqlite_url, **sandbox.env}, tmp_path / "product")
    yield product
    product.stop()


@pytest.fixture
def bridge_at(connected, monkeypatch):
    """The same installation in this process, with a clock that stands so many hours ahead."""
    for name, value in connected.env.items():
        monkeypatch.setenv(name, value)
    built = []

    def at(hours=0):
        ahead = timedelta(hours=hours)
        built.append(build(Settings.from_environment(), clock=lambda: utc_now() + ahead))
        return built[-1]

    yield at
    for one in built:
        one.close()


def by_id(finished):
    return {(check["system"], check["id"]): check for check in finished.json["checks"]}


def test_a_good_connection_is_said_to_be_one(connected):
    finished = connected.bridge("test-connection", "--json").expect(0)
    assert finished.json["ok"] is True
    assert {check["state"] for check in finished.json["checks"]} == {"ok"}
    assert "integration user" in connected.bridge("test-connection").expect(0).out


def test_without_the_companion_each_missing_capability_is_named(connected, sandbox):
    sandbox.bc.install_companion(False)
    checks = by_id(connected.bridge("test-connection", "--json").expect(0))
    assert checks["Business Central", "companion"]["state"] == "note"
    assert "stay Open" in checks["Business Central", "without companion: release"]["detail"]
    assert "PICK_UP_QUOTES" in checks["Business Central", "without companion: quotes"]["detail"]


def test_a_wrong_secret_fails_on_both_sides_and_is_not_shown(connected):
    finished = connected.bridge("test-connection", "--json", ENTRA_CLIENT_SECRET="s3cret-and-wrong").expect(1)
    checks = by_id(finished)
    for system in ("Business Central", "Sales"):
        assert checks[system, "connection"]["state"] == "failed"
        assert "ENTRA_CLIENT_SECRET" in checks[system, "connection"]["detail"]
    assert "s3cret" not in finished.out + finished.err


def test_one_side_away_leaves_the_other_side_checked(connected, sandbox):
    sandbox.faults({"system": "sales", "kind": "before"})
    checks = by_id(connected.bridge("test-connection", "--json").expect(1))
    sandbox.clear_faults()
    assert checks["Business Central", "company"]["state"] == "ok"
    assert checks["Sales", "connection"]["state"] == "failed"
    assert "no answer" in checks["Sales", "connection"]["detail"]


def test_an_unknown_company_is_listed_with_those_there_are(connected, sandbox):
    checks = by_id(connected.bridge("test-connection", "--json", BC_COMPANY="Nowhere").expect(1))
    assert "Nowhere" in checks["Business Central", "connection"]["detail"]
    assert sandbox.env["BC_COMPANY"] in checks["Business Central", "connection"]["advice"]


def test_webhooks_are_registered_once_however_often_it_is_asked(connected, bridge_at):
    """The second time everything is renewed or corrected, and there are as many as before."""
    gateway = connected.gateway()

    def register(address):
        finished = connected.bridge("setup", "hooks", "--gateway-url", address, "--json").expect(0)
        return [(hook["system"], hook["result"]) for hook in finished.json]

    in_business_central = [("Business Central", "registered")] * len(RESOURCES)
    assert register(gateway.address) == [*in_business_central, *[("Sales", "registered")] * (len(STEPS) + 1)]
    again = register(gateway.address + "/")
    assert again[: len(RESOURCES)] == [("Business Central", "renewed")] * len(RESOURCES)
    assert again[len(RESOURCES) :] == [("Sales", "corrected"), *[("Sales", "unchanged")] * len(STEPS)]
    moved = register(gateway.address.replace("127.0.0.1", "localhost"))
    assert moved[0] == ("Business Central", "corrected")

    bridge = bridge_at()
    assert len(bridge.business_central.subscriptions()) == len(RESOURCES)
    assert len(list(bridge.sales.rows("serviceendpoints", purpose="count", select=("name",)))) == 1
    assert len(list(bridge.sales.rows("sdkmessageprocessingsteps", purpose="count", select=("name",)))) == len(STEPS)


def test_a_gateway_that_cannot_be_reached_is_told(connected):
    nobody = f"http://127.0.0.1:{free_port()}"
    refused = connected.bridge("setup", "hooks", "--gateway-url", nobody, "--json").expect(1)
    assert {hook["result"] for hook in refused.json if hook["system"] == "Business Central"} == {"refused"}
    assert "expected an http" in connected.bridge("setup", "hooks", "--gateway-url", "gateway").expect(2).err


class TestRenewing:
    """The job RENEW-HOOKS."""

    @pytest.fixture
    def gateway(self, connected):
        return connected.gateway()

    @pytest.fixture
    def registered(self, connected, gateway):
        connected.bridge("setup", "hooks", "--gateway-url", gateway.address).expect(0)

    @staticmethod
    def renew(bridge):
        return renew_hooks(bridge.context(bridge.companies()[0]))

    def test_before_any_are_registered_there_is_nothing_to_renew(self, bridge_at):
        outcome = self.renew(bridge_at())
        assert (dict(outcome.counts), outcome.failed) == ({}, 0)
        assert "setup hooks" in outcome.notes[0]

    def test_young_ones_are_left_alone_and_old_ones_extended(self, bridge_at, registered, sandbox):
        assert self.renew(bridge_at()).counts == {"unchanged": len(RESOURCES)}
        sandbox.move_clock(48 * 3600)
        bridge = bridge_at(hours=48)
        assert self.renew(bridge).counts == {"renewed": len(RESOURCES)}
        assert self.renew(bridge).counts == {"unchanged": len(RESOURCES)}

    def test_one_that_vanished_comes_back(self, bridge_at, registered):
        bridge = bridge_at()
        bridge.business_central.unsubscribe(bridge.business_central.subscriptions()[0].id)
        assert self.renew(bridge).counts == {"registered": 1, "unchanged": len(RESOURCES) - 1}
        assert len(bridge.business_central.subscriptions()) == len(RESOURCES)

    def test_a_gateway_that_went_away_is_a_listed_reason(self, bridge_at, registered, gateway, sandbox):
        gateway.stop()
        sandbox.move_clock(48 * 3600)
        with pytest.raises(HookRefused, match="can be reached"):
            self.renew(bridge_at(hours=48))

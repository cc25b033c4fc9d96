"""Faults, log, clock and tokens: what every system of the sandbox has in common, over real connections."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests

from sandbox.faults import FaultInvalid, Faults, Rule, parse_faults
from sandbox.request_log import RequestLog, guess_purpose
from sandbox.sales.routes import create_app
from sandbox.server import Front, Server
from sandbox.tokens import Tokens
from sandbox.world import BUSINESS_CENTRAL, SALES, World
from tests.sandbox.desk import ROOT, a_company

GUID = "12345678-1234-1234-1234-123456789abc"


class Site:
    """A served Sales system, and one session that is signed in to it."""

    def __init__(self) -> None:
        self.world = World(a_company())
        self._server = Server(Front(create_app(self.world), SALES, self.world), 0)
        self.address = self.world.addresses.sales = self._server.address
        self._server.start()
        self.session = requests.Session()
        self.session.trust_env = False
        token = self.world.tokens.issue(self.world.application.client_id, SALES)
        self.session.headers["Authorization"] = f"Bearer {token}"

    def post_account(self) -> requests.Response:
        return self.session.post(f"{self.address}{ROOT}/accounts", json={"name": "New"}, timeout=10)

    def accounts(self) -> int:
        """How many there are, read past all faults."""
        self.world.faults.clear()
        return int(self.session.get(f"{self.address}{ROOT}/accounts/$count", timeout=10).text)

    def close(self) -> None:
        self.session.close()
        self.world.stop()
        self._server.stop()


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def site(served: Site) -> Site:
    served.world.reset()
    return served


@pytest.mark.parametrize(("kind", "done"), [("before", 0), ("after", 1), ("cut", 1)])
def test_a_lost_reply_is_a_closed_connection(site: Site, kind: str, done: int) -> None:
    """Whether the effect is there is what the kinds differ in; the caller cannot tell."""
    before = site.accounts()
    site.world.faults.add([Rule(kind=kind)])
    with pytest.raises(requests.ConnectionError):
        site.post_account()
    assert site.accounts() - before == done
    entry = next(e for e in site.world.log.entries(system=SALES) if e.method == "POST")
    assert (entry.status, entry.fault) == (0, kind)


def test_a_reply_breaks_off_in_the_middle(site: Site) -> None:
    site.world.faults.add([Rule(kind="cut")])
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        site.session.get(f"{site.address}{ROOT}/accounts", timeout=10)


def test_a_status_is_answered_instead_of_doing_anything(site: Site) -> None:
    before = site.accounts()
    site.world.faults.add([Rule(kind="429", retry_after=7, times=1)])
    refused = site.post_account()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
    assert refused.json()["error"]["code"] == "0x80072322"
    assert site.post_account().status_code == 204
    assert site.accounts() == before + 1


def test_control_routes_are_neither_spoiled_nor_logged(site: Site) -> None:
    control = f"{site.address}/_sandbox"
    added = site.session.post(f"{control}/faults", json={"kind": "503", "system": "*"}, timeout=10)
    assert added.status_code == 201
    assert site.post_account().status_code == 503
    assert site.session.get(f"{control}/health", timeout=10).json()["status"] == "ok"
    seen = site.session.get(f"{control}/requests", timeout=10).json()
    assert seen["counts"]["sales"]["by_purpose"] == {"POST accounts": {"requests": 1, "operations": 1}}
    assert site.session.delete(f"{control}/faults", timeout=10).status_code == 204
    assert site.post_account().status_code == 204
    wrong = site.session.post(f"{control}/faults", json={"kind": "odd"}, timeout=10)
    assert (wrong.status_code, "expected one of" in wrong.json()["error"]) == (400, True)


def test_revoked_tokens_are_refused_at_once(site: Site) -> None:
    token = site.world.tokens.issue(site.world.application.client_id, SALES)
    url, headers = f"{site.address}{ROOT}/WhoAmI", {"Authorization": f"Bearer {token}"}
    assert requests.get(url, headers=headers, timeout=10).status_code == 200
    site.session.delete(f"{site.address}/_sandbox/tokens", timeout=10)
    assert requests.get(url, headers=headers, timeout=10).status_code == 401
    fresh = site.world.tokens.issue(site.world.application.client_id, SALES)
    site.session.headers["Authorization"] = f"Bearer {fresh}"


def test_the_clock_moves_for_the_whole_world(site: Site) -> None:
    control = f"{site.address}/_sandbox/clock"
    moved = site.session.post(control, json={"now": "2030-01-31T12:00:00Z"}, timeout=10).json()
    assert moved["now"].startswith("2030-01-31T12:00:0")
    site.session.post(control, json={"advance": 86400}, timeout=10)
    made = site.post_account().headers["OData-EntityId"]
    assert site.session.get(made, timeout=10).json()["createdon"].startswith("2030-02-01T12:00:0")
    assert site.session.post(control, json={"now": "2030-01-31T12:00:00"}, timeout=10).status_code == 400
    assert site.session.post(control, json={}, timeout=10).status_code == 400


def test_a_tokens_time_and_purpose_are_its_own() -> None:
    now = [0.0]
    tokens = Tokens(lambda: now[0])
    token = tokens.issue("app", SALES, seconds=10)
    assert tokens.check(token, SALES) == "app"
    assert tokens.check(token, BUSINESS_CENTRAL) is None
    now[0] = 10
    assert tokens.check(token, SALES) is None


def test_rules_fire_for_what_they_name_as_often_as_they_say() -> None:
    faults = Faults(
        [Rule(kind="before", system=SALES, method="post", path="batch$", skip=1, times=2, writes_only=True)]
    )
    asked = [("sales", "GET", "/$batch"), ("business-central", "POST", "/$batch"), ("sales", "POST", "/accounts")]
    assert [faults.choose(*request) for request in asked] == [None, None, None]
    fired = [faults.choose("sales", "POST", "/$batch") is not None for _ in range(4)]
    assert fired == [False, True, True, False]
    faults.reset()
    assert faults.as_json()[0]["fired"] == 0


def test_the_same_seed_spoils_the_same_requests() -> None:
    def pattern(seed: int) -> list[bool]:
        faults = Faults([Rule(kind="500", rate=0.3, seed=seed)])
        return [faults.choose("sales", "GET", "/x") is not None for _ in range(200)]

    assert pattern(7) == pattern(7)
    assert pattern(7) != pattern(8)
    assert 30 <= sum(pattern(7)) <= 90


def test_faults_are_written_short_or_as_json() -> None:
    after, throttled = parse_faults("after:0.05:writes,429:0.01,seed:7")
    assert (after.kind, after.rate, after.writes_only, after.seed) == ("after", 0.05, True, 7)
    assert (throttled.kind, throttled.rate, throttled.writes_only, throttled.seed) == ("429", 0.01, False, 8)
    assert parse_faults('{"kind":"slow","seconds":2}')[0].seconds == 2
    assert parse_faults(" ") == ()
    for wrong in ("sometimes:1", "after:much", "after:2", '{"kind":"after","when":1}', "[{]", '{"system":"sales"}'):
        with pytest.raises(FaultInvalid):
            parse_faults(wrong)


@pytest.mark.parametrize(
    ("path", "purpose"),
    [
        (f"{ROOT}/salesorders({GUID})", "GET salesorders"),
        (f"{ROOT}/$batch", "GET $batch"),
        ("/v2.0/contoso/sandbox/api/v2.0/companies", "GET companies"),
        (f"/v2.0/contoso/sandbox/api/v2.0/companies({GUID})/salesOrders({GUID})", "GET salesOrders"),
        (f"/v2.0/contoso/sandbox/api/salesbridge/bridge/v1.0/companies({GUID})/bridgeItems", "GET bridgeItems"),
        (f"/{GUID}/oauth2/v2.0/token", "GET oauth2/v2.0/token"),
    ],
)
def test_purposes_are_guessed_from_the_path(path: str, purpose: str) -> None:
    assert guess_purpose("GET", path) == purpose


def test_the_log_is_a_window_and_its_counts_are_not() -> None:
    log = RequestLog(window=2)
    for number in range(3):
        log.record(
            at=datetime(2026, 1, 1, tzinfo=UTC),
            system=SALES,
            method="GET",
            path=f"{ROOT}/accounts",
            query="",
            status=200,
            operations=number + 1,
        )
    assert [entry.number for entry in log.entries()] == [2, 3]
    assert [entry.number for entry in log.entries(limit=1)] == [3]
    assert log.entries(system="sign-in") == []
    assert log.counts()[SALES] == {
        "requests": 3,
        "operations": 6,
        "by_purpose": {"GET accounts": {"requests": 3, "operations": 6}},
    }
    log.clear()
    assert (log.entries(), log.counts()) == ([], {})


def test_latency_clock_and_sign_in_are_set_over_http(site: Site) -> None:
    control = f"{site.address}/_sandbox"
    for name, good, wrong in (
        ("latency", {"milliseconds": 5}, {"milliseconds": "much"}),
        ("latency", {"milliseconds": 0}, {"milliseconds": -1}),
        ("clock", {"now": "2026-01-31T12:00:00Z"}, {"now": "soon"}),
        ("clock", {"advance": 60}, {"advance": 1e300}),
        ("clock", {"advance": 0}, {}),
        ("sign-in", {"secret": "expired"}, {"secret": "lost"}),
    ):
        assert site.session.post(f"{control}/{name}", json=good, timeout=10).status_code == 200
        assert site.session.post(f"{control}/{name}", json=wrong, timeout=10).status_code == 400
    assert site.session.get(f"{control}/clock", timeout=10).json()["now"].startswith("2026-01-31T12:01")
    assert site.session.get(f"{control}/sign-in", timeout=10).json()["secret"] == "expired"
    assert site.session.get(f"{control}/latency", timeout=10).json() == {"milliseconds": 0}
    site.world.reset()
    assert site.session.get(f"{control}/sign-in", timeout=10).json()["secret"] == "valid"

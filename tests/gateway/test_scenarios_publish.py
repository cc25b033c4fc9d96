"""Publish, unpublish, reset: scenarios 44 to 52 of the acceptance list, against the sandbox and a running gateway.

Scenario 46 and the commands' words are asked of the processes; what needs a turn of the clock or a Sales without the
solution runs the same code in this process against the same sandbox.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from bridge.clients.errors import RemoteError, Unreachable
from bridge.records import utc_now
from bridge.settings import Settings
from bridge.setup import publish
from bridge.setup.publish import FORM_USER, CannotBePublished, Publisher, SolutionMissing, publisher, renew_key
from bridge.store import keys, publications
from bridge.store.keys import NewKey
from bridge.store.models import Publication
from bridge.wiring import Bridge, build
from tests.conftest import SECRET_KEY
from tests.processes import Product, SandboxProcess, environment, until

PUBLIC = "https://stock.example"
COLUMNS = (
    *("nav_connectionid", "nav_name", "nav_dynamicsnavurl", "nav_dynamicsnavodataurl", "statecode"),
    *("nav_dynamicsnavodatausername", "nav_dynamicsnavodataaccesskey"),
)


@pytest.fixture
def installed(sqlite_url: str, sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Product]:
    """An installation on SQLite; its gateway, when started, is reached where PUBLIC_URL says."""
    product = Product({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": sqlite_url, **sandbox.env}, tmp_path / "product")
    product.env["PUBLIC_URL"] = product.gateway_address
    yield product
    product.stop()


@pytest.fixture
def bridge_at(installed: Product, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Bridge]]:
    """The same installation in this process, this many days ahead."""
    for name, value in installed.env.items():
        monkeypatch.setenv(name, value)
    built: list[Bridge] = []

    def at(days: float = 0, **settings: str) -> Bridge:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        built.append(build(Settings.from_environment(), clock=lambda: utc_now() + timedelta(days=days)))
        return built[-1]

    yield at
    for one in built:
        one.close()


def connections(bridge: Bridge) -> list[dict[str, Any]]:
    """What stands in Sales."""
    return list(bridge.sales.rows("nav_connections", purpose="test", select=COLUMNS))


def door(bridge: Bridge) -> Publisher:
    company = bridge.companies()[0]
    return publisher(bridge.context(company), only_company=True)


def credentials(row: dict[str, Any]) -> tuple[str, str]:
    return row["nav_dynamicsnavodatausername"] or "", row["nav_dynamicsnavodataaccesskey"] or ""


def test_44_without_the_solution_publishing_is_refused_and_nothing_is_stored(bridge_at, monkeypatch):
    bridge = bridge_at()
    monkeypatch.setattr(publish, "_TABLE", "nav_notthere")
    with pytest.raises(SolutionMissing, match="not installed"):
        door(bridge).publish()
    assert keys.all_keys(bridge.db) == [] and publications.all_publications(bridge.db) == []


def test_45_to_48_published_forms_read_stock_and_unpublished_they_are_refused(installed, bridge_at, couple_all):
    """45: the row holds address, user and a key of ours. 48: after unpublishing 404, and the row is blank."""
    couple_all(installed)
    installed.bridge("refresh-availability", "--full").expect(0)
    done = installed.bridge("setup", "publish", "--yes", "--json").expect(0).json
    bridge = bridge_at()
    (row,) = connections(bridge)
    user, key = credentials(row)
    company = bridge.companies()[0]
    assert row["nav_dynamicsnavodataurl"] == done["url"]
    assert row["nav_dynamicsnavodataurl"].startswith(f"{installed.gateway_address}/ODataV4/Company('")
    assert (row["nav_name"], user, len(key)) == (company.name, FORM_USER, 44)
    assert row["nav_dynamicsnavurl"].endswith("/?company=" + quote(company.name, safe=""))
    assert key not in done.__repr__()

    gateway = installed.gateway(AVAILABILITY_STALE_IF_ERROR="3600")
    asked = requests.get(row["nav_dynamicsnavodataurl"], auth=(user, key), timeout=30)
    assert asked.status_code == 200 and asked.json()["value"]
    assert requests.get(f"{gateway.address}/metrics", auth=(user, key), timeout=30).status_code == 403

    installed.bridge("setup", "unpublish", "--yes").expect(0)
    (cleared,) = connections(bridge)
    assert credentials(cleared) == ("", "") and not cleared["nav_dynamicsnavodataurl"] and cleared["statecode"] == 1
    other = installed.new_key("ANOTHER")

    def refused() -> bool:
        answer = requests.get(row["nav_dynamicsnavodataurl"], auth=("ANOTHER", other), timeout=30)
        return answer.status_code == 404 and answer.json()["error"]["code"] == "BadRequest_ResourceNotFound"

    until(refused, 3, "the gateway to have seen it")
    assert requests.get(row["nav_dynamicsnavodataurl"], auth=(user, key), timeout=30).status_code == 401

    installed.bridge("setup", "publish", "--yes").expect(0)
    (again,) = connections(bridge)
    assert again["statecode"] == 0 and credentials(again)[1] not in ("", key)
    assert requests.get(again["nav_dynamicsnavodataurl"], auth=credentials(again), timeout=30).status_code == 200


def test_46_a_publishing_that_is_not_confirmed_changes_nothing(installed, bridge_at):
    command = [sys.executable, "-m", "bridge", "setup", "publish"]
    said = subprocess.run(
        command, env=environment(installed.env), input="n\n", text=True, capture_output=True, check=False
    )
    assert said.returncode == 0 and "Nothing was changed" in said.stdout
    bridge = bridge_at()
    assert keys.all_keys(bridge.db) == [] and connections(bridge) == []


def test_47_an_address_that_is_too_long_is_refused_and_not_cut(bridge_at):
    bridge = bridge_at(PUBLIC_URL=f"{PUBLIC}/{'long/' * 45}")
    with pytest.raises(CannotBePublished, match="Sales keeps 250"):
        door(bridge).publish()
    assert connections(bridge) == [] and keys.all_keys(bridge.db) == []


def test_49_a_user_unknown_here_leaves_user_and_key_blank(installed, bridge_at):
    installed.bridge("setup", "publish", "--yes").expect(0)
    refused = installed.bridge("setup", "publish", "--yes", "--user", "STRANGER").expect(1)
    assert "UserUnknown" in refused.err and "keys create STRANGER" in refused.err
    bridge = bridge_at()
    (row,) = connections(bridge)
    assert credentials(row) == ("", "")
    (known,) = publications.all_publications(bridge.db)
    assert known.user_name == ""

    installed.new_key("STRANGER")
    installed.bridge("setup", "publish", "--yes", "--user", "STRANGER").expect(0)
    assert credentials(connections(bridge)[0])[0] == "STRANGER"


def test_50_resetting_the_addresses_leaves_user_and_key_unless_told_otherwise(installed, bridge_at):
    installed.bridge("setup", "publish", "--yes", "--url", "https://elsewhere.example/ODataV4/X").expect(0)
    bridge = bridge_at()
    (edited,) = connections(bridge)
    assert edited["nav_dynamicsnavodataurl"] == "https://elsewhere.example/ODataV4/X"

    installed.bridge("setup", "reset-urls", "--yes").expect(0)
    (row,) = connections(bridge)
    assert row["nav_dynamicsnavodataurl"] == door(bridge).url
    assert credentials(row) == credentials(edited)

    installed.bridge("setup", "reset-urls", "--yes", "--wipe-credentials").expect(0)
    assert credentials(connections(bridge)[0]) == ("", "")


def test_50b_an_address_that_leads_elsewhere_is_asked_about(installed):
    command = [sys.executable, "-m", "bridge", "setup", "publish", "--url", "https://elsewhere.example/x"]
    said = subprocess.run(
        command, env=environment(installed.env), input="n\n", text=True, capture_output=True, check=False
    )
    assert "does not lead to this gateway" in said.stdout


def test_38_a_renewed_key_stands_in_the_row_before_the_old_one_ends(bridge_at):
    bridge = bridge_at()
    door(bridge).publish()
    before = credentials(connections(bridge)[0])
    company = bridge.companies()[0]
    assert renew_key(bridge.context(company)).counts == {"unchanged": 1}

    later = bridge_at(days=80)
    assert renew_key(later.context(company)).counts == {"renewed": 1}
    after = credentials(connections(later)[0])
    assert after[0] == before[0] and after[1] != before[1]
    ends = sorted(key.expires_at - utc_now() for key in keys.of_user(later.db, FORM_USER) if key.expires_at)
    assert timedelta(days=80.9) < ends[0] < timedelta(days=81.1), "the old key works on for a day"
    assert renew_key(later.context(company)).counts == {"unchanged": 1}


def test_38b_a_key_made_by_hand_for_the_published_user_says_that_sales_holds_the_old_one(installed):
    installed.bridge("setup", "publish", "--yes").expect(0)
    made = installed.run("gateway", "keys", "create", FORM_USER).expect(0)
    assert "python -m bridge setup publish" in made.err


def test_a_renewal_that_sales_did_not_take_leaves_the_old_key_working(bridge_at, sandbox):
    bridge = bridge_at()
    door(bridge).publish()
    old = keys.of_user(bridge.db, FORM_USER)[0]
    sandbox.faults({"system": "sales", "kind": "503", "path": "nav_connections"})
    with pytest.raises(RemoteError):
        door(bridge).publish()
    sandbox.clear_faults()
    still = next(key for key in keys.of_user(bridge.db, FORM_USER) if key.id == old.id)
    assert still.revoked_at is None and still.expires_at is not None and still.expires_at > utc_now()


def test_unpublishing_while_sales_is_away_kills_the_key_all_the_same(bridge_at, sandbox):
    bridge = bridge_at()
    door(bridge).publish()
    sandbox.faults({"system": "sales", "kind": "before"})
    with pytest.raises(Unreachable):
        door(bridge).unpublish()
    sandbox.clear_faults()
    assert all(key.revoked_at is not None for key in keys.of_user(bridge.db, FORM_USER))
    door(bridge).unpublish()
    assert credentials(connections(bridge)[0]) == ("", "")


def test_43_a_user_name_that_http_basic_cannot_carry_is_refused(bridge_at):
    bridge = bridge_at()
    with pytest.raises(CannotBePublished, match="ASCII without colon"):
        door(bridge).publish("SØLVI")
    assert connections(bridge) == []


def test_52_the_published_key_opens_the_read_only_set_and_nothing_else(installed, bridge_at):
    """The other half of 52, that Sales itself hides the row from who lacks the role, is Sales' own doing."""
    installed.bridge("setup", "publish", "--yes").expect(0)
    gateway = installed.gateway()
    (row,) = connections(bridge_at())
    auth = credentials(row)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = requests.request(method, row["nav_dynamicsnavodataurl"], auth=auth, timeout=30)
        assert answer.status_code == 405
    for path in ("/metrics", "/hooks/sales", "/hooks/business-central"):
        assert requests.post(gateway.address + path, auth=auth, timeout=30).status_code in (401, 403, 405)
    assert requests.get(f"{gateway.address}/metrics", auth=auth, timeout=30).status_code == 403
    secrets = {value for name, value in installed.env.items() if "SECRET" in name or "KEY" in name}
    assert auth[1] not in secrets


def test_a_row_that_somebody_made_by_hand_is_taken_over_and_not_doubled(bridge_at):
    bridge = bridge_at()
    bridge.sales.create("nav_connections", {"nav_name": "Old name"}, purpose="test")
    door(bridge).publish()
    door(bridge).publish()
    (row,) = connections(bridge)
    assert row["nav_name"] == bridge.companies()[0].name


def test_companies_that_share_a_user_keep_its_key_until_the_last_is_taken_back(bridge_at):
    bridge = bridge_at()
    first = door(bridge)
    first.publish()
    publications.save(
        bridge.db,
        Publication(
            company_id="11111111-2222-4333-8444-555555555555", published=True, user_name=FORM_USER, changed_at=utc_now()
        ),
    )
    assert first.unpublish() == 0
    keys.add(bridge.db, NewKey("X", "availability", None), utc_now(), by="test")
    assert any(key.revoked_at is None for key in keys.of_user(bridge.db, FORM_USER))

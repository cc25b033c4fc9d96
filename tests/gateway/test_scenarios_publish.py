"""Publish, unpublish, reset: scenarios 44 to 52 of the acceptance list, against the sandbox and a running gateway.

Scenario 46 and the commands' words are asked of the processes; what needs a turn of the clock or a Sales without the
solution runs the same code in this process against the same sandbox.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from click.testing import CliRunner

from bridge.__main__ import main as bridge_commands
from bridge.clients.errors import RemoteError, Unreachable
from bridge.records import utc_now
from bridge.settings import Settings
from bridge.setup import publish
from bridge.setup.account import check_account
from bridge.setup.publish import FORM_USER, CannotBePublished, Publisher, SolutionMissing, publisher, renew_key
from bridge.store import keys, publications
from bridge.store.keys import NewKey
from bridge.store.models import Publication
from bridge.wiring import Bridge, build
from demo.product import Finished
from gateway.__main__ import main as gateway_commands
from sandbox.business_central.seed import ON_PREMISES_KEY
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
    env = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": sqlite_url, "DRAIN_SECONDS": "0", **sandbox.env}
    product = Product(env, tmp_path / "product")
    product.env["PUBLIC_URL"] = product.gateway_address
    yield product
    product.stop()


@pytest.fixture
def bridge_at(installed: Product, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Bridge]]:
    """The same installation in this process, this many days ahead. What fails in passing fails at once."""
    stop = threading.Event()
    stop.set()
    for name, value in installed.env.items():
        monkeypatch.setenv(name, value)
    built: list[Bridge] = []

    def at(days: float = 0, **settings: str) -> Bridge:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        built.append(build(Settings.from_environment(), clock=lambda: utc_now() + timedelta(days=days), stop=stop))
        return built[-1]

    yield at
    for one in built:
        one.close()


@pytest.fixture
def command(installed: Product) -> Callable[..., Finished]:
    """``command("setup", "publish")`` runs that command in this process: starting Python each time takes longer."""

    def run(*arguments: str, answer: str = "") -> Finished:
        group = gateway_commands if arguments[0] == "keys" else bridge_commands
        done = CliRunner().invoke(group, list(arguments), env=installed.env, input=answer)
        return Finished(" ".join(arguments), done.exit_code, done.stdout, done.stderr)

    return run


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


def test_45_48_published_forms_read_stock_and_unpublished_they_are_refused(installed, command, bridge_at):
    """45: the row holds address, user and a key of ours. 48: after unpublishing 404, and the row is blank."""
    command("match", "ITEM-PRODUCT").expect(0)
    command("refresh-availability", "--full").expect(0)
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

    command("setup", "unpublish", "--yes").expect(0)
    (cleared,) = connections(bridge)
    assert credentials(cleared) == ("", "") and not cleared["nav_dynamicsnavodataurl"] and cleared["statecode"] == 1
    other = command("keys", "create", "ANOTHER", "--json").expect(0).json["key"]

    def refused() -> bool:
        answer = requests.get(row["nav_dynamicsnavodataurl"], auth=("ANOTHER", other), timeout=30)
        return answer.status_code == 404 and answer.json()["error"]["code"] == "BadRequest_ResourceNotFound"

    until(refused, 3, "the gateway to have seen it")
    assert requests.get(row["nav_dynamicsnavodataurl"], auth=(user, key), timeout=30).status_code == 401

    command("setup", "publish", "--yes").expect(0)
    (again,) = connections(bridge)
    assert again["statecode"] == 0 and credentials(again)[1] not in ("", key)
    back, auth = again["nav_dynamicsnavodataurl"], credentials(again)
    until(lambda: requests.get(back, auth=auth, timeout=30).status_code == 200, 3, "the gateway to have seen it")


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


def test_49_a_user_unknown_here_leaves_user_and_key_blank(command, bridge_at):
    command("setup", "publish", "--yes").expect(0)
    refused = command("setup", "publish", "--yes", "--user", "STRANGER").expect(1)
    assert "UserUnknown" in refused.err and "keys create STRANGER" in refused.err
    bridge = bridge_at()
    (row,) = connections(bridge)
    assert credentials(row) == ("", "")
    (known,) = publications.all_publications(bridge.db)
    assert known.user_name == ""

    command("keys", "create", "STRANGER").expect(0)
    command("setup", "publish", "--yes", "--user", "STRANGER").expect(0)
    assert credentials(connections(bridge)[0])[0] == "STRANGER"


def test_50_resetting_the_addresses_leaves_user_and_key_unless_told_otherwise(command, bridge_at):
    command("setup", "publish", "--yes", "--url", "https://elsewhere.example/ODataV4/X").expect(0)
    bridge = bridge_at()
    (edited,) = connections(bridge)
    assert edited["nav_dynamicsnavodataurl"] == "https://elsewhere.example/ODataV4/X"

    command("setup", "reset-urls", "--yes").expect(0)
    (row,) = connections(bridge)
    assert row["nav_dynamicsnavodataurl"] == door(bridge).url
    assert credentials(row) == credentials(edited)

    command("setup", "reset-urls", "--yes", "--wipe-credentials").expect(0)
    assert credentials(connections(bridge)[0]) == ("", "")


def test_50_an_address_that_leads_elsewhere_is_asked_about(command):
    said = command("setup", "publish", "--url", "https://elsewhere.example/x", answer="n\n").expect(0)
    assert "does not lead to this gateway" in said.out and "Nothing was changed" in said.out


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


def test_38_a_key_bound_to_pages_stays_bound_when_it_is_renewed(bridge_at):
    bridge = bridge_at()
    page = "https://contoso.crm4.dynamics.com"
    keys.add(bridge.db, NewKey("FORMS", "availability", None, (page,)), utc_now(), by="test")
    door(bridge).publish("FORMS")
    later = bridge_at(days=80)
    assert renew_key(later.context(later.companies()[0])).counts == {"renewed": 1}
    assert [one.origins for one in keys.of_user(bridge.db, "FORMS")] == [page] * 3


def test_38_how_long_the_old_key_works_on_is_a_setting(bridge_at):
    bridge = bridge_at(KEY_OVERLAP_HOURS="3")
    door(bridge).publish()
    door(bridge).publish()
    ends = sorted(key.expires_at - utc_now() for key in keys.of_user(bridge.db, FORM_USER) if key.expires_at)
    assert timedelta(hours=2.9) < ends[0] < timedelta(hours=3.1) and len(ends) == 2


def test_38_a_key_made_by_hand_for_the_published_user_says_that_sales_holds_the_old_one(command):
    command("setup", "publish", "--yes").expect(0)
    made = command("keys", "create", FORM_USER).expect(0)
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


def test_51_an_account_that_holds_super_publishes_only_by_force(installed, command, bridge_at, sandbox):
    """The account of BC_AUTH=basic; an application cannot hold SUPER, so with oauth nothing is asked. The list's second
    reason, one account for both systems, is what architecture §5 has: it does not hold here."""
    on_premises = {
        "BC_URL": f"{sandbox.bc.address}/BC",
        "BC_AUTH": "basic",
        "BC_USERNAME": "bridge",
        "BC_ACCESS_KEY": ON_PREMISES_KEY,
    }
    installed.env |= on_premises
    sandbox.bc.call("POST", "permission-sets", {"user": "BRIDGE", "sets": ["SALES BRIDGE", "SUPER"]})
    refused = command("setup", "publish", "--yes").expect(1)
    assert "AccountHoldsTooMuch" in refused.err and "--force" in refused.err
    bridge = bridge_at(**on_premises)
    assert connections(bridge) == [] and keys.all_keys(bridge.db) == []

    command("setup", "publish", "--yes", "--force").expect(0)
    assert len(connections(bridge)) == 1
    for sets in (["SALES BRIDGE", "SECURITY"], []):  # looks and holds little; may not even look
        sandbox.bc.call("POST", "permission-sets", {"user": "BRIDGE", "sets": sets})
        check_account(bridge.context(bridge.companies()[0]))


def as_seller(sandbox: SandboxProcess, path: str) -> requests.Response:
    """Sales as the first of its sellers sees it, signed in with name and password."""
    env = sandbox.env
    signed_in = requests.post(
        f"{env['ENTRA_AUTHORITY']}/{env['ENTRA_TENANT_ID']}/oauth2/v2.0/token",
        data={
            "grant_type": "password",
            "client_id": env["ENTRA_CLIENT_ID"],
            "client_secret": env["ENTRA_CLIENT_SECRET"],
            "scope": f"{env['SALES_URL']}/.default",
            "username": env["SANDBOX_USERS"].split(",")[0],
            "password": env["SANDBOX_USER_PASSWORD"],
        },
        verify=env["REQUESTS_CA_BUNDLE"],
        timeout=30,
    ).json()
    headers = {"Authorization": f"Bearer {signed_in['access_token']}"}
    return requests.get(f"{env['SALES_URL']}/api/data/v9.2/{path}", headers=headers, timeout=30)


def test_52_a_seller_with_the_role_finds_a_key_that_opens_stock_alone(installed, command, bridge_at, sandbox):
    """Read from Sales by the seller, with the seller's own rights; who has no role cannot read the row."""
    command("setup", "publish", "--yes").expect(0)
    gateway = installed.gateway()
    (row,) = as_seller(sandbox, "nav_connections").json()["value"]
    auth = credentials(row)
    assert auth == credentials(connections(bridge_at())[0])
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = requests.request(method, row["nav_dynamicsnavodataurl"], auth=auth, timeout=30)
        assert answer.status_code == 405
    for path in ("/metrics", "/hooks/sales", "/hooks/business-central"):
        assert requests.post(gateway.address + path, auth=auth, timeout=30).status_code in (401, 403, 405)
    assert requests.get(f"{gateway.address}/metrics", auth=auth, timeout=30).status_code == 403
    secrets = {value for name, value in installed.env.items() if "SECRET" in name or "KEY" in name}
    assert auth[1] not in secrets

    take_all_roles(sandbox)
    refused = as_seller(sandbox, "nav_connections")
    assert refused.status_code == 403 and auth[1] not in refused.text


def take_all_roles(sandbox: SandboxProcess) -> None:
    """An administrator takes the roles of the first seller away."""
    env = sandbox.env
    signed_in = requests.post(
        f"{env['ENTRA_AUTHORITY']}/{env['ENTRA_TENANT_ID']}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": env["SANDBOX_ADMIN_CLIENT_ID"],
            "client_secret": env["SANDBOX_ADMIN_CLIENT_SECRET"],
            "scope": f"{env['SALES_URL']}/.default",
        },
        verify=env["REQUESTS_CA_BUNDLE"],
        timeout=30,
    ).json()
    desk = requests.Session()
    desk.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
    api = f"{env['SALES_URL']}/api/data/v9.2"
    name = env["SANDBOX_USERS"].split(",")[0]
    (user,) = desk.get(f"{api}/systemusers", params={"$filter": f"domainname eq '{name}'"}, timeout=30).json()["value"]
    own = f"{api}/systemusers({user['systemuserid']})/systemuserroles_association"
    for role in desk.get(own, timeout=30).json()["value"]:
        assert desk.delete(f"{own}({role['roleid']})/$ref", timeout=30).status_code == 204


def test_a_row_that_somebody_made_by_hand_is_taken_over_and_not_doubled(bridge_at):
    bridge = bridge_at()
    bridge.sales.create("nav_connections", {"nav_name": "Old name"}, purpose="test")
    door(bridge).publish()
    door(bridge).publish()
    (row,) = connections(bridge)
    assert row["nav_name"] == bridge.companies()[0].name


def test_each_company_has_its_row_unless_old_scripts_read_the_first_one(bridge_at):
    def publish_all(bridge: Bridge) -> list[str]:
        for company in bridge.companies():
            publisher(bridge.context(company), only_company=False).publish()
        return [row["nav_name"] for row in connections(bridge)]

    names = [company.name for company in bridge_at(BC_COMPANY="").business_central.companies()]
    assert len(names) == 2
    both = ",".join(names)
    shared = bridge_at(BC_COMPANY=both, SINGLE_CONNECTION_ROW="true")
    assert publish_all(shared) == [names[1]]
    first = shared.companies()[0]
    later = bridge_at(days=80, BC_COMPANY=both, SINGLE_CONNECTION_ROW="true")
    renewed = [renew_key(later.context(company)).counts for company in later.companies()]
    assert renewed == [{}, {"renewed": 1}] and connections(shared)[0]["nav_name"] == names[1]
    publisher(shared.context(first), only_company=False).unpublish()
    assert connections(shared)[0]["nav_dynamicsnavodataurl"], "the row is the other company's by now"
    assert sorted(publish_all(bridge_at(BC_COMPANY=both, SINGLE_CONNECTION_ROW="false"))) == sorted(names)


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

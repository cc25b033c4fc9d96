"""Snapshots, the state file over restarts and crashes, and two sandboxes side by side: real processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from pickle import PicklingError
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import requests

from sandbox.business_central import subscriptions
from sandbox.company import CompanyData
from sandbox.frozen import StateUnreadable, freeze, thaw
from sandbox.running import StateKeeper
from sandbox.sales.routes import create_app as create_sales
from sandbox.state_file import StateFile
from sandbox.testing import Control, Sandbox, SandboxRefused
from sandbox.world import Taken, TakenRows, World
from tests.sandbox.bc_client import Client, a_company

ITEM = "TENT-LEI-2"


def on_hand(control: Control) -> Any:
    """Stock of the item, by a movement there and back."""
    control.post("post-stock", item=ITEM, quantity=1)
    return control.post("post-stock", item=ITEM, quantity=-1)["inventory"]


def submitted(control: Control) -> set[str]:
    return {order["ordernumber"] for order in control.get("orders") if order["statecode"] == 1}


def test_a_restart_goes_on_with_what_was_there(tmp_path: Path) -> None:
    """Stock, submitted orders, clock and the client's secret are the same after SIGTERM and a new start."""
    state = tmp_path / "sandbox.state"
    with Sandbox("--state", str(state)) as first:
        secret = first.env["ENTRA_CLIENT_SECRET"]
        stock = on_hand(first.business_central)
        first.business_central.post("post-stock", item=ITEM, quantity=7)
        first.sales.post("submit", all=True)
        there = submitted(first.sales)
        first.advance(86_400)
    assert state.stat().st_mode & 0o077 == 0
    with Sandbox("--state", str(state)) as second:
        assert on_hand(second.business_central) == stock + 7
        assert submitted(second.sales) == there != set()
        assert second.env["ENTRA_CLIENT_SECRET"] == secret
        assert second.sales.get("clock")["ahead"] == pytest.approx(86_400)


def test_a_crash_loses_at_most_what_was_not_yet_written() -> None:
    """Killed after the file was written: everything of both systems, clock and faults are there again.

    What came after the last time is lost, and nothing else.
    """
    with TemporaryDirectory() as folder, Sandbox("--state", f"{folder}/s", "--state-every", "3600") as sandbox:
        token = bearer(sandbox)
        path = f"{sandbox.env['BC_URL']}/api/v2.0"
        company = requests.get(f"{path}/companies", headers=token, timeout=20).json()["value"][0]["id"]
        stock = sandbox.business_central.post("post-stock", item=ITEM, quantity=7)["inventory"]
        sandbox.business_central.post("set-customer", customer="10100", blocked="All")
        sandbox.business_central.post("set-company", look_ahead="10D")
        made = requests.post(
            f"{path}/companies({company})/unitsOfMeasure", json={"code": "KEPT"}, headers=token, timeout=20
        )
        assert made.status_code == 201
        sandbox.sales.post("submit", all=True)
        there = submitted(sandbox.sales)
        sandbox.advance(3600)
        sandbox.fault(kind="503", system="sales", path="accounts", times=5)
        sandbox.latency(1)
        assert sandbox.business_central.post("save")["rows"] > 0
        assert sandbox.business_central.post("save")["rows"] == 0
        sandbox.business_central.post("post-stock", item=ITEM, quantity=1000)
        secret = sandbox.env["ENTRA_CLIENT_SECRET"]
        sandbox.kill()
        sandbox.start()
        assert sandbox.env["ENTRA_CLIENT_SECRET"] == secret
        assert on_hand(sandbox.business_central) == stock
        assert submitted(sandbox.sales) == there != set()
        assert sandbox.sales.get("clock")["ahead"] == pytest.approx(3600)
        assert [fault["path"] for fault in sandbox.sales.get("faults")] == ["accounts"]
        assert sandbox.sales.get("latency") == {"milliseconds": 1}
        path = f"{sandbox.env['BC_URL']}/api/v2.0/companies({company})"
        units = requests.get(f"{path}/unitsOfMeasure?$filter=code eq 'KEPT'", headers=bearer(sandbox), timeout=20)
        assert [row["id"] for row in units.json()["value"]] == [made.json()["id"]]
        assert units.json()["value"][0]["@odata.etag"] == made.json()["@odata.etag"]


def bearer(sandbox: Sandbox) -> dict[str, str]:
    """Sign in to Business Central as the integration does."""
    env = sandbox.env
    form = {
        "grant_type": "client_credentials",
        "client_id": env["ENTRA_CLIENT_ID"],
        "client_secret": env["ENTRA_CLIENT_SECRET"],
        "scope": "https://api.businesscentral.dynamics.com/.default",
    }
    url = f"{env['ENTRA_AUTHORITY']}/{env['ENTRA_TENANT_ID']}/oauth2/v2.0/token"
    answer = requests.post(url, data=form, timeout=20, verify=env["REQUESTS_CA_BUNDLE"])
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_a_save_that_failed_is_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk was full: what was to be written then is written next time, with all the rest."""
    bc = a_client_of_both(a_company())
    keeper = StateKeeper(bc.world, tmp_path / "sandbox.state", 3600)
    assert keeper.open() is False
    everything = keeper.save()
    assert keeper.save() == 0
    bc.control("post-stock", item="NUT", quantity=5)

    def full(file: StateFile, taken: Taken) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(StateFile, "write", full)
        with pytest.raises(sqlite3.OperationalError):
            keeper.save()
    assert keeper.save() == everything + 1
    assert keeper.save() == 0
    keeper.end()
    file = StateFile(tmp_path / "sandbox.state", bc.world.data.name)
    assert same_rows(file, bc.world)
    file.close()


def test_without_a_state_file_there_is_nothing_to_save() -> None:
    bc = a_client_of_both(a_company())
    refused = bc.control("save")
    assert (refused.status, refused.json["error"]) == (
        409, "There is no state file. Start the sandbox with --state FILE."
    )  # fmt: skip


def a_client_of_both(data: CompanyData) -> Client:
    """Both systems in this process, without servers."""
    bc = Client(World(data))
    create_sales(bc.world)
    return bc


def test_a_save_that_breaks_off_leaves_the_former_state(tmp_path: Path) -> None:
    """Half way through, as when the disk is full or the process dies: the file still holds what was saved before."""
    world, path = a_client_of_both(a_company()).world, tmp_path / "sandbox.state"
    file = StateFile(path, world.data.name)
    file.write(world.take_changes())
    world.clock.advance(60)
    taken = world.take_changes(whole=True)
    name, table = next((name, table) for name, table in taken.tables.items() if name.endswith("/items"))
    spoiled = {**table.rows, "broken": {"id": "broken", "cannot": lambda: None}}
    with pytest.raises((PicklingError, AttributeError)):
        file.write(Taken(b"never", {**taken.tables, name: TakenRows(True, spoiled)}))
    file.close()
    again = StateFile(path, world.data.name)
    assert again.rest not in (None, b"never")
    assert [row["number"] for row in again.rows(name)] == [row["number"] for row in table.rows.values() if row]
    again.close()


def test_a_save_writes_what_was_changed_and_nothing_else(tmp_path: Path) -> None:
    """One posting: its entry, and what it closed. A deleted row is deleted; a reset writes everything anew."""
    bc = a_client_of_both(a_company())
    world = bc.world
    file = StateFile(tmp_path / "sandbox.state", world.data.name)
    file.write(world.take_changes())
    bc.control("post-stock", item="NUT", quantity=-1)
    taken = world.take_changes()
    assert [name.rpartition("/")[2] for name in taken.tables] == ["itemLedgerEntries"]
    file.write(taken)
    unit = bc.send("POST", bc.api("unitsOfMeasure"), {"code": "BOX"}).json["id"]
    file.write(world.take_changes())
    bc.send("DELETE", bc.api(f"unitsOfMeasure({unit})"))
    file.write(world.take_changes())
    assert same_rows(file, world)
    world.reset()
    taken = world.take_changes()
    assert all(table.whole for table in taken.tables.values())
    file.write(taken)
    assert same_rows(file, world)
    file.close()


def same_rows(file: StateFile, world: World) -> bool:
    """Whether the file holds the rows of the world; those of Sales in the order they came."""

    def sorted_rows(name: str, rows: Iterable[Any]) -> list[Any]:
        return list(rows) if name.startswith("sales/") else sorted(rows, key=itemgetter("id"))

    return all(
        sorted_rows(name, file.rows(name)) == sorted_rows(name, table.rows.values())
        for name, table in world.take_out().tables.items()
    )


def test_what_is_read_is_what_was_written_and_goes_on_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of both systems, sums of stock, number series, subscriptions, open transactions and switches."""
    first = a_client_of_both(a_company())
    world = first.world
    monkeypatch.setattr(subscriptions, "_shake_hands", lambda url: None)
    hook = {"notificationUrl": "http://127.0.0.1:9/", "resource": f"/api/v2.0/companies({first.company})/items"}
    assert first.send("POST", "api/v2.0/subscriptions", hook).status == 201
    number = first.send("POST", first.api("salesOrders"), {"customerNumber": "100"}).json["number"]
    held = first.control("late-entry", item="NUT", quantity=1, hold=True).json["entryNumber"]
    first.control("companion", installed=False)
    file = StateFile(tmp_path / "sandbox.state", world.data.name)
    file.write(world.take_changes())
    bc = a_client_of_both(replace(a_company(), items=()))
    other = bc.world
    assert bc.get(bc.api("items?$filter=number eq 'NUT'")).rows == []
    file.close()
    again = StateFile(tmp_path / "sandbox.state", world.data.name)
    assert again.rest is not None
    other.put_back(again.rest, again.rows, whole=True)
    assert bc.item("NUT")["inventory"] == 100
    assert bc.get("api/v2.0/subscriptions").rows == first.get("api/v2.0/subscriptions").rows != []
    assert bc.get(bc.bridge("itemDetails")).status == 404
    assert bc.send("POST", bc.api("salesOrders"), {"customerNumber": "100"}).json["number"] > number
    assert bc.control("late-entry", commit=True).json["entryNumbers"] == [held]
    assert bc.item("NUT")["inventory"] == 101
    bc.control("post-stock", item="NUT", quantity=-100)
    assert bc.item("NUT")["inventory"] == 1
    again.write(other.take_changes())
    assert same_rows(again, other)
    other.watch()
    assert other.take_changes().tables == {}
    again.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE head SET value = '0' WHERE name = 'code'", "another version"),
        ("UPDATE head SET value = 0 WHERE name = 'format'", "another version"),
        ("UPDATE head SET value = 'Somebody else' WHERE name = 'company'", "holds the company"),
        ("DROP TABLE kept", "no state file"),
        ("UPDATE kept SET body = zeroblob(9) WHERE at = 1", "damaged"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_and_left_alone(
    written: bytes, tmp_path: Path, change: str, says: str
) -> None:
    state = tmp_path / "sandbox.state"
    state.write_bytes(written)
    db = sqlite3.connect(state)
    with db:
        db.execute(change)
    db.close()
    before = state.read_bytes()
    with pytest.raises(StateUnreadable, match=says) as refused:
        read_whole(state)
    assert str(state) in str(refused.value)
    assert state.read_bytes() == before


def read_whole(path: Path) -> None:
    """All that a start reads of a file."""
    bc = a_client_of_both(a_company())
    file = StateFile(path, bc.world.data.name)
    try:
        assert file.rest is not None
        bc.world.put_back(file.rest, file.rows, whole=True)
    finally:
        file.close()


def test_a_sandbox_does_not_start_with_a_file_of_another_company(written: bytes, tmp_path: Path) -> None:
    state = tmp_path / "sandbox.state"
    state.write_bytes(written)
    with pytest.raises(SandboxRefused, match="holds the company 'Testing & Sons'"), Sandbox("--state", str(state)):
        pass
    assert state.read_bytes() == written


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A state file of the tests' company."""
    world = a_client_of_both(a_company()).world
    state = tmp_path_factory.mktemp("state") / "sandbox.state"
    file = StateFile(state, world.data.name)
    file.write(world.take_changes())
    file.close()
    return state.read_bytes()


def test_something_else_is_no_state_file(written: bytes, tmp_path: Path) -> None:
    other, half = tmp_path / "notes.txt", tmp_path / "half.state"
    other.write_text("Buy milk\n" * 100)
    half.write_bytes(written[: len(written) // 2])
    for path, says in ((other, "no state file"), (half, "damaged|no state file")):
        before = path.read_bytes()
        with pytest.raises(StateUnreadable, match=says):
            file = StateFile(path, "Test Trading")
            list(file.rows("anything"))
        assert path.read_bytes() == before


def test_two_sandboxes_cannot_share_a_file(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "sandbox.state", "Test Trading")
    with pytest.raises(StateUnreadable, match="is used by a sandbox that is running"):
        StateFile(tmp_path / "sandbox.state", "Test Trading")
    file.close()
    assert StateFile(tmp_path / "sandbox.state", "Test Trading").rest is None


def test_a_state_runs_no_code() -> None:
    """Only the sandbox's own classes and plain values are read."""

    class Sly:
        def __reduce__(self) -> Any:
            return (print, ("read",))

    for sly in (freeze(Sly(), {}), b"cos\nsystem\n(S'true'\ntR.", b"csandbox.frozen\nthaw\n."):
        with pytest.raises(StateUnreadable):
            thaw(sly, {})


def test_a_snapshot_brings_back_both_systems_as_often_as_wanted() -> None:
    with Sandbox() as sandbox:
        stock, orders = on_hand(sandbox.business_central), submitted(sandbox.sales)
        for _ in range(2):
            with sandbox.kept():
                sandbox.business_central.post("post-stock", item=ITEM, quantity=5)
                sandbox.sales.post("submit", all=True)
                sandbox.fault(kind="503")
                assert submitted(sandbox.sales) > orders
            assert (on_hand(sandbox.business_central), submitted(sandbox.sales)) == (stock, orders)
            assert sandbox.sales.get("faults") == []
        assert list(sandbox.sales.get("snapshots")) == ["kept"]
        with pytest.raises(SandboxRefused, match="There are: kept"):
            sandbox.restore("never taken")
        with pytest.raises(SandboxRefused, match="what it is called"):
            sandbox.sales.post("restore")
        sandbox.sales.call("DELETE", "snapshots")
        assert sandbox.sales.get("snapshots") == {}


def test_two_sandboxes_do_not_know_of_each_other() -> None:
    with Sandbox() as one, Sandbox() as other:
        assert len({control.address for box in (one, other) for control in (box.sales, box.business_central)}) == 4
        stock = on_hand(other.business_central)
        one.business_central.post("post-stock", item=ITEM, quantity=100)
        one.latency(1)
        assert on_hand(other.business_central) == stock
        assert other.sales.get("latency") == {"milliseconds": 0}
        assert one.env["ENTRA_CLIENT_SECRET"] != other.env["ENTRA_CLIENT_SECRET"]

"""Snapshots, the state file over restarts and crashes, and two sandboxes side by side: real processes."""

from __future__ import annotations

import json
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from sandbox.state_file import StateUnreadable, freeze, read_state, thaw, write_state
from sandbox.testing import Control, Sandbox, SandboxRefused

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


def test_a_crash_loses_at_most_what_was_not_yet_written(tmp_path: Path) -> None:
    """Killed after the file was written, and not before: the posting is there again."""
    state = tmp_path / "sandbox.state"
    with Sandbox("--state", str(state), "--state-every", "0.05") as sandbox:
        before = state.read_bytes()
        stock = sandbox.business_central.post("post-stock", item=ITEM, quantity=7)["inventory"]
        end = monotonic() + 20
        while state.read_bytes() == before:
            assert monotonic() < end, "the state was not written"
        sandbox.kill()
        sandbox.start()
        assert on_hand(sandbox.business_central) == stock


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"code": "0"}, "another version"),
        ({"format": 0}, "another version"),
        ({"company": "Somebody else"}, "holds the company"),
        ({"sha256": "0"}, "damaged"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_and_left_alone(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    state = tmp_path / "sandbox.state"
    write_state(state, b"frozen", "Test Trading")
    first, _, frozen = state.read_bytes().partition(b"\n")
    word, _, head = first.decode().partition(" ")
    state.write_bytes(f"{word} {json.dumps({**json.loads(head), **change})}\n".encode() + frozen)
    before = state.read_bytes()
    with pytest.raises(StateUnreadable, match=says):
        read_state(state, "Test Trading")
    with pytest.raises(SandboxRefused, match=str(state)), Sandbox("--state", str(state)):
        pass
    assert state.read_bytes() == before


def test_something_else_is_no_state_file(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("Buy milk\n")
    with pytest.raises(StateUnreadable, match="no state file"):
        read_state(other, "Test Trading")
    assert read_state(tmp_path / "nowhere", "Test Trading") is None


def test_a_state_runs_no_code() -> None:
    """Only the sandbox's own classes and plain values are read."""

    class Sly:
        def __reduce__(self) -> Any:
            return (print, ("read",))

    for sly in (freeze(Sly(), {}), b"cos\nsystem\n(S'true'\ntR.", b"csandbox.state_file\nthaw\n."):
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

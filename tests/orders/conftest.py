"""One installation inside the test's own process, against the sandbox: its clock moves when the test says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge import wiring
from bridge.clients.sales import ChangeSet, Write
from bridge.context import CompanyContext, Outcome
from bridge.coupling.service import match
from bridge.orders.run import pick_up
from bridge.settings import Settings
from bridge.store import failures, journal
from bridge.store.models import Failure, JournalEntry
from tests.processes import SandboxProcess


class Desk:
    """The bridge as one person has it before them, and both systems behind it."""

    def __init__(self, bridge: wiring.Bridge, sandbox: SandboxProcess, moved: list[timedelta]) -> None:
        self.bridge = bridge
        self.sandbox = sandbox
        self.ctx: CompanyContext = bridge.context(bridge.companies()[0])
        self._moved = moved

    def pick_up(self) -> Outcome:
        return pick_up(self.ctx)

    def wait(self, **length: float) -> None:
        """Let time pass for the bridge."""
        self._moved.append(timedelta(**length))

    def codes(self) -> dict[str, list[str]]:
        """Codes of the open failures by order number."""
        found: dict[str, list[str]] = {}
        for failure in self.failures():
            found.setdefault(failure.record.split(",")[0].removeprefix("Sales order "), []).append(failure.code)
        return found

    def failures(self) -> list[Failure]:
        return failures.open_failures(self.ctx.db, self.ctx.company.id)

    def entry(self, number: str) -> JournalEntry:
        [entry] = journal.find(self.ctx.db, number)
        return entry

    def bc_orders(self) -> list[str]:
        """The reference of every order in Business Central."""
        return sorted(order["yourReference"] for order in self.sandbox.bc.orders())

    def bc_order(self, number: str) -> dict[str, Any]:
        return self.sandbox.bc.order_of(number)

    def is_acknowledged(self, number: str) -> bool:
        order = self.sandbox.sales.order(number)
        return (order["statecode"], order["statuscode"]) == (1, 3) and bool(order["lastbackofficesubmit"])

    def write_in_sales(self, number: str, *bodies: dict[str, Any]) -> None:
        """Change an order in Sales, one body after the other, in one transaction."""
        path = f"salesorders({self.sandbox.sales.order(number)['salesorderid']})"
        [result] = self.ctx.sales.batch(
            [ChangeSet(tuple(Write("PATCH", path, body) for body in bodies))], purpose="test"
        )
        assert result.ok, result.error

    def reopen_in_sales(self, number: str) -> None:
        self.write_in_sales(number, {"statecode": 0, "statuscode": 1})

    def take_stamp_away(self, number: str) -> None:
        """As if the acknowledgement had never arrived."""
        self.write_in_sales(
            number,
            {"statecode": 0, "statuscode": 2},
            {"lastbackofficesubmit": None},
            {"statecode": 1, "statuscode": 3},
        )


@pytest.fixture
def new_desk(
    sandbox: SandboxProcess, migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Desk]]:
    """Makes installations with databases of their own; everything is coupled."""
    for name, value in sandbox.env.items():
        monkeypatch.setenv(name, value)
    bridges: list[wiring.Bridge] = []

    def make() -> Desk:
        path = tmp_path / f"desk-{len(bridges)}.db"
        shutil.copy(migrated_sqlite, path)
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
        moved: list[timedelta] = []
        bridge = wiring.build(Settings.from_environment(), clock=lambda: datetime.now(UTC) + sum(moved, timedelta()))
        bridges.append(bridge)
        desk = Desk(bridge, sandbox, moved)
        match(desk.ctx, "ALL")
        return desk

    yield make
    for bridge in bridges:
        bridge.close()


@pytest.fixture
def desk(new_desk: Callable[[], Desk], sandbox: SandboxProcess) -> Desk:
    """One installation. The requests of setting it up are forgotten."""
    made = new_desk()
    sandbox.forget_requests()
    return made

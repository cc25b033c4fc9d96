"""Stopped anywhere on the way back to Sales, started again: both systems end as if nothing had happened."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bridge import wiring
from bridge.context import CompanyContext
from bridge.coupling.service import ALL, match
from bridge.orders.run import pick_up
from bridge.records import Company
from bridge.settings import Settings
from bridge.status.invoices.run import sync_invoices
from bridge.status.notes.run import sync_notes
from bridge.status.push.run import push_orders
from bridge.status.statistics.run import update_statistics
from bridge.store import companies, failures, journal
from bridge.store.database import Database
from demo.remote import Remote, sales
from tests.crash_points import moments_of, stop_at
from tests.processes import SandboxProcess

Work = Callable[[CompanyContext], object]
_LATER = timedelta(hours=2)
"""Longer than any pause: what the stopped process had put off is due for the next one."""
_CHANGING = re.compile(r"id$|^_|modified|created|version|etag|^invoicenumber$|@|address|^submitdate", re.IGNORECASE)
"""Names of what no two runs have in common."""
_LOOKED_AT = (
    "invoices",
    "invoicedetails",
    "annotations",
    "nav_accountstatisticses",
    "salesorders",
    "salesorderdetails",
    "productpricelevels",
)


class Installation:
    """A database file and the processes that use it, one after the other."""

    def __init__(self, sandbox: SandboxProcess, path: Path) -> None:
        self.sandbox, self.path, self.later = sandbox, path, timedelta()

    def run(self, work: Work) -> None:
        """Do this in a process of its own."""
        given = {name.lower(): value for name, value in self.sandbox.env.items()}
        settings = Settings.model_validate({**given, "database_url": f"sqlite:///{self.path}", "work_threads": 1})
        later = self.later
        bridge = wiring.build(settings, clock=lambda: datetime.now(UTC) + later)
        try:
            saved = companies.all_companies(bridge.db)
            known = [Company(row.id, row.name, row.display_name) for row in saved] or bridge.companies()
            work(bridge.context(known[0]))
        finally:
            bridge.close()


@dataclass(frozen=True)
class Flow:
    """``work`` is what is stopped; ``before`` makes the world it finds, and answers nothing."""

    work: Work
    before: Callable[[CompanyContext, SandboxProcess], None]


def _stopped(moment: int, flow: Flow, ctx: CompanyContext) -> None:
    """The flow's work, ended at that moment."""
    stop_at(moment, lambda: flow.work(ctx))


def _numbers(ctx: CompanyContext) -> list[str]:
    return sorted(entry.bc_order_number or "" for entry in journal.followed(ctx.db, ctx.company.id))


def _invoiced(ctx: CompanyContext, sandbox: SandboxProcess) -> None:
    """Two orders are invoiced, one of them is paid already."""
    first, second = _numbers(ctx)[:2]
    sandbox.bc.ship_and_invoice(first)
    paid = sandbox.bc.ship_and_invoice(second)["invoice"]
    sandbox.bc.call("POST", "pay", {"invoice": paid})


def _paid(ctx: CompanyContext, sandbox: SandboxProcess) -> None:
    """Invoices are in Sales; one is paid now, the payment of the other is taken back."""
    first, second = (sandbox.bc.ship_and_invoice(number)["invoice"] for number in _numbers(ctx)[:2])
    sandbox.bc.call("POST", "pay", {"invoice": second})
    sync_invoices(ctx)
    sandbox.bc.call("POST", "pay", {"invoice": first})
    sandbox.bc.call("POST", "unapply", {"invoice": second})


def _changed(ctx: CompanyContext, sandbox: SandboxProcess) -> None:
    """A line of one order has another quantity; the others have never been pushed."""
    change = {"order": _numbers(ctx)[0], "line": 10000, "quantity": 2}
    sandbox.bc.call("POST", "change-order-line", change)


def _noted(ctx: CompanyContext, sandbox: SandboxProcess) -> None:
    """People have written notes on both sides."""
    entry = journal.followed(ctx.db, ctx.company.id)[0]
    bind = {"objectid_salesorder@odata.bind": f"/salesorders({entry.sales_id})"}
    ctx.sales.create("annotations", {"subject": "There", "notetext": "a", **bind}, purpose="test")
    note = {"order": entry.bc_order_number, "subject": "Here", "body": "b"}
    sandbox.bc.call("POST", "add-note", note)


def _nothing(_ctx: CompanyContext, _sandbox: SandboxProcess) -> None:
    """Customers are coupled, and nobody has told of them."""


FLOWS = {
    "invoices": Flow(sync_invoices, _invoiced),
    "payments": Flow(sync_invoices, _paid),
    "changed orders": Flow(push_orders, _changed),
    "notes": Flow(sync_notes, _noted),
    "statistics": Flow(update_statistics, _nothing),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A sandbox whose snapshots are this module's own."""
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", process.env["REQUESTS_CA_BUNDLE"])
        yield process
    process.stop()


@pytest.fixture(scope="module")
def picked_up(world: SandboxProcess, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of an installation that has picked up the orders of the demo company."""
    path = tmp_path_factory.mktemp("start") / "bridge.db"
    shutil.copy(migrated_sqlite, path)

    def begin(ctx: CompanyContext) -> None:
        match(ctx, ALL)
        pick_up(ctx)

    Installation(world, path).run(begin)
    world.bc.call("POST", "snapshots", {"name": "picked up"})
    return path


def end_of(installation: Installation, remote: Remote) -> dict[str, Any]:
    """What can be seen in both systems and in our failures, save ids and times."""
    found: dict[str, Any] = {name: _contents(remote.rows(name)) for name in _LOOKED_AT}
    orders = installation.sandbox.bc.orders()
    found["notes"] = sorted((note["subject"], note["body"]) for order in orders for note in order["notes"])

    db = Database(f"sqlite:///{installation.path}")
    found["failures"] = sorted((failure.record, failure.code) for failure in failures.open_failures(db))
    db.close()
    return found


def _contents(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = [{name: value for name, value in row.items() if not _CHANGING.search(name)} for row in rows]
    return sorted(kept, key=lambda row: str(sorted(row.items(), key=lambda one: one[0])))


@pytest.mark.parametrize("name", FLOWS)
def test_stopped_at_any_moment_it_ends_as_if_nothing_had_happened(
    world: SandboxProcess, picked_up: Path, tmp_path: Path, name: str
):
    flow = FLOWS[name]
    world.bc.call("POST", "restore", {"name": "picked up"})
    ready = tmp_path / "ready.db"
    shutil.copy(picked_up, ready)
    Installation(world, ready).run(lambda ctx: flow.before(ctx, world))
    world.bc.call("POST", "snapshots", {"name": "ready"})

    def again(path: Path) -> Installation:
        world.bc.call("POST", "restore", {"name": "ready"})
        shutil.copy(ready, path)
        return Installation(world, path)

    undisturbed = again(tmp_path / "undisturbed.db")
    moments: list[str] = []
    undisturbed.run(lambda ctx: moments.extend(moments_of(lambda: flow.work(ctx))))
    undisturbed.later = _LATER
    undisturbed.run(flow.work)
    remote = sales(world.env)
    expected = end_of(undisturbed, remote)
    assert len(moments) > 8, moments

    for number, moment in enumerate(moments):
        installation = again(tmp_path / f"{number}.db")
        installation.run(partial(_stopped, number, flow))
        installation.later = _LATER
        installation.run(flow.work)
        assert end_of(installation, remote) == expected, f"stopped {moment}, moment {number} of {len(moments)}"

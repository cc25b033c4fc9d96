"""Stopped anywhere, started again: both systems end as if nothing had happened.

Each flow is stopped at every single moment of its undisturbed run (tests/crash_points.py says which those are) and
restarted as a new process with the database the stopped one left.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge import wiring
from bridge.context import CompanyContext
from bridge.coupling.service import ALL, match
from bridge.orders.run import pick_up
from bridge.settings import Settings
from bridge.status.run import push_status
from bridge.store import couplings, failures, journal
from bridge.store.journal import Kind
from bridge.work.pick_up import pick_up as pick_up_quotes
from tests.crash_points import moments_of, stop_at, that_matter
from tests.processes import SandboxProcess
from tests.quotes.seller import QuoteSeller

_LEASE = timedelta(minutes=5)
"""Longer than any lease: what the stopped process held is free for the next one."""


class Installation:
    """A database file and the processes that use it, one after the other, in one company."""

    def __init__(self, sandbox: SandboxProcess, path: Path) -> None:
        self.sandbox = sandbox
        self.path = path
        self._later = timedelta()

    def run(self, work: Callable[[CompanyContext], object]) -> None:
        """Do this in a process of its own."""
        given = {name.lower(): value for name, value in self.sandbox.env.items()}
        url = f"sqlite:///{self.path}"
        settings = Settings.model_validate({**given, "database_url": url, "work_threads": 1})
        later = self._later
        bridge = wiring.build(settings, clock=lambda: datetime.now(UTC) + later)
        try:
            work(bridge.context(bridge.companies()[0]))
        finally:
            bridge.close()

    def wait_for_leases(self) -> None:
        self._later += _LEASE


@dataclass(frozen=True)
class Flow:
    """``work`` is what is stopped, in the world that ``before`` has made of the demo company."""

    work: Callable[[CompanyContext], object]
    before: Callable[[CompanyContext, SandboxProcess], None]


def _nothing(_ctx: CompanyContext, _sandbox: SandboxProcess) -> None:
    """The demo company has orders submitted, some of which cannot be created."""


def _picked_up(ctx: CompanyContext, _sandbox: SandboxProcess) -> None:
    pick_up(ctx)


def _told(ctx: CompanyContext, _sandbox: SandboxProcess) -> None:
    pick_up(ctx)
    push_status(ctx)


def _one_shipped_one_invoiced(ctx: CompanyContext, sandbox: SandboxProcess) -> None:
    _told(ctx, sandbox)
    shipped, invoiced = sorted(entry.bc_order_number or "" for entry in journal.followed(ctx.db, ctx.company.id))[:2]
    sandbox.bc.ship(shipped)
    sandbox.bc.ship_and_invoice(invoiced)


def _stamp_lost(ctx: CompanyContext, sandbox: SandboxProcess) -> None:
    """Orders that Business Central has, submitted again in Sales."""
    _told(ctx, sandbox)
    for entry in journal.followed(ctx.db, ctx.company.id)[:2]:
        path = f"salesorders({entry.sales_id})"
        for body in ({"statecode": 0, "statuscode": 2}, {"lastbackofficesubmit": None}):
            ctx.sales.update("salesorders", entry.sales_id, body, purpose=f"test {path}")
        sandbox.sales.submit(entry.sales_number)


def _without_companion(_ctx: CompanyContext, sandbox: SandboxProcess) -> None:
    sandbox.bc.install_companion(False)


def _quotes_of_every_kind(ctx: CompanyContext, sandbox: SandboxProcess) -> None:
    """One activated, one revised, and won ones: seen before or never, their order submitted, not submitted, or in
    Business Central before the quote. No other orders."""
    for order in sandbox.sales.orders():
        if order["statecode"] == 1:
            ctx.sales.update("salesorders", order["salesorderid"], {"statecode": 0, "statuscode": 1}, purpose="test")
    seller = QuoteSeller(sandbox)
    first = seller.quote("order first")
    seller.order_of(first)
    pick_up(ctx)
    known = {number: seller.quote(number) for number in ("revised", "won", "won, not submitted")}
    pick_up_quotes(ctx)
    journal.put_back(ctx.db, None, ctx.clock())
    seller.quote("activated")
    seller.revise(known["revised"], name="Second")
    seller.order_of(known["won"])
    seller.order_of(known["won, not submitted"], submit=False)
    seller.order_of(seller.quote("never seen"))


def _held(ctx: CompanyContext) -> None:
    """What is created is compared before it is released."""
    pick_up(replace(ctx, settings=ctx.settings.model_copy(update={"order_totals": "hold"})))


def _some_with_vat(_ctx: CompanyContext, sandbox: SandboxProcess) -> None:
    """The prices of one customer are read as with VAT in Business Central, so that his order comes to less."""
    sandbox.bc.set_customer("10170", pricesIncludeTax=True)


FLOWS = {
    "quotes": Flow(pick_up_quotes, _quotes_of_every_kind),
    "orders": Flow(pick_up, _nothing),
    "orders without the companion": Flow(pick_up, _without_companion),
    "orders held until they are compared": Flow(_held, _some_with_vat),
    "orders submitted again": Flow(pick_up, _stamp_lost),
    "first status": Flow(push_status, _picked_up),
    "status of shipped and invoiced orders": Flow(push_status, _one_shipped_one_invoiced),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A sandbox whose snapshots are this module's own."""
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", process.env["REQUESTS_CA_BUNDLE"])
        yield process
    process.stop()


def end_of(installation: Installation) -> dict[str, Any]:
    """What can be seen in both systems and in ours, save numbers, ids and times, which differ from run to run."""
    found: dict[str, Any] = {}
    archived: list[str] = []
    sandbox = installation.sandbox

    def look(ctx: CompanyContext) -> None:
        names = {order["salesorderid"]: order["ordernumber"] for order in sandbox.sales.orders()}
        posts = ctx.sales.rows("posts", purpose="test", select=("text", "_regardingobjectid_value"))
        told = Counter((names.get(post["_regardingobjectid_value"]), _gist(post["text"])) for post in posts)
        found["posts"] = told
        followed = journal.followed(ctx.db, ctx.company.id)
        found["followed"] = [(entry.sales_number, entry.state, entry.release_state) for entry in followed]
        found["open"] = journal.counts(ctx.db, ctx.company.id, ctx.clock() + timedelta(days=1))
        found["open quotes"] = journal.counts(ctx.db, ctx.company.id, ctx.clock() + timedelta(days=1), Kind.QUOTE)
        archived.extend(row["number"] for row in ctx.bc.rows("salesQuoteArchives", purpose="test", fresh=True))
        found["untold"] = len(journal.untold_events(ctx.db, ctx.company.id))
        open_failures = failures.open_failures(ctx.db, ctx.company.id)
        found["failures"] = sorted((failure.record, failure.code) for failure in open_failures)
        found["couplings"] = couplings.count_by_mapping(ctx.db, ctx.company.id)

    installation.run(look)
    found["business central"] = sorted((_content(order) for order in sandbox.bc.orders()), key=str)
    quotes = sandbox.bc.call("GET", "orders", kind="Quote")
    numbers = {quote["number"]: quote["yourReference"] for quote in quotes}
    found["quotes"] = sorted((_content(quote) for quote in quotes), key=str)
    found["archived"] = Counter(numbers[number] for number in archived)
    found["sales"] = {order["ordernumber"]: _content(order) for order in sandbox.sales.orders()}
    return found


def _gist(text: str) -> str:
    return next((word for word in ("released", "partly", "shipped", "invoiced") if word in text.lower()), text)


_CHANGING = re.compile(r"id$|^number$|modified|created|version|etag|date|^_", re.IGNORECASE)
"""Names of what no two runs have in common."""


def _content(order: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in order.items():
        if name in ("lastbackofficesubmit", "quoteNumber"):
            found[name] = bool(value)
        elif isinstance(value, list):
            found[name] = [_content(one) if isinstance(one, dict) else one for one in value]
        elif not _CHANGING.search(name):
            found[name] = value
    return found


def _differences(where: str, expected: Any, found: Any) -> list[str]:
    """Each value that is not as it should be, with the way to it."""
    if isinstance(expected, dict) and isinstance(found, dict):
        names = expected.keys() | found.keys()
        return [line for name in names for line in _differences(f"{where}.{name}", expected.get(name), found.get(name))]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [line for position, (a, b) in pairs for line in _differences(f"{where}[{position}]", a, b)]
    return [] if expected == found else [f"{where}: expected {expected!r}, found {found!r}"]


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_a_process_may_end_at_any_moment(flow: Flow, world: SandboxProcess, migrated_sqlite: Path, tmp_path: Path):
    world.reset()
    ready = tmp_path / "ready.db"
    shutil.copy(migrated_sqlite, ready)

    def prepare(ctx: CompanyContext) -> None:
        match(ctx, ALL)
        flow.before(ctx, world)

    Installation(world, ready).run(prepare)
    world.bc.call("POST", "snapshots", {"name": "ready"})

    def begin_again() -> Installation:
        world.bc.call("POST", "restore", {"name": "ready"})
        shutil.copy(ready, tmp_path / "used.db")
        return Installation(world, tmp_path / "used.db")

    undisturbed = begin_again()
    names = moments_of(lambda: undisturbed.run(flow.work))
    expected = end_of(undisturbed)
    assert len(names) > 10

    wrong = {}
    for moment in that_matter(names):
        installation = begin_again()
        name = stop_at(moment, lambda: installation.run(flow.work))  # noqa: B023 - called at once
        installation.wait_for_leases()
        installation.run(flow.work)
        found = end_of(installation)
        if differing := [line for what in expected for line in _differences(what, expected[what], found[what])]:
            wrong[f"{moment}: {name}"] = differing
    assert not wrong, "\n".join(f"stopped at {moment}\n  " + "\n  ".join(lines) for moment, lines in wrong.items())

"""One installation inside the test's own process, against the sandbox: its clock moves when the test says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bridge import wiring
from bridge.clients.sales import ChangeSet, Write
from bridge.context import CompanyContext, Outcome
from bridge.coupling.service import match
from bridge.orders.run import pick_up
from bridge.records import new_id
from bridge.settings import Settings
from bridge.store import couplings, failures, journal
from bridge.store.models import Failure, JournalEntry, OptionCoupling
from tests.orders.seller import Seller
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

    def uncouple_option(self, mapping: str, value: int) -> None:
        """Let an option value of Sales stand for nothing in Business Central."""
        kept = [
            OptionCoupling(
                company_id=row.company_id,
                mapping=row.mapping,
                bc_id=row.bc_id,
                bc_code=row.bc_code,
                option_value=row.option_value,
                coupled_at=row.coupled_at,
            )
            for row in couplings.options(self.ctx.db, self.ctx.company.id)[mapping].values()
            if row.option_value != value
        ]
        couplings.replace_options(self.ctx.db, self.ctx.company.id, mapping, kept)

    def with_settings(self, **settings: object) -> None:
        """From now on the bridge is set up so."""
        self.ctx = replace(self.ctx, settings=self.ctx.settings.model_copy(update=settings))

    def couple(self, mapping: str, table_id: int, bc_number: str, sales_table: str, sales_id: str) -> None:
        """A coupling that no matching makes."""
        wanted = couplings.NewCoupling(mapping, table_id, new_id(), bc_number, sales_table, sales_id, bc_number)
        couplings.couple(self.ctx.db, self.ctx.company.id, wanted, self.ctx.clock())

    def read_from_sales(self, number: str, **columns: Any) -> None:
        """Let the order be read with these columns: values that Sales may hold and that no seller can write here."""
        self._change_what_is_read(number, lambda row: row | columns)

    def read_lines_from_sales(self, number: str, **columns: Any) -> None:
        """The same, of every line of the order."""
        self._change_what_is_read(
            number, lambda row: row | {"order_details": [line | columns for line in row["order_details"]]}
        )

    def _change_what_is_read(self, number: str, change: Callable[[Any], Any]) -> None:
        sales = self.ctx.sales
        read = sales.rows

        def rows(entity_set: str, **options: Any) -> Iterator[Any]:
            for row in read(entity_set, **options):
                yield change(row) if row.get("ordernumber") == number else row

        sales.rows = rows  # type: ignore[method-assign]

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


AnyDesk = TypeVar("AnyDesk", bound=Desk)


@contextmanager
def open_desks(
    sandbox: SandboxProcess,
    migrated_sqlite: Path,
    folder: Path,
    kind: type[AnyDesk] = Desk,  # type: ignore[assignment]
) -> Iterator[Callable[[], AnyDesk]]:
    """Makes installations with databases of their own; everything is coupled."""
    bridges: list[wiring.Bridge] = []

    def make() -> AnyDesk:
        path = folder / f"desk-{len(bridges)}.db"
        shutil.copy(migrated_sqlite, path)
        given = {name.lower(): value for name, value in sandbox.env.items()}
        settings = Settings.model_validate({**given, "database_url": f"sqlite:///{path}"})
        moved: list[timedelta] = []
        bridge = wiring.build(settings, clock=lambda: datetime.now(UTC) + sum(moved, timedelta()))
        bridges.append(bridge)
        desk = kind(bridge, sandbox, moved)
        match(desk.ctx, "ALL")
        return desk

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", sandbox.env["REQUESTS_CA_BUNDLE"])
        yield make
    for bridge in bridges:
        bridge.close()


@pytest.fixture
def new_desk(sandbox: SandboxProcess, migrated_sqlite: Path, tmp_path: Path) -> Iterator[Callable[[], Desk]]:
    """Makes installations that know nothing of each other."""
    with open_desks(sandbox, migrated_sqlite, tmp_path, Desk) as make:
        yield make


@pytest.fixture
def desk(new_desk: Callable[[], Desk], sandbox: SandboxProcess) -> Desk:
    """One installation. The requests of setting it up are forgotten."""
    made = new_desk()
    sandbox.forget_requests()
    return made


@pytest.fixture
def seller(sandbox: SandboxProcess) -> Seller:
    return Seller(sandbox)


@pytest.fixture(scope="module")
def shared_desk(
    _session_sandbox: SandboxProcess, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """One installation for all tests of a module: they look at what one pick-up made of many orders. The orders of the
    seed are opened, so that only the module's own are picked up."""
    _session_sandbox.reset()
    with open_desks(_session_sandbox, migrated_sqlite, tmp_path_factory.mktemp("desk"), Desk) as make:
        desk = make()
        for order in _session_sandbox.sales.orders():
            if order["statecode"] == 1:
                desk.reopen_in_sales(order["ordernumber"])
        yield desk

"""What tests of the bridge's subjects work in: a company of the sandbox, inside this process, with a movable clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from bridge.context import CompanyContext
from bridge.records import Side, utc_now
from bridge.settings import Settings
from bridge.wiring import Bridge, build
from tests.processes import SandboxProcess


@dataclass
class Surroundings:
    """``ctx`` is what work gets. ``later`` moves the bridge's own clock, not the sandbox's."""

    bridge: Bridge
    ctx: CompanyContext
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return utc_now() + self.ahead

    def later(self, **how_long: float) -> None:
        self.ahead += timedelta(**how_long)

    def with_settings(self, **settings: object) -> CompanyContext:
        return replace(self.ctx, settings=self.ctx.settings.model_copy(update=settings))

    def cost(self, work: Callable[[], object]) -> dict[Side, int]:
        """How many requests the work makes to each side."""
        before = {side: self.bridge.calls.totals(side).requests for side in Side}
        work()
        return {side: self.bridge.calls.totals(side).requests - before[side] for side in Side}


@pytest.fixture
def here(sandbox: SandboxProcess, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Surroundings]:
    """The sandbox's company, with an empty database."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sandbox.env["REQUESTS_CA_BUNDLE"])
    given = {name.lower(): value for name, value in sandbox.env.items()}
    settings = Settings.model_validate({**given, "database_url": sqlite_url})
    bridge = build(settings)
    ctx = bridge.context(bridge.companies()[0])
    surroundings = Surroundings(bridge, ctx)
    surroundings.ctx = replace(ctx, clock=surroundings.now)
    yield surroundings
    bridge.close()

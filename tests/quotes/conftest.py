"""The installation of the tests of orders, which picks up quotes as well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.context import Outcome
from bridge.store.journal import Kind
from bridge.work.pick_up import pick_up
from tests.orders.conftest import Desk, open_desks
from tests.processes import SandboxProcess
from tests.quotes.seller import QuoteSeller


class QuoteDesk(Desk):
    """Both systems with an eye on quotes."""

    def pick_up(self) -> Outcome:
        return pick_up(self.ctx)

    def bc_quotes(self, reference: str = "") -> list[dict[str, Any]]:
        """The quotes of Business Central, or those of one reference, with lines and notes."""
        query = {"kind": "Quote"} | ({"reference": reference} if reference else {})
        return list(self.sandbox.bc.call("GET", "orders", **query))

    def bc_quote(self, reference: str) -> dict[str, Any]:
        """The one quote of this reference."""
        [found] = self.bc_quotes(reference)
        return found

    def versions(self, number: str) -> int:
        """How often the quote of this number in Business Central is in the archive."""
        rows = self.ctx.bc.rows("salesQuoteArchives", purpose="test", filter=f"number eq '{number}'", fresh=True)
        return len(list(rows))

    def quote_codes(self) -> dict[str, list[str]]:
        """Codes of the open failures by quote number."""
        found: dict[str, list[str]] = {}
        for failure in self.failures():
            if failure.subject == Kind.QUOTE:
                number = failure.record.split(",")[0].removeprefix("Sales quote ")
                found.setdefault(number, []).append(failure.code)
        return found

    def sales_quote(self, quote_id: str) -> dict[str, Any]:
        return dict(self.ctx.sales.row("quotes", quote_id, purpose="test", expand="quote_details"))


@pytest.fixture
def desk(sandbox: SandboxProcess, migrated_sqlite: Path, tmp_path: Path) -> Iterator[QuoteDesk]:
    """One installation. The requests of setting it up are forgotten."""
    with open_desks(sandbox, migrated_sqlite, tmp_path, QuoteDesk) as make:
        made = make()
        sandbox.forget_requests()
        yield made


@pytest.fixture
def seller(sandbox: SandboxProcess) -> QuoteSeller:
    return QuoteSeller(sandbox)

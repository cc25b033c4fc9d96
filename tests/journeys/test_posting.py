"""Stock posted in Business Central shows in the gateway at once, and reading it costs Business Central nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests

from tests.processes import Product, SandboxProcess, until

POLL_SECONDS = 2
READS = 10_000
ITEM = "GAS-230"


class _Forms:
    """A form script that asks for one item, over a connection it keeps."""

    def __init__(self, product: Product, sandbox: SandboxProcess, item: str) -> None:
        company = sandbox.env["BC_COMPANY"]
        self.url = f"{product.gateway_address}/ODataV4/Company('{company}')/ProductItemAvailability"
        self.query = {"$filter": f"ItemNo eq '{item}'"}
        self.session = requests.Session()
        self.session.auth = ("FORMS", product.new_key("FORMS"))

    def ask(self) -> dict[str, Any] | None:
        answer = self.session.get(self.url, params=self.query, timeout=30)
        rows = answer.json().get("value", []) if answer.ok else []
        return dict(rows[0]) if rows else None


def test_a_posting_shows_within_the_poll_interval_and_two_seconds(
    sandbox: SandboxProcess, product: Product, couple_all: Callable[[Product], None]
) -> None:
    couple_all(product)
    product.env["AVAILABILITY_POLL_SECONDS"] = str(POLL_SECONDS)
    product.gateway()
    product.worker()
    forms = _Forms(product, sandbox, ITEM)
    before = until(forms.ask, 60, "the item to be known")["Inventory"]

    slowest = 0.0
    for posted in (5, -3, 11):
        before += posted
        sandbox.bc.post_stock(ITEM, posted)
        began = time.monotonic()
        until(_shows(forms, before), POLL_SECONDS + 2, f"the stock to become {before}")
        slowest = max(slowest, time.monotonic() - began)

    assert slowest <= POLL_SECONDS + 2


def test_ten_thousand_reads_cause_no_request_to_business_central(
    sandbox: SandboxProcess, product: Product, couple_all: Callable[[Product], None]
) -> None:
    """Without a worker nobody tails the ledger: whatever reached Business Central would be the readers' doing."""
    couple_all(product)
    product.bridge("refresh-availability", "--full").expect(0)
    product.gateway(RATE_LIMIT="1000000 per minute")
    forms = _Forms(product, sandbox, ITEM)
    assert until(forms.ask, 60, "the item to be known")["ItemNo"] == ITEM
    sandbox.forget_requests()

    good = sum(1 for _ in range(READS) if (forms.ask() or {}).get("ItemNo") == ITEM)

    assert good == READS
    assert sandbox.requests() == []


def _shows(forms: _Forms, quantity: float) -> Callable[[], bool]:
    def look() -> bool:
        row = forms.ask()
        return row is not None and row["Inventory"] == quantity

    return look

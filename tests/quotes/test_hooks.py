"""A quote that is activated wakes the pick-up: Sales is told to tell of it."""

from __future__ import annotations

from bridge.records import utc_now
from bridge.setup.hooks import register_hooks
from tests.processes import until
from tests.quotes.conftest import QuoteDesk
from tests.quotes.seller import TENT, QuoteSeller

NOBODY = "http://127.0.0.1:9"


def test_sales_tells_of_an_activated_quote_and_registering_again_changes_nothing(desk: QuoteDesk, seller: QuoteSeller):
    def register() -> dict[str, str]:
        bridge = desk.bridge
        done = register_hooks(
            bridge.business_central, bridge.sales, [desk.ctx.company], NOBODY, "secret" * 8, utc_now()
        )
        return {one.what: one.result for one in done if one.system == "Sales"}

    steps = ("Create of salesorder", "Update of salesorder", "Update of quote")
    for result in ("registered", "unchanged"):
        done = register()
        assert {done[step] for step in steps} == {result}

    quote_id = seller.draft("Q-1", TENT)
    seller.activate(quote_id)

    def told() -> bool:
        return any(line.startswith("Update quote") for line in desk.sandbox.sales.call("GET", "webhook-failures"))

    until(told, 10, "Sales to try to tell of the quote, to nobody")

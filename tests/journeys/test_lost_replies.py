"""A reply that never comes says nothing about the effect: the order may be there or not. The next pick-up finds out."""

from __future__ import annotations

from collections.abc import Mapping

from tests.journeys.counting import assert_all_there
from tests.northwind import ExpectedOrder
from tests.processes import Product, SandboxProcess

RUNS = 12
"""Pick-ups after which everything must be over; each heals what the one before left."""


def test_replies_lost_after_the_effect_lose_and_double_nothing(
    trader: SandboxProcess, trading: Product, expected: Mapping[str, ExpectedOrder]
) -> None:
    """5% of all writes take effect and the connection breaks before the reply."""
    trader.faults({"system": "*", "kind": "after", "rate": 0.05, "writes_only": True, "seed": 7})
    # A burst is a handful of full calls, and 5% of a handful may be none: some are lost for certain.
    trader.faults(
        {"system": "business-central", "method": "POST", "path": "CreateSalesOrders", "kind": "after", "times": 2},
        {"system": "sales", "method": "POST", "path": r"\$batch", "kind": "after", "skip": 1, "times": 2},
    )

    codes = _pick_up_until_done(trading)

    assert codes[-1] == 0, f"still failing after {RUNS} pick-ups"
    lost = [entry for entry in trader.requests() if entry["fault"]]
    assert len(lost) >= 4, "the faults never struck"
    assert_all_there(trader, expected)


def _pick_up_until_done(product: Product) -> list[int]:
    codes: list[int] = []
    while len(codes) < RUNS and (not codes or codes[-1] != 0):
        product.bridge("retry", "--all")
        codes.append(product.bridge("pick-up").expect(0, 1).code)
    return codes

"""``python -m bench northwind``: 830 orders through the sandbox by one pick-up, in numbers.

Uses the files of NORTHWIND_DIR, or the generated set of the same size and shape. ``--latency`` adds milliseconds to
every remote call, as a network would. Fails when an order is not there, not released or not acknowledged.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.machine import describe
from demo.product import Product
from demo.sandboxes import SandboxProcess
from demo.walk import MAPPINGS
from tests.journeys.counting import assert_all_there
from tests.northwind import expected_orders, find_or_generate

SYSTEMS = ("business-central", "sales")
TRIPS_PROMISED, OPERATIONS_PROMISED = 0.5, 6


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: ``counts`` as the sandbox counted them, system by system."""

    orders: int
    seconds: float
    counts: Mapping[str, Any]

    def per_order(self, what: str) -> float:
        """Requests or operations of both systems together, per order."""
        return sum(int(self.counts.get(system, {}).get(what, 0)) for system in SYSTEMS) / self.orders


def measure(folder: Path, latency: float) -> Measured:
    """Start everything fresh, couple, pick up, count; everything has ended when this returns."""
    files = find_or_generate(folder / "northwind")
    expected = expected_orders(files)
    sandbox = SandboxProcess(folder / "sandbox", "--data", str(files), "--latency", str(latency))
    try:
        env = {"DATABASE_URL": f"sqlite:///{folder / 'bridge.db'}", "SECRET_KEY": secrets.token_urlsafe(48)}
        product = Product(env | sandbox.env, folder)
        product.upgrade()
        for mapping in MAPPINGS:
            product.bridge("match", mapping).expect(0)
        sandbox.forget_requests()
        began = time.monotonic()
        product.bridge("pick-up").expect(0)
        seconds = time.monotonic() - began
        counts = sandbox.counts()
        assert_all_there(sandbox, expected)
        return Measured(len(expected), seconds, counts)
    finally:
        sandbox.stop()


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a promise was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench northwind", description=__doc__)
    parser.add_argument("--latency", type=float, default=0, metavar="MS", help="milliseconds added to each remote call")
    latency = parser.parse_args(argv).latency
    console = Console(highlight=False, soft_wrap=True)
    for name, value in describe().items():
        console.print(f"{name + ':':<14}{value}", markup=False)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        measured = measure(Path(folder), latency)
    trips, operations = measured.per_order("requests"), measured.per_order("operations")
    table = Table("Measure", "Value", "Promise", box=None)
    table.add_row("orders, created, released and acknowledged", str(measured.orders), "all, to the cent")
    table.add_row("seconds, start of the process included", f"{measured.seconds:.1f}", "")
    table.add_row("orders per second", f"{measured.orders / measured.seconds:.0f}", "")
    table.add_row("added to each remote call, milliseconds", f"{latency:g}", "")
    table.add_row("round trips per order", f"{trips:.3f}", f"under {TRIPS_PROMISED}")
    table.add_row("operations per order", f"{operations:.2f}", f"at most {OPERATIONS_PROMISED}")
    console.print(table)
    calls = Table("System", "Request", "Requests", "Operations", box=None)
    for system, counted in sorted(measured.counts.items()):
        for purpose, count in sorted(counted["by_purpose"].items()):
            calls.add_row(system, purpose, str(count["requests"]), str(count["operations"]))
    console.print(calls)
    return 0 if trips < TRIPS_PROMISED and operations <= OPERATIONS_PROMISED else 1


if __name__ == "__main__":
    sys.exit(main())

"""``python -m bench orders``: what orders cost in remote calls, and how long a seller waits.

Calls: one order of 1, 5 and 20 lines, and 50 orders of 5, by the sandbox's own log, beside what the integration built
into Business Central needs. Time: from *submit* to released and acknowledged, woken by Sales' webhook, one order after
the other and 200 at once, with the latency of a network added to every remote call.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.machine import describe
from demo.processes import until
from demo.product import Product
from demo.sandboxes import SandboxProcess
from demo.walk import MAPPINGS
from tests.orders.seller import Seller, product

GOODS = ("TENT-LEI-2", "PACK-45", "GAS-230", "AXE-CAMP", "STOVE-GAS")
LATENCY = 100
SINGLE_ORDERS, BURST = 40, 200
P95_PROMISED, BURST_PROMISED = 2.0, 30.0
_SHAPES = ((1, 1), (1, 5), (1, 20), (50, 5))


@dataclass(frozen=True, slots=True)
class Cost:
    """Requests to each system, and operations of both, of one pick-up."""

    orders: int
    lines: int
    sales: int
    business_central: int
    operations: int

    @property
    def native(self) -> int:
        """Requests to Sales of the integration built into Business Central: the list, then ten and one per line."""
        return 1 + self.orders * (10 + self.lines)


@contextmanager
def installation(folder: Path, *options: str) -> Iterator[tuple[SandboxProcess, Product]]:
    """Fresh systems with everything coupled and the demo company's own orders out of the way."""
    sandbox = SandboxProcess(folder / "sandbox", *options)
    env = {"DATABASE_URL": f"sqlite:///{folder / 'bridge.db'}", "SECRET_KEY": secrets.token_urlsafe(48)}
    installed = Product(env | sandbox.env, folder)
    try:
        installed.upgrade()
        for mapping in MAPPINGS:
            installed.bridge("match", mapping).expect(0)
        installed.bridge("pick-up").expect(0, 1)
        yield sandbox, installed
    finally:
        installed.stop()
        sandbox.stop()


def sell(sandbox: SandboxProcess, prefix: str, orders: int, lines: int) -> list[str]:
    """Write orders in Sales, not submitted yet; their numbers."""
    seller = Seller(sandbox)
    numbers = [f"{prefix}-{at}" for at in range(orders)]
    for number in numbers:
        seller.write(number, *(product(GOODS[at % len(GOODS)]) for at in range(lines)))
    return numbers


def costs(folder: Path) -> list[Cost]:
    """One pick-up command for each shape: a process of its own, that asks for everything the first time."""
    found = []
    with installation(folder) as (sandbox, installed):
        for orders, lines in _SHAPES:
            for number in sell(sandbox, f"C-{orders}-{lines}", orders, lines):
                sandbox.sales.submit(number)
            sandbox.forget_requests()
            installed.bridge("pick-up").expect(0, 1)
            counts = sandbox.counts()
            sales, central = counts["sales"], counts["business-central"]
            operations = int(sales["operations"]) + int(central["operations"])
            found.append(Cost(orders, lines, int(sales["requests"]), int(central["requests"]), operations))
    return found


def times(folder: Path, latency: float) -> tuple[list[float], float, int]:
    """Seconds of each single order, seconds of the burst, and how often a system asked for a pause."""
    with installation(folder, "--latency", str(latency), "--webhook-delay", "0.05") as (sandbox, installed):
        gateway = installed.gateway()
        installed.bridge("setup", "hooks", "--gateway-url", gateway.address).expect(0)
        singles, burst = sell(sandbox, "T", SINGLE_ORDERS + 1, 5), sell(sandbox, "B", BURST, 5)
        installed.worker()
        waited = [_wait_for(sandbox, [number]) for number in singles]
        sandbox.forget_requests()
        whole = _wait_for(sandbox, burst)
        throttled = sum(entry["status"] == 429 for entry in sandbox.requests())
        return waited[1:], whole, throttled  # the first one waited for the worker to start


def _wait_for(sandbox: SandboxProcess, numbers: Sequence[str]) -> float:
    """Submit, and see all of them released and acknowledged; the seconds from the first submit."""
    began = time.monotonic()
    for number in numbers:
        sandbox.sales.submit(number)
    until(_done(sandbox, set(numbers)), 120, f"{len(numbers)} orders to be released and acknowledged")
    return time.monotonic() - began


def _done(sandbox: SandboxProcess, numbers: set[str]) -> Callable[[], bool]:
    def look() -> bool:
        stamped = {row["ordernumber"] for row in sandbox.sales.orders() if row["lastbackofficesubmit"]}
        if not numbers <= stamped:
            return False
        released = {row["yourReference"] for row in sandbox.bc.orders() if row["status"] == "Released"}
        return numbers <= released

    return look


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a promise was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench orders", description=__doc__)
    parser.add_argument("--latency", type=float, default=LATENCY, metavar="MS", help="added to each remote call")
    latency = parser.parse_args(argv).latency
    console = Console(highlight=False, soft_wrap=True)
    for name, value in describe().items():
        console.print(f"{name + ':':<14}{value}", markup=False)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        spent = costs(Path(folder) / "costs")
        singles, burst, throttled = times(Path(folder) / "times", latency)
    table = Table("Orders", "Lines each", "To Sales", "To Business Central", "Operations per order", "Native, to Sales")
    for cost in spent:
        per_order = f"{cost.operations / cost.orders:.2f}"
        shown = (cost.orders, cost.lines, cost.sales, cost.business_central, per_order, cost.native)
        table.add_row(*map(str, shown))
    console.print(table)
    p95 = statistics.quantiles(singles, n=20)[-1]
    waits = Table("Submit to released and acknowledged", "Seconds", "Promise")
    waits.add_row(f"median of {len(singles)} single orders", f"{statistics.median(singles):.2f}", "")
    waits.add_row("95th percentile", f"{p95:.2f}", f"under {P95_PROMISED:g}")
    waits.add_row(f"{BURST} orders at once, the last of them", f"{burst:.1f}", f"within {BURST_PROMISED:g}")
    waits.add_row("answers 429 to the burst", str(throttled), "none")
    console.print(waits)
    console.print(f"{latency:g} ms were added to each remote call.")
    return 0 if p95 < P95_PROMISED and burst <= BURST_PROMISED and not throttled else 1


if __name__ == "__main__":
    sys.exit(main())

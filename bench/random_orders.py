"""``python -m bench random-orders``: orders made up at random, under faults and kills; none lost, none doubled.

5% of all calls to both systems fail: before or after the effect, slowly, cut off, refused for a while, with errors of
the server. Two workers share the orders and are killed at random. Afterwards each order must be in Business Central
once, released, acknowledged in Sales, and of the agreed total to the cent on both sides. Exits 1 when one is not.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench.machine import describe
from demo.product import Product
from demo.sandboxes import SandboxProcess
from demo.walk import MAPPINGS
from tests import random_orders, stormy_run

ORDERS, SEED = 10_000, 2021
RATE, WAVE = 0.05, 20
BETWEEN_KILLS = (2.0, 8.0)
_SHOWN = 20


def main(argv: Sequence[str] | None = None) -> int:
    """Run and print; 1 when an order was lost, doubled, or differs."""
    parser = argparse.ArgumentParser(prog="python -m bench random-orders", description=__doc__)
    parser.add_argument("--orders", type=int, default=ORDERS, metavar="N")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help="the same seed makes the same orders")
    options = parser.parse_args(argv)
    console = Console(highlight=False, soft_wrap=True)
    for name, value in describe().items():
        console.print(f"{name + ':':<14}{value}", markup=False)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        storm, differences = endure(Path(folder), options.orders, options.seed, console)
    table = Table("Measure", "Value", "Promise", box=None)
    table.add_row("seed", str(options.seed), "")
    table.add_row("orders, all of them different", str(options.orders), "")
    table.add_row("faults", ", ".join(f"{kind} {count}" for kind, count in storm.faults.items()), "5% of calls")
    table.add_row("workers killed", str(storm.kills), "at random")
    table.add_row("seconds", f"{storm.seconds:.0f}", "")
    table.add_row("never acknowledged", str(len(storm.left)), "0")
    table.add_row("lost, doubled, or not equal to the cent", str(len(differences)), "0")
    console.print(table)
    for line in differences[:_SHOWN]:
        console.print(line, markup=False)
    return 1 if differences or storm.left else 0


def endure(folder: Path, count: int, seed: int, console: Console) -> tuple[stormy_run.Storm, list[str]]:
    """One run from fresh systems; what was done to it, and what is wrong afterwards."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    sandbox = SandboxProcess(folder / "sandbox", "--webhook-delay", "0.2")
    env = {"DATABASE_URL": f"sqlite:///{folder / 'bridge.db'}", "SECRET_KEY": secrets.token_urlsafe(48)}
    product = Product(env | sandbox.env, folder)
    try:
        product.upgrade()
        for mapping in MAPPINGS:
            product.bridge("match", mapping).expect(0)
        with Progress(*columns, console=console) as progress:
            making = progress.add_task("making up", total=None)
            made = random_orders.make_up(count, seed)
            orders = {f"R-{at:05}": order for at, order in enumerate(made)}
            progress.update(making, total=count, completed=count)
            writing = progress.add_task("written in Sales", total=count)
            random_orders.write_all(sandbox, orders, lambda done: progress.update(writing, completed=done))
            stormy_run.spoil(sandbox, seed, RATE)
            working = progress.add_task("acknowledged", total=count)

            def tell(done: int, kills: int) -> None:
                progress.update(working, completed=done, description=f"acknowledged, {kills} kills")

            storm = stormy_run.run(sandbox, product, list(orders), seed, BETWEEN_KILLS, WAVE, tell)
        return storm, random_orders.differences(sandbox, orders)
    finally:
        product.stop()
        sandbox.stop()


if __name__ == "__main__":
    sys.exit(main())

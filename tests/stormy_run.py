"""Two workers carry orders over while calls fail in every way and the workers are killed at random."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.processes import Child, Product, SandboxProcess

_KINDS = ("before", "after", "slow", "cut", "429", "500", "503", "504")
_SETTINGS = {"WORK_LEASE_SECONDS": "2", "PICK_UP_SECONDS": "1", "REMOTE_TIMEOUT_SECONDS": "3"}
_QUIET_SECONDS = 420
"""Longer than the longest pause of an order that waits for an outage to pass, several times over."""


@dataclass
class Storm:
    """What was done to a run. ``left`` are the numbers of orders that were never acknowledged."""

    kills: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    left: list[str] = field(default_factory=list)


def spoil(sandbox: SandboxProcess, seed: int, rate: float) -> None:
    """From now on this share of all calls to both systems fails, each kind as often as the others."""
    share = rate / len(_KINDS)
    rules = [{"system": "*", "kind": kind, "rate": share, "seed": seed + at} for at, kind in enumerate(_KINDS)]
    for rule in rules:
        if rule["kind"] == "slow":
            rule["seconds"] = 4  # longer than a worker waits for an answer
        if rule["kind"] == "429":
            rule["retry_after"] = 1
    sandbox.faults(*rules)


def run(
    sandbox: SandboxProcess,
    product: Product,
    numbers: Sequence[str],
    seed: int,
    between_kills: tuple[float, float],
    wave: int,
    tell: Callable[[int, int], None],
) -> Storm:
    """Submit the orders in waves, one with each look, and let two workers work until every order is acknowledged, or
    nothing has happened for minutes. ``tell`` hears how many orders are done and how many kills there were.

    The faults stay in force to the end. A worker is killed a random while after the last kill from which somebody has
    recovered: on a slow machine nobody would come to work otherwise.
    """
    draw = random.Random(seed)
    storm = Storm()
    began = quiet_since = time.monotonic()
    workers = [product.worker(f"worker-{at}-0", **_SETTINGS) for at in range(2)]
    next_kill = began + draw.uniform(*between_kills)
    done, submitted, recovered = 0, 0, True
    while done < len(numbers) and time.monotonic() - quiet_since < _QUIET_SECONDS:
        for number in numbers[submitted : submitted + wave]:
            sandbox.sales.submit(number)
        submitted = min(submitted + wave, len(numbers))
        acknowledged = _acknowledged(sandbox, numbers)
        if acknowledged > done:
            done, quiet_since, recovered = acknowledged, time.monotonic(), True
        tell(done, storm.kills)
        if recovered and time.monotonic() >= next_kill:
            at = draw.randrange(len(workers))
            workers[at] = _replace(product, workers[at], f"worker-{at}-{storm.kills + 1}")
            storm.kills += 1
            recovered = False
            next_kill = time.monotonic() + draw.uniform(*between_kills)
        time.sleep(0.25)  # how often to look; nothing depends on it
    for worker in workers:
        worker.stop()
    storm.seconds = time.monotonic() - began
    storm.left = _unacknowledged(sandbox, numbers)
    for rule in sandbox.bc.call("GET", "faults"):
        storm.faults[rule["kind"]] = storm.faults.get(rule["kind"], 0) + int(rule["fired"])
    return storm


def _replace(product: Product, worker: Child, name: str) -> Child:
    worker.kill()
    return product.worker(name, **_SETTINGS)


def _unacknowledged(sandbox: SandboxProcess, numbers: Sequence[str]) -> list[str]:
    wanted = set(numbers)
    rows = sandbox.sales.orders()
    return sorted(
        row["ordernumber"] for row in rows if row["ordernumber"] in wanted and not row["lastbackofficesubmit"]
    )


def _acknowledged(sandbox: SandboxProcess, numbers: Sequence[str]) -> int:
    return len(numbers) - len(_unacknowledged(sandbox, numbers))

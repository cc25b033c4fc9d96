"""``python -m bench fuzz``: mutated queries against a gateway on a fresh database; none may fail it or hang it."""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bridge.store.database import Database, upgrade
from gateway.app import create_app
from gateway.settings import GatewaySettings
from gateway.wiring import build
from tests.conftest import SECRET_KEY
from tests.gateway.conftest import MAIN, Door, World, basic
from tests.gateway.fuzz import attack

_ROUND = 5_000


def main(argv: Sequence[str] | None = None) -> int:
    """Ask, count, print; an unexpected answer ends it with the query that caused it."""
    parser = argparse.ArgumentParser(prog="python -m bench fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="queries (default 100000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed asks the same queries")
    parser.add_argument("--database-url", default="", help="an empty database; a temporary SQLite file as it comes")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        url = options.database_url or f"sqlite:///{Path(folder) / 'fuzz.db'}"
        seen, seconds = _attack(url, options.seed, options.count)
    print(f"{sum(seen.values())} queries in {seconds:.0f} s: {dict(sorted(seen.items()))}")
    return 0


def _attack(url: str, seed: int, count: int) -> tuple[Counter[int], float]:
    db = Database(url)
    upgrade(db)
    world = World(db, log=io.StringIO())
    world.begin()
    for number in range(5):
        world.stock(f"N{number}", "STK", str(number), MAIN)
    values = {
        "database_url": url,
        "secret_key": SECRET_KEY,
        "public_url": "https://stock.example",
        "rate_limit": "1000000 per second",
        "log_format": "json",
        "redis_url": "",
    }
    settings = GatewaySettings(**values)  # type: ignore[arg-type]
    services = build(settings, clock=world.clock, ticks=world.ticks, log_stream=world.log)
    door = Door(create_app(settings, services).test_client(), basic("SALES", world.key()))
    seen: Counter[int] = Counter()
    began = time.monotonic()
    try:
        for done in range(0, count, _ROUND):
            seen += attack(door, seed + done, min(_ROUND, count - done))
            world.log.seek(0)
            world.log.truncate()
    finally:
        services.close()
        db.close()
    return seen, time.monotonic() - began

"""``python -m bench fuzz``: mutated queries against a gateway on a fresh database; none may fail it or hang it."""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.machine import peak_memory
from bridge.store.database import Database, upgrade
from gateway.app import create_app
from gateway.settings import GatewaySettings
from gateway.wiring import build
from tests.conftest import SECRET_KEY
from tests.gateway.conftest import MAIN, Door, World, basic
from tests.gateway.fuzz import attack, attack_headers
from tests.services import Services

_ROUND = 5_000


def main(argv: Sequence[str] | None = None) -> int:
    """Ask, count, print; an unexpected answer ends it with the query that caused it."""
    parser = argparse.ArgumentParser(prog="python -m bench fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="queries (default 100000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed asks the same queries")
    parser.add_argument("--database-url", default="", help="an empty database; a temporary SQLite file as it comes")
    parser.add_argument("--postgresql", action="store_true", help="a PostgreSQL of this machine, ended afterwards")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, closing_services() as services:
        url = options.database_url or f"sqlite:///{Path(folder) / 'fuzz.db'}"
        if options.postgresql:
            url = services.new_database()
        seen, seconds, grown = _attack(url, options.seed, options.count)
    print(f"{sum(seen.values())} queries in {seconds:.0f} s, seed {options.seed}: {dict(sorted(seen.items()))}")
    print(f"memory: peak {peak_memory():.0f} MB, of which {grown:.0f} MB came after the first {_ROUND} queries")
    return 0


@contextmanager
def closing_services() -> Iterator[Services]:
    """The servers tests have, each started when first asked for and ended with the block."""
    services = Services()
    try:
        yield services
    finally:
        services.stop()


def _attack(url: str, seed: int, count: int) -> tuple[Counter[int], float, float]:
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
    warm = 0.0
    began = time.monotonic()
    try:
        for done in range(0, count, _ROUND):
            seen += attack(door, seed + done, min(_ROUND, count - done))
            seen += attack_headers(door, seed + done, min(_ROUND, count - done) // 10)
            warm = warm or peak_memory()
            world.log.seek(0)
            world.log.truncate()
    finally:
        services.close()
        db.close()
    return seen, time.monotonic() - began, peak_memory() - warm

"""``python -m bench gateway``: what the gateway answers in a second, beside what is bare, and beside SAP CAP.

The gateway runs exactly as it ships: gunicorn.conf.py, key check, limits, metrics, production log. Beside it, under the
same gunicorn settings, a bare WSGI callable and the smallest Flask view give the same bytes; the same service on SAP
CAP gets as many processes and the same database. Every round measures every server once, one after the other, so that
whatever else this machine does meets all of them; medians of the rounds are told. How to read it: docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import pickle
import re
import secrets
import statistics
import sys
import tempfile
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests
from rich.console import Console
from rich.table import Table

from bench.gateway_load import LoadFailed, check_what_is_sent, find_wrk, write_questions
from bench.gateway_rounds import AT_HALF, Cell, Contender, Plan, Results, at_half_load, measure, median, ratio
from bench.gateway_servers import CAP_KEY, Server, Servers, why_no_cap
from bench.gateway_world import USER, Item, Kind, Tail, check, fetch, kinds, make_items, seed
from bench.machine import describe
from tests.services import Services

GATEWAY, BARE, FLASK, CAP_NAME = "gateway", "bare WSGI", "bare Flask", "SAP CAP"
OF_BARE, OF_CAP, P99_OF_BARE = 0.6, 4.0, 2.0
RATE_LIMIT = "20000 per 1 second"
"""In force as in an install, and above what one key can ask for here: a refused request would end the measurement."""
_WARM_SECONDS = 2
"""Before anything is measured each server answers for so long, every kind."""
_LINE = b'"event": "request"'
_JUDGED_AT = 32
"""Connections at which promises are judged, when they are among those measured."""


def headers_for(key: str) -> dict[str, str]:
    """What a caller sends; gzip as every browser does."""
    credentials = b64encode(f"{USER}:{key}".encode()).decode()
    return {"Authorization": f"Basic {credentials}", "Accept": "application/json", "Accept-Encoding": "gzip"}


def table_of(results: Results) -> Table:
    """One line per cell; the last column is the gateway's requests/s in proportion to that server's."""
    table = Table(
        "Request", "Connections", "Server", "Requests/s", "p50 ms", "p99 ms", "CPU µs", "Gateway is", box=None
    )
    for column in table.columns[1:2] + table.columns[3:]:
        column.justify = "right"
    before = ("", 0)
    for cell, samples in sorted(results.items(), key=lambda found: (found[0].kind, found[0].connections)):
        labels = (cell.kind, str(cell.connections)) if before != (cell.kind, cell.connections) else ("", "")
        before = (cell.kind, cell.connections)
        own = Cell(GATEWAY, cell.kind, cell.connections)
        table.add_row(
            *labels,
            cell.server,
            f"{median(samples, 'rate'):,.0f}",
            f"{median(samples, 'p50'):.2f}",
            f"{median(samples, 'p99'):.2f}",
            f"{statistics.median(one.processor for one in samples):,.0f}",
            "" if cell == own else f"{ratio(results, own, cell):.2f} ×",
        )
    return table


@dataclass(frozen=True, slots=True)
class Compared:
    """What one shape of install came to: ``half`` is at ``rate`` requests/s, half of what the gateway can."""

    results: Results
    half: Results
    rate: float
    sent: int
    counted: int
    logged: int


def compare(
    settings: Mapping[str, str], folder: Path, plan: Plan, tell: Callable[[str], None], *, wide: bool, cap: bool
) -> Compared:
    """Start everything for one shape of install, check that all answer alike, measure, end everything. Not ``wide``:
    point look-ups only."""
    folder.mkdir()
    items = make_items()
    headers = headers_for(seed(settings["DATABASE_URL"], items))
    servers = Servers(folder)
    try:
        with Tail(settings["DATABASE_URL"]):
            gateway = servers.gateway(GATEWAY, settings)
            asked = kinds(items, lambda lines: _tags(gateway.address, lines, headers))
            asked = asked if wide else asked[:1]
            tell("asking the gateway everything once")
            answers = fetch(gateway.address, (line for one in asked for line in one.lines), headers)
            (folder / "answers").write_bytes(pickle.dumps(answers))
            files = {one.name: write_questions(folder / f"{n}.txt", one.lines) for n, one in enumerate(asked)}
            contenders = [Contender(gateway, files, headers)]
            for name, application in ((BARE, "Bare()"), (FLASK, "create_flask()")):
                server = servers.bare(name, f"bench.gateway_bare:{application}", settings, folder / "answers")
                contenders.append(Contender(server, files, headers))
            for one in contenders:
                for kind in asked:
                    check(one.server.name, one.server.address, headers, kind, kind.lines, items)
            if cap:
                contenders.append(_cap(servers, settings, asked, items, folder))
            for name, file in files.items():
                tell(f"wrk sends what it should, {name}: {_top(check_what_is_sent(file, headers))}")
            for one in contenders:
                for name in one.files:
                    one.run(name, _JUDGED_AT, _WARM_SECONDS, begin=0)
            before = counted(gateway, headers), gateway.child.log.read_bytes().count(_LINE)
            results = measure(contenders, plan, tell)
            look_ups = asked[0].name
            best = Cell(GATEWAY, look_ups, _judged(plan))
            rate = median(results[best], "rate") / 2
            tell(f"half load: {rate:,.0f} requests/s")
            half = at_half_load(contenders[:2], look_ups, rate, plan)
            sent = sum(one.seen.requests for found in (results, half) for cell, samples in found.items()
                       if cell.server == GATEWAY for one in samples)  # fmt: skip
            after = counted(gateway, headers), gateway.child.log.read_bytes().count(_LINE)
            return Compared(results, half, rate, sent, after[0] - before[0], after[1] - before[1])
    finally:
        servers.stop()


def _judged(plan: Plan) -> int:
    return _JUDGED_AT if _JUDGED_AT in plan.connections else plan.connections[0]


def _tags(address: str, lines: Sequence[str], headers: Mapping[str, str]) -> dict[str, str]:
    found = fetch(address, lines, headers)
    return {target: dict(answer[1])["ETag"] for (target, _), answer in found.items()}


def _top(asked: Counter[str]) -> str:
    """How uneven the questions were."""
    most = asked.most_common(1)[0][1]
    return (
        f"{asked.total():,} requests for {len(asked):,} addresses, one of them {most / asked.total():.1%} of the time"
    )


def _cap(
    servers: Servers, settings: Mapping[str, str], asked: Sequence[Kind], items: Sequence[Item], folder: Path
) -> Contender:
    server = servers.cap(CAP_NAME, settings["DATABASE_URL"], int(settings["WEB_CONCURRENCY"]))
    headers = headers_for(CAP_KEY)
    files = {}
    for number, kind in enumerate(asked):
        if kind.cap_lines:
            check(server.name, server.address, headers, kind, kind.cap_lines, items)
            files[kind.name] = write_questions(folder / f"cap-{number}.txt", kind.cap_lines)
    return Contender(server, files, headers)


def counted(gateway: Server, headers: Mapping[str, str]) -> int:
    """All requests that the gateway's own metrics know."""
    page = requests.get(f"{gateway.address}/metrics", headers=headers, timeout=30)
    page.raise_for_status()
    return sum(int(float(n)) for n in re.findall(r"^gateway_requests_total\{.*\} (\S+)$", page.text, re.MULTILINE))


def judge(title: str, found: Compared, plan: Plan, say: Callable[[str, str, bool], None], *, cap: bool) -> None:
    """Say what became of each promise."""
    connections = _judged(plan)
    look_ups = next(iter(found.half)).kind
    own = Cell(GATEWAY, look_ups, connections)
    of_bare = ratio(found.results, own, Cell(BARE, look_ups, connections))
    say(f"{title}: look-ups, of bare WSGI, at least {OF_BARE}", f"{of_bare:.2f}", of_bare >= OF_BARE)
    if cap:
        of_cap = ratio(found.results, own, Cell(CAP_NAME, look_ups, connections))
        say(f"{title}: look-ups, times CAP, at least {OF_CAP:g}", f"{of_cap:.1f}", of_cap >= OF_CAP)
    mine, bare = (median(found.half[Cell(name, look_ups, AT_HALF)], "p99") for name in (GATEWAY, BARE))
    say(
        f"{title}: p99 at half load ({found.rate:,.0f}/s), times bare WSGI's, at most {P99_OF_BARE:g}",
        f"{mine / bare:.2f} ({mine:.1f} and {bare:.1f} ms)",
        mine <= P99_OF_BARE * bare,
    )
    # wrk leaves the last request of each connection unread when its time is over.
    cut = max(*plan.connections, AT_HALF) * sum(
        len(samples) for cell, samples in [*found.results.items(), *found.half.items()] if cell.server == GATEWAY
    )
    for what, number in (("counted in /metrics", found.counted), ("lines in the log", found.logged)):
        say(f"{title}: {what}, of {found.sent:,} answered", f"{number:,}", found.sent <= number <= found.sent + cut)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a promise was missed, or nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench gateway", description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=2, help="how long each server is asked each time")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32, 256])
    parser.add_argument("--without-cap", action="store_true")
    parser.add_argument("--look-ups", action="store_true", help="point look-ups alone")
    parser.add_argument("--only", choices=["servers", "alone"], help="one shape of install instead of both")
    options = parser.parse_args(argv)
    plan = Plan(options.rounds, options.seconds, options.connections)
    console = Console(highlight=False, soft_wrap=True, markup=False, width=110)
    try:
        find_wrk()
        return _run(plan, console, "" if options.without_cap else why_no_cap(), options)
    except LoadFailed as error:
        console.print(f"*** NOT MEASURED: {error} ***")
        return 1


def _run(plan: Plan, console: Console, no_cap: str, options: argparse.Namespace) -> int:
    for name, value in describe().items():
        console.print(f"{name + ':':<14}{value}")
    if no_cap:
        console.print(f"*** SAP CAP IS LEFT OUT: {no_cap} ***")
    cap = not (no_cap or options.without_cap)
    kept: list[bool] = []

    def say(promise: str, value: str, holds: bool) -> None:
        kept.append(holds)
        console.print(f"{'kept  ' if holds else 'BROKEN'} {promise}: {value}")

    services = Services()
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as made:
            folder = Path(made)
            common = {"SECRET_KEY": secrets.token_urlsafe(48), "LOG_FORMAT": "json", "RATE_LIMIT": RATE_LIMIT}
            processes = max(2, len(os.sched_getaffinity(0)))
            if options.only != "alone":
                title = f"PostgreSQL and Redis, {processes} processes"
                on_servers = {"DATABASE_URL": services.new_database(), "REDIS_URL": services.empty_redis()}
                settings = common | on_servers | {"WEB_CONCURRENCY": str(processes)}
                found = compare(settings, folder / "servers", plan, console.print, wide=not options.look_ups, cap=cap)
                _tell(console, title, found)
                judge(title, found, plan, say, cap=cap)
            if options.only != "servers":
                title = "SQLite, one process"
                settings = common | {"DATABASE_URL": f"sqlite:///{folder / 'bridge.db'}", "WEB_CONCURRENCY": "1"}
                found = compare(settings, folder / "alone", plan, console.print, wide=False, cap=False)
                _tell(console, title, found)
                judge(title, found, plan, say, cap=False)
    finally:
        services.stop()
    return 0 if all(kept) else 1


def _tell(console: Console, title: str, found: Compared) -> None:
    console.print(f"\n{title}")
    console.print(table_of(found.results))
    console.print(f"\nThe same at half load, {found.rate:,.0f} requests/s")
    console.print(table_of(found.half))


if __name__ == "__main__":
    sys.exit(main())

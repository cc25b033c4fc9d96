"""``python -m bench shop-life``: two days of a shop in a few minutes; no answer may be wrong by more than its age.

The sandbox is Business Central: people post at random, some of it in transactions that stay open for minutes. The
worker's own step tails the ledger; two gateways on one database and one Redis answer at sockets, readers ask by Zipf's
law. Business Central is away for an hour, Redis is away for an hour, gateways are restarted. The clocks of sandbox,
worker and gateways are set from event to event; nothing waits.

For every quantity in every answer: Business Central's must have been the same at some moment between the answer and
as long before as its ``Age`` says, a second more because Age is whole seconds. No answer is older than
AVAILABILITY_STALE_IF_ERROR, and none is refused while a younger one can be given.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from typing import Any

from bench.big_company import write_company
from bench.shop_parts import Gateway, RedisSwitch
from bench.truth import Truth
from bridge.clients.errors import RemoteError
from bridge.coupling import service
from bridge.store import couplings, jobs
from bridge.store.database import Database, upgrade
from demo.sandboxes import SandboxProcess
from gateway.settings import GatewaySettings
from tests.conftest import SECRET_KEY
from tests.gateway.conftest import ROOT, SET, World, basic, signed_in
from tests.gateway.shop import Shop

MAX_AGE, STALE_IF_ERROR = 60, 300
_FLOOR = timedelta(seconds=1)
"""Age is whole seconds, the rest cut off."""
_SHARED = {"view": 0.5, "wake:{}": 3.0, "refresh:AVAILABILITY:{}": 5.0}
"""What gateways leave each other in Redis, and for how many seconds of the simulation, which Redis cannot know."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much happens. Everything else follows from ``seed``."""

    seed: int = 1
    hours: float = 48
    items: int = 200
    visits: int = 6_000
    postings: int = 1_200
    poll_seconds: float = 30
    outage_minutes: float = 60


@dataclass(slots=True)
class Story:
    """What came of it; ``wrong`` are the answers that broke the promise, in words."""

    answers: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    quantities: int = 0
    oldest: int = 0
    wrong: list[str] = field(default_factory=list)


class Life:
    """A shop, its people and its programs, with one clock."""

    def __init__(self, plan: Plan, world: World, shop: Shop, redis_switch: RedisSwitch, database_url: str) -> None:
        self.plan, self.world, self.shop, self.redis = plan, world, shop, redis_switch
        self.dice = random.Random(plan.seed)
        self.truth, self.story = Truth(), Story()
        self._away = False
        self._held: list[tuple[str, Decimal]] = []
        self._woken = 0
        self._shared_since = dict.fromkeys(_SHARED, world.seconds)
        authorization = basic("FORMS", world.key("FORMS"))
        settings: dict[str, Any] = {
            "database_url": database_url,
            "secret_key": SECRET_KEY,
            "public_url": "https://stock.example",
            "redis_url": redis_switch.url,
            "availability_max_age": MAX_AGE,
            "availability_stale_if_error": STALE_IF_ERROR,
            "rate_limit": "1000000 per second",
            "trusted_proxies": "127.0.0.1",
            "log_format": "json",
        }
        self._rows = self._open_shop()
        self.tailed = world.now
        self._weights = list(accumulate(1 / rank for rank in range(1, len(self._rows) + 1)))
        self.gateways = [Gateway(GatewaySettings(**settings), world, authorization, self.pause) for _ in range(2)]

    def _open_shop(self) -> list[tuple[str, str, str]]:
        """Couple and read everything; the item's number, the product and the item, the most wanted first."""
        ctx = self.shop.context()
        service.match(ctx, "ITEM-PRODUCT")
        self.shop.refresh(full=True)
        jobs.define(self.world.db, ctx.company.id, "AVAILABILITY", int(self.plan.poll_seconds), self.world.now)
        for item in ctx.bc.rows("items", purpose="test", select=("number", "inventory")):
            self.truth.becomes(item["number"], Decimal(str(item["inventory"])), self.world.now)
        rows = [
            (one.bc_number.split(" ")[0], one.sales_id, one.bc_id)
            for one in couplings.of_mapping(self.world.db, ctx.company.id, "ITEM-PRODUCT")
        ]
        self.dice.shuffle(rows)
        return rows

    def live(self) -> Story:
        """Everything that happens, in order."""
        try:
            for at, what in self._events():
                self._advance(at - (self.world.now - self._began).total_seconds())
                getattr(self, f"_{what}")()
        finally:
            self.close()
        return self.story

    def close(self) -> None:
        for one in self.gateways:
            one.stop()

    def _events(self) -> Iterator[tuple[float, str]]:
        """Seconds from the start, and what happens then."""
        plan, dice = self.plan, self.dice
        self._began = self.world.now
        end = plan.hours * 3600
        outage = plan.outage_minutes * 60
        events = [(at, "tick") for at in _every(plan.poll_seconds, end, dice)]
        events += [(dice.uniform(0, end), "visit") for _ in range(plan.visits)]
        events += [(dice.uniform(0, end), "post") for _ in range(plan.postings)]
        events += [(dice.uniform(0, end), "hold") for _ in range(plan.postings // 20)]
        events += [(dice.uniform(0, end), "commit") for _ in range(plan.postings // 10)]
        for what, where in (("business_central", 0.2), ("redis", 0.5)):
            at = dice.uniform(where, where + 0.2) * end
            events += [(at, f"{what}_goes"), (min(at + outage, end), f"{what}_comes")]
        events += [(dice.uniform(0, end), "restart") for _ in range(4)]
        return iter(sorted(events))

    def _advance(self, seconds: float) -> None:
        self.world.later(max(0.0, seconds))
        if not self.redis.is_there:
            return
        for name, lives in _SHARED.items():
            if self.world.seconds - self._shared_since[name] >= lives:
                self.redis.client.delete("bridge:" + name.format(self.shop.company.id))
                self._shared_since[name] = self.world.seconds

    def _tick(self) -> None:
        began = self.world.now
        try:
            self.shop.refresh()
        except RemoteError:
            self.story.happened["tails that failed"] += 1
            return
        self.tailed = began
        self.story.happened["tails"] += 1

    def pause(self, seconds: float) -> None:
        """A request waits for the worker: time passes, and the worker does what it was woken for."""
        self._advance(seconds)
        self._tick_if_woken()

    def _tick_if_woken(self) -> None:
        job = jobs.get(self.world.db, self.shop.company.id, "AVAILABILITY")
        if job is not None and job.wakes != self._woken:
            self._woken = job.wakes
            self.story.happened["tails that readers woke"] += 1
            self._tick()

    def _post(self) -> None:
        number, quantity = self._movement()
        self.shop.sandbox.bc.call("POST", "clock", {"now": self.world.now.isoformat()})
        self.shop.sandbox.bc.post_stock(number, str(quantity))
        self._moved(number, quantity)

    def _hold(self) -> None:
        number, quantity = self._movement()
        self.shop.sandbox.bc.call("POST", "clock", {"now": self.world.now.isoformat()})
        body = {"item": number, "quantity": str(quantity), "hold": True}
        self.shop.sandbox.bc.call("POST", "late-entry", body)
        self._held.append((number, quantity))

    def _commit(self) -> None:
        if self._held:
            number = self._held[0][0]
            self.shop.sandbox.bc.call("POST", "late-entry", {"item": number, "commit": True})
        for number, quantity in self._held:
            self._moved(number, quantity)
            self.story.happened["late postings"] += 1
        self._held = []

    def _movement(self) -> tuple[str, Decimal]:
        return self._wanted()[0], Decimal(self.dice.choice((-7, -3, -2, -1, -1, -1, 5, 12, 40)))

    def _moved(self, number: str, quantity: Decimal) -> None:
        self.truth.becomes(number, self.truth.now(number) + quantity, self.world.now)
        self.story.happened["postings"] += 1

    def _business_central_goes(self) -> None:
        self.shop.sandbox.faults({"system": "business-central", "kind": "503"})

    def _business_central_comes(self) -> None:
        self.shop.sandbox.clear_faults()
        self.story.happened["outages of Business Central"] += 1

    def _redis_goes(self) -> None:
        self.redis.stop()

    def _redis_comes(self) -> None:
        self.redis.start()
        self.story.happened["outages of Redis"] += 1

    def _restart(self) -> None:
        one = self.dice.choice(self.gateways)
        one.stop()
        one.start()
        self.story.happened["restarts"] += 1

    def _wanted(self) -> tuple[str, str, str]:
        return self.dice.choices(self._rows, cum_weights=self._weights)[0]

    def _visit(self) -> None:
        """Somebody asks, often more than once within a second or two, often for the same."""
        gateway, wanted = self.dice.choice(self.gateways), self._wanted()
        for _ in range(self.dice.choice((1, 1, 2, 5))):
            self._read(gateway, *(wanted if self.dice.random() < 0.7 else self._wanted())[1:])
            self._advance(self.dice.uniform(0, 0.5))

    def _read(self, gateway: Gateway, product: str, item: str) -> None:
        door = gateway.door
        headers: dict[str, str] = {}
        match self.dice.randrange(20):
            case 0:
                path, query = f"{ROOT}/{SET}", "$top=50&$orderby=ItemNo"
            case 1:
                path, query = f"{ROOT}/{SET}(CRM_ID={product},Integration_ID={item})", ""
            case 2:
                path, query = f"{ROOT}/{SET}(CRM_ID={product},Integration_ID={item})", ""
                headers["Cache-Control"] = "no-cache"
            case 3:
                path, query = f"{ROOT}/{SET}", f"$filter=CRM_ID eq {product}"
                headers["Cache-Control"] = "max-age=10"
            case _:
                path, query = f"{ROOT}/{SET}", f"$filter=CRM_ID eq {product}&$select=ItemNo,Inventory"
        answer = door.get(path, query, **headers)
        self._judge(f"{path}?{query}", answer)
        if self.world.log.tell() > 1_000_000:
            self.world.log.seek(0)
            self.world.log.truncate()
        if answer.status_code != 200 or int(answer.headers["Age"]) > MAX_AGE:
            self._tick_if_woken()

    def _judge(self, asked: str, answer: Any) -> None:
        now, story = self.world.now, self.story
        story.answers[str(answer.status_code)] += 1
        truly = (now - self.tailed).total_seconds()
        if answer.status_code == 503:
            if truly < STALE_IF_ERROR:
                story.wrong.append(f"{now:%d %H:%M:%S} {asked}: refused although stock was read {truly:.1f} s ago")
            return
        if answer.status_code != 200:
            story.wrong.append(f"{now:%d %H:%M:%S} {asked}: {answer.status_code} {answer.text[:200]}")
            return
        age = int(answer.headers["Age"])
        story.oldest = max(story.oldest, age)
        if age > STALE_IF_ERROR:
            story.wrong.append(f"{now:%d %H:%M:%S} {asked}: given at an age of {age} s")
        body = json.loads(answer.text, parse_float=Decimal, parse_int=Decimal)
        for row in body.get("value", [body]):
            story.quantities += 1
            since = now - timedelta(seconds=age) - _FLOOR
            if not self.truth.was(row["ItemNo"], row["Inventory"], since, now):
                really = self.truth.now(row["ItemNo"])
                what = f"{row['ItemNo']} has {row['Inventory']} at an age of {age} s, really {really}"
                story.wrong.append(f"{now:%d %H:%M:%S} {asked}: {what}")


def _every(seconds: float, end: float, dice: random.Random) -> Iterator[float]:
    """A timer as timers are: a little late each time."""
    at = 0.0
    while at < end:
        at += seconds + dice.uniform(0, 0.5)
        yield at


@contextmanager
def a_life(plan: Plan, database_url: str = "") -> Iterator[Life]:
    """Everything started fresh; all of it has ended behind the block."""
    with ExitStack() as stack:
        memory = Path("/dev/shm")
        where = tempfile.TemporaryDirectory(prefix="shop-life-", dir=memory if memory.is_dir() else None)
        folder = Path(stack.enter_context(where))
        (folder / "company").mkdir()
        write_company(folder / "company", plan.items, 3, 0)
        sandbox = SandboxProcess(folder / "sandbox", "--data", str(folder / "company"))
        stack.callback(sandbox.stop)
        url = database_url or f"sqlite:///{folder / 'life.db'}"
        db = stack.enter_context(closing(Database(url)))
        upgrade(db)
        switch = RedisSwitch(folder)
        switch.start()
        stack.callback(switch.stop)
        remote = stack.enter_context(signed_in(sandbox))
        world = World(db, log=io.StringIO())
        yield Life(plan, world, Shop(world, remote, sandbox), switch, url)


def main(argv: Sequence[str] | None = None) -> int:
    """Live it, print what happened; 1 when an answer broke the promise."""
    standard = Plan()
    parser = argparse.ArgumentParser(prog="python -m bench shop-life", description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=standard.seed, help="the same seed is the same life")
    parser.add_argument("--hours", type=float, default=standard.hours)
    parser.add_argument("--visits", type=int, default=standard.visits, help="each asks one to five times")
    parser.add_argument("--postings", type=int, default=standard.postings)
    parser.add_argument("--database-url", default="", help="an empty database; a temporary SQLite file as it comes")
    options = parser.parse_args(argv)
    plan = Plan(seed=options.seed, hours=options.hours, visits=options.visits, postings=options.postings)
    began = time.monotonic()
    with a_life(plan, options.database_url) as life:
        story = life.live()
    print(f"{plan.hours:g} hours in {time.monotonic() - began:.0f} s, seed {plan.seed}")
    print("answers: " + ", ".join(f"{count} × {status}" for status, count in sorted(story.answers.items())))
    print(f"quantities checked: {story.quantities}, oldest answer given: {story.oldest} s")
    print("happened: " + ", ".join(f"{count} {what}" for what, count in sorted(story.happened.items())))
    print(f"wrong by more than their age: {len(story.wrong)}")
    for line in story.wrong[:20]:
        print(f"  {line}")
    return 1 if story.wrong else 0

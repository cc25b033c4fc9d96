"""Cache-Control of the caller, honoured within limits, and the Warning on what is stale."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from werkzeug.test import TestResponse

from bridge.store import jobs
from gateway.app import create_app
from gateway.freshness import wished
from gateway.settings import GatewaySettings
from gateway.wiring import build
from tests.conftest import SECRET_KEY
from tests.gateway.conftest import MAIN, ROOT, SET, Door, World, basic

STALE, FAILED = '110 - "Response is Stale"', '111 - "Revalidation Failed"'


@dataclass
class Desk:
    """A gateway with one coupled item; a request that waits lets ``worker`` work."""

    world: World
    item: str
    address: str
    door: Door
    worker: Callable[[], None] | None = None
    waits: list[float] = field(default_factory=list)

    def ask(self, cache_control: str = "", address: str = "") -> TestResponse:
        headers = {"Cache_Control": cache_control} if cache_control else {}
        response = self.door.get(address or self.address, **headers)
        assert response.status_code == 200, response.text
        return response

    def wakes(self) -> int:
        job = jobs.get(self.world.db, MAIN.id, "AVAILABILITY")
        assert job is not None
        return job.wakes

    def sell_one(self) -> None:
        """The worker finds that four are left."""
        self.world.item("1000", "STK", "4", item_id=self.item)


@pytest.fixture
def desk(world: World, database_url: str) -> Iterator[Desk]:
    item = world.item("1000", "STK", "5")
    address = f"{ROOT}/{SET}(CRM_ID={world.couple(item)},Integration_ID={item})"
    made = Desk(world, item, address, Door(None, basic("SALES", world.key())))  # type: ignore[arg-type]
    given = {"database_url": database_url, "secret_key": SECRET_KEY, "log_format": "json", "redis_url": ""}
    settings = GatewaySettings.model_validate(given | {"public_url": "https://stock.example"})

    def pause(seconds: float) -> None:
        made.waits.append(seconds)
        if made.worker is not None:
            made.worker()

    services = build(
        settings, clock=world.clock, ticks=world.ticks, log_stream=world.log, pause=pause, spawn=lambda work: work()
    )
    made.door.client = create_app(settings, services).test_client()
    yield made
    services.close()


def test_no_cache_on_one_row_gets_what_business_central_says_now(desk: Desk):
    assert desk.ask().get_json()["Inventory"] == 5
    desk.world.later(12)
    desk.worker = desk.sell_one

    response = desk.ask("no-cache")

    assert (response.get_json()["Inventory"], response.headers["Age"]) == (4, "0")
    assert "Warning" not in response.headers
    assert desk.wakes() == 1


def test_many_who_insist_make_one_refresh_in_five_seconds(desk: Desk):
    desk.world.later(12)
    desk.worker = desk.sell_one
    for _ in range(30):
        desk.ask("no-cache")
    assert desk.wakes() == 1
    desk.world.later(5)
    desk.ask("no-cache")
    assert desk.wakes() == 2


def test_when_the_refresh_does_not_come_the_aged_answer_says_so(desk: Desk):
    desk.world.later(12)

    response = desk.ask("no-cache")

    assert response.headers["Age"] == "12"
    assert response.headers.getlist("Warning") == [STALE, FAILED]
    assert 0 < sum(desk.waits) < 3


def test_max_age_is_honoured_also_where_a_hot_answer_would_do(desk: Desk):
    desk.ask()
    desk.world.later(12)
    desk.worker = desk.sell_one

    assert desk.ask("max-age=20").headers["Age"] == "12"
    assert desk.wakes() == 0
    assert desk.ask("max-age=10").get_json()["Inventory"] == 4
    assert desk.wakes() == 1


def test_nobody_without_a_key_wakes_anything(desk: Desk):
    desk.world.later(12)
    desk.door.authorization = basic("SALES", "wrong")

    assert desk.door.get(desk.address, Cache_Control="no-cache").status_code == 401
    assert desk.wakes() == 0


def test_a_set_is_not_refreshed_by_no_cache(desk: Desk):
    desk.world.later(12)
    assert desk.ask("no-cache", f"{ROOT}/{SET}").headers["Age"] == "12"
    assert desk.wakes() == 0


def test_a_stale_answer_warns_and_a_fresh_one_after_it_does_not(desk: Desk):
    desk.world.later(31)
    assert desk.ask().headers.getlist("Warning") == [STALE]
    desk.world.tail()
    desk.world.later(1)
    for _ in range(2):
        assert "Warning" not in desk.ask().headers


@pytest.mark.parametrize(
    ("header", "one_row", "newest"),
    [
        ("", True, None),
        ("no-cache", True, 0),
        ("no-cache", False, None),
        ("No-Cache, no-store", True, 0),
        ("max-age=0", False, 0),
        ("max-age=10", True, 10),
        ('max-age="10"', True, 10),
        ("max-age=10, max-stale=5", True, 15),
        ("max-age=10, max-stale", True, None),
        ("max-stale=5", True, None),
        ("max-age=10, only-if-cached", True, None),
        ("max-age=-1", True, None),
        ("max-age=soon", True, None),
        ("max-age=99999999999999999999", True, None),
        ("max-age=٣", True, None),
    ],
)
def test_what_a_header_asks_for(header: str, one_row: bool, newest: int | None):
    assert wished(header, one_row=one_row) == newest

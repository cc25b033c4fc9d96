"""How old an answer may be, what wakes the tail, and what hot answers must not hide."""

from __future__ import annotations

from bridge.store import jobs, projection
from bridge.store.models import AvailabilityTail
from tests.gateway.conftest import MAIN, ROOT, SET, Door, World, error

ADDRESS = f"{ROOT}/{SET}"


def wakes(world: World, job: str = "AVAILABILITY") -> int:
    found = jobs.get(world.db, MAIN.id, job)
    assert found is not None
    return found.wakes


def test_age_grows_with_time_and_falls_with_a_tail_also_for_hot_answers(door: Door, world: World):
    ages = []
    for seconds in (0, 7, 13):
        world.later(seconds)
        ages.append(door.get(ADDRESS).headers["Age"])
    world.tail()
    world.later(1)
    ages.append(door.get(ADDRESS).headers["Age"])
    assert ages == ["0", "7", "20", "1"]
    assert [line["memo"] for line in world.lines()] == [False, True, True, True]


def test_past_max_age_the_tail_is_woken_once_for_all_readers(door: Door, world: World):
    world.later(31)
    for _ in range(20):
        response = door.get(ADDRESS)
        assert (response.status_code, response.headers["Age"]) == (200, "31")
    assert wakes(world) == 1
    world.later(4)
    door.get(ADDRESS)
    assert wakes(world) == 2


def test_fresh_answers_wake_nobody(door: Door, world: World):
    world.later(30)
    door.get(ADDRESS)
    assert wakes(world) == 0


def test_past_stale_if_error_there_is_no_answer_until_the_next_tail(door: Door, world: World):
    world.later(300)
    assert door.get(ADDRESS).status_code == 200
    world.later(1)
    response = door.get(ADDRESS)
    assert error(response) == (503, "Internal_TenantUnavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert door.get(f"{ROOT}/$metadata").status_code == 200
    world.tail()
    world.later(1)
    assert door.get(ADDRESS).status_code == 200


def test_a_company_never_read_has_no_answer_yet_and_is_asked_for(door: Door, world: World):
    projection.save(world.db, AvailabilityTail(company_id=MAIN.id, recent_entries=[], tailed_at=None))
    world.later(1)
    assert error(door.get(ADDRESS)) == (503, "Internal_TenantUnavailable")
    assert wakes(world) == 1


def test_a_changed_row_is_seen_within_a_second_though_the_answer_was_hot(door: Door, world: World):
    item = world.item("1000", "STK", "5")
    world.couple(item)
    for _ in range(3):
        assert door.rows()[0]["Inventory"] == 5
    world.item("1000", "STK", "4", item_id=item)
    world.later(1)
    assert door.rows()[0]["Inventory"] == 4


def test_no_cache_asks_the_database_now(door: Door, world: World):
    item = world.item("1000", "STK", "5")
    world.couple(item)
    door.rows()
    world.item("1000", "STK", "4", item_id=item)
    response = door.get(ADDRESS, Cache_Control="no-cache")
    assert response.get_json()["value"][0]["Inventory"] == 4


def test_a_hot_answer_differs_by_what_varies_it(door: Door, world: World):
    world.stock("1000", "STK", "5")
    for _ in range(2):
        assert "@odata.context" in door.get(ADDRESS).get_json()
        assert "@odata.context" not in door.get(ADDRESS, Accept="application/json;odata.metadata=none").get_json()
        assert "Preference-Applied" in door.get(ADDRESS, Prefer="odata.maxpagesize=5").headers
        assert door.ask("HEAD", ADDRESS).data == b""
    assert [line["memo"] for line in world.lines()] == [False] * 4 + [True] * 4
    ids = {line["request_id"] for line in world.lines()}
    assert len(ids) == 8

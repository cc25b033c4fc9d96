"""One contract, every backend."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from gateway.cache.base import Cache, CacheUnavailable
from gateway.cache.memo import HotAnswer, Memo
from gateway.cache.memory import MemoryCache
from gateway.cache.redis import RedisCache
from tests.gateway.conftest import NOW


class Backend:
    """A cache and a way to let its time pass."""

    def __init__(self, cache: Cache, wait: Callable[[float], object]) -> None:
        self.cache, self.wait = cache, wait


@pytest.fixture(params=["memory", "redis"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "memory":
        now = [0.0]

        def wait(seconds: float) -> None:
            now[0] += seconds

        yield Backend(MemoryCache(lambda: now[0]), wait)
        return
    cache = RedisCache(request.getfixturevalue("redis_url"), prefix="contract:")
    yield Backend(cache, threading.Event().wait)  # Redis keeps its own time: only waiting lets it pass
    cache.close()


class TestEveryCache:
    def test_what_was_set_is_got_until_its_time_is_over(self, backend: Backend):
        backend.cache.set("a", b"\x00\xff", 0.2)
        assert backend.cache.get("a") == b"\x00\xff"
        backend.wait(0.3)
        assert backend.cache.get("a") is None

    def test_what_was_never_set_is_none(self, backend: Backend):
        assert backend.cache.get("nothing") is None

    def test_setting_again_replaces_value_and_time(self, backend: Backend):
        backend.cache.set("a", b"1", 0.2)
        backend.cache.set("a", b"2", 60)
        backend.wait(0.3)
        assert backend.cache.get("a") == b"2"

    def test_adding_succeeds_for_exactly_one(self, backend: Backend):
        won = []
        threads = [threading.Thread(target=lambda: won.append(backend.cache.add("a", b"x", 60))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(won) == [False] * 7 + [True]

    def test_adding_works_again_when_the_time_is_over(self, backend: Backend):
        assert backend.cache.add("a", b"1", 0.2)
        backend.wait(0.3)
        assert backend.cache.add("a", b"2", 60)
        assert backend.cache.get("a") == b"2"

    def test_deleting_forgets_and_may_be_repeated(self, backend: Backend):
        backend.cache.set("a", b"1", 60)
        backend.cache.delete("a")
        backend.cache.delete("a")
        assert backend.cache.get("a") is None

    def test_publishing_to_nobody_and_pinging_do_no_harm(self, backend: Backend):
        backend.cache.publish("wake", "PICK-UP")
        backend.cache.ping()


def test_the_memory_forgets_the_least_recently_used_first():
    cache = MemoryCache(lambda: 0.0, most=2)
    for name in ("a", "b"):
        cache.set(name, b"1", 60)
    cache.get("a")
    cache.set("c", b"1", 60)
    assert [name for name in "abc" if cache.get(name)] == ["a", "c"]


def test_what_is_published_is_heard_under_the_agreed_name(redis_url: str):
    import redis

    listener = redis.Redis.from_url(redis_url).pubsub()
    listener.subscribe("bridge:wake")
    assert listener.get_message(timeout=5)
    cache = RedisCache(redis_url)
    cache.publish("wake", "PICK-UP")
    heard = listener.get_message(timeout=5)
    assert heard is not None and heard["data"] == b"PICK-UP"
    listener.close()
    cache.close()


def test_a_redis_that_is_away_says_so_in_the_caches_own_words():
    cache = RedisCache("redis://127.0.0.1:1/0")
    for call in (
        lambda: cache.get("a"),
        lambda: cache.set("a", b"", 1),
        lambda: cache.add("a", b"", 1),
        lambda: cache.delete("a"),
        lambda: cache.publish("a", ""),
        cache.ping,
    ):
        with pytest.raises(CacheUnavailable):
            call()
    cache.close()


def test_a_redis_that_hangs_is_waited_for_once_and_then_left_alone_for_a_while():
    now = [0.0]
    with socket.create_server(("127.0.0.1", 0)) as hanging:  # takes connections and says nothing
        hanging.settimeout(0.05)
        cache = RedisCache(f"redis://127.0.0.1:{hanging.getsockname()[1]}/0", ticks=lambda: now[0])

        def connections() -> int:
            count = 0
            while True:
                try:
                    hanging.accept()[0].close()
                except TimeoutError:
                    return count
                count += 1

        with pytest.raises(CacheUnavailable):
            cache.get("a")
        assert connections() > 0
        for _ in range(20):
            with pytest.raises(CacheUnavailable):
                cache.get("a")
        assert connections() == 0
        now[0] = 2.0
        with pytest.raises(CacheUnavailable):
            cache.get("a")
        assert connections() > 0, "and tried again"
        cache.close()


def hot(body: bytes = b"x", version: str = "1") -> HotAnswer:
    return HotAnswer("200 OK", (), body, "company", version, "SALES", "id", NOW)


def environ(**values: str) -> dict[str, str]:
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/ODataV4/x",
        "HTTP_AUTHORIZATION": "Basic a",
        "wsgi.url_scheme": "https",
    } | values


@pytest.mark.parametrize(
    "other",
    [
        {"REQUEST_METHOD": "HEAD"},
        {"PATH_INFO": "/ODataV4/y"},
        {"QUERY_STRING": "$top=1"},
        {"HTTP_AUTHORIZATION": "Basic b"},
        {"HTTP_ACCEPT": "x"},
        {"HTTP_PREFER": "x"},
        {"HTTP_ORIGIN": "x"},
        {"HTTP_IF_NONE_MATCH": "x"},
        {"HTTP_ODATA_MAXVERSION": "4.0"},
        {"wsgi.url_scheme": "http"},
    ],
)
def test_two_requests_that_may_differ_in_their_answer_are_two(other: dict[str, str]):
    memo = Memo(10)
    assert memo.key(environ()) == memo.key(environ())
    assert memo.key(environ()) != memo.key(environ(**other))


def test_what_must_not_be_remembered_has_no_key():
    memo = Memo(10)
    assert memo.key(environ(REQUEST_METHOD="POST")) is None
    assert memo.key(environ(HTTP_CACHE_CONTROL="no-cache")) is None
    assert memo.key(environ(PATH_INFO="/healthz")) is None
    without = environ()
    del without["HTTP_AUTHORIZATION"]
    assert memo.key(without) is None


def test_the_memo_is_bounded_and_holds_no_credentials():
    memo = Memo(2)
    keys = [memo.key(environ(QUERY_STRING=str(number))) for number in range(3)]
    for key in keys:
        assert key is not None and not any("Basic" in part for part in key)
        memo.put(key, hot())
    early = NOW.replace(year=2020)
    assert [memo.get(key, "1", early) is not None for key in keys if key] == [False, True, True]
    assert memo.get(keys[2] or (), "2", early) is None, "another version"
    assert memo.get(keys[1] or (), "1", NOW) is None, "the key has expired"
    memo.put(keys[0] or (), hot(b"x" * 100_000))
    assert memo.get(keys[0] or (), "1", early) is None, "too large"

"""Hear across processes that something became due, on a Redis channel. What is not heard, the next look finds."""

from __future__ import annotations

import threading
from collections.abc import Callable

import redis
import structlog

CHANNEL = "bridge:wake"
_LISTEN_SECONDS = 1.0
_PAUSE_SECONDS = 2.0

_log = structlog.get_logger(__name__)


def announce(redis_url: str) -> None:
    """Tell every worker to look at the jobs table now. What cannot be told is found by their timers."""
    if not redis_url:
        return
    client = redis.Redis.from_url(redis_url)
    try:
        client.publish(CHANNEL, "")
    except redis.RedisError as error:
        _log.warning("wake-up not announced", error=type(error).__name__)
    finally:
        client.close()


class Wakeups:
    """Listens in a thread of its own and calls ``wake`` for each message; connects again when Redis was away."""

    def __init__(self, redis_url: str, wake: Callable[[], None]) -> None:
        self._redis_url = redis_url
        self._wake = wake
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="wakeups", daemon=True)
        self.listening = threading.Event()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            client = redis.Redis.from_url(self._redis_url)
            try:
                self._hear(client)
            except redis.RedisError as error:
                _log.warning("not listening for wake-ups", error=type(error).__name__)
            finally:
                self.listening.clear()
                client.close()
            self._stopping.wait(_PAUSE_SECONDS)

    def _hear(self, client: redis.Redis) -> None:
        with client.pubsub() as channel:  # type: ignore[no-untyped-call]
            channel.subscribe(CHANNEL)
            while not self._stopping.is_set():
                message = channel.get_message(timeout=_LISTEN_SECONDS)
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    self.listening.set()
                self._wake()  # after subscribing as well: what was said before we listened is not lost

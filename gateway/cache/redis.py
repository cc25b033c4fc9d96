"""The cache that all gateway processes share, and where rate limits are counted: Redis. Only this module knows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis
from limits.storage import RedisStorage, Storage

from gateway.cache.base import Cache, CacheUnavailable

_PREFIX = "bridge:"
_SECONDS = 0.5
"""How long an answer from Redis may take before the gateway goes on without it: it is there to save time."""
_LEFT_ALONE_SECONDS = 2.0
"""After a failure nobody waits for Redis for so long: one that hangs would cost each request its half second."""


class RedisCache(Cache):
    """Connects when first used, so that a gateway starts, and answers, with Redis away. ``ticks`` answers monotonic
    seconds."""

    def __init__(self, url: str, prefix: str = _PREFIX, ticks: Callable[[], float] = time.monotonic) -> None:
        self._prefix = prefix
        self._ticks = ticks
        self._alone_until = float("-inf")
        self._redis = redis.Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)

    @contextmanager
    def _asked(self, *, at_once: bool = False) -> Iterator[redis.Redis]:
        if not at_once and self._ticks() < self._alone_until:
            raise CacheUnavailable("away a moment ago")
        try:
            yield self._redis
        except redis.RedisError as error:
            self._alone_until = self._ticks() + _LEFT_ALONE_SECONDS
            raise CacheUnavailable(type(error).__name__) from error

    def get(self, key: str) -> bytes | None:
        with self._asked() as client:
            found = client.get(self._prefix + key)
            return found if isinstance(found, bytes) else None

    def set(self, key: str, value: bytes, seconds: float) -> None:
        with self._asked() as client:
            client.set(self._prefix + key, value, px=_milliseconds(seconds))

    def add(self, key: str, value: bytes, seconds: float) -> bool:
        with self._asked() as client:
            return bool(client.set(self._prefix + key, value, px=_milliseconds(seconds), nx=True))

    def delete(self, key: str) -> None:
        with self._asked() as client:
            client.delete(self._prefix + key)

    def publish(self, channel: str, message: str) -> None:
        with self._asked() as client:
            client.publish(self._prefix + channel, message)

    def ping(self) -> None:
        with self._asked(at_once=True) as client:
            client.ping()
        self._alone_until = float("-inf")

    def close(self) -> None:
        self._redis.close()


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


def counters(url: str) -> Storage:
    """Where rate limits are counted for all processes; its failures arrive as ``limits.errors.StorageError``."""
    return RedisStorage(
        url,
        wrap_exceptions=True,
        key_prefix=f"{_PREFIX}limits",
        socket_timeout=_SECONDS,
        socket_connect_timeout=_SECONDS,
    )

"""The cache that all gateway processes share, and where rate limits are counted: Redis. Only this module knows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from limits.storage import RedisStorage, Storage

from gateway.cache.base import Cache, CacheUnavailable

_PREFIX = "bridge:"
_SECONDS = 0.5
"""How long an answer from Redis may take before the gateway goes on without it: it is there to save time."""


class RedisCache(Cache):
    """Connects when first used, so that a gateway starts, and answers, with Redis away."""

    def __init__(self, url: str, prefix: str = _PREFIX) -> None:
        self._prefix = prefix
        self._redis = redis.Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)

    @contextmanager
    def _asked(self) -> Iterator[redis.Redis]:
        try:
            yield self._redis
        except redis.RedisError as error:
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
        with self._asked() as client:
            client.ping()

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

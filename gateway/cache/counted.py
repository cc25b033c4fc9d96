"""A cache that says what became of each reading. The name up to its first colon says what was looked for: ``view``,
``rows``, ``refresh``."""

from __future__ import annotations

from collections.abc import Callable

from gateway.cache.base import Cache, CacheUnavailable

HIT, MISS, AWAY = "hit", "miss", "away"


class CountedCache(Cache):
    """``counted`` gets what was looked for and one of hit, miss and away."""

    def __init__(self, cache: Cache, counted: Callable[[str, str], None]) -> None:
        self._cache = cache
        self._counted = counted

    def get(self, key: str) -> bytes | None:
        what = key.partition(":")[0]
        try:
            found = self._cache.get(key)
        except CacheUnavailable:
            self._counted(what, AWAY)
            raise
        self._counted(what, MISS if found is None else HIT)
        return found

    def set(self, key: str, value: bytes, seconds: float) -> None:
        self._cache.set(key, value, seconds)

    def add(self, key: str, value: bytes, seconds: float) -> bool:
        return self._cache.add(key, value, seconds)

    def delete(self, key: str) -> None:
        self._cache.delete(key)

    def publish(self, channel: str, message: str) -> None:
        self._cache.publish(channel, message)

    def ping(self) -> None:
        self._cache.ping()

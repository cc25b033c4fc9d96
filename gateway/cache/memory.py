"""The cache inside one process, for an install without Redis. Bounded: the least recently used value goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from gateway.cache.base import Cache

_MOST = 4096


class MemoryCache(Cache):
    """``ticks`` answers monotonic seconds."""

    def __init__(self, ticks: Callable[[], float], most: int = _MOST) -> None:
        self._ticks = ticks
        self._most = most
        self._lock = threading.Lock()
        self._values: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            return self._alive(key)

    def _alive(self, key: str) -> bytes | None:
        found = self._values.get(key)
        if found is None:
            return None
        if found[0] <= self._ticks():
            del self._values[key]
            return None
        self._values.move_to_end(key)
        return found[1]

    def set(self, key: str, value: bytes, seconds: float) -> None:
        with self._lock:
            self._put(key, value, seconds)

    def _put(self, key: str, value: bytes, seconds: float) -> None:
        self._values[key] = (self._ticks() + seconds, value)
        self._values.move_to_end(key)
        while len(self._values) > self._most:
            self._values.popitem(last=False)

    def add(self, key: str, value: bytes, seconds: float) -> bool:
        with self._lock:
            if self._alive(key) is not None:
                return False
            self._put(key, value, seconds)
            return True

    def delete(self, key: str) -> None:
        with self._lock:
            self._values.pop(key, None)

    def publish(self, channel: str, message: str) -> None:
        """Nobody outside this process can listen: without Redis the worker looks for due jobs by itself."""

    def ping(self) -> None:
        """A cache in this process always answers."""

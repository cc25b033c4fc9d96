"""How many requests a caller and an address may make, and how many wrong guesses.

Requests are counted for all processes together, but not one by one: a process takes a share of the allowance and spends
it by itself, so that a hot answer costs no round trip. Together they never allow more than the limit; a share not spent
when the window ends is lost. When the shared counters cannot be reached each process counts for itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage
from limits.strategies import MovingWindowRateLimiter, RateLimiter

_SHARES = 50
"""A process takes a fiftieth of the allowance at once."""
_MOST_NAMES = 50_000


class Allowance:
    """Requests by name (a key, an address). Safe to share between threads; ``now`` answers seconds since the epoch.

    Windows begin at multiples of their length, so that every process knows to the moment when a share is over. What
    Redis tells of that are whole seconds: in the last one of a window each request would have taken a share.
    """

    def __init__(self, limit: RateLimitItem, storage: Storage, now: Callable[[], float] = time.time) -> None:
        self._limit = limit
        self._seconds = limit.get_expiry()
        self._shared = storage
        self._alone = MemoryStorage()
        self._share = max(1, limit.amount // _SHARES)
        self._now = now
        self._lock = threading.Lock()
        self._window = -1
        self._left: dict[str, int] = {}

    def take(self, name: str) -> bool:
        """Spend one request of this name; False when there is none left in this window."""
        window = int(self._now() // self._seconds)
        with self._lock:
            if window != self._window or len(self._left) > _MOST_NAMES:
                self._left, self._window = {}, window
            left = self._left.get(name, 0)
            if left > 0:
                self._left[name] = left - 1
                return True
        granted = self._granted(f"{name}@{window}")  # without the lock: others with a share do not wait for Redis
        if granted > 1:
            with self._lock:
                if window == self._window:
                    self._left[name] = self._left.get(name, 0) + granted - 1
        return granted > 0

    def seconds_left(self) -> int:
        """How long until the window ends."""
        return int(self._seconds - self._now() % self._seconds) + 1

    def _granted(self, counter: str) -> int:
        """A share, or what is left of the allowance when that is less."""
        key = self._limit.key_for(counter)
        try:
            spent = self._shared.incr(key, self._seconds, amount=self._share)
        except StorageError:
            spent = self._alone.incr(key, self._seconds, amount=self._share)
        return max(0, min(self._share, self._limit.amount - (spent - self._share)))


class Guesses:
    """Wrong keys per user and address. Only failures count, and a right key is never asked about them."""

    def __init__(self, limit: RateLimitItem, storage: Storage) -> None:
        self._limit = limit
        self._shared: RateLimiter = MovingWindowRateLimiter(storage)
        self._alone: RateLimiter = MovingWindowRateLimiter(MemoryStorage())

    def wrong(self, user: str, address: str) -> int:
        """Count a wrong key. Answers 0 while that is tolerated, else the seconds to wait."""
        for limiter in (self._shared, self._alone):
            try:
                if limiter.hit(self._limit, user[:100], address):
                    return 0
                return max(
                    1, int(limiter.get_window_stats(self._limit, user[:100], address).reset_time - time.time()) + 1
                )
            except StorageError:
                continue
        return self._limit.get_expiry()

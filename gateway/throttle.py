"""How many requests a caller and an address may make, and how many wrong guesses.

Requests are counted for all processes together, but not one by one: a process takes a share of the allowance and spends
it by itself, so that a hot answer costs no round trip. Together they never allow more than the limit; a share not spent
when the window ends is lost. When the shared counters cannot be reached each process counts for itself.
"""

from __future__ import annotations

import threading
import time

from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, RateLimiter

_SHARES = 50
"""A process takes a fiftieth of the allowance at once."""
_MOST_NAMES = 50_000


class Allowance:
    """Requests by name (a key, an address). Safe to share between threads."""

    def __init__(self, limit: RateLimitItem, storage: Storage) -> None:
        self._limit = limit
        self._shared: RateLimiter = FixedWindowRateLimiter(storage)
        self._alone: RateLimiter = FixedWindowRateLimiter(MemoryStorage())
        self._share = max(1, limit.amount // _SHARES)
        self._lock = threading.Lock()
        self._left: dict[str, tuple[int, float]] = {}

    def take(self, name: str) -> bool:
        """Spend one request of this name; False when there is none left in this window."""
        now = time.time()
        with self._lock:
            left, until = self._left.get(name, (0, now))
            if left > 0 and now < until:
                self._left[name] = (left - 1, until)
                return True
            granted = self._share if self._hit(name, self._share) else int(self._hit(name, 1))
            if not granted:
                return False
            if len(self._left) > _MOST_NAMES:
                self._left.clear()
            self._left[name] = (granted - 1, self._window_ends(name))
            return True

    def seconds_left(self, name: str) -> int:
        """How long until the window ends."""
        return max(1, int(self._window_ends(name) - time.time()) + 1)

    def _window_ends(self, name: str) -> float:
        try:
            return self._shared.get_window_stats(self._limit, name).reset_time
        except StorageError:
            return self._alone.get_window_stats(self._limit, name).reset_time

    def _hit(self, name: str, cost: int) -> bool:
        try:
            # Tested first: a refused hit counts too, and would eat what smaller ones could still have.
            return self._shared.test(self._limit, name, cost=cost) and self._shared.hit(self._limit, name, cost=cost)
        except StorageError:
            return self._alone.test(self._limit, name, cost=cost) and self._alone.hit(self._limit, name, cost=cost)


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

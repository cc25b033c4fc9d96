"""Counts what is asked of the remote systems: both throttle, so round trips are the cost that matters.

A *request* is one HTTP exchange, repeats included. An *operation* is one thing the remote system was asked to do: each
part of a batch, and each order in one ``CreateSalesOrders``, counts as one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from bridge.records import Side

SIGN_IN = "sign in"
"""Purpose of the requests that fetch a token. They go to the authority, not to the system they are meant for."""


@dataclass(frozen=True, slots=True, order=True)
class CallKey:
    """What requests are counted by: the system, the HTTP verb, and the purpose in words ("create orders")."""

    side: Side
    verb: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Count:
    requests: int = 0
    operations: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.requests + other.requests, self.operations + other.operations)

    def __sub__(self, other: Count) -> Count:
        return Count(self.requests - other.requests, self.operations - other.operations)


class Calls:
    """Counters shared by every client of one process; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[CallKey, Count] = {}

    def record(self, side: Side, verb: str, purpose: str, operations: int = 1) -> None:
        """Count one request that carries ``operations``."""
        key = CallKey(side, verb, purpose)
        with self._lock:
            self._counts[key] = self._counts.get(key, Count()) + Count(1, operations)

    def snapshot(self) -> dict[CallKey, Count]:
        """Every counter as it stands, token requests included."""
        with self._lock:
            return dict(self._counts)

    def totals(self, side: Side) -> Count:
        """All that this system was asked. Token requests are left out: another server answers those."""
        counted = (count for key, count in self.snapshot().items() if key.side is side and key.purpose != SIGN_IN)
        return sum(counted, Count())

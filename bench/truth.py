"""What stock really was, moment by moment, and whether an answer may have said so."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from decimal import Decimal


class Truth:
    """The history of every item's stock. An item has no stock before it is first named."""

    def __init__(self) -> None:
        self._moments: dict[str, list[datetime]] = {}
        self._values: dict[str, list[Decimal]] = {}

    def now(self, item: str) -> Decimal:
        """The latest value."""
        return self._values[item][-1]

    def becomes(self, item: str, value: Decimal, at: datetime) -> None:
        """From ``at`` on the item's stock is ``value``; moments come in order."""
        self._moments.setdefault(item, []).append(at)
        self._values.setdefault(item, []).append(value)

    def was(self, item: str, value: Decimal, since: datetime, until: datetime) -> bool:
        """Whether the stock was ``value`` at any moment from ``since`` to ``until``, both included."""
        moments = self._moments.get(item, [])
        first = max(0, bisect_right(moments, since) - 1)
        last = bisect_right(moments, until)
        return value in self._values.get(item, [])[first:last]

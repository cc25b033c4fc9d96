"""How many requests keeping answers fresh may cost Business Central: so many a minute for each company, never more.

What one minute needs beyond that waits for the next: answers get older and say so. The more companies an install has,
the less each gets, so that all of them together leave Business Central free for orders. What was asked is noted in the
state, job by job, so that the promise holds for all processes together and through restarts.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from bridge.context import CompanyContext
from bridge.store import companies, watermarks

MOST = 30
"""Requests a minute for one company, the ledger's tail and the open orders together."""
ALTOGETHER = 600
"""Requests a minute for all companies: half of what Business Central online grants one user."""
_LEAST = 4
"""What a company always gets: one tick with something to find, and a look at its orders."""
_MINUTE = timedelta(minutes=1)
TAIL, LINES = "availability requests", "open lines requests"


class Allowance:
    """The share of one company. ``name`` is what this job's requests are noted under; all in ``names`` count."""

    def __init__(
        self, ctx: CompanyContext, name: str, names: tuple[str, ...] = (TAIL, LINES), *, most: int = MOST
    ) -> None:
        self._ctx, self._name, self._names, self._most = ctx, name, names, most

    def room(self) -> int:
        """How many requests may go out now."""
        known = len(companies.all_companies(self._ctx.db))
        share = max(_LEAST, min(self._most, ALTOGETHER // max(known, 1)))
        return share - sum(count for name in self._names for _, count in self._noted(name))

    def note(self, requests: int) -> None:
        """So many went out just now."""
        if not requests:
            return
        now = self._ctx.clock()
        noted = [*self._noted(self._name), (now, requests)]
        value = json.dumps([[at.timestamp(), count] for at, count in noted])
        watermarks.move(self._ctx.db, self._ctx.company.id, self._name, value, now)

    def _noted(self, name: str) -> list[tuple[datetime, int]]:
        """What was noted within the last minute."""
        value = watermarks.get(self._ctx.db, self._ctx.company.id, name)
        since = self._ctx.clock() - _MINUTE
        rows = [(datetime.fromtimestamp(at, UTC), int(count)) for at, count in json.loads(value or "[]")]
        return [(at, count) for at, count in rows if at > since]

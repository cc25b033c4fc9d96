"""The door to the quotes: list what is active or won, bring it over, and after the orders end what was won.

A won quote is created before its order, so that the order can name it, and ended after it. ``bridge.work.pick_up``
calls the two halves around the pick-up of orders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

import structlog

from bridge.clients.odata import Row
from bridge.context import CompanyContext, Outcome
from bridge.orders.gather import Surroundings
from bridge.orders.work_off import work_off
from bridge.quotes.chunk import QuoteChunk
from bridge.quotes.errors import WANT_A_COUPLING
from bridge.quotes.pickup import Listed, list_quotes, note, open_deleted
from bridge.store import journal
from bridge.store.journal import Kind, State
from bridge.store.models import JournalEntry

_TO_CREATE = (State.SEEN, State.BC_CREATING)
_TO_END = (State.BC_CREATED,)
_WORDS = ("created", "adopted", "revised", "won", "failed")
_log = structlog.get_logger(__name__)


class QuoteRun:
    """One run over the quotes of a company, in two halves. Repeatable at any time."""

    def __init__(self, ctx: CompanyContext, surroundings: Surroundings, only: Collection[str] = ()) -> None:
        """``only``: these Sales ids, now, whatever their pause."""
        self._ctx = ctx
        self._surroundings = surroundings
        self._only = only
        self._rows: Mapping[str, Row] = {}
        self._counts: Counter[str] = Counter()
        self._notes: list[str] = []

    def list_new(self) -> None:
        """Note what is active or won in the journal. Raises RemoteError when a system cannot be asked."""
        listed: Listed = list_quotes(self._ctx, self._surroundings.company_row_id)
        note(self._ctx, listed)
        self._rows = listed.rows
        _, too_many = open_deleted(self._ctx, listed)
        self._notes += [too_many] if too_many else []

    def before_orders(self) -> None:
        """Create and revise. Raises OrdersProcessedElsewhere when the bridge must keep its hands off. What fails for
        one quote is listed, not raised."""
        ctx = self._ctx
        journal.wake_coupled(ctx.db, ctx.company.id, WANT_A_COUPLING, ctx.clock())
        self._counts += work_off(
            ctx, Kind.QUOTE, lambda entries: self._chunk(entries).bring_over(), states=_TO_CREATE, only=self._only
        )

    def after_orders(self) -> Outcome:
        """End what was won, and tell what the run came to."""
        ctx = self._ctx
        self._counts += work_off(
            ctx, Kind.QUOTE, lambda entries: self._chunk(entries).end_won(), states=_TO_END, only=self._only
        )
        waiting = journal.counts(ctx.db, ctx.company.id, ctx.clock(), Kind.QUOTE)["waiting"]
        tally = {f"quotes_{word}": self._counts[f"quotes_{word}"] for word in _WORDS} | {"quotes_waiting": waiting}
        _log.info("quotes worked on", company=ctx.company.name, **tally)
        return Outcome(counts=tally, failed=self._counts["quotes_failed"], notes=tuple(self._notes))

    def _chunk(self, entries: list[JournalEntry]) -> QuoteChunk:
        return QuoteChunk(self._ctx, self._surroundings, entries, self._rows)

"""The door to the orders: list what is submitted, note it in the journal, take every open row as far as it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from itertools import islice

import structlog

from bridge.clients.odata import Row
from bridge.context import CompanyContext, Outcome
from bridge.orders.chunk import Chunk
from bridge.orders.errors import WANT_A_COUPLING
from bridge.orders.gather import Surroundings
from bridge.orders.lines import id_of
from bridge.orders.pickup import list_submitted, sales_company_id, seen
from bridge.orders.work_off import work_off
from bridge.store import journal
from bridge.store.journal import Kind
from bridge.store.models import JournalEntry

_NOTE_AT_ONCE = 500
_log = structlog.get_logger(__name__)


def pick_up(ctx: CompanyContext, surroundings: Surroundings | None = None) -> Outcome:
    """Take submitted orders from Sales, and every order that an earlier run left open, as far as they go. What a run
    has asked of Business Central already comes with its ``surroundings``.

    Repeatable at any time. Raises RemoteError when Sales cannot be asked, before anything is written; OrdersProcessed-
    Elsewhere or CompanyNotInSales when orders must not be touched. What fails for one order is listed, not raised.
    """
    surroundings = surroundings or Surroundings(ctx, sales_company_id(ctx))
    submitted = list_submitted(ctx.sales, surroundings.company_row_id)
    listed = {id_of(row, "salesorderid"): row for row in submitted}
    rows = iter(listed.values())
    while some := [seen(row) for row in islice(rows, _NOTE_AT_ONCE)]:
        journal.note_seen(ctx.db, ctx.company.id, some, ctx.clock())
    return _work(ctx, surroundings, listed, ())


def process(ctx: CompanyContext, only: Collection[str] = (), surroundings: Surroundings | None = None) -> Outcome:
    """Take open journal rows as far as they go, without listing new ones. ``only``: these Sales ids, now, whatever
    their pause. Raises as :func:`pick_up`."""
    return _work(ctx, surroundings or Surroundings(ctx, sales_company_id(ctx)), {}, only)


def _work(ctx: CompanyContext, surroundings: Surroundings, listed: Mapping[str, Row], only: Collection[str]) -> Outcome:
    journal.wake_coupled(ctx.db, ctx.company.id, WANT_A_COUPLING, ctx.clock())

    def one_chunk(entries: list[JournalEntry]) -> Counter[str]:
        return Chunk(ctx, surroundings, entries, listed).run()

    counts = work_off(ctx, Kind.ORDER, one_chunk, only=only, total=len(listed))
    counts["seen"] = len(listed)
    left = journal.counts(ctx.db, ctx.company.id, ctx.clock())
    words = ("seen", "created", "adopted", "released", "acknowledged", "failed")
    tally = {word: counts[word] for word in words} | {"waiting": left["waiting"], "leased": left["leased"]}
    _log.info("orders worked on", company=ctx.company.name, **tally)
    return Outcome(counts=tally, failed=counts["failed"])

"""The door to the orders: list what is submitted, note it in the journal, take every open row as far as it goes.

Rows are claimed 50 at a time with a lease, so that several threads and several processes share one burst and none waits
for another. Kill any of them: the lease runs out, and the next run finds the row where it stood.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from itertools import islice

import structlog

from bridge.clients.companion import ORDERS_PER_CALL
from bridge.clients.odata import Row
from bridge.context import CompanyContext, Outcome
from bridge.leases import KeptLease
from bridge.orders.chunk import Chunk
from bridge.orders.errors import WANT_A_COUPLING
from bridge.orders.gather import Surroundings
from bridge.orders.lines import id_of
from bridge.orders.pickup import list_submitted, sales_company_id, seen
from bridge.store import journal
from bridge.store.models import JournalEntry

CHUNK = ORDERS_PER_CALL
_NOTE_AT_ONCE = 500
_log = structlog.get_logger(__name__)


def pick_up(ctx: CompanyContext) -> Outcome:
    """Take submitted orders from Sales, and every order that an earlier run left open, as far as they go.

    Repeatable at any time. Raises RemoteError when Sales cannot be asked, before anything is written; OrdersProcessed-
    Elsewhere or CompanyNotInSales when orders must not be touched. What fails for one order is listed, not raised.
    """
    company_row_id = sales_company_id(ctx)
    listed = {id_of(row, "salesorderid"): row for row in list_submitted(ctx.sales, company_row_id)}
    rows = iter(listed.values())
    while some := [seen(row) for row in islice(rows, _NOTE_AT_ONCE)]:
        journal.note_seen(ctx.db, ctx.company.id, some, ctx.clock())
    return _work(ctx, company_row_id, listed, ())


def process(ctx: CompanyContext, only: Collection[str] = ()) -> Outcome:
    """Take open journal rows as far as they go, without listing new ones. ``only``: these Sales ids, now, whatever
    their pause. Raises as :func:`pick_up`."""
    return _work(ctx, sales_company_id(ctx), {}, only)


def _work(ctx: CompanyContext, company_row_id: str, listed: Mapping[str, Row], only: Collection[str]) -> Outcome:
    surroundings = Surroundings(ctx, company_row_id)
    journal.wake_coupled(ctx.db, ctx.company.id, WANT_A_COUPLING, ctx.clock())
    claims = _Claims(ctx, only)
    counts: Counter[str] = Counter(seen=len(listed))
    total = len(listed)
    pending: dict[Future[Counter[str]], list[str]] = {}
    done = 0
    with ThreadPoolExecutor(max_workers=ctx.settings.work_threads, thread_name_prefix="orders") as pool:
        while True:
            while len(pending) < ctx.settings.work_threads and not ctx.stopping():
                entries = claims.next(in_hand=[entry_id for ids in pending.values() for entry_id in ids])
                if not entries:
                    break
                future = pool.submit(_one_chunk, ctx, surroundings, entries, listed)
                pending[future] = [entry.id for entry in entries]
            if not pending:
                break
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                done += len(pending.pop(future))
                counts += future.result()
                ctx.progress("orders", done, max(total, done))
    left = journal.counts(ctx.db, ctx.company.id, ctx.clock())
    words = ("seen", "created", "adopted", "released", "acknowledged", "failed")
    tally = {word: counts[word] for word in words} | {"waiting": left["waiting"], "leased": left["leased"]}
    _log.info("orders worked on", company=ctx.company.name, **tally)
    return Outcome(counts=tally, failed=counts["failed"])


class _Claims:
    """Hands out chunks of claimed rows, each row at most once in a run: what fails again waits for the next one."""

    def __init__(self, ctx: CompanyContext, only: Collection[str]) -> None:
        self._ctx = ctx
        self._narrowed = bool(only)
        self._only = {sales_id.lower() for sales_id in only}
        self._taken: set[str] = set()

    def next(self, in_hand: Collection[str]) -> list[JournalEntry]:
        """The next rows, leased to us; none when nothing is due and free. ``in_hand``: rows our chunks still hold."""
        if self._narrowed and not self._only:
            return []
        ctx = self._ctx
        claimed = journal.claim(
            ctx.db,
            ctx.company.id,
            owner=ctx.owner,
            limit=CHUNK,
            lease=_lease(ctx),
            now=ctx.clock(),
            only=sorted(self._only),
            in_hand=in_hand,
        )
        fresh = [entry for entry in claimed if entry.id not in self._taken]
        journal.let_go(ctx.db, [entry.id for entry in claimed if entry.id in self._taken], owner=ctx.owner)
        self._taken.update(entry.id for entry in fresh)
        self._only.difference_update(entry.sales_id for entry in fresh)
        return fresh


def _lease(ctx: CompanyContext) -> timedelta:
    return timedelta(seconds=ctx.settings.work_lease_seconds)


def _one_chunk(
    ctx: CompanyContext, surroundings: Surroundings, entries: list[JournalEntry], listed: Mapping[str, Row]
) -> Counter[str]:
    """Work on these rows while their lease is kept, and give them back whatever happens."""
    ids = [entry.id for entry in entries]
    lease = KeptLease(
        lambda until: journal.renew(ctx.db, ids, owner=ctx.owner, until=until) == len(ids),
        length=_lease(ctx),
        clock=ctx.clock,
    )
    try:
        with lease:
            return Chunk(ctx, surroundings, entries, listed).run()
    finally:
        journal.let_go(ctx.db, ids, owner=ctx.owner)

"""Claim open journal rows and work on them, chunk by chunk, on several threads, until none is due and free.

Rows are claimed 50 at a time with a lease, so that several threads and several processes share one burst and none waits
for another. Kill any of them: the lease runs out, and the next run finds the row where it stood.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta

from bridge.clients.companion import ORDERS_PER_CALL
from bridge.context import CompanyContext
from bridge.leases import KeptLease
from bridge.store import journal
from bridge.store.journal import Kind, State
from bridge.store.models import JournalEntry

CHUNK = ORDERS_PER_CALL

Work = Callable[[list[JournalEntry]], Counter[str]]
"""Takes claimed rows as far as they go, and counts in the words of docs/vocabulary.md."""


def work_off(
    ctx: CompanyContext,
    kind: Kind,
    work: Work,
    *,
    states: Collection[State] = (),
    only: Collection[str] = (),
    total: int = 0,
) -> Counter[str]:
    """Hand every open row of this kind that is due, and in one of these states, to ``work``. ``only``: these Sales ids,
    now, whatever their pause. ``total`` is how many are expected, for the progress line."""
    claims = _Claims(ctx, kind, states, only)
    counts: Counter[str] = Counter()
    pending: dict[Future[Counter[str]], list[str]] = {}
    done = 0
    with ThreadPoolExecutor(max_workers=ctx.settings.work_threads, thread_name_prefix=f"{kind}s") as pool:
        while True:
            while len(pending) < ctx.settings.work_threads and not ctx.stopping():
                entries = claims.next(in_hand=[entry_id for ids in pending.values() for entry_id in ids])
                if not entries:
                    break
                future = pool.submit(_leased, ctx, entries, work)
                pending[future] = [entry.id for entry in entries]
            if not pending:
                return counts
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                done += len(pending.pop(future))
                counts += future.result()
                ctx.progress(f"{kind}s", done, max(total, done))


class _Claims:
    """Hands out chunks of claimed rows, each row at most once in a run: what fails again waits for the next one."""

    def __init__(self, ctx: CompanyContext, kind: Kind, states: Collection[State], only: Collection[str]) -> None:
        self._ctx = ctx
        self._kind = kind
        self._states = states
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
            kind=self._kind,
            states=self._states,
        )
        fresh = [entry for entry in claimed if entry.id not in self._taken]
        journal.let_go(ctx.db, [entry.id for entry in claimed if entry.id in self._taken], owner=ctx.owner)
        self._taken.update(entry.id for entry in fresh)
        self._only.difference_update(entry.sales_id for entry in fresh)
        return fresh


def _lease(ctx: CompanyContext) -> timedelta:
    return timedelta(seconds=ctx.settings.work_lease_seconds)


def _leased(ctx: CompanyContext, entries: list[JournalEntry], work: Work) -> Counter[str]:
    """Work on these rows while their lease is kept, and give them back whatever happens."""
    ids = [entry.id for entry in entries]
    lease = KeptLease(
        lambda until: journal.renew(ctx.db, ids, owner=ctx.owner, until=until) == len(ids),
        length=_lease(ctx),
        clock=ctx.clock,
    )
    try:
        with lease:
            return work(entries)
    finally:
        journal.let_go(ctx.db, ids, owner=ctx.owner)

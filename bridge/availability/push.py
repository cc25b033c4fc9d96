"""Push the quantity on hand to the products in Sales: the second channel, off unless PUSH_QUANTITY_ON_HAND is set.

Only products whose item has moved since they were told are written, up to a thousand in one request, which Sales takes
as a whole or not at all. When it does not, a batch finds out which products it is about; the others are told by it. A
quantity below zero is pushed as 0, which is how Sales' own integration tells it. Repeatable: what was written is noted
afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from bridge.clients.errors import NotFound, RemoteError, SignInRefused
from bridge.clients.sales import Write
from bridge.context import CompanyContext, Outcome
from bridge.explain import explain
from bridge.store import failures, pushed
from bridge.store.pushed import SUBJECT, Moved

JOB = "QUANTITY-ON-HAND"
_AT_ONCE = 1000
_PURPOSE = "push quantity on hand"
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
_GONE = "The product is no longer in Sales: uncouple its item (python -m bridge uncouple ITEM-PRODUCT)"


def push_quantities(ctx: CompanyContext) -> Outcome:
    """Tell Sales of every coupled item that moved. A refused product is a listed failure and is tried again after a
    growing pause, up to an hour. Raises RemoteError when Sales is away, throttles, or lets the bridge's user write no
    product at all: nothing is lost then, the next run goes on."""
    modified = failed = 0
    while (wanted := pushed.moved(ctx.db, ctx.company.id, ctx.clock(), _AT_ONCE)) and not ctx.stopping():
        refused = _tell(ctx, wanted)
        done = {one.sales_id: one.quantity for one in wanted if one.sales_id not in refused}
        now = ctx.clock()
        pushed.told(ctx.db, ctx.company.id, done, now)
        failures.resolve(ctx.db, ctx.company.id, SUBJECT, list(done), now)
        _list(ctx, [one for one in wanted if one.sales_id in refused], refused, now)
        modified, failed = modified + len(done), failed + len(refused)
        if passing := next((error for error in refused.values() if error.can_retry), None):
            raise passing
    return Outcome(counts={"modified": modified}, failed=failed)


def _tell(ctx: CompanyContext, wanted: Sequence[Moved]) -> dict[str, RemoteError]:
    """The products that were not written, and why not; all others were."""
    changes = {one.sales_id: {"quantityonhand": one.quantity} for one in wanted}
    try:
        ctx.sales.update_many("products", "product", "productid", changes, purpose=_PURPOSE)
    except RemoteError as error:
        if error.can_retry or isinstance(error, SignInRefused):
            raise
    else:
        return {}
    writes = [Write("PATCH", f"products({one})", change) for one, change in changes.items()]
    results = ctx.sales.batch(writes, purpose=_PURPOSE, repeatable=True)
    return {one: result.error for one, result in zip(changes, results, strict=True) if result.error is not None}


def _list(ctx: CompanyContext, moved: Collection[Moved], refused: dict[str, RemoteError], now: datetime) -> None:
    """List what will not pass by waiting a moment."""
    before = {
        row.record_id: row.count
        for row in failures.history_of(ctx.db, [one.sales_id for one in moved])
        if row.subject == SUBJECT and row.resolved_at is None
    }
    problems = []
    for one in moved:
        error = refused[one.sales_id]
        if error.can_retry:
            continue
        why = explain(error)
        pause = min(_FIRST_PAUSE * 2 ** min(before.get(one.sales_id, 0), 10), _LONGEST_PAUSE)
        problems.append(
            failures.Problem(
                subject=SUBJECT,
                record_id=one.sales_id,
                record=f"Product of item {one.number}, quantity on hand {one.quantity.normalize():f}",
                code=why.code,
                text=why.text,
                advice=_GONE if isinstance(error, NotFound) else why.advice,
                heals_by_itself=True,
                next_attempt_at=now + pause,
            )
        )
    failures.report(ctx.db, ctx.company.id, problems, now)

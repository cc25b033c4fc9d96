"""Push the quantity on hand to the products in Sales: the second channel, off unless PUSH_QUANTITY_ON_HAND is set.

Only products whose item has moved since they were told are written, up to a thousand in one request. A quantity below
zero is pushed as 0, which is how Sales' own integration tells it. Repeatable: what was written is noted afterwards.
"""

from __future__ import annotations

from decimal import Decimal

from bridge.clients.sales import Write
from bridge.context import CompanyContext, Outcome
from bridge.explain import explain
from bridge.store import failures, pushed

_AT_ONCE = 1000


def push_quantities(ctx: CompanyContext) -> Outcome:
    """Tell Sales of every coupled item that moved. A refused product is a listed failure and is tried again with the
    next run; this run ends there, so that it does not ask in vain forever. Raises RemoteError when Sales is away."""
    modified = failed = 0
    while (wanted := pushed.moved(ctx.db, ctx.company.id, _AT_ONCE)) and not ctx.stopping() and not failed:
        body = {one: max(quantity, Decimal(0)) for one, quantity in wanted.items()}
        writes = [Write("PATCH", f"products({one})", {"quantityonhand": quantity}) for one, quantity in body.items()]
        results = ctx.sales.batch(writes, purpose="push quantity on hand", repeatable=True)
        done, problems = {}, []
        for sales_id, result in zip(wanted, results, strict=True):
            if result.ok or result.error is None:
                done[sales_id] = wanted[sales_id]
                continue
            why = explain(result.error)
            problems.append(
                failures.Problem(
                    subject="availability",
                    record_id=sales_id,
                    record=f"Product {sales_id}, quantity on hand",
                    code=why.code,
                    text=why.text,
                    advice=why.advice,
                    heals_by_itself=True,
                    next_attempt_at=None,
                )
            )
        now = ctx.clock()
        pushed.told(ctx.db, ctx.company.id, done, now)
        failures.resolve(ctx.db, ctx.company.id, "availability", list(done), now)
        failures.report(ctx.db, ctx.company.id, problems, now)
        modified, failed = modified + len(done), failed + len(problems)
    return Outcome(counts={"modified": modified}, failed=failed)

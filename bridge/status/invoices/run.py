"""One run of the job POSTEDSALESINV-INV: find posted invoices, write them to Sales, tell what was paid.

Found invoices are saved before anything is written, and each has its id in Sales by then: a run that dies anywhere is
completed by the next one. With nothing to do it is two reads in Business Central and none in Sales.
"""

from __future__ import annotations

from collections import Counter

from bridge.context import CompanyContext, Outcome
from bridge.status.invoices.find import find, look_at_customers
from bridge.status.invoices.payments import tell_payments
from bridge.status.invoices.write import Handful
from bridge.store import invoices

AT_ONCE = 40


def sync_invoices(ctx: CompanyContext) -> Outcome:
    """Bring posted invoices and their payment to Sales. Raises RemoteError when a system does not answer."""
    counts: Counter[str] = Counter()
    counts["found"] = find(ctx)
    invoices.wake_coupled(ctx.db, ctx.company.id, ctx.clock())
    failed = 0
    tried: set[str] = set()
    while not ctx.stopping():
        waiting = invoices.waiting(ctx.db, ctx.company.id, ctx.clock(), AT_ONCE)
        waiting = [row for row in waiting if row.id not in tried]
        if not waiting:
            break
        tried |= {row.id for row in waiting}
        handful = Handful(ctx, waiting)
        failed += handful.run()
        counts.update(handful.counts)
    failed += tell_payments(ctx, counts)
    return Outcome(counts=dict(counts), failed=failed)


def refresh_payments(ctx: CompanyContext, customer_id: str) -> Outcome:
    """Read anew what one customer has paid, and tell Sales. Moves no watermark."""
    counts: Counter[str] = Counter()
    look_at_customers(ctx, [customer_id])
    failed = tell_payments(ctx, counts)
    return Outcome(counts=dict(counts), failed=failed)

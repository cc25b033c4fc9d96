"""All that goes back to Sales about orders, once, in the order in which one thing leans on another."""

from __future__ import annotations

from collections import Counter

from bridge.context import CompanyContext, Outcome
from bridge.status.invoices.run import sync_invoices
from bridge.status.notes.run import sync_notes
from bridge.status.push.run import push_orders
from bridge.status.run import push_status

_PARTS = (push_status, push_orders, sync_invoices, sync_notes)


def push_all(ctx: CompanyContext) -> Outcome:
    """Status, changes, invoices and notes. What one part lists as failed does not keep the next from its work; raises
    RemoteError when a system does not answer."""
    counts: Counter[str] = Counter()
    failed = 0
    notes: list[str] = []
    for part in _PARTS:
        if ctx.stopping():
            break
        outcome = part(ctx)
        counts.update(outcome.counts)
        failed += outcome.failed
        notes += outcome.notes
    return Outcome(counts=dict(counts), failed=failed, notes=tuple(notes))

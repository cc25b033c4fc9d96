"""The job PICK-UP: quotes that are active or won, submitted orders, then the end of what was won.

The order of the three matters: an order names the quote it was won by, so that quote is there first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bridge.clients.errors import RemoteError
from bridge.context import CompanyContext, Outcome
from bridge.orders import run as orders
from bridge.orders.gather import Surroundings
from bridge.orders.pickup import sales_company_id
from bridge.quotes.run import QuoteRun
from bridge.store import journal


def pick_up(ctx: CompanyContext) -> Outcome:
    """Take quotes and orders from Sales, and every one that an earlier run left open, as far as they go.

    Repeatable at any time. Raises as ``bridge.orders.run.pick_up``. Where only quotes cannot be listed, that is raised
    once the orders are done. What another process holds is left to it, and looked at again when its lease has ended:
    that process may be dead.
    """
    outcome = _pick_up(ctx)
    return replace(outcome, look_again_at=journal.free_at(ctx.db, ctx.company.id))


def _pick_up(ctx: CompanyContext) -> Outcome:
    surroundings = Surroundings(ctx, sales_company_id(ctx))
    if not ctx.settings.pick_up_quotes:
        return orders.pick_up(ctx, surroundings)
    quotes = QuoteRun(ctx, surroundings)
    failure = None
    try:
        quotes.list_new()
    except RemoteError as error:
        failure = error
    quotes.before_orders()
    outcome = _both(orders.pick_up(ctx, surroundings), quotes.after_orders())
    if failure is not None:
        raise failure
    return outcome


def process(ctx: CompanyContext, only: Collection[str] = ()) -> Outcome:
    """Take open quotes and orders as far as they go, without listing new ones. ``only``: these Sales ids, now, whatever
    their pause. Raises as :func:`pick_up`."""
    surroundings = Surroundings(ctx, sales_company_id(ctx))
    quotes = QuoteRun(ctx, surroundings, only)
    quotes.before_orders()
    return _both(orders.process(ctx, only, surroundings), quotes.after_orders())


def _both(orders_: Outcome, quotes: Outcome) -> Outcome:
    return Outcome(
        counts={**orders_.counts, **quotes.counts},
        failed=orders_.failed + quotes.failed,
        notes=(*orders_.notes, *quotes.notes),
    )

"""End won quotes: name the quote on the order it was won by, or release it where no order is to come.

The order itself is created by the pick-up of orders, with the number of the quote on it; Business Central archives the
quote when an order first names it. Here is looked whether that is so, and made up for where the order came first. The
quote is neither deleted nor converted. Its journal row then ends as ``won``, and it is not looked at any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.clients.errors import CompanionMissing, NotFound, Refused, RemoteError
from bridge.clients.odata import Row, any_of
from bridge.context import CompanyContext
from bridge.orders.create import MAPPING as ORDER_MAPPING
from bridge.orders.lines import id_of, text_of
from bridge.orders.pickup import belongs_elsewhere, is_stamped, is_submitted
from bridge.orders.remote import problem_of
from bridge.quotes.errors import (
    LinkRefused,
    NeedsCompanion,
    OrderNotThere,
    QuoteProblem,
    SameAsOrder,
    WonWithoutOrder,
)
from bridge.quotes.pickup import number_of, orders_of
from bridge.store import couplings, journal, quotes
from bridge.store.journal import State
from bridge.store.models import Coupling, JournalEntry


def finish(
    ctx: CompanyContext, entries: Sequence[JournalEntry], rows: Mapping[str, Row], company_row_id: str
) -> dict[str, QuoteProblem | None]:
    """Bring these won quotes to their end; entry id → what is in the way, None where nothing is. Raises nothing of
    Business Central."""
    if not entries:
        return {}
    came: dict[str, QuoteProblem | None] = {}
    to_link: list[tuple[JournalEntry, Coupling]] = []
    to_release: list[JournalEntry] = []
    coupled = _coupled_orders(ctx, [rows[entry.sales_id] for entry in entries])
    for entry in entries:
        made = orders_of(rows[entry.sales_id])
        order = next((coupled[key] for one in made if (key := id_of(one, "salesorderid")) in coupled), None)
        due = next((one for one in made if _is_due(one, company_row_id)), None)
        if not made:
            came[entry.id] = WonWithoutOrder(entry.sales_number)
        elif order is not None:
            to_link.append((entry, order))
        elif due is not None:
            came[entry.id] = OrderNotThere(entry.sales_number, number=text_of(due, "ordernumber"))
        else:
            to_release.append(entry)
    came |= _link(ctx, to_link)
    came |= _release(ctx, to_release)
    _end(ctx, [entry for entry in entries if came[entry.id] is None])
    return came


def _is_due(order: Row, company_row_id: str) -> bool:
    """Whether the pick-up of orders is going to create it."""
    return is_submitted(order) and not is_stamped(order) and not belongs_elsewhere(order, company_row_id)


def _coupled_orders(ctx: CompanyContext, rows: Sequence[Row]) -> dict[str, Coupling]:
    ids = {id_of(order, "salesorderid") for row in rows for order in orders_of(row)}
    return couplings.by_sales_ids(ctx.db, ctx.company.id, ORDER_MAPPING, ids)


def _link(ctx: CompanyContext, pairs: Sequence[tuple[JournalEntry, Coupling]]) -> dict[str, QuoteProblem | None]:
    """Look at quotes and orders in one read, and name the quote on each order that does not name it yet. Where one of
    the two is gone there is nothing left to do."""
    if not pairs:
        return {}
    ids = {entry.bc_order_id or "" for entry, _ in pairs} | {order.bc_id for _, order in pairs}
    try:
        found = ctx.bc.rows(
            "salesDocuments",
            purpose="compare won quotes",
            filter=any_of("id", sorted(ids)),
            select=("id", "quoteNumber"),
            companion=True,
            fresh=True,
        )
        named = {id_of(row, "id"): text_of(row, "quoteNumber") for row in found}
    except RemoteError as error:
        return {entry.id: _problem(entry, error) for entry, _ in pairs}
    came: dict[str, QuoteProblem | None] = {}
    for entry, order in pairs:
        there = entry.bc_order_id in named and order.bc_id in named
        wanting = there and named[order.bc_id] != number_of(entry)
        came[entry.id] = _name_quote(ctx, entry, order) if wanting else None
    return came


def _name_quote(ctx: CompanyContext, entry: JournalEntry, order: Coupling) -> QuoteProblem | None:
    try:
        ctx.bc.set_order_header(order.bc_id, {"quoteNumber": number_of(entry)})
    except NotFound:
        return None  # posted or deleted since it was looked at
    except Refused as refusal:
        return LinkRefused(entry.sales_number, quote=number_of(entry), number=order.bc_number, text=refusal.text)
    except RemoteError as error:
        return _problem(entry, error)
    return None


def _release(ctx: CompanyContext, entries: Sequence[JournalEntry]) -> dict[str, QuoteProblem | None]:
    """Put quotes to Released whose order is not submitted; when it is one day, it names the quote by itself."""
    if not entries:
        return {}
    try:
        ctx.bc.release_sales_quotes([entry.bc_order_id or "" for entry in entries])
    except RemoteError as error:
        return {entry.id: _problem(entry, error) for entry in entries}
    return dict.fromkeys(entry.id for entry in entries)


def _problem(entry: JournalEntry, error: RemoteError) -> QuoteProblem:
    if isinstance(error, CompanionMissing):
        return NeedsCompanion(entry.sales_number)
    return SameAsOrder(problem_of(entry.sales_number, error))


def _end(ctx: CompanyContext, entries: Sequence[JournalEntry]) -> None:
    now = ctx.clock()
    ended: dict[str, Any] = {"state": State.DONE, "ended_at": now, "end_reason": quotes.WON}
    journal.change(ctx.db, {entry.id: dict(ended) for entry in entries}, now)

"""Create quotes in Business Central, or fill those anew that a revision replaces, up to 50 with one call.

The call may be repeated: Business Central knows the quote of Sales that a quote was filled from, and leaves a quote
alone that holds it already. A revision takes the number and the coupling of the one before it, which goes to the
archive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bridge.clients.companion import CreatedOrder, RefusedOrder
from bridge.clients.errors import CompanionMissing
from bridge.context import CompanyContext
from bridge.orders.create import journal_lines, send
from bridge.orders.gather import QUOTE_MAPPING
from bridge.orders.refusals import problem_of_refusal
from bridge.orders.remote import problem_of
from bridge.quotes.errors import NeedsCompanion, QuoteCoupledElsewhere, QuoteProblem, SameAsOrder
from bridge.quotes.request import QuoteRequest
from bridge.store import couplings, failures, journal, quotes
from bridge.store.couplings import NewCoupling
from bridge.store.journal import Kind, State
from bridge.store.models import JournalEntry

_SALES_HEADER = 36


@dataclass(frozen=True, slots=True)
class QuoteDraft:
    """A quote that is about to be created, with its journal row. ``won``: it goes on to be linked with its order."""

    entry: JournalEntry
    request: QuoteRequest
    won: bool


@dataclass(frozen=True, slots=True)
class QuoteMade:
    """What became of one draft: a number, or a problem."""

    number: str = ""
    existed: bool = False
    revised: bool = False
    problem: QuoteProblem | None = None


def create(ctx: CompanyContext, drafts: Sequence[QuoteDraft]) -> dict[str, QuoteMade]:
    """Create or refill these; entry id → what became of it, saved in the journal already. Raises nothing of Business
    Central."""
    if not drafts:
        return {}
    journal.change(ctx.db, {draft.entry.id: {"state": State.BC_CREATING} for draft in drafts}, ctx.clock())
    answers = send(ctx.bc.create_sales_quotes, [draft.request for draft in drafts])
    outcome: dict[str, QuoteMade] = {}
    made: list[tuple[QuoteDraft, CreatedOrder]] = []
    untouched: dict[str, dict[str, Any]] = {}
    for draft, answer in zip(drafts, answers, strict=True):
        number = draft.request.sales_number
        if isinstance(answer, CreatedOrder):
            made.append((draft, answer))
        elif isinstance(answer, RefusedOrder):
            outcome[draft.entry.id] = QuoteMade(problem=SameAsOrder(problem_of_refusal(draft.request, answer.message)))
            untouched[draft.entry.id] = {"state": State.SEEN}
        elif isinstance(answer, CompanionMissing):
            outcome[draft.entry.id] = QuoteMade(problem=NeedsCompanion(number))
            untouched[draft.entry.id] = {"state": State.SEEN}
        else:
            outcome[draft.entry.id] = QuoteMade(problem=SameAsOrder(problem_of(number, answer)))
    journal.change(ctx.db, untouched, ctx.clock())
    return outcome | save(ctx, made)


def save(ctx: CompanyContext, made: Sequence[tuple[QuoteDraft, CreatedOrder]]) -> dict[str, QuoteMade]:
    """Remember numbers, lines and couplings. The journal's state moves last: until then a repeated call finds the same
    quotes again."""
    now = ctx.clock()
    journal.save_lines(ctx.db, {draft.entry.id: journal_lines(draft.request, quote) for draft, quote in made})
    _end_earlier(ctx, made)
    outcome: dict[str, QuoteMade] = {}
    changes: dict[str, dict[str, Any]] = {}
    for draft, quote in made:
        entry, revised = draft.entry, draft.request.replaces == quote.order_id
        if not _couple(ctx, entry, quote, anew=revised):
            number = quote.order_number
            outcome[entry.id] = QuoteMade(problem=QuoteCoupledElsewhere(entry.sales_number, number=number))
            changes[entry.id] = {"state": State.SEEN}
            continue
        outcome[entry.id] = QuoteMade(quote.order_number, quote.existed, revised)
        changes[entry.id] = {
            "state": State.BC_CREATED if draft.won else State.DONE,
            "bc_order_id": quote.order_id,
            "bc_order_number": quote.order_number,
            "bc_status": quote.status,
            "created_at": now,
        }
    journal.change(ctx.db, changes, now)
    return outcome


def _couple(ctx: CompanyContext, entry: JournalEntry, quote: CreatedOrder, *, anew: bool) -> bool:
    """Couple the quote, with ``anew`` away from its earlier revision; False when its other end has another partner."""
    wanted = NewCoupling(
        mapping=QUOTE_MAPPING,
        table_id=_SALES_HEADER,
        bc_id=quote.order_id,
        bc_number=quote.order_number,
        sales_table="quote",
        sales_id=entry.sales_id,
        sales_name=entry.sales_number,
    )
    if anew:
        couplings.recouple(ctx.db, ctx.company.id, wanted, ctx.clock())
        return True
    couplings.couple_many(ctx.db, ctx.company.id, [wanted], ctx.clock())
    coupled = couplings.by_sales_ids(ctx.db, ctx.company.id, QUOTE_MAPPING, [entry.sales_id])
    return entry.sales_id in coupled and coupled[entry.sales_id].bc_id == quote.order_id


def _end_earlier(ctx: CompanyContext, made: Sequence[tuple[QuoteDraft, CreatedOrder]]) -> None:
    """Rows of the revisions that have been replaced come to their end, and what is listed of them. Where Business
    Central had lost the quote and made a new one, the old coupling goes."""
    now, company_id = ctx.clock(), ctx.company.id
    replaced = {draft.request.replaces: quote.order_id for draft, quote in made if draft.request.replaces}
    successors = {draft.entry.id for draft, _ in made}
    earlier = [row for row in quotes.by_bc_ids(ctx.db, company_id, replaced) if row.id not in successors]
    ended = {"state": State.DONE, "ended_at": now, "end_reason": quotes.REVISED, "next_attempt_at": None}
    journal.change(ctx.db, {row.id: dict(ended) for row in earlier if row.ended_at is None}, now)
    failures.resolve(ctx.db, company_id, Kind.QUOTE, [row.sales_id for row in earlier], now)
    for before, after in replaced.items():
        if before != after:
            couplings.uncouple(ctx.db, company_id, QUOTE_MAPPING, before)

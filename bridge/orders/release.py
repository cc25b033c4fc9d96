"""What became of the release, and trying it again.

An order is acknowledged as soon as Business Central has it. One whose release is refused or waits for an approval stays
in the journal: every pick-up looks at its real status again and asks for the release while it is Open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bridge.clients.errors import CompanionMissing, NotFound, Refused, RemoteError
from bridge.clients.odata import any_of, option_text
from bridge.context import CompanyContext
from bridge.orders.errors import NothingToRelease, OrderProblem, ReleaseNeedsCompanion, ReleaseRefused
from bridge.orders.lines import id_of, text_of
from bridge.orders.remote import problem_of
from bridge.store.journal import ReleaseState
from bridge.store.models import JournalEntry

OPEN, RELEASED = "Open", "Released"
_REAL_STATUS = {"Draft": OPEN, "In Review": "Pending Approval", "Open": RELEASED}
_PENDING = frozenset({"Pending Approval", "Pending Prepayment"})


@dataclass(frozen=True, slots=True)
class ReleaseOutcome:
    """``status`` is Business Central's real one; ``gone`` when the order is no longer open there."""

    state: ReleaseState
    status: str
    problem: OrderProblem | None = None
    gone: bool = False


def judge(order: str, bc_number: str, status: str, *, error: str = "", sells_something: bool = True) -> ReleaseOutcome:
    """Read a status and what was said about the release. Waiting for an approval or a prepayment is no problem."""
    if status == RELEASED:
        return ReleaseOutcome(ReleaseState.RELEASED, status)
    if status in _PENDING:
        return ReleaseOutcome(ReleaseState.PENDING, status)
    if not sells_something:
        return ReleaseOutcome(ReleaseState.NOTHING_TO_RELEASE, status, NothingToRelease(order, number=bc_number))
    text = error or f"its status is {status or 'unknown'}."
    return ReleaseOutcome(ReleaseState.FAILED, status, ReleaseRefused(order, number=bc_number, text=text))


Compare = Callable[[Sequence[JournalEntry]], Mapping[str, OrderProblem | None]]
"""Compares held orders, which are Open: entry id → why it must wait. None: its problems are told already. Those
that may be released are left out."""


def release_again(ctx: CompanyContext, entries: Sequence[JournalEntry], compare: Compare) -> dict[str, ReleaseOutcome]:
    """Look at these acknowledged orders in one read, release those that are Open and need not be held: entry id →
    outcome."""
    if not entries:
        return {}
    ids = [entry.bc_order_id for entry in entries if entry.bc_order_id]
    try:
        statuses, can_release = _statuses(ctx, ids)
    except RemoteError as error:
        return {entry.id: _unchanged(entry, error) for entry in entries}
    held = [e for e in entries if e.release_state == ReleaseState.HELD and statuses.get(e.bc_order_id or "") == OPEN]
    waiting = compare(held) if held else {}
    return {
        entry.id: ReleaseOutcome(ReleaseState.HELD, OPEN, waiting[entry.id])
        if entry.id in waiting
        else _release(ctx, entry, statuses.get(entry.bc_order_id or ""), can_release)
        for entry in entries
    }


def _statuses(ctx: CompanyContext, ids: Sequence[str]) -> tuple[dict[str, str], bool]:
    """The real status of the orders that are there, and whether the companion is there to release them."""
    purpose, condition, select = "read order status", any_of("id", ids), ("id", "status")
    try:
        rows = list(
            ctx.bc.rows("salesDocuments", purpose=purpose, filter=condition, select=select, companion=True, fresh=True)
        )
    except CompanionMissing:
        rows = list(ctx.bc.rows("salesOrders", purpose=purpose, filter=condition, select=select, fresh=True))
        return {id_of(row, "id"): real_status(text_of(row, "status")) for row in rows}, False
    return {id_of(row, "id"): option_text(text_of(row, "status")) for row in rows}, True


def real_status(api_status: str) -> str:
    """Business Central's own word for a status of API v2.0, where "Open" means Released."""
    status = option_text(api_status)
    return _REAL_STATUS.get(status, status)


def _release(ctx: CompanyContext, entry: JournalEntry, status: str | None, can_release: bool) -> ReleaseOutcome:
    if status is None or entry.bc_order_id is None:
        return ReleaseOutcome(ReleaseState.NONE, "", gone=True)
    number = entry.bc_order_number or ""
    if status != OPEN:
        return judge(entry.sales_number, number, status)
    if not can_release:
        problem = ReleaseNeedsCompanion(entry.sales_number, number=number)
        held = entry.release_state == ReleaseState.HELD  # no longer: it was compared just now
        return ReleaseOutcome(ReleaseState.FAILED if held else ReleaseState(entry.release_state), OPEN, problem)
    try:
        return judge(entry.sales_number, number, ctx.bc.release_sales_order(entry.bc_order_id))
    except NotFound:
        return ReleaseOutcome(ReleaseState.NONE, "", gone=True)
    except Refused as refusal:
        empty = entry.release_state == ReleaseState.NOTHING_TO_RELEASE
        return judge(entry.sales_number, number, OPEN, error=refusal.text, sells_something=not empty)
    except RemoteError as error:
        return _unchanged(entry, error)


def _unchanged(entry: JournalEntry, error: RemoteError) -> ReleaseOutcome:
    return ReleaseOutcome(ReleaseState(entry.release_state), entry.bc_status, problem_of(entry.sales_number, error))

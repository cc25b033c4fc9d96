"""Tell Sales that Business Central has the order: the last step, and the only write to the order itself.

One batch carries all orders of a chunk, one change set each: open the order, stamp it, submit it again. A change set is
one transaction, so no order is left half open. What Sales did with a lost reply is found by reading, not by guessing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.clients.errors import NotFound, RemoteError
from bridge.clients.odata import Row
from bridge.clients.sales import ChangeSet, Write
from bridge.context import CompanyContext
from bridge.orders.errors import (
    ChangedWhileAcknowledged,
    NotSubmittedButCreated,
    OrderProblem,
    SalesRefusedUpdate,
)
from bridge.orders.pickup import etag_of, is_active, is_stamped, is_submitted, read_again
from bridge.store import journal
from bridge.store.journal import State
from bridge.store.models import JournalEntry

COMPANY_LOOKUP = "bcbi_CompanyId"
"""Navigation property of the company lookup on orders, in the case the solution gave it."""
COMPANIES = "bcbi_companies"

_OPEN_IT = {"statecode": 0, "statuscode": 2}
_SUBMIT_IT = {"statecode": 1, "statuscode": 3}
_ROUNDS = 3
"""How often a chunk is looked at within one run, when Sales changed under our hands or lost a reply."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An order to acknowledge: its journal row, with the Business Central id, and the Sales row as last read."""

    entry: JournalEntry
    row: Row


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """``done``: Sales has the stamp. ``gone``: Sales has deleted the order. Otherwise there is a problem."""

    done: bool = False
    gone: bool = False
    problem: OrderProblem | None = None


def acknowledge(ctx: CompanyContext, deliveries: Sequence[Delivery], company_row_id: str) -> dict[str, Acknowledgement]:
    """Stamp these orders; entry id → what came of it, saved in the journal. An order that is stamped is left alone."""
    settled: dict[str, Acknowledgement] = {}
    open_: dict[str, Delivery] = {delivery.entry.id: delivery for delivery in deliveries}
    # only an interruption of ours may leave an order Active; one that opens under our hands was opened by a person
    may_be_active = {d.entry.id for d in deliveries if d.entry.state == State.ACK_STARTED}
    errors: dict[str, RemoteError] = {}
    for round_ in range(_ROUNDS):
        if round_:
            _refresh(ctx, open_, settled, errors)
            may_be_active.clear()
        _settle_by_looking(open_, settled, may_be_active)
        if not open_:
            break
        journal.change(ctx.db, {entry_id: {"state": State.ACK_STARTED} for entry_id in open_}, ctx.clock())
        _write(ctx, open_, settled, errors, company_row_id)
        if not open_:
            break
    for entry_id, delivery in open_.items():
        error = errors[entry_id]
        problem = _problem(delivery.entry, error, passes=error.can_retry or error.outcome_unknown)
        settled[entry_id] = Acknowledgement(problem=problem)
    _save(ctx, settled)
    return settled


def _refresh(
    ctx: CompanyContext,
    open_: dict[str, Delivery],
    settled: dict[str, Acknowledgement],
    errors: dict[str, RemoteError],
) -> None:
    """Read the unsettled orders again; when even that fails, they wait for the next run."""
    try:
        rows = read_again(ctx.sales, [delivery.entry.sales_id for delivery in open_.values()])
    except RemoteError as error:
        for entry_id, delivery in list(open_.items()):
            settled[entry_id] = Acknowledgement(problem=_problem(delivery.entry, error, passes=True))
            del open_[entry_id]
        return
    for entry_id, delivery in list(open_.items()):
        row = rows.get(delivery.entry.sales_id)
        if row is None:
            settled[entry_id] = Acknowledgement(gone=True)
            del open_[entry_id]
        else:
            open_[entry_id] = Delivery(delivery.entry, row)


def _settle_by_looking(
    open_: dict[str, Delivery], settled: dict[str, Acknowledgement], may_be_active: set[str]
) -> None:
    for entry_id, delivery in list(open_.items()):
        entry, row = delivery.entry, delivery.row
        if is_submitted(row):
            if not is_stamped(row):
                continue
            settled[entry_id] = Acknowledgement(done=True)
        elif is_active(row) and entry_id in may_be_active:
            continue
        else:
            problem = NotSubmittedButCreated(entry.sales_number, number=entry.bc_order_number)
            settled[entry_id] = Acknowledgement(problem=problem)
        del open_[entry_id]


def _write(
    ctx: CompanyContext,
    open_: dict[str, Delivery],
    settled: dict[str, Acknowledgement],
    errors: dict[str, RemoteError],
    company_row_id: str,
) -> None:
    """Send the batch; settle what is sure, leave what must be looked at again in ``open_``."""
    deliveries = list(open_.items())
    today = ctx.clock().date().isoformat()
    parts = [_change_set(delivery, company_row_id, today) for _, delivery in deliveries]
    try:
        results = ctx.sales.batch(parts, purpose="acknowledge orders")
    except RemoteError as error:
        for entry_id, delivery in deliveries:
            errors[entry_id] = error
            if not (error.can_retry or error.outcome_unknown):
                settled[entry_id] = Acknowledgement(problem=_problem(delivery.entry, error, passes=False))
                del open_[entry_id]
        return
    for (entry_id, delivery), result in zip(deliveries, results, strict=True):
        if result.error is None:
            settled[entry_id] = Acknowledgement(done=True)
        elif isinstance(result.error, NotFound) or result.error.can_retry or result.error.outcome_unknown:
            # "not found" may also mean the company's row: only reading the order again tells whether it is gone
            errors[entry_id] = result.error
            continue
        else:
            settled[entry_id] = Acknowledgement(problem=_problem(delivery.entry, result.error, passes=False))
        del open_[entry_id]


def _change_set(delivery: Delivery, company_row_id: str, today: str) -> ChangeSet:
    entry, row = delivery.entry, delivery.row
    path = f"salesorders({entry.sales_id})"
    stamp: dict[str, Any] = {
        "lastbackofficesubmit": f"{today}T00:00:00Z",
        f"{COMPANY_LOOKUP}@odata.bind": f"/{COMPANIES}({company_row_id})",
        "bcbi_businesscentralordernumber": entry.bc_order_number,
    }
    if is_active(row):
        return ChangeSet((Write("PATCH", path, stamp | _SUBMIT_IT, etag=etag_of(row)),))
    # the first write gives the row another etag, so only it can be guarded; the transaction covers the second
    return ChangeSet(
        (Write("PATCH", path, dict(_OPEN_IT), etag=etag_of(row)), Write("PATCH", path, stamp | _SUBMIT_IT))
    )


def _problem(entry: JournalEntry, error: RemoteError, *, passes: bool) -> OrderProblem:
    kind = ChangedWhileAcknowledged if passes else SalesRefusedUpdate
    return kind(entry.sales_number, number=entry.bc_order_number, text=error.text or error.problem)


def _save(ctx: CompanyContext, settled: Mapping[str, Acknowledgement]) -> None:
    now = ctx.clock()
    changes: dict[str, dict[str, Any]] = {}
    for entry_id, outcome in settled.items():
        if outcome.done:
            changes[entry_id] = {"state": State.ACK_DONE, "acknowledged_at": now}
        elif outcome.gone:
            changes[entry_id] = {"state": State.ACK_DONE, "ended_at": now, "end_reason": "deleted-in-sales"}
        elif isinstance(outcome.problem, NotSubmittedButCreated):
            # a person opened it: from here on Active is no longer a trace of ours to be mended
            changes[entry_id] = {"state": State.BC_CREATED}
    journal.change(ctx.db, changes, now)

"""Show in Sales what of an invoice is paid: its state, told when it changed, many in one batch.

An invoice that is not Active takes two writes, by way of Active, Billed. One whose state in Sales we do not know is
looked at first; one that agrees already is not written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.clients.errors import NotFound
from bridge.clients.odata import any_of
from bridge.clients.sales import ChangeSet, Write
from bridge.context import CompanyContext
from bridge.records import guid
from bridge.status.here import pause
from bridge.status.invoices.errors import PaymentRefused
from bridge.store import couplings, failures, invoices
from bridge.store.failures import Problem
from bridge.store.invoices import Payment, State
from bridge.store.models_returns import PostedInvoice

SUBJECT, MAPPING = "invoice", "POSTEDSALESINV-INV"
AT_ONCE = 200
_READ_AT_ONCE = 40
_STATES: Mapping[str, tuple[int, int]] = {
    Payment.BILLED: (0, 4),
    Payment.PAID: (2, 100001),
    Payment.PARTIAL: (2, 100002),
    Payment.CANCELED: (3, 100003),
}
_WORDS = {
    Payment.BILLED: "not paid any more",
    Payment.PAID: "paid",
    Payment.PARTIAL: "partly paid",
    Payment.CANCELED: "canceled",
}
_ACTIVE = 0


def after_creation(payment: Payment) -> list[dict[str, int]]:
    """What brings an invoice that was just created, Active and Billed, to the state of its payment."""
    return [] if payment is Payment.BILLED else [_state(_STATES[payment])]


def tell_payments(ctx: CompanyContext, counts: Counter[str]) -> int:
    """Tell what changed; answers how many failures are listed. Raises RemoteError when Sales does not answer at all."""
    failed = 0
    done: set[str] = set()
    while not ctx.stopping():
        rows = [row for row in invoices.untold(ctx.db, ctx.company.id, ctx.clock(), AT_ONCE) if row.id not in done]
        if not rows:
            break
        done |= {row.id for row in rows}
        failed += _tell(ctx, rows, counts)
    return failed


def _tell(ctx: CompanyContext, rows: Sequence[PostedInvoice], counts: Counter[str]) -> int:
    coupled = couplings.by_bc_ids(ctx.db, ctx.company.id, MAPPING, [row.bc_id for row in rows])
    changes: dict[str, dict[str, Any]] = {
        row.id: {"state": State.GONE}
        for row in rows
        if row.bc_id not in coupled  # a person has uncoupled it
    }
    rows = [row for row in rows if row.bc_id in coupled]
    known = {row.id: _STATES.get(row.payment_told) for row in rows}
    known |= _look(ctx, [row for row in rows if known[row.id] is None], changes)
    parts: list[tuple[PostedInvoice, ChangeSet]] = []
    for row in rows:
        if row.id in changes:
            continue
        writes = _writes(row, known[row.id])
        if writes:
            parts.append((row, ChangeSet(writes)))
        else:
            changes[row.id] = _told(row)
    results = ctx.sales.batch([part for _, part in parts], purpose="tell payments") if parts else []
    reports: list[Problem] = []
    now = ctx.clock()
    for (row, _), result in zip(parts, results, strict=True):
        error = result.error
        if error is None:
            changes[row.id] = _told(row)
            counts["payments"] += 1
        elif isinstance(error, NotFound):
            changes[row.id] = {"state": State.GONE}
        else:
            again = now + pause(row.attempts)
            # whoever changed it, or whatever became of our write: it is looked at before the next one
            changes[row.id] = {
                "payment_told": Payment.UNKNOWN,
                "attempts": row.attempts + 1,
                "next_attempt_at": again,
            }
            if not (error.can_retry or error.outcome_unknown) and row.payment_told == Payment.UNKNOWN:
                reports.append(_failure(row, error.text or error.problem, again))
    invoices.change(ctx.db, changes)
    settled = [row.bc_id for row in rows if "state" in changes[row.id] or "payment_told" in changes[row.id]]
    listed = {one.record_id for one in reports}
    failures.resolve(ctx.db, ctx.company.id, SUBJECT, [one for one in settled if one not in listed], now)
    failures.report(ctx.db, ctx.company.id, reports, now)
    return len(reports)


def _look(
    ctx: CompanyContext, rows: Sequence[PostedInvoice], changes: dict[str, dict[str, Any]]
) -> dict[str, tuple[int, int] | None]:
    """The state in Sales of invoices of which we do not know it; deleted ones are noted in ``changes``."""
    found: dict[str, tuple[int, int]] = {}
    for start in range(0, len(rows), _READ_AT_ONCE):
        answer = ctx.sales.rows(
            "invoices",
            purpose="look at invoices",
            select=("invoiceid", "statecode", "statuscode"),
            filter=any_of("invoiceid", [row.sales_id for row in rows[start : start + _READ_AT_ONCE]]),
        )
        found |= {guid(row["invoiceid"]): (row["statecode"], row["statuscode"]) for row in answer}
    for row in rows:
        if row.sales_id not in found:
            changes[row.id] = {"state": State.GONE}
    return {row.id: found.get(row.sales_id) for row in rows}


def _writes(row: PostedInvoice, now: tuple[int, int] | None) -> tuple[Write, ...]:
    target = _STATES[row.payment]
    if now == target:
        return ()
    path = f"invoices({row.sales_id})"
    billed = _STATES[Payment.BILLED]
    if now is not None and now[0] == _ACTIVE:
        # from Active to Active only the status changes: a state that is the same is refused
        body = {"statuscode": target[1]} if target[0] == _ACTIVE else _state(target)
        return (Write("PATCH", path, body),)
    first = Write("PATCH", path, _state(billed))
    return (first,) if target == billed else (first, Write("PATCH", path, _state(target)))


def _state(target: tuple[int, int]) -> dict[str, int]:
    return {"statecode": target[0], "statuscode": target[1]}


def _told(row: PostedInvoice) -> dict[str, Any]:
    return {"payment_told": row.payment, "attempts": 0, "next_attempt_at": None}


def _failure(row: PostedInvoice, text: str, again: Any) -> Problem:
    problem = PaymentRefused(row.bc_number, payment=_WORDS[Payment(row.payment)], text=text)
    return Problem(
        subject=SUBJECT,
        record_id=row.bc_id,
        record=problem.where,
        code=problem.code,
        text=problem.text,
        advice=problem.advice,
        heals_by_itself=problem.heals_by_itself,
        next_attempt_at=again,
    )

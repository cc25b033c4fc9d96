"""One run of the job SALES ORDER NOTES: find what people wrote on either side, save it, write it on the other.

A note is saved before it is written, and one for Sales has its id by then; Business Central does not put the same
note twice. So a run that dies anywhere is completed by the next one. With nothing to do it is one read on each side.
Notes in Business Central can be reached through the companion only; without it the job rests.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.clients.companion import ORDERS_PER_CALL, RefusedOrder
from bridge.clients.errors import AlreadyExists, CompanionMissing, NotFound
from bridge.clients.odata import any_of
from bridge.clients.sales import Write
from bridge.context import CompanyContext, Outcome
from bridge.records import new_id
from bridge.status.here import has_companion, pause
from bridge.status.notes.decide import TEXT_LENGTH, Known, News, from_business_central, from_sales
from bridge.store import failures, notes, watermarks
from bridge.store.failures import Problem
from bridge.store.models import JournalEntry
from bridge.store.models_returns import OrderNote

OVERLAP = timedelta(minutes=10)
SUBJECT = "note"
_BATCH = 200
_ORDERS_AT_ONCE = 40
_SALES, _BC = "notes in sales", "notes in business central"
_COLUMNS = ("annotationid", "subject", "notetext", "createdon", "modifiedon", "isdocument", "_objectid_value")
_RESTS = "Notes go both ways with the companion only."


def sync_notes(ctx: CompanyContext) -> Outcome:
    """Bring notes on orders to the side that lacks them. Raises RemoteError when a system does not answer."""
    counts: Counter[str] = Counter()
    entries = notes.orders(ctx.db, ctx.company.id)
    if not entries:
        return Outcome()
    if not has_companion(ctx):
        return Outcome(notes=(_RESTS,))
    try:
        _find_in_business_central(ctx, entries)
        _find_in_sales(ctx, entries)
        failed = _Writing(ctx, entries, counts).run()
    except CompanionMissing:
        return Outcome(counts=dict(counts), notes=(_RESTS,))
    return Outcome(counts=dict(counts), failed=failed)


def _find_in_business_central(ctx: CompanyContext, entries: Sequence[JournalEntry]) -> None:
    value = watermarks.get(ctx.db, ctx.company.id, _BC)
    rows = ctx.bc.list_order_notes(_back(value))
    known = {note.bc_id: Known(note.id, note.digest) for note in notes.known(ctx.db, ctx.company.id, bc_ids=_ids(rows))}
    by_order = {entry.bc_order_id or "": entry.id for entry in entries}
    found = from_business_central(rows, by_order, {bc_id or "": one for bc_id, one in known.items()})
    notes.save(ctx.db, [_row(ctx, one, notes.TO_SALES) for one in found], {})
    _move(ctx, _BC, value, [str(row["modifiedOn"]) for row in rows])


def _find_in_sales(ctx: CompanyContext, entries: Sequence[JournalEntry]) -> None:
    unread = notes.unread(ctx.db, entries)
    value = watermarks.get(ctx.db, ctx.company.id, _SALES)
    rows = list(_changed(ctx, value))
    changed = [] if value is None else rows
    for start in range(0, len(unread), _ORDERS_AT_ONCE):
        orders = [entry.sales_id for entry in unread[start : start + _ORDERS_AT_ONCE]]
        changed += ctx.sales.rows(
            "annotations", purpose="read notes of orders", select=_COLUMNS, filter=any_of("_objectid_value", orders)
        )
    changed = list({row["annotationid"]: row for row in changed}.values())
    ids = {str(row["annotationid"]).lower() for row in changed}
    known = {note.sales_id: Known(note.id, note.digest) for note in notes.known(ctx.db, ctx.company.id, sales_ids=ids)}
    found = from_sales(changed, {entry.sales_id: entry.id for entry in entries}, known)
    notes.save(
        ctx.db,
        [_row(ctx, one, notes.TO_BC) for one in found if not one.row_id],
        {one.row_id: _again(one) for one in found if one.row_id},
    )
    if unread:
        notes.mark_read(ctx.db, unread, ctx.clock())
    _move(ctx, _SALES, value, [str(row["modifiedon"]) for row in rows])


def _changed(ctx: CompanyContext, value: str | None) -> Iterator[dict[str, Any]]:
    """Notes on orders written or changed since the last time; at first the newest one, to know where to go on."""
    on_orders = "objecttypecode eq 'salesorder' and isdocument eq false"
    if value is None:
        options: dict[str, Any] = {"filter": on_orders, "orderby": "modifiedon desc", "top": 1}
    else:
        options = {"filter": f"{on_orders} and modifiedon ge {_back(value)}"}
    return ctx.sales.rows("annotations", purpose="tail notes", select=_COLUMNS, **options)


def _back(value: str | None) -> str:
    """The watermark less the overlap, as both systems take it; blank for everything."""
    if value is None:
        return ""
    return (
        f"{(datetime.fromisoformat(value) - OVERLAP).astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()}Z"
    )


def _move(ctx: CompanyContext, name: str, value: str | None, stamps: Sequence[str]) -> None:
    newest = max(map(datetime.fromisoformat, stamps), default=None)
    if newest is not None and (value is None or newest > datetime.fromisoformat(value)):
        watermarks.move(ctx.db, ctx.company.id, name, newest.isoformat(), ctx.clock())


def _ids(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    return {str(row["id"]) for row in rows}


def _row(ctx: CompanyContext, one: News, side: str) -> OrderNote:
    to_sales = side == notes.TO_SALES
    return OrderNote(
        id=new_id(),
        company_id=ctx.company.id,
        entry_id=one.entry_id,
        sales_id=note_id(ctx.company.id, one.id) if to_sales else one.id,
        bc_id=one.id if to_sales else None,
        digest=one.digest,
        waiting=side,
        subject=one.subject,
        body=one.body,
        created_on=one.created_on,
        attempts=0,
    )


def note_id(company_id: str, bc_id: str) -> str:
    """The id that a note of Business Central gets in Sales: the same whoever finds it, so that two at once make one."""
    return str(uuid.uuid5(uuid.UUID(company_id), f"note {bc_id}"))


def _again(one: News) -> dict[str, Any]:
    return {
        "waiting": notes.TO_BC,
        "digest": one.digest,
        "subject": one.subject,
        "body": one.body,
        "attempts": 0,
        "next_attempt_at": None,
    }


class _Writing:
    """Writes what waits, on both sides."""

    def __init__(self, ctx: CompanyContext, entries: Sequence[JournalEntry], counts: Counter[str]) -> None:
        self._ctx = ctx
        self._entries = {entry.id: entry for entry in entries}
        self._counts = counts
        self._failed = 0

    def run(self) -> int:
        """Answers how many failures are listed."""
        for side, write, size in (
            (notes.TO_BC, self._to_business_central, ORDERS_PER_CALL),
            (notes.TO_SALES, self._to_sales, _BATCH),
        ):
            done: set[str] = set()
            while not self._ctx.stopping():
                rows = notes.waiting(self._ctx.db, self._ctx.company.id, side, self._ctx.clock(), size)
                rows = [row for row in rows if row.id not in done]
                if not rows:
                    break
                done |= {row.id for row in rows}
                write(rows)
        return self._failed

    def _to_business_central(self, rows: Sequence[OrderNote]) -> None:
        open_ = [row for row in rows if row.entry_id in self._entries]
        gone = [row for row in rows if row.entry_id not in self._entries]
        requests = [
            {
                "documentId": self._entries[row.entry_id].bc_order_id,
                "id": row.bc_id or "",
                "subject": row.subject,
                "body": row.body,
                "createdOn": row.created_on,
            }
            for row in open_
        ]
        agreed: dict[str, str | None] = {}
        for row, written in zip(open_, self._ctx.bc.write_order_notes(requests), strict=True):
            if isinstance(written, RefusedOrder):
                gone.append(row)  # the order was posted or deleted: there is nothing left to write on
            else:
                agreed[row.id] = written
                self._counts["to_business_central"] += 1
        self._save(rows, agreed, gone, [])

    def _to_sales(self, rows: Sequence[OrderNote]) -> None:
        listed: list[tuple[OrderNote, str]] = []
        sent: list[tuple[OrderNote, Write]] = []
        gone = [row for row in rows if row.entry_id not in self._entries]
        for row in rows:
            if row.entry_id not in self._entries:
                continue
            if len(row.body) > TEXT_LENGTH:
                listed.append((row, f"it has {len(row.body)} characters, and Sales keeps {TEXT_LENGTH}"))
                continue
            body = {
                "annotationid": row.sales_id,
                "subject": row.subject,
                "notetext": row.body,
                "objectid_salesorder@odata.bind": f"/salesorders({self._entries[row.entry_id].sales_id})",
            }
            sent.append((row, Write("POST", "annotations", body)))
        agreed: dict[str, str | None] = {}
        writes = [write for _, write in sent]
        results = self._ctx.sales.batch(writes, purpose="write notes", repeatable=True) if writes else []
        for (row, _), result in zip(sent, results, strict=True):
            error = result.error
            if error is None or isinstance(error, AlreadyExists):
                agreed[row.id] = row.bc_id
                self._counts["to_sales"] += 1
            elif isinstance(error, NotFound):
                gone.append(row)
            elif error.can_retry or error.outcome_unknown:
                self._counts["waiting"] += 1
            else:
                listed.append((row, error.text or error.problem))
        self._save(rows, agreed, gone, listed)

    def _save(
        self,
        rows: Sequence[OrderNote],
        agreed: Mapping[str, str | None],
        gone: Sequence[OrderNote],
        listed: Sequence[tuple[OrderNote, str]],
    ) -> None:
        ctx, now = self._ctx, self._ctx.clock()
        changes: dict[str, dict[str, Any]] = {
            row_id: {
                "bc_id": bc_id,
                "waiting": notes.AGREED,
                "subject": "",
                "body": "",
                "attempts": 0,
                "next_attempt_at": None,
                "coupled_at": now,
            }
            for row_id, bc_id in agreed.items()
        }
        reports = []
        for row, why in listed:
            again = now + pause(row.attempts)
            changes[row.id] = {"attempts": row.attempts + 1, "next_attempt_at": again}
            reports.append(self._problem(row, why, again))
        notes.save(ctx.db, [], changes)
        notes.forget(ctx.db, [row.id for row in gone])
        settled = [row.sales_id for row in rows if row.id in agreed or row in gone]
        failures.resolve(ctx.db, ctx.company.id, SUBJECT, settled, now)
        failures.report(ctx.db, ctx.company.id, reports, now)
        self._failed += len(reports)

    def _problem(self, row: OrderNote, why: str, again: datetime) -> Problem:
        entry = self._entries[row.entry_id]
        where = f"Sales order {entry.sales_number}"
        text = f"{where}: a note on Business Central order {entry.bc_order_number} could not be copied to Sales: {why}"
        return Problem(
            subject=SUBJECT,
            record_id=row.sales_id,
            record=where,
            code="E-NOTE-01",
            text=text if text.endswith(".") else f"{text}.",
            advice="Shorten or mend the note in Business Central and write it anew; it is tried again by itself.",
            heals_by_itself=False,
            next_attempt_at=again,
        )

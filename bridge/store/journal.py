"""The order journal: one row per Sales order, written before the first remote write, closed by the acknowledgement.

Who works on a row holds its lease. A lease that ran out is free for anybody: the steps behind it all look first whether
their effect is there already, so taking over is safe even when the former holder still lives.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, true, update
from sqlalchemy.orm import Session

from bridge.records import new_id
from bridge.store.database import Database
from bridge.store.models import Coupling, Failure, JournalEntry, JournalLine, OrderEvent


class Kind(StrEnum):
    """What a row stands for; failures name their subject by the same words."""

    ORDER = "order"
    QUOTE = "quote"


class State(StrEnum):
    """How far an order or quote has come. Everything but ``ACK_DONE`` and ``DONE`` is open, and is taken by every
    pick-up. Quotes go from ``SEEN`` by ``BC_CREATING`` to ``DONE``; a won one waits in ``BC_CREATED`` for its order."""

    SEEN = "seen"
    BC_CREATING = "bc_creating"
    BC_CREATED = "bc_created"
    ACK_STARTED = "ack_started"
    ACK_DONE = "ack_done"
    DONE = "done"


class ReleaseState(StrEnum):
    """What became of the release; an acknowledged order may still wait for one."""

    NONE = ""
    RELEASED = "released"
    PENDING = "pending"
    FAILED = "failed"
    NOTHING_TO_RELEASE = "empty"
    HELD = "held"
    """Open until it was found to be as ordered."""


_CLOSED = (State.ACK_DONE, State.DONE)
UNRELEASED = frozenset(ReleaseState) - {ReleaseState.NONE, ReleaseState.RELEASED}
"""An order that Business Central has and that still waits to be released."""


@dataclass(frozen=True, slots=True)
class SeenOrder:
    """What Sales listed: enough to begin."""

    sales_id: str
    number: str
    submitted_at: datetime | None
    modified_at: datetime | None = None
    """When Sales last changed it; in whole seconds, by Sales' own clock."""


def note_seen(db: Database, company_id: str, orders: Sequence[SeenOrder], now: datetime) -> int:
    """Write a row for each order not known yet; answer how many were new. An acknowledged order that Sales lists again
    (submitted anew, or its stamp was lost) is opened again: the next steps find out what is still missing. One that
    backs off and was changed since its last try is due again at once."""
    if not orders:
        return 0
    with db.write() as session:
        ids = [order.sales_id for order in orders]
        rows = session.scalars(select(JournalEntry).where(JournalEntry.sales_id.in_(ids)))
        known = {row.sales_id: row for row in rows}
        new = 0
        for order in orders:
            row = known.get(order.sales_id)
            if row is None:
                new += 1
                session.add(
                    JournalEntry(
                        company_id=company_id,
                        sales_id=order.sales_id,
                        sales_number=order.number[:100],
                        state=State.SEEN,
                        seen_at=now,
                        submitted_at=order.submitted_at,
                        updated_at=now,
                    )
                )
            elif row.state == State.ACK_DONE:
                row.state, row.next_attempt_at, row.updated_at = State.SEEN, None, now
                if row.ended_at is not None and row.end_reason == "deleted-in-bc":
                    # the BC order went away, the seller submitted again: a new order is wanted, on a clean row
                    row.bc_order_id = row.bc_order_number = row.ended_at = row.missing_since = None
                    row.end_reason = row.release_state = row.bc_status = ""
            elif row.next_attempt_at is not None and _changed_since_last_try(order, row):
                row.next_attempt_at, row.attempts = None, 0
        return new


def _changed_since_last_try(order: SeenOrder, row: JournalEntry) -> bool:
    return order.modified_at is not None and order.modified_at > row.updated_at


_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def wake_coupled(db: Database, company_id: str, codes: Collection[str], now: datetime) -> int:
    """Make due what backs off for want of a coupling that is there by now; answer how many rows that were. What is
    wanting is named by its Sales id in the advice of an open failure with one of ``codes``."""
    with db.write() as session:
        waiting = session.execute(
            select(JournalEntry, Failure)
            .join(Failure, Failure.record_id == JournalEntry.sales_id)
            .where(
                JournalEntry.company_id == company_id,
                JournalEntry.next_attempt_at > now,
                Failure.company_id == company_id,
                Failure.resolved_at.is_(None),
                Failure.code.in_(codes),
            )
        ).all()
        wanted = sorted({found for _, failure in waiting for found in _ID.findall(failure.advice)})
        coupled_at: dict[str, datetime] = {}
        for start in range(0, len(wanted), 500):
            statement = select(Coupling.sales_id, Coupling.coupled_at).where(
                Coupling.company_id == company_id, Coupling.sales_id.in_(wanted[start : start + 500])
            )
            coupled_at.update((row.sales_id, row.coupled_at) for row in session.execute(statement))
        woken = set()
        for row, failure in waiting:
            if any(coupled_at[one] >= failure.last_at for one in _ID.findall(failure.advice) if one in coupled_at):
                row.next_attempt_at, row.attempts, row.updated_at = None, 0, now
                woken.add(row.id)
        return len(woken)


def _open() -> ColumnElement[bool]:
    return or_(
        JournalEntry.state.not_in(_CLOSED),
        and_(JournalEntry.release_state.in_(UNRELEASED), JournalEntry.ended_at.is_(None)),
    )


def claim(
    db: Database,
    company_id: str,
    *,
    owner: str,
    limit: int,
    lease: timedelta,
    now: datetime,
    only: Collection[str] = (),
    in_hand: Collection[str] = (),
    kind: Kind = Kind.ORDER,
    states: Collection[State] = (),
) -> list[JournalEntry]:
    """Take up to ``limit`` open rows that are due and free, oldest first, with a lease until ``now + lease``; with
    ``states`` only rows in one of them.

    ``only`` narrows to these Sales ids and ignores their back-off (a person asked). ``in_hand`` are ids of rows that
    the caller works on already: a lease of its own that ran out late is no reason to take them a second time."""
    due = or_(JournalEntry.next_attempt_at.is_(None), JournalEntry.next_attempt_at <= now)
    wanted: ColumnElement[bool] = JournalEntry.sales_id.in_(only) if only else due
    with db.write() as session:
        rows = list(
            session.scalars(
                select(JournalEntry)
                .where(
                    JournalEntry.company_id == company_id,
                    JournalEntry.kind == kind,
                    _open(),
                    JournalEntry.state.in_(states) if states else true(),
                    wanted,
                    or_(JournalEntry.lease_until.is_(None), JournalEntry.lease_until <= now),
                    JournalEntry.id.not_in(in_hand),
                )
                .order_by(JournalEntry.submitted_at, JournalEntry.sales_id)
                .limit(limit)
                .with_for_update(skip_locked=True, key_share=True)
            )
        )
        for row in rows:
            row.lease_owner, row.lease_until = owner, now + lease
        return rows


def _lock(session: Session, ids: Collection[str]) -> None:
    """Take the rows' locks in the order of their ids, as everybody does who needs several: on PostgreSQL two that took
    them in different orders would wait for each other for ever. The lock is the one an update takes and no stronger:
    whoever saves an order's lines or events shares the key of its row, in whatever order they come."""
    wanted = select(JournalEntry.id).where(JournalEntry.id.in_(ids)).order_by(JournalEntry.id)
    session.execute(wanted.with_for_update(key_share=True))


def renew(db: Database, ids: Collection[str], *, owner: str, until: datetime) -> int:
    """Keep the leases; answer how many are still ours."""
    with db.write() as session:
        _lock(session, ids)
        result = session.execute(
            update(JournalEntry)
            .where(JournalEntry.id.in_(ids), JournalEntry.lease_owner == owner)
            .values(lease_until=until)
        )
        return int(result.rowcount)  # type: ignore[attr-defined]


def let_go(db: Database, ids: Collection[str], *, owner: str) -> None:
    """Give the leases back; rows that somebody else took meanwhile stay theirs."""
    if not ids:
        return
    with db.write() as session:
        _lock(session, ids)
        session.execute(
            update(JournalEntry)
            .where(JournalEntry.id.in_(ids), JournalEntry.lease_owner == owner)
            .values(lease_owner=None, lease_until=None)
        )


def change(db: Database, changes: dict[str, dict[str, Any]], now: datetime) -> None:
    """Set columns of several rows in one transaction: row id → column → value."""
    with db.write() as session:
        for entry_id, values in sorted(changes.items(), key=lambda one: one[0]):
            session.execute(update(JournalEntry).where(JournalEntry.id == entry_id).values(**values, updated_at=now))


def save_lines(db: Database, lines: dict[str, Sequence[JournalLine]]) -> None:
    """Replace the remembered lines of these entries: entry id → lines."""
    with db.write() as session:
        for entry_id, rows in lines.items():
            session.query(JournalLine).filter(JournalLine.entry_id == entry_id).delete()
            for row in rows:
                row.entry_id = entry_id
                session.add(row)


def lines_of(db: Database, entry_ids: Collection[str]) -> dict[str, list[JournalLine]]:
    found: dict[str, list[JournalLine]] = {}
    with db.read() as session:
        for row in session.scalars(
            select(JournalLine).where(JournalLine.entry_id.in_(entry_ids)).order_by(JournalLine.line_number)
        ):
            found.setdefault(row.entry_id, []).append(row)
    return found


def put_back(db: Database, sales_ids: Collection[str] | None, now: datetime) -> int:
    """Make open rows due now, all or only these; answer how many."""
    with db.write() as session:
        wanted = select(JournalEntry.id).where(_open())
        if sales_ids is not None:
            wanted = wanted.where(JournalEntry.sales_id.in_(sales_ids))
        ids = list(session.scalars(wanted.order_by(JournalEntry.id).with_for_update(key_share=True)))
        for start in range(0, len(ids), 500):
            some = JournalEntry.id.in_(ids[start : start + 500])
            session.execute(update(JournalEntry).where(some).values(next_attempt_at=None, updated_at=now))
        return len(ids)


def counts(db: Database, company_id: str, now: datetime, kind: Kind = Kind.ORDER) -> dict[str, int]:
    """Open rows: ``due``, ``leased`` (somebody works on them), ``waiting`` (backing off)."""
    with db.read() as session:
        rows = session.execute(
            select(JournalEntry.next_attempt_at, JournalEntry.lease_until).where(
                JournalEntry.company_id == company_id, JournalEntry.kind == kind, _open()
            )
        ).all()
    result = {"due": 0, "leased": 0, "waiting": 0}
    for next_attempt_at, lease_until in rows:
        if lease_until is not None and lease_until > now:
            result["leased"] += 1
        elif next_attempt_at is not None and next_attempt_at > now:
            result["waiting"] += 1
        else:
            result["due"] += 1
    return result


def free_at(db: Database, company_id: str) -> datetime | None:
    """The first moment at which an open row that somebody holds can be taken by others, should its holder be gone;
    None when none is held."""
    with db.read() as session:
        held = select(JournalEntry.lease_until, JournalEntry.next_attempt_at).where(
            JournalEntry.company_id == company_id, JournalEntry.lease_until.is_not(None), _open()
        )
        found = [[moment for moment in row if moment is not None] for row in session.execute(held)]
    return min((max(moments) for moments in found), default=None)


def followed(db: Database, company_id: str) -> list[JournalEntry]:
    """Orders that exist in Business Central and have not ended: the ones whose status is pushed back."""
    with db.read() as session:
        return list(
            session.scalars(
                select(JournalEntry)
                .where(
                    JournalEntry.company_id == company_id,
                    JournalEntry.kind == Kind.ORDER,
                    JournalEntry.bc_order_id.is_not(None),
                    JournalEntry.state == State.ACK_DONE,
                    JournalEntry.ended_at.is_(None),
                )
                .order_by(JournalEntry.sales_number)
            )
        )


def by_bc_numbers(db: Database, company_id: str, numbers: Collection[str]) -> list[JournalEntry]:
    """Entries in whatever state whose Business Central order has one of these numbers. Numbers can be used again after
    a deletion: the caller checks that it is the same order."""
    remaining = sorted(numbers)
    found: list[JournalEntry] = []
    for start in range(0, len(remaining), 500):
        with db.read() as session:
            statement = select(JournalEntry).where(
                JournalEntry.company_id == company_id,
                JournalEntry.kind == Kind.ORDER,
                JournalEntry.bc_order_number.in_(remaining[start : start + 500]),
            )
            found += session.scalars(statement)
    return found


def find(db: Database, record: str) -> list[JournalEntry]:
    """Entries by Sales id, Sales number, Business Central id or number."""
    with db.read() as session:
        return list(
            session.scalars(
                select(JournalEntry).where(
                    or_(
                        JournalEntry.sales_id == record.lower(),
                        JournalEntry.sales_number == record,
                        JournalEntry.bc_order_id == record.lower(),
                        JournalEntry.bc_order_number == record,
                    )
                )
            )
        )


def by_ids(db: Database, ids: Collection[str]) -> dict[str, JournalEntry]:
    with db.read() as session:
        return {row.id: row for row in session.scalars(select(JournalEntry).where(JournalEntry.id.in_(ids)))}


def note_events(db: Database, events: Sequence[OrderEvent]) -> int:
    """Save events not known yet (same entry, kind and key); answer how many were new. Repeatable."""
    if not events:
        return 0
    with db.write() as session:
        new = 0
        for event in events:
            statement = db.insert(OrderEvent).values(
                id=event.id or new_id(),  # an object's own defaults are not set before it is flushed
                entry_id=event.entry_id,
                kind=event.kind,
                key=event.key,
                number=event.number or "",
                found_at=event.found_at,
                post_id=event.post_id or new_id(),
                attempts=0,
            )
            statement = statement.on_conflict_do_nothing(index_elements=["entry_id", "kind", "key"])
            # asked for the id and not for the row count, which psycopg does not give here
            new += session.scalar(statement.returning(OrderEvent.id)) is not None
        return new


def untold_events(db: Database, company_id: str, limit: int = 500) -> list[tuple[OrderEvent, JournalEntry]]:
    with db.read() as session:
        return [
            (event, entry)
            for event, entry in session.execute(
                select(OrderEvent, JournalEntry)
                .join(JournalEntry, JournalEntry.id == OrderEvent.entry_id)
                .where(JournalEntry.company_id == company_id, OrderEvent.told_at.is_(None))
                .order_by(OrderEvent.found_at, OrderEvent.id)
                .limit(limit)
            )
        ]


def mark_told(db: Database, event_ids: Collection[str], now: datetime) -> None:
    with db.write() as session:
        session.execute(update(OrderEvent).where(OrderEvent.id.in_(event_ids)).values(told_at=now))


def count_event_attempt(db: Database, event_ids: Collection[str]) -> None:
    with db.write() as session:
        session.execute(update(OrderEvent).where(OrderEvent.id.in_(event_ids)).values(attempts=OrderEvent.attempts + 1))


def events_of(db: Database, entry_id: str) -> list[OrderEvent]:
    with db.read() as session:
        statement = select(OrderEvent).where(OrderEvent.entry_id == entry_id).order_by(OrderEvent.found_at)
        return list(session.scalars(statement))

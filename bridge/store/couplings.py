"""Couplings: which record here is which record there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError

from bridge.errors import BridgeError
from bridge.store.database import Database
from bridge.store.generations import bump
from bridge.store.models import Coupling, OptionCoupling

ITEM_TABLE = 27
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class NewCoupling:
    """What a coupling is made of; names are for people, ids are what counts."""

    mapping: str
    table_id: int
    bc_id: str
    bc_number: str
    sales_table: str
    sales_id: str
    sales_name: str = ""


class AlreadyCoupled(BridgeError):
    """One end of the wanted pair has another partner already."""

    code = "AlreadyCoupled"

    def __init__(self, wanted: NewCoupling, existing: Coupling) -> None:
        super().__init__(
            f"{wanted.mapping}: {existing.bc_number or existing.bc_id} and {existing.sales_name or existing.sales_id} "
            "are already coupled to each other.",
            advice=f"Uncouple that pair first: python -m bridge uncouple {wanted.mapping!r} {existing.sales_id}",
        )
        self.wanted, self.existing = wanted, existing


def couple(db: Database, company_id: str, wanted: NewCoupling, now: datetime) -> Coupling:
    """Couple two records. Coupling the same pair again changes nothing. Raises :class:`AlreadyCoupled` otherwise."""
    with db.write() as session:
        existing = session.scalar(
            select(Coupling).where(
                Coupling.company_id == company_id,
                Coupling.mapping == wanted.mapping,
                or_(Coupling.bc_id == wanted.bc_id, Coupling.sales_id == wanted.sales_id),
            )
        )
        if existing is not None:
            if (existing.bc_id, existing.sales_id) == (wanted.bc_id, wanted.sales_id):
                return existing
            raise AlreadyCoupled(wanted, existing)
        row = _row(company_id, wanted, now)
        session.add(row)
        _moved(session, db, wanted.table_id)
        return row


def couple_many(db: Database, company_id: str, wanted: Sequence[NewCoupling], now: datetime) -> int:
    """Couple all of these that have no partner yet on either end; answer how many were new. Repeatable."""
    made = 0
    remaining = iter(wanted)
    while chunk := list(islice(remaining, _CHUNK)):
        with db.write() as session:
            for one in chunk:
                try:
                    with session.begin_nested():
                        session.add(_row(company_id, one, now))
                    made += 1
                except IntegrityError:
                    continue  # one end has a partner: left as it is, that is what the caller asked for
            _moved(session, db, chunk[0].table_id)
    return made


def recouple(db: Database, company_id: str, wanted: NewCoupling, now: datetime) -> None:
    """Couple the Business Central end of ``wanted`` to its Sales end, whatever either was coupled to before. For what
    takes another's place, as the revision of a quote does. Repeatable."""
    with db.write() as session:
        either = or_(Coupling.bc_id == wanted.bc_id, Coupling.sales_id == wanted.sales_id)
        session.execute(
            delete(Coupling).where(Coupling.company_id == company_id, Coupling.mapping == wanted.mapping, either)
        )
        session.add(_row(company_id, wanted, now))
        _moved(session, db, wanted.table_id)


def _row(company_id: str, wanted: NewCoupling, now: datetime) -> Coupling:
    return Coupling(
        company_id=company_id,
        mapping=wanted.mapping,
        table_id=wanted.table_id,
        bc_id=wanted.bc_id,
        bc_number=wanted.bc_number,
        sales_table=wanted.sales_table,
        sales_id=wanted.sales_id,
        sales_name=wanted.sales_name[:250],
        coupled_at=now,
    )


def _moved(session: object, db: Database, table_id: int) -> None:
    if table_id == ITEM_TABLE:
        bump(session, db, "availability")


def uncouple(db: Database, company_id: str, mapping: str, either_id: str) -> Coupling | None:
    """Forget the coupling that has this id on either side; answer it, or None when there was none."""
    with db.write() as session:
        found = session.scalar(
            select(Coupling).where(
                Coupling.company_id == company_id,
                Coupling.mapping == mapping,
                or_(Coupling.bc_id == either_id, Coupling.sales_id == either_id),
            )
        )
        if found is not None:
            session.execute(delete(Coupling).where(Coupling.id == found.id))
            _moved(session, db, found.table_id)
        return found


def by_sales_ids(db: Database, company_id: str, mapping: str, sales_ids: Collection[str]) -> dict[str, Coupling]:
    """The couplings of these Sales records, by Sales id; ids without one are missing from the answer."""
    return {row.sales_id: row for row in _by(db, company_id, mapping, Coupling.sales_id, sales_ids)}


def by_bc_ids(db: Database, company_id: str, mapping: str, bc_ids: Collection[str]) -> dict[str, Coupling]:
    """The couplings of these Business Central records, by Business Central id."""
    return {row.bc_id: row for row in _by(db, company_id, mapping, Coupling.bc_id, bc_ids)}


def _by(db: Database, company_id: str, mapping: str, column: object, ids: Collection[str]) -> Iterator[Coupling]:
    remaining = iter(set(ids))
    while chunk := list(islice(remaining, _CHUNK)):
        with db.read() as session:
            yield from session.scalars(
                select(Coupling).where(
                    Coupling.company_id == company_id,
                    Coupling.mapping == mapping,
                    column.in_(chunk),  # type: ignore[attr-defined]
                )
            ).all()


def by_sales_names(db: Database, company_id: str, mapping: str, names: Collection[str]) -> dict[str, list[Coupling]]:
    """The couplings of records that people call so in Sales, the oldest first; names need not be unique there."""
    found: dict[str, list[Coupling]] = {}
    for row in sorted(_by(db, company_id, mapping, Coupling.sales_name, names), key=lambda row: row.coupled_at):
        found.setdefault(row.sales_name, []).append(row)
    return found


def of_mapping(db: Database, company_id: str, mapping: str) -> list[Coupling]:
    with db.read() as session:
        return list(
            session.scalars(
                select(Coupling)
                .where(Coupling.company_id == company_id, Coupling.mapping == mapping)
                .order_by(Coupling.bc_number)
            )
        )


def of_record(db: Database, record_id: str) -> list[Coupling]:
    """Every coupling that has this id on either end, in any company and mapping."""
    with db.read() as session:
        return list(
            session.scalars(select(Coupling).where(or_(Coupling.bc_id == record_id, Coupling.sales_id == record_id)))
        )


def find(db: Database, record: str) -> list[Coupling]:
    """Couplings by what a person would type: an id of either end, the number in Business Central, the name in Sales."""
    with db.read() as session:
        return list(
            session.scalars(
                select(Coupling)
                .where(
                    or_(
                        Coupling.bc_id == record.lower(),
                        Coupling.sales_id == record.lower(),
                        Coupling.bc_number == record,
                        Coupling.sales_name == record,
                    )
                )
                .order_by(Coupling.mapping, Coupling.bc_number)
            )
        )


def count_by_mapping(db: Database, company_id: str) -> dict[str, int]:
    with db.read() as session:
        rows = session.execute(
            select(Coupling.mapping, func.count().label("total"))
            .where(Coupling.company_id == company_id)
            .group_by(Coupling.mapping)
        )
        return {row.mapping: row.total for row in rows}


def replace_options(db: Database, company_id: str, mapping: str, options: Sequence[OptionCoupling]) -> None:
    """Replace the option couplings of one mapping (PAYMENT TERMS, SHIPMENT METHOD, SHIPPING AGENT)."""
    with db.write() as session:
        session.execute(
            delete(OptionCoupling).where(OptionCoupling.company_id == company_id, OptionCoupling.mapping == mapping)
        )
        session.add_all(options)


def options(db: Database, company_id: str) -> dict[str, dict[int, OptionCoupling]]:
    """All option couplings of a company: mapping → option value → coupling."""
    found: dict[str, dict[int, OptionCoupling]] = {}
    with db.read() as session:
        for row in session.scalars(select(OptionCoupling).where(OptionCoupling.company_id == company_id)):
            found.setdefault(row.mapping, {})[row.option_value] = row
    return found

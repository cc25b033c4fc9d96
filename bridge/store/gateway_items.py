"""What the gateway asks of the state for a question about one item: the item, its open orders, the official answer.

Like :mod:`bridge.store.gateway`: each method is one short transaction, and :class:`StoreUnavailable` is raised when the
database cannot be asked.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.exc import SQLAlchemyError

from bridge.availability.open_lines import WATERMARK
from bridge.availability.promise import FORMULA, Kind, Movement, Promise, promise
from bridge.records import Clock
from bridge.store import projection, questions, supply, watermarks
from bridge.store.couplings import ITEM_TABLE
from bridge.store.database import Database
from bridge.store.gateway import StoreUnavailable
from bridge.store.models import AvailabilityItem, CompanyRow, Coupling, OpenLine

_MAPPING = "ITEM-PRODUCT"


@dataclass(frozen=True, slots=True)
class Basis:
    """What answers for a company rest on: when the ledger was read and up to which entry, when the open orders were
    read (None: never), why transfers are not known (empty: they are), and whether the companion is there to calculate.

    Read before the items: they may hold more entries than ``ledger_entry``, never fewer."""

    tailed_at: datetime | None
    ledger_entry: int
    lines_at: datetime | None
    no_transfers: str
    companion: bool


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the projection; ``product_id`` is empty when it is not coupled. ``changed_at``: when the row was read
    the last time that it differed."""

    item_id: str
    product_id: str
    number: str
    name: str
    unit: str
    inventory: Decimal
    blocked: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Own:
    """Our own calculation, and how many lines were left out because they are in another unit than the item. Asked about
    one place, stock in ``promise`` is that of the whole item all the same: API v2.0 does not tell it by place."""

    promise: Promise
    left_out: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What our own calculation is asked: None for ``variant`` or ``location`` means all of them together."""

    item_id: str
    variant: str | None
    location: str | None
    day: date
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Official:
    """Business Central's answer: its terms by name, or why there are none. ``earliest`` None: not promisable.
    ``ledger_entry``: all entries up to it are in the answer."""

    terms: Mapping[str, Decimal]
    earliest: date | None
    answered_at: datetime
    ledger_entry: int
    error: str


class GatewayItems:
    """Safe to share between threads."""

    formula = FORMULA

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    @contextmanager
    def _asked(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise StoreUnavailable from error

    def basis(self, company_id: str) -> Basis:
        """The state of the projections of a company."""
        with self._asked():
            tail = projection.tail_of(self._db, company_id)
            lines = watermarks.get(self._db, company_id, WATERMARK)
            with self._db.read() as session:
                company = session.get(CompanyRow, company_id)
        read = json.loads(lines) if lines is not None else {}
        return Basis(
            tailed_at=tail.tailed_at if tail is not None else None,
            ledger_entry=tail.last_entry_number if tail is not None else 0,
            lines_at=datetime.fromisoformat(read["at"]) if read else None,
            no_transfers=read.get("no_transfers", ""),
            companion=bool(company is not None and company.companion_version),
        )

    def tailed_at(self, company_id: str) -> datetime | None:
        """When the last complete tail of this company began."""
        with self._asked():
            tail = projection.tail_of(self._db, company_id)
        return tail.tailed_at if tail is not None else None

    def items(self, company_id: str, numbers: Collection[str], products: Collection[str]) -> list[Item]:
        """The items with these numbers, or coupled to these products; what is not there is missing."""
        statement = (
            select(AvailabilityItem, Coupling.sales_id)
            .select_from(AvailabilityItem)
            .outerjoin(
                Coupling,
                and_(
                    Coupling.company_id == AvailabilityItem.company_id,
                    Coupling.bc_id == AvailabilityItem.item_id,
                    Coupling.mapping == _MAPPING,
                    Coupling.table_id == ITEM_TABLE,
                ),
            )
            .where(
                AvailabilityItem.company_id == company_id,
                or_(AvailabilityItem.number.in_(numbers), Coupling.sales_id.in_(products)),
            )
        )
        with self._asked(), self._db.read() as session:
            return [
                Item(
                    item_id=row.item_id,
                    product_id=product_id or "",
                    number=row.number,
                    name=row.name,
                    unit=row.base_unit,
                    inventory=row.inventory,
                    blocked=row.blocked,
                    changed_at=row.refreshed_at,
                )
                for row, product_id in session.execute(statement)
            ]

    def lines_at(self, company_id: str) -> datetime | None:
        """When the last complete read of the open orders began."""
        return self.basis(company_id).lines_at

    def own(self, company_id: str, asked: Sequence[tuple[str, str | None, str | None, date, Decimal]]) -> list[Own]:
        """Our own calculation for each (item id, variant, location, day, quantity), whatever their number in two
        questions to the database."""
        wanted = [Wanted(*one) for one in asked]
        ids = {one.item_id for one in wanted}
        with self._asked():
            lines: dict[str, list[OpenLine]] = {}
            for line in supply.of_items(self._db, company_id, ids):
                lines.setdefault(line.item_id, []).append(line)
            with self._db.read() as session:
                rows = session.scalars(
                    select(AvailabilityItem).where(
                        AvailabilityItem.company_id == company_id, AvailabilityItem.item_id.in_(ids)
                    )
                )
                items = {row.item_id: row for row in rows}
        return [_own(items.get(one.item_id), lines.get(one.item_id, []), one) for one in wanted]

    def official(self, company_id: str, asked: Sequence[Mapping[str, Any]]) -> list[Official | None]:
        """Business Central's answer to each question (:mod:`bridge.store.questions`) as far as there is one."""
        ids = [questions.digest(company_id, one) for one in asked]
        with self._asked():
            found = questions.found(self._db, ids)
        answers: list[Official | None] = []
        for one in ids:
            row = found.get(one)
            if row is None or row.answered_at is None:
                answers.append(None)
                continue
            facts = dict(row.answer or {})
            earliest, entry = facts.pop("earliestDate", ""), int(facts.pop("ledgerEntry", 0))
            answers.append(
                Official(
                    terms={name: Decimal(str(value)) for name, value in facts.items()},
                    earliest=date.fromisoformat(earliest) if earliest else None,
                    answered_at=row.answered_at,
                    ledger_entry=entry,
                    error=row.error,
                )
            )
        return answers

    def ask(self, company_id: str, asked: Collection[Mapping[str, Any]]) -> None:
        """Put questions to the worker."""
        with self._asked():
            questions.ask(self._db, company_id, asked, self._clock())


def _own(item: AvailabilityItem | None, lines: Sequence[OpenLine], wanted: Wanted) -> Own:
    here = [
        line for line in lines if wanted.variant in (None, line.variant) and wanted.location in (None, line.location)
    ]
    counted = [line for line in here if item is not None and line.unit == item.base_unit]
    movements = [Movement(Kind(line.kind), line.quantity, line.due_on) for line in counted]
    stock = item.inventory if item is not None else Decimal(0)
    return Own(promise(stock, movements, wanted.day, wanted.quantity), len(here) - len(counted))

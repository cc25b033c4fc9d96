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
from bridge.availability.promise import FORMULA, Movement, Promise, promise
from bridge.records import Clock
from bridge.store import projection, questions, supply, watermarks
from bridge.store.couplings import ITEM_TABLE
from bridge.store.database import Database
from bridge.store.gateway import StoreUnavailable
from bridge.store.models import AvailabilityItem, CompanyRow, Coupling

_MAPPING = "ITEM-PRODUCT"


@dataclass(frozen=True, slots=True)
class Basis:
    """What answers for a company rest on: when the ledger was read and up to which entry, when the open orders were
    read (None: never), and whether the companion is there to calculate."""

    tailed_at: datetime | None
    ledger_entry: int
    lines_at: datetime | None
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
    """Our own calculation, and how many lines were left out because they are in another unit than the item."""

    promise: Promise
    left_out: int


@dataclass(frozen=True, slots=True)
class Official:
    """Business Central's answer: its terms by name, or why there are none. ``earliest`` None: not promisable."""

    terms: Mapping[str, Decimal]
    earliest: date | None
    answered_at: datetime
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
        return Basis(
            tailed_at=tail.tailed_at if tail is not None else None,
            ledger_entry=tail.last_entry_number if tail is not None else 0,
            lines_at=datetime.fromisoformat(json.loads(lines)["at"]) if lines is not None else None,
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

    def own(self, company_id: str, asked: Sequence[tuple[str, date, Decimal]]) -> list[Own]:
        """Our own calculation for each (item id, day, quantity)."""
        with self._asked():
            lines = supply.of_items(self._db, company_id, {item_id for item_id, _, _ in asked})
            with self._db.read() as session:
                rows = session.scalars(
                    select(AvailabilityItem).where(
                        AvailabilityItem.company_id == company_id,
                        AvailabilityItem.item_id.in_({item_id for item_id, _, _ in asked}),
                    )
                )
                items = {row.item_id: row for row in rows}
        answers = []
        for item_id, day, quantity in asked:
            stock, unit = (items[item_id].inventory, items[item_id].base_unit) if item_id in items else (Decimal(0), "")
            of_item = [line for line in lines if line.item_id == item_id]
            counted = [
                Movement(line.quantity if line.kind == "purchase" else -line.quantity, line.due_on)
                for line in of_item
                if line.unit == unit
            ]
            answers.append(Own(promise(stock, counted, day, quantity), len(of_item) - len(counted)))
        return answers

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
            earliest = facts.pop("earliestDate", "")
            answers.append(
                Official(
                    terms={name: Decimal(str(value)) for name, value in facts.items()},
                    earliest=date.fromisoformat(earliest) if earliest else None,
                    answered_at=row.answered_at,
                    error=row.error,
                )
            )
        return answers

    def ask(self, company_id: str, asked: Collection[Mapping[str, Any]]) -> None:
        """Put questions to the worker."""
        with self._asked():
            questions.ask(self._db, company_id, asked, self._clock())

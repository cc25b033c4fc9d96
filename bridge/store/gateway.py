"""What the gateway asks of the state: rows, one row, what may have changed, keys, and to wake a job. Nothing else.

Every method is one short transaction. When the database cannot be asked :class:`StoreUnavailable` is raised, whatever
the driver called it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from odata_query import ast
from sqlalchemy import ColumnElement, Select, String, and_, collate, func, literal, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.functions import coalesce

from bridge.errors import BridgeError, SchemaOutOfDate
from bridge.records import Clock, Company
from bridge.store import jobs, keys, publications, remote_calls
from bridge.store.couplings import ITEM_TABLE
from bridge.store.database import Database, check_schema
from bridge.store.filters import FilterToSql
from bridge.store.keys import NewKey
from bridge.store.models import (
    AvailabilityItem,
    AvailabilityTail,
    CompanyRow,
    Coupling,
    Generation,
    KeyEvent,
    Publication,
    ServiceKey,
)
from bridge.store.remote_calls import Asked
from bridge.store.types import Quantity

_MAPPING = "ITEM-PRODUCT"


class StoreUnavailable(BridgeError):
    """The database did not answer."""

    code = "StoreUnavailable"
    heals_by_itself = True

    def __init__(self) -> None:
        super().__init__("The database cannot be asked.", advice="It is tried again with the next request.")


@dataclass(frozen=True, slots=True)
class AvailabilityRow:
    """One coupled item with its stock; the fields carry the names of docs/availability.md in our spelling."""

    crm_id: str
    integration_id: str
    table_id: int
    item_no: str
    uom: str
    inventory: Decimal


@dataclass(frozen=True, slots=True)
class Changes:
    """What answers depend on beside the rows themselves, read together: ``tails`` maps company id to the time its
    last complete tail began; ``generations`` move when rows or keys change; ``unpublished`` are ids of companies whose
    service has been taken back."""

    companies: tuple[Company, ...]
    tails: Mapping[str, datetime]
    generations: Mapping[str, int]
    unpublished: frozenset[str] = frozenset()


class GatewayStore:
    """The gateway's door to the database. Safe to share between threads."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        text = "BINARY" if db.is_sqlite else "C"  # by code point on both: pages and comparisons must agree
        self._columns: dict[str, ColumnElement[Any]] = {
            "CRM_ID": collate(Coupling.sales_id, text),
            "Integration_ID": collate(Coupling.bc_id, text),
            "Table_ID": Coupling.table_id.expression,
            "ItemNo": collate(coalesce(AvailabilityItem.number, literal("", String)), text),
            "UOM": collate(coalesce(AvailabilityItem.base_unit, literal("", String)), text),
            "Inventory": coalesce(AvailabilityItem.inventory, literal(Decimal(0), Quantity)),
        }
        self._filter = FilterToSql(self._columns)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise StoreUnavailable from error

    def changes(self) -> Changes:
        """Companies, tails and generations, in one consistent read."""
        with self._asked(), self._db.read() as session:
            companies = session.scalars(select(CompanyRow).order_by(CompanyRow.position))
            tails = session.scalars(select(AvailabilityTail))
            return Changes(
                companies=tuple(Company(row.id, row.name, row.display_name) for row in companies),
                tails={row.company_id: row.tailed_at for row in tails if row.tailed_at is not None},
                generations={row.name: row.value for row in session.scalars(select(Generation))},
                unpublished=frozenset(session.scalars(select(Publication.company_id).where(~Publication.published))),
            )

    def rows(
        self,
        company_id: str,
        *,
        condition: ast._Node | None,
        order: Sequence[tuple[str, bool]],
        after: Sequence[str | int | Decimal] | None,
        skip: int,
        limit: int,
    ) -> list[AvailabilityRow]:
        """Rows of one company. ``order`` is (property, descending) and ends with both keys; ``after`` are the values of
        the last row already given, in that order; ``condition`` is a checked tree (:mod:`bridge.store.filters`)."""
        statement = self._joined(company_id, condition, *(self._columns[name] for name in self._columns))
        if after is not None:
            statement = statement.where(self._later(order, after))
        columns = (self._columns[name].desc() if descending else self._columns[name] for name, descending in order)
        with self._asked(), self._db.read() as session:
            return [
                AvailabilityRow(*row) for row in session.execute(statement.order_by(*columns).offset(skip).limit(limit))
            ]

    def count(self, company_id: str, *, condition: ast._Node | None) -> int:
        """How many rows of one company the condition lets through."""
        with self._asked(), self._db.read() as session:
            return int(session.scalar(self._joined(company_id, condition, func.count())) or 0)

    def _joined(
        self, company_id: str, condition: ast._Node | None, *columns: ColumnElement[Any]
    ) -> Select[tuple[Any, ...]]:
        statement = (
            select(*columns)
            .select_from(Coupling)
            .outerjoin(
                AvailabilityItem,
                and_(AvailabilityItem.company_id == Coupling.company_id, AvailabilityItem.item_id == Coupling.bc_id),
            )
            .where(Coupling.company_id == company_id, Coupling.mapping == _MAPPING, Coupling.table_id == ITEM_TABLE)
        )
        return statement if condition is None else statement.where(self._filter.condition(condition))

    def _later(self, order: Sequence[tuple[str, bool]], after: Sequence[str | int | Decimal]) -> ColumnElement[bool]:
        """Rows behind ``after``: further in the first column, or equal there and further in the second, and so on."""
        steps: list[ColumnElement[bool]] = []
        equal: list[ColumnElement[bool]] = []
        for (name, descending), value in zip(order, after, strict=True):
            column = self._columns[name]
            steps.append(and_(*equal, column < value if descending else column > value))
            equal.append(column == value)
        return or_(*steps)

    def wake(self, job: str, company_id: str | None) -> int:
        """Make a job due now, in one company or in all; answer how many there were."""
        with self._asked():
            return jobs.wake(self._db, job, self._clock(), company_id)

    def waiting_seconds(self) -> float:
        """For how long the job that is due longest has been due without anybody working on it; 0 when none is."""
        now = self._clock()
        with self._asked():
            due_at = jobs.longest_due(self._db, now)
        return 0.0 if due_at is None else max(0.0, (now - due_at).total_seconds())

    def remote_calls(self) -> Sequence[Asked]:
        """What workers have asked of the remote systems so far, up to a minute ago."""
        with self._asked():
            return remote_calls.read(self._db)

    def check(self) -> None:
        """Raise :class:`SchemaOutOfDate` unless the tables are this program's, StoreUnavailable without a database."""
        with self._asked():
            check_schema(self._db)

    def keys_of(self, user: str) -> list[ServiceKey]:
        """All keys this user ever got, revoked and expired ones too."""
        with self._asked():
            return keys.of_user(self._db, user)

    def add_key(self, key: NewKey, *, by: str, overlap: timedelta | None = None) -> ServiceKey:
        """Save a new key. The user's earlier ones are revoked in the same transaction, or end after ``overlap``."""
        now = self._clock()
        with self._asked():
            return keys.add(self._db, key, now, by=by, old_until=None if overlap is None else now + overlap)

    def all_keys(self) -> list[ServiceKey]:
        with self._asked():
            return keys.all_keys(self._db)

    def revoke_keys(self, user_or_id: str, *, by: str) -> int:
        """Revoke one key by id or all of a user; answer how many."""
        with self._asked():
            return keys.revoke(self._db, user_or_id, self._clock(), by=by)

    def disable_user(self, user: str, *, disabled: bool, by: str) -> int:
        """Shut a user out or let it in again; answer how many keys it has."""
        with self._asked():
            return keys.set_disabled(self._db, user, self._clock(), disabled=disabled, by=by)

    def key_used(self, key_id: str) -> None:
        """Remember that a key was good for something just now."""
        with self._asked():
            keys.used(self._db, key_id, self._clock())

    def key_events(self, user: str | None) -> Sequence[KeyEvent]:
        """What was done to keys, by whom, oldest first."""
        with self._asked():
            return keys.events(self._db, user)

    def published_for(self, user: str) -> list[str]:
        """The companies whose connection row in Sales names this user."""
        with self._asked():
            return [
                one.company_id
                for one in publications.all_publications(self._db)
                if one.published and one.user_name == user
            ]


__all__ = ["AvailabilityRow", "Changes", "GatewayStore", "NewKey", "SchemaOutOfDate", "StoreUnavailable"]

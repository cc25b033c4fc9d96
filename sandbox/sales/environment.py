"""One Dataverse environment: its rows, who is calling, and what has happened and is to be told to webhooks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sandbox.sales.choices import Choices
from sandbox.sales.errors import DataverseError
from sandbox.sales.model import AlternateKey, Ref, Row, Table
from sandbox.sales.schema import TABLES
from sandbox.sales.security import ACT_FOR_OTHERS, Privileges
from sandbox.sales.store import Store
from sandbox.world import World


@dataclass(frozen=True, slots=True)
class Caller:
    """The user a request acts as. ``acting_for`` is the signed-in user when it acts as somebody else."""

    user_id: str
    integration: bool = False
    """Whether the user is an integration user, to whom submitted orders stay open."""
    acting_for: str = ""
    bypassed: frozenset[str] = frozenset()
    """What of the environment's own logic the request asked to be left out: ``CustomSync``, ``CustomAsync``."""
    tag: str = ""
    """A word of the caller's that steps are told."""

    @property
    def users(self) -> tuple[str, ...]:
        """All users whose rights a request must stay within."""
        return (self.user_id, self.acting_for) if self.acting_for else (self.user_id,)


@dataclass(frozen=True, slots=True)
class Event:
    """A row was created, updated or deleted; ``changed`` holds the columns that were written."""

    message: str
    table: str
    id: str
    changed: Row
    caller: Caller
    before: Row | None = None
    """The row as it was before an update or a delete."""
    correlation_id: str = field(default_factory=lambda: str(uuid4()))


class Environment:
    """The rows and their surroundings. Every method is called with the world's lock held."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.on_event: Callable[[Event], None] = lambda _event: None
        self.before_commit: Callable[[Event], None] = lambda _event: None
        self.ignores_read_only = False
        """Whether a value for a column that may not be written is dropped. What the real service does is unverified."""
        self.ignored: deque[str] = deque(maxlen=1000)
        """``table.column`` of values dropped that way."""
        self._empty()
        self._events: list[Event] = []
        self._depth = 0

    def _empty(self) -> None:
        self.store = Store(TABLES)
        self.privileges = Privileges(self.store)
        self.keys: dict[str, list[AlternateKey]] = {}
        self.choices = Choices()
        self._numbers: dict[str, int] = {}

    def clear(self) -> None:
        """Forget all rows and the alternate keys that were defined."""
        self._empty()

    def dump(self) -> Any:
        """Rows, alternate keys, options and number series, for :meth:`load`."""
        return self.store, self.keys, self.choices, self._numbers

    def load(self, kept: Any) -> None:
        """Put what was kept in place of what is there. No webhook is told."""
        self.store, self.keys, self.choices, self._numbers = kept
        self.privileges = Privileges(self.store)

    @property
    def organization(self) -> Row:
        """The one row of settings."""
        return next(iter(self.store.rows("organization")))

    @property
    def sop_integration(self) -> bool:
        """Whether sales order processing integration is switched on."""
        return bool(self.organization.get("issopintegrationenabled"))

    def next_number(self, prefix: str) -> str:
        """A fresh document number, as the platform gives when none is supplied."""
        self._numbers[prefix] = self._numbers.get(prefix, 1000) + 1
        return f"{prefix}-{self._numbers[prefix]:05d}-{uuid4().hex[:6].upper()}"

    def row(self, ref: Ref | None) -> Row | None:
        """The row a lookup points at."""
        return self.store.get(ref.table, ref.id) if ref is not None and ref.table in TABLES else None

    def display_name(self, ref: Ref) -> str:
        """The primary name of the row a lookup points at; blank if it is gone."""
        row = self.row(ref)
        return str(row.get(TABLES[ref.table].primary_name) or "") if row is not None else ""

    def related(self, table: Table, name: str, row_id: str) -> Iterator[Row]:
        """The rows of a collection-valued navigation property of one row."""
        collection = table.collections[name]
        if not collection.through:
            yield from self.store.where(collection.table, collection.column, row_id)
            return
        for link in self.store.where(collection.through, collection.column, row_id):
            found = self.row(link[collection.other])
            if found is not None:
                yield found

    def say(self, event: Event) -> None:
        """Note an event; it is told when the outermost transaction has succeeded.

        Whoever takes part in the operation is told at once, and may refuse it.
        """
        self.before_commit(event)
        self._events.append(event)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside take effect together, and only then are their events told."""
        mark = len(self._events)
        self._depth += 1
        try:
            with self.store.transaction():
                yield
        except BaseException:
            del self._events[mark:]
            raise
        finally:
            self._depth -= 1
        if not self._depth:
            events, self._events = self._events, []
            for event in events:
                self.on_event(event)

    def caller(self, client_id: str, acting_for: str = "") -> Caller:
        """The application user of a client id, or the user of an object id, or the user it acts for; 403 if none is."""
        user = next(self.store.where("systemuser", "applicationid", client_id), None)
        if user is None:
            user = next(self.store.where("systemuser", "azureactivedirectoryobjectid", client_id), None)
        if user is None:
            raise DataverseError(403, "0x80072560", "The user is not a member of the organization.")
        self._check_usable(user)
        if not acting_for:
            return Caller(user["systemuserid"], bool(user.get("isintegrationuser")))
        self.privileges.demand_named(user["systemuserid"], ACT_FOR_OTHERS)
        other = self._user(acting_for)
        if other is None:
            raise DataverseError(403, "0x8004a110", f"The user {acting_for} cannot be acted for: no such user.")
        self._check_usable(other)
        return Caller(other["systemuserid"], bool(other.get("isintegrationuser")), user["systemuserid"])

    def _check_usable(self, user: Row) -> None:
        if user.get("isdisabled"):
            raise DataverseError(403, "0x80040225", f"The user {user['systemuserid']} is disabled.")
        if not self.privileges.roles(user["systemuserid"]):
            raise DataverseError(
                403, "0x80042f09", f"The user with id {user['systemuserid']} has not been assigned any roles."
            )

    def _user(self, id_or_object_id: str) -> Row | None:
        found = self.store.get("systemuser", id_or_object_id)
        if found is not None:
            return found
        return next(self.store.where("systemuser", "azureactivedirectoryobjectid", id_or_object_id), None)

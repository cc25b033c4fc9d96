"""Tables and columns of a Dataverse environment as data, and the short notation they are written down in.

A column is written ``name:kind``: ``text100``, ``memo``, ``money``, ``decimal``, ``integer``, ``bigint``, ``yesno``,
``choice``, ``date``, ``moment``, ``guid``, or ``>table`` for a lookup. ``>account|contact`` is a lookup with several
targets, each with a navigation property of its own; ``>owner`` is one that takes users and teams under one name.
``prefix_{a:text10 b:memo}`` stands for ``prefix_a`` and ``prefix_b``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

Row = dict[str, Any]
"""A stored row: column name to value. Lookups hold a Ref; absent means null."""


class Ref(NamedTuple):
    """What a lookup points at."""

    table: str
    id: str


class Kind(Enum):
    """Kinds of columns, with the name metadata uses."""

    TEXT = "String"
    MEMO = "Memo"
    MONEY = "Money"
    DECIMAL = "Decimal"
    INTEGER = "Integer"
    BIGINT = "BigInt"
    DOUBLE = "Double"
    YESNO = "Boolean"
    CHOICE = "Picklist"
    STATE = "State"
    STATUS = "Status"
    DATE = "DateOnly"
    MOMENT = "DateTime"
    GUID = "Uniqueidentifier"
    LOOKUP = "Lookup"


_KINDS = {
    "memo": Kind.MEMO,
    "money": Kind.MONEY,
    "decimal": Kind.DECIMAL,
    "integer": Kind.INTEGER,
    "bigint": Kind.BIGINT,
    "double": Kind.DOUBLE,
    "yesno": Kind.YESNO,
    "choice": Kind.CHOICE,
    "date": Kind.DATE,
    "moment": Kind.MOMENT,
    "guid": Kind.GUID,
}
OWNERS = ("systemuser", "team")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``length`` limits texts; 0 is no limit. ``navigations`` maps each target table to the property that
    binds and expands it."""

    name: str
    kind: Kind
    create: bool
    update: bool
    read: bool = True
    length: int = 0
    navigations: Mapping[str, str] = field(default_factory=dict)
    base_of: str = ""
    """For a read-only ``_base`` amount: the column it is the base currency value of."""

    @property
    def property(self) -> str:
        """The name under which values are read: lookups show as ``_name_value``."""
        return f"_{self.name}_value" if self.kind is Kind.LOOKUP else self.name


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection-valued navigation property: the rows of ``table`` whose lookup ``column`` points here.

    Many-to-many goes through an intersect table ``through``: its ``column`` points here, its ``other`` at ``table``.
    """

    table: str
    column: str
    on_delete: str = "restrict"
    """cascade, restrict or clear: what happens to those rows when this one is deleted."""
    through: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class AlternateKey:
    """Columns whose values together name one row; defined by a client while the environment runs."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """One state with its label, the status it takes by default, and its other statuses (value to label)."""

    label: str
    default: int
    statuses: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Table:
    """One table with everything the Web API says about it."""

    name: str
    entity_set: str
    id: str
    primary_name: str
    columns: Mapping[str, Column]
    collections: Mapping[str, Collection]
    states: Mapping[int, State]
    otc: int = 0
    custom: bool = False
    tracked: bool = True
    """Whether changes can be tracked by delta links."""
    by_property: Mapping[str, Column] = field(default_factory=dict)
    by_navigation: Mapping[str, tuple[Column, tuple[str, ...]]] = field(default_factory=dict)
    """Navigation property to its column and the tables it may lead to."""

    @property
    def owned(self) -> bool:
        """Whether rows have an owner."""
        return "ownerid" in self.columns

    @property
    def intersects(self) -> bool:
        """Whether rows only say which rows of two other tables belong together."""
        return not self.primary_name


_BRACES = re.compile(r"(\w+)\{([^}]*)\}")


def _expanded(text: str) -> Iterator[tuple[str, str]]:
    def unfold(match: re.Match[str]) -> str:
        return " ".join(match.group(1) + part for part in match.group(2).split())

    for word in _BRACES.sub(unfold, text).split():
        name, _, kind = word.partition(":")
        yield name, kind


def _column(name: str, kind: str, *, create: bool, update: bool, schema_names: Mapping[str, str]) -> Column:
    if kind.startswith("text"):
        return Column(name, Kind.TEXT, create, update, length=int(kind[4:]))
    if not kind.startswith(">"):
        return Column(name, _KINDS[kind], create, update)
    own = schema_names.get(name, name)
    if kind == ">owner":
        navigations = dict.fromkeys(OWNERS, own)
    elif "|" in kind:
        navigations = {target: f"{own}_{target}" for target in kind[1:].split("|")}
    else:
        navigations = {kind[1:]: own}
    return Column(name, Kind.LOOKUP, create, update, navigations=navigations)


ZONES = " timezoneruleversionnumber:integer utcconversiontimezonecode:integer"
"""Columns of most tables, in which the platform notes the time zone of who wrote last."""
STAGES = " processid:guid stageid:guid traversedpath:text1250"
"""Columns of tables that business processes lead through."""
_STAMPS = (
    "createdon:moment modifiedon:moment createdby:>systemuser modifiedby:>systemuser createdonbehalfby:>systemuser"
    " modifiedonbehalfby:>systemuser versionnumber:bigint"
)
_OWNERSHIP = "owningbusinessunit:>businessunit owninguser:>systemuser owningteam:>team"


def table(
    name: str,
    entity_set: str,
    *,
    key: str = "",
    primary_name: str = "name",
    both: str = "",
    create: str = "",
    update: str = "",
    read: str = "",
    write: str = "",
    collections: Mapping[str, Collection] | None = None,
    states: Mapping[int, State] | None = None,
    schema_names: Mapping[str, str] | None = None,
    state_on_create: bool = False,
    stamps: bool = True,
    otc: int = 0,
    custom: bool = False,
    tracked: bool = True,
) -> Table:
    """Write a table down: columns that may be set always, on create only, on update only, never, or never read."""
    key = key or f"{name}id"
    columns: dict[str, Column] = {}
    groups = [(f"{key}:guid {create}", True, False), (both, True, True), (update, False, True), (read, False, False)]
    if stamps:
        groups += [("overriddencreatedon:moment importsequencenumber:integer", True, False), (_STAMPS, False, False)]
    if "ownerid:" in both:
        groups.append((_OWNERSHIP, False, False))
    for text, on_create, on_update in groups:
        for column_name, kind in _expanded(text):
            made = _column(column_name, kind, create=on_create, update=on_update, schema_names=schema_names or {})
            columns[column_name] = made
    for column_name, kind in _expanded(write):
        made = _column(column_name, kind, create=True, update=True, schema_names={})
        columns[column_name] = Column(made.name, made.kind, True, True, read=False, length=made.length)
    if states:
        columns["statecode"] = Column("statecode", Kind.STATE, state_on_create, True)
        columns["statuscode"] = Column("statuscode", Kind.STATUS, True, True)
    if "exchangerate" in columns:
        for amount in [c for c in columns.values() if c.kind is Kind.MONEY]:
            base = f"{amount.name}_base"
            columns[base] = Column(base, Kind.MONEY, False, False, base_of=amount.name)
    navigations: dict[str, tuple[Column, tuple[str, ...]]] = {}
    for column in columns.values():
        for target, navigation in column.navigations.items():
            targets = navigations.get(navigation, (column, ()))[1]
            navigations[navigation] = (column, (*targets, target))
    return Table(
        name=name,
        entity_set=entity_set,
        id=key,
        primary_name=primary_name,
        columns=columns,
        collections=collections or {},
        states=states or {},
        otc=otc,
        custom=custom,
        tracked=tracked,
        by_property={c.property: c for c in columns.values() if c.read},
        by_navigation=navigations,
    )

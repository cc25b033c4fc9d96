"""How an entity is declared: its properties with type, length and access, its navigations, and what may be done to it.

The declarations read like a list of fields; see ``entities`` for API v2.0 and ``bridge_entities`` for the companion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from sandbox.odata import Kind

if TYPE_CHECKING:
    from sandbox.business_central.state import Company
    from sandbox.business_central.tables import Row

EMPTY_GUID = "00000000-0000-0000-0000-000000000000"
EMPTY_DATE = date.min
EMPTY_MOMENT = datetime.min.replace(tzinfo=UTC)

Reader = Callable[["Company", "Row"], Any]


class Access(Enum):
    """When a property may be sent."""

    ALWAYS = "always"
    CREATE = "on create"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Property:
    """``length`` is the most characters of a text; ``options`` are the members of the enumeration ``enum``."""

    name: str
    kind: Kind
    access: Access
    empty: Any
    length: int = 0
    options: tuple[str, ...] = ()
    whole: bool = False
    enum: str = ""


@dataclass(frozen=True, slots=True)
class Navigation:
    """A way to other records. To one: ``key`` is our property with its id. To many: ``foreign`` is theirs with ours."""

    name: str
    target: str
    key: str = ""
    foreign: str = ""


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity set of one API. ``title`` is the table's name in messages; ``view`` keeps rows out of the set.

    ``parent`` is the property a list must be narrowed by, where the real page has no table of its own. ``computed``
    properties are not stored. ``notifies`` says whether webhooks are offered. ``document`` is the kind of sales
    document a set holds, or whose lines it holds.
    """

    set_name: str
    name: str
    table: str
    title: str
    properties: Mapping[str, Property]
    navigations: Mapping[str, Navigation] = field(default_factory=dict)
    computed: Mapping[str, Reader] = field(default_factory=dict)
    verbs: frozenset[str] = frozenset({"GET"})
    actions: frozenset[str] = frozenset()
    parent: str = ""
    view: Callable[[Row], bool] | None = None
    notifies: bool = False
    document: str = ""

    def read(self, company: Company, row: Row, name: str) -> Any:
        """One property of a row, as people would write it."""
        if (reader := self.computed.get(name)) is not None:
            return reader(company, row)
        return row.get(name, self.properties[name].empty)


_EMPTY: Mapping[str, tuple[Kind, Any]] = {
    "guid": (Kind.GUID, EMPTY_GUID),
    "text": (Kind.TEXT, ""),
    "code": (Kind.CODE, ""),
    "dec": (Kind.NUMBER, Decimal(0)),
    "int": (Kind.NUMBER, 0),
    "bool": (Kind.BOOL, False),
    "date": (Kind.DATE, EMPTY_DATE),
    "moment": (Kind.MOMENT, EMPTY_MOMENT),
}
_TYPE = re.compile(r"(?P<word>guid|text|code|dec|int|bool|date|moment)(?P<length>\d*)$")


def fields(text: str, **options: tuple[str, ...]) -> dict[str, Property]:
    """Properties out of lines ``name type [ro|create]``, several per line divided by commas.

    A type is guid, dec, int, bool, date, moment, textN, codeN (N characters at most, 0 for no limit) or one of
    ``options``, which name the members of an enumeration. Without a third word a property can always be written.
    """
    found: dict[str, Property] = {}
    for part in (part.split() for part in re.split(r"[,\n]", text) if part.strip()):
        name, kind_word = part[0], part[1]
        access = {"ro": Access.NEVER, "create": Access.CREATE}[part[2]] if len(part) > 2 else Access.ALWAYS
        if kind_word in options:
            members = options[kind_word]
            found[name] = Property(name, Kind.OPTION, access, members[0], options=members, enum=kind_word)
            continue
        match = _TYPE.match(kind_word)
        if match is None:
            raise ValueError(f"property {name}: type {kind_word} is none of ours")
        kind, empty = _EMPTY[match["word"]]
        found[name] = Property(name, kind, access, empty, int(match["length"] or 0), whole=match["word"] == "int")
    return found


def navigations(*given: Navigation) -> dict[str, Navigation]:
    return {navigation.name: navigation for navigation in given}

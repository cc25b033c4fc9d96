"""The parts of a parsed ``$filter``, the kinds of properties, and what the two systems disagree about."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

Value = str | bool | int | Decimal | date | datetime | None
Written = Value | uuid.UUID
"""A literal as written: a bare GUID is told from a text by its type."""


class Kind(Enum):
    """What a property holds; ``CODE`` is text that compares without regard to case."""

    TEXT = "Edm.String"
    CODE = "Edm.String, upper case"
    OPTION = "enumeration"
    GUID = "Edm.Guid"
    NUMBER = "Edm.Decimal"
    BOOL = "Edm.Boolean"
    DATE = "Edm.Date"
    MOMENT = "Edm.DateTimeOffset"


class Fault(Enum):
    """Why a query was refused."""

    SYNTAX = "syntax"
    UNKNOWN_PROPERTY = "unknown property"
    WRONG_TYPE = "wrong type"
    OR_ACROSS_FIELDS = "or across fields"
    NOT_SERVED = "not served"


class QueryRefused(Exception):
    """A query option that is not answered; ``subject`` is the property, function or word in question."""

    def __init__(self, fault: Fault, message: str, subject: str = "", position: int = 0) -> None:
        super().__init__(message)
        self.fault, self.message, self.subject, self.position = fault, message, subject, position


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where the two systems part.

    ``fold_text``: text compares without regard to case. ``null_differs``: a null is unequal to every value, so that
    ``ne`` lists it. ``quoted_guids``: a GUID may be written as a string. ``ignore_lambdas``: ``any`` and ``all`` count
    as true. ``extensions``: ``any`` and ``all`` are looked into, and functions of a namespace may stand for a
    comparison; the evaluating side brings their meaning. ``substring``: that function is served. ``like_wildcards``:
    ``%``, ``_`` and ``[...]`` in a text test stand for other letters, as in SQL. ``nested_functions``: a function may
    stand inside another.
    """

    fold_text: bool = True
    null_differs: bool = True
    or_across_fields: bool = True
    quoted_guids: bool = True
    in_operator: bool = False
    ignore_lambdas: bool = False
    nested_functions: bool = True
    substring: bool = False
    extensions: bool = False
    like_wildcards: bool = False


BUSINESS_CENTRAL = Dialect(
    fold_text=False, or_across_fields=False, quoted_guids=False, ignore_lambdas=True, nested_functions=False,
    substring=True,
)  # fmt: skip
BUSINESS_CENTRAL_2_1 = replace(BUSINESS_CENTRAL, in_operator=True, nested_functions=True)
"""Schema version 2.1, which a request may ask for."""
DATAVERSE = Dialect(extensions=True, like_wildcards=True)


@dataclass(frozen=True, slots=True)
class Operand:
    """A property, perhaps below ``tolower`` or ``toupper``; ``cut`` is the part of it that ``substring`` takes."""

    path: str
    folded: bool = False
    cut: slice | None = None


@dataclass(frozen=True, slots=True)
class Compare:
    """``operator`` is eq, ne, gt, ge, lt, le, in, contains, startswith or endswith; several values for ``in`` only."""

    operator: str
    left: Operand
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True)
class Named:
    """A function with a namespace; arguments by name, as written."""

    name: str
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Quantified:
    """``any`` or ``all`` over a collection; ``body`` speaks of one of its rows, None asks whether there is any."""

    path: str
    every: bool
    body: Node | None


Node = Compare | All | Some | Not | Named | Quantified
KindOf = Callable[[str], Kind]
"""Names the kind of a property path (``a/b`` for a navigation). Raises QueryRefused for one that does not exist."""


def paths(node: Node) -> Iterator[str]:
    """Every property path a filter looks at."""
    match node:
        case Compare():
            yield node.left.path
        case Not():
            yield from paths(node.part)
        case All() | Some():
            for part in node.parts:
                yield from paths(part)

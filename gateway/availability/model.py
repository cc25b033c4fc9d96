"""ProductItemAvailability: its properties, and what this package needs to know of companies and rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol

from odata_query import ast

SET = "ProductItemAvailability"
PAGE_SIZE = 20_000
"""Business Central's own page size."""


class Edm(Enum):
    """The types that occur."""

    GUID = "Edm.Guid"
    INT32 = "Edm.Int32"
    STRING = "Edm.String"
    DECIMAL = "Edm.Decimal"


@dataclass(frozen=True, slots=True)
class Property:
    """One property: its public name, its type, and the attribute of a row that holds it."""

    name: str
    edm: Edm
    attribute: str
    key: bool = False
    facets: str = ""

    def of(self, row: Row) -> Any:
        return getattr(row, self.attribute)


PROPERTIES: Mapping[str, Property] = {
    one.name: one
    for one in (
        Property("CRM_ID", Edm.GUID, "crm_id", key=True),
        Property("Integration_ID", Edm.GUID, "integration_id", key=True),
        Property("Table_ID", Edm.INT32, "table_id"),
        Property("ItemNo", Edm.STRING, "item_no", facets=' MaxLength="20"'),
        Property("UOM", Edm.STRING, "uom", facets=' MaxLength="10"'),
        Property("Inventory", Edm.DECIMAL, "inventory", facets=' Scale="Variable"'),
    )
}
KEYS = tuple(one.name for one in PROPERTIES.values() if one.key)


class Company(Protocol):
    """A Business Central company that is served."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def display_name(self) -> str: ...


class Row(Protocol):
    """One coupled item."""

    @property
    def crm_id(self) -> str: ...
    @property
    def integration_id(self) -> str: ...
    @property
    def table_id(self) -> int: ...
    @property
    def item_no(self) -> str: ...
    @property
    def uom(self) -> str: ...
    @property
    def inventory(self) -> Decimal: ...


class Source(Protocol):
    """Where rows come from."""

    def rows(
        self,
        company_id: str,
        *,
        condition: ast._Node | None,
        order: Sequence[tuple[str, bool]],
        after: Sequence[str | int | Decimal] | None,
        skip: int,
        limit: int,
    ) -> Sequence[Row]: ...

    def count(self, company_id: str, *, condition: ast._Node | None) -> int: ...


class Changes(Protocol):
    """What answers depend on beside the rows themselves."""

    @property
    def companies(self) -> Sequence[Company]: ...
    @property
    def tails(self) -> Mapping[str, datetime]: ...
    @property
    def generations(self) -> Mapping[str, int]: ...

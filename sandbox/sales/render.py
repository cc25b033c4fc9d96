"""Rows as JSON: selected properties, computed base amounts, and annotations where they were asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fnmatch import fnmatchcase
from typing import Any

from sandbox.sales.environment import Environment
from sandbox.sales.errors import unknown_property
from sandbox.sales.model import OWNERS, Column, Kind, Ref, Row, Table
from sandbox.sales.values import MONEY, show

FORMATTED = "OData.Community.Display.V1.FormattedValue"
NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"
LOGICAL_NAME = "Microsoft.Dynamics.CRM.lookuplogicalname"


@dataclass(frozen=True, slots=True)
class Annotations:
    """Which annotations a request wants: patterns, as in ``odata.include-annotations="*"``."""

    patterns: tuple[str, ...] = ()

    def wanted(self, name: str) -> bool:
        """Whether the annotation of this name goes into the answer."""
        return any(fnmatchcase(name, pattern) for pattern in self.patterns)


def stored_value(row: Row, column: Column) -> Any:
    """What a column holds; a base amount is computed from the amount and the rate of exchange."""
    if not column.base_of:
        return row.get(column.name)
    amount, rate = row.get(column.base_of), row.get("exchangerate")
    if amount is None or not rate:
        return None
    return (amount / Decimal(rate)).quantize(MONEY, ROUND_HALF_UP)


def selected_columns(table: Table, select: Sequence[str]) -> list[Column]:
    """The columns an answer shows. The key always comes along, and the currency wherever there is an amount."""
    if not select:
        return list(table.by_property.values())
    names = dict.fromkeys([*select, table.id])
    columns = []
    for name in names:
        column = table.by_property.get(name)
        if column is None:
            raise unknown_property(table.name, name)
        columns.append(column)
    currency = table.columns.get("transactioncurrencyid")
    if currency is not None and currency not in columns and any(c.kind is Kind.MONEY for c in columns):
        columns.append(currency)
    return columns


def renderer(env: Environment, table: Table, select: Sequence[str], annotations: Annotations) -> Callable[[Row], Row]:
    """A function that shows a row of ``table``. Built once per request, called for each row."""
    columns = [(column.property, column) for column in selected_columns(table, select)]
    annotated = bool(annotations.patterns)
    principal = table.name in OWNERS

    def render(row: Row) -> Row:
        shown: Row = {"@odata.etag": f'W/"{row["versionnumber"]}"'}
        for name, column in columns:
            value = stored_value(row, column)
            shown[name] = show(value)
            if annotated and value is not None:
                shown.update(_annotate(env, table, name, column, value, row, annotations))
        if principal:
            shown["ownerid"] = row[table.id]
        return shown

    return render


def _annotate(
    env: Environment, table: Table, name: str, column: Column, value: Any, row: Row, annotations: Annotations
) -> Iterable[tuple[str, Any]]:
    if annotations.wanted(FORMATTED):
        text = _formatted(env, table, column, value, row)
        if text is not None:
            yield f"{name}@{FORMATTED}", text
    if isinstance(value, Ref):
        if annotations.wanted(NAVIGATION) and value.table in column.navigations:
            yield f"{name}@{NAVIGATION}", column.navigations[value.table]
        if annotations.wanted(LOGICAL_NAME):
            yield f"{name}@{LOGICAL_NAME}", value.table


def _formatted(env: Environment, table: Table, column: Column, value: Any, row: Row) -> str | None:
    match column.kind:
        case Kind.LOOKUP:
            return env.display_name(value)
        case Kind.STATE:
            return table.states[value].label
        case Kind.STATUS:
            state = table.states.get(row["statecode"])
            return state.statuses.get(value) if state is not None else None
        case Kind.CHOICE:
            return (env.choices.of(table.name, column.name) or {}).get(value)
        case Kind.YESNO:
            return "Yes" if value else "No"
        case Kind.MONEY:
            currency = env.row(row.get("transactioncurrencyid"))
            symbol = currency.get("currencysymbol") if currency is not None else None
            return f"{symbol or ''}{value:,.2f}"
        case Kind.DECIMAL | Kind.DOUBLE:
            return f"{value:,.2f}"
        case Kind.INTEGER:
            return f"{value:,}"
        case Kind.MOMENT:
            return f"{value:%m/%d/%Y %I:%M %p}"
        case Kind.DATE:
            return f"{value:%m/%d/%Y}"
    return None

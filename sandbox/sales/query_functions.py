"""Query functions of the vendor's namespace in ``$filter``: lists, ranges, periods of time, and whose rows they are.

Fiscal periods, hierarchies and choices of several values are refused by name. Weeks begin on Sunday, days are UTC.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sandbox import odata
from sandbox.sales.environment import Environment
from sandbox.sales.model import Column, Kind, Ref, Row, Table
from sandbox.sales.paths import NAMESPACE
from sandbox.sales.render import stored_value
from sandbox.sales.values import EDM_TYPES

Test = Callable[[Row], bool]
Span = tuple[datetime, datetime]
_DAY = timedelta(days=1)
_UNITS: Mapping[str, Callable[[int], timedelta]] = {
    "Minutes": lambda count: timedelta(minutes=count),
    "Hours": lambda count: timedelta(hours=count),
    "Days": lambda count: timedelta(days=count),
    "Weeks": lambda count: timedelta(weeks=count),
}


def test(env: Environment, table: Table, node: odata.Named, user_id: str) -> Test:
    """The function as a test on one row. Raises QueryRefused for one that is not served or has wrong arguments."""
    name = node.name.removeprefix(NAMESPACE)
    if name == node.name:
        raise odata.QueryRefused(odata.Fault.NOT_SERVED, f"An unknown function with name '{node.name}' was found.")
    column = _column(table, node)
    if name in ("In", "NotIn"):
        wanted = set(map(_folded, _array(column, node)))
        return lambda row: (_value(column, row) in wanted) is (name == "In")
    if name in ("Between", "NotBetween"):
        low, high = map(_folded, _array(column, node)[:2])
        return lambda row: (found := _value(column, row)) is not None and (low <= found <= high) is (name == "Between")
    if name in ("EqualUserId", "NotEqualUserId"):
        return lambda row: (_value(column, row) == user_id) is (name == "EqualUserId")
    return _in_time(env, column, name, node)


def _in_time(env: Environment, column: Column, name: str, node: odata.Named) -> Test:
    if column.kind not in (Kind.MOMENT, Kind.DATE):
        raise odata.QueryRefused(odata.Fault.WRONG_TYPE, f"{name} needs a date column; '{column.name}' is none.")
    span = _span(name, node, env.world.clock.now())
    if span is None:
        raise odata.QueryRefused(odata.Fault.NOT_SERVED, f"The sandbox does not serve the query function '{name}'.")
    start, end = span
    return lambda row: (found := _moment(row.get(column.name))) is not None and start <= found < end


def _span(name: str, node: odata.Named, now: datetime) -> Span | None:
    today = datetime.combine(now.date(), time(), UTC)
    if name in ("On", "OnOrAfter", "OnOrBefore"):
        day = _day(node)
        ends = {"On": (day, day + _DAY), "OnOrAfter": (day, _LAST), "OnOrBefore": (_FIRST, day + _DAY)}
        return ends[name]
    for start in ("LastX", "NextX", "OlderThanX"):
        if name.startswith(start):
            return _counted(start, name.removeprefix(start), _number(node), now)
    if name in ("Last7Days", "Next7Days"):
        return (today - 7 * _DAY, now) if name == "Last7Days" else (now, today + 8 * _DAY)
    return _calendar(today).get(name)


def _counted(start: str, unit: str, count: int, now: datetime) -> Span | None:
    if unit in ("Months", "Years"):
        months = count * (12 if unit == "Years" else 1)
        moved = _months_from(now, months if start == "NextX" else -months)
    elif unit in _UNITS:
        moved = now + _UNITS[unit](count) if start == "NextX" else now - _UNITS[unit](count)
    else:
        return None
    return {"LastX": (moved, now), "NextX": (now, moved), "OlderThanX": (_FIRST, moved)}[start]


def _calendar(today: datetime) -> Mapping[str, Span]:
    week = today - _DAY * (today.isoweekday() % 7)
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    starts = {
        "Week": tuple(week + timedelta(weeks=n) for n in (-1, 0, 1, 2)),
        "Month": tuple(_months_from(month, n) for n in (-1, 0, 1, 2)),
        "Year": tuple(_months_from(year, 12 * n) for n in (-1, 0, 1, 2)),
    }
    spans = {
        f"{word}{unit}": (marks[at], marks[at + 1])
        for unit, marks in starts.items()
        for at, word in enumerate(("Last", "This", "Next"))
    }
    days = {"Yesterday": today - _DAY, "Today": today, "Tomorrow": today + _DAY}
    return spans | {name: (day, day + _DAY) for name, day in days.items()}


_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, tzinfo=UTC)


def _months_from(moment: datetime, months: int) -> datetime:
    total = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(total, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, (following - timedelta(days=1)).day))


def _column(table: Table, node: odata.Named) -> Column:
    name = node.arguments.get("PropertyName", "").strip("'")
    column = table.columns.get(name) or table.by_property.get(name)
    if column is None or not column.read:
        raise odata.QueryRefused(odata.Fault.UNKNOWN_PROPERTY, name, f"{table.name}/{name}")
    return column


def _number(node: odata.Named) -> int:
    text = node.arguments.get("PropertyValue", "").strip("'")
    if not text.isdecimal():
        raise odata.QueryRefused(odata.Fault.WRONG_TYPE, f"{node.name} needs a whole number as PropertyValue.")
    return int(text)


def _day(node: odata.Named) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(node.arguments["PropertyValue"].strip("'")[:10]), time(), UTC)
    except (KeyError, ValueError):
        raise odata.QueryRefused(odata.Fault.WRONG_TYPE, f"{node.name} needs a date as PropertyValue.") from None


def _array(column: Column, node: odata.Named) -> list[Any]:
    try:
        given = json.loads(node.arguments.get("PropertyValues", ""))
    except ValueError as error:
        raise odata.QueryRefused(odata.Fault.SYNTAX, f"Invalid JSON. {error}") from None
    if not isinstance(given, list) or not given:
        raise odata.QueryRefused(odata.Fault.WRONG_TYPE, f"{node.name} needs an array as PropertyValues.")
    try:
        return [_typed(column, item) for item in given]
    except ValueError:
        raise odata.QueryRefused(
            odata.Fault.WRONG_TYPE, f"A value of {node.name} does not fit {EDM_TYPES[column.kind]}."
        ) from None


def _typed(column: Column, item: Any) -> Any:
    match EDM_TYPES[column.kind]:
        case "Edm.Int32" | "Edm.Int64" | "Edm.Decimal" | "Edm.Double":
            return float(item)
        case "Edm.DateTimeOffset" | "Edm.Date":
            return _moment(date.fromisoformat(str(item)[:10]))
        case "Edm.Boolean":
            return str(item).lower() == "true"
    return str(item)


def _value(column: Column, row: Row) -> Any:
    value = stored_value(row, column)
    if isinstance(value, Ref):
        return value.id
    if isinstance(value, date):
        return _moment(value)
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return _folded(value)
    return float(value)


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else None

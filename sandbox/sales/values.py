"""Values between JSON and the store: what a column accepts, and how it shows.

Money is kept and shown with four decimals, moments with whole seconds in UTC. A moment also takes a plain date, which
means its midnight.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sandbox.sales.choices import Choices
from sandbox.sales.errors import DataverseError, bad_payload
from sandbox.sales.model import Column, Kind, Ref, Table

MONEY = Decimal("0.0001")
_FIRST_DAY = (1753, 1, 1)
_LARGEST_INTEGER = 2_147_483_647
_LARGEST_AMOUNT = Decimal("922337203685477")

EDM_TYPES = {
    Kind.TEXT: "Edm.String",
    Kind.MEMO: "Edm.String",
    Kind.MONEY: "Edm.Decimal",
    Kind.DECIMAL: "Edm.Decimal",
    Kind.DOUBLE: "Edm.Double",
    Kind.INTEGER: "Edm.Int32",
    Kind.CHOICE: "Edm.Int32",
    Kind.STATE: "Edm.Int32",
    Kind.STATUS: "Edm.Int32",
    Kind.BIGINT: "Edm.Int64",
    Kind.YESNO: "Edm.Boolean",
    Kind.DATE: "Edm.Date",
    Kind.MOMENT: "Edm.DateTimeOffset",
    Kind.GUID: "Edm.Guid",
    Kind.LOOKUP: "Edm.Guid",
}
"""How each kind of column is typed on the wire."""


def accept(choices: Choices, table: Table, column: Column, value: Any) -> Any:
    """Check a JSON value against its column and bring it to the form that is stored; None stays None."""
    if value is None:
        return None
    try:
        stored = _READERS[column.kind](value)
    except (ValueError, TypeError):
        raise bad_payload(
            table.entity_set, f"Cannot convert the literal '{value}' to the expected type '{EDM_TYPES[column.kind]}'."
        ) from None
    _check_range(choices, table, column, stored)
    return stored


def show(value: Any) -> Any:
    """Bring a stored value to its JSON form."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return value.id if isinstance(value, Ref) else value


def _check_range(choices: Choices, table: Table, column: Column, value: Any) -> None:
    where = f"'{column.name}' attribute of the '{table.name}' entity"
    if column.kind is Kind.TEXT and column.length and len(value) > column.length:
        raise DataverseError(
            400,
            "0x80044331",
            f"A validation error occurred.  The length of the {where} exceeded the maximum allowed length of"
            f" '{column.length}'.",
        )
    if column.kind is Kind.CHOICE:
        labels = choices.of(table.name, column.name)
        if labels is not None and value not in labels:
            raise DataverseError(
                400,
                "0x8004431a",
                f"A validation error occurred. The value {value} of the {where} is outside the valid range."
                f" Accepted Values: {','.join(map(str, labels))}",
            )
    if column.kind in (Kind.DATE, Kind.MOMENT) and (value.year, value.month, value.day) < _FIRST_DAY:
        raise DataverseError(
            400, "0x80040239", f"The date of the {where} is less than the minimum value supported by the server."
        )
    if column.kind is Kind.INTEGER and abs(value) > _LARGEST_INTEGER:
        raise DataverseError(400, "0x8004432f", f"A validation error occurred.  The value of the {where} is too large.")
    if column.kind in (Kind.MONEY, Kind.DECIMAL) and abs(value) > _LARGEST_AMOUNT:
        raise DataverseError(
            400, "0x80044330", f"A validation error occurred.  The value of the {where} is outside the valid range."
        )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError
    return Decimal(value)


def _money(value: Any) -> Decimal:
    number = _number(value)
    return number.quantize(MONEY) if abs(number) <= _LARGEST_AMOUNT else number


def _whole(value: Any) -> int:
    number = _number(value)
    if number != number.to_integral_value():
        raise ValueError
    return int(number)


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _day(value: Any) -> date:
    return date.fromisoformat(_text(value)[:10])


def _moment(value: Any) -> datetime:
    text = _text(value)
    if len(text) == len("2026-01-31"):
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC).replace(microsecond=0)


def _guid(value: Any) -> str:
    return str(UUID(_text(value)))


_READERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _text,
    Kind.MEMO: _text,
    Kind.MONEY: _money,
    Kind.DECIMAL: _number,
    Kind.DOUBLE: _number,
    Kind.INTEGER: _whole,
    Kind.BIGINT: _whole,
    Kind.CHOICE: _whole,
    Kind.STATE: _whole,
    Kind.STATUS: _whole,
    Kind.YESNO: _yes_or_no,
    Kind.DATE: _day,
    Kind.MOMENT: _moment,
    Kind.GUID: _guid,
}

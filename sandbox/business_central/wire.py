"""Values to and from JSON as Business Central writes them: empty dates, escaped enumeration members, etags."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.business_central import errors
from sandbox.business_central.schema import EMPTY_MOMENT, Property
from sandbox.business_central.tables import Row
from sandbox.odata import Kind

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def etag(row: Row) -> str:
    """Opaque to clients; it moves with each write of the row."""
    inner = f"'20;{row['rowVersion']:019d}01;00;'"
    return f'W/"{base64.b64encode(inner.encode()).decode()}"'


def option_out(value: str) -> str:
    """An enumeration member as its identifier: ``In Review`` becomes ``In_x0020_Review``, blank ``_x0020_``."""
    return "".join(c if c.isalnum() else f"_x{ord(c):04X}_" for c in value or " ")


def option_in(value: str) -> str:
    """A member as sent, escaped or plain, to how people read it."""
    plain = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)
    return "" if plain.isspace() else plain


def moment_out(value: datetime) -> str:
    """UTC with milliseconds, their trailing zeros cut off."""
    if value == EMPTY_MOMENT:
        return "0001-01-01T00:00:00Z"
    text = value.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{value.microsecond // 1000:03d}".rstrip("0")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"


def number_out(value: Decimal | int) -> int | float:
    """A JSON number. Amounts here have far fewer than the fifteen digits a double keeps, so none is lost."""
    if isinstance(value, int):
        return value
    whole = int(value)
    return whole if whole == value else float(value)


def _same(value: Any) -> Any:
    return value


_OUT: dict[Kind, Callable[[Any], Any]] = {
    Kind.NUMBER: number_out,
    Kind.OPTION: option_out,
    Kind.MOMENT: moment_out,
    Kind.DATE: date.isoformat,
}


def writer(kind: Kind) -> Callable[[Any], Any]:
    """How values of a kind are written."""
    return _OUT.get(kind, _same)


def value_in(given: Property, value: Any) -> Any:
    """A JSON value as one of the property's kind. Raises Refused where Business Central would."""
    if value is None:
        if given.kind in {Kind.TEXT, Kind.CODE, Kind.GUID, Kind.DATE, Kind.MOMENT}:
            return given.empty
        raise errors.bad_request(
            f"Field '{given.name}' must not be blank or empty.", "BadRequest_RequiredParamNotProvided"
        )
    return _IN[given.kind](given, value)


def _text_in(given: Property, value: Any) -> str:
    if not isinstance(value, str):
        raise _unfit(given, value)
    text = value.strip().upper() if given.kind is Kind.CODE else value
    if given.length and len(text) > given.length:
        raise errors.too_long(text, given.length)
    return text


def _option_in(given: Property, value: Any) -> str:
    plain = option_in(value) if isinstance(value, str) else None
    if plain not in given.options:
        raise errors.not_an_option(value, given.options)
    return plain


def _number_in(given: Property, value: Any) -> Decimal | int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise _unfit(given, value)
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise _unfit(given, value) from None
    if not number.is_finite() or (given.whole and number != int(number)):
        raise _unfit(given, value)
    return int(number) if given.whole else number


def _bool_in(given: Property, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _unfit(given, value)
    return value


def _guid_in(given: Property, value: Any) -> str:
    try:
        return str(uuid.UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise errors.Refused(400, "Application_InvalidGUID", f"Invalid format of GUID string '{value}'.") from None


def _date_in(given: Property, value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (ValueError, TypeError):
        raise _unfit(given, value) from None


def _moment_in(given: Property, value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        raise _unfit(given, value) from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


_IN: dict[Kind, Callable[[Property, Any], Any]] = {
    Kind.TEXT: _text_in,
    Kind.CODE: _text_in,
    Kind.OPTION: _option_in,
    Kind.NUMBER: _number_in,
    Kind.BOOL: _bool_in,
    Kind.GUID: _guid_in,
    Kind.DATE: _date_in,
    Kind.MOMENT: _moment_in,
}


def _unfit(given: Property, value: Any) -> errors.Refused:
    return errors.bad_request(f"Cannot convert the value '{value}' of property '{given.name}' to {given.kind.value}.")

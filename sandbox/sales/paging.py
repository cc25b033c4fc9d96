"""Pages: where one ends and the next goes on.

The cookie in a next link holds the ordered values and the id of the last row, as the real one does: rows that changed
or went away in between neither hide others nor show them twice.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.sales.errors import DataverseError
from sandbox.sales.model import Row, Table

OrderKey = tuple[Callable[[Row], Any], bool]
"""A function that gives the value a row is ordered by (None comes first), and whether large values come first."""

_TOKEN = re.compile(r'pagenumber="(\d+)" pagingcookie="([\w=-]+)"')


@dataclass(frozen=True, slots=True)
class Cookie:
    """Where a page goes on. ``version`` is that of the environment when the first page was read."""

    page: int
    version: int
    last_values: tuple[Any, ...]
    last_id: str

    def token(self) -> str:
        """The text for ``$skiptoken``."""
        inner = json.dumps([self.version, self.last_id, *map(_tagged, self.last_values)])
        encoded = base64.urlsafe_b64encode(inner.encode()).decode()
        return f'<cookie pagenumber="{self.page}" pagingcookie="{encoded}" istracking="False" />'


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one answer, and where the next one goes on if there are more."""

    rows: list[Row]
    next: Cookie | None


def read_token(token: str) -> Cookie | None:
    """The cookie in a ``$skiptoken``; None for none. Refused if it was not made here."""
    if not token:
        return None
    match = _TOKEN.search(token)
    try:
        if match is None:
            raise ValueError
        version, last_id, *values = json.loads(base64.urlsafe_b64decode(match.group(2)))
        return Cookie(int(match.group(1)), int(version), tuple(map(_untagged, values)), str(last_id))
    except (ValueError, TypeError, KeyError, binascii.Error):
        raise DataverseError(400, "0x8004112a", "The paging cookie is not valid.") from None


def cut(
    rows: Sequence[Row], table: Table, keys: Sequence[OrderKey], *, size: int, cookie: Cookie | None, version: int
) -> Page:
    """One page out of rows that are in order: the first ``size``, or those that come after the cookie's row."""
    if cookie is not None:
        rows = [row for row in rows if _comes_after(row, table, keys, cookie)]
    taken = list(rows[:size])
    if len(rows) <= size:
        return Page(taken, None)
    last = taken[-1]
    number, first_version = (cookie.page, cookie.version) if cookie is not None else (1, version)
    return Page(taken, Cookie(number + 1, first_version, tuple(key(last) for key, _ in keys), last[table.id]))


def _comes_after(row: Row, table: Table, keys: Sequence[OrderKey], cookie: Cookie) -> bool:
    for (key, descending), last in zip(keys, cookie.last_values, strict=True):
        value = key(row)
        if value != last:
            greater = last is None or (value is not None and bool(value > last))
            return greater != descending
    return bool(row[table.id] > cookie.last_id)


def _tagged(value: Any) -> Any:
    match value:
        case datetime():
            return {"moment": value.isoformat()}
        case date():
            return {"day": value.isoformat()}
        case Decimal():
            return {"number": str(value)}
    return value


def _untagged(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    (tag, text), *_ = value.items()
    readers: dict[str, Callable[[str], Any]] = {
        "moment": datetime.fromisoformat,
        "day": date.fromisoformat,
        "number": Decimal,
    }
    return readers[tag](text)

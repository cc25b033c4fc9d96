"""OData on the wire, the same for both systems: literals, query options, JSON in and out.

Numbers with a fraction become :class:`~decimal.Decimal` on the way in and are accepted on the way out, so that no
amount ever passes through binary floating point.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import simplejson

Row = dict[str, Any]
"""One JSON object as it stands on the wire."""

_ESCAPED = re.compile(r"_x([0-9a-fA-F]{4})_")
_SAFE_IN_OPTION = "$,()':/@*=!"


def quote_text(value: str) -> str:
    """Write ``value`` as an OData text literal: in single quotes, inner ones doubled."""
    return "'" + value.replace("'", "''") + "'"


def any_of(field: str, values: Iterable[str]) -> str:
    """A filter that holds when ``field`` equals one of ``values``, which must be written as literals already.

    Only conditions on one field may be joined by ``or`` in Business Central; this is that form. No values: ValueError,
    because an empty filter would list everything.
    """
    conditions = [f"{field} eq {value}" for value in values]
    if not conditions:
        raise ValueError(f"any_of({field!r}) needs at least one value")
    return conditions[0] if len(conditions) == 1 else f"({' or '.join(conditions)})"


def query_options(
    *,
    select: Iterable[str] = (),
    filter: str = "",  # noqa: A002
    expand: str = "",
    orderby: str = "",
    top: int | None = None,
) -> str:
    """The query string of a read, percent-encoded, without the question mark. Empty options are left out."""
    options = {
        "$select": ",".join(select),
        "$filter": filter,
        "$expand": expand,
        "$orderby": orderby,
        "$top": "" if top is None else str(top),
    }
    return "&".join(f"{name}={quote(value, safe=_SAFE_IN_OPTION)}" for name, value in options.items() if value)


def in_option(value: str) -> str:
    """Percent-encode the value of one query option."""
    return quote(value, safe=_SAFE_IN_OPTION)


def to_json(body: Any) -> str:
    """Write a body; Decimal keeps every digit."""
    text: str = simplejson.dumps(body, use_decimal=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text


def from_json(text: str | bytes) -> Any:
    """Read a body; fractions become Decimal. Raises ValueError when it is not JSON, or not all of it."""
    return simplejson.loads(text, use_decimal=True)


def read_body(headers: Mapping[str, str], content: bytes) -> Any:
    """Decode a body that may be anything; None when there is none. Raises ValueError, as all decoders here do."""
    return from_json(content) if content.strip() else None


def read_row(headers: Mapping[str, str], content: bytes) -> Row:
    """Decode a body that must be one object."""
    body = from_json(content)
    if not isinstance(body, dict):
        raise ValueError("expected a JSON object")
    return body


def read_page(headers: Mapping[str, str], content: bytes) -> tuple[list[Row], str]:
    """Decode one page: its rows, and the link to the next, empty at the end."""
    body = read_row(headers, content)
    rows = body.get("value")
    if not isinstance(rows, list):
        raise ValueError('expected a list named "value"')
    return rows, str(body.get("@odata.nextLink") or "")


def option_text(value: str) -> str:
    """A member of an enumeration as people read it: Business Central writes ``Pending Approval`` as
    ``Pending_x0020_Approval`` and a blank as ``_x0020_``, which becomes empty text. The plain form stays as it is."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value).strip()


def header(headers: Mapping[str, str], name: str) -> str:
    """A header by name, whatever its case; empty when absent."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")

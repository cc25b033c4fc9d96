"""The query options and headers of a request, read into one value, or refused by name.

Unknown names without ``$`` are ignored, as Business Central does; unknown ones with it are refused. Names that begin
with ``@`` are aliases: values that ``$filter`` and keys may refer to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Protocol
from urllib.parse import parse_qsl

from odata_query import ast

from gateway.availability import filters, tokens
from gateway.availability.grammar import Walk
from gateway.availability.model import KEYS, PAGE_SIZE, PROPERTIES
from gateway.availability.wording import FilterSyntax
from gateway.errors import BadRequest, NotAcceptable, SyntaxRefused

_OPTIONS = frozenset({"$filter", "$select", "$orderby", "$top", "$skip", "$count", "$format", "$skiptoken"})
_IGNORED = frozenset({"$schemaversion"})
REFUSED = {
    "$expand": "there is nothing to expand",
    "$search": "it is not supported",
    "$apply": "it is not supported",
    "$compute": "it is not supported",
    "$index": "it is not supported",
    "$id": "rows are asked for by their key",
    "$deltatoken": "changes are not tracked; ask again",
    "$callback": "answers are never wrapped in a script",
}
_LARGEST = 2**31 - 1
BY_KEY = tuple((name, False) for name in KEYS)
"""The order of rows when none is asked for."""
_MAY_ALIAS = re.compile(r"@|%40")
_SELECTED = re.compile(r"@?[^\W\d]\w*(?:\.[^\W\d]\w*)*(?:\.\*)?(?:#\w+)?(?:/@?[^\W\d]\w*(?:\.[^\W\d]\w*)*)*")
_DIRECTION = re.compile(r"[ \t]+(asc|desc)(?![\w.(/])", re.IGNORECASE)
_V3_GUID = re.compile(r"guid'([0-9a-fA-F-]{36})'|'(?:[^']|'')*'")
_MAX_PAGE = re.compile(r"(?:odata\.)?maxpagesize\s*=\s*\"?(\d{1,9})\"?", re.IGNORECASE)


class SupportsGet(Protocol):
    """Headers, by name without regard to case."""

    def get(self, key: str, default: str, /) -> str: ...


class Level(Enum):
    """How much metadata an answer carries."""

    NONE = "none"
    MINIMAL = "minimal"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Shape:
    """How the answer is written: metadata level, and decimals as text for readers that only know binary fractions."""

    level: Level = Level.MINIMAL
    ieee754: bool = False

    @property
    def content_type(self) -> str:
        return f"application/json; odata.metadata={self.level.value}" + (
            "; IEEE754Compatible=true" if self.ieee754 else ""
        )


@dataclass(frozen=True, slots=True)
class Options:
    """One request's wishes. ``order`` is (property, descending) and ends with both keys, so that it is total;
    ``preferred_page`` is the caller's ``maxpagesize``; ``pairs`` are all names and values as they came."""

    pairs: tuple[tuple[str, str], ...]
    filter_text: str = ""
    """With the values of aliases: what is equal here means the same."""
    condition: ast._Node | None = None
    select: tuple[str, ...] = ()
    order: tuple[tuple[str, bool], ...] = BY_KEY
    top: int | None = None
    skip: int = 0
    count: bool = False
    token: str = ""
    company: str = ""
    preferred_page: int | None = None
    shape: Shape = Shape()

    @property
    def page_size(self) -> int:
        return min(self.preferred_page or PAGE_SIZE, PAGE_SIZE)


def aliases(query: str) -> dict[str, str]:
    """The aliases of a raw query string, by name with the ``@``."""
    return {name: value for name, value in _pairs(query) if name.startswith("@")} if _MAY_ALIAS.search(query) else {}


def parse(query: str, headers: SupportsGet, *, v3: bool = False) -> Options:
    """Read a raw query string and the headers that matter; with ``v3`` a GUID may be written guid'…'. Raises an
    ODataError of status 400 or 406."""
    pairs = _pairs(query)
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in REFUSED:
            raise BadRequest(f"{name} is not served: {REFUSED[name]}.")
        if name.startswith("$") and name not in _OPTIONS | _IGNORED:
            if name.lower() in _OPTIONS:
                raise BadRequest(f"{name} is not served: names of options are in lower case, {name.lower()}.")
            raise SyntaxRefused(f'There is no query option "{name[:60]}". Served are: {", ".join(sorted(_OPTIONS))}.')
        if name in values and (name[:1] in ("$", "@") or name == "company"):
            raise BadRequest(f"{name[:60]} is given twice.")
        values[name] = value
    _check_version(headers.get("OData-MaxVersion", ""))
    given = {name: value for name, value in values.items() if name.startswith("@")}
    text = values.get("$filter")
    if v3 and text is not None:
        text = _V3_GUID.sub(lambda found: found[1] or found[0], text)
    page = _MAX_PAGE.search(headers.get("Prefer", ""))
    return Options(
        pairs=pairs,
        filter_text=(text or "") + "".join(f"&{name}={value}" for name, value in sorted(given.items())),
        condition=filters.parse(text, given) if text is not None else None,
        select=_select(values.get("$select")),
        order=_order(values.get("$orderby")),
        top=_whole("$top", values["$top"]) if "$top" in values else None,
        skip=_whole("$skip", values.get("$skip", "0")),
        count=_boolean("$count", values.get("$count", "false")),
        token=values.get("$skiptoken", ""),
        company=_unquoted(values.get("company", "")),
        preferred_page=int(page[1]) or None if page else None,
        shape=_shape(values.get("$format", ""), headers.get("Accept", "")),
    )


def _pairs(query: str) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=100))
    except (UnicodeDecodeError, ValueError):
        raise SyntaxRefused("The query string cannot be read: too many parts, or not UTF-8.") from None


def _check_version(newest: str) -> None:
    if newest and (re.fullmatch(r"\d+(\.\d+)?", newest) is None or float(newest) < 4):
        raise BadRequest("OData-MaxVersion: answers are OData 4.0; ask for 4.0 or higher.")


def _unquoted(company: str) -> str:
    if len(company) >= 2 and company[0] == company[-1] == "'":
        return company[1:-1].replace("''", "'")
    return company


def _whole(name: str, text: str) -> int:
    if re.fullmatch(r"\+?[0-9]{1,10}", text) is None or int(text) > _LARGEST:
        raise BadRequest(f'{name}="{text[:30]}": expected a whole number from 0 to {_LARGEST}.')
    return int(text)


def _boolean(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise BadRequest(f'{name}="{text[:30]}": expected true or false.')
    return text == "true"


def _select(text: str | None) -> tuple[str, ...]:
    """The chosen properties in the order of the type; none chosen means all."""
    if text is None:
        return ()
    wanted: set[str] = set()
    at = 0
    while True:
        at += len(text[at:]) - len(text[at:].lstrip(" \t"))
        found = _SELECTED.match(text, at)
        if text.startswith("*", at):
            wanted |= set(PROPERTIES)
            at += 1
        elif found is None:
            raise FilterSyntax(at + 1, "the name of a property is expected here", "$select")
        else:
            at = _skip_options(text, found.end())
            if found[0] not in PROPERTIES or at > found.end():
                raise BadRequest(
                    f"$select, position {found.start() + 1}: '{text[found.start() : at][:60]}' is not served. "
                    f"There are: {', '.join(PROPERTIES)}."
                )
            wanted.add(found[0])
        at += len(text[at:]) - len(text[at:].lstrip(" \t"))
        if at == len(text):
            return () if len(wanted) == len(PROPERTIES) else tuple(name for name in PROPERTIES if name in wanted)
        if text[at] != ",":
            raise FilterSyntax(at + 1, "this does not belong here", "$select")
        at += 1


def _skip_options(text: str, at: int) -> int:
    """Where the parentheses that begin here end."""
    start, depth = at, 0
    while at < len(text) and (depth or (text[at] == "(" and at == start)):
        if (quoted := tokens.TEXT.match(text, at)) is not None:
            at = quoted.end()
            continue
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    if depth:
        raise FilterSyntax(at + 1, "a parenthesis is not closed", "$select")
    return at


def _order(text: str | None) -> tuple[tuple[str, bool], ...]:
    """The wanted order, made total by the keys."""
    order: dict[str, bool] = {}
    if text is not None:
        walk = Walk(text, "$orderby", {})
        while True:
            walk.space()
            start = walk.at
            walk.expression()
            name = text[start : walk.at].strip(" \t")
            direction = _DIRECTION.match(text, walk.at)
            walk.at = direction.end() if direction is not None else walk.at
            if walk.complaint is not None:
                raise walk.complaint
            if name not in PROPERTIES:
                raise BadRequest(
                    f"$orderby, position {start + 1}: order is by {', '.join(PROPERTIES)}, not by a value."
                )
            order.setdefault(name, direction is not None and direction[1].lower() == "desc")
            walk.space()
            if walk.at == len(text):
                break
            if text[walk.at] != ",":
                raise walk.syntax("after a property comes asc, desc, a comma or nothing")
            walk.at += 1
    for key in KEYS:
        order.setdefault(key, False)
    return tuple(order.items())


def _shape(wanted: str, accept: str) -> Shape:
    """``$format`` wins over Accept. An unknown metadata level means minimal."""
    if wanted and wanted != "json":
        media, *_ = wanted.partition(";")
        if media.strip() != "application/json":
            raise BadRequest(f'$format="{wanted[:60]}": answers are JSON; write $format=json.')
        return _parameters(wanted)
    if wanted or not accept.strip():
        return Shape() if wanted and "json" not in accept else _parameters(accept)
    for choice in accept.split(","):
        media = choice.partition(";")[0].strip().lower()
        if media == "application/json":
            return _parameters(choice)
    if any(choice.partition(";")[0].strip() in ("*/*", "application/*") for choice in accept.split(",")):
        return Shape()
    raise NotAcceptable("Answers are application/json; nothing else is offered.")


def _parameters(media: str) -> Shape:
    found = {
        name.strip().lower(): value.strip().lower()
        for name, _, value in (part.partition("=") for part in media.split(",")[0].split(";")[1:])
    }
    level = found.get("odata.metadata", found.get("metadata", ""))
    return Shape(
        level=Level(level) if level in {one.value for one in Level} else Level.MINIMAL,
        ieee754=found.get("ieee754compatible") == "true",
    )

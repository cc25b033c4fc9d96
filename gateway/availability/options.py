"""The query options and headers of a request, read into one value, or refused by name.

Unknown names without ``$`` are ignored, as Business Central does; unknown ones with it are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Protocol
from urllib.parse import parse_qsl

from odata_query import ast

from gateway.availability import filters
from gateway.availability.model import KEYS, PAGE_SIZE, PROPERTIES
from gateway.errors import BadRequest, NotAcceptable, SyntaxRefused

_OPTIONS = frozenset({"$filter", "$select", "$orderby", "$top", "$skip", "$count", "$format", "$skiptoken"})
_IGNORED = frozenset({"$schemaversion"})
_REFUSED = {
    "$expand": "there is nothing to expand",
    "$search": "it is not supported",
    "$apply": "it is not supported",
    "$compute": "it is not supported",
    "$callback": "answers are never wrapped in a script",
}
_LARGEST = 2**31 - 1
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
    condition: ast._Node | None = None
    select: tuple[str, ...] = ()
    order: tuple[tuple[str, bool], ...] = tuple((name, False) for name in KEYS)
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


def parse(query: str, headers: SupportsGet) -> Options:
    """Read a raw query string and the headers that matter. Raises an ODataError of status 400 or 406."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=100)
    except (UnicodeDecodeError, ValueError):
        raise SyntaxRefused("The query string cannot be read: too many parts, or not UTF-8.") from None
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in _REFUSED:
            raise BadRequest(f"{name} is not served: {_REFUSED[name]}.")
        if name.startswith("$") and name not in _OPTIONS | _IGNORED:
            raise SyntaxRefused(f'There is no query option "{name[:60]}". Served are: {", ".join(sorted(_OPTIONS))}.')
        if name in values and (name.startswith("$") or name == "company"):
            raise BadRequest(f"{name} is given twice.")
        values[name] = value
    _check_version(headers.get("OData-MaxVersion", ""))
    text = values.get("$filter")
    page = _MAX_PAGE.search(headers.get("Prefer", ""))
    return Options(
        pairs=tuple(pairs),
        filter_text=text or "",
        condition=filters.parse(text) if text is not None else None,
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


def _property(option: str, name: str) -> str:
    if name not in PROPERTIES:
        raise BadRequest(f"{option}: there is no property '{name[:60]}'. There are: {', '.join(PROPERTIES)}.")
    return name


def _select(text: str | None) -> tuple[str, ...]:
    if text is None or text.strip() == "*":
        return ()
    wanted = {_property("$select", part.strip()) for part in text.split(",")}
    return tuple(name for name in PROPERTIES if name in wanted)


def _order(text: str | None) -> tuple[tuple[str, bool], ...]:
    order: dict[str, bool] = {}
    for part in text.split(",") if text is not None else ():
        name, *direction = part.split() or [""]
        if direction not in ([], ["asc"], ["desc"]):
            raise BadRequest(f"$orderby: after {_property('$orderby', name)} comes asc, desc or nothing.")
        order.setdefault(_property("$orderby", name), direction == ["desc"])
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

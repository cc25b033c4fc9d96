"""The other query options: ``$select``, ``$orderby``, ``$top``, ``$skip``, ``$count`` and nested ``$expand``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.odata.tree import Fault, QueryRefused


@dataclass(frozen=True, slots=True)
class Options:
    """Query options taken apart; ``filter`` stays text until the entity it speaks of is known."""

    filter: str = ""
    select: tuple[str, ...] = ()
    orderby: tuple[tuple[str, bool], ...] = ()
    """Property paths, each with "descending"."""
    top: int | None = None
    skip: int = 0
    count: bool = False
    expand: tuple[Expand, ...] = ()


@dataclass(frozen=True, slots=True)
class Expand:
    """One navigation to be put into the answer, with options of its own."""

    name: str
    options: Options = field(default_factory=Options)


def parse_options(given: Mapping[str, str]) -> Options:
    """Take ``$filter``, ``$select``, ``$orderby``, ``$top``, ``$skip``, ``$count`` and ``$expand`` apart.

    Other options are left to the caller. Raises QueryRefused for one that cannot be read.
    """
    return Options(
        filter=given.get("$filter", "").strip(),
        select=tuple(part for part in split(given.get("$select", ""), ",") if part != "*"),
        orderby=tuple(_direction(part) for part in split(given.get("$orderby", ""), ",")),
        top=_whole(given, "$top"),
        skip=_whole(given, "$skip") or 0,
        count=_yes(given.get("$count", "false")),
        expand=tuple(_expand(part) for part in split(given.get("$expand", ""), ",")),
    )


def split(text: str, mark: str) -> list[str]:
    """Cut ``text`` at every ``mark`` outside parentheses and quotes; blanks around parts and empty parts go."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == mark and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    if depth or quoted:
        raise QueryRefused(Fault.SYNTAX, f"Syntax error at position {len(text)} in '{text}'.", text, len(text))
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def _direction(part: str) -> tuple[str, bool]:
    path, _, order = part.partition(" ")
    if order.strip() not in {"", "asc", "desc"}:
        raise QueryRefused(Fault.SYNTAX, f"Syntax error in $orderby: '{part}'.", part)
    return path, order.strip() == "desc"


def _whole(given: Mapping[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise QueryRefused(Fault.SYNTAX, f"Invalid value '{text}' for {name} query option found.", name)
    return int(text)


def _yes(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise QueryRefused(Fault.SYNTAX, f"Invalid value '{text}' for $count query option found.", "$count")
    return text.lower() == "true"


def _expand(part: str) -> Expand:
    name, bracket, rest = part.partition("(")
    if not bracket:
        return Expand(name)
    inner = dict(_option(option) for option in split(rest.rstrip().removesuffix(")"), ";"))
    return Expand(name.strip(), parse_options(inner))


def _option(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value

"""Paths of the Web API taken apart: segments, keys, and the rows that bind values name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote
from uuid import UUID

from sandbox.sales.errors import DataverseError, no_resource
from sandbox.sales.model import Kind, Ref, Table
from sandbox.sales.schema import BY_ENTITY_SET

ROOT = "/api/data/v9.2"
NAMESPACE = "Microsoft.Dynamics.CRM."
_ROOTED = re.compile(r"^(?:https?://[^/]+)?(?:/api/data/v9\.\d+)?/?")
_SEGMENT = re.compile(r"^([^(]+)(?:\((.*)\))?$", re.DOTALL)
_PAIR = re.compile(r"\s*(\w+)\s*=\s*('(?:[^']|'')*'|[^,]*)\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class Segment:
    """One step of a path: ``salesorders(…)`` has a name and a key text, ``WhoAmI`` only a name."""

    name: str
    key: str | None = None


@dataclass(slots=True)
class References:
    """What earlier requests of a change set created, by Content-ID; empty outside of one."""

    created: dict[str, Ref] = field(default_factory=dict)


def segments(path: str) -> list[Segment]:
    """Take a path below the service root apart. Slashes inside keys do not count."""
    found: list[Segment] = []
    depth = start = 0
    quoted = False
    text = path.strip("/")
    if not text:
        return found
    for at, letter in enumerate(text + "/"):
        if letter == "'":
            quoted = not quoted
        elif not quoted and letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == "/" and not quoted and depth == 0:
            match = _SEGMENT.match(text[start:at])
            if match is None:
                raise no_resource(text[start:at])
            found.append(Segment(match.group(1), match.group(2)))
            start = at + 1
    if start <= len(text) and (depth or quoted):
        raise no_resource(text[start:])
    return found


def below_root(uri: str) -> str:
    """The part of an absolute, rooted or relative address below the service root, decoded."""
    return unquote(_ROOTED.sub("", uri, count=1))


def entity_table(name: str) -> Table:
    """The table of an entity set; names are case-sensitive."""
    table = BY_ENTITY_SET.get(name)
    if table is None:
        raise no_resource(name)
    return table


def key_values(table: Table, key: str) -> Mapping[str, str]:
    """Read a key: a bare id, or ``column=value`` pairs. Values are texts without their quotes."""
    text = key.strip()
    if "=" not in text:
        return {table.id: _guid(table, text.strip("'"))}
    pairs: dict[str, str] = {}
    for name, value in _PAIR.findall(text):
        pairs[name] = value[1:-1].replace("''", "'") if value.startswith("'") else value.strip()
    if set(pairs) == {table.id}:
        return {table.id: _guid(table, pairs[table.id])}
    return pairs


def _guid(table: Table, text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise wrong_key(table) from None


def wrong_key(table: Table) -> DataverseError:
    """Columns that are no key of the table."""
    return DataverseError(
        400,
        "0x80060890",
        f"The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.{table.name}'. Ensure that the"
        " names and number of key properties match the declared or alternate key properties for the resource"
        f" 'Microsoft.Dynamics.CRM.{table.name}'.",
    )


def is_lookup_property(table: Table, name: str) -> bool:
    """Whether ``name`` is the column or the read-only value property of a lookup."""
    column = table.columns.get(name) or table.by_property.get(name)
    return column is not None and column.kind is Kind.LOOKUP

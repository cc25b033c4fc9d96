"""Bodies of writes: from JSON to columns, with every name, type, length and access right checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, bad_payload, invalid_property, undeclared_navigation
from sandbox.sales.keys import resolve_bind
from sandbox.sales.model import Collection, Column, Row, Table
from sandbox.sales.paths import References, is_lookup_property
from sandbox.sales.values import accept

_BIND = "@odata.bind"


@dataclass(slots=True)
class Payload:
    """What a body sets, and the rows to be created with it by collection."""

    values: Row = field(default_factory=dict)
    children: list[tuple[Collection, Mapping[str, Any]]] = field(default_factory=list)


def read_payload(env: Environment, table: Table, body: Any, *, creating: bool, references: References) -> Payload:
    """Check a body against its table. Refuses unknown, read-only and ill-typed properties by name."""
    if not isinstance(body, Mapping):
        raise bad_payload(table.entity_set, "A JSON object was expected.")
    payload = Payload()
    for name, value in body.items():
        if name.endswith(_BIND):
            column, stored = _bound(env, table, name.removesuffix(_BIND), value, references)
        elif "@" in name:
            continue  # annotations beside values are allowed and mean nothing
        elif name in table.collections:
            payload.children += [(table.collections[name], child) for child in _objects(table, name, value)]
            continue
        elif value is None and _navigation(table, name) is not None:
            column, stored = _navigation_or_refuse(table, name), None
        elif is_lookup_property(table, name):
            raise undeclared_navigation(table.entity_set, name)
        else:
            known = table.columns.get(name)
            if known is None or known.base_of:
                raise invalid_property(table.name, name)
            column, stored = known, accept(env.choices, table, known, value)
        if not _may_write(env, table, column, creating=creating):
            continue
        payload.values[column.name] = stored
    return payload


def _bound(env: Environment, table: Table, name: str, value: Any, references: References) -> tuple[Column, Any]:
    column = _navigation_or_refuse(table, name)
    if value is None:
        return column, None
    # The written name decides which tables it may lead to; several names may share a column.
    targets = table.by_navigation[_exact(table, name)][1]
    return column, resolve_bind(env, table, value, targets, references)


def _exact(table: Table, name: str) -> str:
    """Custom lookups are bound by schema name; the logical name is taken too, as the true casing is not known."""
    if name in table.by_navigation:
        return name
    return next((known for known in table.by_navigation if known.lower() == name and known.startswith("bcbi_")), name)


def _navigation(table: Table, name: str) -> Column | None:
    found = table.by_navigation.get(_exact(table, name))
    return found[0] if found is not None else None


def _navigation_or_refuse(table: Table, name: str) -> Column:
    column = _navigation(table, name)
    if column is None:
        raise undeclared_navigation(table.entity_set, name)
    return column


def _objects(table: Table, name: str, value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(child, Mapping) for child in value):
        raise bad_payload(table.entity_set, f"An array of objects was expected for '{name}'.")
    return value


def _may_write(env: Environment, table: Table, column: Column, *, creating: bool) -> bool:
    """Whether the value is to be taken; a column that may not be written is refused, or dropped if so switched."""
    if column.create if creating else column.update:
        return True
    if env.ignores_read_only:
        env.ignored.append(f"{table.name}.{column.name}")
        return False
    if (table.name, column.name) == ("systemuser", "azureactivedirectoryobjectid"):
        raise DataverseError(400, "0x80041d4f", "The azureactivedirectoryobjectid of a user cannot be changed.")
    code, verb = ("0x80041a01", "create") if creating else ("0x80041a02", "update")
    raise DataverseError(400, code, f"The property '{column.name}' of entity '{table.name}' is not valid for {verb}.")

"""Alternate keys: defined on a table by a client, unique from then on, and good for reading and writing by address.

A fresh environment has none. The index of a new key is built at once, where the real service takes a while.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, bad_payload, invalid_argument, not_found
from sandbox.sales.model import AlternateKey, Column, Kind, Ref, Row, Table
from sandbox.sales.paths import References, below_root, entity_table, key_values, segments, wrong_key
from sandbox.sales.values import accept

KEYS_PER_TABLE = 10
COLUMNS_PER_KEY = 16
_KINDS = {Kind.DECIMAL, Kind.INTEGER, Kind.TEXT, Kind.MOMENT, Kind.DATE, Kind.LOOKUP, Kind.CHOICE}


def define(env: Environment, table: Table, name: Any, columns: Any) -> AlternateKey:
    """Add a key. Refused for unknown or unfit columns, too many keys, or rows that break it already."""
    if not isinstance(name, str) or not name or not isinstance(columns, list) or not columns:
        raise invalid_argument("A key needs SchemaName and KeyAttributes.")
    key = AlternateKey(name.lower(), tuple(str(column) for column in columns))
    known = env.keys.setdefault(table.name, [])
    if any(key.name == other.name or set(key.columns) == set(other.columns) for other in known):
        raise DataverseError(400, "0x80060893", f"{table.name} has a key {name}, or one of the same columns, already.")
    if len(known) >= KEYS_PER_TABLE or len(key.columns) > COLUMNS_PER_KEY:
        raise invalid_argument(f"At most {KEYS_PER_TABLE} keys of {COLUMNS_PER_KEY} columns each are allowed.")
    for column_name in key.columns:
        column = table.columns.get(column_name)
        if column is None or column.kind not in _KINDS:
            raise invalid_argument(f"The column '{column_name}' of '{table.name}' cannot be part of a key.")
    env.store.add_index(table.name, key.columns[0])
    seen: set[tuple[Any, ...]] = set()
    for row in env.store.rows(table.name):
        values = _values(key, row)
        if None not in values and values in seen:
            raise _violated(table, key)
        seen.add(values)
    known.append(key)
    return key


def find(env: Environment, table: Table, key: str) -> tuple[str | None, Mapping[str, Any]]:
    """The id of the row a key in an address names, None if there is none, and the values the key gives a new row."""
    texts = key_values(table, key)
    if set(texts) == {table.id}:
        row_id = texts[table.id]
        return (row_id if env.store.get(table.name, row_id) is not None else None), {table.id: row_id}
    by_column = {_column_of(table, name).name: text for name, text in texts.items()}
    known = next((k for k in env.keys.get(table.name, ()) if set(k.columns) == set(by_column)), None)
    if known is None:
        raise wrong_key(table)
    values = {name: _stored(env, table, table.columns[name], text) for name, text in by_column.items()}
    row = _matching(env, table, known, values)
    return (row[table.id] if row is not None else None), values


def row_id(env: Environment, table: Table, key: str) -> str:
    """The id in a key; 404 if it is an alternate key that no row has."""
    found, values = find(env, table, key)
    if found is not None:
        return found
    if table.id in values:
        return str(values[table.id])
    raise DataverseError(
        404, "0x80060891", f"A record with the specified key values does not exist in {table.name} entity"
    )


def check_unique(env: Environment, table: Table, row: Row) -> None:
    """Refuse a row whose key values another row has. A key with a null in it is not enforced."""
    for key in env.keys.get(table.name, ()):
        if None in _values(key, row):
            continue
        other = _matching(env, table, key, row)
        if other is not None and other[table.id] != row[table.id]:
            raise _violated(table, key)


def resolve_bind(env: Environment, table: Table, value: Any, targets: tuple[str, ...], references: References) -> Ref:
    """The row a bind value names; refused if it is of another table or not there."""
    if not isinstance(value, str):
        raise bad_payload(table.entity_set, f"The value '{value}' of a bind is not a URI.")
    if value.startswith("$"):
        created = references.created.get(value[1:])
        if created is None:
            raise DataverseError(
                400, "0x80048d19", f"Content-ID Reference: '{value}' does not exist in the batch context."
            )
        return created
    parts = segments(below_root(value))
    if len(parts) != 1 or parts[0].key is None:
        raise bad_payload(table.entity_set, f"The URI '{value}' does not name one row.")
    target = entity_table(parts[0].name)
    if target.name not in targets:
        raise bad_payload(
            table.entity_set,
            f"A '{target.name}' was bound where one of {', '.join(targets)} is expected: '{value}'.",
        )
    found = row_id(env, target, parts[0].key)
    if env.store.get(target.name, found) is None:
        raise not_found(target.name, found)
    return Ref(target.name, found)


def _column_of(table: Table, name: str) -> Column:
    column = table.by_property.get(name) or table.columns.get(name)
    if column is None:
        raise wrong_key(table)
    return column


def _stored(env: Environment, table: Table, column: Column, text: str) -> Any:
    if column.kind is Kind.LOOKUP:
        target = next(iter(column.navigations))
        return Ref(target, text.lower())
    if column.kind in (Kind.TEXT, Kind.DATE, Kind.MOMENT):
        return accept(env.choices, table, column, text)
    try:
        return accept(env.choices, table, column, int(text))
    except ValueError:
        raise wrong_key(table) from None


def _matching(env: Environment, table: Table, key: AlternateKey, values: Mapping[str, Any]) -> Row | None:
    wanted = _values(key, values)
    candidates = env.store.where(table.name, key.columns[0], values[key.columns[0]])
    return next((row for row in candidates if _values(key, row) == wanted), None)


def _values(key: AlternateKey, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(_comparable(row.get(column)) for column in key.columns)


def _comparable(value: Any) -> Any:
    if isinstance(value, Ref):
        return value.id
    return value.casefold() if isinstance(value, str) else value


def _violated(table: Table, key: AlternateKey) -> DataverseError:
    return DataverseError(
        412,
        "0x80060892",
        f"Entity Key {key.name} violated. A record with the same value for {', '.join(key.columns)} already exists. A"
        " duplicate record cannot be created. Select one or more unique values and try again.",
    )

"""Many rows of one table in one request: ``CreateMultiple``, ``UpdateMultiple``, ``UpsertMultiple``.

All or nothing: the first row that is refused undoes the ones before it, and the answer is its refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.sales import keys, writes
from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, bad_payload, invalid_argument
from sandbox.sales.http import Answer, Call, json_answer
from sandbox.sales.model import Table
from sandbox.sales.paths import NAMESPACE, below_root, segments

_ID = "@odata.id"
_TYPE = "@odata.type"
_Item = Mapping[str, Any]


def _targets(call: Call, table: Table) -> list[_Item]:
    body = call.json()
    items = body.get("Targets") if isinstance(body, Mapping) else None
    if not isinstance(items, list) or not items:
        raise invalid_argument("Required field 'Targets' is missing")
    for item in items:
        if not isinstance(item, Mapping):
            raise bad_payload(table.entity_set, "An array of objects was expected for 'Targets'.")
        named = item.get(_TYPE)
        if named is None:
            raise bad_payload(
                table.entity_set,
                "A type named 'Microsoft.Dynamics.CRM.crmbaseentity' cannot be instantiated: each item needs"
                " '@odata.type'.",
            )
        if str(named).removeprefix("#") != f"{NAMESPACE}{table.name}":
            raise invalid_argument(
                f"All entities must be of the table the message is sent to, {table.name}; found '{named}'."
            )
    return items


def _create(env: Environment, table: Table, call: Call) -> Answer:
    with env.transaction():
        ids = [
            writes.create(env, table, item, call.caller, references=call.references) for item in _targets(call, table)
        ]
    return _answer(call, "CreateMultiple", ids)


def _update(env: Environment, table: Table, call: Call) -> Answer:
    items = _targets(call, table)
    missing = [i for i in (_given_id(env, table, item)[0] for item in items) if i is None]
    if missing:
        unknown = [str(item.get(table.id) or item.get(_ID)) for item in items if _given_id(env, table, item)[0] is None]
        raise DataverseError(404, "0x80040217", f"{table.name} With Ids = {', '.join(unknown)} Do Not Exist")
    with env.transaction():
        for item in items:
            row_id = _given_id(env, table, item)[0]
            writes.update(env, table, str(row_id), _without_id(table, item), call.caller, references=call.references)
    return Answer(204, headers={"OData-Version": "4.0"})


def _upsert(env: Environment, table: Table, call: Call) -> Answer:
    with env.transaction():
        for item in _targets(call, table):
            row_id, values = _given_id(env, table, item)
            if row_id is not None:
                key_columns = values.keys() - {table.id}
                rest = {name: value for name, value in _without_id(table, item).items() if name not in key_columns}
                writes.update(env, table, row_id, rest, call.caller, references=call.references)
            else:
                writes.create(env, table, item, call.caller, preset=values, references=call.references)
    return Answer(204, headers={"OData-Version": "4.0"})


def _delete(_env: Environment, _table: Table, _call: Call) -> Answer:
    raise DataverseError(501, "0x80060888", "DeleteMultiple has not yet been implemented.")


def _given_id(env: Environment, table: Table, item: _Item) -> tuple[str | None, Mapping[str, Any]]:
    """The row an item means, None for one to be created, and what its key says of the new row."""
    address = item.get(_ID)
    if isinstance(address, str):
        parts = segments(below_root(address))
        if len(parts) != 1 or parts[0].name != table.entity_set or parts[0].key is None:
            raise bad_payload(table.entity_set, f"The URI '{address}' does not name one row of {table.entity_set}.")
        return keys.find(env, table, parts[0].key)
    if item.get(table.id) is not None:
        return keys.find(env, table, str(item[table.id]))
    for key in env.keys.get(table.name, ()):
        if all(item.get(column) is not None for column in key.columns):
            pairs = ",".join(f"{column}='{str(item[column]).replace(chr(39), chr(39) * 2)}'" for column in key.columns)
            return keys.find(env, table, pairs)
    return None, {}


def _without_id(table: Table, item: _Item) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in (table.id, _ID)}


def _answer(call: Call, message: str, ids: list[str]) -> Answer:
    context = f"{call.base}/$metadata#{NAMESPACE}{message}Response"
    return json_answer(200, {"@odata.context": context, "Ids": ids})


MESSAGES: Mapping[str, Callable[[Environment, Table, Call], Answer]] = {
    "CreateMultiple": _create,
    "UpdateMultiple": _update,
    "UpsertMultiple": _upsert,
    "DeleteMultiple": _delete,
}

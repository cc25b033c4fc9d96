"""``RetrieveMetadataChanges``: tables and columns by query, each cut down to the properties that are asked for.

Conditions by Equals, NotEquals, In and NotIn are followed, joined by And or Or. Definitions hardly ever change while
the sandbox runs: with the stamp of an earlier answer nothing is listed. A stamp that is none has expired.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, invalid_argument
from sandbox.sales.http import Answer, Call, json_answer
from sandbox.sales.metadata import RELATED, definition
from sandbox.sales.model import Row
from sandbox.sales.schema import TABLES

STAMP = "1000!sandbox"
_PARTS = {**dict.fromkeys(RELATED, "RelationshipQuery"), "Keys": "KeyQuery", "Attributes": "AttributeQuery"}
"""The lists of a table's definition, and which part of the query cuts down their rows."""
_OPERATORS: Mapping[str, Callable[[str, list[str]], bool]] = {
    "Equals": lambda found, wanted: found == wanted[0],
    "NotEquals": lambda found, wanted: found != wanted[0],
    "In": lambda found, wanted: found in wanted,
    "NotIn": lambda found, wanted: found not in wanted,
}


def read(env: Environment, call: Call, query_text: str, stamp_text: str) -> Answer:
    """Answer the function; both parameters are as they stand in the address."""
    stamp = "" if stamp_text == "null" else stamp_text.strip("'")
    if stamp and stamp != STAMP:
        raise DataverseError(
            400, "0x80044352", "Version stamp associated with the client has expired. Please perform a full sync."
        )
    try:
        query = json.loads(query_text)
    except ValueError as error:
        raise invalid_argument(f"Query is no JSON: {error}") from None
    if query is not None and not isinstance(query, Mapping):
        raise invalid_argument("Query must be an EntityQueryExpression.")
    tables = [] if stamp else [definition(env, table) for table in TABLES.values()]
    body = {
        "@odata.context": f"{call.base}/$metadata#Microsoft.Dynamics.CRM.RetrieveMetadataChangesResponse",
        "ServerVersionStamp": STAMP,
        "DeletedMetadata": {"Count": 0, "IsReadOnly": False, "Keys": [], "Values": []},
        "EntityMetadata": [_shown(row, query or {}) for row in _chosen(tables, query or {})],
    }
    return json_answer(200, body)


def _shown(row: Row, query: Mapping[str, Any]) -> Row:
    shown = _cut(row, query)
    for name, part in _PARTS.items():
        if name in shown:
            inner = query.get(part) or {}
            shown[name] = [_cut(child, inner) for child in _chosen(shown[name], inner)]
    return shown


def _cut(row: Row, query: Mapping[str, Any]) -> Row:
    """The properties asked for, with those that come in any case."""
    properties = query.get("Properties") or {}
    if properties.get("AllProperties"):
        return dict(row)
    wanted = {"MetadataId", "LogicalName", "@odata.type", *(properties.get("PropertyNames") or [])}
    return {name: value for name, value in row.items() if name in wanted}


def _chosen(rows: list[Row], query: Mapping[str, Any]) -> list[Row]:
    criteria = query.get("Criteria")
    return [row for row in rows if _passes(row, criteria)] if criteria else rows


def _passes(row: Row, criteria: Any) -> bool:
    if not isinstance(criteria, Mapping):
        raise invalid_argument("Criteria must be a MetadataFilterExpression.")
    results = [_holds(row, condition) for condition in criteria.get("Conditions") or []]
    results += [_passes(row, inner) for inner in criteria.get("Filters") or []]
    return any(results) if criteria.get("FilterOperator") == "Or" and results else all(results)


def _holds(row: Row, condition: Any) -> bool:
    operator = _OPERATORS.get(str(condition.get("ConditionOperator"))) if isinstance(condition, Mapping) else None
    if operator is None:
        raise invalid_argument("The sandbox serves Equals, NotEquals, In and NotIn in metadata queries.")
    given = condition.get("Value")
    value = given.get("Value") if isinstance(given, Mapping) else given
    found = row.get(str(condition.get("PropertyName")))
    if isinstance(found, Mapping):
        found = found.get("Value")
    return operator(str(found), [str(v) for v in value] if isinstance(value, list) else [str(value)])

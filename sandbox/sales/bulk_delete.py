"""``BulkDelete``: rows found by QueryExpressions are deleted by a job of the system.

The real job runs some time later and deletes what it may, row by row; here it has run when the answer is given. A row
that may not be deleted stays, and the job's row in ``asyncoperations`` is not imitated.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from sandbox.sales import writes
from sandbox.sales.close_actions import parameters
from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, invalid_argument
from sandbox.sales.http import Answer, Call, json_answer
from sandbox.sales.model import Ref, Row, Table
from sandbox.sales.schema import TABLES


def bulk_delete(env: Environment, call: Call, _row: Row | None) -> Answer:
    """Answers ``JobId``; 400 for a query the sandbox cannot follow, in which case nothing is deleted."""
    body = parameters(call)
    queries = body.get("QuerySet")
    if not isinstance(queries, list) or not queries:
        raise invalid_argument("Required field 'QuerySet' is missing")
    if not body.get("JobName"):
        raise invalid_argument("Required field 'JobName' is missing")
    found = [(table, row_id) for query in queries for table, row_id in _rows(env, query)]
    for table in {table.name: table for table, _ in found}.values():
        env.privileges.demand(call.caller.users, "Delete", table)
    for table, row_id in found:
        with suppress(DataverseError):  # a row that may not be deleted stays, and the job goes on
            writes.delete(env, table, row_id, call.caller)
    context = f"{call.base}/$metadata#Microsoft.Dynamics.CRM.BulkDeleteResponse"
    return json_answer(200, {"@odata.context": context, "JobId": str(uuid4())})


def _rows(env: Environment, query: Any) -> list[tuple[Table, str]]:
    if not isinstance(query, Mapping) or query.get("EntityName") not in TABLES:
        name = query.get("EntityName") if isinstance(query, Mapping) else query
        raise DataverseError(
            400,
            "0x80041102",
            f"The entity with a name = '{name}' with namemapping = 'Logical' was not found in the MetadataCache.",
        )
    table = TABLES[str(query["EntityName"])]
    criteria = query.get("Criteria") or {}
    if query.get("LinkEntities") or criteria.get("Filters") or criteria.get("FilterOperator", "And") != "And":
        raise invalid_argument("The sandbox serves conditions joined by And in BulkDelete.")
    rows = list(env.store.rows(table.name))
    for condition in criteria.get("Conditions") or []:
        wanted = _values(condition)
        column = table.columns.get(str(condition.get("AttributeName")))
        if column is None:
            raise DataverseError(
                400,
                "0x80041103",
                f"'{table.name}' entity doesn't contain attribute with Name = '{condition.get('AttributeName')}'.",
            )
        rows = [row for row in rows if _text(row.get(column.name)) in wanted]
    return [(table, row[table.id]) for row in rows]


def _values(condition: Any) -> set[str]:
    if not isinstance(condition, Mapping) or condition.get("Operator") not in ("Equal", "In"):
        raise invalid_argument("The sandbox serves the operators Equal and In in BulkDelete.")
    given = condition.get("Values") or []
    return {_text(value.get("Value") if isinstance(value, Mapping) else value) for value in given}


def _text(value: Any) -> str:
    return str(value.id if isinstance(value, Ref) else value).casefold()

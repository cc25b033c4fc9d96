"""Closing a quote, an order or an opportunity: the state no PATCH may set, and the activity row that tells of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from sandbox.sales import writes
from sandbox.sales.environment import Caller, Environment
from sandbox.sales.errors import DataverseError, invalid_argument, not_found
from sandbox.sales.http import Answer, Call
from sandbox.sales.keys import resolve_bind
from sandbox.sales.model import Ref, Row
from sandbox.sales.payload import read_payload
from sandbox.sales.schema import TABLES

Action = Callable[[Environment, Call, Row | None], Answer]
DONE = Answer(204, headers={"OData-Version": "4.0"})
_COMPLETED = 1
_LOOKUPS = {"quote": "quoteid", "salesorder": "salesorderid", "opportunity": "opportunityid"}
_ACTIVITIES = {"quote": "quoteclose", "salesorder": "orderclose", "opportunity": "opportunityclose"}
_NUMBERS = {"quote": "quotenumber", "salesorder": "ordernumber"}
_DEFAULT_STATUS = {("quote", 3): 5}
"""Where an action's default status is not the state's own: a quote is closed as Lost."""


def parameters(call: Call) -> Mapping[str, Any]:
    """The action's parameters; 400 if the body is no object."""
    body = call.json() if call.body else {}
    if not isinstance(body, Mapping):
        raise invalid_argument("An object with the action's parameters was expected.")
    return body


def close(table: str, parameter: str, state: int, allowed: frozenset[int]) -> Action:
    """The action that brings a row of ``table`` from one of the ``allowed`` states to ``state``."""
    lookup = _LOOKUPS[table]

    def action(env: Environment, call: Call, _row: Row | None) -> Answer:
        body = parameters(call)
        activity = body.get(parameter)
        if not isinstance(activity, Mapping) or f"{lookup}@odata.bind" not in activity:
            raise invalid_argument(f"Required field '{parameter}' with {lookup}@odata.bind is missing.")
        target = TABLES[table]
        ref = resolve_bind(env, target, activity[f"{lookup}@odata.bind"], (table,), call.references)
        row = env.row(ref)
        if row is None:
            raise not_found(table, ref.id)
        if row["statecode"] not in allowed:
            label = target.states[row["statecode"]].label
            if table == "opportunity":
                raise DataverseError(400, "0x80040515", f"The opportunity {ref.id} is closed already: {label}.")
            raise DataverseError(400, "0x80040233", f"The {table} {ref.id} is {label}, which does not allow this.")
        status = body.get("Status", -1)
        if status == -1:
            status = _DEFAULT_STATUS.get((table, state), -1)
        declared = TABLES[_ACTIVITIES[table]]
        values = read_payload(env, declared, activity, creating=True, references=call.references).values
        with env.transaction():
            add_close_activity(env, table, row, values, call.caller)
            writes.set_state(env, target, ref.id, state, status, call.caller)
        return DONE

    return action


def add_close_activity(env: Environment, table: str, row: Row, values: Mapping[str, Any], caller: Caller) -> None:
    """Store the completed activity that closing ``row`` leaves behind."""
    declared = TABLES[_ACTIVITIES[table]]
    completed = declared.states[_COMPLETED]
    number = _NUMBERS.get(table)
    known: Row = {
        "subject": f"{table} closed",
        "actualend": env.world.clock.now().replace(microsecond=0),
        **{name: value for name, value in values.items() if value is not None},
        _LOOKUPS[table]: Ref(table, row[TABLES[table].id]),
        "activitytypecode": declared.name,
        "statecode": _COMPLETED,
        "statuscode": completed.default,
    }
    if number is not None:
        known[number] = row.get(number)
        known["revision"] = row.get("revisionnumber") or 0
    writes.create_stored(env, declared, str(uuid4()), known, caller)

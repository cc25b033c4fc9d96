"""Actions on customizations: a component joins a solution, drafts are published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import uuid4
from xml.etree import ElementTree

from sandbox.sales import writes
from sandbox.sales.close_actions import DONE, Action, parameters
from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, invalid_argument, not_found
from sandbox.sales.http import Answer, Call, json_answer
from sandbox.sales.model import Ref, Row, Table
from sandbox.sales.security import PUBLISH
from sandbox.sales.solutions import publish
from sandbox.sales.tables_solutions import SOLUTION, SYSTEM_FORM, WEB_RESOURCE

COMPONENTS: Mapping[str, int] = {WEB_RESOURCE.name: 61, SYSTEM_FORM.name: 60, "role": 20}
"""Tables whose rows can belong to a solution, with the type of component they are."""


def _unknown_solution(name: str) -> DataverseError:
    """Status and code are unverified."""
    return DataverseError(400, "0x80048033", f"The solution '{name}' was not found: a solution is named uniquely.")


def _solution(env: Environment, name: str) -> Row:
    found = next((row for row in env.store.rows(SOLUTION.name) if str(row["uniquename"]) == name), None)
    if found is None:
        raise _unknown_solution(name)
    if found.get("ismanaged"):
        raise DataverseError(400, "0x8004f039", f"The solution {name} is managed: components cannot be added to it.")
    return found


def join(env: Environment, call: Call, table: Table, row_id: str) -> None:
    """Put a row that was just written into the solution the request names; 400 when there is no such solution."""
    name = call.header("mscrm.solutionuniquename")
    if name and table.name in COMPONENTS:
        _add(env, _solution(env, name), COMPONENTS[table.name], row_id)


def _add(env: Environment, solution: Row, kind: int, row_id: str) -> str:
    for known in env.store.where("solutioncomponent", "solutionid", solution["solutionid"]):
        if known["objectid"] == row_id:
            return str(known["solutioncomponentid"])
    row: Row = {
        "solutioncomponentid": str(uuid4()),
        "solutionid": Ref(SOLUTION.name, solution["solutionid"]),
        "objectid": row_id,
        "componenttype": kind,
        "rootcomponentbehavior": 0,
    }
    env.store.put("solutioncomponent", row)
    return str(row["solutioncomponentid"])


def _add_component(env: Environment, call: Call, _row: Row | None) -> Answer:
    body = parameters(call)
    solution = _solution(env, str(body.get("SolutionUniqueName", "")))
    env.privileges.demand(call.caller.users, "Write", SOLUTION, solution)
    component_id = writes.as_id(str(body.get("ComponentId", "")))
    if not isinstance(body.get("AddRequiredComponents"), bool):
        raise invalid_argument("Required field 'AddRequiredComponents' is missing.")
    kind = body.get("ComponentType")
    table = next((name for name, number in COMPONENTS.items() if number == kind), None)
    if table is None:
        raise DataverseError(400, "0x8004f018", f"This item is not a valid solution component: type {kind}.")
    if env.store.get(table, component_id) is None:
        raise not_found(table, component_id)
    with env.transaction():
        added = _add(env, solution, COMPONENTS[table], component_id)
    context = f"{call.base}/$metadata#Microsoft.Dynamics.CRM.AddSolutionComponentResponse"
    return json_answer(200, {"@odata.context": context, "id": added})


def _publish_xml(env: Environment, call: Call, _row: Row | None) -> Answer:
    _demand_publishing(env, call)
    text = parameters(call).get("ParameterXml")
    try:
        root = ElementTree.fromstring(str(text or ""))  # noqa: S314 - a test's own text
    except ElementTree.ParseError as error:
        raise DataverseError(400, "0x80044356", f"The ParameterXml is no XML: {error}") from None
    if root.tag != "importexportxml":
        raise invalid_argument("ParameterXml begins with importexportxml.")
    with env.transaction():
        for named in root.iterfind("webresources/webresource"):
            row_id = writes.as_id((named.text or "").strip().strip("{}"))
            row = env.store.get(WEB_RESOURCE.name, row_id)
            if row is None:
                raise not_found(WEB_RESOURCE.name, row_id)
            publish(env, WEB_RESOURCE, row)
        for named in root.iterfind("entities/entity"):
            for row in list(_forms_of(env, (named.text or "").strip())):
                publish(env, SYSTEM_FORM, row)
    return DONE


def _publish_all(env: Environment, call: Call, _row: Row | None) -> Answer:
    _demand_publishing(env, call)
    with env.transaction():
        for table in (WEB_RESOURCE, SYSTEM_FORM):
            for row in list(env.store.rows(table.name)):
                publish(env, table, row)
    return DONE


def _demand_publishing(env: Environment, call: Call) -> None:
    for user in call.caller.users:
        env.privileges.demand_named(user, PUBLISH)


def _forms_of(env: Environment, table: str) -> Iterator[Row]:
    return (row for row in env.store.rows(SYSTEM_FORM.name) if row["objecttypecode"] == table)


ACTIONS: Mapping[str, Action] = {
    "AddSolutionComponent": _add_component,
    "PublishXml": _publish_xml,
    "PublishAllXml": _publish_all,
}

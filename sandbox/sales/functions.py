"""Functions that belong to no table: called by GET, parameters in parentheses or by alias."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.sales import metadata_changes
from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, invalid_argument
from sandbox.sales.http import Answer, Call, json_answer
from sandbox.sales.paths import NAMESPACE
from sandbox.sales.schema import TABLES
from sandbox.sales.values import show

Function = Callable[[Environment, Call, str], Answer]
_PARAMETER = re.compile(r"(\w+)\s*=\s*(@\w+|\[[^\]]*\]|'(?:[^']|'')*'|[^,]+)")


def _parameters(call: Call, text: str) -> Mapping[str, str]:
    """Parameters by name; an alias is looked up in the query, where a missing one is null."""
    found = {name: value.strip() for name, value in _PARAMETER.findall(text)}
    return {n: call.options.get(v, "null") if v.startswith("@") else v for n, v in found.items()}


def _who_am_i(env: Environment, call: Call, _parameters_text: str) -> Answer:
    user = env.store.get("systemuser", call.caller.user_id) or {}
    body = {
        "@odata.context": f"{call.base}/$metadata#{NAMESPACE}WhoAmIResponse",
        "BusinessUnitId": show(user.get("businessunitid")),
        "UserId": call.caller.user_id,
        "OrganizationId": env.organization["organizationid"],
    }
    return json_answer(200, body)


def _total_record_count(env: Environment, call: Call, text: str) -> Answer:
    given = _parameters(call, text).get("EntityNames", "")
    try:
        names: Any = json.loads(given.replace("'", '"'))
    except ValueError:
        names = None
    if not isinstance(names, list) or not names:
        raise invalid_argument("RetrieveTotalRecordCount needs EntityNames, an array of table names.")
    for name in names:
        if name not in TABLES:
            raise DataverseError(
                400,
                "0x80041102",
                f"The entity with a name = '{name}' with namemapping = 'Logical' was not found in the MetadataCache.",
            )
        env.privileges.demand(call.caller.users, "Read", TABLES[name])
    body = {
        "@odata.context": f"{call.base}/$metadata#{NAMESPACE}RetrieveTotalRecordCountResponse",
        "EntityRecordCountCollection": {
            "Count": len(names),
            "IsReadOnly": False,
            "Keys": names,
            "Values": [env.store.count(name) for name in names],
        },
    }
    return json_answer(200, body)


def _metadata_changes(env: Environment, call: Call, text: str) -> Answer:
    given = _parameters(call, text)
    return metadata_changes.read(env, call, given.get("Query", "null"), given.get("ClientVersionStamp", "null"))


UNBOUND: Mapping[str, Function] = {
    "WhoAmI": _who_am_i,
    "RetrieveTotalRecordCount": _total_record_count,
    "RetrieveMetadataChanges": _metadata_changes,
}

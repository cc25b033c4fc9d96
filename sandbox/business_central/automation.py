"""The automation API, as far as programs look at who they are: users and their permission sets, read only.

Only who holds SUPER or SECURITY may look. Applications are not users here, and SUPER cannot be given to them.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Any

from sandbox.business_central import errors
from sandbox.business_central.service import Answer, Call
from sandbox.business_central.state import State

AUTOMATION_ROUTE = "api/microsoft/automation/v2.0"
READERS = frozenset({"SUPER", "SECURITY"})
_USERS = re.compile(r"/companies\((?P<company>[^()]+)\)/users(?:\((?P<user>[^()]+)\)(?P<sets>/userPermissions)?)?/?$")
_BY_NAME = re.compile(r"userName eq '((?:[^']|'')*)'")
_NOWHERE = "00000000-0000-0000-0000-000000000000"
Json = dict[str, Any]


def answer(call: Call, state: State, client: str) -> Answer:
    """What ``client`` sees of the users. Raises Refused."""
    place = _USERS.match(call.path)
    if place is None:
        raise errors.segment_missing(call.path.strip("/").split("/")[-1])
    if call.method != "GET":
        raise errors.method_not_allowed(call.method, "users")
    if state.company(place["company"]) is None:
        raise errors.company_missing(place["company"])
    if not READERS & set(state.permission_sets.get(client, ())):
        raise errors.Refused(403, "Authorization_RequestDenied", "You do not have permission to read users.")
    users = [_user(name, state.permission_sets.get(name, ())) for name in state.users]
    if place["user"] is not None:
        users = [one for one in users if one["userSecurityId"] == place["user"].lower()]
        if not users:
            raise errors.record_missing("User", f"User Security ID='{place['user']}'")
        return _one(call, users[0], sets=place["sets"] is not None)
    wanted = call.query.get("$filter")
    if wanted is not None:
        named = _BY_NAME.fullmatch(wanted)
        if named is None:
            raise errors.bad_request("Only a filter on userName is supported.")
        users = [one for one in users if one["userName"] == named[1].replace("''", "'").upper()]
    shown = [_shown(call, one) for one in users]
    return Answer(200, {"@odata.context": f"{call.root}/$metadata#users", "value": shown})


def _one(call: Call, user: Json, *, sets: bool) -> Answer:
    if sets:
        return Answer(200, {"@odata.context": f"{call.root}/$metadata#userPermissions", "value": user["_sets"]})
    return Answer(200, {"@odata.context": f"{call.root}/$metadata#users/$entity", **_shown(call, user)})


def _shown(call: Call, user: Json) -> Json:
    own = {name: value for name, value in user.items() if name != "_sets"}
    return own | ({"userPermissions": user["_sets"]} if call.query.get("$expand") == "userPermissions" else {})


def _user(name: str, sets: Sequence[str]) -> Json:
    user_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"user:{name}"))
    return {
        "userSecurityId": user_id,
        "userName": name,
        "displayName": name.title(),
        "state": "Enabled",
        "expiryDate": "0001-01-01T00:00:00Z",
        "_sets": [
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"user:{name}:{one}")),
                "userSecurityId": user_id,
                "roleId": one,
                "displayName": one.title(),
                "company": "",
                "appId": _NOWHERE,
                "extensionName": "",
                "scope": "System",
            }
            for one in sets
        ],
    }

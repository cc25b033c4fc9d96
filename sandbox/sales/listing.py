"""Lists: pages of a table or of a collection, counts, and the changes since a delta token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode

from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError
from sandbox.sales.http import Answer, Call, json_answer
from sandbox.sales.model import Row, Table
from sandbox.sales.paging import cut, read_token
from sandbox.sales.query import (
    COUNT_LIMIT,
    PAGE_LIMIT,
    Reading,
    delta_moment,
    delta_version,
    matching,
    order_keys,
    read_options,
    show_rows,
)

_TRACK = "odata.track-changes"


def listed(env: Environment, call: Call, table: Table, rows: Iterable[Row] | None, path: str) -> Answer:
    """One page of a table, or of ``rows`` of it: filtered, ordered, counted, with the link to what follows."""
    query, preferences = call.options, call.preferences
    options = read_options(query)
    env.privileges.demand(call.caller.users, "Read", table)
    tracking = _TRACK in preferences or "$deltatoken" in query
    if tracking:
        _check_tracking(table, query)
        env.privileges.demand_global_read(call.caller.users, table)
    if "$deltatoken" in query:
        return _changes(env, call, table, query["$deltatoken"], Reading(options, call.annotations))
    applied = []
    size = PAGE_LIMIT
    limit = options.top
    if "odata.maxpagesize" in preferences:
        wanted = preferences["odata.maxpagesize"]
        if not wanted.isdecimal() or int(wanted) < 1:
            raise DataverseError(400, "0x80060888", f"odata.maxpagesize '{wanted}' is not a positive number.")
        size, limit = min(int(wanted), PAGE_LIMIT), None
        applied.append(f"odata.maxpagesize={wanted}")
    found = _visible(env, call, table, matching(env, table, options, rows, call.caller.user_id))
    total = len(found)
    if limit is not None:
        found = found[:limit]
    keys = order_keys(env, table, options)
    cookie = read_token(query.get("$skiptoken", ""))
    page = cut(found, table, keys, size=size, cookie=cookie, version=env.store.version)
    count = min(total, COUNT_LIMIT)
    body: Row = {"@odata.context": f"{call.base}/$metadata#{context_of(table, options.select)}"}
    if call.annotations.wanted("Microsoft.Dynamics.CRM.totalrecordcount"):
        body["@Microsoft.Dynamics.CRM.totalrecordcount"] = count if options.count else -1
        body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] = options.count and total > count
    if options.count:
        body["@odata.count"] = count
    body["value"] = show_rows(env, table, page.rows, Reading(options, call.annotations), call.base)
    if page.next is not None:
        body["@odata.nextLink"] = _link(call, path, {**query, "$skiptoken": page.next.token()})
    elif tracking:
        version = cookie.version if cookie is not None else env.store.version
        token = f"{version}!{delta_moment(env.world.clock.now())}"
        body["@odata.deltaLink"] = _link(call, path, {**_without_page(query), "$deltatoken": token})
    if tracking:
        applied.append(_TRACK)
    return json_answer(200, body, preference_applied(call, *applied))


def _changes(env: Environment, call: Call, table: Table, token: str, reading: Reading) -> Answer:
    store = env.store
    since = delta_version(env, token)
    changed = sorted(
        (row for row in store.rows(table.name) if row["versionnumber"] > since),
        key=lambda row: int(row["versionnumber"]),
    )
    value = show_rows(env, table, changed, reading, call.base)
    context = f"{call.base}/$metadata#{table.entity_set}/$deletedEntity"
    value += [
        {"@odata.context": context, "id": gone, "reason": "deleted"} for gone in store.deleted_since(table.name, since)
    ]
    fresh = f"{store.version}!{delta_moment(env.world.clock.now())}"
    body = {
        "@odata.context": f"{call.base}/$metadata#{context_of(table, reading.options.select)}/$delta",
        "@odata.deltaLink": _link(call, table.entity_set, {**_without_page(call.options), "$deltatoken": fresh}),
        "value": value,
    }
    return json_answer(200, body, preference_applied(call))


def _visible(env: Environment, call: Call, table: Table, rows: list[Row]) -> list[Row]:
    privileges, users = env.privileges, call.caller.users
    if privileges.sees_all(users, table):
        return rows
    return [row for row in rows if privileges.sees(users, row, table)]


def bare_count(env: Environment, call: Call, table: Table, rows: Iterable[Row] | None) -> Answer:
    """How many rows pass the filter, as plain text."""
    env.privileges.demand(call.caller.users, "Read", table)
    found = _visible(env, call, table, matching(env, table, read_options(call.options), rows, call.caller.user_id))
    text = str(min(len(found), PAGE_LIMIT)).encode()
    return Answer(200, text, {"Content-Type": "text/plain", "OData-Version": "4.0"})


def context_of(table: Table, select: tuple[str, ...]) -> str:
    """The part of a context address behind ``#``."""
    return f"{table.entity_set}({','.join(select)})" if select else table.entity_set


def preference_applied(call: Call, *applied: str) -> dict[str, str]:
    """The header that names the preferences an answer follows."""
    everything = list(applied)
    if call.annotations.patterns:
        everything.append(f'odata.include-annotations="{call.preferences["odata.include-annotations"]}"')
    return {"Preference-Applied": ",".join(everything)} if everything else {}


def _link(call: Call, path: str, query: Mapping[str, str]) -> str:
    return f"{call.base}/{path}?{urlencode(query, quote_via=quote, safe='$,()')}"


def _without_page(query: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name not in ("$skiptoken", "$deltatoken")}


def _check_tracking(table: Table, query: Mapping[str, str]) -> None:
    if not table.tracked and table.intersects:
        raise DataverseError(
            400, "0x80072492", f"Change tracking is not enabled for both tables that '{table.name}' intersects."
        )
    if not table.tracked:
        raise DataverseError(400, "0x80072491", f"Change tracking is not enabled for entity '{table.name}'.")
    for name in ("$filter", "$orderby", "$expand", "$top"):
        if name in query:
            raise DataverseError(
                400,
                "0x80060888",
                f'The "${{{name[1:]}}}" query parameter isn\'t supported when Change Tracking is enabled.',
            )

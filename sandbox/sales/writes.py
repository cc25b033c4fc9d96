"""Create, update, upsert and delete: checks, rules, pricing, state, and the event, in the platform's order.

Each is one transaction. A PATCH that mixes columns and state changes the columns first and the state then.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from sandbox.sales import duplicates, keys, pricing, rules, solutions
from sandbox.sales.environment import Caller, Environment, Event
from sandbox.sales.errors import DataverseError, duplicate_key, not_found, version_mismatch
from sandbox.sales.model import Collection, Kind, Ref, Row, Table
from sandbox.sales.paths import References
from sandbox.sales.payload import read_payload
from sandbox.sales.schema import TABLES
from sandbox.sales.states import change_by_patch, check_status

_NOTHING = References()


def etag(row: Row) -> str:
    """The entity tag of a row's present version."""
    return f'W/"{row["versionnumber"]}"'


def create(
    env: Environment,
    table: Table,
    body: Any,
    caller: Caller,
    *,
    row_id: str = "",
    parent: tuple[str, Ref] | None = None,
    references: References = _NOTHING,
    preset: Mapping[str, Any] = MappingProxyType({}),
    detect_duplicates: bool = False,
) -> str:
    """Insert a row with the rows nested in it and answer its id.

    ``parent`` sets the lookup of a nested row; ``preset`` holds the values of the key in the address, which the body
    may override.
    """
    with env.transaction():
        env.privileges.demand(caller.users, "Create", table)
        payload = read_payload(env, table, body, creating=True, references=references)
        values = {**preset, **payload.values}
        _demand_links(env, table, values, caller)
        new_id = values.pop(table.id, None) or row_id or str(uuid4())
        if env.store.get(table.name, new_id) is not None:
            raise duplicate_key()
        row: Row = {**_defaults(table), **values, table.id: new_id}
        if parent is not None:
            row[parent[0]] = parent[1]
        _stamp(env, row, caller, creating=True)
        if table.owned and row.get("ownerid") is None:
            row["ownerid"] = Ref("systemuser", caller.user_id)
        if table.states:
            first = next(iter(table.states))
            row["statecode"] = row.get("statecode") or first
            row["statuscode"] = check_status(table, new_id, row["statecode"], row.get("statuscode"))
        rules.complete(env, table, row, caller)
        keys.check_unique(env, table, row)
        if detect_duplicates:
            duplicates.check(env, table, row)
        env.store.put(table.name, row)
        for collection, child in payload.children:
            link = (collection.column, Ref(table.name, new_id))
            create(env, TABLES[collection.table], child, caller, parent=link, references=references)
        _price(env, table, row, caller)
        env.say(Event("Create", table.name, new_id, {**values, **_said(row, table)}, caller))
    return new_id


def create_stored(env: Environment, table: Table, row_id: str, values: Row, caller: Caller) -> None:
    """Insert a row whose values are in their stored form, as the platform does on a caller's behalf."""
    with env.transaction():
        env.privileges.demand(caller.users, "Create", table)
        row: Row = {**_defaults(table), **values, table.id: row_id}
        _stamp(env, row, caller, creating=True)
        if table.owned and row.get("ownerid") is None:
            row["ownerid"] = Ref("systemuser", caller.user_id)
        if table.states:
            row["statecode"] = row.get("statecode") or next(iter(table.states))
            row["statuscode"] = check_status(table, row_id, row["statecode"], row.get("statuscode"))
        rules.complete(env, table, row, caller)
        env.store.put(table.name, row)
        env.say(Event("Create", table.name, row_id, {**values, **_said(row, table)}, caller))


def update(
    env: Environment,
    table: Table,
    row_id: str,
    body: Any,
    caller: Caller,
    *,
    if_match: str = "",
    references: References = _NOTHING,
    detect_duplicates: bool = False,
) -> None:
    """Change columns of a row, then its state. 404 if it is not there, 412 if ``if_match`` is another version."""
    with env.transaction():
        row = before = env.store.get(table.name, row_id)
        if row is None:
            raise not_found(table.name, row_id)
        env.privileges.demand(caller.users, "Write", table, row)
        check_version(row, if_match)
        changes = read_payload(env, table, body, creating=False, references=references).values
        _demand_links(env, table, changes, caller)
        if changes.get("ownerid", row.get("ownerid")) != row.get("ownerid"):
            env.privileges.demand(caller.users, "Assign", table, row)
        state, status = changes.pop("statecode", None), changes.pop("statuscode", None)
        if changes or not (state is not None or status is not None):
            rules.check_open(env, table, row, changes, caller)
            row = {**row, **solutions.as_drafts(env, table, row, changes)}
            rules.check_links(env, table, row, changes)
            rules.settle(env, table, row)
            keys.check_unique(env, table, row)
            if detect_duplicates:
                duplicates.check(env, table, row)
            _stamp(env, row, caller, creating=False)
            env.store.put(table.name, row)
            _price(env, table, row, caller)
        said = dict(changes)
        if state is not None or status is not None:
            said.update(_change_state(env, table, row_id, state, status, caller))
        env.say(Event("Update", table.name, row_id, {**said, **_said(row, table)}, caller, before))


def set_state(env: Environment, table: Table, row_id: str, state: int, status: int, caller: Caller) -> None:
    """Set a state that only an action may set; the caller has checked that it may."""
    with env.transaction():
        row = env.store.get(table.name, row_id)
        if row is None:
            raise not_found(table.name, row_id)
        env.privileges.demand(caller.users, "Write", table, row)
        changes: Row = {"statecode": state, "statuscode": check_status(table, row_id, state, status)}
        before, row = row, {**row, **changes}
        _stamp(env, row, caller, creating=False)
        env.store.put(table.name, row)
        env.say(Event("Update", table.name, row_id, {**changes, **_said(row, table)}, caller, before))


def delete(
    env: Environment, table: Table, row_id: str, caller: Caller, *, if_match: str = "", recalculate: bool = True
) -> None:
    """Remove a row with what belongs to it; refused with 405 while other rows need it.

    The totals of a document follow when a line goes, unless ``recalculate`` is False.
    """
    with env.transaction():
        row = env.store.get(table.name, row_id)
        if row is None:
            raise not_found(table.name, row_id)
        env.privileges.demand(caller.users, "Delete", table, row)
        check_version(row, if_match)
        solutions.check_unused(env, table, row)
        family = pricing.BY_LINE.get(table.name)
        header = rules.check_parent(env, family, row, caller) if family is not None else None
        _remove(env, table, row_id, caller)
        if family is None or header is None or not recalculate:
            return
        if pricing.engine_runs(env, family, header, caller):
            pricing.recalculate(env, family, row[family.parent].id)


def check_version(row: Row, if_match: str) -> None:
    """Raise 412 unless ``if_match`` is blank, ``*`` or the row's present entity tag."""
    if if_match not in ("", "*") and if_match != etag(row):
        raise version_mismatch()


def as_id(text: str) -> str:
    """An id in its usual form; 400 if it is none."""
    try:
        return str(UUID(text))
    except ValueError:
        raise DataverseError(400, "0x80040203", f"'{text}' is not an id.") from None


def link(env: Environment, collection: Collection, row_id: str, other_id: str) -> None:
    """Associate two rows of a many-to-many relationship; already associated, nothing happens."""
    if _links(env, collection, row_id, other_id):
        return
    through = TABLES[collection.through]
    here, there = through.columns[collection.column], through.columns[collection.other]
    row: Row = {
        through.id: str(uuid4()),
        here.name: Ref(next(iter(here.navigations)), row_id),
        there.name: Ref(collection.table, other_id),
    }
    env.store.put(through.name, row)


def unlink(env: Environment, collection: Collection, row_id: str, other_id: str) -> None:
    """Take the association of two rows away; 404 if there is none."""
    found = _links(env, collection, row_id, other_id)
    if not found:
        raise not_found(collection.table, other_id)
    for row in found:
        env.store.remove(collection.through, row[TABLES[collection.through].id])


def _links(env: Environment, collection: Collection, row_id: str, other_id: str) -> list[Row]:
    rows = env.store.where(collection.through, collection.column, row_id)
    return [row for row in rows if row[collection.other].id == other_id]


def _demand_links(env: Environment, table: Table, values: Mapping[str, Any], caller: Caller) -> None:
    """Linking rows needs Append on the one that holds the lookup and AppendTo on the one it names."""
    targets = {v.table for name, v in values.items() if isinstance(v, Ref) and name != "ownerid" and v.table in TABLES}
    if targets:
        env.privileges.demand(caller.users, "Append", table)
    for target in targets:
        env.privileges.demand(caller.users, "AppendTo", TABLES[target])


def _remove(env: Environment, table: Table, row_id: str, caller: Caller) -> None:
    for collection in table.collections.values():
        if collection.through:
            for row in list(env.store.where(collection.through, collection.column, row_id)):
                env.store.remove(collection.through, row[TABLES[collection.through].id])
            continue
        child_table = TABLES[collection.table]
        for child in list(env.store.where(collection.table, collection.column, row_id)):
            _part(env, table, collection, child_table, child, caller)
    before = env.store.get(table.name, row_id)
    env.store.remove(table.name, row_id)
    env.say(Event("Delete", table.name, row_id, {}, caller, before))


def _part(
    env: Environment, table: Table, collection: Collection, child_table: Table, child: Row, caller: Caller
) -> None:
    if collection.on_delete == "cascade":
        _remove(env, child_table, child[child_table.id], caller)
    elif collection.on_delete == "clear":
        env.store.put(child_table.name, {**child, collection.column: None})
    else:
        raise DataverseError(
            405,
            "0x80040227",
            f"The {table.name} cannot be deleted because it is associated with a {child_table.name}"
            f" ({child[child_table.id]}).",
        )


def _change_state(
    env: Environment, table: Table, row_id: str, state: int | None, status: int | None, caller: Caller
) -> Mapping[str, Any]:
    row = env.store.get(table.name, row_id)
    if row is None:
        raise not_found(table.name, row_id)
    changes = change_by_patch(table, row, state, status)
    rules.check_state(env, table, row, state)
    if table.name == "salesorder" and changes.get("statecode") == pricing.SUBMITTED and row.get("submitdate") is None:
        changes["submitdate"] = env.world.clock.now().replace(microsecond=0)
    row = {**row, **changes}
    _stamp(env, row, caller, creating=False)
    env.store.put(table.name, row)
    return changes


def _price(env: Environment, table: Table, row: Row, caller: Caller) -> None:
    line_of, header_of = pricing.BY_LINE.get(table.name), pricing.BY_HEADER.get(table.name)
    family = line_of or header_of
    if family is None:
        return
    header = env.row(row.get(family.parent)) if line_of is not None else env.store.get(table.name, row[table.id])
    if header is None or not pricing.engine_runs(env, family, header, caller):
        return
    header_id = header[TABLES[family.header].id]
    if line_of is not None:
        lines = [row[table.id]]
    else:
        lines = [line[TABLES[family.line].id] for line in env.store.where(family.line, family.parent, header_id)]
    pricing.recalculate(env, family, header_id, lines)


def _defaults(table: Table) -> Row:
    return {c.name: False for c in table.columns.values() if c.kind is Kind.YESNO}


def _stamp(env: Environment, row: Row, caller: Caller, *, creating: bool) -> None:
    now = env.world.clock.now().replace(microsecond=0)
    user = Ref("systemuser", caller.user_id)
    behalf = Ref("systemuser", caller.acting_for) if caller.acting_for else None
    row.update(modifiedon=now, modifiedby=user, modifiedonbehalfby=behalf)
    if creating:
        row.update(createdon=row.get("overriddencreatedon") or now, createdby=user, createdonbehalfby=behalf)


def _said(row: Row, table: Table) -> Row:
    return {table.id: row[table.id], "modifiedon": row["modifiedon"], "modifiedby": row["modifiedby"]}

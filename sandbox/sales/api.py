"""The Web API of one environment: from a request to the row, collection, function or action it names.

One method answers a request, whether it came alone or as part of a batch. Refusals are raised as DataverseError.
"""

from __future__ import annotations

from typing import Any

from sandbox.sales import actions, bulk, csdl, fetch, functions, keys, listing, metadata, publishing, writes
from sandbox.sales.batch import handle_batch
from sandbox.sales.bypass import asked_by
from sandbox.sales.environment import Environment
from sandbox.sales.errors import (
    DataverseError,
    bad_method,
    no_resource,
    no_route,
    not_found,
    unknown_property,
    version_mismatch,
)
from sandbox.sales.http import Answer, Call, json_answer
from sandbox.sales.keys import resolve_bind, row_id
from sandbox.sales.model import Ref, Row, Table
from sandbox.sales.paths import NAMESPACE, Segment, entity_table, segments
from sandbox.sales.query import (
    Reading,
    read_options,
    show_rows,
)
from sandbox.sales.render import stored_value
from sandbox.sales.schema import TABLES
from sandbox.sales.sql import as_list
from sandbox.sales.values import show


class Api:
    """Answers requests; the caller holds the world's lock."""

    def __init__(self, env: Environment) -> None:
        self._env = env

    def handle(self, call: Call) -> Answer:
        """Answer one request, or raise the refusal."""
        call = asked_by(self._env, call)
        parts = segments(call.path)
        if not parts:
            return _service_document(call)
        first = parts[0]
        if first.name == "$batch":
            if call.method != "POST":
                raise bad_method(call.method)
            return handle_batch(self._env, call, self.handle)
        if first.name == "$metadata" and call.method == "GET":
            return csdl.read(call)
        if first.name in metadata.ROOTS:
            return metadata.answer(self._env, call, parts)
        if first.name in functions.UNBOUND:
            if call.method != "GET":
                raise no_route(f"{call.base}/{call.path}")
            return functions.UNBOUND[first.name](self._env, call, first.key or "")
        if first.name in actions.UNBOUND:
            _demand_action(call)
            return actions.UNBOUND[first.name](self._env, call, None)
        table = entity_table(first.name)
        if first.key is None:
            return self._collection(call, table, parts[1:])
        if call.method == "PATCH" and len(parts) == 1:
            return self._patch(call, table, first.key)
        return self._row(call, table, row_id(self._env, table, first.key), parts[1:])

    # -- collections ------------------------------------------------------------------------------------------------

    def _collection(self, call: Call, table: Table, rest: list[Segment]) -> Answer:
        if rest:
            if rest[0].name == "$count" and call.method == "GET":
                return listing.bare_count(self._env, call, table, None)
            name = rest[0].name.removeprefix(NAMESPACE)
            if rest[0].name.startswith(NAMESPACE) and (name in actions.UNBOUND or name in bulk.MESSAGES):
                _demand_action(call)
                if name in bulk.MESSAGES:
                    return bulk.MESSAGES[name](self._env, table, call)
                return actions.UNBOUND[name](self._env, call, None)
            raise no_resource(rest[0].name)
        if call.method == "GET" and "fetchXml" in call.options:
            self._env.privileges.demand(call.caller.users, "Read", table)
            return fetch.read(self._env, call, table)
        if call.method == "GET":
            if "sql" in call.options:
                call = as_list(call, table)
            return listing.listed(self._env, call, table, None, table.entity_set)
        if call.method == "POST":
            with self._env.transaction():
                new_id = writes.create(
                    self._env,
                    table,
                    call.json(),
                    call.caller,
                    references=call.references,
                    detect_duplicates=call.detect_duplicates,
                )
                publishing.join(self._env, call, table, new_id)
            return self._written(call, table, new_id, created=True)
        raise bad_method(call.method)

    # -- single rows ------------------------------------------------------------------------------------------------

    def _row(self, call: Call, table: Table, found_id: str, rest: list[Segment]) -> Answer:
        if rest:
            return self._below(call, table, found_id, rest)
        if call.method == "GET":
            return self._read(call, table, found_id)
        if call.method == "DELETE":
            writes.delete(self._env, table, found_id, call.caller, if_match=call.header("if-match"))
            return Answer(204, headers={"OData-Version": "4.0"})
        raise bad_method(call.method)

    def _existing(self, table: Table, found_id: str) -> Row:
        row = self._env.store.get(table.name, found_id)
        if row is None:
            raise not_found(table.name, found_id)
        return row

    def _readable(self, call: Call, table: Table, found_id: str) -> Row:
        row = self._existing(table, found_id)
        self._env.privileges.demand(call.caller.users, "Read", table, row)
        return row

    def _read(self, call: Call, table: Table, found_id: str) -> Answer:
        row = self._readable(call, table, found_id)
        options = read_options(call.options)
        known = call.header("if-none-match")
        if known and known == writes.etag(row) and not options.expand and not call.annotations.patterns:
            return Answer(304, headers={"OData-Version": "4.0", "ETag": known})
        return self._shown(call, table, row, 200)

    def _shown(self, call: Call, table: Table, row: Row, status: int, *applied: str) -> Answer:
        options = read_options(call.options)
        shown = show_rows(self._env, table, [row], Reading(options, call.annotations), call.base)[0]
        context = f"{call.base}/$metadata#{listing.context_of(table, options.select)}/$entity"
        headers = {"ETag": writes.etag(row), **listing.preference_applied(call, *applied)}
        return json_answer(status, {"@odata.context": context, **shown}, headers, Ref(table.name, row[table.id]))

    def _patch(self, call: Call, table: Table, key: str) -> Answer:
        found_id, values = keys.find(self._env, table, key)
        if_match = call.header("if-match")
        if found_id is not None and call.header("if-none-match") == "*":
            raise DataverseError(412, "0x80060891", "A record with matching key values already exists.")
        if found_id is None and if_match:
            if if_match != "*":
                raise version_mismatch()
            raise not_found(table.name, str(values.get(table.id, key)))
        body = call.json()
        if found_id is None:
            new_id = writes.create(
                self._env,
                table,
                body,
                call.caller,
                preset=values,
                references=call.references,
                detect_duplicates=call.detect_duplicates,
            )
            return self._written(call, table, new_id, created=True, key=key)
        if isinstance(body, dict):
            # A row found by its key keeps its key: the values in the body are dropped.
            body = {name: value for name, value in body.items() if name not in values or name == table.id}
        writes.update(
            self._env,
            table,
            found_id,
            body,
            call.caller,
            if_match=if_match,
            references=call.references,
            detect_duplicates=call.detect_duplicates,
        )
        return self._written(call, table, found_id, created=False, key=key)

    def _written(self, call: Call, table: Table, found_id: str, *, created: bool, key: str = "") -> Answer:
        if call.preferences.get("return") == "representation":
            status = 201 if created else 200
            return self._shown(call, table, self._existing(table, found_id), status, "return=representation")
        uri = f"{call.base}/{table.entity_set}({key if '=' in key else found_id})"
        headers = {"OData-Version": "4.0", "OData-EntityId": uri, "Location": uri}
        return Answer(204, headers=headers, created=Ref(table.name, found_id))

    def _below(self, call: Call, table: Table, found_id: str, rest: list[Segment]) -> Answer:
        name = rest[0].name
        row = self._readable(call, table, found_id)
        if name.startswith(NAMESPACE):
            action = actions.BOUND.get((table.name, name.removeprefix(NAMESPACE)))
            if action is None:
                raise no_resource(name)
            _demand_action(call)
            return action(self._env, call, row)
        if rest[-1].name == "$ref":
            return self._reference(call, table, found_id, rest)
        if name in table.collections:
            return self._children(call, table, row, rest)
        if name in table.by_navigation and call.method == "GET":
            column, targets = table.by_navigation[name]
            ref: Ref | None = row.get(column.name)
            target = self._env.row(ref) if ref is not None and ref.table in targets else None
            if ref is None or target is None:
                return Answer(204, headers={"OData-Version": "4.0"})
            return self._shown(call, TABLES[ref.table], target, 200)
        return self._property(call, table, row, rest)

    def _children(self, call: Call, table: Table, row: Row, rest: list[Segment]) -> Answer:
        collection = table.collections[rest[0].name]
        child = TABLES[collection.table]
        rows = list(self._env.related(table, rest[0].name, row[table.id]))
        if len(rest) > 1 and rest[1].name == "$count" and call.method == "GET":
            return listing.bare_count(self._env, call, child, rows)
        if call.method == "GET" and len(rest) == 1:
            return listing.listed(self._env, call, child, rows, f"{table.entity_set}({row[table.id]})/{rest[0].name}")
        if call.method == "POST" and len(rest) == 1 and not collection.through:
            parent = (collection.column, Ref(table.name, row[table.id]))
            new_id = writes.create(
                self._env, child, call.json(), call.caller, parent=parent, references=call.references
            )
            return self._written(call, child, new_id, created=True)
        raise bad_method(call.method)

    def _reference(self, call: Call, table: Table, found_id: str, rest: list[Segment]) -> Answer:
        """Set, clear or add a link; done as the update of the lookup that holds it."""
        name = rest[0].name
        owner, target_id, lookup = table, found_id, name
        value: Any = None
        if call.method in ("POST", "PUT"):
            value = call.json().get("@odata.id")
        if name in table.collections and table.collections[name].through:
            return self._association(call, table, found_id, rest[0], value)
        if name in table.collections:
            collection = table.collections[name]
            owner = TABLES[collection.table]
            lookup = _navigation_of(owner, collection.column, table.name)
            if call.method == "POST":
                target_id = resolve_bind(self._env, owner, value, (owner.name,), call.references).id
                value = f"{table.entity_set}({found_id})"
            elif rest[0].key is not None or "$id" in call.options:
                target_id = self._named_child(call, owner, rest[0])
        elif name not in table.by_navigation:
            raise unknown_property(table.name, name)
        if call.method not in ("POST", "PUT", "DELETE"):
            raise bad_method(call.method)
        body = {f"{lookup}@odata.bind": value if call.method != "DELETE" else None}
        writes.update(self._env, owner, target_id, body, call.caller, references=call.references)
        return Answer(204, headers={"OData-Version": "4.0"})

    def _named_child(self, call: Call, table: Table, segment: Segment) -> str:
        """The row a disassociation names: in parentheses, or by its address in ``$id``."""
        if segment.key is not None:
            return row_id(self._env, table, segment.key)
        return resolve_bind(self._env, table, call.options.get("$id"), (table.name,), call.references).id

    def _association(self, call: Call, table: Table, found_id: str, segment: Segment, value: Any) -> Answer:
        collection = table.collections[segment.name]
        other = TABLES[collection.table]
        for side in (table, other):
            self._env.privileges.demand(call.caller.users, "Write" if side is table else "Read", side)
        with self._env.transaction():
            if call.method == "POST":
                target = resolve_bind(self._env, other, value, (other.name,), call.references)
                writes.link(self._env, collection, found_id, target.id)
            elif call.method == "DELETE":
                writes.unlink(self._env, collection, found_id, self._named_child(call, other, segment))
            else:
                raise bad_method(call.method)
        return Answer(204, headers={"OData-Version": "4.0"})

    def _property(self, call: Call, table: Table, row: Row, rest: list[Segment]) -> Answer:
        column = table.by_property.get(rest[0].name)
        if column is None:
            raise no_resource(rest[0].name)
        if call.method in ("PUT", "DELETE"):
            value = call.json().get("value") if call.method == "PUT" else None
            body = {rest[0].name: value}
            writes.update(self._env, table, row[table.id], body, call.caller, if_match=call.header("if-match"))
            return Answer(204, headers={"OData-Version": "4.0"})
        if call.method != "GET":
            raise bad_method(call.method)
        value = show(stored_value(row, column))
        if len(rest) > 1 and rest[1].name == "$value":
            return Answer(200, str(value).encode(), {"Content-Type": "text/plain", "OData-Version": "4.0"})
        context = f"{call.base}/$metadata#{table.entity_set}({row[table.id]})/{rest[0].name}"
        return json_answer(200, {"@odata.context": context, "value": value})


def _navigation_of(table: Table, column: str, target: str) -> str:
    return table.columns[column].navigations[target]


def _service_document(call: Call) -> Answer:
    sets = [{"name": t.entity_set, "kind": "EntitySet", "url": t.entity_set} for t in TABLES.values()]
    return json_answer(200, {"@odata.context": f"{call.base}/$metadata", "value": sets})


def _demand_action(call: Call) -> None:
    if call.method != "POST":
        raise no_route(f"{call.base}/{call.path}")

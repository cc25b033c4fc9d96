"""``EntityDefinitions``: tables, columns, options, relationships and keys; of all this only keys can be written.

Made from the same declarations that the rows obey, so that the two cannot disagree. Serves ``$select``, a ``$filter``
over plain properties, and ``$expand`` of ``OptionSet`` and ``Attributes``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox import odata
from sandbox.sales import keys
from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, bad_method, invalid_argument, no_resource, no_route
from sandbox.sales.http import Answer, Call, json_answer
from sandbox.sales.metadata_links import key_definitions, key_id, label, many_to_many, many_to_one, one_to_many
from sandbox.sales.model import Column, Kind, Row, Table
from sandbox.sales.paths import Segment
from sandbox.sales.query import read_options
from sandbox.sales.schema import TABLES
from sandbox.sales.security import CUSTOMIZE
from sandbox.world import made_id

_CAST = re.compile(r"^Microsoft\.Dynamics\.CRM\.(\w+)AttributeMetadata$")
_BY_NAME = re.compile(r"^(?:LogicalName|SchemaName|Name)='(\w+)'$")


_MAKERS = ("CreateEntities", "CreateCustomerRelationships")
"""Actions that make tables and columns; refused as every writing of the metadata is."""
ROOTS = ("EntityDefinitions", "RelationshipDefinitions", "GlobalOptionSetDefinitions", *_MAKERS)


def answer(env: Environment, call: Call, parts: list[Segment]) -> Answer:
    """Answer a request below one of the metadata roots."""
    if call.method != "GET":
        return _written(env, call, parts)
    first, rest = parts[0], parts[1:]
    if first.name in _MAKERS:
        raise no_route(f"{call.base}/{call.path}")
    if first.name == "RelationshipDefinitions":
        return _listed(call, [r for t in TABLES.values() for r in many_to_one(t)], first.name)
    if first.name == "GlobalOptionSetDefinitions":
        if first.key is None:
            return _listed(call, [], first.name)
        raise DataverseError(404, "0x80060888", f"Could not find an option set with name '{_named(first.key)}'.")
    if first.key is None:
        return _listed(call, [definition(env, t) for t in TABLES.values()], first.name)
    table = _table(first.key)
    if not rest:
        return _single(call, definition(env, table), first.name)
    if rest[0].name == "Attributes":
        return _attributes(env, call, table, rest)
    listed = RELATED.get(rest[0].name)
    if listed is None:
        raise no_resource(rest[0].name)
    rows = listed(env, table)
    if rest[0].key is None:
        return _listed(call, rows, rest[0].name)
    wanted = _named(rest[0].key)
    found = next((r for r in rows if wanted in (r["MetadataId"], r.get("LogicalName"), r["SchemaName"])), None)
    if found is None:
        raise DataverseError(404, "0x80060888", f"Could not find '{wanted}' in {rest[0].name} of '{table.name}'.")
    return _single(call, found, rest[0].name)


def _written(env: Environment, call: Call, parts: list[Segment]) -> Answer:
    """Alternate keys may be defined and dropped; tables and columns are fixed."""
    names = [part.name for part in parts]
    if names != ["EntityDefinitions", "Keys"] or parts[0].key is None:
        raise DataverseError(
            501, "0x80040203", "The sandbox's tables and columns are fixed: of the metadata only Keys can be written."
        )
    env.privileges.demand_named(call.caller.user_id, CUSTOMIZE)
    table, key = _table(parts[0].key), parts[1].key
    if call.method == "POST" and key is None:
        body = call.json()
        if not isinstance(body, Mapping):
            raise invalid_argument("A key definition was expected.")
        made = keys.define(env, table, body.get("SchemaName"), body.get("KeyAttributes"))
        uri = f"{call.base}/EntityDefinitions(LogicalName='{table.name}')/Keys({key_id(table, made)})"
        return Answer(204, headers={"OData-Version": "4.0", "OData-EntityId": uri})
    if call.method == "DELETE" and key is not None:
        known = env.keys.get(table.name, [])
        wanted = _named(key)
        found = next((k for k in known if wanted in (k.name, key_id(table, k))), None)
        if found is None:
            raise DataverseError(404, "0x80060890", f"The table '{table.name}' has no key '{wanted}'.")
        known.remove(found)
        return Answer(204, headers={"OData-Version": "4.0"})
    raise bad_method(call.method)


def _attributes(env: Environment, call: Call, table: Table, rest: list[Segment]) -> Answer:
    columns = list(table.columns.values())
    key = rest[0].key
    for segment in rest[1:]:
        cast = _CAST.match(segment.name)
        if cast is None:
            raise no_resource(segment.name)
        columns = [c for c in columns if _type_name(c) == cast.group(1)]
        key = key or segment.key
    if key is None:
        return _listed(call, [_attribute(env, table, c) for c in columns], "Attributes")
    wanted = _named(key)
    found = next((c for c in columns if wanted in (c.name, _attribute_id(table, c))), None)
    if found is None:
        raise DataverseError(404, "0x80060891", f"Could not find attribute '{wanted}' of entity '{table.name}'.")
    return _single(call, _attribute(env, table, found), "Attributes")


def _table(key: str) -> Table:
    wanted = _named(key)
    for table in TABLES.values():
        if wanted in (table.name, made_id("metadata", table.name)):
            return table
    raise DataverseError(404, "0x80060888", f"Could not find an entity with name '{wanted}'.")


def _named(key: str) -> str:
    match = _BY_NAME.match(key.strip())
    return match.group(1) if match is not None else key.strip().lower()


def definition(env: Environment, table: Table) -> Row:
    """A table with all its columns, keys and relationships."""
    return {
        "MetadataId": made_id("metadata", table.name),
        "LogicalName": table.name,
        "SchemaName": table.name,
        "EntitySetName": table.entity_set,
        "LogicalCollectionName": table.entity_set,
        "PrimaryIdAttribute": table.id,
        "PrimaryNameAttribute": table.primary_name,
        "ObjectTypeCode": table.otc,
        "OwnershipType": "UserOwned" if table.owned else "OrganizationOwned",
        "ChangeTrackingEnabled": table.tracked,
        "IsOptimisticConcurrencyEnabled": True,
        "IsCustomEntity": table.custom,
        "IsPrivate": False,
        "HasNotes": "annotation" in {c.table for c in table.collections.values()},
        "DisplayName": label(table.name),
        "Attributes": [_attribute(env, table, c) for c in table.columns.values()],
        **{name: listed(env, table) for name, listed in RELATED.items()},
    }


def _type_name(column: Column) -> str:
    if column.kind is Kind.LOOKUP:
        targets = set(column.navigations)
        if targets == {"systemuser", "team"}:
            return "Owner"
        return "Customer" if targets == {"account", "contact"} else "Lookup"
    return "DateTime" if column.kind is Kind.DATE else column.kind.value


def _attribute_id(table: Table, column: Column) -> str:
    return made_id("metadata", table.name, column.name)


def _attribute(env: Environment, table: Table, column: Column) -> Row:
    kind = _type_name(column)
    required = "SystemRequired" if column.name == table.id else "None"
    shown: Row = {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{kind}AttributeMetadata",
        "MetadataId": _attribute_id(table, column),
        "LogicalName": column.name,
        "SchemaName": next(iter(column.navigations.values()), column.name) if table.custom else column.name,
        "EntityLogicalName": table.name,
        "AttributeType": kind,
        "AttributeTypeName": {"Value": f"{kind}Type"},
        "IsValidForCreate": column.create,
        "IsValidForUpdate": column.update,
        "IsValidForRead": column.read,
        "IsPrimaryId": column.name == table.id,
        "IsPrimaryName": column.name == table.primary_name,
        "RequiredLevel": {"Value": required, "CanBeChanged": False},
        "DisplayName": label(column.name),
    }
    if column.length:
        shown["MaxLength"] = column.length
    if column.kind is Kind.TEXT:
        shown["FormatName"] = {"Value": "Text"}
    if column.kind in (Kind.MONEY, Kind.DECIMAL):
        shown["Precision"] = 4 if column.kind is Kind.MONEY else 10
    if column.kind is Kind.INTEGER:
        shown["MinValue"], shown["MaxValue"] = -2_147_483_648, 2_147_483_647
    if column.kind is Kind.LOOKUP:
        shown["Targets"] = list(column.navigations)
    if column.kind in (Kind.DATE, Kind.MOMENT):
        plain = column.kind is Kind.DATE
        shown["Format"] = "DateOnly" if plain else "DateAndTime"
        shown["DateTimeBehavior"] = {"Value": "DateOnly" if plain else "UserLocal"}
    options = _options(env, table, column)
    if options is not None:
        shown["OptionSet"] = {"Name": f"{table.name}_{column.name}", "IsGlobal": False, "Options": options}
        shown["GlobalOptionSet"] = None
    return shown


def _options(env: Environment, table: Table, column: Column) -> list[Row] | None:
    if column.kind is Kind.STATE:
        return [
            {"Value": value, "Label": label(s.label), "DefaultStatus": s.default, "InvariantName": s.label}
            for value, s in table.states.items()
        ]
    if column.kind is Kind.STATUS:
        return [
            {"Value": value, "Label": label(text), "State": state}
            for state, s in table.states.items()
            for value, text in s.statuses.items()
        ]
    if column.kind is not Kind.CHOICE:
        return None
    labels = env.choices.of(table.name, column.name) or {}
    return [{"Value": value, "Label": label(text), "Color": None} for value, text in labels.items()]


RELATED: Mapping[str, Callable[[Environment, Table], list[Row]]] = {
    "ManyToOneRelationships": lambda _env, table: many_to_one(table),
    "OneToManyRelationships": lambda _env, table: one_to_many(table),
    "ManyToManyRelationships": lambda _env, table: many_to_many(table),
    "Keys": key_definitions,
}
"""Lists below a table's definition beside its columns; shown only when they are expanded."""


def _single(call: Call, row: Row, kind: str) -> Answer:
    shown = _selected(row, read_options(call.options))
    return json_answer(200, {"@odata.context": f"{call.base}/$metadata#{kind}/$entity", **shown})


def _listed(call: Call, rows: list[Row], kind: str) -> Answer:
    options = read_options(call.options)
    if options.filter:
        sample = rows[0] if rows else {}

        def kind_of(path: str) -> odata.Kind:
            return _kind_of(sample, path)

        try:
            node = odata.parse_filter(options.filter, odata.DATAVERSE, kind_of)
        except odata.QueryRefused as refused:
            raise DataverseError(400, "0x80060888", refused.message) from refused
        test = odata.compile_filter(node, _value, kind_of, odata.DATAVERSE)
        rows = [row for row in rows if test(row)]
    shown = [_selected(row, options) for row in rows]
    return json_answer(200, {"@odata.context": f"{call.base}/$metadata#{kind}", "value": shown})


def _value(row: Mapping[str, Any], path: str) -> Any:
    head, _, rest = path.partition("/")
    value = row.get(head)
    return _value(value, rest) if rest and isinstance(value, Mapping) else value


def _kind_of(sample: Row, path: str) -> odata.Kind:
    value = _value(sample, path)
    if path == "MetadataId":
        return odata.Kind.GUID
    if isinstance(value, bool):
        return odata.Kind.BOOL
    if isinstance(value, int):
        return odata.Kind.NUMBER
    if isinstance(value, str) or not sample:
        return odata.Kind.TEXT
    raise odata.QueryRefused(odata.Fault.UNKNOWN_PROPERTY, f"Could not find a property named '{path}'.", path)


def _selected(row: Row, options: odata.Options) -> Row:
    expands = {e.name: e.options for e in options.expand}
    # Lists and option sets come on request only; the id always comes along.
    wanted = set(options.select or row) - {"Attributes", *RELATED, "OptionSet", "GlobalOptionSet"} | {
        "MetadataId",
        "@odata.type",
    }
    unknown = [name for name in options.select if name not in row and "@" not in name]
    if unknown and options.select:
        # A property that other columns have is shown as absent, as a cast would be needed for it.
        wanted -= set(unknown)
    shown = {name: value for name, value in row.items() if name in wanted}
    for name, inner in expands.items():
        if name not in row:
            raise DataverseError(400, "0x80060888", f"Could not find a property named '{name}' to expand.")
        value = row[name]
        if isinstance(value, list):
            shown[name] = [_selected(part, inner) for part in value]
        elif isinstance(value, Mapping):
            shown[name] = {k: v for k, v in value.items() if not inner.select or k in inner.select}
        else:
            shown[name] = value
    return shown

"""``$metadata``: the CSDL 4.0 document of the environment, made from the declarations the rows obey."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from xml.sax.saxutils import quoteattr

from sandbox.sales.http import Answer, Call
from sandbox.sales.model import OWNERS, Column, Table
from sandbox.sales.operations import COMPLEX_TYPES, OPERATIONS, Operation
from sandbox.sales.schema import TABLES
from sandbox.sales.values import EDM_TYPES

SCHEMA = "Microsoft.Dynamics.CRM"
ALIAS = "mscrm"
_EDM = "http://docs.oasis-open.org/odata/ns/edm"
_EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
_TRACKING = "Org.OData.Capabilities.V1.ChangeTracking"
_CAPABILITIES = "https://docs.oasis-open.org/odata/odata/v4.0/os/vocabularies/Org.OData.Capabilities.V1.xml"


def read(call: Call) -> Answer:
    """Answer ``GET $metadata``; with ``annotations=true`` entity sets say whether their changes are tracked."""
    annotated = call.options.get("annotations", "").lower() == "true"
    body = document(annotated).encode()
    return Answer(200, body, {"Content-Type": "application/xml", "OData-Version": "4.0"})


@cache
def document(annotated: bool = False) -> str:
    """The whole document."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f'<edmx:Edmx Version="4.0" xmlns:edmx="{_EDMX}">']
    if annotated:
        lines += [
            f'<edmx:Reference Uri="{_CAPABILITIES}">',
            '<edmx:Include Namespace="Org.OData.Capabilities.V1" Alias="Capabilities"/>',
            "</edmx:Reference>",
        ]
    lines += ["<edmx:DataServices>", f'<Schema Namespace="{SCHEMA}" Alias="{ALIAS}" xmlns="{_EDM}">']
    lines += ['<EntityType Name="crmbaseentity" Abstract="true"/>', *_principal(), *_expando()]
    for table in TABLES.values():
        lines += _entity_type(table)
    for name, properties in COMPLEX_TYPES.items():
        lines += _element("ComplexType", {"Name": name}, [_property(p, t) for p, t in properties.items()])
    for name, operation in OPERATIONS.items():
        lines += _operation(name, operation)
    lines += _container(annotated)
    lines += ["</Schema>", "</edmx:DataServices>", "</edmx:Edmx>"]
    return "\n".join(lines)


def _tag(name: str, attributes: Mapping[str, str], *, open_: bool = False) -> str:
    text = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{text}{'' if open_ else '/'}>"


def _element(name: str, attributes: Mapping[str, str], children: Iterable[str]) -> list[str]:
    inside = list(children)
    if not inside:
        return [_tag(name, attributes)]
    return [_tag(name, attributes, open_=True), *inside, f"</{name}>"]


def _property(name: str, kind: str, *, nullable: bool = True) -> str:
    attributes = {"Name": name, "Type": kind}
    if not nullable:
        attributes["Nullable"] = "false"
    if kind == "Edm.Decimal":
        attributes["Scale"] = "variable"
    return _tag("Property", attributes)


def _principal() -> list[str]:
    """Users and teams are principals: whatever is owned leads to one by ``ownerid``."""
    inside = ["<Key>", '<PropertyRef Name="ownerid"/>', "</Key>", _property("ownerid", "Edm.Guid", nullable=False)]
    return _element("EntityType", {"Name": "principal", "BaseType": f"{ALIAS}.crmbaseentity"}, inside)


def _expando() -> list[str]:
    """The open type actions take rows of any table as."""
    return _element("EntityType", {"Name": "expando", "BaseType": f"{ALIAS}.crmbaseentity", "OpenType": "true"}, [])


def _entity_type(table: Table) -> Iterator[str]:
    principal = table.name in OWNERS
    base = "principal" if principal else "crmbaseentity"
    inside = [] if principal else ["<Key>", _tag("PropertyRef", {"Name": table.id}), "</Key>"]
    for name, column in table.by_property.items():
        inside.append(_property(name, EDM_TYPES[column.kind], nullable=column.name != table.id or principal))
    inside += [line for column in table.columns.values() for line in _lookups(table, column)]
    for name, collection in table.collections.items():
        attributes = {"Name": name, "Type": f"Collection({ALIAS}.{collection.table})"}
        partner = _partner(table, name)
        if partner:
            attributes["Partner"] = partner
        inside.append(_tag("NavigationProperty", attributes))
    yield from _element("EntityType", {"Name": table.name, "BaseType": f"{ALIAS}.{base}"}, inside)


def _lookups(table: Table, column: Column) -> Iterator[str]:
    if not column.read:
        return
    for navigation, targets in _navigations(column).items():
        if targets == OWNERS:
            target, key = "principal", "ownerid"
        elif targets[0] in TABLES:
            target = targets[0]
            key = "ownerid" if target in OWNERS else TABLES[target].id
        else:
            continue
        attributes = {"Name": navigation, "Type": f"{ALIAS}.{target}"}
        partner = _collection_of(table, column, target)
        if partner:
            attributes["Partner"] = partner
        constraint = _tag("ReferentialConstraint", {"Property": column.property, "ReferencedProperty": key})
        yield from _element("NavigationProperty", attributes, [constraint])


def _navigations(column: Column) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for target, navigation in column.navigations.items():
        found[navigation] = (*found.get(navigation, ()), target)
    return found


def _collection_of(table: Table, column: Column, target: str) -> str:
    if target not in TABLES:
        return ""
    pairs = TABLES[target].collections.items()
    return next((n for n, c in pairs if c.table == table.name and c.column == column.name and not c.through), "")


def _partner(table: Table, name: str) -> str:
    collection = table.collections[name]
    other = TABLES[collection.table]
    if collection.through:
        pairs = other.collections.items()
        return next((n for n, c in pairs if c.through == collection.through and c.table == table.name), "")
    navigation = other.columns[collection.column].navigations.get(table.name, "")
    # Of several collections over one lookup only the first is its partner.
    first = _collection_of(other, other.columns[collection.column], table.name)
    return navigation if first == name else ""


def _operation(name: str, operation: Operation) -> Iterator[str]:
    kind = "Function" if operation.function else "Action"
    attributes = {"Name": name}
    inside = []
    if operation.bound_to:
        attributes["IsBound"] = "true"
        bound = operation.bound_to
        kind_of = f"Collection({ALIAS}.{bound[:-2]})" if bound.endswith("[]") else f"{ALIAS}.{bound}"
        inside.append(_tag("Parameter", {"Name": "entityset" if bound.endswith("[]") else "entity", "Type": kind_of}))
    for parameter, kind_name in operation.parameters.items():
        inside.append(_tag("Parameter", {"Name": parameter, "Type": kind_name}))
    if operation.returns:
        inside.append(_tag("ReturnType", {"Type": operation.returns, "Nullable": "false"}))
    yield from _element(kind, attributes, inside)


def _container(annotated: bool) -> Iterator[str]:
    yield '<EntityContainer Name="System">'
    for table in TABLES.values():
        attributes = {"Name": table.entity_set, "EntityType": f"{SCHEMA}.{table.name}"}
        inside = [_tag("NavigationPropertyBinding", {"Path": p, "Target": t}) for p, t in _bindings(table)]
        if annotated:
            supported = _tag("PropertyValue", {"Property": "Supported", "Bool": str(table.tracked).lower()})
            record = _element("Record", {}, [supported])
            inside += _element("Annotation", {"Term": _TRACKING}, record)
        yield from _element("EntitySet", attributes, inside)
    for name, operation in OPERATIONS.items():
        if not operation.bound_to:
            kind = "FunctionImport" if operation.function else "ActionImport"
            yield _tag(kind, {"Name": name, kind.removesuffix("Import"): f"{SCHEMA}.{name}"})
    yield "</EntityContainer>"


def _bindings(table: Table) -> Iterator[tuple[str, str]]:
    for column in table.columns.values():
        if column.read:
            for navigation, targets in _navigations(column).items():
                if targets != OWNERS and targets[0] in TABLES:
                    yield navigation, TABLES[targets[0]].entity_set
    for name, collection in table.collections.items():
        yield name, TABLES[collection.table].entity_set

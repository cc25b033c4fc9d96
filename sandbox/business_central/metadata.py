"""``$metadata`` of an API route and of the web services as EDMX 4.0, made from the declarations that are served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as xml

from sandbox.business_central import wire
from sandbox.business_central.schema import Entity, Navigation, Property
from sandbox.odata import Kind

_EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
_EDM = "http://docs.oasis-open.org/odata/ns/edm"
_CORE = "Org.OData.Core.V1"
CONTAINER = "NAV"
"""Name of the entity container; the real one's is not documented."""
_TYPES = {
    Kind.TEXT: "Edm.String",
    Kind.CODE: "Edm.String",
    Kind.OPTION: "Edm.String",
    Kind.GUID: "Edm.Guid",
    Kind.BOOL: "Edm.Boolean",
    Kind.DATE: "Edm.Date",
    Kind.MOMENT: "Edm.DateTimeOffset",
}

xml.register_namespace("edmx", _EDMX)


@dataclass(frozen=True, slots=True)
class Described:
    """An entity set as metadata tells it: ``keys`` are its key properties."""

    entity: Entity
    keys: tuple[str, ...] = ("id",)


def describe(
    namespace: str,
    sets: Sequence[Described],
    *,
    company: Entity | None = None,
    procedures: Mapping[str, tuple[Sequence[str], str]] | None = None,
    more: Sequence[Described] = (),
) -> str:
    """The document as text. ``company`` gets a navigation to each of ``sets``; ``more`` are sets beside companies.

    ``procedures`` are unbound actions by name, with their parameters and the type of their value.
    """
    root = xml.Element(f"{{{_EDMX}}}Edmx", {"Version": "4.0"})
    services = xml.SubElement(root, f"{{{_EDMX}}}DataServices")
    schema = xml.SubElement(services, "Schema", {"xmlns": _EDM, "Namespace": namespace})
    known = {each.entity.set_name: each.entity for each in sets}
    for each in (*sets, *more):
        _entity_type(schema, namespace, each, known)
    if company is not None:
        kind = _entity_type(schema, namespace, Described(company), {})
        for entity in known.values():
            attributes = {"Name": entity.set_name, "Type": f"Collection({namespace}.{entity.name})"}
            xml.SubElement(kind, "NavigationProperty", {**attributes, "ContainsTarget": "true"})
    _enumerations(schema, (each.entity for each in (*sets, *more)))
    for each in sets:
        _actions(schema, namespace, each.entity)
    for name, (parameters, answer) in (procedures or {}).items():
        action = xml.SubElement(schema, "Action", {"Name": name})
        for parameter in parameters:
            xml.SubElement(action, "Parameter", {"Name": parameter, "Type": "Edm.String", "Nullable": "false"})
        xml.SubElement(action, "ReturnType", {"Type": answer})
    container = xml.SubElement(schema, "EntityContainer", {"Name": CONTAINER})
    listed = [each.entity for each in (*sets, *more)] + ([company] if company is not None else [])
    for entity in listed:
        found = xml.SubElement(
            container, "EntitySet", {"Name": entity.set_name, "EntityType": f"{namespace}.{entity.name}"}
        )
        _bindings(found, entity, known)
    for name in procedures or {}:
        xml.SubElement(container, "ActionImport", {"Name": name, "Action": f"{namespace}.{name}"})
    return '<?xml version="1.0" encoding="utf-8"?>' + xml.tostring(root, encoding="unicode")


def _entity_type(schema: xml.Element, namespace: str, each: Described, known: Mapping[str, Entity]) -> xml.Element:
    entity = each.entity
    kind = xml.SubElement(schema, "EntityType", {"Name": entity.name})
    key = xml.SubElement(kind, "Key")
    for name in each.keys:
        xml.SubElement(key, "PropertyRef", {"Name": name})
    for given in entity.properties.values():
        nullable = "false" if given.name in each.keys else "true"
        xml.SubElement(kind, "Property", {"Name": given.name, **_typed(given, namespace), "Nullable": nullable})
    for way in entity.navigations.values():
        target = known.get(way.target)
        if target is not None:
            _navigation(kind, namespace, entity, way, target)
    return kind


def _typed(given: Property, namespace: str) -> dict[str, str]:
    if given.enum:
        return {"Type": f"{namespace}.{given.enum}"}
    if given.kind is Kind.NUMBER:
        return {"Type": "Edm.Int64" if given.name in _LONG else "Edm.Int32"} if given.whole else {
            "Type": "Edm.Decimal", "Scale": "variable",
        }  # fmt: skip
    return {"Type": _TYPES[given.kind], **({"MaxLength": str(given.length)} if given.length else {})}


_LONG = frozenset({"rowVersion", "timestamp"})


def _navigation(kind: xml.Element, namespace: str, entity: Entity, way: Navigation, target: Entity) -> None:
    attributes = {"Name": way.name, "Type": f"{namespace}.{target.name}"}
    back = next((each.name for each in target.navigations.values() if _leads_back(each, way, entity)), "")
    if way.foreign:
        attributes.update(Type=f"Collection({namespace}.{target.name})", ContainsTarget="true")
    if back:
        attributes["Partner"] = back
    found = xml.SubElement(kind, "NavigationProperty", attributes)
    if way.key and way.key in entity.properties and "id" in target.properties:
        xml.SubElement(found, "ReferentialConstraint", {"Property": way.key, "ReferencedProperty": "id"})


def _leads_back(other: Navigation, way: Navigation, entity: Entity) -> bool:
    """Whether a navigation of the target is the other end of ``way``: the same property holds both together."""
    return (other.target == entity.set_name and bool(way.foreign) and other.key == way.foreign) or (
        other.target == entity.set_name and bool(way.key) and other.foreign == way.key
    )


def _enumerations(schema: xml.Element, entities: Iterable[Entity]) -> None:
    members: dict[str, tuple[str, ...]] = {}
    for entity in entities:
        for given in entity.properties.values():
            if given.enum and members.setdefault(given.enum, given.options) != given.options:
                raise ValueError(f"enumeration {given.enum} has other members in {entity.set_name}")
    for name, options in members.items():
        kind = xml.SubElement(schema, "EnumType", {"Name": name})
        for value, option in enumerate(options):
            xml.SubElement(kind, "Member", {"Name": wire.option_out(option), "Value": str(value)})


def _actions(schema: xml.Element, namespace: str, entity: Entity) -> None:
    for name in sorted(entity.actions):
        action = xml.SubElement(schema, "Action", {"Name": name, "IsBound": "true"})
        binding = {"Name": "bindingParameter", "Type": f"{namespace}.{entity.name}", "Nullable": "false"}
        xml.SubElement(action, "Parameter", binding)


def _bindings(found: xml.Element, entity: Entity, known: Mapping[str, Entity]) -> None:
    for way in entity.navigations.values():
        if way.target in known and not way.foreign:
            xml.SubElement(found, "NavigationPropertyBinding", {"Path": way.name, "Target": way.target})

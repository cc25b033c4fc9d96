"""What ties tables together, as metadata shows it: relationships and alternate keys."""

from __future__ import annotations

from sandbox.sales.environment import Environment
from sandbox.sales.model import AlternateKey, Row, Table
from sandbox.sales.schema import TABLES
from sandbox.world import made_id


def label(text: str) -> Row:
    """A text in the environment's one language."""
    shown = {"Label": text, "LanguageCode": 1033, "IsManaged": True, "MetadataId": made_id("label", text)}
    return {"LocalizedLabels": [shown], "UserLocalizedLabel": shown}


def many_to_one(table: Table) -> list[Row]:
    """The relationships in which rows of the table hold the lookup."""
    return [
        _relationship(table, column.name, target, navigation)
        for column in table.columns.values()
        for target, navigation in column.navigations.items()
    ]


def one_to_many(table: Table) -> list[Row]:
    """The relationships in which rows of other tables look up rows of this one."""
    return [r for t in TABLES.values() for r in many_to_one(t) if r["ReferencedEntity"] == table.name]


def _relationship(table: Table, column: str, target: str, navigation: str) -> Row:
    referenced = TABLES.get(target)
    collections = referenced.collections.items() if referenced is not None else ()
    same = (name for name, c in collections if (c.table, c.column, c.through) == (table.name, column, ""))
    collection = next(same, None)
    return {
        "@odata.type": "#Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
        "MetadataId": made_id("relationship", table.name, column, target),
        "SchemaName": collection or f"{target}_{table.name}_{column}",
        "RelationshipType": "OneToManyRelationship",
        "ReferencingEntity": table.name,
        "ReferencingAttribute": column,
        "ReferencingEntityNavigationPropertyName": navigation,
        "ReferencedEntity": target,
        "ReferencedAttribute": referenced.id if referenced is not None else f"{target}id",
        "ReferencedEntityNavigationPropertyName": collection,
    }


def many_to_many(table: Table) -> list[Row]:
    """The relationships through an intersect table."""
    return [
        {
            "@odata.type": "#Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata",
            "MetadataId": made_id("relationship", *sorted((table.name, c.table)), c.through),
            "SchemaName": name,
            "RelationshipType": "ManyToManyRelationship",
            "IntersectEntityName": c.through,
            "Entity1LogicalName": table.name,
            "Entity1IntersectAttribute": c.column,
            "Entity2LogicalName": c.table,
            "Entity2IntersectAttribute": c.other,
        }
        for name, c in table.collections.items()
        if c.through
    ]


def key_id(table: Table, key: AlternateKey) -> str:
    """The metadata id of a key."""
    return made_id("key", table.name, key.name)


def key_definitions(env: Environment, table: Table) -> list[Row]:
    """The alternate keys of a table."""
    return [
        {
            "MetadataId": key_id(table, key),
            "SchemaName": key.name,
            "LogicalName": key.name,
            "EntityLogicalName": table.name,
            "KeyAttributes": list(key.columns),
            "EntityKeyIndexStatus": "Active",
            "DisplayName": label(key.name),
        }
        for key in env.keys.get(table.name, ())
    ]

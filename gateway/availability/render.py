"""Rows as OData JSON, ``$metadata`` as XML and as JSON. Pure: values in, bytes or plain JSON values out."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import simplejson

from gateway.availability.model import PROPERTIES, SET, Company, Edm, Property, Row
from gateway.availability.options import Level, Shape

_TYPES_WRITTEN_OUT = {Edm.GUID: "#Guid", Edm.INT32: "#Int32", Edm.DECIMAL: "#Decimal"}
"""With full metadata: the types that JSON itself does not tell apart."""


def dump(body: Any) -> bytes:
    """Compact JSON; quantities as exact numbers."""
    return simplejson.dumps(body, use_decimal=True, ensure_ascii=False, separators=(",", ":")).encode()


def in_path(name: str) -> str:
    """A company name as it stands in an address: apostrophes doubled, then percent-encoded."""
    return quote(name.replace("'", "''"), safe="'")


def etag(row: Row) -> str:
    """Stable while the six values are; opaque otherwise."""
    facts = "\x1f".join(_plain(one.of(row)) for one in PROPERTIES.values())
    return f'W/"{base64.b64encode(hashlib.blake2b(facts.encode(), digest_size=15).digest()).decode()}"'


def _plain(value: Any) -> str:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def value_of(one: Property, row: Row, shape: Shape) -> Any:
    """One property as JSON."""
    value = one.of(row)
    return _plain(value) if one.edm is Edm.DECIMAL and shape.ieee754 else value


def entity(row: Row, select: Sequence[str], shape: Shape, address: str) -> dict[str, Any]:
    """One row. ``address`` is that of the set; with full metadata each row names its own."""
    body: dict[str, Any] = {}
    full = shape.level is Level.FULL
    if full:
        own = f"{address}(CRM_ID={row.crm_id},Integration_ID={row.integration_id})"
        body |= {"@odata.type": f"#NAV.{SET}", "@odata.id": own}
    if shape.level is not Level.NONE:
        body["@odata.etag"] = etag(row)
    if full:
        body["@odata.editLink"] = own
    for one in PROPERTIES.values():
        if select and one.name not in select:
            continue
        if full and one.edm in _TYPES_WRITTEN_OUT:
            body[f"{one.name}@odata.type"] = _TYPES_WRITTEN_OUT[one.edm]
        body[one.name] = value_of(one, row, shape)
    return body


def context(root: str, company: Company, select: Sequence[str], suffix: str = "") -> str:
    """The ``@odata.context`` of rows; ``root`` is the address up to and with ``ODataV4``."""
    chosen = f"({','.join(select)})" if select else ""
    return f"{root}/$metadata#Company('{in_path(company.name)}')/{SET}{chosen}{suffix}"


def with_context(context_url: str, shape: Shape, body: Mapping[str, Any]) -> dict[str, Any]:
    return ({} if shape.level is Level.NONE else {"@odata.context": context_url}) | dict(body)


def collection(
    context_url: str,
    shape: Shape,
    rows: Iterable[Mapping[str, Any]],
    *,
    count: int | None = None,
    next_link: str = "",
) -> dict[str, Any]:
    """The body of a set: control information first, the link to the next page last."""
    counted = {} if count is None else {"@odata.count": str(count) if shape.ieee754 else count}
    linked = {"@odata.nextLink": next_link} if next_link else {}
    return with_context(context_url, shape, counted | {"value": list(rows)} | linked)


def company(one: Company) -> dict[str, Any]:
    return {"Name": one.name, "Id": one.id, "Display_Name": one.display_name}


def service_document(root: str, shape: Shape) -> dict[str, Any]:
    sets = [{"name": name, "kind": "EntitySet", "url": name} for name in ("Company", SET)]
    return with_context(f"{root}/$metadata", shape, {"value": sets})


def metadata() -> bytes:
    """The service's ``$metadata``."""
    not_null = {True: ' Nullable="false"', False: ""}
    properties = "\n".join(
        f'        <Property Name="{one.name}" Type="{one.edm.value}"{not_null[one.key]}{one.facets}/>'
        for one in PROPERTIES.values()
    )
    keys = "".join(f'<PropertyRef Name="{one.name}"/>' for one in PROPERTIES.values() if one.key)
    return f"""<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
  <edmx:DataServices>
    <Schema Namespace="NAV" xmlns="http://docs.oasis-open.org/odata/ns/edm">
      <EntityType Name="Company">
        <Key><PropertyRef Name="Name"/></Key>
        <Property Name="Name" Type="Edm.String" Nullable="false" MaxLength="30"/>
        <Property Name="Id" Type="Edm.Guid"/>
        <Property Name="Display_Name" Type="Edm.String" MaxLength="250"/>
        <NavigationProperty Name="{SET}" Type="Collection(NAV.{SET})" ContainsTarget="true"/>
      </EntityType>
      <EntityType Name="{SET}">
        <Key>{keys}</Key>
{properties}
      </EntityType>
      <EntityContainer Name="NAV">
        <EntitySet Name="Company" EntityType="NAV.Company"/>
        <EntitySet Name="{SET}" EntityType="NAV.{SET}"/>
      </EntityContainer>
    </Schema>
  </edmx:DataServices>
</edmx:Edmx>
""".encode()


def metadata_json() -> bytes:
    """The same as CSDL JSON."""
    properties: dict[str, Any] = {}
    for one in PROPERTIES.values():
        described: dict[str, Any] = {} if one.edm is Edm.STRING else {"$Type": one.edm.value}
        described |= {} if one.key else {"$Nullable": True}
        if (length := re.search(r'MaxLength="(\d+)"', one.facets)) is not None:
            described["$MaxLength"] = int(length[1])
        if one.edm is Edm.DECIMAL:
            described["$Scale"] = "variable"
        properties[one.name] = described
    schema: dict[str, Any] = {
        "Company": {
            "$Kind": "EntityType",
            "$Key": ["Name"],
            "Name": {"$MaxLength": 30},
            "Id": {"$Type": "Edm.Guid", "$Nullable": True},
            "Display_Name": {"$Nullable": True, "$MaxLength": 250},
            SET: {
                "$Kind": "NavigationProperty",
                "$Collection": True,
                "$Type": f"NAV.{SET}",
                "$ContainsTarget": True,
            },
        },
        SET: {"$Kind": "EntityType", "$Key": [one.name for one in PROPERTIES.values() if one.key], **properties},
        "NAV": {
            "$Kind": "EntityContainer",
            **{name: {"$Collection": True, "$Type": f"NAV.{name}"} for name in ("Company", SET)},
        },
    }
    return dump({"$Version": "4.0", "$EntityContainer": "NAV.NAV", "NAV": schema})

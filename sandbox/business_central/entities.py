"""The entity sets of API v2.0 that the stand-in serves, put together."""

from __future__ import annotations

from sandbox.business_central.entities_documents import DOCUMENTS
from sandbox.business_central.entities_masters import MASTERS
from sandbox.business_central.entities_supply import SUPPLY
from sandbox.business_central.schema import Entity, fields

COMPANY = Entity(
    "companies", "company", "companies", "Company",
    fields("id guid ro, systemVersion text ro, timestamp int ro, name text30 ro, displayName text250 ro, "
           "businessProfileId text ro, systemCreatedAt moment ro, systemCreatedBy guid ro, systemModifiedAt moment ro, "
           "systemModifiedBy guid ro"),
)  # fmt: skip

API_V2 = {entity.set_name: entity for entity in (*MASTERS, *DOCUMENTS, *SUPPLY)}

"""Files attached to documents and master data: their names; contents are not kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.business_central import errors
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

_PARENTS = ("salesHeaders", "salesInvoices", "purchaseHeaders", "items", "customers", "vendors")


def create(company: Company, values: Mapping[str, Any]) -> Row:
    """A new attachment of the record ``parentId`` names."""
    parent = values.get("parentId", "")
    if not any(company.tables[table].get(parent) for table in _PARENTS):
        raise errors.dialog("No document with the specified ID exists.")
    if not values.get("fileName"):
        raise errors.must_have_value("File Name", "Document Attachment")
    number = len(company.tables["documentAttachments"].by("parentId", parent)) + 1
    kept = {name: value for name, value in values.items() if name != "id"}
    return company.tables["documentAttachments"].insert({"lineNumber": number, **kept})


def change(company: Company, row: Row, values: Mapping[str, Any]) -> Row:
    return company.tables["documentAttachments"].update(row, dict(values))


def delete(company: Company, row: Row) -> None:
    company.tables["documentAttachments"].delete(row)

"""Rules of contacts and opportunities: whom a person belongs to, how names are made, and what closing fixes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.business_central import errors
from sandbox.business_central.schema import EMPTY_DATE
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

_NAMES = ("firstName", "middleName", "surname")
CLOSED = frozenset({"Won", "Lost"})


def check_contact(company: Company, row: Row, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a contact with what follows: a person's full name from its parts or the parts from it."""
    found = {**row, **values}
    changes = dict(values)
    if found.get("type", "Company") == "Person":
        changes.update(_names(found, values))
        company_number = found.get("companyNumber", "")
        owner = company.one("contacts", "number", company_number) if company_number else None
        if company_number and (owner is None or owner.get("type", "Company") != "Company"):
            raise errors.relation_missing("Company No.", "Contact", company_number, "Contact")
        if "companyNumber" in values and owner is not None:
            changes.update({name: owner.get(name, "") for name in ("relatedTable", "relatedNumber")})
    elif "companyNumber" in values and values["companyNumber"] not in ("", found.get("number", "")):
        raise errors.validation("A contact of type Company cannot belong to another company.")
    if "displayName" in changes:
        changes.setdefault("searchName", str(changes["displayName"]).upper())
    return changes


def check_opportunity(company: Company, row: Row, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of an opportunity. Raises Refused for an unknown contact, or a change that closing rules out."""
    changes = dict(values)
    for name, title in (("contactNumber", "Contact No."), ("salespersonCode", "Salesperson Code")):
        if name in values and values[name] != row.get(name, "") and row.get("status") in CLOSED:
            raise errors.dialog(f"You cannot change {title} when the opportunity is closed.")
    contact = values.get("contactNumber", "")
    if contact and company.one("contacts", "number", contact) is None:
        raise errors.relation_missing("Contact No.", "Opportunity", contact, "Contact")
    if not row:
        changes.setdefault("status", "Not Started")
        changes.setdefault("creationDate", company.today())
        changes.setdefault("dateClosed", EMPTY_DATE)
    return changes


def _names(found: Row, values: Mapping[str, Any]) -> dict[str, str]:
    if any(name in values for name in _NAMES):
        return {"displayName": " ".join(str(found[name]) for name in _NAMES if found.get(name))}
    if "displayName" not in values:
        return {}
    parts = str(values["displayName"]).split()
    if len(parts) < 2:
        return {"firstName": "", "middleName": "", "surname": " ".join(parts)}
    return {"firstName": parts[0], "middleName": " ".join(parts[1:-1]), "surname": parts[-1]}

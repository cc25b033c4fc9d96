"""Bodies of POST and PATCH: every property known, writable, typed; then the rules of what is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.business_central import documents, errors, masters, wire
from sandbox.business_central.query import Api
from sandbox.business_central.schema import Access, Entity
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

Nested = dict[str, list[dict[str, Any]]]

_FIXED_ON_LINES = {
    "documentId": 'The value for "documentId" cannot be modified.',
    "sequence": "The value for sequence cannot be modified. Delete and insert the line again.",
    "lineObjectNumber": 'The value for "lineObjectNumber" cannot be modified.',
}


def read_body(entity: Entity, body: Any, *, creating: bool) -> tuple[dict[str, Any], Nested]:
    """The values of a body in its order, and the children a deep insert brings, by navigation."""
    if not isinstance(body, dict):
        raise errors.bad_request("Invalid Request Body")
    values: dict[str, Any] = {}
    nested: Nested = {}
    for name, value in body.items():
        if "@" in name:
            continue
        if creating and name in entity.navigations and entity.navigations[name].foreign:
            if not isinstance(value, list) or not all(isinstance(child, dict) for child in value):
                raise errors.bad_request("Invalid Request Body")
            nested[name] = value
            continue
        given = entity.properties.get(name)
        if given is None:
            raise errors.unknown_property(name, entity.name)
        if given.access is Access.NEVER and not (creating and name == "id"):
            raise errors.read_only(name)
        if given.access is Access.CREATE and not creating:
            raise errors.dialog(_FIXED_ON_LINES[name])
        values[name] = wire.value_in(given, value)
    return values, nested


def create(api: Api, company: Company, entity: Entity, body: Any, owner: Mapping[str, str]) -> Row:
    """Insert a record with its children. ``owner`` are properties that the address gives."""
    values, nested = read_body(entity, body, creating=True)
    values = {**owner, **values}
    match entity.table:
        case "salesHeaders":
            row = documents.create_header(company, "Order", values)
            for name, children in nested.items():
                _add_lines(api[entity.navigations[name].target], company, row, children)
            row = documents.recalculate(company, row)
            if values.get("discountAmount"):
                row = documents.set_invoice_discount(company, row, values["discountAmount"])
            return row
        case "salesLines":
            header = _document(company, values)
            line = documents.add_line(company, header, values)
            documents.recalculate(company, header)
            return company.tables["salesLines"].get(line["id"]) or line
        case _:
            row = masters.create(company, entity, values)
            for name, children in nested.items():
                way = entity.navigations[name]
                for child in children:
                    create(api, company, api[way.target], child, {way.foreign: row["id"]})
            return row


def change(company: Company, entity: Entity, row: Row, body: Any) -> Row:
    """Change a record's fields."""
    values, _ = read_body(entity, body, creating=False)
    match entity.table:
        case "salesHeaders":
            return documents.change_header(company, row, values)
        case "salesLines":
            header = _header(company, row)
            documents.change_line(company, header, row, values)
            documents.recalculate(company, header)
            return company.tables["salesLines"].get(row["id"]) or row
        case _:
            return masters.change(company, entity, row, values)


def delete(company: Company, entity: Entity, row: Row) -> None:
    match entity.table:
        case "salesHeaders":
            documents.delete_document(company, row)
        case "salesLines":
            header = _header(company, row)
            documents.delete_line(company, header, row)
            documents.recalculate(company, header)
        case _:
            masters.delete(company, entity, row)


def check_token(row: Row, token: str | None, *, needed: bool) -> None:
    """``If-Match``: a PATCH must send one; what is sent must be ``*`` or the record's etag."""
    if token is None:
        if needed:
            raise errors.token_needed()
        return
    if token == "*":  # noqa: S105 - a wildcard, no secret
        return
    if not token.startswith(('W/"', '"')):
        raise errors.token_needed()
    if token.removeprefix("W/") != wire.etag(row).removeprefix("W/"):
        raise errors.entity_changed()


def _add_lines(entity: Entity, company: Company, header: Row, children: list[dict[str, Any]]) -> None:
    for child in children:
        values, _ = read_body(entity, child, creating=True)
        documents.add_line(company, header, values)


def _document(company: Company, values: Mapping[str, Any]) -> Row:
    header = company.tables["salesHeaders"].get(values.get("documentId", ""))
    if header is None:
        raise errors.dialog("No document with the specified ID exists.")
    return header


def _header(company: Company, line: Row) -> Row:
    header = company.tables["salesHeaders"].get(line["documentId"])
    if header is None:
        raise errors.dialog("You cannot modify a line that does not exist.")
    return header

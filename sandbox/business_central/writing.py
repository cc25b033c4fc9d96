"""Bodies of POST and PATCH: every property known, writable, typed; then the rules of what is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.business_central import attachments, documents, errors, invoices, masters, supply, wire
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
            raise errors.dialog(_FIXED_ON_LINES.get(name, f'The value for "{name}" cannot be modified.'))
        values[name] = wire.value_in(given, value)
    return values, nested


def create(api: Api, company: Company, entity: Entity, body: Any, owner: Mapping[str, str]) -> Row:
    """Insert a record with its children. ``owner`` are properties that the address gives."""
    values, nested = read_body(entity, body, creating=True)
    values = {**owner, **values}
    if entity.document and not entity.parent:
        return _create_document(api, company, entity, values, nested)
    if entity.document:
        header = _document(company, entity, values)
        line = documents.add_line(company, header, values)
        documents.recalculate(company, header, lines_moved=True)
        return company.tables[entity.table].get(line["id"]) or line
    creator = _CREATORS.get(entity.table)
    row = creator(company, values) if creator else masters.create(company, entity, values)
    for name, children in nested.items():
        way = entity.navigations[name]
        for child in children:
            create(api, company, api[way.target], child, {way.foreign: row["id"]})
    return row


def change(company: Company, entity: Entity, row: Row, body: Any) -> Row:
    """Change a record's fields."""
    values, _ = read_body(entity, body, creating=False)
    if entity.document == "Invoice" and not entity.parent:
        return invoices.change(company, row, values)
    if entity.document and not entity.parent:
        return documents.change_header(company, row, values)
    if entity.document:
        header = _header(company, entity, row)
        documents.change_line(company, header, row, values)
        documents.recalculate(company, header, lines_moved=True)
        return company.tables[entity.table].get(row["id"]) or row
    changer = _CHANGERS.get(entity.table)
    return changer(company, row, values) if changer else masters.change(company, entity, row, values)


def delete(company: Company, entity: Entity, row: Row) -> None:
    """Remove a record. Raises Refused where something needs it."""
    if entity.document and not entity.parent:
        if entity.document == "Invoice":
            invoices.check_draft(row)
        documents.delete_document(company, row)
    elif entity.document:
        header = _header(company, entity, row)
        documents.delete_line(company, header, row)
        documents.recalculate(company, header, lines_moved=True)
    elif (deleter := _DELETERS.get(entity.table)) is not None:
        deleter(company, row)
    else:
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


def _create_document(api: Api, company: Company, entity: Entity, values: dict[str, Any], nested: Nested) -> Row:
    row = documents.create_header(company, entity.document, values)
    for name, children in nested.items():
        target = api[entity.navigations[name].target]
        for child in children:
            if target.document:
                documents.add_line(company, row, read_body(target, child, creating=True)[0])
            else:
                create(api, company, target, child, {entity.navigations[name].foreign: row["id"]})
    row = documents.recalculate(company, row)
    if values.get("discountAmount"):
        row = documents.set_invoice_discount(company, row, values["discountAmount"])
    return row


def _document(company: Company, entity: Entity, values: Mapping[str, Any]) -> Row:
    """The document that a new line names; of the kind the set is for."""
    headers, _ = documents.home(company, {"documentType": entity.document})
    header = headers.get(values.get("documentId", ""))
    if header is None or header["documentType"] != entity.document:
        raise errors.dialog("No document with the specified ID exists.")
    if entity.document == "Invoice":
        invoices.check_draft(header)
    return header


def _header(company: Company, entity: Entity, line: Row) -> Row:
    headers, _ = documents.home(company, {"documentType": entity.document})
    header = headers.get(line["documentId"])
    if header is None:
        raise errors.dialog("You cannot modify a line that does not exist.")
    if entity.document == "Invoice":
        invoices.check_draft(header)
    return header


_CREATORS: Mapping[str, Callable[[Company, Mapping[str, Any]], Row]] = {
    "purchaseHeaders": supply.create_order,
    "purchaseLines": supply.add_line,
    "documentAttachments": attachments.create,
}
_CHANGERS: Mapping[str, Callable[[Company, Row, Mapping[str, Any]], Row]] = {
    "purchaseHeaders": supply.change_order,
    "purchaseLines": supply.change_line,
    "documentAttachments": attachments.change,
}
_DELETERS: Mapping[str, Callable[[Company, Row], None]] = {
    "purchaseHeaders": supply.delete_order,
    "purchaseLines": supply.delete_line,
    "documentAttachments": attachments.delete,
}

"""A whole order in one request of the companion: read, checked, created in one transaction, then released in another.

Your reference and customer make it repeatable: a request that was carried out before is answered with what it made.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.business_central import errors, quotes, wire
from sandbox.business_central.amounts import NOTHING, rounded
from sandbox.business_central.documents import (
    add_line,
    change_header,
    create_header,
    lines_of,
    recalculate,
    set_invoice_discount,
)
from sandbox.business_central.properties import LINE_TYPES
from sandbox.business_central.release import release, reopen
from sandbox.business_central.schema import Property, fields
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

# In the order in which they are validated: what comes later wins over defaults that earlier ones bring.
_HEADER = fields(
    """
    customerId guid, customerNumber code20, yourReference text35, currencyCode code10, requestedDeliveryDate date,
    validUntilDate date, salesperson code20, shippingAgentCode code10, paymentTermsCode code10,
    shipmentMethodCode code10, paymentDiscountPercent dec, externalDocumentNumber code35, workDescription text,
    quoteNumber code20, quoteReference text35
    """
)
_OTHER = fields("discountAmount dec, release bool")
_OF_QUOTE = fields("sourceId guid, revision int, replaces guid")
_ADDRESS = fields(
    """
    name text100, contact text100, addressLine1 text100, addressLine2 text50, postCode code20, city text30,
    country code10, state text30
    """
)
_LINE = fields(
    """
    sequence int, lineType lineType, lineObjectNumber code20, description text100, unitOfMeasureCode code10,
    quantity dec, unitPrice dec, unitPriceMayIncludeVAT bool, discountAmount dec, attachedToLineNumber int
    """,
    lineType=LINE_TYPES,
)
_NOTE = fields("subject text250, body text, createdOn moment")
_PARTIES = ("billTo", "shipTo")
_KNOWN = {*_HEADER, *_OTHER, *_PARTIES, "lines", "notes"}
_UNIT_PRICE = Decimal("0.00001")


def create(company: Company, request: Mapping[str, Any]) -> dict[str, Any]:
    """Create and release one order, or find what an earlier call of the same reference and customer made.

    A refused release leaves the order Open and is told in ``releaseError``. Raises Refused where the order cannot be
    created; then nothing of it is there.
    """
    _check_names("the order", request, _KNOWN)
    values = header_values(request)
    other = _other("the order", request)
    if not values.get("yourReference"):
        raise errors.dialog("yourReference must be given.")
    customer = _customer(company, values)
    header = _existing(company, values["yourReference"], customer["number"])
    existed = header is not None
    if header is None:
        posted = _posted(company, values["yourReference"], customer["number"])
        if posted is not None:
            return posted
        with company.journal.transaction():
            header = _create(company, values, other, request)
    refusal = ""
    if other.get("release", True) and header["status"] == "Open":
        try:
            with company.journal.transaction():
                header = release(company, header)
        except errors.Refused as refused:
            refusal = refused.message
    return _answer(company, header, existed, refusal)


def header_values(request: Mapping[str, Any]) -> dict[str, Any]:
    """The header's fields of a request, typed, in the order they are to be validated; addresses by their full names."""
    values = _typed(
        "the order", {name: request[name] for name in _HEADER if request.get(name) not in (None, "")}, _HEADER
    )
    ordered = {name: values[name] for name in _HEADER if name in values}
    for party in _PARTIES:
        address = request.get(party)
        if address is None:
            continue
        if not isinstance(address, dict):
            raise errors.dialog(f"{party} must be an object.")
        typed = _typed(party, address, _ADDRESS)
        ordered.update({f"{party}{name[0].upper()}{name[1:]}": typed[name] for name in _ADDRESS if name in typed})
    return ordered


def add_note(
    company: Company, header: Row, subject: str, body: str, created: datetime, *, from_bridge: bool = True
) -> str:
    """Put a note on a document; the same note again is not put twice. Answers its id."""
    fields_ = {"subject": subject, "body": body, "createdOn": created, "fromBridge": from_bridge}
    for note in company.tables["notes"].by("documentId", header["id"]):
        if all(note[name] == value for name, value in fields_.items()):
            return str(note["id"])
    owner = {"documentId": header["id"], "documentNo": header["number"]}
    return str(company.tables["notes"].insert({**owner, **fields_})["id"])


def create_quote(company: Company, request: Mapping[str, Any]) -> dict[str, Any]:
    """Create a quote, refill the one that this revision ``replaces``, or find what an earlier call of the same
    ``sourceId`` made. Of a first revision a quote of the same reference that nobody marked is found too. Quotes are
    not released. Raises Refused; then all is as before."""
    where = "the quote"
    _check_names(where, request, _KNOWN | _OF_QUOTE.keys())
    own = _typed(where, {name: request[name] for name in _OF_QUOTE if request.get(name)}, _OF_QUOTE)
    values = header_values(request)
    if not values.get("yourReference"):
        raise errors.dialog("yourReference must be given.")
    if "sourceId" not in own:
        raise errors.dialog("sourceId must be given.")
    headers = company.tables["salesHeaders"]
    customer = _customer(company, values)
    found = _existing_quote(company, own, values["yourReference"], customer["number"])
    if found is not None:
        return _answer(company, headers.update(found, {"sourceId": own["sourceId"]}), True, "")
    with company.journal.transaction():
        replaced = headers.get(own["replaces"]) if "replaces" in own else None
        if replaced is None or replaced["documentType"] != "Quote":
            other = _other(where, request)
            quote = _fill(company, create_header(company, "Quote", values, through_api=False), other, request)
        else:
            quote = _refill(company, reopen(company, replaced), request, values)
        quote = headers.update(quote, {"sourceId": own["sourceId"]})
    return _answer(company, quote, False, "")


def replace_quote(company: Company, quote: Row, request: Mapping[str, Any]) -> dict[str, Any]:
    """Archive a quote, empty it, and fill it anew on the same number. Raises Refused; the quote is as before then."""
    _check_names("the quote", request, _KNOWN)
    values = header_values(request)
    if "customerId" in values or "customerNumber" in values:
        _customer(company, values)
    with company.journal.transaction():
        quote = _refill(company, quote, request, values)
    return _answer(company, quote, False, "")


def take_quote(company: Company, values: Row, customer: str, before: str = "") -> None:
    """Keep the quote that an order names in the archive, when it did not name it ``before``. A number that no quote of
    the customer has is left out of ``values``; without one the last quote of the reference is named."""
    headers = company.tables["salesHeaders"]
    reference, number = values.pop("quoteReference", ""), values.get("quoteNumber", "")
    if reference and not number:
        alike = [row for row in headers.by("yourReference", reference) if row["customerNumber"] == customer]
        number = max((row["number"] for row in alike if row["documentType"] == "Quote"), default="")
        values["quoteNumber"] = number
    quote = headers.one("number", number) if number else None
    if quote is None or quote["documentType"] != "Quote" or quote["customerNumber"] != customer:
        values.pop("quoteNumber", None)
    elif number != before:
        quotes.archive(company, quote)


def _refill(company: Company, quote: Row, request: Mapping[str, Any], values: Row) -> Row:
    other = _other("the quote", request)
    quotes.archive(company, quote)
    quote = quotes.empty(company, quote)
    return _fill(company, change_header(company, quote, values, through_api=False), other, request)


def _existing_quote(company: Company, own: Row, reference: str, customer: str) -> Row | None:
    """What this very revision made before; of a first revision also what somebody else made under its reference."""
    alike = company.tables["salesHeaders"].by("yourReference", reference)
    there = [row for row in alike if row["documentType"] == "Quote"]
    for row in there:
        if row.get("sourceId") == own["sourceId"]:
            return row
    if own.get("revision") or "replaces" in own:
        return None
    return next((row for row in there if row["customerNumber"] == customer and not row.get("sourceId")), None)


def _create(company: Company, values: Row, other: Row, request: Mapping[str, Any]) -> Row:
    take_quote(company, values, values["customerNumber"])
    return _fill(company, create_header(company, "Order", values, through_api=False), other, request)


def _other(where: str, request: Mapping[str, Any]) -> Row:
    return _typed(where, {name: request[name] for name in _OTHER if name in request}, _OTHER)


def _fill(company: Company, header: Row, other: Row, request: Mapping[str, Any]) -> Row:
    for number, line in enumerate(_list(request, "lines"), start=1):
        where = f"line {number}"
        given = {name: value for name, value in line.items() if value not in (None, "")}
        _check_names(where, line, _LINE)
        typed = _typed(where, given, _LINE)
        if typed.pop("unitPriceMayIncludeVAT", False):
            typed["unitPrice"] = _without_vat(company, header, typed)
        add_line(company, header, {name: typed[name] for name in _LINE if name in typed}, price_search=False)
    discount = other.get("discountAmount")
    header = set_invoice_discount(company, header, discount) if discount else recalculate(company, header)
    for note in _list(request, "notes"):
        typed = _typed("a note", note, _NOTE)
        created = typed.get("createdOn") or company.journal.stamp()
        add_note(company, header, typed.get("subject", ""), typed.get("body", ""), created)
    return header


def _without_vat(company: Company, header: Row, line: Row) -> Decimal:
    """The price less the VAT that the item's own price includes, where that is the VAT this document charges."""
    price: Decimal = line.get("unitPrice", NOTHING)
    is_item = line.get("lineType") == "Item"
    item = company.one("items", "number", line.get("lineObjectNumber", "")) if is_item else None
    if item is None or not item.get("priceIncludesTax") or header.get("pricesIncludeTax"):
        return price
    group = item.get("vatBusPostingGroupPrice", "")
    if not group or group != header.get("vatBusPostingGroup", ""):
        return price
    return rounded(price / (1 + item.get("vatPercent", NOTHING) / 100), _UNIT_PRICE)


def _customer(company: Company, values: Row) -> Row:
    customers = company.tables["customers"]
    by_id = customers.get(values["customerId"]) if "customerId" in values else None
    by_number = customers.one("number", values["customerNumber"]) if "customerNumber" in values else None
    found = by_id or by_number
    if found is None:
        raise errors.dialog("The sell-to customer cannot be found.")
    others = {name: value for name, value in values.items() if name not in {"customerId", "customerNumber"}}
    values.clear()
    values.update(customerNumber=found["number"], **others)  # first: the customer's own values give way to the others
    return found


def _existing(company: Company, reference: str, customer: str) -> Row | None:
    found = company.tables["salesHeaders"].by("yourReference", reference)
    return next((row for row in found if row["documentType"] == "Order" and row["customerNumber"] == customer), None)


def _posted(company: Company, reference: str, customer: str) -> dict[str, Any] | None:
    """The order that posting has taken away, told from the first invoice it left."""
    found = company.tables["salesInvoices"].by("customerPurchaseOrderReference", reference)
    invoice = next((row for row in found if row["customerNumber"] == customer and row["status"] != "Draft"), None)
    if invoice is None:
        return None
    lines = company.tables["salesInvoiceLines"].by("documentId", invoice["id"])
    header = {"id": invoice["orderId"], "number": invoice["orderNumber"], "status": "Released"}
    return {**_head(header, True, ""), "lines": [_line(line) for line in lines]}


def _answer(company: Company, header: Row, existed: bool, refusal: str) -> dict[str, Any]:
    return {**_head(header, existed, refusal), "lines": [_line(line) for line in lines_of(company, header)]}


def _head(header: Row, existed: bool, refusal: str) -> dict[str, Any]:
    return {
        "orderId": header["id"],
        "orderNo": header["number"],
        "status": header["status"],
        "existed": existed,
        "releaseError": refusal,
    }


def _line(line: Row) -> dict[str, Any]:
    numbers = {name: line.get(name, 0) for name in ("quantity", "unitPrice", "discountAmount", "netAmount")}
    return {
        "lineNo": line["sequence"],
        "id": line["id"],
        "lineObjectNumber": line.get("lineObjectNumber", ""),
        **numbers,
    }


def _list(request: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    given = request.get(name) or []
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise errors.dialog(f"{name} must be a list of objects.")
    return given


def _check_names(where: str, given: Mapping[str, Any], known: Mapping[str, Any] | set[str]) -> None:
    for name in given:
        if name not in known:
            raise errors.dialog(f"The name '{name}' is not known in {where}.")


def _typed(where: str, given: Mapping[str, Any], known: Mapping[str, Property]) -> dict[str, Any]:
    _check_names(where, given, known)
    try:
        return {name: wire.value_in(known[name], value) for name, value in given.items()}
    except errors.Refused as refusal:
        if refusal.code in {"BadRequest", "Unknown"}:
            raise errors.dialog(f"{where}: {refusal.message}") from None
        raise

"""The companion's codeunit: procedures that take and answer JSON in text, each safe to repeat.

Values are checked and typed like those of the API, by name; an unknown name is refused, never dropped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sandbox.business_central import errors, order_requests, quotes, wire
from sandbox.business_central.documents import change_header, lines_of
from sandbox.business_central.promise import promise
from sandbox.business_central.release import release, reopen
from sandbox.business_central.schema import EMPTY_MOMENT, fields
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

SERVICE = "SalesBridge"
VERSION = "1.1.0.0"
MOST_ORDERS = 50
_LISTS = {"createsalesorders": "requests", "createsalesquotes": "requests", "releasesalesquotes": "quoteIds"}
"""Procedures about many documents, with the parameter that lists them."""

_SINCE = fields("since moment, createdOn moment")
_NOTE_NAMES = ("documentId", "id", "subject", "body", "createdOn")
_SETTABLE = (
    "yourReference", "externalDocumentNumber", "requestedDeliveryDate", "shippingAgentCode", "paymentDiscountPercent",
    "workDescription", "quoteNumber", "billTo", "shipTo",
)  # fmt: skip


def call(company: Company, procedure: str, parameters: Mapping[str, Any]) -> str | int:
    """Run a procedure by its name. Raises Refused for an unknown one, a missing parameter, or a refusal of its own."""
    found = _BY_FOLDED_NAME.get(procedure.casefold())
    if found is None:
        raise errors.segment_missing(f"{SERVICE}_{procedure}")
    names, run = found
    for name in names:
        if not isinstance(parameters.get(name), str):
            raise errors.parameter_missing(name)
    for name in parameters:
        if name not in names:
            raise errors.bad_request(f"The parameter '{name}' is not a parameter of {procedure}.")
    return run(company, *(parameters[name] for name in names))


def orders_in(procedure: str, parameters: Mapping[str, Any]) -> int:
    """How many orders a call is about, for the request log: a call about many counts as that many operations."""
    name = _LISTS.get(procedure.casefold())
    if name is None:
        return 1
    try:
        return max(1, len(json.loads(parameters[name])))
    except (ValueError, KeyError, TypeError):
        return 1


def order(company: Company, order_id: str) -> Row:
    """The open order of an id. Raises Refused (404) where there is none (any more)."""
    row = company.tables["salesHeaders"].get(order_id.strip("{}").lower())
    if row is None:
        raise errors.record_missing("Sales Header", f"SystemId='{order_id}'")
    return row


def _setup(company: Company) -> str:
    setup = company.setup
    agents = [{"code": row["code"], "name": row["displayName"]} for row in company.tables["shippingAgents"]]
    return _text(
        {
            "companionVersion": VERSION,
            "companyId": company.id,
            "companyName": company.name,
            "lcyCode": setup.local_currency,
            "unitAmountRounding": Decimal("0.00001"),
            "writeInProductType": "Item" if setup.write_in_item else "",
            "writeInProductNo": setup.write_in_item,
            "freightGLAccountNo": setup.freight_account,
            "calcInvoiceDiscount": setup.calc_invoice_discount,
            "archiveOrders": setup.archive_orders,
            "archiveQuotes": "Always" if setup.archive_quotes else "Never",
            "unitGroupsEnabled": setup.unit_groups,
            "extendedPricesEnabled": setup.extended_prices,
            "bidirectionalOrders": setup.bidirectional_orders,
            "defaultPriceListCode": setup.default_price_list,
            "shippingAgents": agents,
        }
    )


def _active_row_version(company: Company) -> str:
    return str(company.journal.lowest_open_row_version)


def _create_one(company: Company, request: str) -> str:
    return _text(order_requests.create(company, _object(request, "request")))


def _create_many(company: Company, requests: str) -> str:
    return _each(company, requests, "orders", order_requests.create)


def _create_quotes(company: Company, requests: str) -> str:
    return _each(company, requests, "quotes", order_requests.create_quote)


def _each(company: Company, requests: str, noun: str, create: Callable[[Company, dict[str, Any]], Any]) -> str:
    """Each in a transaction of its own; one that fails answers with its error, and the others stand."""
    given = _json(requests, "requests")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise errors.dialog(f"requests must be a list of {noun}.")
    if len(given) > MOST_ORDERS:
        raise errors.dialog(f"At most {MOST_ORDERS} {noun} can be created in one call, not {len(given)}.")
    answers = []
    for request in given:
        try:
            answers.append(create(company, request))
        except errors.Refused as refusal:
            answers.append({"error": {"code": refusal.code, "message": refusal.message}})
    return _text(answers)


def _release_quotes(company: Company, quote_ids: str) -> str:
    """Put quotes to Released as they are, without the checks of an order; those that are gone have no status."""
    given = _json(quote_ids, "quoteIds")
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise errors.dialog("quoteIds must be a list of ids.")
    answers = []
    for quote_id in given:
        row = company.tables["salesHeaders"].get(quote_id.lower())
        if row is not None and row["documentType"] == "Quote":
            row = company.tables["salesHeaders"].update(row, {"status": "Released"})
            answers.append({"id": row["id"], "status": row["status"]})
        else:
            answers.append({"id": quote_id, "status": ""})
    return _text(answers)


def _release(company: Company, order_id: str) -> str:
    return str(release(company, order(company, order_id))["status"])


def _reopen(company: Company, order_id: str) -> str:
    return str(reopen(company, order(company, order_id))["status"])


def _set_header(company: Company, order_id: str, given: str) -> str:
    wanted = _object(given, "fields")
    for name in wanted:
        if name not in _SETTABLE:
            raise errors.dialog(f"The name '{name}' is not known in fields.")
    values = order_requests.header_values(wanted)
    header = order(company, order_id)
    order_requests.take_quote(company, values, header["customerNumber"], header.get("quoteNumber", ""))
    return str(change_header(company, header, values, through_api=False)["status"])


def _attach(company: Company, document_id: str, pairs: str) -> int:
    header = order(company, document_id)
    given = _json(pairs, "pairs")
    lines = {line["sequence"]: line for line in lines_of(company, header)}
    if not isinstance(given, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in given):
        raise errors.dialog("pairs must be a list of [lineNumber, attachedToLineNumber].")
    changed = 0
    for number, main in given:
        if number not in lines or main not in lines:
            raise errors.dialog(f"Line {number if number not in lines else main} does not exist in {header['number']}.")
        if lines[number].get("attachedToLineNumber") != main:
            company.tables["salesLines"].update(lines[number], {"attachedToLineNumber": main})
            changed += 1
    return changed


def _find(company: Company, reference: str, customer_number: str) -> str:
    found = []
    for kind, table, field in (
        ("", "salesHeaders", "yourReference"),
        ("Posted Invoice", "salesInvoices", "customerPurchaseOrderReference"),
        ("Posted Shipment", "salesShipments", "customerPurchaseOrderReference"),
    ):
        for row in company.tables[table].by(field, reference):
            if row.get("status") == "Draft":
                continue
            if reference and row["customerNumber"] == customer_number.upper():
                found.append(
                    {
                        "documentType": kind or row["documentType"],
                        "no": row["number"],
                        "id": row["id"],
                        "status": row.get("status", ""),
                        "quoteNo": row.get("quoteNumber", ""),
                        "orderNo": row["orderNumber"] if kind else row["number"],
                        "customerNo": row["customerNumber"],
                    }
                )
    return _text(found)


def _archive(company: Company, document_id: str) -> str:
    occurrence, version = quotes.archive(company, order(company, document_id))
    return _text({"docNoOccurrence": occurrence, "versionNo": version})


def _replace_quote(company: Company, quote_id: str, request: str) -> str:
    return _text(order_requests.replace_quote(company, order(company, quote_id), _object(request, "request")))


def _add_note(company: Company, document_id: str, subject: str, body: str, created_on: str) -> str:
    created = wire.value_in(_SINCE["createdOn"], created_on) if created_on else company.journal.stamp()
    return order_requests.add_note(company, order(company, document_id), subject, body, created)


def _write_notes(company: Company, notes: str) -> str:
    """Many notes in one call; one whose document is gone is answered with that."""
    given = _json(notes, "notes")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise errors.dialog("notes must be a list of notes.")
    if len(given) > MOST_ORDERS:
        raise errors.dialog(f"At most {MOST_ORDERS} notes can be written in one call, not {len(given)}.")
    return _text([_write_note(company, note) for note in given])


def _write_note(company: Company, note: Row) -> Row:
    for name in note:
        if name not in _NOTE_NAMES:
            raise errors.dialog(f"The name '{name}' is not known in a note.")
    header = company.tables["salesHeaders"].get(str(note.get("documentId", "")).strip("{}").lower())
    if header is None:
        return {"error": {"code": "Internal_RecordNotFound", "message": "The document of the note does not exist."}}
    subject, body = str(note.get("subject", ""))[:250], str(note.get("body", ""))
    known = company.tables["notes"].get(str(note.get("id", "")))
    if known is not None and known["documentId"] == header["id"]:
        company.tables["notes"].update(known, {"subject": subject, "body": body})
        return {"id": known["id"]}
    stamp = note.get("createdOn")
    created = wire.value_in(_SINCE["createdOn"], stamp) if stamp else company.journal.stamp()
    return {"id": order_requests.add_note(company, header, subject, body, created)}


def _list_notes(company: Company, since: str) -> str:
    lowest = wire.value_in(_SINCE["since"], since) if since else EMPTY_MOMENT
    rows = company.tables["notes"].changed_since("lastModifiedDateTime", lowest)
    notes = [
        row for row in (company.tables["notes"] if rows is None else rows) if row["lastModifiedDateTime"] >= lowest
    ]
    return _text(
        [
            {
                "id": note["id"],
                "documentId": note["documentId"],
                "documentNo": note["documentNo"],
                "subject": note["subject"],
                "body": note["body"],
                "createdOn": wire.moment_out(note["createdOn"]),
                "modifiedOn": wire.moment_out(note["lastModifiedDateTime"]),
            }
            for note in notes
            if not note["fromBridge"]
        ]
    )


def _availability(company: Company, request: str) -> str:
    given = _json(request, "request")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise errors.dialog("request must be a list of objects.")
    return _text([promise(company, each) for each in given])


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal)
    except ValueError:
        raise errors.dialog(f"{name} is not valid JSON.") from None


def _object(text: str, name: str) -> dict[str, Any]:
    found = _json(text, name)
    if not isinstance(found, dict):
        raise errors.dialog(f"{name} must be a JSON object.")
    return found


def _text(value: Any) -> str:
    return json.dumps(value, default=wire.number_out, ensure_ascii=False)


PROCEDURES: dict[str, tuple[tuple[str, ...], Callable[..., str | int]]] = {
    "GetBridgeSetup": ((), _setup),
    "ActiveRowVersion": ((), _active_row_version),
    "CreateSalesOrder": (("request",), _create_one),
    "CreateSalesOrders": (("requests",), _create_many),
    "CreateSalesQuotes": (("requests",), _create_quotes),
    "ReleaseSalesQuotes": (("quoteIds",), _release_quotes),
    "ReleaseSalesOrder": (("orderId",), _release),
    "ReopenSalesOrder": (("orderId",), _reopen),
    "SetOrderHeader": (("orderId", "fields"), _set_header),
    "AttachSalesLines": (("documentId", "pairs"), _attach),
    "FindOrderByReference": (("reference", "customerNo"), _find),
    "ArchiveSalesDocument": (("documentId",), _archive),
    "ReplaceSalesQuote": (("quoteId", "request"), _replace_quote),
    "AddOrderNote": (("documentId", "subject", "body", "createdOn"), _add_note),
    "WriteOrderNotes": (("notes",), _write_notes),
    "ListOrderNotes": (("since",), _list_notes),
    "CalculateAvailability": (("request",), _availability),
}
"""Every procedure by its name, with the names of its parameters."""

_BY_FOLDED_NAME = {name.casefold(): found for name, found in PROCEDURES.items()}

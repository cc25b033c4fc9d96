"""What the control routes do, on one company."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.business_central import documents, errors, ledger, order_requests, posting, receivables, release, wire
from sandbox.business_central.bridge_entities import BRIDGE
from sandbox.business_central.masters import change as change_master
from sandbox.business_central.properties import BLOCKED
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

_SWITCHES = ("privacyBlocked", "approvalNeeded", "prepaymentNeeded", "pricesIncludeTax")
_ITEM_SWITCHES = ("salesBlocked", "locationMandatory", "variantMandatory")


def plain(value: Any) -> Any:
    """Values as JSON: numbers as numbers, dates and times as text."""
    match value:
        case dict():
            return {name: plain(each) for name, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case bool() | None:
            return value
        case Decimal():
            return wire.number_out(value)
        case datetime():
            return wire.moment_out(value)
        case date():
            return value.isoformat()
    return value


def post_stock(company: Company, given: dict[str, Any]) -> Any:
    """Stock that comes or goes: ``item``, ``quantity``, ``location``?, ``variant``?."""
    entry = ledger.post(company, ledger.movement_of(company, given))
    return {"entryNumber": entry["entryNumber"], "inventory": company.inventory.of_item(entry["itemNumber"])}


def late_entry(company: Company, given: dict[str, Any]) -> Any:
    """A ledger entry numbered below visible ones; ``hold`` writes without committing, ``commit`` commits it."""
    if given.get("commit"):
        return {"entryNumbers": ledger.commit_held(company)}
    movement = ledger.movement_of(company, given)
    if given.get("hold"):
        return {"entryNumber": ledger.hold(company, movement), "held": True}
    return {"entryNumber": ledger.post_late(company, movement)["entryNumber"]}


def ship(company: Company, given: dict[str, Any]) -> Any:
    """``lines`` may say how much, by line number or by item number; all that is outstanding otherwise."""
    header = _order(company, given)
    lines = given.get("lines")
    return dataclasses.asdict(posting.ship(company, header, _quantities(company, header, lines) if lines else None))


def invoice(company: Company, given: dict[str, Any]) -> Any:
    return dataclasses.asdict(posting.invoice(company, _order(company, given)))


def ship_and_invoice(company: Company, given: dict[str, Any]) -> Any:
    return dataclasses.asdict(posting.ship_and_invoice(company, _order(company, given)))


def release_order(company: Company, given: dict[str, Any]) -> Any:
    return {"status": release.release(company, _order(company, given))["status"]}


def reopen_order(company: Company, given: dict[str, Any]) -> Any:
    return {"status": release.reopen(company, _order(company, given))["status"]}


def approve_order(company: Company, given: dict[str, Any]) -> Any:
    return {"status": release.approve(company, _order(company, given))["status"]}


def pay_invoice(company: Company, given: dict[str, Any]) -> Any:
    """A payment of a posted invoice: ``invoice``, and ``amount`` unless all that is left is paid."""
    amount = Decimal(str(given["amount"])) if "amount" in given else None
    return receivables.pay(company, _record(company, "salesInvoices", "Sales Invoice Header", _invoice(given)), amount)[
        "status"
    ]


def unapply_payments(company: Company, given: dict[str, Any]) -> Any:
    """All payments of a posted ``invoice`` are taken back."""
    row = _record(company, "salesInvoices", "Sales Invoice Header", _invoice(given))
    return receivables.unapply(company, row)["status"]


def set_customer(company: Company, given: dict[str, Any]) -> Any:
    """Fields of ``customer``, by their names in ``customerDetails``, its ``priceGroup``, switches for releases."""
    row = _record(company, "customers", "Customer", str(given.pop("customer", "")))
    if "priceGroup" in given:
        row = company.tables["customers"].update(row, {"customerPriceGroup": str(given.pop("priceGroup")).upper()})
    if given.get("blocked", "") not in BLOCKED:
        raise errors.not_an_option(given["blocked"], BLOCKED)
    return _set(company, "customerDetails", row, given, _SWITCHES)


def set_item(company: Company, given: dict[str, Any]) -> Any:
    """Fields of ``item``, by their names in ``itemDetails``, ``units`` ({code: base units}) and switches."""
    row = _record(company, "items", "Item", str(given.pop("item", "")))
    units = given.pop("units", None)
    if units is not None:
        row = company.tables["items"].update(row, {"units": {code: Decimal(str(n)) for code, n in units.items()}})
    return _set(company, "itemDetails", row, given, _ITEM_SWITCHES)


def set_company(company: Company, given: dict[str, Any]) -> Any:
    """Switches of the company's setup, by their names in :class:`Setup`."""
    known = {field.name: getattr(company.setup, field.name) for field in dataclasses.fields(company.setup)}
    for name, value in given.items():
        if name not in known:
            raise errors.unknown_property(name, "setup")
        if isinstance(value, bool) is not isinstance(known[name], bool):
            raise errors.bad_request(f"Cannot convert the value '{value}' of property '{name}'.")
        setattr(company.setup, name, Decimal(value) if isinstance(known[name], Decimal) else value)
    return dataclasses.asdict(company.setup)


def delete_order(company: Company, given: dict[str, Any]) -> Any:
    documents.delete_document(company, _order(company, given))
    return {}


def change_order_line(company: Company, given: dict[str, Any]) -> Any:
    """Change ``line`` (its number) of ``order`` as a person would: reopened before and released after where needed."""
    header = _order(company, given)
    released = header["status"] == "Released"
    if released:
        header = release.reopen(company, header)
    line = next((each for each in documents.lines_of(company, header) if each["sequence"] == given.get("line")), None)
    if line is None:
        raise errors.dialog("You cannot modify a line that does not exist.")
    names = BRIDGE["salesDocumentLines"].properties
    wanted = {name: value for name, value in given.items() if name not in {"order", "line"}}
    values = {}
    for name, value in wanted.items():
        if name not in names:
            raise errors.unknown_property(name, "salesDocumentLine")
        values[name] = wire.value_in(names[name], value)
    documents.change_line(company, header, line, values)
    header = documents.recalculate(company, header)
    return _order_json(company, release.release(company, header) if released else header)


def add_note(company: Company, given: dict[str, Any]) -> Any:
    """A note that a person writes on an order: ``order``, ``subject``, ``body``."""
    created = company.journal.stamp()
    texts = str(given.get("subject", "")), str(given.get("body", ""))
    return {"id": order_requests.add_note(company, _order(company, given), *texts, created, from_bridge=False)}


def list_orders(company: Company, given: dict[str, Any]) -> Any:
    """Open orders, or with ``kind`` Quote the quotes."""
    rows = [row for row in company.tables["salesHeaders"] if row["documentType"] == given.get("kind", "Order")]
    for name, field in (("order", "number"), ("reference", "yourReference")):
        if name in given:
            rows = [row for row in rows if row.get(field, "") == given[name]]
    return [_order_json(company, row) for row in rows]


def list_posted(company: Company, given: dict[str, Any]) -> Any:
    names = ("number", "orderNumber", "customerNumber", "customerPurchaseOrderReference", "totalAmountExcludingTax")
    return {
        table: [
            {name: row.get(name, "") for name in names}
            for row in company.tables[table]
            if row.get("status") != "Draft" and given.get("order", row.get("orderNumber")) == row.get("orderNumber")
        ]
        for table in ("salesShipments", "salesInvoices")
    }


def _order_json(company: Company, header: Row) -> Row:
    dropped = {"rowVersion", "systemCreatedAt"}
    lines = [{k: v for k, v in line.items() if k not in dropped} for line in documents.lines_of(company, header)]
    shown = {name: value for name, value in header.items() if name not in dropped}
    notes = [
        {name: note[name] for name in ("subject", "body", "createdOn")}
        for note in company.tables["notes"].by("documentId", header["id"])
    ]
    return {**shown, "lines": lines, "notes": notes}


def _order(company: Company, given: Mapping[str, Any]) -> Row:
    """The order of a number, an id or a reference."""
    name = str(given.get("order", ""))
    headers = company.tables["salesHeaders"]
    found = headers.one("number", name) or headers.get(name.lower()) or (headers.one("yourReference", name or "-"))
    if found is None:
        raise errors.record_missing("Sales Header", f"Document Type='Order',No.='{name}'")
    return found


def _quantities(company: Company, header: Row, given: Any) -> dict[int, Decimal]:
    if not isinstance(given, dict):
        raise errors.bad_request("lines must be an object of quantities by line number or item number.")
    wanted: dict[int, Decimal] = {}
    for line in documents.lines_of(company, header):
        for name in (str(line["sequence"]), line.get("lineObjectNumber", "")):
            if name in given:
                wanted[line["sequence"]] = Decimal(str(given[name]))
    return wanted


def _invoice(given: Mapping[str, Any]) -> str:
    return str(given.get("invoice", ""))


def _record(company: Company, table: str, title: str, number: str) -> Row:
    row = company.one(table, "number", number)
    if row is None:
        raise errors.record_missing(title, f"No.='{number}'")
    return row


def _set(company: Company, set_name: str, row: Row, given: dict[str, Any], switches: tuple[str, ...]) -> Row:
    entity = BRIDGE[set_name]
    flags = {name: bool(given.pop(name)) for name in switches if name in given}
    values = {}
    for name, value in given.items():
        if name not in entity.properties:
            raise errors.unknown_property(name, entity.name)
        values[name] = wire.value_in(entity.properties[name], value)
    row = change_master(company, entity, row, values)
    return company.tables[entity.table].update(row, flags) if flags else row


ACTIONS: Mapping[str, Callable[[Company, dict[str, Any]], Any]] = {
    "post-stock": post_stock,
    "late-entry": late_entry,
    "ship": ship,
    "invoice": invoice,
    "ship-and-invoice": ship_and_invoice,
    "release": release_order,
    "reopen": reopen_order,
    "approve": approve_order,
    "pay": pay_invoice,
    "unapply": unapply_payments,
    "set-customer": set_customer,
    "set-item": set_item,
    "set-company": set_company,
    "delete-order": delete_order,
    "change-order-line": change_order_line,
    "add-note": add_note,
}

"""Available to promise: what is free on a place, plus what comes, less what goes, with reservations, up to a day.

There are rows for stock, purchase orders, sales orders, transfers and reservations. Productions, projects, assemblies
and returns have none here, so their terms are nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.business_central import errors, wire
from sandbox.business_central.amounts import NOTHING
from sandbox.business_central.date_formula import add_formula
from sandbox.business_central.document_line import base_quantity_factor
from sandbox.business_central.ledger import check_item
from sandbox.business_central.reservations import reserved_demand, reserved_stock, reserved_supply
from sandbox.business_central.schema import EMPTY_DATE, fields
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

_ASKED = fields("itemNumber code20, variantCode code10, locationCode code10, requestedDate date, quantity dec")

Dated = tuple[date, Decimal]
Place = tuple[str, str]
"""Location and variant; the blank ones are ones of their own."""


@dataclass(frozen=True, slots=True)
class Situation:
    """An item at a place: quantities in base units, with their days where they have one."""

    stock: Decimal
    reserved_stock: Decimal
    receipts: list[Dated]
    demands: list[Dated]
    reserved_receipts: list[Dated]
    reserved_demands: list[Dated]

    def change_on(self, day: date) -> Decimal:
        """What is left of a day's receipts when its requirements are met; reserved ones have met already."""
        return (
            _on(self.receipts, day)
            - _on(self.reserved_receipts, day)
            - _on(self.demands, day)
            + _on(self.reserved_demands, day)
        )

    def days_behind(self, day: date, last: date | None) -> list[date]:
        """The days after ``day`` on which something happens, up to ``last`` where there is one."""
        found = {when for when, _ in (*self.receipts, *self.demands) if when > day and (last is None or when <= last)}
        return sorted(found)


def promise(company: Company, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Every term, their sum, and the first day on which the quantity can be promised (blank if none).

    Raises Refused for an unknown name or item.
    """
    for name in asked:
        if name not in _ASKED:
            raise errors.dialog(f"The name '{name}' is not known in request.")
    given = {name: wire.value_in(_ASKED[name], value) for name, value in asked.items() if value not in (None, "")}
    item = check_item(company, given.get("itemNumber", ""))["number"]
    found = _situation(company, item, (given.get("locationCode", ""), given.get("variantCode", "")))
    day = given.get("requestedDate", EMPTY_DATE)
    day = company.today() if day == EMPTY_DATE else day
    last = add_formula(day, company.setup.look_ahead) if company.setup.look_ahead else None
    receipt, reserved_receipt = _up_to(found.receipts, day), _up_to(found.reserved_receipts, day)
    reserved_demand_ = _up_to(found.reserved_demands, day)
    demand = _up_to(found.demands, day) + (_forward(found, day, last) if last is not None else NOTHING)
    free = found.stock - found.reserved_stock
    return {
        **{name: asked.get(name, "") for name in ("itemNumber", "variantCode", "locationCode")},
        "requestedDate": day.isoformat(),
        "quantity": given.get("quantity", NOTHING),
        "inventory": found.stock,
        "reservedOnInventory": found.reserved_stock,
        "scheduledReceipt": receipt,
        "reservedReceipt": reserved_receipt,
        "grossRequirement": demand,
        "reservedRequirement": reserved_demand_,
        "availableToPromise": free + (receipt - reserved_receipt) - (demand - reserved_demand_),
        "earliestDate": _earliest(found, day, last, given.get("quantity", NOTHING)),
    }


def _forward(found: Situation, day: date, last: date) -> Decimal:
    """Net demand behind the day, up to the first day that brings more than it takes."""
    demand = NOTHING
    for later in found.days_behind(day, last):
        change = found.change_on(later)
        if change > 0:
            break
        demand -= change
    return max(demand, NOTHING)


def _earliest(found: Situation, start: date, last: date | None, quantity: Decimal) -> str:
    """The first day from ``start`` on which the quantity is there and stays until more comes; blank for none."""
    balance = found.stock - found.reserved_stock
    balance += _up_to(found.receipts, start) - _up_to(found.reserved_receipts, start)
    balance -= _up_to(found.demands, start) - _up_to(found.reserved_demands, start)
    possible = start.isoformat() if balance >= quantity else ""
    for day in found.days_behind(start, last):
        change = found.change_on(day)
        if change > 0 and possible:
            break
        balance += change
        if change > 0 and balance >= quantity:
            return day.isoformat()
        if balance < quantity:
            possible = ""
    return possible


def _situation(company: Company, item: str, place: Place) -> Situation:
    entries = company.tables["itemLedgerEntries"].by("itemNumber", item)
    return Situation(
        stock=sum((entry["quantity"] for entry in entries if _place(entry) == place), NOTHING),
        reserved_stock=reserved_stock(company, item, place),
        receipts=[*_purchases(company, item, place), *_transfers(company, item, place, "transferToCode")],
        demands=[*_sales(company, item, place), *_transfers(company, item, place, "transferFromCode")],
        reserved_receipts=list(reserved_supply(company, item, place)),
        reserved_demands=list(reserved_demand(company, item, place)),
    )


def _on(rows: list[Dated], day: date) -> Decimal:
    return sum((quantity for when, quantity in rows if when == day), NOTHING)


def _up_to(rows: list[Dated], day: date) -> Decimal:
    return sum((quantity for when, quantity in rows if when <= day), NOTHING)


def _purchases(company: Company, item: str, place: Place) -> Iterator[Dated]:
    for line in company.tables["purchaseLines"].by("lineObjectNumber", item):
        left = line.get("quantity", NOTHING) - line.get("receivedQuantity", NOTHING)
        if left and line["lineType"] == "Item" and _place(line) == place:
            yield line.get("expectedReceiptDate", EMPTY_DATE), left * base_quantity_factor(company, line)


def _sales(company: Company, item: str, place: Place) -> Iterator[Dated]:
    for line in company.tables["salesLines"].by("lineObjectNumber", item):
        left = line.get("quantity", NOTHING) - line.get("shippedQuantity", NOTHING)
        if left and line["lineType"] == "Item" and line["documentType"] == "Order" and _place(line) == place:
            yield line.get("shipmentDate", EMPTY_DATE), left * base_quantity_factor(company, line)


def _transfers(company: Company, item: str, place: Place, end: str) -> Iterator[Dated]:
    """What leaves (not yet shipped), or what arrives (not yet received, in transit or not)."""
    counted, day = ("quantityShipped", "shipmentDate") if end == "transferFromCode" else (
        "quantityReceived", "receiptDate",
    )  # fmt: skip
    for line in company.tables["transferLines"].by("itemNumber", item):
        header = company.tables["transferHeaders"].get(line["documentId"])
        left = line["quantity"] - line.get(counted, NOTHING)
        if header is not None and left and (header[end], line.get("variantCode", "")) == place:
            yield header.get(day, EMPTY_DATE), left


def _place(row: Row) -> Place:
    return row.get("locationCode", ""), row.get("variantCode", "")

"""Available to promise: stock at a place, plus what is ordered, less what is sold, up to a day.

Served are the terms this stand-in has rows for: stock, purchase orders and sales orders. There are no reservations,
transfers, productions or projects here, and no look-ahead window is set up, so days after the asked one do not count
against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.business_central import errors, wire
from sandbox.business_central.amounts import NOTHING
from sandbox.business_central.document_line import base_quantity_factor
from sandbox.business_central.ledger import check_item
from sandbox.business_central.schema import EMPTY_DATE, fields
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

_ASKED = fields("itemNumber code20, variantCode code10, locationCode code10, requestedDate date, quantity dec")


def promise(company: Company, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Every term, their sum, and the first day on which the quantity can be promised (blank if none).

    A blank variant or location is one of its own. Raises Refused for an unknown name or item.
    """
    for name in asked:
        if name not in _ASKED:
            raise errors.dialog(f"The name '{name}' is not known in request.")
    given = {name: wire.value_in(_ASKED[name], value) for name, value in asked.items() if value not in (None, "")}
    item = check_item(company, given.get("itemNumber", ""))["number"]
    place = given.get("locationCode", ""), given.get("variantCode", "")
    day = given.get("requestedDate", EMPTY_DATE)
    day = company.today() if day == EMPTY_DATE else day
    stock = _stock(company, item, place)
    receipts = list(_receipts(company, item, place))
    demands = list(_demands(company, item, place))
    receipt, demand = _up_to(receipts, day), _up_to(demands, day)
    return {
        **{name: asked.get(name, "") for name in ("itemNumber", "variantCode", "locationCode")},
        "requestedDate": day.isoformat(),
        "quantity": given.get("quantity", NOTHING),
        "inventory": stock,
        "reservedOnInventory": NOTHING,
        "scheduledReceipt": receipt,
        "reservedReceipt": NOTHING,
        "grossRequirement": demand,
        "reservedRequirement": NOTHING,
        "availableToPromise": stock + receipt - demand,
        "earliestDate": _earliest(stock, receipts, demands, day, given.get("quantity", NOTHING)),
    }


Dated = tuple[date, Decimal]


def _earliest(stock: Decimal, receipts: list[Dated], demands: list[Dated], start: date, quantity: Decimal) -> str:
    days = sorted({start, *(day for day, _ in receipts if day > start)})
    for day in days:
        if stock + _up_to(receipts, day) - _up_to(demands, day) >= quantity:
            return day.isoformat()
    return ""


def _up_to(rows: list[Dated], day: date) -> Decimal:
    return sum((quantity for when, quantity in rows if when <= day), NOTHING)


def _stock(company: Company, item: str, place: tuple[str, str]) -> Decimal:
    entries = company.tables["itemLedgerEntries"].by("itemNumber", item)
    return sum((entry["quantity"] for entry in entries if _place(entry) == place), NOTHING)


def _receipts(company: Company, item: str, place: tuple[str, str]) -> Iterator[Dated]:
    for line in company.tables["purchaseLines"].by("lineObjectNumber", item):
        left = line["quantity"] - line.get("receivedQuantity", NOTHING)
        if left and _place(line) == place:
            yield line.get("expectedReceiptDate", EMPTY_DATE), left


def _demands(company: Company, item: str, place: tuple[str, str]) -> Iterator[Dated]:
    for line in company.tables["salesLines"].by("lineObjectNumber", item):
        left = line.get("quantity", NOTHING) - line.get("shippedQuantity", NOTHING)
        if left and line["lineType"] == "Item" and line["documentType"] == "Order" and _place(line) == place:
            yield line.get("shipmentDate", EMPTY_DATE), left * base_quantity_factor(company, line)


def _place(row: Row) -> tuple[str, str]:
    return row.get("locationCode", ""), row.get("variantCode", "")

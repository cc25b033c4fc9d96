"""Reservations: part of a sales line's demand tied to stock or to a purchase line, in base units."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from sandbox.business_central import errors
from sandbox.business_central.amounts import NOTHING
from sandbox.business_central.document_line import base_quantity_factor, line_name
from sandbox.business_central.schema import EMPTY_DATE
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

STOCK, PURCHASE = "Stock", "Purchase"
Place = tuple[str, str]


def reserve(company: Company, header: Row, line: Row, quantity: Decimal, purchase_line: Row | None = None) -> Row:
    """Tie part of a line's demand to stock at its place, or to a purchase line. Raises Refused beyond what is free."""
    if line["lineType"] != "Item":
        raise errors.must_be("Type", "Item", line_name(header, line), line["lineType"])
    place = _place(line)
    open_demand = (line["quantity"] - line.get("shippedQuantity", NOTHING)) * base_quantity_factor(company, line)
    open_demand -= _sum(company.tables["reservations"].by("demandLineId", line["id"]))
    free = _free(company, line["lineObjectNumber"], place, purchase_line)
    if not 0 < quantity <= min(free, open_demand):
        raise errors.dialog(
            f"Reserved quantity cannot be greater than {max(min(free, open_demand), NOTHING)} in "
            f"{line_name(header, line)}."
        )
    table = company.tables["reservations"]
    return table.insert(
        {
            "entryNumber": max((row["entryNumber"] for row in table), default=0) + 1,
            "itemNumber": line["lineObjectNumber"],
            "locationCode": place[0],
            "variantCode": place[1],
            "quantity": quantity,
            "supply": PURCHASE if purchase_line else STOCK,
            "supplyLineId": purchase_line["id"] if purchase_line else "",
            "demandLineId": line["id"],
        }
    )


def reserved_stock(company: Company, item: str, place: Place) -> Decimal:
    return _sum([row for row in _at(company, item, place) if row["supply"] == STOCK])


def reserved_supply(company: Company, item: str, place: Place) -> Iterator[tuple[date, Decimal]]:
    """Quantities of purchase lines that are spoken for, with the days they are expected."""
    for row in _at(company, item, place):
        line = company.tables["purchaseLines"].get(row["supplyLineId"])
        if line is not None:
            yield line.get("expectedReceiptDate", EMPTY_DATE), row["quantity"]


def reserved_demand(company: Company, item: str, place: Place) -> Iterator[tuple[date, Decimal]]:
    """Quantities of sales lines that are provided for, with the days they are to be shipped."""
    for row in _at(company, item, place):
        line = company.tables["salesLines"].get(row["demandLineId"])
        if line is not None:
            yield line.get("shipmentDate", EMPTY_DATE), row["quantity"]


def _free(company: Company, item: str, place: Place, purchase_line: Row | None) -> Decimal:
    if purchase_line is not None:
        left = purchase_line["quantity"] - purchase_line.get("receivedQuantity", NOTHING)
        taken = _sum(company.tables["reservations"].by("supplyLineId", purchase_line["id"]))
        same = purchase_line["lineObjectNumber"] == item and _place(purchase_line) == place
        return Decimal(left * base_quantity_factor(company, purchase_line) - taken) if same else NOTHING
    entries = company.tables["itemLedgerEntries"].by("itemNumber", item)
    stock = sum((entry["quantity"] for entry in entries if _place(entry) == place), NOTHING)
    return stock - reserved_stock(company, item, place)


def _at(company: Company, item: str, place: Place) -> list[Row]:
    return [row for row in company.tables["reservations"].by("itemNumber", item) if _place(row) == place]


def _sum(rows: list[Row]) -> Decimal:
    return sum((row["quantity"] for row in rows), NOTHING)


def _place(row: Row) -> Place:
    return row.get("locationCode", ""), row.get("variantCode", "")

"""What the control routes do about goods: purchase orders, receipts, transfers, reservations, and prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.business_central import errors, reservations, supply
from sandbox.business_central.documents import lines_of
from sandbox.business_central.ledger import check_item
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row


def order_supply(company: Company, given: dict[str, Any]) -> Any:
    """A purchase order of one item: ``item``, ``quantity``, ``date``, ``location``?, ``vendor``?."""
    item = check_item(company, str(given.get("item", "")))
    vendor = str(given.get("vendor", "")) or next((row["number"] for row in company.tables["vendors"]), "")
    header = supply.create_order(company, {"vendorNumber": vendor})
    line = supply.add_line(
        company,
        {"documentId": header["id"], "lineObjectNumber": item["number"], "quantity": _number(given, "quantity")},
    )
    line = supply.change_line(company, line, {"expectedReceiptDate": _day(company, given, "date")})
    place = {
        "locationCode": str(given.get("location", "")).upper(),
        "variantCode": str(given.get("variant", "")).upper(),
    }
    company.tables["purchaseLines"].update(line, place)
    return {"number": header["number"]}


def receive(company: Company, given: dict[str, Any]) -> Any:
    """Goods of a purchase ``order`` come in; ``lines`` may say how much, by line number."""
    lines = given.get("lines")
    quantities = {int(name): Decimal(str(much)) for name, much in lines.items()} if isinstance(lines, dict) else None
    return {"status": supply.receive(company, _purchase(company, given), quantities)["status"]}


def transfer(company: Company, given: dict[str, Any]) -> Any:
    """A transfer of ``item``, ``quantity`` ``from`` ``to`` via ``transit``, on ``shipmentDate`` and ``receiptDate``."""
    places = tuple(str(given.get(name, "")).upper() for name in ("from", "to", "transit"))
    days = _day(company, given, "shipmentDate"), _day(company, given, "receiptDate")
    item = check_item(company, str(given.get("item", "")))["number"]
    header = supply.make_transfer(company, item, _number(given, "quantity"), (places[0], places[1], places[2]), days)
    return {"number": header["number"]}


def ship_transfer(company: Company, given: dict[str, Any]) -> Any:
    supply.ship_transfer(company, _transfer(company, given))
    return {}


def receive_transfer(company: Company, given: dict[str, Any]) -> Any:
    supply.receive_transfer(company, _transfer(company, given))
    return {}


def reserve(company: Company, given: dict[str, Any]) -> Any:
    """Reserve ``quantity`` base units for ``line`` of ``order``, from stock or from the purchase order ``from``."""
    header = _row(company, "salesHeaders", "Sales Header", given.get("order"))
    line = next((each for each in lines_of(company, header) if each["sequence"] == given.get("line", 10_000)), None)
    if line is None:
        raise errors.dialog("You cannot modify a line that does not exist.")
    source = None
    if given.get("from"):
        owner = _row(company, "purchaseHeaders", "Purchase Header", given["from"])
        source = next(iter(company.tables["purchaseLines"].by("documentId", owner["id"])), None)
    return {
        "entryNumber": reservations.reserve(company, header, line, _number(given, "quantity"), source)["entryNumber"]
    }


def set_price(company: Company, given: dict[str, Any]) -> Any:
    """A sales price, and the same in a price list: ``item``, ``price``, and for whom: ``customer``, ``group``, or all.

    ``minimum``, ``unit``, ``currency`` narrow it down.
    """
    item = check_item(company, str(given.get("item", "")))["number"]
    kind, code = "All Customers", ""
    if given.get("customer"):
        kind, code = "Customer", _row(company, "customers", "Customer", given["customer"])["number"]
    elif given.get("group"):
        kind, code = "Customer Price Group", str(given["group"]).upper()
    row = {
        "unitPrice": _number(given, "price"),
        "minimumQuantity": Decimal(str(given.get("minimum", 0))),
        "unitOfMeasureCode": str(given.get("unit", "")).upper(),
        "currencyCode": str(given.get("currency", "")).upper(),
        "startingDate": company.today(),
    }
    company.tables["salesPrices"].insert({"salesType": kind, "salesCode": code, "itemNumber": item, **row})
    headers = company.tables["priceListHeaders"]
    kinds = {"priceType": "Sale", "amountType": "Price", "status": "Active"}
    name = f"{kind[0]}-{code}"[:20]
    if headers.one("code", name) is None:
        headers.insert(
            {"code": name, "description": f"{kind} {code}", **kinds, "sourceType": kind, "sourceNumber": code}
        )
    lines = company.tables["priceListLines"]
    number = max((line["lineNumber"] for line in lines.by("priceListCode", name)), default=0) + 10_000
    owner = {"priceListCode": name, "lineNumber": number, "sourceType": kind, "sourceNumber": code}
    lines.insert({**owner, **kinds, "assetType": "Item", "assetNumber": item, **row})
    return {"priceList": name}


def _purchase(company: Company, given: Mapping[str, Any]) -> Row:
    return _row(company, "purchaseHeaders", "Purchase Header", given.get("order"))


def _transfer(company: Company, given: Mapping[str, Any]) -> Row:
    return _row(company, "transferHeaders", "Transfer Header", given.get("transfer"))


def _row(company: Company, table: str, title: str, number: object) -> Row:
    found = company.one(table, "number", str(number or "-"))
    if found is None:
        raise errors.record_missing(title, f"No.='{number}'")
    return found


def _number(given: Mapping[str, Any], name: str) -> Decimal:
    try:
        return Decimal(str(given[name]))
    except (KeyError, ArithmeticError):
        raise errors.parameter_missing(name) from None


def _day(company: Company, given: Mapping[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(str(given[name])) if given.get(name) else company.today()
    except ValueError:
        raise errors.bad_request(f"Unable to convert value to Date: '{given[name]}'.") from None


SUPPLY_ACTIONS: Mapping[str, Callable[[Company, dict[str, Any]], Any]] = {
    "order-supply": order_supply,
    "receive": receive,
    "transfer": transfer,
    "ship-transfer": ship_transfer,
    "receive-transfer": receive_transfer,
    "reserve": reserve,
    "set-price": set_price,
}

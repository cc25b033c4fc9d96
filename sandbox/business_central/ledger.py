"""The item ledger: every change of stock is an entry, and inventory is their sum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.business_central import errors
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row


@dataclass(frozen=True, slots=True)
class Movement:
    """Stock that comes (positive) or goes, in the item's base unit. A blank location is a location too."""

    item: str
    quantity: Decimal
    location: str = ""
    variant: str = ""
    entry_type: str = "Positive Adjmt."
    document_type: str = ""
    document_number: str = ""
    source_type: str = ""
    source_number: str = ""
    amount: Decimal = Decimal(0)
    day: date | None = None


def post(company: Company, movement: Movement) -> Row:
    """Write one entry; what goes out closes older entries of the place it leaves, as applying them does."""
    fields = _entry(company, movement)
    if movement.quantity < 0:
        fields["remainingQuantity"] = -_apply(company, movement)
        fields["open"] = bool(fields["remainingQuantity"])
    company.inventory.add(movement.item, movement.quantity)
    return company.tables["itemLedgerEntries"].insert({**fields, "entryNumber": company.entry_numbers.draw()})


def post_late(company: Company, movement: Movement) -> Row:
    """Write an entry whose number is below ones that are already visible, as a slow transaction would."""
    number = company.entry_numbers.draw_late()
    company.inventory.add(movement.item, movement.quantity)
    return company.tables["itemLedgerEntries"].insert({**_entry(company, movement), "entryNumber": number})


def hold(company: Company, movement: Movement) -> int:
    """Open a transaction that has written an entry and not committed it. Answers the entry number it holds."""
    number, version = company.entry_numbers.draw(), company.journal.next_row_version()
    stamp = company.journal.stamp()
    company.journal.open_row_versions.add(version)
    fields = {**_entry(company, movement), "entryNumber": number, "rowVersion": version}
    company.late.append(({**fields, "lastModifiedDateTime": stamp, "systemCreatedAt": stamp}, version))
    return number


def commit_held(company: Company) -> list[int]:
    """Commit what :func:`hold` opened: the entries appear with the numbers, versions and stamps they got then."""
    held, company.late = company.late, []
    for row, version in held:
        company.inventory.add(row["itemNumber"], row["quantity"])
        company.tables["itemLedgerEntries"].insert(row)
        company.journal.open_row_versions.discard(version)
    return [row["entryNumber"] for row, _ in held]


def check_item(company: Company, number: str) -> Row:
    """The item of a number. Raises Refused where there is none."""
    item = company.one("items", "number", number)
    if item is None:
        raise errors.record_missing("Item", f"No.='{number}'")
    return item


def movement_of(company: Company, given: Mapping[str, Any]) -> Movement:
    """A movement as the control routes name it. Raises Refused for an unknown item or location."""
    item = check_item(company, str(given.get("item", "")))
    location = str(given.get("location", ""))
    if location and company.one("locations", "code", location) is None:
        raise errors.record_missing("Location", f"Code='{location}'")
    quantity = Decimal(str(given.get("quantity", 0)))
    kind = "Positive Adjmt." if quantity > 0 else "Negative Adjmt."
    return Movement(item["number"], quantity, location.upper(), str(given.get("variant", "")).upper(), kind)


def _entry(company: Company, movement: Movement) -> Row:
    item = company.one("items", "number", movement.item) or {}
    entry: Row = {
        "itemNumber": movement.item,
        "description": item.get("displayName", ""),
        "postingDate": movement.day or company.today(),
        "entryType": movement.entry_type,
        "quantity": movement.quantity,
        "remainingQuantity": max(movement.quantity, Decimal(0)),
        "open": movement.quantity > 0,
        "costAmountActual": movement.quantity * item.get("unitCost", Decimal(0)),
    }
    more = {
        "locationCode": movement.location,
        "variantCode": movement.variant,
        "documentType": movement.document_type,
        "documentNumber": movement.document_number,
        "sourceType": movement.source_type,
        "sourceNumber": movement.source_number,
        "salesAmountActual": movement.amount,
    }
    return entry | {name: value for name, value in more.items() if value}


def _apply(company: Company, movement: Movement) -> Decimal:
    """Take what goes out from open entries of the same place, oldest first; answers what found no cover."""
    left = -movement.quantity
    table = company.tables["itemLedgerEntries"]
    for entry in table.by("itemNumber", movement.item):
        if not left:
            break
        same_place = (entry.get("locationCode", ""), entry.get("variantCode", "")) == (
            movement.location,
            movement.variant,
        )
        if same_place and entry.get("open") and entry["remainingQuantity"] > 0:
            taken = min(left, entry["remainingQuantity"])
            remaining = entry["remainingQuantity"] - taken
            table.update(entry, {"remainingQuantity": remaining, "open": bool(remaining)})
            left -= taken
    return left

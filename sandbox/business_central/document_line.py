"""One line of a sales document while it is being changed: what it sells, unit, quantity, price and discount."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sandbox.business_central import errors, prices
from sandbox.business_central.amounts import NOTHING, rounded
from sandbox.business_central.document_header import HeaderDraft
from sandbox.business_central.schema import EMPTY_GUID
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

_OBJECT = frozenset({"itemId", "accountId", "lineType", "lineObjectNumber"})
_FREE = frozenset({"description", "description2", "shipQuantity", "invoiceQuantity", "attachedToLineNumber"})
"""Fields that a Released document lets change."""
_PRICE_PRECISION = Decimal("0.00001")
_VAT_FREE_GROUPS = frozenset({"EXPORT"})
_RELATED = {"Item": ("items", "Item"), "Resource": ("resources", "Resource"), "Account": ("accounts", "G/L Account")}


def line_name(header: Row, line: Row) -> str:
    """How messages point at a line."""
    return (
        f"Sales Line: Document Type={header['documentType']}, Document No.={header['number']}, "
        f"Line No.={line['sequence']}"
    )


class LineDraft:
    """``row`` holds the line as it would be stored; nothing is stored here."""

    def __init__(self, company: Company, header: Row, row: Row, price_search: bool) -> None:
        self.company, self.header, self.price_search = company, header, price_search
        self.row = {name: value for name, value in row.items() if name not in {"lastModifiedDateTime", "rowVersion"}}

    @classmethod
    def new(cls, company: Company, header: Row, sequence: int, price_search: bool) -> LineDraft:
        row = {
            "documentId": header["id"],
            "documentType": header["documentType"],
            "documentNumber": header["number"],
            "sequence": sequence,
            "lineType": "Comment",
            "shipmentDate": header["shipmentDate"],
        }
        return cls(company, header, row, price_search)

    def set_all(self, values: Mapping[str, Any]) -> None:
        """Decide what the line sells, then validate the other fields in the order given."""
        self._set_object(values)
        for name, value in values.items():
            if name in _OBJECT or name in {"documentId", "sequence"}:
                continue
            if name not in _FREE and self.row["lineType"] != "Comment" and self.row.get(name) != value:
                HeaderDraft.check_status_open(self.header)
            setter = _SETTERS.get(name)
            if setter is not None:
                setter(self, value)
            else:
                self.row[name] = value

    def _set_object(self, values: Mapping[str, Any]) -> None:
        item = values.get("itemId", EMPTY_GUID)
        account = values.get("accountId", EMPTY_GUID)
        if item != EMPTY_GUID and account != EMPTY_GUID:
            raise errors.dialog('Both "itemId" and "accountId" are specified. Specify only one of them.')
        if item != EMPTY_GUID:
            self._sell("Item", self.company.tables["items"].get(item), "Item does not exist.")
        elif account != EMPTY_GUID:
            self._sell("Account", self.company.tables["accounts"].get(account), "Account does not exist.")
        elif values.get("lineObjectNumber"):
            self._sell_by_number(str(values.get("lineType", "Item")), str(values["lineObjectNumber"]))
        elif values.get("lineType", self.row["lineType"]) != self.row["lineType"]:
            HeaderDraft.check_status_open(self.header)
            self.row.update(lineType=values["lineType"], lineObjectNumber="")

    def _sell_by_number(self, kind: str, number: str) -> None:
        if kind not in _RELATED:
            raise errors.dialog(f"A line of type {kind} cannot have a number here.")
        table, title = _RELATED[kind]
        found = self.company.one(table, "number", number)
        if found is None:
            raise errors.relation_missing("No.", "Sales Line", number, title)
        self._sell(kind, found, "")

    def _sell(self, kind: str, found: Row | None, missing: str) -> None:
        if found is None:
            raise errors.dialog(missing)
        HeaderDraft.check_status_open(self.header)
        if found.get("blocked"):
            raise errors.must_be("Blocked", "No", f"{_RELATED[kind][1]}: No.={found['number']}", "Yes")
        if found.get("salesBlocked"):
            raise errors.dialog(
                f"You cannot sell {kind} {found['number']} because the Sales Blocked check box is selected on the "
                f"{kind} card."
            )
        own_tax = found.get("vatPercent", NOTHING) if kind == "Item" else self.company.setup.vat_percent
        self.row.update(
            lineType=kind,
            lineObjectNumber=found["number"],
            description=found.get("displayName") or found.get("name", ""),
            unitOfMeasureCode=found.get("salesUnitOfMeasureCode") or found.get("baseUnitOfMeasureCode", ""),
            taxPercent=NOTHING if self.header.get("vatBusPostingGroup") in _VAT_FREE_GROUPS else own_tax,
            taxCode=found.get("taxGroupCode", ""),
            allowInvoiceDiscount=kind != "Account",
            locationCode=self.header.get("locationCode", "") if kind == "Item" else "",
            discountPercent=NOTHING,
            discountAmount=NOTHING,
        )
        self._find_price()

    def _find_price(self) -> None:
        """The price that applies to the line as it stands, in the document's currency."""
        if self.row["lineType"] == "Comment":
            return
        table, _ = _RELATED[self.row["lineType"]]
        found = self.company.one(table, "number", self.row["lineObjectNumber"])
        price = (found or {}).get("unitPrice", NOTHING)
        self.row["unitPrice"] = prices.find(self.company, self.header, self.row, self._unit_factor(), price)
        self._price_moved()

    def _unit_factor(self) -> Decimal:
        return base_quantity_factor(self.company, self.row)

    def _unit(self, code: str) -> None:
        if self.row["lineType"] == "Item":
            item = self.company.one("items", "number", self.row["lineObjectNumber"]) or {}
            if code and code != item.get("baseUnitOfMeasureCode") and code not in item.get("units", {}):
                raise errors.relation_missing("Unit of Measure Code", "Sales Line", code, "Item Unit of Measure")
        elif code and self.company.one("unitsOfMeasure", "code", code) is None:
            raise errors.relation_missing("Unit of Measure Code", "Sales Line", code, "Unit of Measure")
        self.row["unitOfMeasureCode"] = code
        if self.price_search:
            self._find_price()

    def _unit_id(self, row_id: str) -> None:
        unit = self.company.tables["unitsOfMeasure"].get(row_id)
        if row_id != EMPTY_GUID and unit is None:
            raise errors.dialog('The "unitOfMeasureId" does not match to a Unit of Measure.')
        self._unit(unit["code"] if unit else "")

    def _quantity(self, quantity: Decimal) -> None:
        shipped = self.row.get("shippedQuantity", NOTHING)
        if quantity < shipped:
            raise errors.validation(
                f"Quantity must not be less than {shipped}, which is shipped, in {line_name(self.header, self.row)}."
            )
        self.row["quantity"] = quantity
        self.row["shipQuantity"] = quantity - shipped
        self.row["invoiceQuantity"] = quantity - self.row.get("invoicedQuantity", NOTHING)
        if self.price_search:
            self._find_price()
        self._price_moved()

    def _unit_price(self, price: Decimal) -> None:
        self.row["unitPrice"] = rounded(price, _PRICE_PRECISION)
        self._price_moved()

    def _price_moved(self) -> None:
        self._discount_percent(self.row.get("discountPercent", NOTHING))

    def _gross(self) -> Decimal:
        return rounded(self.row.get("quantity", NOTHING) * self.row.get("unitPrice", NOTHING))

    def _discount_percent(self, percent: Decimal) -> None:
        if not 0 <= percent <= 100:
            raise errors.validation(
                f"The value {percent} of field Line Discount % in {line_name(self.header, self.row)} "
                "must be between 0 and 100."
            )
        self.row["discountPercent"] = percent
        self.row["discountAmount"] = rounded(self._gross() * percent / 100)

    def _discount_amount(self, amount: Decimal) -> None:
        if not self.row.get("quantity"):
            raise errors.must_have_value("Quantity", line_name(self.header, self.row))
        gross = self._gross()
        self.row["discountAmount"] = rounded(amount)
        self.row["discountPercent"] = rounded(amount / gross * 100, _PRICE_PRECISION) if gross else NOTHING

    def _location_id(self, row_id: str) -> None:
        location = self.company.tables["locations"].get(row_id)
        if row_id != EMPTY_GUID and location is None:
            raise errors.dialog('The "locationId" does not match to a Location.')
        self.row["locationCode"] = location["code"] if location else ""

    def _location(self, code: str) -> None:
        if code and self.company.one("locations", "code", code) is None:
            raise errors.relation_missing("Location Code", "Sales Line", code, "Location")
        self.row["locationCode"] = code

    def _variant_id(self, row_id: str) -> None:
        variant = self.company.tables["itemVariants"].get(row_id)
        if row_id != EMPTY_GUID and (variant is None or variant["itemNumber"] != self.row.get("lineObjectNumber")):
            raise errors.dialog('The "itemVariantId" does not match to a Variant of the item.')
        self.row["variantCode"] = variant["code"] if variant else ""


def base_quantity_factor(company: Company, line: Row) -> Decimal:
    """Base units in one of the line's unit."""
    if line.get("lineType") != "Item":
        return Decimal(1)
    item = company.one("items", "number", line["lineObjectNumber"]) or {}
    return Decimal(item.get("units", {}).get(line.get("unitOfMeasureCode"), 1))


_SETTERS: Mapping[str, Callable[[LineDraft, Any], None]] = {
    "unitOfMeasureCode": LineDraft._unit,
    "unitOfMeasureId": LineDraft._unit_id,
    "quantity": LineDraft._quantity,
    "unitPrice": LineDraft._unit_price,
    "discountPercent": LineDraft._discount_percent,
    "discountAmount": LineDraft._discount_amount,
    "locationId": LineDraft._location_id,
    "locationCode": LineDraft._location,
    "itemVariantId": LineDraft._variant_id,
}

"""Pages and queries published as OData V4 web services: their names, columns, keys and filters that change sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.business_central import errors
from sandbox.business_central.amounts import NOTHING
from sandbox.business_central.document_line import base_quantity_factor
from sandbox.business_central.properties import UPDATE
from sandbox.business_central.schema import EMPTY_DATE, Entity, Navigation, Reader, fields, navigations
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

Flow = Mapping[str, Any]
"""Values of filter columns by their names."""


@dataclass(frozen=True, slots=True)
class WebPage:
    """``keys`` are its key columns; ``found_by`` is the indexed property the column ``No`` shows.

    ``flow`` are filter columns: they keep no row out and change what ``summed`` columns add up. ``writes`` are the
    columns that may be written, with the fields they stand for.
    """

    entity: Entity
    keys: tuple[str, ...]
    found_by: str = "number"
    flow: tuple[str, ...] = ()
    summed: Mapping[str, Callable[[Flow], Reader]] = field(default_factory=dict)
    writes: Mapping[str, str] = field(default_factory=dict)

    def under(self, flow: Flow) -> Entity:
        """The entity with its sums narrowed by ``flow``."""
        computed = {**self.entity.computed, **{name: make(flow) for name, make in self.summed.items()}}
        return replace(self.entity, computed=computed)


def _show(text: str, table: str, name: str, columns: Mapping[str, str], **more: Any) -> Entity:
    """An entity whose columns show properties of a table under other names."""
    properties = fields(text)
    readers: dict[str, Reader] = {column: _column(own, properties[column].empty) for column, own in columns.items()}
    readers.update(more.pop("computed", {}))
    return Entity(name, name, table, more.pop("title"), properties, computed=readers, **more)


def _column(own: str, empty: Any) -> Reader:
    return lambda company, row: row.get(own, empty)


def _inventory(flow: Flow) -> Reader:
    """Stock of an item at the filters' place, whatever the day; without any, the running sum."""
    at = _place(flow)

    def read(company: Company, row: Row) -> Decimal:
        if not flow.keys() & _PLACE_FILTERS.keys():
            return company.inventory.of_item(row["number"])
        entries = company.tables["itemLedgerEntries"].by("itemNumber", row["number"])
        return sum((entry["quantity"] for entry in entries if at(entry)), NOTHING)

    return read


def _net_change(flow: Flow) -> Reader:
    """What the ledger says of the filters' place and days."""
    at, in_time = _place(flow), _days(flow)

    def read(company: Company, row: Row) -> Decimal:
        entries = company.tables["itemLedgerEntries"].by("itemNumber", row["number"])
        return sum((entry["quantity"] for entry in entries if at(entry) and in_time(entry["postingDate"])), NOTHING)

    return read


def _on_lines(table: str, done: str, day: str) -> Callable[[Flow], Reader]:
    """What lines of open orders still bring or take, in base units, by their own day."""

    def summed(flow: Flow) -> Reader:
        at, in_time = _place(flow), _days(flow)

        def read(company: Company, row: Row) -> Decimal:
            return sum(
                (
                    (line.get("quantity", NOTHING) - line.get(done, NOTHING)) * base_quantity_factor(company, line)
                    for line in company.tables[table].by("lineObjectNumber", row["number"])
                    if (line["lineType"], line.get("documentType", "Order")) == ("Item", "Order")
                    and at(line)
                    and in_time(line.get(day, EMPTY_DATE))
                ),
                NOTHING,
            )

        return read

    return summed


def _place(flow: Flow) -> Callable[[Row], bool]:
    wanted = {own: str(flow[name]).upper() for name, own in _PLACE_FILTERS.items() if name in flow}
    return lambda row: all(str(row.get(own, "")).upper() == value for own, value in wanted.items())


def _days(flow: Flow) -> Callable[[date], bool]:
    """A day, or a range of days written with two dots of which either end may be left open. Raises Refused."""
    text = str(flow.get("Date_Filter", "") or "").strip()
    first, dots, last = text.partition("..")
    try:
        start = date.fromisoformat(first) if first else date.min
        end = date.fromisoformat(last) if last else (start if first and not dots else date.max)
    except ValueError:
        raise errors.Refused(
            400, "Application_FilterErrorException", f"The filter 'Date_Filter' cannot be read: '{text}'."
        ) from None
    return lambda day: start <= day <= end


_PLACE_FILTERS = {"Location_Filter": "locationCode", "Variant_Filter": "variantCode"}
_FLOW_COLUMNS = (*_PLACE_FILTERS, "Date_Filter")
_SUMS: Mapping[str, Callable[[Flow], Reader]] = {
    "Inventory": _inventory,
    "Net_Change": _net_change,
    "Qty_on_Sales_Order": _on_lines("salesLines", "shippedQuantity", "shipmentDate"),
    "Qty_on_Purch_Order": _on_lines("purchaseLines", "receivedQuantity", "expectedReceiptDate"),
}
"""Columns of the item card that add up, within its filters: what is on hand has no day, the others do."""
_ITEM = {
    "No": "number", "Description": "displayName", "Type": "type", "Base_Unit_of_Measure": "baseUnitOfMeasureCode",
    "Unit_Price": "unitPrice", "Unit_Cost": "unitCost", "Blocked": "blocked",
}  # fmt: skip
_ITEM_TEXT = (
    "No code20 ro, Description text100 ro, Type text30 ro, {stock} dec ro, Base_Unit_of_Measure code10 ro, "
    "Unit_Price dec ro, Unit_Cost dec ro, Blocked bool ro{filters}"
)
_FILTERS = "".join(f", {name} text ro" for name in _FLOW_COLUMNS)
_TYPE: dict[str, Reader] = {"Type": lambda company, row: row.get("type") or "Inventory"}
_ORDER = {
    "No": "number", "Sell_to_Customer_No": "customerNumber", "Sell_to_Customer_Name": "customerName",
    "Your_Reference": "yourReference", "External_Document_No": "externalDocumentNumber",
    "Document_Date": "orderDate", "Posting_Date": "postingDate", "Requested_Delivery_Date": "requestedDeliveryDate",
    "Salesperson_Code": "salesperson", "Status": "status", "Quote_No": "quoteNumber",
    "Shipping_Agent_Code": "shippingAgentCode", "Shipment_Method_Code": "shipmentMethodCode",
    "Payment_Terms_Code": "paymentTermsCode", "Payment_Discount_Percent": "paymentDiscountPercent",
    "WorkDescription": "workDescription", "Currency_Code": "currencyCode",
}  # fmt: skip
_LINE = {
    "Document_No": "documentNumber", "Line_No": "sequence", "Type": "lineType", "No": "lineObjectNumber",
    "Description": "description", "Location_Code": "locationCode", "Quantity": "quantity",
    "Unit_of_Measure_Code": "unitOfMeasureCode", "Unit_Price": "unitPrice", "Line_Discount_Percent": "discountPercent",
    "Line_Amount": "amountExcludingTax", "Quantity_Shipped": "shippedQuantity", "Quantity_Invoiced": "invoicedQuantity",
    "Shipment_Date": "shipmentDate",
}  # fmt: skip
_KIND: dict[str, Reader] = {"Document_Type": lambda company, row: row["documentType"]}
_WRITABLE = (
    "Your_Reference", "External_Document_No", "Shipping_Agent_Code", "Shipment_Method_Code",
    "Payment_Discount_Percent", "WorkDescription", "Requested_Delivery_Date", "Salesperson_Code",
)  # fmt: skip

_PAGES = (
    WebPage(
        _show(_ITEM_TEXT.format(stock="InventoryField", filters=""), "items", "Items", _ITEM, title="Item",
              computed={**_TYPE, "InventoryField": _inventory({})}),
        ("No",),
    ),
    WebPage(
        _show(_ITEM_TEXT.format(stock=" dec ro, ".join(_SUMS), filters=_FILTERS), "items", "Item_Card", _ITEM,
              title="Item", computed={**_TYPE, **{name: make({}) for name, make in _SUMS.items()}}),
        ("No",), flow=_FLOW_COLUMNS, summed=_SUMS,
    ),
    WebPage(
        _show("Document_Type text30 ro, No code20 ro, Sell_to_Customer_No code20 ro, Sell_to_Customer_Name text100 ro, "
              "Your_Reference text35, External_Document_No code35, Document_Date date ro, Posting_Date date ro, "
              "Requested_Delivery_Date date, Salesperson_Code code20, Status text30 ro, Quote_No code20 ro, "
              "Shipping_Agent_Code code10, Shipment_Method_Code code10, Payment_Terms_Code code10 ro, "
              "Payment_Discount_Percent dec, WorkDescription text, Currency_Code code10 ro",
              "salesHeaders", "SalesOrder", _ORDER, title="Sales Header", computed=_KIND, verbs=UPDATE,
              view=lambda row: row["documentType"] == "Order",
              navigations=navigations(
                  Navigation("SalesOrderSalesLines", "SalesOrderSalesLines", foreign="documentId")
              )),
        ("Document_Type", "No"), writes={name: _ORDER[name] for name in _WRITABLE},
    ),
    WebPage(
        _show("Document_Type text30 ro, Document_No code20 ro, Line_No int ro, Type text30 ro, No code20 ro, "
              "Description text100 ro, Location_Code code10 ro, Quantity dec ro, Unit_of_Measure_Code code10 ro, "
              "Unit_Price dec ro, Line_Discount_Percent dec ro, Line_Amount dec ro, Quantity_Shipped dec ro, "
              "Quantity_Invoiced dec ro, Shipment_Date date ro",
              "salesLines", "SalesOrderSalesLines", _LINE, title="Sales Line",
              computed={**_KIND, "documentId": lambda company, row: row["documentId"]},
              view=lambda row: row["documentType"] == "Order"),
        ("Document_Type", "Document_No", "Line_No"), found_by="",
    ),
)  # fmt: skip

PAGES = {page.entity.name: page for page in _PAGES}

STOCK_QUERY = Entity(
    "InventoryByLocation", "InventoryByLocation", "itemLedgerEntries", "Inventory by Location",
    fields("ItemNo code20 ro, VariantCode code10 ro, UnitOfMeasureCode code10 ro, QtyPerUnitOfMeasure dec ro, "
           "Quantity dec ro, RemainingQuantity dec ro, ReservedQuantity dec ro, LocationCode code10 ro, "
           "LocationName text100 ro"),
)  # fmt: skip
"""Query 37015: open entries, summed per item, variant and location."""


def stock_rows(company: Company) -> Iterator[Row]:
    """The rows of the query, in the order of item, location, variant."""
    sums: dict[tuple[str, str, str], list[Decimal]] = {}
    for entry in company.tables["itemLedgerEntries"]:
        if entry.get("open"):
            place = entry["itemNumber"], entry.get("locationCode", ""), entry.get("variantCode", "")
            found = sums.setdefault(place, [NOTHING, NOTHING])
            found[0] += entry["quantity"]
            found[1] += entry["remainingQuantity"]
    for (number, location, variant), (quantity, remaining) in sorted(sums.items()):
        item = company.one("items", "number", number) or {}
        place_row = company.one("locations", "code", location) if location else None
        yield {
            "ItemNo": number,
            "VariantCode": variant,
            "UnitOfMeasureCode": item.get("baseUnitOfMeasureCode", ""),
            "QtyPerUnitOfMeasure": Decimal(1),
            "Quantity": quantity,
            "RemainingQuantity": remaining,
            "ReservedQuantity": _reserved(company, number, location, variant),
            "LocationCode": location,
            "LocationName": place_row.get("displayName", "") if place_row else "",
        }


def _reserved(company: Company, number: str, location: str, variant: str) -> Decimal:
    entries = company.tables["reservations"].by("itemNumber", number)
    place = (location, variant)
    return sum(
        (
            entry["quantity"]
            for entry in entries
            if entry["supply"] == "Stock" and (entry.get("locationCode", ""), entry.get("variantCode", "")) == place
        ),
        NOTHING,
    )

"""What the stand-in knows: companies with their tables and setup, number series, users, the companion there or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.business_central.tables import Journal, Row, Table

PAGE_CAP = 20_000
"""Entities per page at most, as online."""

_TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # name: primary key, indexes beyond the id
    "items": (("number",), ("number",)),
    "itemVariants": (("itemNumber", "code"), ("itemNumber",)),
    "itemLedgerEntries": (("entryNumber",), ("itemNumber", "documentNumber")),
    "locations": (("code",), ("code",)),
    "unitsOfMeasure": (("code",), ("code",)),
    "customers": (("number",), ("number",)),
    "contacts": (("number",), ("number", "companyNumber")),
    "salespeoplePurchasers": (("code",), ("code",)),
    "currencies": (("code",), ("code",)),
    "paymentTerms": (("code",), ("code",)),
    "shipmentMethods": (("code",), ("code",)),
    "shippingAgents": (("code",), ("code",)),
    "countriesRegions": (("code",), ("code",)),
    "companyInformation": (("displayName",), ()),
    "accounts": (("number",), ("number",)),
    "itemCategories": (("code",), ("code",)),
    "inventoryPostingGroups": (("code",), ("code",)),
    "generalProductPostingGroups": (("code",), ("code",)),
    "taxGroups": (("code",), ("code",)),
    "paymentMethods": (("code",), ("code",)),
    "resources": (("number",), ("number",)),
    "salesHeaders": (
        ("documentType", "number"),
        ("number", "customerNumber", "billToCustomerNumber", "externalDocumentNumber", "yourReference"),
    ),
    "salesLines": (("documentType", "documentNumber", "sequence"), ("documentId", "lineObjectNumber")),
    "salesInvoices": (
        ("number",),
        (
            "number", "orderNumber", "customerNumber", "billToCustomerNumber", "externalDocumentNumber",
            "customerPurchaseOrderReference",
        ),
    ),
    "salesInvoiceLines": (("documentNumber", "sequence"), ("documentId",)),
    "salesShipments": (
        ("number",),
        ("number", "orderNumber", "customerNumber", "externalDocumentNumber", "customerPurchaseOrderReference"),
    ),
    "salesShipmentLines": (("documentNo", "sequence"), ("documentId", "documentNo")),
    "salesCreditMemos": (("number",), ("number", "customerNumber", "invoiceNumber")),
    "purchaseHeaders": (("number",), ("number", "vendorNumber")),
    "purchaseLines": (("documentNumber", "sequence"), ("documentId", "lineObjectNumber")),
    "transferHeaders": (("number",), ("number",)),
    "transferLines": (("documentNumber", "lineNumber"), ("documentId", "itemNumber")),
    "reservations": (("entryNumber",), ("itemNumber", "demandLineId", "supplyLineId")),
    "notes": (("createdOn",), ("documentId",)),
    "archives": (("number", "versionNumber"), ("number",)),
    "vendors": (("number",), ("number",)),
    "opportunities": (("number",), ("number", "contactNumber")),
    "customerEntries": (("entryNumber",), ("customerNumber", "documentNumber")),
    "customerPriceGroups": (("code",), ("code",)),
    "salesPrices": (("itemNumber", "salesCode", "startingDate"), ("itemNumber",)),
    "priceListHeaders": (("code",), ("code",)),
    "priceListLines": (("priceListCode", "lineNumber"), ("assetNumber", "priceListCode")),
    "jobQueueEntries": (("description",), ()),
    "documentAttachments": (("parentId", "lineNumber"), ("parentId",)),
}  # fmt: skip


@dataclass(slots=True)
class Setup:
    """A company's setup as far as documents depend on it. The switches are for tests; a new company has none set."""

    local_currency: str
    freight_account: str = ""
    write_in_item: str = ""
    vat_percent: Decimal = Decimal(0)
    """Of resources and accounts; an item has its own."""
    calc_invoice_discount: bool = False
    location_mandatory: bool = False
    external_document_number_mandatory: bool = False
    approval_needed: bool = False
    prevent_negative_inventory: bool = False
    archive_orders: bool = False
    archive_quotes: bool = True
    unit_groups: bool = False
    extended_prices: bool = False
    bidirectional_orders: bool = False
    look_ahead: str = ""
    """Date formula of the window behind a promised day whose demand counts too; empty for none."""
    default_price_list: str = ""
    payments_touch_invoices: bool = True
    """Whether a payment stamps its invoice anew; what the real one does is not documented."""


class NumberSeries:
    """Numbers of one kind of document. A number once drawn is not given again, also when its transaction fails."""

    def __init__(self, prefix: str, last: int) -> None:
        self.prefix, self.last = prefix, last

    def draw(self) -> str:
        self.last += 1
        return f"{self.prefix}{self.last}"


class Inventory:
    """Quantities on hand in the base unit, kept as running sums over the item ledger."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._by_item: dict[str, Decimal] = {}

    def __getstate__(self) -> Journal:
        """The sums are left out: the ledger's rows are kept, and they follow from those."""
        return self._journal

    def __setstate__(self, journal: Journal) -> None:
        Inventory.__init__(self, journal)

    def count(self, entries: Iterable[Row]) -> None:
        """Begin anew from all entries of the ledger."""
        self._by_item = {}
        for entry in entries:
            self._by_item[entry["itemNumber"]] = self.of_item(entry["itemNumber"]) + entry["quantity"]

    def of_item(self, number: str) -> Decimal:
        return self._by_item.get(number, Decimal(0))

    def add(self, number: str, quantity: Decimal) -> None:
        before = self.of_item(number)
        self._by_item[number] = before + quantity
        after = before + quantity
        self._journal.undo(
            lambda: self._by_item.update({number: before}), lambda: self._by_item.update({number: after})
        )

    def rename(self, old: str, new: str) -> None:
        self.add(new, self.of_item(old))
        self.add(old, -self.of_item(old))


class EntryNumbers:
    """Item ledger entry numbers: a rising sequence in which some numbers are drawn but not (yet) committed."""

    def __init__(self) -> None:
        self.last = 0
        self.held: list[int] = []

    def draw(self) -> int:
        """The next number. Every seventh is left out, as a posting that failed or is still open would leave it."""
        self.last += 1
        if self.last % 7 == 0:
            self.held.append(self.last)
            self.last += 1
        return self.last

    def draw_late(self) -> int:
        """A number below ones that others can already see."""
        if not self.held:
            self.held.append(self.draw())
            self.draw()
        return self.held.pop()


class Company:
    """One company: its tables by name, its setup, its number series."""

    def __init__(self, company_id: str, name: str, journal: Journal, now: Callable[[], datetime], setup: Setup) -> None:
        self.id, self.name, self.setup = company_id, name, setup
        self.journal = journal
        self._now = now
        self.tables = {name: Table(company_id, name, journal, *spec) for name, spec in _TABLES.items()}
        self.inventory = Inventory(journal)
        self.entry_numbers = EntryNumbers()
        self.customer_entries = 0
        """Number of the last entry of the customer ledger."""
        self.late: list[tuple[Row, int]] = []
        """Ledger entries written by a transaction that is still open, each with the row version it holds."""
        self.series = {
            "order": NumberSeries("SO", 100000),
            "quote": NumberSeries("SQ", 400000),
            "shipment": NumberSeries("SS", 200000),
            "invoice": NumberSeries("SI", 300000),
            "purchase": NumberSeries("PO", 500000),
            "item": NumberSeries("ITEM", 1000),
            "customer": NumberSeries("C", 60000),
            "contact": NumberSeries("CT", 1000),
            "vendor": NumberSeries("V", 100),
            "opportunity": NumberSeries("OP", 1000),
            "draft": NumberSeries("DI", 700000),
            "creditmemo": NumberSeries("CM", 800000),
            "transfer": NumberSeries("TO", 600000),
        }
        stamp = journal.stamp()
        self.row: Row = {
            "id": company_id,
            "name": name,
            "displayName": name,
            "systemVersion": "29.0.0.0",
            "timestamp": 1,
            "systemCreatedAt": stamp,
            "systemModifiedAt": stamp,
            "rowVersion": journal.next_row_version(),
        }

    def today(self) -> date:
        return self._now().date()

    def one(self, table: str, field: str, value: Any) -> Row | None:
        return self.tables[table].one(field, value)


@dataclass(slots=True)
class State:
    """One environment. ``users`` are names with their access keys, for the on-premises form of the address."""

    journal: Journal
    now: Callable[[], datetime]
    companies: dict[str, Company] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    permission_sets: dict[str, list[str]] = field(default_factory=dict)
    """Of each user, for the automation API alone: nothing else asks what a user may do."""
    companion_installed: bool = True
    page_cap: int = PAGE_CAP
    replica_lag: timedelta = timedelta()
    """How far behind the database is that reads are served from; nothing unless set, as in a real sandbox."""

    def company(self, name_or_id: str) -> Company | None:
        """By id in any case, or by its exact name."""
        found = self.companies.get(name_or_id.lower())
        return found or next((company for company in self.companies.values() if company.name == name_or_id), None)

    def tables(self) -> dict[str, Table]:
        """All tables by company id and name."""
        return {f"{each.id}/{name}": table for each in self.companies.values() for name, table in each.tables.items()}

    def count_inventory(self) -> None:
        """Work out what is on hand from the ledgers, after their rows were put back."""
        for company in self.companies.values():
            company.inventory.count(company.tables["itemLedgerEntries"])

    def add(self, companies: Iterable[Company]) -> None:
        self.companies.update({company.id: company for company in companies})

"""One header of a sales document while it is being changed: defaults from the customer, checks field by field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.business_central import errors
from sandbox.business_central.date_formula import add_formula
from sandbox.business_central.schema import EMPTY_DATE, EMPTY_GUID
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

ADDRESS = ("AddressLine1", "AddressLine2", "City", "State", "Country", "PostCode")
_OF_CUSTOMER = ("addressLine1", "addressLine2", "city", "state", "country", "postalCode")
_DATES = ("orderDate", "postingDate", "requestedDeliveryDate")
_GUARDED = frozenset({"pricesIncludeTax", "partialShipping", "requestedDeliveryDate", "shippingAgentCode"})
"""Fields that only an Open document lets change."""


_EDITABLE = frozenset({"Open", "Draft"})
_SERIES = {"Invoice": "draft"}
_BLOCKS = {"Invoice": frozenset({"Invoice", "All"})}
_BLOCKS_ALL = frozenset({"Ship", "Invoice", "All"})
"""Kinds of blocking that keep a customer out of a kind of document; of invoices fewer than of the others."""


class HeaderDraft:
    """``row`` holds the header as it would be stored; nothing is stored here."""

    def __init__(self, company: Company, row: Row) -> None:
        self.company = company
        self.row = {name: value for name, value in row.items() if name not in {"lastModifiedDateTime", "rowVersion"}}
        self.is_new = "id" not in row

    @classmethod
    def new(cls, company: Company, kind: str) -> HeaderDraft:
        today = company.today()
        number = company.series[_SERIES.get(kind, kind.lower())].draw()
        row = {"documentType": kind, "number": number, "status": "Open", "orderDate": today, "postingDate": today}
        if kind == "Invoice":
            row.update(status="Draft", invoiceDate=today)
        return cls(company, {**row, "partialShipping": True, "shipmentDate": today})

    @staticmethod
    def check_status_open(header: Row) -> None:
        """Raises Refused unless the real status is Open."""
        if header["status"] not in _EDITABLE:
            raise errors.must_be("Status", "Open", header_name(header), header["status"])

    def set(self, name: str, value: Any) -> None:
        """Validate one field and what follows from it."""
        if name in _GUARDED and self.row.get(name) != value:
            self.check_status_open(self.row)
        setter = _SETTERS.get(name)
        if setter is not None:
            setter(self, value)
        elif name.endswith("Country"):
            self._related(name, value, "countriesRegions", _COUNTRY_FIELDS[name], "Country/Region")
        else:
            self.row[name] = value

    def repeat_dates(self, values: Mapping[str, Any]) -> None:
        """Dates that were sent win over those that came with the customer."""
        self.row.update({name: values[name] for name in _DATES if name in values})
        if "dueDate" in values:
            self.row["dueDate"] = values["dueDate"]

    def copy_sell_to_into_bill_to(self) -> None:
        if self.row.get("customerNumber") == self.row.get("billToCustomerNumber"):
            for part in ADDRESS:
                self.row[f"billTo{part}"] = self.row.get(f"sellTo{part}", "")

    def _sell_to(self, customer: Row | None) -> None:
        if customer is None:
            raise errors.dialog("The sell-to customer cannot be found.")
        if self.row.get("customerNumber") == customer["number"]:
            return
        if self.is_new and self.row.get("customerNumber"):
            raise errors.dialog("The sell-to customer values do not match to a specific Customer.")
        self.check_status_open(self.row)
        self._check_customer(customer)
        row = self.row
        row["customerNumber"], row["customerName"] = customer["number"], customer["displayName"]
        row["shipToName"], row["shipToContact"] = customer["displayName"], customer.get("contactName", "")
        for part, own in zip(ADDRESS, _OF_CUSTOMER, strict=True):
            row[f"sellTo{part}"] = row[f"shipTo{part}"] = customer.get(own, "")
        row["phoneNumber"], row["email"] = customer.get("phoneNumber", ""), customer.get("email", "")
        row["shipmentMethodCode"] = customer.get("shipmentMethodCode", "")
        row["shippingAgentCode"] = customer.get("shippingAgentCode", "")
        row["salesperson"] = customer.get("salespersonCode", "")
        row["locationCode"] = customer.get("locationCode", "")
        self._bill_to(customer)

    def _bill_to(self, customer: Row | None) -> None:
        if customer is None:
            raise errors.dialog("The bill-to customer cannot be found.")
        if self.row.get("billToCustomerNumber") == customer["number"]:
            return
        self.check_status_open(self.row)
        self._check_customer(customer)
        row = self.row
        row["billToCustomerNumber"], row["billToName"] = customer["number"], customer["displayName"]
        for part, own in zip(ADDRESS, _OF_CUSTOMER, strict=True):
            row[f"billTo{part}"] = customer.get(own, "")
        row["currencyCode"] = customer.get("currencyCode", "")
        row["pricesIncludeTax"] = bool(customer.get("pricesIncludeTax"))
        row["vatBusPostingGroup"] = customer.get("vatBusPostingGroup", "")
        row["customerPriceGroup"] = customer.get("customerPriceGroup", "")
        self._payment_terms(customer.get("paymentTermsCode", ""))

    def _check_customer(self, customer: Row) -> None:
        if customer.get("privacyBlocked"):
            raise errors.dialog(
                f"You cannot create this type of document when Customer {customer['number']} is blocked for privacy."
            )
        blocked = customer.get("blocked", "")
        if blocked in _BLOCKS.get(self.row["documentType"], _BLOCKS_ALL):
            raise errors.dialog(
                f"You cannot Create this type of document when Customer {customer['number']} "
                f"is blocked with type {blocked}"
            )

    def _currency(self, code: str) -> None:
        if code == self.company.setup.local_currency:
            code = ""
        if code != self.row.get("currencyCode", ""):
            self.check_status_open(self.row)
            self._related("currencyCode", code, "currencies", "Currency Code", "Currency")

    def _currency_id(self, row_id: str) -> None:
        self._currency("" if row_id == EMPTY_GUID else self._by_id("currencies", row_id, "currencyId", "Currency"))

    def _payment_terms(self, code: str) -> None:
        self._related("paymentTermsCode", code, "paymentTerms", "Payment Terms Code", "Payment Terms")
        terms = self.company.one("paymentTerms", "code", code) if code else None
        self.row["paymentDiscountPercent"] = terms.get("discountPercent", Decimal(0)) if terms else Decimal(0)
        self.row["dueDate"] = add_formula(self.row["orderDate"], terms.get("dueDateCalculation", "") if terms else "")

    def _document_date(self, day: date) -> None:
        self.row["orderDate"] = self.row["invoiceDate"] = day
        self._payment_terms(self.row.get("paymentTermsCode", ""))

    def _payment_discount(self, percent: Decimal) -> None:
        if not 0 <= percent <= 100:
            raise errors.validation(
                f"The value {percent} of field Payment Discount % in {header_name(self.row)} must be between 0 and 100."
            )
        self.row["paymentDiscountPercent"] = percent

    def _related(self, name: str, code: str, table: str, caption: str, related: str) -> None:
        """A code must exist in its table; the blank one always may be set."""
        if code and self.company.one(table, "code", code) is None:
            raise errors.relation_missing(caption, "Sales Header", code, related)
        self.row[name] = code

    def _by_id(self, table: str, row_id: str, name: str, title: str) -> str:
        found = self.company.tables[table].get(row_id)
        if found is None:
            raise errors.dialog(f'The "{name}" does not match to a {title}.')
        return str(found["code"])

    def _payment_terms_id(self, row_id: str) -> None:
        code = "" if row_id == EMPTY_GUID else self._by_id("paymentTerms", row_id, "paymentTermsId", "Payment Terms")
        self._payment_terms(code)

    def _shipment_method_id(self, row_id: str) -> None:
        empty = row_id == EMPTY_GUID
        self.row["shipmentMethodCode"] = (
            "" if empty else self._by_id("shipmentMethods", row_id, "shipmentMethodId", "Shipment Method")
        )


def header_name(header: Row) -> str:
    """How messages point at a document."""
    return f"Sales Header: Document Type={header['documentType']}, No.={header['number']}"


_COUNTRY_FIELDS = {
    "sellToCountry": "Sell-to Country/Region Code",
    "shipToCountry": "Ship-to Country/Region Code",
    "billToCountry": "Bill-to Country/Region Code",
}


def _customer_by(field: str) -> Callable[[HeaderDraft, Any], Row | None]:
    def find(draft: HeaderDraft, value: Any) -> Row | None:
        customers = draft.company.tables["customers"]
        return customers.get(value) if field == "id" else customers.one(field, value)

    return find


_BY_ID, _BY_NUMBER = _customer_by("id"), _customer_by("number")
_SETTERS: Mapping[str, Callable[[HeaderDraft, Any], None]] = {
    "documentDate": HeaderDraft._document_date,
    "invoiceDate": HeaderDraft._document_date,
    "customerId": lambda draft, value: draft._sell_to(_BY_ID(draft, value)),
    "customerNumber": lambda draft, value: draft._sell_to(_BY_NUMBER(draft, value)),
    "billToCustomerId": lambda draft, value: draft._bill_to(_BY_ID(draft, value)),
    "billToCustomerNumber": lambda draft, value: draft._bill_to(_BY_NUMBER(draft, value)),
    "currencyCode": HeaderDraft._currency,
    "currencyId": HeaderDraft._currency_id,
    "paymentTermsCode": HeaderDraft._payment_terms,
    "paymentTermsId": HeaderDraft._payment_terms_id,
    "paymentDiscountPercent": HeaderDraft._payment_discount,
    "shipmentMethodId": HeaderDraft._shipment_method_id,
    "shipmentMethodCode": lambda draft, value: draft._related(
        "shipmentMethodCode", value, "shipmentMethods", "Shipment Method Code", "Shipment Method"
    ),
    "shippingAgentCode": lambda draft, value: draft._related(
        "shippingAgentCode", value, "shippingAgents", "Shipping Agent Code", "Shipping Agent"
    ),
    "salesperson": lambda draft, value: draft._related(
        "salesperson", value, "salespeoplePurchasers", "Salesperson Code", "Salesperson/Purchaser"
    ),
    "discountAmount": lambda draft, value: None,  # taken from the lines, once they are there
    "fullyShipped": lambda draft, value: None,
    "requestedDeliveryDate": lambda draft, value: draft.row.update(
        requestedDeliveryDate=value, shipmentDate=value if value != EMPTY_DATE else draft.company.today()
    ),
}

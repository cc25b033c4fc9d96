"""What a fresh company has beyond what both systems share: contacts, a vendor, opportunities, prices, jobs, a branch.

None of it changes what an order of the shared data costs or what can be promised.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from sandbox.business_central.amounts import rounded
from sandbox.business_central.state import Company
from sandbox.company import CompanyData
from sandbox.world import made_id

PRICE_GROUP = "PARTNER"
"""No customer is in it: whoever wants its prices puts one there."""
PRICE_LIST = "S00001"
INVENTORY_GROUP, PRODUCT_GROUP = "RESALE", "RETAIL"
_PARTNER_SHARE = Decimal("0.9")
_LISTED_ITEMS = 25
_OPPORTUNITIES = 3


def put(company: Company, table: str, fields: Mapping[str, object], key: str) -> None:
    """Insert a row whose id is made from its key, blank fields left out."""
    row_id = made_id(company.name, table, str(fields[key]))
    company.tables[table].insert({"id": row_id, **{name: value for name, value in fields.items() if value != ""}})


def fill(company: Company, data: CompanyData) -> None:
    """Put all of it into a company that holds the shared data."""
    vendor = {"number": "V100", "displayName": "Incoming goods", "email": "vendor@incoming.example"}
    put(company, "vendors", vendor, "number")
    _fill_groups(company, data)
    _fill_contacts(company, data)
    _fill_prices(company, data)
    _fill_jobs(company)


def _fill_groups(company: Company, data: CompanyData) -> None:
    """The groups items are posted and taxed by, and two ways to pay."""
    for rate in sorted({item.vat_percent for item in data.items if item.vat_percent}):
        put(company, "taxGroups", {"code": tax_group(rate), "displayName": f"VAT {rate:f} %", "taxType": "VAT"}, "code")
    put(company, "inventoryPostingGroups", {"code": INVENTORY_GROUP, "description": "Resale items"}, "code")
    put(company, "generalProductPostingGroups", {"code": PRODUCT_GROUP, "description": "Retail"}, "code")
    for code, name in (("BANK", "Bank transfer"), ("CASH", "Cash payment")):
        put(company, "paymentMethods", {"code": code, "displayName": name}, "code")


def tax_group(rate: Decimal) -> str:
    """The code of the group of a VAT rate; blank for items without VAT."""
    return f"VAT{rate:f}" if rate else ""


def _fill_contacts(company: Company, data: CompanyData) -> None:
    opportunities = 0
    for customer in data.customers:
        related = {"relatedTable": "Customer", "relatedNumber": customer.number.upper()}
        address = {
            "addressLine1": customer.address.line1,
            "addressLine2": customer.address.line2,
            "city": customer.address.city,
            "state": customer.address.state,
            "country": customer.address.country.upper(),
            "postalCode": customer.address.post_code.upper(),
        }
        number = company.series["contact"].draw()
        own = {"number": number, "displayName": customer.name, "searchName": customer.name.upper(), "type": "Company"}
        reach = {
            "phoneNumber": customer.phone,
            "email": customer.email,
            "salespersonCode": customer.salesperson.upper(),
        }
        put(company, "contacts", {**own, "companyNumber": number, **address, **reach, **related}, "number")
        if not customer.contact:
            continue
        first, _, last = customer.contact.rpartition(" ")
        person = {
            "number": company.series["contact"].draw(),
            "displayName": customer.contact,
            "searchName": customer.contact.upper(),
            "firstName": first,
            "surname": last,
            "type": "Person",
            "companyNumber": number,
        }
        put(company, "contacts", {**person, **address, **reach, **related}, "number")
        if opportunities < _OPPORTUNITIES and customer.in_sales:
            opportunities += 1
            _put_opportunity(company, person["number"], customer.salesperson.upper(), opportunities)


def _put_opportunity(company: Company, contact: str, salesperson: str, count: int) -> None:
    fields = {
        "number": company.series["opportunity"].draw(),
        "contactNumber": contact,
        "salespersonCode": salesperson,
        "description": f"Larger delivery, talk {count}",
        "status": "In Progress",
        "creationDate": company.today(),
        "estimatedValue": Decimal(10_000 * count),
        "calculatedCurrentValue": Decimal(2_500 * count),
        "chancesOfSuccessPrc": Decimal(25),
        "completedPrc": Decimal(20),
        "estimatedClosingDate": company.today() + timedelta(days=30 * count),
    }
    put(company, "opportunities", fields, "number")


def _fill_prices(company: Company, data: CompanyData) -> None:
    put(company, "customerPriceGroups", {"code": PRICE_GROUP, "description": "Partners"}, "code")
    kinds = {"priceType": "Sale", "amountType": "Price", "status": "Active"}
    header = {
        "code": PRICE_LIST,
        "description": "Partners",
        **kinds,
        "sourceType": "Customer Price Group",
        "sourceNumber": PRICE_GROUP,
        "allowUpdatingDefaults": True,
    }
    put(company, "priceListHeaders", header, "code")
    for count, item in enumerate(data.items[:_LISTED_ITEMS], start=1):
        price = {
            "unitOfMeasureCode": item.unit.upper(),
            "unitPrice": rounded(item.price * _PARTNER_SHARE),
            "startingDate": company.today(),
        }
        sales_price = {
            "salesType": "Customer Price Group",
            "salesCode": PRICE_GROUP,
            "itemNumber": item.number.upper(),
            **price,
        }
        put(company, "salesPrices", sales_price, "itemNumber")
        line = {
            "priceListCode": PRICE_LIST,
            "lineNumber": count * 10_000,
            **kinds,
            "sourceType": "Customer Price Group",
            "sourceNumber": PRICE_GROUP,
            "assetType": "Item",
            "assetNumber": item.number.upper(),
            **price,
        }
        put(company, "priceListLines", line, "lineNumber")


def _fill_jobs(company: Company) -> None:
    stamp = company.journal.stamp()
    jobs = (
        ("Adjust cost of item entries", "Report", 795, "Ready", ""),
        ("Update statistics", "Codeunit", 5350, "Ready", ""),
        ("Send documents by e-mail", "Codeunit", 260, "Error", "The mail server did not answer."),
    )
    for description, kind, number, status, error in jobs:
        fields = {
            "description": description,
            "objectTypeToRun": kind,
            "objectIdToRun": number,
            "objectCaptionToRun": description,
            "status": status,
            "errorMessage": error,
            "userId": "ADMIN",
            "recurringJob": True,
            "numberOfMinutesBetweenRuns": 60,
            "maxNumberAttemptsToRun": 3,
            "earliestStartDateTime": stamp,
            "lastReadyState": stamp,
            **{f"runOn{day}": True for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Fridays")},
        }
        put(company, "jobQueueEntries", fields, "description")


def branch_of(data: CompanyData) -> CompanyData:
    """A second, small company of the same environment: a few of the same items and customers, no documents."""
    return CompanyData(
        name=f"{data.name[:23]} Branch",
        local_currency=data.local_currency,
        units=data.units,
        items=data.items[:3],
        resources=data.resources[:1],
        salespeople=data.salespeople[:1],
        customers=tuple(customer for customer in data.customers[:2] if not customer.blocked),
        orders=(),
        payment_terms=data.payment_terms,
        shipment_methods=data.shipment_methods,
        shipping_agents=data.shipping_agents,
        countries=data.countries,
        currencies=data.currencies,
        locations=data.locations,
        freight_account=data.freight_account,
        write_in_item="",
    )

"""A fresh environment: a company filled from the data that both systems are seeded from, and a small branch of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from sandbox.business_central import seed_more
from sandbox.business_central.ledger import Movement, post
from sandbox.business_central.seed_more import branch_of, put
from sandbox.business_central.state import Company, Setup, State
from sandbox.business_central.tables import Journal
from sandbox.company import CompanyData, Customer, Item
from sandbox.world import company_id, made_id

ON_PREMISES_USER = "BRIDGE"
ON_PREMISES_KEY = "sandbox-web-service-access-key-of-44-letters"
"""Name and key of the one user of the on-premises form of the address; they open nothing but this stand-in."""


def seed(data: CompanyData, now: Callable[[], datetime]) -> State:
    """An environment whose first company holds ``data``; all stock is posted, no sales document is there yet."""
    journal = Journal(now)
    state = State(journal, now, users={ON_PREMISES_USER: ON_PREMISES_KEY})
    state.permission_sets[ON_PREMISES_USER] = ["SALES BRIDGE"]
    for each in (data, branch_of(data)):
        state.add([_company(each, journal, now)])
    journal.changes.clear()
    return state


def _company(data: CompanyData, journal: Journal, now: Callable[[], datetime]) -> Company:
    setup = Setup(
        data.local_currency,
        freight_account=data.freight_account,
        write_in_item=data.write_in_item,
        vat_percent=max((item.vat_percent for item in data.items), default=Decimal(0)),
    )
    company = Company(company_id(data.name), data.name, journal, now, setup)
    _fill_codes(company, data)
    for person in data.salespeople:
        fields = {"code": person.code.upper(), "displayName": person.name, "email": person.email}
        put(company, "salespeoplePurchasers", fields, "code")
    for customer in data.customers:
        put(company, "customers", _customer(customer), "number")
    seed_more.fill(company, data)
    for item in data.items:
        _put_item(company, item)
    _put_incoming(company, data)
    return company


def _fill_codes(company: Company, data: CompanyData) -> None:
    for unit in data.units:
        put(company, "unitsOfMeasure", {"code": unit.code.upper(), "displayName": unit.name}, "code")
    for code, name, formula in data.payment_terms:
        terms = {"code": code.upper(), "displayName": name, "dueDateCalculation": formula}
        put(company, "paymentTerms", terms, "code")
    for table, rows in (
        ("shipmentMethods", data.shipment_methods),
        ("shippingAgents", data.shipping_agents),
        ("countriesRegions", data.countries),
        ("locations", data.locations),
    ):
        for code, name in rows:
            put(company, table, {"code": code.upper(), "displayName": name}, "code")
    for code, name, rate in data.currencies:
        currency = {
            "code": code.upper(),
            "displayName": name,
            "exchangeRate": rate,
            "amountDecimalPlaces": "2:2",
            "amountRoundingPrecision": Decimal("0.01"),
        }
        put(company, "currencies", currency, "code")
    for resource in data.resources:
        service = {
            "number": resource.number.upper(),
            "name": resource.name,
            "type": "Person",
            "baseUnitOfMeasureCode": resource.unit.upper(),
            "unitPrice": resource.price,
        }
        put(company, "resources", service, "number")
    if data.freight_account:
        account = {"number": data.freight_account, "displayName": "Freight", "category": "Income"}
        put(company, "accounts", account, "number")
    information = {"displayName": data.name, "currencyCode": data.local_currency}
    put(company, "companyInformation", information, "displayName")


def _customer(customer: Customer) -> dict[str, object]:
    address = customer.address
    return {
        "number": customer.number.upper(),
        "displayName": customer.name,
        "type": "Company",
        "addressLine1": address.line1,
        "addressLine2": address.line2,
        "city": address.city,
        "state": address.state,
        "country": address.country.upper(),
        "postalCode": address.post_code.upper(),
        "phoneNumber": customer.phone,
        "email": customer.email,
        "contactName": customer.contact,
        "salespersonCode": customer.salesperson.upper(),
        "paymentTermsCode": customer.payment_terms.upper(),
        "shipmentMethodCode": customer.shipment_method.upper(),
        "currencyCode": customer.currency.upper(),
        "blocked": customer.blocked,
        "vatBusPostingGroup": customer.vat_bus_group.upper(),
    }


def _put_item(company: Company, item: Item) -> None:
    fields: dict[str, object] = {
        "number": item.number.upper(),
        "displayName": item.name,
        "baseUnitOfMeasureCode": item.unit.upper(),
        "unitPrice": item.price,
        "unitCost": item.cost,
        "blocked": item.blocked,
        "priceIncludesTax": item.price_includes_vat,
        "vatBusPostingGroupPrice": "DOMESTIC" if item.price_includes_vat else "",
        "vatPercent": item.vat_percent,
        "taxGroupCode": seed_more.tax_group(item.vat_percent),
        "inventoryPostingGroupCode": seed_more.INVENTORY_GROUP,
        "generalProductPostingGroupCode": seed_more.PRODUCT_GROUP,
    }
    put(company, "items", fields, "number")
    if item.stock:
        post(company, Movement(item.number.upper(), item.stock, item.location.upper()))


def _put_incoming(company: Company, data: CompanyData) -> None:
    for item in data.items:
        if not item.incoming:
            continue
        number = company.series["purchase"].draw()
        header = company.tables["purchaseHeaders"].insert(
            {
                "id": made_id(company.name, "purchaseHeaders", number),
                "number": number,
                "orderDate": company.today(),
                "vendorNumber": "V100",
                "vendorName": "Incoming goods",
                "status": "Released",
            }
        )
        line = {
            "documentId": header["id"],
            "documentNumber": number,
            "sequence": 10000,
            "lineType": "Item",
            "lineObjectNumber": item.number.upper(),
            "description": item.name,
            "unitOfMeasureCode": item.unit.upper(),
            "quantity": item.incoming,
            "directUnitCost": item.cost,
            "locationCode": item.location.upper(),
        }
        if item.incoming_date is not None:
            line["expectedReceiptDate"] = item.incoming_date
        company.tables["purchaseLines"].insert(line)

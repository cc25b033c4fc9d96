"""What every environment has before business begins: organization, users, currencies, price lists, messages."""

from __future__ import annotations

from decimal import Decimal

from sandbox.company import CompanyData
from sandbox.sales.model import Ref
from sandbox.sales.schema import TABLES
from sandbox.sales.seed_rows import APPLICATION, Seeds
from sandbox.sales.seed_security import Roles, StandardRoles
from sandbox.sales.seed_solutions import seed_solutions
from sandbox.world import company_id, made_id

MESSAGES = ("Create", "Update", "Delete")
_SYMBOLS = {"NOK": "kr", "EUR": "€", "SEK": "kr", "DKK": "kr", "USD": "$", "GBP": "£"}
_LEARNED_BY_WALL = ("salesorder", "quote", "invoice", "account", "opportunity")


def seed_platform(seeds: Seeds, data: CompanyData) -> None:
    """Organization, business unit, users, company, currencies, price lists and messages."""
    currency = seeds.ref("transactioncurrency", data.local_currency)
    organization = seeds.put(
        "organization",
        "contoso",
        name="contoso",
        languagecode=1033,
        basecurrencyid=currency,
        basecurrencyprecision=2,
        basecurrencysymbol=_SYMBOLS.get(data.local_currency, ""),
        issopintegrationenabled=True,
        oobpricecalculationenabled=1,
        pricingdecimalprecision=2,
        currencydecimalprecision=2,
        discountcalculationmethod=0,
        createproductswithoutparentinactivestate=0,
        useinbuiltrulefordefaultpricelistselection=0,
        expirechangetrackingindays=7,
        localeid=1033,
    )
    unit = seeds.put("businessunit", "root", name="contoso", organizationid=organization, isdisabled=False)
    seeds.put("team", "default", name="contoso", isdefault=True, teamtype=0, businessunitid=unit)
    _users(seeds, data, unit)
    seed_solutions(seeds, organization)
    _currencies(seeds, data)
    seeds.put("bcbi_company", data.name, bcbi_name=data.name[:30], bcbi_externalid=company_id(data.name))
    for table in _LEARNED_BY_WALL:
        seeds.put(
            "msdyn_postconfig", table, msdyn_entityname=table, msdyn_otc=TABLES[table].otc, msdyn_configurewall=True
        )
    for message in MESSAGES:
        ref = seeds.put("sdkmessage", message, name=message)
        for table in TABLES:
            seeds.put("sdkmessagefilter", f"{message}/{table}", sdkmessageid=ref, primaryobjecttypecode=table)


def _users(seeds: Seeds, data: CompanyData, unit: Ref) -> None:
    application = seeds.put(
        "systemuser",
        APPLICATION,
        firstname="#",
        lastname="Business Central Integration",
        applicationid=seeds.env.world.application.client_id,
        azureactivedirectoryobjectid=made_id("entra", APPLICATION),
        isintegrationuser=True,
        accessmode=4,
        businessunitid=unit,
    )
    administrator = seeds.put(
        "systemuser",
        "administrator",
        firstname="Sandbox",
        lastname="Administrator",
        applicationid=seeds.env.world.directory.administrator.client_id,
        azureactivedirectoryobjectid=made_id("entra", "administrator"),
        accessmode=0,
        islicensed=True,
        businessunitid=unit,
    )
    roles = Roles(seeds, unit)
    standard = StandardRoles(roles)
    roles.give(application, standard.integration, standard.delegate)
    roles.give(administrator, standard.administrator)
    for person in data.salespeople:
        first, _, last = person.name.rpartition(" ")
        seller = seeds.put(
            "systemuser",
            person.code,
            firstname=first or None,
            lastname=last,
            internalemailaddress=person.email or None,
            domainname=person.email or None,
            azureactivedirectoryobjectid=made_id("entra", person.code),
            islicensed=True,
            accessmode=0,
            businessunitid=unit,
        )
        roles.give(seller, standard.seller)


def _currencies(seeds: Seeds, data: CompanyData) -> None:
    rows = [(data.local_currency, data.local_currency, Decimal(1)), *data.currencies]
    for code, name, worth in rows:
        # Sales counts units of this currency for one of the base currency, Business Central the other way about.
        seeds.put(
            "transactioncurrency",
            code,
            currencyname=name,
            isocurrencycode=code,
            currencysymbol=_SYMBOLS.get(code, code),
            currencyprecision=2,
            exchangerate=(1 / worth).quantize(Decimal("0.0000000001")),
        )
        currency = seeds.ref("transactioncurrency", code)
        seeds.put("pricelevel", code, name=f"Standard {code}", transactioncurrencyid=currency)

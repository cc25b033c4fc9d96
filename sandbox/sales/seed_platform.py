"""What every environment has before business begins: organization, users, currencies, price lists, messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.company import CompanyData, Customer
from sandbox.sales.environment import Environment
from sandbox.sales.model import Kind, Ref, Row
from sandbox.sales.rules import settle
from sandbox.sales.schema import TABLES
from sandbox.world import company_id, made_id

MESSAGES = ("Create", "Update", "Delete")
_SYMBOLS = {"NOK": "kr", "EUR": "€", "SEK": "kr", "DKK": "kr", "USD": "$", "GBP": "£"}
_APPLICATION = "application"
_LEARNED_BY_WALL = ("salesorder", "quote", "invoice", "account", "opportunity")


class Seeds:
    """Puts rows whose ids are made from natural keys."""

    def __init__(self, env: Environment, now: datetime) -> None:
        self.env = env
        self.now = now
        self._user = self.ref("systemuser", _APPLICATION)

    def ref(self, table: str, key: str) -> Ref:
        """What a lookup to the row of this key holds, whether it is there yet or not."""
        return Ref(table, made_id("sales", table, key))

    def put(self, table: str, key: str, **values: Any) -> Ref:
        """Store a row, completed with stamps, defaults and what follows from other columns."""
        declared = TABLES[table]
        ref = self.ref(table, key)
        row: Row = {c.name: False for c in declared.columns.values() if c.kind is Kind.YESNO}
        if declared.states:
            first, state = next(iter(declared.states.items()))
            row.update(statecode=first, statuscode=state.default)
        row.update({name: value for name, value in values.items() if value is not None})
        row[declared.id] = ref.id
        if "createdon" in declared.columns:
            row.update(createdon=self.now, modifiedon=self.now, createdby=self._user, modifiedby=self._user)
        if declared.owned and "ownerid" not in row:
            row["ownerid"] = self._user
        settle(self.env, declared, row)
        self.env.store.put(table, row)
        return ref

    def change(self, table: str, key: str, **values: Any) -> None:
        """Set columns of a row that was put before."""
        row = self.env.row(self.ref(table, key))
        if row is None:
            raise LookupError(f"{table} {key} is not seeded")
        self.env.store.put(table, {**row, **values})

    def seller(self, salesperson: str) -> Ref:
        """The user of a salesperson, or the application user where there is none."""
        ref = self.ref("systemuser", salesperson)
        return ref if salesperson and self.env.row(ref) is not None else self._user

    @staticmethod
    def customers(data: CompanyData) -> Sequence[Customer]:
        """All customers of the company."""
        return data.customers


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
        _APPLICATION,
        firstname="#",
        lastname="Business Central Integration",
        applicationid=seeds.env.world.application.client_id,
        azureactivedirectoryobjectid=made_id("entra", _APPLICATION),
        isintegrationuser=True,
        accessmode=4,
        businessunitid=unit,
    )
    seeds.put("role", "bridge", name="Business Central Integration", businessunitid=unit, systemuserid=application)
    for person in data.salespeople:
        first, _, last = person.name.rpartition(" ")
        seeds.put(
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

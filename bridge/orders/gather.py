"""Gather what translating needs: couplings from our store in bulk, code tables of Business Central once per run.

One :class:`Surroundings` serves a whole run and all its threads. What Business Central must be asked is asked only when
an order needs it, and a failure to answer is remembered for the run, so that one outage is not waited for fifty times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Generic, TypeVar

from bridge.clients.companion import BridgeSetup
from bridge.clients.errors import CompanionMissing, RemoteError
from bridge.clients.odata import Row
from bridge.context import CompanyContext
from bridge.errors import BridgeError
from bridge.orders.document import ORDER, Document
from bridge.orders.errors import OrdersProcessedElsewhere
from bridge.orders.lines import id_of, text_of
from bridge.orders.lookups import Lookups, Partner, Rules
from bridge.orders.request import LineType
from bridge.orders.translate import account_of
from bridge.store import companies, couplings, projection
from bridge.store.models import Coupling, OptionCoupling

T = TypeVar("T")

CUSTOMER, ITEM, RESOURCE = "CUSTOMER", "ITEM-PRODUCT", "RESOURCE-PRODUCT"
QUOTE_MAPPING = "QUOTE-SALESQUOTE"
"""Quotes have no mapping of Business Central's own to take the name of."""
ITEM_UNIT, RESOURCE_UNIT = "ITEM UOM", "RESOURCE UOM"
PAYMENT_TERMS, SHIPMENT_METHOD, SHIPPING_AGENT = "PAYMENT TERMS", "SHIPMENT METHOD", "SHIPPING AGENT"


class Surroundings:
    """What orders of one run have in common."""

    def __init__(self, ctx: CompanyContext, company_row_id: str) -> None:
        self.ctx = ctx
        self.company_row_id = company_row_id
        self._setup = _Once(self._read_setup)
        self._local_currency = _Once(self._read_local_currency)
        self._currencies = _Once(self._read_currencies)
        self._countries = _Once(self._read_countries)
        self._write_in_is_coupled = _Once(self._look_for_write_in)

    def setup(self) -> BridgeSetup | None:
        """How the company is set up; None where the companion is not installed. Raises RemoteError, and
        OrdersProcessedElsewhere when the bridge must keep its hands off."""
        return self._setup.get()

    def lookups(self, rows: Sequence[Row], document: Document = ORDER) -> Lookups:
        """Everything these orders or quotes refer to. Raises RemoteError when Business Central must be asked and is
        away."""
        ctx = self.ctx
        lines = [line for row in rows for line in row.get(document.lines) or []]
        products = {id_of(line, "_productid_value") for line in lines} - {""}
        accounts = {id_of(account, "accountid") for row in rows if (account := account_of(row)) is not None}
        items = self._partners(ITEM, products)
        options = couplings.options(ctx.db, ctx.company.id)
        numbers = {partner.number for partner in items.values()}
        known = projection.items_by_number(ctx.db, ctx.company.id, numbers)
        rules = self._rules(writes_in=any(not id_of(line, "_productid_value") for line in lines))
        units: dict[str, Partner] = {}
        if ctx.settings.unit_groups:
            unit_ids = {id_of(line, "_uomid_value") for line in lines} - {""}
            units = self._partners(RESOURCE_UNIT, unit_ids) | self._partners(ITEM_UNIT, unit_ids)
        return Lookups(
            rules=rules,
            customers=self._partners(CUSTOMER, accounts),
            items=items,
            resources=self._partners(RESOURCE, products - items.keys()),
            units=units,
            payment_terms=_codes(options, PAYMENT_TERMS),
            shipment_methods=_codes(options, SHIPMENT_METHOD),
            shipping_agents=_codes(options, SHIPPING_AGENT),
            currencies=self._currencies.get() if _has_foreign_currency(rows, rules.local_currency) else frozenset(),
            countries=self._countries.get() if any(_has_country(row) for row in rows) else {},
            item_names={number: item.name for number, item in known.items() if item.name},
            quotes=self._partners(QUOTE_MAPPING, {id_of(row, "_quoteid_value") for row in rows} - {""}),
        )

    def _partners(self, mapping: str, sales_ids: Iterable[str]) -> dict[str, Partner]:
        found = couplings.by_sales_ids(self.ctx.db, self.ctx.company.id, mapping, set(sales_ids))
        return {sales_id: _partner(row) for sales_id, row in found.items()}

    def _rules(self, *, writes_in: bool) -> Rules:
        """Without the companion the setup of freight and write-ins cannot be read, so orders with them are refused."""
        setup, settings = self.setup(), self.ctx.settings
        if setup is None:
            return Rules(
                local_currency=self._local_currency.get(),
                country_matching=settings.country_matching,
                unit_groups=settings.unit_groups,
            )
        return Rules(
            local_currency=setup.lcy_code,
            write_in_type=LineType.RESOURCE if setup.write_in_product_type == "Resource" else LineType.ITEM,
            write_in_number=setup.write_in_product_number,
            write_in_is_coupled=writes_in and self._write_in_is_coupled.get(),
            freight_account=setup.freight_account_number,
            finds_quotes=setup.knows_quotes,
            country_matching=settings.country_matching,
            unit_groups=settings.unit_groups,
        )

    def _read_setup(self) -> BridgeSetup | None:
        try:
            setup = self.ctx.bc.bridge_setup()
        except CompanionMissing:
            self._learn(None)
            return None
        if setup.bidirectional_orders:
            raise OrdersProcessedElsewhere(self.ctx.company.display_name or self.ctx.company.name)
        self._learn(setup.companion_version)
        return setup

    def _learn(self, companion_version: str | None) -> None:
        ctx = self.ctx
        companies.learn(
            ctx.db, ctx.company.id, sales_company_id=self.company_row_id, companion_version=companion_version
        )

    def _read_local_currency(self) -> str:
        rows = self.ctx.bc.rows("companyInformation", purpose="read local currency", select=("currencyCode",))
        return next((text_of(row, "currencyCode") for row in rows), "")

    def _read_currencies(self) -> frozenset[str]:
        rows = self.ctx.bc.rows("currencies", purpose="read currencies", select=("code",))
        return frozenset(text_of(row, "code") for row in rows)

    def _read_countries(self) -> Mapping[str, str]:
        rows = self.ctx.bc.rows("countriesRegions", purpose="read countries", select=("code", "displayName"))
        return {text_of(row, "code"): text_of(row, "displayName") for row in rows}

    def _look_for_write_in(self) -> bool:
        setup, ctx = self.setup(), self.ctx
        if setup is None:
            return False
        number = setup.write_in_product_number
        mapping = RESOURCE if setup.write_in_product_type == "Resource" else ITEM
        return bool(number) and any(
            row.bc_number == number and row.mapping == mapping and row.company_id == ctx.company.id
            for row in couplings.find(ctx.db, number)
        )


class _Once(Generic[T]):
    """A value made at the first question, whoever asks; a failure is the answer for the rest of the run."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = Lock()
        self._values: list[T] = []
        self._failure: RemoteError | BridgeError | None = None

    def get(self) -> T:
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if not self._values:
                try:
                    self._values.append(self._make())
                except (RemoteError, BridgeError) as error:
                    self._failure = error
                    raise
            return self._values[0]


def _partner(row: Coupling) -> Partner:
    return Partner(row.bc_id, row.bc_number)


def _codes(options: Mapping[str, Mapping[int, OptionCoupling]], mapping: str) -> dict[int, str]:
    return {value: row.bc_code for value, row in options.get(mapping, {}).items()}


def _has_foreign_currency(rows: Sequence[Row], local: str) -> bool:
    codes = {text_of(row.get("transactioncurrencyid") or {}, "isocurrencycode") for row in rows}
    return bool(codes - {"", local})


def _has_country(row: Row) -> bool:
    return bool(row.get("billto_country") or row.get("shipto_country"))

"""Fill an environment from a company: users, units, products, prices, accounts, and documents in every state.

Ids are made from numbers and names, so that the same company gives the same ids in every start. Documents are put in as
their seller left them: priced by the engine first, then brought to their state.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from sandbox.company import Address, CompanyData, Customer, Order, OrderLine
from sandbox.sales import pricing
from sandbox.sales.environment import Environment
from sandbox.sales.model import Row
from sandbox.sales.schema import CHOICES, TABLES
from sandbox.sales.seed_platform import seed_platform
from sandbox.sales.seed_rows import Seeds
from sandbox.sales.values import MONEY

_STATES = {
    "order": {"Active": 0, "Submitted": 1, "Canceled": 2, "Fulfilled": 3, "Invoiced": 4},
    "quote": {"Draft": 0, "Active": 1, "Won": 2, "Lost": 3},
}
_LOST = 5


def seed(env: Environment, data: CompanyData) -> None:
    """Empty the environment and fill it from ``data``. No webhook is told."""
    env.clear()
    seeds = Seeds(env, env.world.clock.now().replace(microsecond=0))
    seed_platform(seeds, data)
    _units(seeds, data)
    _catalogue(seeds, data)
    for customer in data.customers:
        if customer.in_sales:
            _account(seeds, data, customer)
    prices = _PriceLists(seeds, data)
    customers = {customer.number: customer for customer in data.customers}
    for order in data.orders:
        _document(seeds, data, order, customers[order.customer], prices)


def _units(seeds: Seeds, data: CompanyData) -> None:
    for unit in data.units:
        group = seeds.put("uomschedule", unit.code, name=unit.code, baseuomname=unit.code, description=unit.name)
        seeds.put("uom", unit.code, name=unit.code, quantity=Decimal(1), isschedulebaseuom=True, uomscheduleid=group)


def _catalogue(seeds: Seeds, data: CompanyData) -> None:
    for item in data.items:
        if item.in_sales and item.number != data.write_in_item:
            _product(seeds, data, item.number, item.name, item.unit, item.price, item.cost, 1)
    for resource in data.resources:
        _product(seeds, data, resource.number, resource.name, resource.unit, resource.price, Decimal(0), 3)


def _product(
    seeds: Seeds, data: CompanyData, number: str, name: str, unit: str, price: Decimal, cost: Decimal, kind: int
) -> None:
    seeds.put(
        "product",
        number,
        name=name[:100],
        productnumber=number,
        producttypecode=kind,
        productstructure=1,
        quantitydecimal=5,
        price=price.quantize(MONEY),
        standardcost=cost.quantize(MONEY),
        currentcost=cost.quantize(MONEY),
        defaultuomscheduleid=seeds.ref("uomschedule", unit),
        defaultuomid=seeds.ref("uom", unit),
        transactioncurrencyid=seeds.ref("transactioncurrency", data.local_currency),
        pricelevelid=seeds.ref("pricelevel", data.local_currency),
        statecode=0,
        statuscode=1,
        isstockitem=kind == 1,
    )


class _PriceLists:
    """One price list per currency, with every product in it at its price."""

    def __init__(self, seeds: Seeds, data: CompanyData) -> None:
        self._prices: dict[tuple[str, str], Decimal] = {}
        priced = [(i.number, i.unit, i.price) for i in data.items if i.in_sales and i.number != data.write_in_item]
        priced += [(r.number, r.unit, r.price) for r in data.resources]
        rates = {data.local_currency: Decimal(1)} | {code: rate for code, _, rate in data.currencies}
        used = {order.currency or data.local_currency for order in data.orders} | {data.local_currency}
        for code in sorted(used & rates.keys()):
            price_list = seeds.ref("pricelevel", code)
            for number, unit, price in priced:
                amount = (price / rates[code]).quantize(Decimal("0.01")).quantize(MONEY)
                self._prices[code, number] = amount
                seeds.put(
                    "productpricelevel",
                    f"{code}/{number}",
                    pricelevelid=price_list,
                    productid=seeds.ref("product", number),
                    uomid=seeds.ref("uom", unit),
                    uomscheduleid=seeds.ref("uomschedule", unit),
                    transactioncurrencyid=seeds.ref("transactioncurrency", code),
                    productnumber=number,
                    amount=amount,
                    pricingmethodcode=1,
                    quantitysellingcode=1,
                )

    def is_list_price(self, currency: str, number: str, price: Decimal) -> bool:
        """Whether a line is sold at the price of its list."""
        return self._prices.get((currency, number)) == price


def _option(column: str, words: str) -> int | None:
    """The value whose label is ``words``, or None where the choice has no such label."""
    return next((v for v, label in CHOICES[column].items() if label.casefold() == words.casefold()), None)


def _terms(data: CompanyData, code: str) -> int | None:
    described = {terms: text for terms, text, _ in data.payment_terms}
    return _option("paymenttermscode", described.get(code, ""))


def _shipment(data: CompanyData, code: str) -> int | None:
    return _option("freighttermscode", dict(data.shipment_methods).get(code, ""))


def _account(seeds: Seeds, data: CompanyData, customer: Customer) -> None:
    address = customer.address
    account = seeds.put(
        "account",
        customer.number,
        name=customer.name,
        accountnumber=customer.number,
        customertypecode=3,
        telephone1=customer.phone or None,
        emailaddress1=customer.email or None,
        paymenttermscode=_terms(data, customer.payment_terms),
        transactioncurrencyid=seeds.ref("transactioncurrency", customer.currency or data.local_currency),
        ownerid=seeds.seller(customer.salesperson),
        statecode=0,
        statuscode=1,
        address1_freighttermscode=_shipment(data, customer.shipment_method),
        **_address("address1", address),
    )
    if customer.contact:
        first, _, last = customer.contact.rpartition(" ")
        contact = seeds.put(
            "contact",
            customer.number,
            firstname=first or None,
            lastname=last,
            parentcustomerid=account,
            emailaddress1=customer.email or None,
            ownerid=seeds.seller(customer.salesperson),
            statecode=0,
            statuscode=1,
        )
        seeds.change("account", customer.number, primarycontactid=contact)


def _address(prefix: str, address: Address) -> Row:
    return {
        f"{prefix}_line1": address.line1 or None,
        f"{prefix}_line2": address.line2 or None,
        f"{prefix}_city": address.city or None,
        f"{prefix}_postalcode": address.post_code or None,
        f"{prefix}_stateorprovince": address.state or None,
        f"{prefix}_country": address.country or None,
    }


def _document(seeds: Seeds, data: CompanyData, order: Order, customer: Customer, prices: _PriceLists) -> None:
    family = pricing.BY_HEADER["quote" if order.kind == "quote" else "salesorder"]
    currency = order.currency or data.local_currency
    state = _STATES[order.kind][order.state]
    header: Row = {
        family.number: order.number,
        "name": order.name,
        "description": order.description or None,
        "customerid": seeds.ref("account", order.customer),
        "ownerid": seeds.seller(order.salesperson or customer.salesperson),
        "pricelevelid": seeds.ref("pricelevel", currency),
        "transactioncurrencyid": seeds.ref("transactioncurrency", currency),
        "requestdeliveryby": order.requested_delivery,
        "freightamount": order.freight.quantize(MONEY),
        "discountamount": order.discount_amount.quantize(MONEY),
        "discountpercentage": order.discount_percent,
        "paymenttermscode": _terms(data, order.payment_terms or customer.payment_terms),
        "freighttermscode": _shipment(data, customer.shipment_method),
        "billto_name": customer.name,
        **_address("billto", customer.address),
        "shipto_name": customer.name,
        **_address("shipto", order.ship_to if order.ship_to.line1 else customer.address),
    }
    if family.header == "quote":
        header["revisionnumber"] = 0
    document = seeds.put(family.header, order.number, **header)
    for position, line in enumerate(order.lines, 1):
        values = _line(seeds, line, currency, prices)
        values[family.parent] = document
        values.update(lineitemnumber=position, sequencenumber=position)
        values.update(transactioncurrencyid=header["transactioncurrencyid"], ownerid=header["ownerid"])
        seeds.put(family.line, f"{order.number}/{position}", **values)
    lines = seeds.env.store.where(family.line, family.parent, document.id)
    pricing.recalculate(seeds.env, family, document.id, [line[TABLES[family.line].id] for line in lines])
    _bring_to_state(seeds, family.header, order.number, state)


def _line(seeds: Seeds, line: OrderLine, currency: str, prices: _PriceLists) -> Row:
    values: Row = {
        "quantity": line.quantity,
        "priceperunit": _money(line.price),
        "manualdiscountamount": _money(line.discount),
        "isproductoverridden": not line.item,
    }
    if not line.item:
        return {**values, "ispriceoverridden": True, "productdescription": line.text}
    product = seeds.ref("product", line.item)
    row = seeds.env.row(product) or {}
    return {
        **values,
        "ispriceoverridden": not prices.is_list_price(currency, line.item, line.price),
        "productid": product,
        "uomid": row.get("defaultuomid"),
        "description": line.text or None,
    }


@lru_cache(maxsize=1 << 16)  # the same amounts come again and again
def _money(amount: Decimal) -> Decimal:
    return amount.quantize(MONEY)


def _bring_to_state(seeds: Seeds, table: str, number: str, state: int) -> None:
    if not state:
        return
    status = _LOST if (table, state) == ("quote", 3) else TABLES[table].states[state].default
    submitted = {"submitdate": seeds.now} if table == "salesorder" and state in (1, 3, 4) else {}
    # What has gone further than Submitted has been through the back office before.
    acknowledged = {"lastbackofficesubmit": seeds.now} if table == "salesorder" and state in (3, 4) else {}
    seeds.change(table, number, statecode=state, statuscode=status, **submitted, **acknowledged)

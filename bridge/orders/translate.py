"""A Sales order becomes an order for Business Central, or a list of what is in the way. Pure: same in, same out.

Takes the row as the pick-up reads it (lines, product, customer, currency and quote expanded) and looks nothing up. All
problems are found at once, so that a person can mend an order in one go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.orders.document import ORDER, Document
from bridge.orders.errors import (
    AccountNotACustomer,
    AccountNotCoupled,
    CountryUnknown,
    CurrencyUnknown,
    CustomerEmpty,
    CustomerLeadsNowhere,
    OrderProblem,
    Refused,
)
from bridge.orders.lines import decimal_of, id_of, text_of, translate_lines
from bridge.orders.lookups import Lookups, Partner
from bridge.orders.request import ZERO, OrderAddress, OrderNote, OrderRequest
from bridge.plain_text import plain

REFERENCE_LENGTH = 35
_CUSTOMER_TYPE = 3
_ADDRESS_PARTS = ("line1", "line2", "city", "postalcode", "stateorprovince", "country")


def reference_of(order_number: str) -> str:
    """Your Reference, by which Business Central knows the order again: as much of its number as fits."""
    return order_number[:REFERENCE_LENGTH]


def translate(
    order: Mapping[str, Any], lookups: Lookups, document: Document = ORDER
) -> OrderRequest | list[OrderProblem]:
    """Everything Business Central shall create for this order or quote, or every reason why it cannot."""
    number = text_of(order, document.number)
    problems: list[OrderProblem] = []
    customer = Partner("", "")
    currency = ""
    try:
        customer = _customer(order, number, lookups)
    except OrderProblem as problem:
        problems.append(problem)
    try:
        currency = _currency(order, number, lookups)
    except OrderProblem as problem:
        problems.append(problem)
    addresses: dict[str, OrderAddress | None] = {}
    for which in ("billto", "shipto"):
        try:
            addresses[which] = _address(order, which, number, lookups)
        except OrderProblem as problem:
            problems.append(problem)
    percent = decimal_of(order, "discountpercentage")
    if not 0 <= percent <= 100:
        problems.append(Refused(number, text=f"a discount of {percent} % is not between 0 and 100."))
    lines, line_problems = translate_lines(order, number, lookups, document)
    problems.extend(line_problems)
    if problems:
        return problems
    quote = lookups.quotes.get(id_of(order, "_quoteid_value"))
    return OrderRequest(
        sales_id=id_of(order, document.id),
        sales_number=number,
        your_reference=reference_of(number),
        customer_id=customer.id,
        customer_number=customer.number,
        external_document_number=text_of(order, "name")[:REFERENCE_LENGTH],
        currency_code=currency,
        requested_delivery_date=text_of(order, "requestdeliveryby")[:10],
        payment_terms_code=_option(order, "paymenttermscode", lookups.payment_terms),
        shipment_method_code=_option(order, "freighttermscode", lookups.shipment_methods),
        shipping_agent_code=_option(order, "shippingmethodcode", lookups.shipping_agents),
        payment_discount_percent=percent,
        work_description=text_of(order, "description"),
        bill_to=addresses["billto"],
        ship_to=addresses["shipto"],
        discount_amount=(
            decimal_of(order, "totallineitemamount") - decimal_of(order, "totalamountlessfreight")
            if decimal_of(order, "discountamount") or percent
            else ZERO
        ),
        lines=tuple(lines),
        notes=tuple(_notes(order, document)),
        quote_number=quote.number if quote is not None else "",
        quote_reference=_quote_reference(order) if quote is None and lookups.rules.finds_quotes else "",
    )


def _quote_reference(order: Mapping[str, Any]) -> str:
    """The reference of the quote that an order was won by. A quote has only its own id under the same name."""
    quote = order.get("quoteid")
    return reference_of(text_of(quote, "quotenumber")) if isinstance(quote, Mapping) else ""


def account_of(order: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The account an order is for: its customer, or the account its customer, a contact, belongs to."""
    account: Mapping[str, Any] | None = order.get("customerid_account")
    if account:
        return account
    contact: Mapping[str, Any] = order.get("customerid_contact") or {}
    parent: Mapping[str, Any] | None = contact.get("parentcustomerid_account")
    return parent or None


def _customer(order: Mapping[str, Any], number: str, lookups: Lookups) -> Partner:
    customer_id = id_of(order, "_customerid_value")
    if not customer_id:
        raise CustomerEmpty(number)
    account = account_of(order)
    if account is None:
        contact: Mapping[str, Any] = order.get("customerid_contact") or {}
        raise CustomerLeadsNowhere(
            number, kind="contact" if contact else "account", name=text_of(contact, "fullname") or customer_id
        )
    name = text_of(account, "name") or id_of(account, "accountid")
    # only an account that is ordered for directly must be of type customer; a contact's company may be of any type
    if order.get("customerid_account") and account.get("customertypecode") != _CUSTOMER_TYPE:
        raise AccountNotACustomer(number, name=name)
    partner = lookups.customers.get(id_of(account, "accountid"))
    if partner is None:
        raise AccountNotCoupled(number, name=name, id=id_of(account, "accountid"))
    return partner


def _currency(order: Mapping[str, Any], number: str, lookups: Lookups) -> str:
    """Always a code, the local one too: left out, a customer's own currency would be taken."""
    local = lookups.rules.local_currency
    currency_id = id_of(order, "_transactioncurrencyid_value")
    if not currency_id:
        return local
    iso = text_of(order.get("transactioncurrencyid") or {}, "isocurrencycode")
    if not iso:
        raise CurrencyUnknown(number, iso=currency_id, system="Sales")
    if iso != local and iso not in lookups.currencies:
        raise CurrencyUnknown(number, iso=iso, system="Business Central")
    return iso


def _address(order: Mapping[str, Any], which: str, number: str, lookups: Lookups) -> OrderAddress | None:
    """All six parts as soon as one is filled; none when all are empty: Business Central's own address then stays."""
    parts = {part: text_of(order, f"{which}_{part}") for part in _ADDRESS_PARTS}
    if not any(parts.values()):
        return None
    return OrderAddress(
        line1=parts["line1"][:100],
        line2=parts["line2"][:50],
        city=parts["city"][:30],
        post_code=parts["postalcode"][:20],
        state=parts["stateorprovince"][:30],
        country=_country(parts["country"], "bill-to" if which == "billto" else "ship-to", number, lookups),
    )


def _country(text: str, which: str, number: str, lookups: Lookups) -> str:
    """A code of Business Central's table; with country matching on, its display name will do as well."""
    code = text.strip().upper()[:10].strip()
    if not code or code in lookups.countries:
        return code
    if lookups.rules.country_matching:
        wanted = text.strip().casefold()
        for known, name in lookups.countries.items():
            if name.strip().casefold() == wanted:
                return known
    raise CountryUnknown(number, text=text, which=which)


def _option(order: Mapping[str, Any], name: str, codes: Mapping[int, str]) -> str:
    """The coupled code of an option value; without one the customer's own stays."""
    value = order.get(name)
    return "" if value is None else codes.get(int(value), "")


def _notes(order: Mapping[str, Any], document: Document) -> list[OrderNote]:
    rows: list[Mapping[str, Any]] = order.get(document.notes) or []
    return [
        OrderNote(text_of(row, "subject")[:250], plain(text_of(row, "notetext")), text_of(row, "createdon"))
        for row in sorted(rows, key=lambda row: (text_of(row, "createdon"), text_of(row, "annotationid")))
        if not row.get("isdocument") and (document.notes_of_files or not row.get("filesize"))
    ]

"""A posted invoice becomes what Sales shall hold: a header with its lines, amounts as Business Central has them. Pure.

Amounts and totals may be written on an existing row only, so every line is a creation and a change, and the header too.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from bridge.records import EMPTY_GUID, cents, guid
from bridge.status.invoices.around import (
    CUSTOMER,
    ITEM,
    PAYMENT_TERMS,
    RESOURCE,
    SALESPEOPLE,
    SHIPPING_AGENT,
    Around,
    Row,
    amount,
    list_name,
)
from bridge.status.invoices.errors import (
    CurrencyUnknown,
    CustomerDiffers,
    CustomerNotCoupled,
    InvoiceProblem,
    ObjectBlocked,
    OptionNotCoupled,
    ProductNotCoupled,
    SalespersonNotCoupled,
)

LINE_STEP = 10_000
_EMPTY_DATE = "0001-01-01"
_UNIT_PRICE = Decimal("0.00001")
_ADDRESS = {
    "Name": "name",
    "AddressLine1": "line1",
    "AddressLine2": "line2",
    "City": "city",
    "PostCode": "postalcode",
    "State": "stateorprovince",
    "Country": "country",
}


@dataclass(slots=True)
class WantedLine:
    """A line: its id, chosen from the invoice's so that it is the same at every try, and its two writes."""

    id: str
    create: Row
    change: Row
    price: tuple[str, str, str, Decimal] | None = None
    """Product, unit group, unit and price of a product that may have no price in the invoice's list."""


@dataclass(slots=True)
class WantedInvoice:
    """An invoice as Sales shall have it: the two writes of its header, and its lines."""

    number: str
    price_list: str
    """Id of the price list; blank when it has to be made: ``new_list`` then names it."""
    currency: str
    create: Row
    change: Row
    lines: list[WantedLine] = field(default_factory=list)
    new_list: str = ""


def translate(invoice: Row, sales_id: str, order_id: str | None, around: Around) -> WantedInvoice | InvoiceProblem:
    """What to write, or the first reason why it cannot be."""
    try:
        return _translate(invoice, sales_id, order_id, around)
    except InvoiceProblem as problem:
        return problem


def _translate(invoice: Row, sales_id: str, order_id: str | None, around: Around) -> WantedInvoice:
    number = invoice["number"]
    order = around.orders.get(order_id) if order_id else _by_reference(invoice, around)
    header: Row = {"invoiceid": sales_id, "invoicenumber": number, "statuscode": 4}
    header |= _customer(invoice, order, around)
    header |= _owner(invoice, order, around)
    header |= _options(invoice, around)
    header |= _addresses(invoice)
    currency = around.currencies.get(invoice["currencyCode"])
    if currency is None:
        raise CurrencyUnknown(number, iso=invoice["currencyCode"])
    header["transactioncurrencyid@odata.bind"] = f"/transactioncurrencies({currency})"
    header |= {
        "name": order["name"] if order else number,
        "description": _description(invoice, around),
        "duedate": _date(invoice, "dueDate"),
        "datedelivered": _date(invoice, "shipmentDate"),
        "discountamount": amount(invoice, "discountAmount"),
    }
    if around.company_row:
        header["bcbi_CompanyId@odata.bind"] = f"/bcbi_companies({around.company_row})"
    price_list, new_list = _price_list(invoice, order, around)
    if order:
        header["salesorderid@odata.bind"] = f"/salesorders({guid(order['salesorderid'])})"
        if order.get("_opportunityid_value"):
            header["opportunityid@odata.bind"] = f"/opportunities({guid(order['_opportunityid_value'])})"
    wanted = WantedInvoice(number, price_list, currency, header, {}, new_list=new_list)
    common = {name: value for name, value in header.items() if name.startswith("shipto_")}
    common |= {"actualdeliveryon": header["datedelivered"], "invoiceid@odata.bind": f"/invoices({sales_id})"}
    for line in sorted(invoice["lines"], key=lambda line: int(line["sequence"])):
        wanted.lines.append(_line(line, invoice, sales_id, common, around))
    _add_rounding(wanted, invoice, sales_id, common)
    wanted.change = _totals(invoice, around)
    return wanted


def _by_reference(invoice: Row, around: Around) -> Row | None:
    reference = invoice["customerPurchaseOrderReference"].strip()
    return around.orders_by_number.get(reference) if reference else None


def _customer(invoice: Row, order: Row | None, around: Around) -> Row:
    number, customer = invoice["number"], invoice["customerNumber"]
    account = around.accounts.get(guid(invoice["customerId"]))
    if account is None:
        raise CustomerNotCoupled(number, customer=customer, wants=((CUSTOMER, guid(invoice["customerId"])),))
    if order is None:
        return {"customerid_account@odata.bind": f"/accounts({account})"}
    contact = order.get("customerid_contact") or {}
    theirs = order.get("customerid_account") or contact.get("parentcustomerid_account") or {}
    if not theirs or guid(theirs["accountid"]) != account:
        name = theirs.get("name") or "none"
        raise CustomerDiffers(number, customer=customer, order=order["ordernumber"], account=name)
    if order.get("customerid_account"):
        return {"customerid_account@odata.bind": f"/accounts({account})"}
    return {"customerid_contact@odata.bind": f"/contacts({guid(contact['contactid'])})"}


def _owner(invoice: Row, order: Row | None, around: Around) -> Row:
    """The salesperson's user in the person model, else the owner of the order; without either it is ours."""
    code = invoice["salesperson"]
    if around.ownership == "person" and code:
        user = around.users.get(code)
        if user is None:
            raise SalespersonNotCoupled(invoice["number"], salesperson=code, wants=((SALESPEOPLE, code),))
        return {"ownerid@odata.bind": f"/systemusers({user})"}
    if order and order.get("_owningteam_value"):
        return {"ownerid@odata.bind": f"/teams({guid(order['_owningteam_value'])})"}
    if order and order.get("_owninguser_value"):
        return {"ownerid@odata.bind": f"/systemusers({guid(order['_owninguser_value'])})"}
    return {"ownerid@odata.bind": f"/teams({around.team})"} if around.team else {}


def _options(invoice: Row, around: Around) -> Row:
    found: Row = {}
    terms = guid(invoice["paymentTermsId"] or EMPTY_GUID)
    if terms != EMPTY_GUID:
        if terms not in around.payment_terms:
            value = invoice.get("paymentTermsCode") or terms
            raise OptionNotCoupled(
                invoice["number"],
                noun="payment terms",
                value=value,
                mapping=PAYMENT_TERMS,
                wants=((PAYMENT_TERMS, terms),),
            )
        found["paymenttermscode"] = around.payment_terms[terms]
    agent = invoice.get("shippingAgentCode")
    if agent:
        if agent not in around.agents:
            raise OptionNotCoupled(
                invoice["number"],
                noun="shipping agent",
                value=agent,
                mapping=SHIPPING_AGENT,
                wants=((SHIPPING_AGENT, agent),),
            )
        found["shippingmethodcode"] = around.agents[agent]
    return found


def _addresses(invoice: Row) -> Row:
    return {
        f"{ours}_{column}": invoice[f"{theirs}{part}"] or None
        for theirs, ours in (("billTo", "billto"), ("shipTo", "shipto"))
        for part, column in _ADDRESS.items()
    }


def _description(invoice: Row, around: Around) -> str | None:
    text = invoice.get("workDescription") or around.shipment_methods.get(guid(invoice["shipmentMethodId"]), "")
    return text or None


def _date(row: Row, name: str) -> str | None:
    value = str(row.get(name) or _EMPTY_DATE)
    return None if value.startswith(_EMPTY_DATE) else value


def _price_list(invoice: Row, order: Row | None, around: Around) -> tuple[str, str]:
    if order and order.get("_pricelevelid_value"):
        return guid(order["_pricelevelid_value"]), ""
    if order:
        return "", ""
    name = list_name(invoice["currencyCode"], around.local_currency)
    known = around.price_lists.get(name)
    return (guid(known["pricelevelid"]), "") if known else ("", name)


def _line(line: Row, invoice: Row, sales_id: str, common: Row, around: Around) -> WantedLine:
    quantity, tax = amount(line, "quantity"), amount(line, "netTaxAmount")
    net, gross = amount(line, "netAmount"), amount(line, "netAmountIncludingTax")
    discount = amount(line, "discountAmount")
    share = amount(line, "invoiceDiscountAmount" if around.with_companion else "invoiceDiscountAllocation")
    price = amount(line, "unitPrice")
    if invoice["pricesIncludeTax"] and quantity:
        price -= (tax / quantity).quantize(_UNIT_PRICE, rounding=ROUND_HALF_UP)
    price = price.quantize(Decimal(1).scaleb(-around.price_decimals), rounding=ROUND_HALF_UP)
    line_id = _line_id(sales_id, int(line["sequence"]))
    create: Row = {
        **common,
        "invoicedetailid": line_id,
        "lineitemnumber": int(line["sequence"]),
        "quantity": quantity,
        "ispriceoverridden": True,
        "priceperunit": price,
        "manualdiscountamount": discount,
        "tax": tax,
    }
    change = {"baseamount": net + share + discount, "extendedamount": gross + share}
    product = _product(line, invoice, around)
    if product is None:
        text = f"{line['lineObjectNumber']} {line['description']}.".strip()
        return WantedLine(line_id, create | {"isproductoverridden": True, "productdescription": text}, change)
    unit = around.units.get(product)
    create["productid@odata.bind"] = f"/products({product})"
    if unit:
        create["uomid@odata.bind"] = f"/uoms({unit})"
    priced = (product, around.unit_groups[product], unit, price) if unit and price > 0 else None
    return WantedLine(line_id, create, change, priced)


def _product(line: Row, invoice: Row, around: Around) -> str | None:
    """The product of an item or a resource; None for what is written in. Raises when it is not coupled or blocked."""
    kind, number = line["lineType"], line["lineObjectNumber"]
    facts: dict[str, Any] = {"number": number, "line": int(line["sequence"]) // LINE_STEP or 1, "kind": kind.lower()}
    if kind == "Item":
        if number and number == around.write_in:
            return None
        if number in around.blocked_items:
            raise ObjectBlocked(invoice["number"], **facts)
        found = around.items.get(guid(line["itemId"]))
        mapping, key = ITEM, guid(line["itemId"])
    elif kind == "Resource":
        found, mapping, key = around.resources.get(number), RESOURCE, number
    else:
        return None
    if found is None or found not in around.units:
        raise ProductNotCoupled(invoice["number"], mapping=mapping, wants=((mapping, key),), **facts)
    return found


def _add_rounding(wanted: WantedInvoice, invoice: Row, sales_id: str, common: Row) -> None:
    """Where prices include VAT, what is left between the lines as Sales holds them and the amounts charged."""
    if not invoice["pricesIncludeTax"]:
        return
    charged = sum((line.change["extendedamount"] for line in wanted.lines), Decimal(0))
    held = sum((_held(line.create) for line in wanted.lines), Decimal(0))
    difference = cents(charged - held)
    if not difference:
        return
    number = max(line.create["lineitemnumber"] for line in wanted.lines) + LINE_STEP
    create = {
        **common,
        "invoicedetailid": _line_id(sales_id, number),
        "lineitemnumber": number,
        "quantity": Decimal(1),
        "ispriceoverridden": True,
        "priceperunit": difference,
        "isproductoverridden": True,
        "productdescription": "Rounding",
        "tax": Decimal(0),
    }
    # the amounts of the other lines are exact already; only price times quantity falls short of them
    change = {"baseamount": Decimal(0), "extendedamount": Decimal(0)}
    wanted.lines.append(WantedLine(create["invoicedetailid"], create, change))


def _held(line: Row) -> Decimal:
    held: Decimal = line["priceperunit"] * line["quantity"] + line["tax"] - line["manualdiscountamount"]
    return held


def _totals(invoice: Row, around: Around) -> Row:
    total, net = amount(invoice, "totalAmountIncludingTax"), amount(invoice, "totalAmountExcludingTax")
    discount = amount(invoice, "discountAmount")
    on_lines = sum((amount(line, "discountAmount") for line in invoice["lines"]), Decimal(0))
    totals = {"totallineitemdiscountamount": on_lines, "totalamount": total, "totaltax": total - net}
    if around.totals_are_ours:
        return totals | {"totalamountlessfreight": net, "totaldiscountamount": discount}
    return totals | {
        "totalamountlessfreight": net,
        "totaldiscountamount": discount + on_lines,
        "freightamount": Decimal(0),
        "discountpercentage": Decimal(0),
    }


def _line_id(sales_id: str, number: int) -> str:
    return str(uuid.uuid5(uuid.UUID(sales_id), str(number)))

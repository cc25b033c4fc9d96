"""What of a released order Sales does not have yet: header, lines and totals, each discount counted once. Pure.

The header is compared with what Sales has. A line is compared with what Business Central had when Sales last agreed, so
that what the seller wrote stays as long as nobody changed it; only then with Sales, so that saying it twice is silence.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bridge.records import EMPTY_GUID, cents, guid

Row = dict[str, Any]

_ADDRESS = {
    "Name": "name",
    "AddressLine1": "line1",
    "AddressLine2": "line2",
    "City": "city",
    "PostCode": "postalcode",
    "State": "stateorprovince",
    "Country": "country",
}
ADDRESS_FIELDS = tuple(f"{which}{part}" for which in ("billTo", "shipTo") for part in _ADDRESS)
ADDRESS_COLUMNS = tuple(f"{which}_{column}" for which in ("billto", "shipto") for column in _ADDRESS.values())
_EMPTY_DATE = "0001-01-01"
_HALF_A_CENT = Decimal("0.005")
ITEM, RESOURCE, COMMENT, ACCOUNT = "Item", "Resource", "Comment", "Account"


@dataclass(frozen=True, slots=True)
class Kept:
    """A line as Business Central had it when Sales last agreed. ``sales_line_id`` is blank for texts and freight."""

    number: int
    sales_line_id: str
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal


@dataclass(frozen=True, slots=True)
class Partners:
    """What an order refers to: user by salesperson, option by code or id, product by item id or resource number."""

    users: Mapping[str, str] = field(default_factory=dict)
    payment_terms: Mapping[str, int] = field(default_factory=dict)
    agents: Mapping[str, int] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    """Product → its default unit."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings let through."""

    header: bool = True
    totals: bool = True
    lines: bool = True
    owner: bool = True


@dataclass(slots=True)
class Push:
    """The writes of one order, and what is to be remembered once Sales has them. ``missing`` are couplings without
    which nothing is written; ``differs`` are differences that a person has to settle."""

    header: Row = field(default_factory=dict)
    changed: dict[str, Row] = field(default_factory=dict)
    """Sales line → columns."""
    created: list[tuple[Row, Row]] = field(default_factory=list)
    """Of a new line, its creation and the amounts that may be written afterwards only."""
    kept: list[Kept] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.header or self.changed or self.created)


def compare(
    order: Row, lines: Sequence[Row], kept: Sequence[Kept], sales: Row, known: Partners, wanted: Wanted
) -> Push:
    """Decide. ``order`` and ``lines`` are Business Central's, ``sales`` the order there with its ``order_details``."""
    push = Push()
    if wanted.header:
        _header(order, sales, known, wanted, push)
    details = {guid(line["salesorderdetailid"]): line for line in sales["order_details"]}
    sales_id = guid(sales["salesorderid"])
    freight = _lines(lines, {one.number: one for one in kept}, details, known, push, sales_id if wanted.lines else "")
    if wanted.totals:
        _totals(order, freight, sales, details, push)
    return push


def _header(order: Row, sales: Row, known: Partners, wanted: Wanted, push: Push) -> None:
    values: Row = {}
    for theirs, ours in (("billTo", "billto"), ("shipTo", "shipto")):
        values |= {f"{ours}_{column}": order[f"{theirs}{part}"] or None for part, column in _ADDRESS.items()}
    values["requestdeliveryby"] = _date(order, "requestedDeliveryDate")
    if "lastShipmentDate" in order and (shipped := _date(order, "lastShipmentDate")) is not None:
        values["datefulfilled"] = shipped
    terms = guid(order["paymentTermsId"] or EMPTY_GUID)
    if terms == EMPTY_GUID:
        values["paymenttermscode"] = None
    elif terms in known.payment_terms:
        values["paymenttermscode"] = known.payment_terms[terms]
    else:
        push.missing.append(("PAYMENT TERMS", order.get("paymentTermsCode") or terms))
    agent = order.get("shippingAgentCode")
    if agent and agent not in known.agents:
        push.missing.append(("SHIPPING AGENT", agent))
    elif agent is not None:
        values["shippingmethodcode"] = known.agents[agent] if agent else None
    for name, value in values.items():
        now = sales.get(name)
        if name in ("requestdeliveryby", "datefulfilled") and now:
            now = str(now)[:10]
        if (now or None) != (value or None):
            push.header[name] = value
    code = order["salesperson"]
    if wanted.owner and code:
        user = known.users.get(code)
        if user is None:
            push.missing.append(("SALESPEOPLE", code))
        elif guid(sales["_ownerid_value"]) != user:
            push.header["ownerid@odata.bind"] = f"/systemusers({user})"


def _lines(
    lines: Sequence[Row],
    kept: Mapping[int, Kept],
    details: dict[str, Row],
    known: Partners,
    push: Push,
    sales_id: str,
) -> Decimal:
    """Decide every line; answers the freight, which Sales keeps in the header. ``details`` become what Sales will have.
    Without ``sales_id`` only the freight is added up."""
    freight = Decimal(0)
    for line in lines:
        before = kept.get(int(line["sequence"]))
        if line["lineType"] == COMMENT or not _amount(line, "quantity"):
            continue
        if before is not None and not before.sales_line_id:
            freight += _amount(line, "netAmount")
        elif sales_id and before is None:
            _create(line, sales_id, details, known, push)
        elif sales_id and before is not None:
            _change(line, before, details, push)
    there = {int(line["sequence"]) for line in lines}
    for number, before in sorted(kept.items()):
        if sales_id and before.sales_line_id in details and number not in there:
            what = _name(details[before.sales_line_id])
            push.differs.append(f"line {number} ({what}) was deleted in Business Central and is kept in Sales")
    return freight


def _change(line: Row, before: Kept, details: dict[str, Row], push: Push) -> None:
    detail = details.get(before.sales_line_id)
    now = Kept(
        before.number,
        before.sales_line_id,
        _amount(line, "quantity"),
        _amount(line, "unitPrice"),
        _amount(line, "discountAmount"),
    )
    if now == before:
        return
    push.kept.append(now)
    if detail is None:
        return  # a person has taken the line off the order in Sales
    values: Row = {"quantity": now.quantity}
    if now.unit_price != before.unit_price:
        values |= {"priceperunit": _sales_price(line, before, detail, now.unit_price), "ispriceoverridden": True}
    price = values.get("priceperunit", _amount(detail, "priceperunit"))
    volume = _amount(detail, "volumediscountamount")
    values["manualdiscountamount"] = now.discount - now.quantity * volume
    base = cents((price - volume) * now.quantity)
    values["baseamount"] = base
    values["extendedamount"] = base - values["manualdiscountamount"] + _amount(detail, "tax")
    changes = {name: value for name, value in values.items() if _differs(detail.get(name), value)}
    details[before.sales_line_id] = detail | values
    if changes:
        push.changed[before.sales_line_id] = changes


def _sales_price(line: Row, before: Kept, detail: Row, price: Decimal) -> Decimal:
    """The new price as Sales has prices: with the VAT that was taken out when the line was created."""
    rate = 1 + _amount(line, "taxPercent") / 100
    asked = _amount(detail, "priceperunit")
    if rate != 1 and asked != before.unit_price and abs(asked / rate - before.unit_price) <= _HALF_A_CENT:
        return cents(price * rate)
    return price


def _create(line: Row, sales_id: str, details: dict[str, Row], known: Partners, push: Push) -> None:
    detail_id = str(uuid.uuid5(uuid.UUID(sales_id), guid(line["id"])))
    quantity, price, discount = (_amount(line, name) for name in ("quantity", "unitPrice", "discountAmount"))
    push.kept.append(Kept(int(line["sequence"]), detail_id, quantity, price, discount))
    if detail_id in details:
        return  # written by a try that did not live to remember it
    create: Row = {
        "salesorderdetailid": detail_id,
        "salesorderid@odata.bind": f"/salesorders({sales_id})",
        "quantity": quantity,
        "priceperunit": price,
        "ispriceoverridden": True,
        "manualdiscountamount": discount,
    }
    product = _product(line, known)
    if product is not None and product in known.units:
        create["productid@odata.bind"] = f"/products({product})"
        create["uomid@odata.bind"] = f"/uoms({known.units[product]})"
    else:
        text = f"{line['lineObjectNumber']} {line['description']}".strip()
        create |= {"isproductoverridden": True, "productdescription": text}
    base = cents(price * quantity)
    amounts = {"baseamount": base, "extendedamount": base - discount}
    push.created.append((create, amounts))
    details[detail_id] = create | amounts


def _product(line: Row, known: Partners) -> str | None:
    if line["lineType"] == ITEM:
        return known.items.get(guid(line["itemId"]))
    return known.resources.get(line["lineObjectNumber"]) if line["lineType"] == RESOURCE else None


def _totals(order: Row, freight: Decimal, sales: Row, details: Mapping[str, Row], push: Push) -> None:
    """Totals as Business Central has them; of the discount only what Sales does not count by its percentage already."""
    on_lines = sum((_line_amount(line) for line in details.values()), Decimal(0))
    share = cents(on_lines * _amount(sales, "discountpercentage") / 100)
    discount = _amount(order, "discountAmount") - share
    values = {
        "totalamountlessfreight": _amount(order, "totalAmountExcludingTax") - freight,
        "totalamount": _amount(order, "totalAmountIncludingTax"),
    }
    if push.changed or push.created:
        values["totallineitemamount"] = cents(on_lines)
    if discount < 0:
        push.differs.append(
            f"its invoice discount is {_amount(order, 'discountAmount'):f}, less than the {share:f} that the discount "
            "percentage makes in Sales; the discount there is left alone"
        )
    else:
        values["discountamount"] = discount
    push.header |= {name: value for name, value in values.items() if _differs(sales.get(name), value)}


def _line_amount(line: Row) -> Decimal:
    base = cents((_amount(line, "priceperunit") - _amount(line, "volumediscountamount")) * _amount(line, "quantity"))
    return base - _amount(line, "manualdiscountamount")


def _name(detail: Row) -> str:
    product: Row = detail.get("productid") or {}
    return str(product.get("productnumber") or detail.get("productdescription") or detail["salesorderdetailid"])


def _differs(now: Any, value: Any) -> bool:
    if isinstance(value, bool):
        return bool(now) is not value
    return bool(round(Decimal(str(now or 0)) - Decimal(value), 4))


def _amount(row: Mapping[str, Any], name: str) -> Decimal:
    value = row.get(name)
    return Decimal(0) if value is None else Decimal(str(value))


def _date(row: Row, name: str) -> str | None:
    value = str(row.get(name) or _EMPTY_DATE)
    return None if value.startswith(_EMPTY_DATE) else value

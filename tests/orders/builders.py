"""The shortest way to a valid Sales order, as the pick-up reads it, and to what translating it needs."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from bridge.orders.errors import OrderProblem
from bridge.orders.lookups import Lookups, Partner, Rules
from bridge.orders.request import LineType, OrderLine, OrderRequest
from bridge.orders.translate import translate

ACCOUNT, PRODUCT, SERVICE, UNIT = (str(uuid.uuid5(uuid.NAMESPACE_OID, text)) for text in ("a", "p", "s", "u"))
KRONER, EURO = (str(uuid.uuid5(uuid.NAMESPACE_OID, text)) for text in ("nok", "eur"))


def a_product(**changes: Any) -> dict[str, Any]:
    """An active inventory product, coupled to item HOSE-12."""
    product = {
        "productid": PRODUCT,
        "productnumber": "HOSE-12",
        "name": "Garden hose",
        "producttypecode": 1,
        "statecode": 0,
        "_defaultuomid_value": UNIT,
    }
    return product | changes


def a_service(**changes: Any) -> dict[str, Any]:
    """An active service, coupled to resource FITTING."""
    return a_product(productid=SERVICE, productnumber="FITTING", name="Fitting", producttypecode=3) | changes


def a_line(product: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """One piece of a product at 100; without ``product`` of the hose."""
    product = a_product() if product is None else product
    line = {
        "salesorderdetailid": str(uuid.uuid4()),
        "sequencenumber": 1,
        "_productid_value": product["productid"],
        "productid": product,
        "_uomid_value": UNIT,
        "uomid": {"name": "Piece"},
        "quantity": Decimal(1),
        "priceperunit": Decimal(100),
        "volumediscountamount": None,
        "manualdiscountamount": None,
        "description": None,
        "productdescription": None,
    }
    return line | changes


def a_write_in(**changes: Any) -> dict[str, Any]:
    """A line without a product."""
    return a_line() | {"_productid_value": None, "productid": None, "_uomid_value": None} | changes


def an_account(**changes: Any) -> dict[str, Any]:
    return {"accountid": ACCOUNT, "name": "Nordvik AS", "accountnumber": "C100", "customertypecode": 3} | changes


def an_order(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A submitted order of a coupled account; with one line unless given others."""
    order = {
        "salesorderid": str(uuid.uuid4()),
        "ordernumber": "SO-1042",
        "name": "Spring order",
        "statecode": 1,
        "statuscode": 3,
        "_customerid_value": ACCOUNT,
        "customerid_account": an_account(),
        "customerid_contact": None,
        "_transactioncurrencyid_value": KRONER,
        "transactioncurrencyid": {"isocurrencycode": "NOK"},
        "order_details": list(lines) or [a_line()],
    }
    return order | changes


def lookups(**changes: Any) -> Lookups:
    """Couplings of the account, the product and the service; freight account and write-in item set up."""
    setup: dict[str, Any] = {"local_currency": "NOK", "write_in_number": "VARIOUS", "freight_account": "6810"}
    rules = Rules(**(setup | changes.pop("rules", {})))
    known: dict[str, Any] = {
        "rules": rules,
        "customers": {ACCOUNT: Partner("bc-customer", "C100")},
        "items": {PRODUCT: Partner("bc-item", "HOSE-12")},
        "resources": {SERVICE: Partner("bc-resource", "FITTING")},
        "countries": {"NO": "Norge", "DE": "Tyskland"},
        "currencies": frozenset({"EUR"}),
        "payment_terms": {1: "30 DAYS"},
        "shipment_methods": {2: "FREE"},
        "shipping_agents": {3: "POST"},
    }
    return Lookups(**(known | changes))


def translated(order: dict[str, Any], known: Lookups | None = None) -> OrderRequest:
    """The request for an order that has no problems."""
    result = translate(order, known or lookups())
    assert isinstance(result, OrderRequest), [str(problem) for problem in result]
    return result


def problems(order: dict[str, Any], known: Lookups | None = None) -> list[OrderProblem]:
    """What is wrong with an order that has problems."""
    result = translate(order, known or lookups())
    assert isinstance(result, list), "the order was translated"
    return result


def texts_of(request: OrderRequest, main: OrderLine) -> list[str]:
    """The texts attached to a line."""
    return [
        line.description for line in request.lines if line.type is LineType.COMMENT and line.attached_to == main.number
    ]

"""Business rules of single tables: what a new row gets, and what may not be changed.

Each rule works on a row that is about to be stored and either completes it or refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from uuid import uuid4

from sandbox.sales.environment import Caller, Environment
from sandbox.sales.errors import DataverseError, invalid_argument, parent_read_only, read_only
from sandbox.sales.model import Ref, Row, Table
from sandbox.sales.pricing import ACTIVE, BY_HEADER, BY_LINE, SUBMITTED, Family

_CURRENCY_CODES = {
    "salesorder": "0x80048cee",
    "invoice": "0x80048ced",
    "quote": "0x80048cf6",
    "opportunity": "0x80048cef",
}
_QUOTE_ALWAYS_OPEN = frozenset({"ownerid", "bcbi_companyid"})


def document_is_open(env: Environment, table: str, row: Row, caller: Caller) -> bool:
    """Whether columns and lines of a document may be changed by ``caller`` in its present state."""
    state = row.get("statecode")
    if state == ACTIVE:
        return True
    return table == "salesorder" and state == SUBMITTED and env.sop_integration and caller.integration


def check_open(env: Environment, table: Table, row: Row, changes: Row, caller: Caller) -> None:
    """Refuse a change of columns in a state that locks them."""
    if table.name in BY_LINE:
        check_parent(env, BY_LINE[table.name], row, caller)
    elif table.name in BY_HEADER and changes and not document_is_open(env, table.name, row, caller):
        if table.name == "quote" and set(changes) <= _QUOTE_ALWAYS_OPEN:
            return
        raise read_only(table.name, row[table.id])


def check_parent(env: Environment, family: Family, line: Row, caller: Caller) -> Row:
    """The document of a line, refused when it is missing or locked."""
    parent = env.row(line.get(family.parent))
    if parent is None:
        raise DataverseError(400, "0x80040200", f"A {family.line} needs its {family.parent}.")
    if not document_is_open(env, family.header, parent, caller):
        raise parent_read_only()
    return parent


def complete(env: Environment, table: Table, row: Row, caller: Caller) -> None:
    """Fill what the platform fills on create, and refuse what it refuses."""
    if table.name in BY_HEADER:
        _complete_document(env, BY_HEADER[table.name], row)
    elif table.name in BY_LINE:
        _complete_line(env, BY_LINE[table.name], row, caller)
    special = _ON_CREATE.get(table.name)
    if special is not None:
        special(env, row)
    settle(env, table, row)


def settle(env: Environment, table: Table, row: Row) -> None:
    """Derive what follows from other columns, on create and on every update."""
    if table.name in ("contact", "systemuser"):
        names = (row.get("firstname"), row.get("middlename"), row.get("lastname"))
        row["fullname"] = " ".join(name for name in names if name) or None
    if table.name in BY_HEADER:
        customer: Ref | None = row.get("customerid")
        row["accountid"] = customer if customer is not None and customer.table == "account" else None
        row["contactid"] = customer if customer is not None and customer.table == "contact" else None
    if table.name in BY_HEADER:
        _check_currency(env, table.name, row)
    if "exchangerate" in table.columns and table.id != "transactioncurrencyid":
        currency = env.row(row.get("transactioncurrencyid"))
        row["exchangerate"] = currency.get("exchangerate") if currency is not None else None
    if table.name in BY_LINE:
        _check_product(env, row)
    if table.owned:
        owner: Ref | None = row.get("ownerid")
        row["owninguser"] = owner if owner is not None and owner.table == "systemuser" else None
        row["owningteam"] = owner if owner is not None and owner.table == "team" else None
        principal = env.row(owner)
        row["owningbusinessunit"] = principal.get("businessunitid") if principal is not None else None
    if table.name == "serviceendpoint":
        row["isauthvalueset"] = bool(row.get("authvalue"))
    if table.name == "annotation":
        row["isdocument"] = row.get("documentbody") is not None
    if table.name == "systemuser" and row.get("applicationid") is not None:
        _check_one_application_user(env, row)


def _complete_document(env: Environment, family: Family, row: Row) -> None:
    if family.number:
        row.setdefault(family.number, env.next_number(family.prefix))
    if row.get("transactioncurrencyid") is None:
        price_list = env.row(row.get("pricelevelid"))
        row["transactioncurrencyid"] = (price_list or env.organization).get(
            "transactioncurrencyid" if price_list is not None else "basecurrencyid"
        )
    if family.header == "quote":
        row.setdefault("revisionnumber", 0)


def _check_currency(env: Environment, table: str, row: Row) -> None:
    price_list = env.row(row.get("pricelevelid"))
    if price_list is not None and price_list.get("transactioncurrencyid") != row.get("transactioncurrencyid"):
        raise DataverseError(
            400, _CURRENCY_CODES[table], f"The currency of the {table} does not match the currency of its price list."
        )


def _complete_line(env: Environment, family: Family, row: Row, caller: Caller) -> None:
    parent = check_parent(env, family, row, caller)
    row["transactioncurrencyid"] = parent.get("transactioncurrencyid")
    row["ownerid"] = parent.get("ownerid")
    write_in = bool(row.get("isproductoverridden"))
    if row.get("productid") is None and not write_in:
        raise DataverseError(400, "0x80043b11", "The product id is missing.")
    if write_in:
        if row.get("productid") is not None:
            raise DataverseError(400, "0x80043afb", "Either productid or productdescription must be set, not both.")
        if row.get("uomid") is not None:
            raise DataverseError(400, "0x80043afa", "Either uomid or productdescription must be set, not both.")
        if row.get("priceperunit") is None:
            raise DataverseError(400, "0x80043b10", "The price per unit is invalid: a write-in line needs one.")
        row["ispriceoverridden"] = True
    count = sum(1 for _ in env.store.where(family.line, family.parent, row[family.parent].id))
    row.setdefault("lineitemnumber", count + 1)
    row.setdefault("sequencenumber", count + 1)


def _check_product(env: Environment, row: Row) -> None:
    product = env.row(row.get("productid"))
    if product is None:
        return
    if product.get("statecode") not in (0, 3):
        raise DataverseError(400, "0x8004f908", "You can only add active products.")
    unit = env.row(row.get("uomid"))
    if unit is not None and unit.get("uomscheduleid") != product.get("defaultuomscheduleid"):
        raise DataverseError(400, "0x80043b16", "The unit is not in the unit group of the product.")
    quantity: Decimal | None = row.get("quantity")
    places = product.get("quantitydecimal") or 0
    if quantity is not None and quantity != round(quantity, places):
        raise DataverseError(
            400, "0x80043b07", f"The quantity {quantity} has more than {places} decimals, which the product allows."
        )


def _check_one_application_user(env: Environment, row: Row) -> None:
    for user in env.store.rows("systemuser"):
        if user["systemuserid"] != row["systemuserid"] and user.get("applicationid") == row["applicationid"]:
            raise DataverseError(400, "0x8004f511", "Another user has the same application id.")


def _product(env: Environment, row: Row) -> None:
    if not row.get("productnumber"):
        raise DataverseError(400, "0x80043b05", "The product number is missing.")
    if next(env.store.where("product", "productnumber", row["productnumber"]), None) is not None:
        raise DataverseError(400, "0x80043b06", f"The product number {row['productnumber']} is in use.")
    if row.get("defaultuomscheduleid") is None:
        raise DataverseError(400, "0x80043b13", "The product needs a unit group.")
    unit = env.row(row.get("defaultuomid"))
    if unit is None or unit.get("uomscheduleid") != row["defaultuomscheduleid"]:
        raise DataverseError(400, "0x80043b14", "The default unit is not in the unit group of the product.")
    row.setdefault("productstructure", 1)
    row.setdefault("producttypecode", 1)
    row.setdefault("quantitydecimal", 0)
    straight = env.organization.get("createproductswithoutparentinactivestate") and row.get("parentproductid") is None
    row["statecode"], row["statuscode"] = (0, 1) if straight else (2, 0)


def _unit_group(env: Environment, row: Row) -> None:
    base = row.get("baseuomname")
    if not base:
        raise DataverseError(400, "0x80040200", "A unit group needs baseuomname, the name of its base unit.")
    unit = {"uomid": str(uuid4()), "name": base, "quantity": Decimal(1), "isschedulebaseuom": True}
    env.store.put(
        "uom", {**unit, "uomscheduleid": Ref("uomschedule", row["uomscheduleid"]), "createdon": row["createdon"]}
    )


def _unit(_env: Environment, row: Row) -> None:
    if row.get("uomscheduleid") is None:
        raise DataverseError(400, "0x80043b0a", "The unit needs its unit group.")
    row.setdefault("isschedulebaseuom", False)


def _price(env: Environment, row: Row) -> None:
    price_list, product = env.row(row.get("pricelevelid")), env.row(row.get("productid"))
    if price_list is None:
        raise DataverseError(400, "0x80043b12", "The price list is missing.")
    if product is None:
        raise DataverseError(400, "0x80043b11", "The product id is missing.")
    if product.get("statecode") == 1:
        raise DataverseError(400, "0x80061009", "A retired product cannot be added to a price list.")
    for other in env.store.where("productpricelevel", "productid", row["productid"].id):
        if other.get("pricelevelid") == row["pricelevelid"] and other.get("uomid") == row.get("uomid"):
            raise DataverseError(400, "0x80043b08", "This product and unit has a price in this price list already.")
    row["transactioncurrencyid"] = price_list.get("transactioncurrencyid")
    row["productnumber"] = product.get("productnumber")
    row.setdefault("pricingmethodcode", 1)
    row.setdefault("quantitysellingcode", 1)


def _post(_env: Environment, row: Row) -> None:
    if not row.get("text"):
        raise DataverseError(400, "0x80040200", "A post needs its text.")
    row.setdefault("source", 1)
    row.setdefault("type", 7)


def _annotation(_env: Environment, row: Row) -> None:
    regarding: Ref | None = row.get("objectid")
    row["objecttypecode"] = regarding.table if regarding is not None else None
    if row.get("documentbody") is not None:
        row.setdefault("mimetype", "application/octet-stream")


def _endpoint(_env: Environment, row: Row) -> None:
    if row.get("contract") != 8:
        raise invalid_argument("The sandbox serves webhooks only: contract 8.")
    if not str(row.get("url") or "").startswith(("http://", "https://")):
        raise invalid_argument("A webhook needs an absolute url.")


def _step(_env: Environment, row: Row) -> None:
    if row.get("mode") not in (0, 1) or row.get("stage") not in (10, 20, 40):
        raise invalid_argument("A step needs its mode (0 or 1) and its stage (10, 20 or 40).")
    if row["mode"] == 1 and row["stage"] != 40:
        raise invalid_argument("An asynchronous step can only be registered after the operation: stage 40.")
    if row.get("sdkmessageid") is None or row.get("eventhandler") is None:
        raise DataverseError(400, "0x80040200", "A step needs its message and its event handler.")


_ON_CREATE: Mapping[str, Callable[[Environment, Row], None]] = {
    "product": _product,
    "uomschedule": _unit_group,
    "uom": _unit,
    "productpricelevel": _price,
    "post": _post,
    "annotation": _annotation,
    "serviceendpoint": _endpoint,
    "sdkmessageprocessingstep": _step,
}

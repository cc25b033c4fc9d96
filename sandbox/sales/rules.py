"""Business rules of single tables: what a new row gets, and what may not be changed.

Each rule works on a row that is about to be stored and either completes it or refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from xml.etree import ElementTree

from sandbox.sales import catalogue_rules, solutions
from sandbox.sales.environment import Caller, Environment
from sandbox.sales.errors import DataverseError, invalid_argument, parent_read_only, read_only
from sandbox.sales.model import Kind, Ref, Row, Table
from sandbox.sales.pricing import ACTIVE, BY_HEADER, BY_LINE, SUBMITTED, Family

_CURRENCY_CODES = {
    "salesorder": "0x80048cee",
    "invoice": "0x80048ced",
    "quote": "0x80048cf6",
    "opportunity": "0x80048cef",
}
PRE_IMAGE, POST_IMAGE, BOTH_IMAGES = 0, 1, 2
_CURRENCY_LOCKED = {"opportunity": "0x80048479", "quote": "0x8004480e"}
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
    if table.name == "product":
        catalogue_rules.change_product(row, changes)
    if changes.get("transactioncurrencyid", row.get("transactioncurrencyid")) != row.get("transactioncurrencyid"):
        _check_currency_change(env, table, row, changes)


def check_state(env: Environment, table: Table, row: Row, state: int | None) -> None:
    """Refuse a change of state that other rows forbid."""
    if table.name == "pricelevel" and state == 1:
        catalogue_rules.deactivate_price_list(env, row)


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
    check_links(env, table, row, row)
    settle(env, table, row)


def check_links(env: Environment, table: Table, row: Row, changes: Row) -> None:
    """Refuse a new customer that is inactive, and a new owner that is disabled."""
    if table.name in BY_HEADER and "customerid" in changes:
        _check_customer(env, row)
    if table.owned and "ownerid" in changes:
        _check_owner(env, row)


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
    if table.name == "pricelevel":
        catalogue_rules.price_list(env, row)
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


def _check_currency_change(env: Environment, table: Table, row: Row, changes: Row) -> None:
    """A currency stays while there are lines, and is not taken away from amounts."""
    code = _CURRENCY_LOCKED.get(table.name)
    if code is not None:
        family = BY_HEADER[table.name]
        if next(env.store.where(family.line, family.parent, row[table.id]), None) is not None:
            raise DataverseError(400, code, f"The currency of a {table.name} cannot be changed while it has lines.")
    merged = {**row, **changes}
    money = [c.name for c in table.columns.values() if c.kind is Kind.MONEY and merged.get(c.name) is not None]
    if changes["transactioncurrencyid"] is None and money:
        raise DataverseError(400, "0x80048cfb", f"The currency cannot be null while {money[0]} has a value.")


def _check_customer(env: Environment, row: Row) -> None:
    customer = env.row(row.get("customerid"))
    if customer is not None and customer.get("statecode") == 1:
        raise DataverseError(400, "0x80040517", "The customer is inactive.")


def _check_owner(env: Environment, row: Row) -> None:
    principal = env.row(row.get("ownerid"))
    if principal is not None and principal.get("isdisabled"):
        raise DataverseError(400, "0x8004022b", "The owner is disabled: rows cannot be assigned to a disabled user.")


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
    if row.get("authtype") == 1:
        raise DataverseError(400, "0x80050209", "ACS is no longer supported: choose another authtype.")
    if row.get("authtype") in (5, 6):
        _check_auth_settings(str(row.get("authvalue") or ""))


def _check_auth_settings(text: str) -> None:
    """Headers and query parameters are given as ``<settings><setting name="" value=""/></settings>``."""
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - written by the tester, a few elements
    except ElementTree.ParseError:
        raise DataverseError(400, "0x80050203", "The authvalue of a webhook must be valid XML.") from None
    settings = root.findall("setting")
    if root.tag != "settings" or not settings or not all(s.get("name") and s.get("value") for s in settings):
        raise DataverseError(
            400, "0x80050204", "The authvalue of a webhook must hold settings, each with its name and value."
        )


def _step(_env: Environment, row: Row) -> None:
    if row.get("mode") not in (0, 1) or row.get("stage") not in (10, 20, 40):
        raise invalid_argument("A step needs its mode (0 or 1) and its stage (10, 20 or 40).")
    if row["mode"] == 1 and row["stage"] != 40:
        raise invalid_argument("An asynchronous step can only be registered after the operation: stage 40.")
    if row.get("sdkmessageid") is None or row.get("eventhandler") is None:
        raise DataverseError(400, "0x80040200", "A step needs its message and its event handler.")


def _step_image(env: Environment, row: Row) -> None:
    """A row as it was before or is after the operation; there is no before of a create, no after of a delete."""
    step = env.row(row.get("sdkmessageprocessingstepid"))
    if step is None or row.get("imagetype") is None or not row.get("entityalias"):
        raise DataverseError(400, "0x80040200", "An image needs its step, its imagetype and its entityalias.")
    message = (env.row(step.get("sdkmessageid")) or {}).get("name")
    before, after = row["imagetype"] in (PRE_IMAGE, BOTH_IMAGES), row["imagetype"] in (POST_IMAGE, BOTH_IMAGES)
    if before and message == "Create":
        raise invalid_argument("PreImage is not supported for the message Create.")
    if after and (message == "Delete" or step.get("stage") != 40):
        raise invalid_argument("PostImage is only supported after the operation, and not for the message Delete.")
    expected = "Id" if message == "Create" else "Target"
    if row.get("messagepropertyname") != expected:
        raise invalid_argument(f"Message property name '{row.get('messagepropertyname')}' is not valid on {message}.")


_ON_CREATE: Mapping[str, Callable[[Environment, Row], None]] = {
    "product": catalogue_rules.new_product,
    "uomschedule": catalogue_rules.new_unit_group,
    "uom": catalogue_rules.new_unit,
    "productpricelevel": catalogue_rules.new_price,
    "post": _post,
    "annotation": _annotation,
    "serviceendpoint": _endpoint,
    "sdkmessageprocessingstep": _step,
    "sdkmessageprocessingstepimage": _step_image,
    **solutions.ON_CREATE,
}

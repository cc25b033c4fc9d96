"""Rules of the catalogue: products, units, price lists and their lines.

Each rule works on a row that is about to be stored and either completes it or refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import uuid4

from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError
from sandbox.sales.model import Ref, Row

ACTIVE, RETIRED, DRAFT = 0, 1, 2
PRODUCT, FAMILY = 1, 2
_FREE_WHILE_ACTIVE = frozenset({"pricelevelid", "quantityonhand"})
"""Of an active member of a family or bundle; unverified which columns stay open there."""
_DEFAULTS_OF = ("account", "contact", "product")
"""Tables whose rows may name a price list as their default, and the column in which they do."""


def simple(product: Row) -> bool:
    """Whether a product is neither a family nor a bundle nor a member of a family."""
    return (product.get("productstructure") or PRODUCT) == PRODUCT and product.get("parentproductid") is None


def new_product(env: Environment, row: Row) -> None:
    """A product needs its number, unit group and unit, and begins as a draft unless the organization says otherwise."""
    if not row.get("productnumber"):
        raise DataverseError(400, "0x80043b05", "The product number is missing.")
    if next(env.store.where("product", "productnumber", row["productnumber"]), None) is not None:
        raise DataverseError(400, "0x80043b06", f"The product number {row['productnumber']} is in use.")
    if row.get("defaultuomscheduleid") is None:
        raise DataverseError(400, "0x80043b13", "The product needs a unit group.")
    unit = env.row(row.get("defaultuomid"))
    if unit is None or unit.get("uomscheduleid") != row["defaultuomscheduleid"]:
        raise DataverseError(400, "0x80043b14", "The default unit is not in the unit group of the product.")
    row.setdefault("productstructure", PRODUCT)
    row.setdefault("producttypecode", 1)
    row.setdefault("quantitydecimal", 0)
    straight = env.organization.get("createproductswithoutparentinactivestate") and row.get("parentproductid") is None
    row["statecode"], row["statuscode"] = (ACTIVE, 1) if straight else (DRAFT, 0)


def change_product(row: Row, changes: Row) -> None:
    """Families, bundles and members of families may be edited in Draft and Under Revision only."""
    if row.get("statecode") in (ACTIVE, RETIRED) and not simple(row) and not changes.keys() <= _FREE_WHILE_ACTIVE:
        raise DataverseError(
            400, "0x8004f995", "You can only edit a product, family or bundle in the Draft or Under Revision state."
        )


def new_unit_group(env: Environment, row: Row) -> None:
    """A unit group makes its base unit."""
    base = row.get("baseuomname")
    if not base:
        raise DataverseError(400, "0x80040200", "A unit group needs baseuomname, the name of its base unit.")
    unit = {"uomid": str(uuid4()), "name": base, "quantity": Decimal(1), "isschedulebaseuom": True}
    env.store.put(
        "uom", {**unit, "uomscheduleid": Ref("uomschedule", row["uomscheduleid"]), "createdon": row["createdon"]}
    )


def new_unit(_env: Environment, row: Row) -> None:
    """A unit belongs to a group."""
    if row.get("uomscheduleid") is None:
        raise DataverseError(400, "0x80043b0a", "The unit needs its unit group.")
    row.setdefault("isschedulebaseuom", False)


def price_list(env: Environment, row: Row) -> None:
    """A price list has a name of its own, on create and ever after."""
    if not row.get("name"):
        raise DataverseError(400, "0x80043b0e", "The price list name is missing.")
    for other in env.store.where("pricelevel", "name", row["name"]):
        if other["pricelevelid"] != row["pricelevelid"]:
            raise DataverseError(400, "0x80043b0f", f"The price list name {row['name']} is in use.")


def deactivate_price_list(env: Environment, row: Row) -> None:
    """A price list that is somebody's default cannot be deactivated."""
    holder = next(_holders(env, row["pricelevelid"]), None)
    if holder is not None:
        raise DataverseError(
            400,
            "0x80043b04",
            f"The price list {row['pricelevelid']} is the default price list of {holder} and cannot be deactivated.",
        )


def _holders(env: Environment, price_list_id: str) -> Iterator[str]:
    for table in _DEFAULTS_OF:
        column = "pricelevelid" if table == "product" else "defaultpricelevelid"
        for holder in env.store.where(table, column, price_list_id):
            yield f"{table} {holder[f'{table}id']}"


def new_price(env: Environment, row: Row) -> None:
    """A line of a price list: of one product and unit, once, in the currency of the list."""
    listed, product = env.row(row.get("pricelevelid")), env.row(row.get("productid"))
    if listed is None:
        raise DataverseError(400, "0x80043b12", "The price list is missing.")
    if product is None:
        raise DataverseError(400, "0x80043b11", "The product id is missing.")
    if product.get("productstructure") == FAMILY:
        raise DataverseError(400, "0x8004f902", "A product family cannot be added to a price list.")
    if product.get("statecode") == RETIRED:
        raise DataverseError(400, "0x80061009", "A retired product cannot be added to a price list.")
    for other in env.store.where("productpricelevel", "productid", row["productid"].id):
        if other.get("pricelevelid") == row["pricelevelid"] and other.get("uomid") == row.get("uomid"):
            raise DataverseError(400, "0x80043b08", "This product and unit has a price in this price list already.")
    row["transactioncurrencyid"] = listed.get("transactioncurrencyid")
    row["productnumber"] = product.get("productnumber")
    row.setdefault("pricingmethodcode", 1)
    row.setdefault("quantitysellingcode", 1)

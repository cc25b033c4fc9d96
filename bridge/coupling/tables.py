"""Which Business Central table meets which Sales table, and by what values their records match. Data, no logic.

A coupling says that two records are the same thing, so blocked records are matched too: whether they are synchronised
or may be sold is decided elsewhere. ``MATCHED`` is in the order in which they depend on each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FieldPair = tuple[str, str]
"""A Business Central field and the Sales column that must have the same value."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table mapping. ``criteria`` are tried in order; the pairs of one criterion must all agree.

    ``sales_is`` are the column values a Sales record must have to belong to this mapping at all; ``sales_active`` are
    those that only keep matching away from records out of use. ``companion`` says that Business Central offers the
    records through the companion only, ``per_company`` that Sales records may belong to one Business Central company.
    """

    mapping: str
    table_id: int
    bc_set: str
    bc_number: str
    bc_name: str
    sales_set: str
    sales_table: str
    sales_number: str
    sales_name: str
    criteria: tuple[tuple[FieldPair, ...], ...]
    sales_is: Mapping[str, int | bool] = field(default_factory=dict)
    sales_active: Mapping[str, int | bool] = field(default_factory=dict)
    companion: bool = False
    per_company: bool = False

    @property
    def sales_id(self) -> str:
        return f"{self.sales_table}id"

    @property
    def bc_fields(self) -> tuple[str, ...]:
        matched = (pair[0] for criterion in self.criteria for pair in criterion)
        return tuple(dict.fromkeys(("id", self.bc_number, self.bc_name, *matched)))

    @property
    def sales_fields(self) -> tuple[str, ...]:
        matched = (pair[1] for criterion in self.criteria for pair in criterion)
        return tuple(dict.fromkeys((self.sales_id, self.sales_number, self.sales_name, *matched, *self.sales_is)))


@dataclass(frozen=True, slots=True)
class OptionTable:
    """One option mapping: a Business Central code meets an option of a column of the Sales table account."""

    mapping: str
    bc_set: str
    column: str
    companion: bool = False


UNIT_OF_MEASURE = Table(
    mapping="UNIT OF MEASURE",
    table_id=204,
    bc_set="unitsOfMeasure",
    bc_number="code",
    bc_name="displayName",
    sales_set="uomschedules",
    sales_table="uomschedule",
    sales_number="baseuomname",
    sales_name="name",
    criteria=((("code", "baseuomname"),),),
)
SALESPEOPLE = Table(
    mapping="SALESPEOPLE",
    table_id=13,
    bc_set="salespeoplePurchasers",
    bc_number="code",
    bc_name="displayName",
    sales_set="systemusers",
    sales_table="systemuser",
    sales_number="internalemailaddress",
    sales_name="fullname",
    criteria=((("email", "internalemailaddress"),), (("displayName", "fullname"),)),
    sales_active={"isdisabled": False, "islicensed": True, "isintegrationuser": False},
)
CUSTOMER = Table(
    mapping="CUSTOMER",
    table_id=18,
    bc_set="customers",
    bc_number="number",
    bc_name="displayName",
    sales_set="accounts",
    sales_table="account",
    sales_number="accountnumber",
    sales_name="name",
    criteria=((("number", "accountnumber"),), (("displayName", "name"),)),
    sales_is={"customertypecode": 3},
    sales_active={"statecode": 0},
    per_company=True,
)
ITEM_PRODUCT = Table(
    mapping="ITEM-PRODUCT",
    table_id=27,
    bc_set="items",
    bc_number="number",
    bc_name="displayName",
    sales_set="products",
    sales_table="product",
    sales_number="productnumber",
    sales_name="name",
    criteria=((("number", "productnumber"),),),
    sales_is={"producttypecode": 1},
    sales_active={"statecode": 0},
    per_company=True,
)
RESOURCE_PRODUCT = Table(
    mapping="RESOURCE-PRODUCT",
    table_id=156,
    bc_set="resources",
    bc_number="number",
    bc_name="name",
    sales_set="products",
    sales_table="product",
    sales_number="productnumber",
    sales_name="name",
    criteria=((("number", "productnumber"),),),
    sales_is={"producttypecode": 3},
    sales_active={"statecode": 0},
    companion=True,
    per_company=True,
)
PAYMENT_TERMS = OptionTable("PAYMENT TERMS", "paymentTerms", "paymenttermscode")
SHIPMENT_METHOD = OptionTable("SHIPMENT METHOD", "shipmentMethods", "address1_freighttermscode")
SHIPPING_AGENT = OptionTable("SHIPPING AGENT", "shippingAgents", "address1_shippingmethodcode", companion=True)

MATCHED: tuple[Table | OptionTable, ...] = (
    UNIT_OF_MEASURE,
    SALESPEOPLE,
    PAYMENT_TERMS,
    SHIPMENT_METHOD,
    SHIPPING_AGENT,
    CUSTOMER,
    ITEM_PRODUCT,
    RESOURCE_PRODUCT,
)
BY_MAPPING: Mapping[str, Table | OptionTable] = {table.mapping: table for table in MATCHED}

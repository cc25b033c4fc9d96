"""Writing what is not a document: items, variants, customers, contacts, and the small tables of codes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.business_central import errors
from sandbox.business_central.contacts import check_contact, check_opportunity
from sandbox.business_central.ledger import Movement, post
from sandbox.business_central.schema import EMPTY_GUID, Entity
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

_SERIES = {
    "items": "item",
    "customers": "customer",
    "contacts": "contact",
    "vendors": "vendor",
    "opportunities": "opportunity",
}
_NAMED = frozenset({"customers", "contacts", "vendors"})

_RULES = {"contacts": check_contact, "opportunities": check_opportunity}
"""What a table adds to or says against written values: (company, row as it is, values) to values."""

# id property: code property, table, key, title in messages
_PAIRS: Mapping[str, tuple[str, str, str, str]] = {
    "baseUnitOfMeasureId": ("baseUnitOfMeasureCode", "unitsOfMeasure", "code", "Unit of Measure"),
    "currencyId": ("currencyCode", "currencies", "code", "Currency"),
    "paymentTermsId": ("paymentTermsCode", "paymentTerms", "code", "Payment Terms"),
    "shipmentMethodId": ("shipmentMethodCode", "shipmentMethods", "code", "Shipment Method"),
    "paymentMethodId": ("paymentMethodCode", "paymentMethods", "code", "Payment Method"),
    "itemCategoryId": ("itemCategoryCode", "itemCategories", "code", "specific Item Category group"),
    "taxGroupId": ("taxGroupCode", "taxGroups", "code", "Tax Group"),
    "inventoryPostingGroupId": (
        "inventoryPostingGroupCode",
        "inventoryPostingGroups",
        "code",
        "Inventory Posting Group",
    ),
    "generalProductPostingGroupId": (
        "generalProductPostingGroupCode",
        "generalProductPostingGroups",
        "code",
        "General Product Posting Group",
    ),
    "itemId": ("itemNumber", "items", "number", "Item"),
}
_RELATED: Mapping[str, tuple[str, str, str]] = {
    "baseUnitOfMeasureCode": ("unitsOfMeasure", "Base Unit of Measure", "Unit of Measure"),
    "currencyCode": ("currencies", "Currency Code", "Currency"),
    "country": ("countriesRegions", "Country/Region Code", "Country/Region"),
    "salespersonCode": ("salespeoplePurchasers", "Salesperson Code", "Salesperson/Purchaser"),
    "paymentTermsCode": ("paymentTerms", "Payment Terms Code", "Payment Terms"),
    "shipmentMethodCode": ("shipmentMethods", "Shipment Method Code", "Shipment Method"),
    "paymentMethodCode": ("paymentMethods", "Payment Method Code", "Payment Method"),
    "itemCategoryCode": ("itemCategories", "Item Category Code", "Item Category"),
    "taxGroupCode": ("taxGroups", "VAT Prod. Posting Group", "VAT Product Posting Group"),
    "inventoryPostingGroupCode": ("inventoryPostingGroups", "Inventory Posting Group", "Inventory Posting Group"),
    "generalProductPostingGroupCode": (
        "generalProductPostingGroups",
        "Gen. Prod. Posting Group",
        "Gen. Product Posting Group",
    ),
    "shippingAgentCode": ("shippingAgents", "Shipping Agent Code", "Shipping Agent"),
}


def create(company: Company, entity: Entity, values: Mapping[str, Any]) -> Row:
    """A new record; its number comes from the series when none is given."""
    if "inventory" in values:
        raise errors.dialog("Inventory cannot be changed during on insert.")
    row = _checked(company, entity, {**values, "id": values.get("id", EMPTY_GUID)})
    if row["id"] == EMPTY_GUID:
        del row["id"]
    row = _RULES[entity.table](company, {}, row) if entity.table in _RULES else row
    if entity.table in _NAMED and not row.get("displayName"):
        raise errors.dialog('A "displayName" must be provided.')
    key = "code" if "code" in entity.properties else "number"
    if not row.get(key):
        if entity.table not in _SERIES:
            raise errors.must_have_value(key.capitalize(), entity.title)
        row[key] = company.series[_SERIES[entity.table]].draw()
    if "id" in row and company.tables[entity.table].get(row["id"]) is not None:
        raise errors.same_key(entity.title, f"SystemId='{row['id']}'")
    _check_unique(company, entity, key, row)
    return company.tables[entity.table].insert(row)


def change(company: Company, entity: Entity, row: Row, values: Mapping[str, Any]) -> Row:
    """Changed fields of a record; a changed inventory is posted as an adjustment."""
    changes = _checked(company, entity, values)
    key = "code" if "code" in entity.properties else "number"
    if entity.table in _NAMED and changes.get("displayName", "-") == "":
        raise errors.dialog('The blank "displayName" is not allowed.')
    changes = _RULES[entity.table](company, row, changes) if entity.table in _RULES else changes
    if key in changes and changes[key] != row[key]:
        _check_unique(company, entity, key, {**row, **changes})
        if entity.table == "items":
            _rename_item(company, row[key], changes[key])
    if entity.table == "items" and changes.get("type", row.get("type")) != row.get("type"):
        _check_no_entries(company, row["number"])
    target = changes.pop("inventory", None)
    if target is not None and target != company.inventory.of_item(row["number"]):
        post(company, Movement(row["number"], target - company.inventory.of_item(row["number"])))
    return company.tables[entity.table].update(row, changes) if changes else row


def delete(company: Company, entity: Entity, row: Row) -> None:
    """Remove a record. Raises Refused where entries or open documents need it."""
    if entity.table == "items":
        number = row["number"]
        if company.tables["itemLedgerEntries"].by("itemNumber", number):
            raise errors.dialog(f"You cannot delete Item {number} because there are one or more ledger entries for it.")
        if company.tables["salesLines"].by("lineObjectNumber", number):
            raise errors.dialog(f"You cannot delete Item {number} because there are open sales lines that include it.")
    if entity.table == "itemVariants" and any(
        line.get("variantCode") == row["code"]
        for line in company.tables["salesLines"].by("lineObjectNumber", row["itemNumber"])
    ):
        raise errors.dialog(f"You cannot delete item variant {row['code']} because open sales lines include it.")
    if entity.table == "customers" and company.tables["salesHeaders"].by("customerNumber", row["number"]):
        raise errors.dialog(
            f"You cannot delete Customer {row['number']} because there is at least one outstanding Sales Order for it."
        )
    company.tables[entity.table].delete(row)


def _checked(company: Company, entity: Entity, values: Mapping[str, Any]) -> dict[str, Any]:
    """Ids turned into the codes that are stored, and every code looked up in its table."""
    row = dict(values)
    for id_name, (code_name, table, key, title) in _PAIRS.items():
        if id_name not in row:
            continue
        row_id = row.pop(id_name)
        found = company.tables[table].get(row_id) if row_id != EMPTY_GUID else None
        if row_id != EMPTY_GUID and found is None:
            raise errors.dialog(f'The "{id_name}" does not match to a {title}.')
        code = found[key] if found else ""
        if code_name in values and values[code_name] != code:
            raise errors.dialog(f"The {title.lower()} values do not match to a specific {title}.")
        row[code_name] = code
    if row.get("currencyCode") == company.setup.local_currency:
        row["currencyCode"] = ""
    for name, (table, caption, related) in _RELATED.items():
        if row.get(name) and company.one(table, "code", row[name]) is None:
            raise errors.relation_missing(caption, entity.title, row[name], related)
    if row.get("email") and "@" not in row["email"]:
        raise errors.dialog(f'The email address "{row["email"]}" is not valid.')
    if isinstance(row.get("unitPrice"), Decimal) and row["unitPrice"] < 0:
        raise errors.validation(f"The value of Unit Price in {entity.title} must not be negative.")
    return row


def _check_unique(company: Company, entity: Entity, key: str, row: Row) -> None:
    table = company.tables[entity.table]
    if entity.table == "itemVariants":
        if company.one("items", "number", row.get("itemNumber", "")) is None:
            raise errors.dialog("The item values do not match to a specific Item.")
        found = next((other for other in table.by("itemNumber", row["itemNumber"]) if other[key] == row[key]), None)
        if found is not None and found["id"] != row.get("id"):
            raise errors.same_key(entity.title, f"Item No.='{row['itemNumber']}',Code='{row['code']}'")
        return
    found = table.one(key, row[key])
    if found is not None and found["id"] != row.get("id"):
        raise errors.same_key(entity.title, f"{'No.' if key == 'number' else 'Code'}='{row[key]}'")


def _check_no_entries(company: Company, number: str) -> None:
    if company.tables["itemLedgerEntries"].by("itemNumber", number):
        raise errors.dialog(f"You cannot change Type because there are one or more ledger entries for item {number}.")


def _rename_item(company: Company, old: str, new: str) -> None:
    """A new number for an item, also where it is referred to."""
    for table, field in (
        ("itemLedgerEntries", "itemNumber"),
        ("itemVariants", "itemNumber"),
        ("salesLines", "lineObjectNumber"),
        ("purchaseLines", "lineObjectNumber"),
    ):
        for row in company.tables[table].by(field, old):
            if row.get("lineType", "Item") == "Item":
                company.tables[table].update(row, {field: new})
    company.inventory.rename(old, new)

"""Read what a handful of posted invoices need to go to Sales: one read in Business Central, one batch in Sales."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bridge.clients.errors import CompanionMissing
from bridge.clients.odata import Row, any_of, query_options, quote_text
from bridge.clients.sales import Read
from bridge.context import CompanyContext
from bridge.records import EMPTY_GUID, guid
from bridge.status.here import company_row_id, has_companion
from bridge.status.invoices.around import (
    CUSTOMER,
    ITEM,
    PAYMENT_TERMS,
    RESOURCE,
    SALESPEOPLE,
    SHIPPING_AGENT,
    Around,
    list_name,
)
from bridge.store import couplings, projection
from bridge.store.models_returns import PostedInvoice

_SUBJECTS = ("organizations", "orders", "invoices", "products", "prices", "currencies", "lists", "companies")
_AT_ONCE = 40
"""Ids to a read: an address holds no more than some thousand characters."""

_HEADER = (
    "id,number,customerId,customerNumber,customerPurchaseOrderReference,currencyCode,dueDate,pricesIncludeTax,salesperson,"
    "paymentTermsId,shipmentMethodId,discountAmount,totalAmountExcludingTax,totalTaxAmount,totalAmountIncludingTax,"
    "remainingAmount,status,"
    "billToName,billToAddressLine1,billToAddressLine2,billToCity,billToCountry,billToState,billToPostCode,"
    "shipToName,shipToAddressLine1,shipToAddressLine2,shipToCity,shipToCountry,shipToState,shipToPostCode"
)
_MORE_HEADER = "shipmentDate,shippingAgentCode,workDescription,paymentTermsCode"
_LINE = (
    "id,sequence,lineType,lineObjectNumber,itemId,description,unitOfMeasureId,quantity,unitPrice,discountAmount,netAmount,"
    "netTaxAmount,netAmountIncludingTax,invoiceDiscountAllocation"
)
_MORE_LINE = "invoiceDiscountAmount"

_ACCOUNT = "$select=accountid,name"
_ORDER = "salesorderid,ordernumber,name,_opportunityid_value,_pricelevelid_value,_owninguser_value,_owningteam_value"
_ORDER_EXPAND = (
    f"customerid_account({_ACCOUNT}),customerid_contact($select=contactid;$expand=parentcustomerid_account({_ACCOUNT})),"
    "transactioncurrencyid($select=isocurrencycode)"
)


def read_invoices(ctx: CompanyContext, rows: Sequence[PostedInvoice]) -> tuple[dict[str, Row], bool]:
    """These invoices with their lines, by number, and whether the companion told of them. Missing ones are left out."""
    ids = [row.bc_id for row in rows]
    if has_companion(ctx):
        try:
            return _read(ctx, ids, companion=True), True
        except CompanionMissing:
            return _read(ctx, ids, companion=False), False
    return _read(ctx, ids, companion=False), False


def _read(ctx: CompanyContext, ids: Sequence[str], *, companion: bool) -> dict[str, Row]:
    entity_set, lines = (
        ("postedSalesInvoices", "postedSalesInvoiceLines") if companion else ("salesInvoices", "salesInvoiceLines")
    )
    header = f"{_HEADER},{_MORE_HEADER}" if companion else _HEADER
    line = f"{_LINE},{_MORE_LINE}" if companion else _LINE
    found: dict[str, Row] = {}
    for start in range(0, len(ids), _AT_ONCE):
        rows = ctx.bc.rows(
            entity_set,
            purpose="read posted invoices",
            select=header.split(","),
            filter=any_of("id", ids[start : start + _AT_ONCE]),
            expand=f"{lines}($select={line})",
            companion=companion,
            fresh=True,
        )
        found |= {row["number"]: {**row, "lines": row[lines]} for row in rows}
    return found


def gather(
    ctx: CompanyContext, waiting: Sequence[PostedInvoice], posted: Mapping[str, Row], *, with_companion: bool
) -> Around:
    """Everything these invoices refer to. Raises RemoteError when a system does not answer."""
    company, db = ctx.company.id, ctx.db
    all_lines = [line for row in posted.values() for line in row["lines"]]
    item_ids = {guid(line["itemId"]) for line in all_lines if line["lineType"] == "Item"}
    items = couplings.by_bc_ids(db, company, ITEM, item_ids)
    resources = {
        row.bc_number: row.sales_id
        for row in (couplings.of_mapping(db, company, RESOURCE) if _has_resources(all_lines) else ())
    }
    numbers = {line["lineObjectNumber"] for line in all_lines if line["lineType"] == "Item"}
    customers = couplings.by_bc_ids(db, company, CUSTOMER, {guid(row["customerId"]) for row in posted.values()})
    options = couplings.options(db, company)
    products = {row.sales_id for row in items.values()} | (
        {resources[line["lineObjectNumber"]] for line in all_lines if _is_coupled_resource(line, resources)}
    )
    local = _local_currency(ctx, waiting)
    write_in = ""
    if with_companion and item_ids - items.keys():  # an item that is not coupled may be the one for write-ins
        write_in = ctx.bc.bridge_setup().write_in_product_number
    asked = _ask(ctx, waiting, posted, products, local)
    orders = asked["orders"]
    return Around(
        with_companion=with_companion,
        totals_are_ours=bool(asked["organizations"] and asked["organizations"][0].get("issopintegrationenabled")),
        price_decimals=int((asked["organizations"] or [{}])[0].get("pricingdecimalprecision") or 2),
        company_row=company_row_id(ctx),
        ownership=ctx.settings.ownership,
        team=_team(asked["companies"]),
        write_in=write_in,
        orders={guid(row["salesorderid"]): row for row in orders},
        orders_by_number={row["ordernumber"][:35].strip(): row for row in orders},
        existing={row["invoicenumber"]: row for row in asked["invoices"]},
        accounts={bc_id: row.sales_id for bc_id, row in customers.items()},
        items={bc_id: row.sales_id for bc_id, row in items.items()},
        resources=resources,
        blocked_items=frozenset(
            number for number, item in projection.items_by_number(db, company, numbers).items() if item.blocked
        ),
        units={guid(row["productid"]): guid(row["_defaultuomid_value"]) for row in asked["products"]},
        unit_groups={guid(row["productid"]): guid(row["_defaultuomscheduleid_value"]) for row in asked["products"]},
        users={row.bc_number: row.sales_id for row in couplings.of_mapping(db, company, SALESPEOPLE)},
        payment_terms={row.bc_id: value for value, row in options.get(PAYMENT_TERMS, {}).items()},
        agents={row.bc_code: value for value, row in options.get(SHIPPING_AGENT, {}).items()},
        currencies={row["isocurrencycode"]: guid(row["transactioncurrencyid"]) for row in asked["currencies"]},
        price_lists={row["name"]: row for row in asked["lists"]},
        prices=frozenset(
            (guid(row["_pricelevelid_value"]), guid(row["_productid_value"]), guid(row["_uomid_value"] or EMPTY_GUID))
            for row in asked["prices"]
        ),
        local_currency=local,
        shipment_methods=_shipment_methods(ctx, posted.values()),
    )


def _has_resources(lines: Iterable[Row]) -> bool:
    return any(line["lineType"] == "Resource" for line in lines)


def _is_coupled_resource(line: Row, resources: Mapping[str, str]) -> bool:
    return bool(line["lineType"] == "Resource" and line["lineObjectNumber"] in resources)


def _ask(
    ctx: CompanyContext,
    waiting: Sequence[PostedInvoice],
    posted: Mapping[str, Row],
    products: Iterable[str],
    local: str,
) -> dict[str, list[Row]]:
    """All of it in one batch of reads: the answers by subject."""
    questions: list[tuple[str, Read]] = [
        ("organizations", _question("organizations", ("issopintegrationenabled", "pricingdecimalprecision")))
    ]
    order_ids = sorted({row.order_id for row in waiting if row.order_id})
    references = sorted(
        {
            posted[row.bc_number]["customerPurchaseOrderReference"].strip()
            for row in waiting
            if not row.order_id and row.bc_number in posted
        }
        - {""}
    )
    order = tuple(_ORDER.split(","))
    questions += _questions("orders", "salesorders", order, "salesorderid", order_ids, _ORDER_EXPAND)
    questions += _questions(
        "orders", "salesorders", order, "ordernumber", [quote_text(text) for text in references], _ORDER_EXPAND
    )
    invoice = ("invoiceid", "invoicenumber", "_customerid_value", "_bcbi_companyid_value")
    numbers = [quote_text(number) for number in sorted(posted)]
    questions += _questions("invoices", "invoices", invoice, "invoicenumber", numbers)
    ids = sorted(set(products))
    product = ("productid", "_defaultuomid_value", "_defaultuomscheduleid_value")
    questions += _questions("products", "products", product, "productid", ids)
    price = ("_pricelevelid_value", "_productid_value", "_uomid_value")
    questions += _questions("prices", "productpricelevels", price, "_productid_value", ids)
    codes = [quote_text(code) for code in sorted({row["currencyCode"] for row in posted.values()})]
    currency = ("transactioncurrencyid", "isocurrencycode")
    questions += _questions("currencies", "transactioncurrencies", currency, "isocurrencycode", codes)
    if any(row.order_id is None for row in waiting):
        names = [quote_text(list_name(row["currencyCode"], local)) for row in posted.values()]
        columns = ("pricelevelid", "name", "_transactioncurrencyid_value")
        questions += _questions("lists", "pricelevels", columns, "name", sorted(set(names)))
    if company := company_row_id(ctx):
        team = ("bcbi_companyid", "_bcbi_defaultowningteam_value")
        questions += _questions("companies", "bcbi_companies", team, "bcbi_companyid", [company])
    answers: dict[str, list[Row]] = {name: [] for name in _SUBJECTS}
    results = ctx.sales.batch([question for _, question in questions], purpose="look for invoices")
    for (subject, _), result in zip(questions, results, strict=True):
        if result.error is not None:
            raise result.error
        answers[subject] += (result.body or {}).get("value", [])
    return answers


def _question(entity_set: str, columns: tuple[str, ...], condition: str = "", expand: str = "") -> Read:
    return Read(f"{entity_set}?{query_options(select=columns, filter=condition, expand=expand)}")


def _questions(
    subject: str, entity_set: str, columns: tuple[str, ...], field_: str, values: Sequence[str], expand: str = ""
) -> list[tuple[str, Read]]:
    return [
        (subject, _question(entity_set, columns, any_of(field_, values[start : start + _AT_ONCE]), expand))
        for start in range(0, len(values), _AT_ONCE)
    ]


def _team(companies: Sequence[Row]) -> str:
    found = next(iter(companies), {}).get("_bcbi_defaultowningteam_value")
    return guid(found) if found else ""


def _local_currency(ctx: CompanyContext, waiting: Sequence[PostedInvoice]) -> str:
    """Needed for invoices without an order only: it says which price list is theirs."""
    if all(row.order_id is not None for row in waiting):
        return ""
    rows = ctx.bc.rows("companyInformation", purpose="read local currency", select=("id", "currencyCode"))
    return next((str(row["currencyCode"]) for row in rows), "")


def _shipment_methods(ctx: CompanyContext, posted: Iterable[Row]) -> dict[str, str]:
    """The words of shipment methods, where they take the place of a work description."""
    wanted = any(not row.get("workDescription") and guid(row["shipmentMethodId"]) != EMPTY_GUID for row in posted)
    if not wanted:
        return {}
    rows = ctx.bc.rows("shipmentMethods", purpose="read shipment methods", select=("id", "displayName"))
    return {guid(row["id"]): str(row["displayName"]) for row in rows}

"""Find submitted Sales orders that Business Central has not acknowledged yet, and read single orders again.

One request brings a page of up to 50 orders with everything translating needs. It may find the same order twice, after
a crash for example: every later step looks first whether its effect is there already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

from bridge.clients.errors import NotFound
from bridge.clients.odata import Row, any_of, quote_text
from bridge.clients.sales import Sales
from bridge.context import CompanyContext
from bridge.orders.errors import CompanyNotInSales
from bridge.orders.lines import id_of, text_of
from bridge.store import companies
from bridge.store.journal import SeenOrder

PAGE_SIZE = 50
ACTIVE, SUBMITTED = 0, 1
EMPTY_STAMP = "1900-01-01"
"""What Sales shows where somebody once wrote an empty date; only this very day counts as "not acknowledged"."""

_ORDER = (
    "salesorderid,ordernumber,name,statecode,statuscode,submitdate,modifiedon,lastbackofficesubmit,_bcbi_companyid_value,"
    "_customerid_value,_transactioncurrencyid_value,_quoteid_value,requestdeliveryby,description,"
    "paymenttermscode,freighttermscode,shippingmethodcode,discountamount,discountpercentage,freightamount,"
    "totallineitemamount,totalamountlessfreight,totalamount,totaltax,"
    "billto_line1,billto_line2,billto_city,billto_postalcode,billto_stateorprovince,billto_country,"
    "shipto_line1,shipto_line2,shipto_city,shipto_postalcode,shipto_stateorprovince,shipto_country"
)
_LINE = (
    "salesorderdetailid,sequencenumber,lineitemnumber,_productid_value,_uomid_value,quantity,priceperunit,"
    "volumediscountamount,manualdiscountamount,description,productdescription"
)
_PRODUCT = "productid($select=productid,productnumber,name,producttypecode,statecode,_defaultuomid_value)"
_UNIT = "uomid($select=name)"
_ACCOUNT = "accountid,name,accountnumber,customertypecode"
_EXPAND = ",".join(
    (
        f"order_details($select={_LINE};$expand={_PRODUCT},{_UNIT})",
        f"customerid_account($select={_ACCOUNT})",
        f"customerid_contact($select=contactid,fullname;$expand=parentcustomerid_account($select={_ACCOUNT}))",
        "transactioncurrencyid($select=isocurrencycode)",
        "SalesOrder_Annotation($select=annotationid,subject,notetext,createdon,isdocument,filesize"
        ";$filter=isdocument eq false)",
    )
)


def sales_company_id(ctx: CompanyContext) -> str:
    """The row that stands for our company in Sales. Asked once, then remembered. Raises CompanyNotInSales."""
    known = next((row for row in companies.all_companies(ctx.db) if row.id == ctx.company.id), None)
    if known is not None and known.sales_company_id:
        return known.sales_company_id
    try:
        found = list(
            ctx.sales.rows(
                "bcbi_companies",
                purpose="find company",
                select=("bcbi_companyid",),
                filter=f"bcbi_externalid eq {quote_text(ctx.company.id)}",
            )
        )
    except NotFound:
        found = []  # Sales has no such table: the base integration solution is not installed there
    if not found:
        raise CompanyNotInSales(ctx.company.display_name or ctx.company.name, ctx.company.id)
    company_id = id_of(found[0], "bcbi_companyid")
    version = known.companion_version if known is not None else None
    companies.learn(ctx.db, ctx.company.id, sales_company_id=company_id, companion_version=version)
    return company_id


def list_submitted(sales: Sales, company_row_id: str) -> Iterator[Row]:
    """Every submitted order without a stamp that belongs to this company or to none, oldest first.

    Filters on the stamp as a range: the column is a moment in Sales and a date in Business Central.
    """
    unstamped = (
        "(lastbackofficesubmit eq null or (lastbackofficesubmit ge 1900-01-01T00:00:00Z"
        " and lastbackofficesubmit lt 1900-01-02T00:00:00Z))"
    )
    ours = f"(_bcbi_companyid_value eq null or _bcbi_companyid_value eq {company_row_id})"
    rows = sales.rows(
        "salesorders",
        purpose="list submitted orders",
        select=_names(_ORDER),
        filter=f"statecode eq {SUBMITTED} and {unstamped} and {ours}",
        expand=_EXPAND,
        orderby="submitdate asc,salesorderid asc",
        page_size=PAGE_SIZE,
    )
    return (_with_all_lines(sales, row) for row in rows)


def read_again(sales: Sales, sales_ids: Collection[str]) -> dict[str, Row]:
    """These orders as they stand now, whatever their state, by id. Deleted ones are missing from the answer."""
    if not sales_ids:
        return {}
    rows = sales.rows(
        "salesorders",
        purpose="read orders again",
        select=_names(_ORDER),
        filter=any_of("salesorderid", sorted(sales_ids)),
        expand=_EXPAND,
        page_size=PAGE_SIZE,
    )
    return {id_of(row, "salesorderid"): _with_all_lines(sales, row) for row in rows}


def _with_all_lines(sales: Sales, row: Row) -> Row:
    """Sales cuts the lines of a long order and hands out a link with a cookie; the whole set is then read by itself."""
    if "skiptoken" not in text_of(row, "order_details@odata.nextLink"):
        return row
    lines = sales.rows(
        "salesorderdetails",
        purpose="read lines of a long order",
        select=_names(_LINE),
        filter=f"_salesorderid_value eq {id_of(row, 'salesorderid')}",
        expand=f"{_PRODUCT},{_UNIT}",
    )
    return {**row, "order_details": list(lines)}


def seen(row: Row) -> SeenOrder:
    """What the journal keeps of a listed order."""
    submitted, modified = (_moment(text_of(row, name)) for name in ("submitdate", "modifiedon"))
    return SeenOrder(id_of(row, "salesorderid"), text_of(row, "ordernumber"), submitted, modified)


def is_stamped(row: Row) -> bool:
    """Whether a back office has acknowledged the order."""
    stamp = text_of(row, "lastbackofficesubmit")
    return bool(stamp) and not stamp.startswith(EMPTY_STAMP)


def is_submitted(row: Row) -> bool:
    return row.get("statecode") == SUBMITTED


def is_active(row: Row) -> bool:
    return row.get("statecode") == ACTIVE


def belongs_elsewhere(row: Row, company_row_id: str) -> bool:
    """Whether another Business Central company owns the order."""
    return id_of(row, "_bcbi_companyid_value") not in ("", company_row_id)


def etag_of(row: Row) -> str:
    value: Any = row.get("@odata.etag")
    return str(value) if value else "*"


def _names(columns: str) -> tuple[str, ...]:
    return tuple(columns.split(","))


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment

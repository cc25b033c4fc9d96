"""Find submitted Sales orders that Business Central has not acknowledged yet, and read single orders again.

One request brings a page of up to 50 orders with everything translating needs. It may find the same order twice, after
a crash for example: every later step looks first whether its effect is there already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from bridge.clients.errors import NotFound
from bridge.clients.odata import Row, quote_text
from bridge.clients.sales import Sales
from bridge.context import CompanyContext
from bridge.orders.document import ORDER
from bridge.orders.errors import CompanyNotInSales
from bridge.orders.lines import id_of, text_of
from bridge.orders.reading import Reading, moment_of
from bridge.store import companies
from bridge.store.journal import SeenOrder

ACTIVE, SUBMITTED = 0, 1
EMPTY_STAMP = "1900-01-01"
"""What Sales shows where somebody once wrote an empty date; only this very day counts as "not acknowledged"."""

ORDERS = Reading(ORDER, "submitdate,lastbackofficesubmit,_quoteid_value", ("quoteid($select=quotenumber)",))


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
    return ORDERS.rows(
        sales,
        purpose="list submitted orders",
        filter=f"statecode eq {SUBMITTED} and {unstamped} and {ours}",
        orderby="submitdate asc,salesorderid asc",
    )


def read_again(sales: Sales, sales_ids: Collection[str]) -> dict[str, Row]:
    """These orders as they stand now, whatever their state, by id. Deleted ones are missing from the answer."""
    return ORDERS.again(sales, sales_ids)


def seen(row: Row) -> SeenOrder:
    """What the journal keeps of a listed order."""
    submitted, modified = (moment_of(row, name) for name in ("submitdate", "modifiedon"))
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

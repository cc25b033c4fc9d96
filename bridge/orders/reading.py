"""How documents are read from Sales: one request brings a page of up to 50 with everything translating needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.clients.odata import Row, any_of
from bridge.clients.sales import Sales
from bridge.orders.document import Document
from bridge.orders.lines import id_of, text_of

PAGE_SIZE = 50

_HEADER = (
    "name,statecode,statuscode,modifiedon,_bcbi_companyid_value,_customerid_value,_transactioncurrencyid_value,"
    "requestdeliveryby,description,paymenttermscode,freighttermscode,shippingmethodcode,discountamount,"
    "discountpercentage,freightamount,totallineitemamount,totalamountlessfreight,totalamount,totaltax,"
    "billto_line1,billto_line2,billto_city,billto_postalcode,billto_stateorprovince,billto_country,"
    "shipto_line1,shipto_line2,shipto_city,shipto_postalcode,shipto_stateorprovince,shipto_country"
)
_LINE = (
    "sequencenumber,lineitemnumber,_productid_value,_uomid_value,quantity,priceperunit,"
    "volumediscountamount,manualdiscountamount,description,productdescription"
)
_PRODUCT = "productid($select=productid,productnumber,name,producttypecode,statecode,_defaultuomid_value)"
_UNIT = "uomid($select=name)"
_ACCOUNT = "accountid,name,accountnumber,customertypecode"


@dataclass(frozen=True, slots=True)
class Reading:
    """``more`` are columns, ``expand`` further expansions that only this kind of document has."""

    document: Document
    more: str
    expand: tuple[str, ...] = ()

    def rows(self, sales: Sales, *, purpose: str, filter: str, orderby: str = "") -> Iterator[Row]:  # noqa: A002
        """The documents the filter lets through, each with all its lines."""
        document = self.document
        rows = sales.rows(
            document.entity_set,
            purpose=purpose,
            select=(document.id, document.number, *_HEADER.split(","), *self.more.split(",")),
            filter=filter,
            expand=",".join((*_expand(document), *self.expand)),
            orderby=orderby,
            page_size=PAGE_SIZE,
        )
        return (_with_all_lines(sales, document, row) for row in rows)

    def again(self, sales: Sales, ids: Collection[str]) -> dict[str, Row]:
        """These documents as they stand now, whatever their state, by id. Deleted ones are missing from the answer."""
        if not ids:
            return {}
        document = self.document
        found = self.rows(sales, purpose=f"read {document.noun}s again", filter=any_of(document.id, sorted(ids)))
        return {id_of(row, document.id): row for row in found}


def _expand(document: Document) -> tuple[str, ...]:
    return (
        f"{document.lines}($select={document.line_id},{_LINE};$expand={_PRODUCT},{_UNIT})",
        f"customerid_account($select={_ACCOUNT})",
        f"customerid_contact($select=contactid,fullname;$expand=parentcustomerid_account($select={_ACCOUNT}))",
        "transactioncurrencyid($select=isocurrencycode)",
        f"{document.notes}($select=annotationid,subject,notetext,createdon,isdocument,filesize"
        ";$filter=isdocument eq false)",
    )


def _with_all_lines(sales: Sales, document: Document, row: Row) -> Row:
    """Sales cuts the lines of a long document and hands out a link with a cookie; the whole set is then read by
    itself."""
    if "skiptoken" not in text_of(row, f"{document.lines}@odata.nextLink"):
        return row
    lines = sales.rows(
        document.line_set,
        purpose=f"read lines of a long {document.noun}",
        select=(document.line_id, *_LINE.split(",")),
        filter=f"_{document.id}_value eq {id_of(row, document.id)}",
        expand=f"{_PRODUCT},{_UNIT}",
    )
    return {**row, document.lines: list(lines)}


def moment_of(row: Row, name: str) -> datetime | None:
    """A moment of a row, aware; None where the column is empty."""
    text = text_of(row, name)
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment

"""Read the records of a table mapping on both sides: all of them for matching, one of them for coupling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bridge.clients.errors import NotFound
from bridge.clients.odata import quote_text
from bridge.context import CompanyContext
from bridge.coupling.errors import NotOfThisMapping, RecordNotFound
from bridge.coupling.match import Candidate, key
from bridge.coupling.tables import Table
from bridge.records import guid
from bridge.store import companies


def in_business_central(ctx: CompanyContext, table: Table) -> Iterator[Candidate]:
    """Every Business Central record of the mapping, page by page."""
    rows = ctx.bc.rows(
        table.bc_set, purpose=f"match {table.mapping}", select=table.bc_fields, companion=table.companion
    )
    return (_bc_candidate(table, row) for row in rows)


def in_sales(ctx: CompanyContext, table: Table) -> Iterator[Candidate]:
    """Every Sales record in use that the mapping takes, of this company or of none."""
    conditions = [
        f"{column} eq {_literal(value)}" for column, value in {**table.sales_is, **table.sales_active}.items()
    ]
    if table.per_company and (company := _sales_company(ctx)) is not None:
        conditions.append(f"(_bcbi_companyid_value eq {company} or _bcbi_companyid_value eq null)")
    rows = ctx.sales.rows(
        table.sales_set, purpose=f"match {table.mapping}", select=table.sales_fields, filter=" and ".join(conditions)
    )
    return (_sales_candidate(table, row) for row in rows)


def _literal(value: int | bool) -> str:
    return str(value).lower()


def _sales_company(ctx: CompanyContext) -> str | None:
    """The company's row in Sales, where it has been looked up: records of other companies are then left alone."""
    known = (row for row in companies.all_companies(ctx.db) if row.id == ctx.company.id)
    return next((row.sales_company_id for row in known), None)


def _bc_candidate(table: Table, row: dict[str, Any]) -> Candidate:
    keys = tuple(key(*(str(row[field] or "") for field, _ in criterion)) for criterion in table.criteria)
    return Candidate(guid(row["id"]), row[table.bc_number], keys, row[table.bc_name])


def _sales_candidate(table: Table, row: dict[str, Any]) -> Candidate:
    keys = tuple(key(*(str(row.get(column) or "") for _, column in criterion)) for criterion in table.criteria)
    return Candidate(
        guid(row[table.sales_id]), row.get(table.sales_number) or "", keys, row.get(table.sales_name) or ""
    )


def bc_record(ctx: CompanyContext, table: Table, wanted: str) -> Candidate:
    """One Business Central record by its id or number. Raises RecordNotFound."""
    record_id = guid_or_none(wanted)
    if record_id is not None:
        try:
            row = ctx.bc.row(
                table.bc_set,
                record_id,
                purpose="check record",
                select=table.bc_fields,
                companion=table.companion,
                fresh=True,
            )
        except NotFound:
            raise RecordNotFound(
                table.mapping, "Business Central record", wanted, advice=f"Look its id up in {table.bc_set}."
            ) from None
        return _bc_candidate(table, row)
    rows = ctx.bc.rows(
        table.bc_set,
        purpose="check record",
        select=table.bc_fields,
        filter=f"{table.bc_number} eq {quote_text(wanted)}",
        companion=table.companion,
        fresh=True,
    )
    found = next(iter(rows), None)
    if found is None:
        raise RecordNotFound(
            table.mapping, f"Business Central {table.bc_number}", wanted, advice=f"Look it up in {table.bc_set}."
        )
    return _bc_candidate(table, found)


def sales_record(ctx: CompanyContext, table: Table, wanted: str) -> Candidate:
    """One Sales record by its id or number. Raises RecordNotFound, and NotOfThisMapping for one of another kind."""
    record_id = guid_or_none(wanted)
    advice = f"Look it up in the table {table.sales_table} in Sales."
    if record_id is not None:
        try:
            row = ctx.sales.row(table.sales_set, record_id, purpose="check record", select=table.sales_fields)
        except NotFound:
            raise RecordNotFound(table.mapping, "Sales record", wanted, advice=advice) from None
    else:
        rows = ctx.sales.rows(
            table.sales_set,
            purpose="check record",
            select=table.sales_fields,
            filter=f"{table.sales_number} eq {quote_text(wanted)}",
            top=2,
        )
        found = list(rows)
        if len(found) != 1:
            what = f"a single Sales record with {table.sales_number}"
            raise RecordNotFound(table.mapping, what, wanted, advice=f"{advice} Or give its id.")
        row = found[0]
    for column, value in table.sales_is.items():
        if row.get(column) != value:
            raise NotOfThisMapping(table.mapping, f"{table.sales_table} {wanted}", column, row.get(column), value)
    return _sales_candidate(table, row)


def guid_or_none(text: str) -> str | None:
    """The text as a GUID, or None when it is something else, a number for example."""
    try:
        return guid(text)
    except ValueError:
        return None

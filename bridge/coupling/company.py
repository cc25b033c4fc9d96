"""Let go of a Sales record that is uncoupled: it no longer belongs to our Business Central company.

A submitted order is opened for that and submitted again, in one change set. A record that belongs to nobody or to
another company is left as it is, and so is an invoice that is closed: Sales lets nobody write on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.clients.errors import NotFound
from bridge.clients.sales import ChangeSet, Write
from bridge.context import CompanyContext
from bridge.records import guid
from bridge.store import companies
from bridge.store.models import Coupling

_SETS: Mapping[str, str] = {
    "account": "accounts",
    "product": "products",
    "salesorder": "salesorders",
    "invoice": "invoices",
}
_COMPANY = "_bcbi_companyid_value"
_NOBODY: Mapping[str, Any] = {"bcbi_CompanyId@odata.bind": None}
_ACTIVE, _SUBMITTED = 0, 1
_OPEN_IT = {"statecode": 0, "statuscode": 2}
_SUBMIT_IT = {"statecode": 1, "statuscode": 3}


def let_go(ctx: CompanyContext, coupling: Coupling) -> bool:
    """Clear the company of the coupling's Sales record where it is ours; answers whether it was written. Raises
    RemoteError when Sales refuses: the coupling should then stay."""
    entity_set = _SETS.get(coupling.sales_table)
    if entity_set is None:
        return False
    try:
        columns = (f"{coupling.sales_table}id", "statecode", _COMPANY)
        row = ctx.sales.row(entity_set, coupling.sales_id, purpose="look at uncoupled record", select=columns)
    except NotFound:
        return False
    if not row[_COMPANY] or guid(row[_COMPANY]) != _our_row(ctx):
        return False
    writes = _writes(coupling.sales_table, row["statecode"], f"{entity_set}({coupling.sales_id})")
    if not writes:
        return False
    [result] = ctx.sales.batch([ChangeSet(writes)], purpose="let go of uncoupled record", repeatable=True)
    if result.error is not None and not isinstance(result.error, NotFound):
        raise result.error
    return result.error is None


def _writes(table: str, state: int, path: str) -> tuple[Write, ...]:
    if table == "salesorder" and state == _SUBMITTED:
        return (Write("PATCH", path, dict(_OPEN_IT)), Write("PATCH", path, {**_NOBODY, **_SUBMIT_IT}))
    if table in ("salesorder", "invoice") and state != _ACTIVE:
        return ()
    return (Write("PATCH", path, dict(_NOBODY)),)


def _our_row(ctx: CompanyContext) -> str:
    known = next((row for row in companies.all_companies(ctx.db) if row.id == ctx.company.id), None)
    return (known.sales_company_id or "") if known is not None else ""

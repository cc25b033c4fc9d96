"""Give an order back to the seller when its Business Central order was deleted: Active, without stamp and company.

Only after two looks at least one interval apart, a third one at the order itself, and never for many at once. The
seller submits it again to get a new Business Central order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bridge.clients.errors import NotFound, RemoteError
from bridge.clients.sales import ChangeSet, Write
from bridge.context import CompanyContext
from bridge.status import problems
from bridge.status.ending import DELETED_IN_BC, DELETED_IN_SALES, end
from bridge.store import journal
from bridge.store.failures import Problem
from bridge.store.models import JournalEntry

MANY = 20
_ACTIVE, _SUBMITTED = 0, 1
_OPEN_IT = {"statecode": 0, "statuscode": 2}
_UNSTAMP = {"lastbackofficesubmit": None, "bcbi_CompanyId@odata.bind": None}
_COLUMNS = ("salesorderid", "statecode", "lastbackofficesubmit", "_bcbi_companyid_value")


def is_second_look(ctx: CompanyContext, entry: JournalEntry, now: datetime) -> bool:
    """Whether the order was missing an interval ago already."""
    interval = timedelta(seconds=ctx.settings.push_status_seconds)
    return entry.missing_since is not None and now - entry.missing_since >= interval


def reset(ctx: CompanyContext, gone: Sequence[JournalEntry], followed: int) -> tuple[int, int]:
    """Reset these orders, missing at two looks and never posted; answers how many were reset and how many problems are
    listed. Repeatable. Raises RemoteError when a system does not answer."""
    if not gone:
        return 0, 0
    if len(gone) >= MANY and 2 * len(gone) > followed:
        return 0, problems.report(ctx, [problems.many_gone(entry, len(gone)) for entry in gone])
    parts: list[tuple[JournalEntry, ChangeSet]] = []
    finished: list[JournalEntry] = []
    deleted: list[JournalEntry] = []
    for entry in gone:
        if _is_there(ctx, entry):
            journal.change(ctx.db, {entry.id: {"missing_since": None}}, ctx.clock())
            continue
        try:
            row = ctx.sales.row("salesorders", entry.sales_id, purpose="read order to reset", select=_COLUMNS)
        except NotFound:
            deleted.append(entry)
            continue
        writes = _writes(row, f"salesorders({entry.sales_id})")
        if writes:
            parts.append((entry, ChangeSet(writes)))
        else:
            finished.append(entry)
    results = ctx.sales.batch([part for _, part in parts], purpose="reset orders") if parts else []
    refused: list[Problem] = []
    for (entry, _), result in zip(parts, results, strict=True):
        if result.error is None:
            finished.append(entry)
        elif isinstance(result.error, NotFound):
            deleted.append(entry)
        else:
            refused += _unless_it_passes(entry, result.error)
    problems.resolve(ctx, [*finished, *deleted])
    end(ctx, finished, DELETED_IN_BC)
    end(ctx, deleted, DELETED_IN_SALES)
    return len(finished), problems.report(ctx, refused)


def _is_there(ctx: CompanyContext, entry: JournalEntry) -> bool:
    try:
        ctx.bc.row("salesOrders", str(entry.bc_order_id), purpose="look for deleted order", select=("id",), fresh=True)
    except NotFound:
        return False
    return True


def _writes(row: dict[str, Any], path: str) -> tuple[Write, ...]:
    """What brings the order back to the seller; nothing when it is there already, or has gone another way."""
    etag = str(row.get("@odata.etag", ""))
    if row["statecode"] == _SUBMITTED:
        return (Write("PATCH", path, dict(_OPEN_IT), etag=etag), Write("PATCH", path, dict(_UNSTAMP)))
    stamped = row["lastbackofficesubmit"] is not None or row["_bcbi_companyid_value"] is not None
    if row["statecode"] == _ACTIVE and stamped:
        return (Write("PATCH", path, dict(_UNSTAMP), etag=etag),)
    return ()


def _unless_it_passes(entry: JournalEntry, error: RemoteError) -> list[Problem]:
    return [] if error.can_retry or error.outcome_unknown else [problems.not_reset(entry, error)]

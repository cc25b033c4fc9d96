"""Keep what open orders take and bring in the projection, for what can be promised.

Each run asks in one request for the sales and purchase orders changed since the last one with their lines, for the ids
of all that are still open (an order that was posted or deleted has left that list, and its lines go), and for the
transfers on their way. It is a projection like the items': repeatable, moved last, and as old as the start of its last
complete run. It shares the allowance of the ledger's tail, which goes first.

Transfers are in newer releases of API v2.0 only. Where they are not, or may not be read, that is written down as the
reason, and everything else is kept as true as before.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bridge.availability import items
from bridge.availability.allowance import LINES, Allowance
from bridge.availability.promise import Kind
from bridge.availability.tail import TICK_COSTS
from bridge.availability.together import Read, Together
from bridge.clients.errors import NotFound, RemoteError, SignInRefused
from bridge.context import CompanyContext, Outcome
from bridge.records import guid
from bridge.store import projection, supply, watermarks
from bridge.store.models import OpenLine

JOB = "OPEN-LINES"
WATERMARK = "open order lines"
"""Its value is JSON: ``at``, when the last complete run began, for each kind the newest stamp it has seen (``stamps``),
why transfers are not known if they are not (``no_transfers``), and the in-transit locations seen so far (``transits``).
"""

TRANSFERS = "transferOrders"
_OVERLAP = timedelta(minutes=2)
_NO_DAY = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of the balance as API v2.0 names it."""

    kind: Kind
    orders: str
    lines: str
    done: str
    moved: str
    day: str


_SIDES = (
    _Side(Kind.SALE, "salesOrders", "salesOrderLines", "fullyShipped", "shippedQuantity", "shipmentDate"),
    _Side(
        Kind.PURCHASE,
        "purchaseOrders",
        "purchaseOrderLines",
        "fullyReceived",
        "receivedQuantity",
        "expectedReceiptDate",
    ),
)


def refresh_open_lines(ctx: CompanyContext) -> Outcome:
    """Bring the open lines of one company up to date. Does nothing while the allowance is used up. Raises RemoteError;
    what was saved until then stays."""
    allowance = Allowance(ctx, LINES)
    if allowance.room() <= TICK_COSTS:
        return Outcome(notes=("As much was asked within this minute as may be; the next run goes on.",))
    together = Together(ctx.bc, "read open lines")
    try:
        return _refresh(ctx, together)
    finally:
        allowance.note(together.requests)


def in_transit_locations(ctx: CompanyContext) -> frozenset[str]:
    """The locations that transfers have been seen to travel through."""
    return frozenset(_known(ctx).get("transits", ()))


def _known(ctx: CompanyContext) -> dict[str, Any]:
    return dict(json.loads(watermarks.get(ctx.db, ctx.company.id, WATERMARK) or "{}"))


def _refresh(ctx: CompanyContext, together: Together) -> Outcome:
    began = ctx.clock()
    known = _known(ctx)
    stamps: dict[str, str] = known.get("stamps", {})
    reads = [read for side in _SIDES for read in (_changed(side, stamps), _open_ids(side))]
    *answers, transfers = together.ask_each([*reads, _transfers()])
    refused = next((one for one in answers if isinstance(one, RemoteError)), None)
    if refused is not None:
        raise refused
    listed = [one for one in answers if not isinstance(one, RemoteError)]
    counts = {"orders": 0, "deleted": 0}
    for side, changed, still_open in zip(_SIDES, listed[::2], listed[1::2], strict=True):
        supply.save(ctx.db, ctx.company.id, {guid(row["id"]): _lines(ctx, side, row) for row in changed})
        counts["orders"] += len(changed)
        counts["deleted"] += _forget_others(ctx, side.kind, {guid(row["id"]) for row in still_open})
        newest = max((_stamp(row) or _NO_DAY for row in changed), default=_NO_DAY)
        if newest > datetime.fromisoformat(stamps.get(side.kind.value) or _NO_DAY.isoformat()):
            stamps[side.kind.value] = newest.isoformat()
    moved = {"at": began.isoformat(), "stamps": stamps, "transits": known.get("transits", []), "no_transfers": ""}
    if isinstance(transfers, RemoteError):
        moved["no_transfers"] = _why_not(transfers)
    else:
        moved["transits"] = sorted({*moved["transits"], *(str(row["inTransitCode"]) for row in transfers)} - {""})
        in_transit = _in_transit(ctx, transfers, together)
        supply.save(ctx.db, ctx.company.id, in_transit)
        _forget_others(ctx, Kind.TRANSIT, in_transit.keys())
    watermarks.move(ctx.db, ctx.company.id, WATERMARK, json.dumps(moved), ctx.clock())
    return Outcome(counts=counts)


def _changed(side: _Side, stamps: dict[str, str]) -> Read:
    """Orders changed about the newest stamp or later, or all that are open when nothing is known."""
    wanted = f"{side.done} eq false"
    if newest := stamps.get(side.kind.value):
        since = (datetime.fromisoformat(newest) - _OVERLAP).astimezone(UTC).replace(microsecond=0, tzinfo=None)
        wanted = f"lastModifiedDateTime ge {since.isoformat()}Z"
    fields = ("id", "lineType", "itemId", "quantity", side.moved, side.day, "unitOfMeasureCode")
    place = "itemVariant($select=code),location($select=code)"
    return Read(
        side.orders,
        ("id", "lastModifiedDateTime"),
        filter=wanted,
        expand=f"{side.lines}($select={','.join(fields)};$expand={place})",
    )


def _open_ids(side: _Side) -> Read:
    return Read(side.orders, ("id",), filter=f"{side.done} eq false")


def _transfers() -> Read:
    """All of them: the stamp of a transfer does not surely move when its lines do."""
    fields = ("id", "itemNumber", "variantCode", "quantityShipped", "quantityReceived")
    return Read(
        TRANSFERS,
        ("id", "transferToCode", "inTransitCode", "receiptDate"),
        expand=f"transferOrderLines($select={','.join(fields)};$filter=quantityShipped gt 0)",
    )


def _why_not(error: RemoteError) -> str:
    """Why transfers are not known. Raises what will pass."""
    if isinstance(error, NotFound):
        return "API v2.0 of this Business Central has no transfer orders"
    if isinstance(error, SignInRefused):
        return "the bridge's user may not read transfer orders in Business Central"
    raise error


def _forget_others(ctx: CompanyContext, kind: Kind, documents: Collection[str]) -> int:
    gone = supply.document_ids(ctx.db, ctx.company.id, kind.value) - set(documents)
    supply.forget(ctx.db, ctx.company.id, gone)
    return len(gone)


def _stamp(row: dict[str, Any]) -> datetime | None:
    stamp = datetime.fromisoformat(row["lastModifiedDateTime"])
    return stamp if stamp.year > 1 else None


def _lines(ctx: CompanyContext, side: _Side, order: dict[str, Any]) -> list[OpenLine]:
    lines = []
    for row in order.get(side.lines) or []:
        left = Decimal(row["quantity"]) - Decimal(row.get(side.moved) or 0)
        if row["lineType"] != "Item" or not left:
            continue
        line = OpenLine(
            company_id=ctx.company.id,
            line_id=guid(row["id"]),
            kind=side.kind.value,
            document_id=guid(order["id"]),
            item_id=guid(row["itemId"]),
            quantity=left,
            unit=row["unitOfMeasureCode"],
            due_on=_day(row.get(side.day)),
            variant=(row.get("itemVariant") or {}).get("code", ""),
            location=(row.get("location") or {}).get("code", ""),
        )
        lines.append(line)
    return lines


def _in_transit(
    ctx: CompanyContext, transfers: Iterable[dict[str, Any]], together: Together
) -> dict[str, Sequence[OpenLine]]:
    """What was shipped and not yet received, by transfer. Their page shows no unit: it is taken for the base unit."""
    rows = [(one, line) for one in transfers for line in one.get("transferOrderLines") or []]
    known = _items(ctx, {str(line["itemNumber"]) for _, line in rows}, together)
    found: dict[str, list[OpenLine]] = {}
    for transfer, row in rows:
        left = Decimal(row["quantityShipped"]) - Decimal(row["quantityReceived"])
        if row["itemNumber"] not in known or not left:  # an item that is gone has nothing to promise
            continue
        item_id, unit = known[row["itemNumber"]]
        line = OpenLine(
            company_id=ctx.company.id,
            line_id=guid(row["id"]),
            kind=Kind.TRANSIT.value,
            document_id=guid(transfer["id"]),
            item_id=item_id,
            quantity=left,
            unit=unit,
            due_on=_day(transfer.get("receiptDate")),
            variant=row["variantCode"],
            location=transfer["transferToCode"],
        )
        found.setdefault(line.document_id, []).append(line)
    return dict(found)


def _items(ctx: CompanyContext, numbers: set[str], together: Together) -> dict[str, tuple[str, str]]:
    """Id and base unit by number; Business Central is asked for items that the tail has not brought yet."""
    known = projection.items_by_number(ctx.db, ctx.company.id, numbers) if numbers else {}
    found = {number: (row.item_id, row.base_unit) for number, row in known.items()}
    if missing := numbers - set(found):
        for rows in together.ask(items.numbered(missing, companion=False)):
            found |= {row["number"]: (guid(row["id"]), row["baseUnitOfMeasureCode"]) for row in rows}
    return found


def _day(text: str | None) -> date | None:
    """A date as Business Central writes it; its empty date is year 1."""
    day = date.fromisoformat(text) if text else None
    return day if day is not None and day.year > 1 else None

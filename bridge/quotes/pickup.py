"""Find quotes that were activated or won, and active ones whose Business Central quote somebody has deleted.

Nothing in Sales says which quotes have been dealt with. So the pick-up asks for those modified since the watermark,
less an overlap, and once a day for all of them, by number only; the journal knows the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from bridge.clients.odata import Row, any_of
from bridge.context import CompanyContext
from bridge.orders.document import QUOTE
from bridge.orders.gather import QUOTE_MAPPING
from bridge.orders.lines import id_of, text_of
from bridge.orders.reading import Reading, moment_of
from bridge.quotes.request import quote_id
from bridge.store import couplings, journal, quotes, watermarks
from bridge.store.journal import State
from bridge.store.models import JournalEntry
from bridge.store.quotes import SeenQuote

DRAFT, ACTIVE, WON, CLOSED = range(4)
OVERLAP = timedelta(minutes=5)
"""Modified stamps are given when a row is written, not when it is committed."""
FULL_EVERY = timedelta(days=1)
MANY_AT_ONCE = 20

QUOTES = Reading(
    QUOTE,
    "revisionnumber,effectiveto",
    ("quote_orders($select=salesorderid,ordernumber,statecode,lastbackofficesubmit,_bcbi_companyid_value)",),
)
_WATERMARK, _FULL = "quotes", "quotes in full"
_IDS = 60
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Listed:
    """``rows`` are the quotes that were read with everything, by id; ``seen`` are all that were listed."""

    seen: Sequence[SeenQuote]
    rows: Mapping[str, Row]
    full: bool


def list_quotes(ctx: CompanyContext, company_row_id: str) -> Listed:
    """Active and won quotes of this company or of none: those modified lately, or once a day all. Raises
    RemoteError."""
    since, full = watermarks.get(ctx.db, ctx.company.id, _WATERMARK), _is_full_due(ctx)
    ours = f"(_bcbi_companyid_value eq null or _bcbi_companyid_value eq {company_row_id})"
    wanted = f"(statecode eq {ACTIVE} or statecode eq {WON}) and {ours}"
    if full or since is None:
        found = ctx.sales.rows(
            QUOTE.entity_set,
            purpose="list all quotes",
            select=(QUOTE.id, QUOTE.number, "statecode", "modifiedon"),
            filter=wanted,
            orderby="modifiedon asc,quoteid asc",
        )
        return Listed([_seen(row) for row in found], {}, full=True)
    moment = (datetime.fromisoformat(since) - OVERLAP).replace(microsecond=0, tzinfo=None).isoformat()
    rows = QUOTES.rows(
        ctx.sales,
        purpose="list quotes",
        filter=f"{wanted} and modifiedon ge {moment}Z",
        orderby="modifiedon asc,quoteid asc",
    )
    by_id = {quote_id(row): row for row in rows}
    return Listed([_seen(row) for row in by_id.values()], by_id, full=False)


def note(ctx: CompanyContext, listed: Listed) -> None:
    """Keep what was listed in the journal; the watermarks move last."""
    now = ctx.clock()
    quotes.note_seen(ctx.db, ctx.company.id, listed.seen, now)
    if listed.seen:
        newest = max(one.modified_at for one in listed.seen)
        watermarks.move(ctx.db, ctx.company.id, _WATERMARK, newest.isoformat(), now)
    if listed.full:
        watermarks.move(ctx.db, ctx.company.id, _FULL, now.isoformat(), now)


def open_deleted(ctx: CompanyContext, listed: Listed) -> tuple[int, str]:
    """Open active quotes again that Business Central has lost: how many, and a sentence where too many are gone to be
    believed. Asks only about quotes that were touched in Sales since, and once a day about all. Raises RemoteError."""
    active = {one.sales_id: one for one in listed.seen if not one.won}
    known = quotes.by_sales_ids(ctx.db, ctx.company.id, active).values()
    suspects = [
        entry
        for entry in known
        if entry.state == State.DONE
        and entry.ended_at is None
        and entry.bc_order_id is not None
        and (listed.full or active[entry.sales_id].modified_at > entry.updated_at)
    ]
    if not suspects:
        return 0, ""
    there = _present(ctx, [entry.bc_order_id or "" for entry in suspects])
    gone = [entry for entry in suspects if entry.bc_order_id not in there]
    journal.change(ctx.db, {entry.id: {} for entry in suspects if entry.bc_order_id in there}, ctx.clock())
    if len(gone) >= MANY_AT_ONCE and 2 * len(gone) > len(suspects):
        return 0, f"{len(gone)} quotes are gone from Business Central at once; none was made again. Check BC_COMPANY."
    for entry in gone:
        couplings.uncouple(ctx.db, ctx.company.id, QUOTE_MAPPING, entry.sales_id)
    changes = {"state": State.SEEN, "bc_order_id": None, "bc_order_number": None, "bc_status": ""}
    journal.change(ctx.db, {entry.id: dict(changes) for entry in gone}, ctx.clock())
    return len(gone), ""


def is_won(row: Row) -> bool:
    return row.get("statecode") == WON


def is_wanted(row: Row) -> bool:
    """Whether Business Central shall have the quote: it is active or won."""
    return row.get("statecode") in (ACTIVE, WON)


def orders_of(row: Row) -> list[Row]:
    """The orders that were made from the quote, by number."""
    return sorted(row.get("quote_orders") or [], key=lambda order: text_of(order, "ordernumber"))


def number_of(entry: JournalEntry) -> str:
    return entry.bc_order_number or ""


def _is_full_due(ctx: CompanyContext) -> bool:
    last = watermarks.get(ctx.db, ctx.company.id, _FULL)
    return last is None or ctx.clock() - datetime.fromisoformat(last) >= FULL_EVERY


def _seen(row: Row) -> SeenQuote:
    modified = moment_of(row, "modifiedon") or _BEGINNING
    return SeenQuote(quote_id(row), text_of(row, QUOTE.number), modified, is_won(row))


def _present(ctx: CompanyContext, ids: Sequence[str]) -> set[str]:
    """Which of these quotes Business Central has."""
    found: set[str] = set()
    remaining = iter(ids)
    while some := list(islice(remaining, _IDS)):
        rows = ctx.bc.rows(
            "salesQuotes", purpose="look for quotes", select=("id",), filter=any_of("id", some), fresh=True
        )
        found |= {id_of(row, "id") for row in rows}
    return found

"""Read items with their inventory: those with given numbers, those changed since a time, or all of them, page by page.

Inventory is Business Central's own sum, never ours. All reads ask for the primary database: a replica may lag behind a
posting whose ledger entry has been seen already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from bridge.clients.business_central import BusinessCentralCompany
from bridge.clients.odata import any_of, quote_text
from bridge.records import guid
from bridge.store.models import AvailabilityItem

NUMBERS_PER_REQUEST = 40
"""Forty numbers of twenty characters, percent-encoded, stay below 2,100 characters of address."""
PAGE = 5000

_FIELDS = ("id", "number", "displayName", "baseUnitOfMeasureCode", "inventory", "blocked", "lastModifiedDateTime")


def numbered(bc: BusinessCentralCompany, numbers: Collection[str]) -> Iterator[dict[str, Any]]:
    """The items with these numbers; a number that no item has is missing from the answer."""
    remaining = iter(sorted(numbers))
    while chunk := list(islice(remaining, NUMBERS_PER_REQUEST)):
        wanted = any_of("number", map(quote_text, chunk))
        yield from bc.rows("items", purpose="read touched items", select=_FIELDS, filter=wanted, fresh=True)


def changed_since(bc: BusinessCentralCompany, since: datetime | None) -> Iterator[dict[str, Any]]:
    """The items whose own fields changed at ``since`` or later, or all of them when no time is known."""
    changed = ""
    if since is not None:
        utc = since.astimezone(UTC).replace(microsecond=0, tzinfo=None)
        changed = f"lastModifiedDateTime ge {utc.isoformat()}Z"
    yield from bc.rows("items", purpose="read changed items", select=_FIELDS, filter=changed, fresh=True)


def everything(bc: BusinessCentralCompany) -> Iterator[dict[str, Any]]:
    """All items, a page in memory at a time."""
    yield from bc.rows("items", purpose="read all items", select=_FIELDS, page_size=PAGE, fresh=True)


def after(bc: BusinessCentralCompany, number: str, count: int) -> Iterator[dict[str, Any]]:
    """The next ``count`` items behind this number, in the order of numbers; from the first with an empty one."""
    behind = f"number gt {quote_text(number)}" if number else ""
    yield from bc.rows(
        "items",
        purpose="compare items",
        select=_FIELDS,
        filter=behind,
        orderby="number",
        top=count,
        fresh=True,
    )


def ids(bc: BusinessCentralCompany) -> set[str]:
    """The ids of all items: cheap, because no inventory is summed up for it."""
    rows = bc.rows("items", purpose="look for gone items", select=("id",), page_size=4 * PAGE, fresh=True)
    return {guid(row["id"]) for row in rows}


def row_of(company_id: str, item: dict[str, Any], *, entry_number: int, now: datetime) -> AvailabilityItem:
    """The projection's row for an item as Business Central lists it."""
    return AvailabilityItem(
        company_id=company_id,
        item_id=guid(item["id"]),
        number=item["number"],
        name=item["displayName"],
        base_unit=item["baseUnitOfMeasureCode"],
        inventory=Decimal(item["inventory"]),
        blocked=bool(item["blocked"]),
        modified_at=modified_at(item),
        entry_number=entry_number,
        refreshed_at=now,
    )


def modified_at(item: dict[str, Any]) -> datetime | None:
    """When the item's own fields changed last; None for Business Central's empty time, year 1."""
    stamp = datetime.fromisoformat(item["lastModifiedDateTime"])
    return stamp if stamp.year > 1 else None

"""How items are read with their inventory: those with given numbers, those changed since a time, or all of them.

Inventory is Business Central's own sum, never ours. A batch goes to one route: where the rest of it is asked of the
companion, items are read of the companion's page, which has the same fields under another name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from bridge.availability.together import Read
from bridge.clients.business_central import BusinessCentralCompany
from bridge.clients.odata import any_of, quote_text
from bridge.records import guid
from bridge.store.models import AvailabilityItem

NUMBERS_PER_READ = 40
"""Forty numbers of twenty characters, percent-encoded, stay below 2,100 characters of address."""
PAGE = 5000

_SET = {False: "items", True: "itemDetails"}
_FIELDS = ("id", "number", "displayName", "baseUnitOfMeasureCode", "inventory", "blocked", "lastModifiedDateTime")


def numbered(numbers: Collection[str], *, companion: bool) -> list[Read]:
    """Reads of the items with these numbers; a number that no item has is missing from the answer."""
    remaining = iter(sorted(numbers))
    reads = []
    while chunk := list(islice(remaining, NUMBERS_PER_READ)):
        reads.append(Read(_SET[companion], _FIELDS, filter=any_of("number", map(quote_text, chunk))))
    return reads


def changed_since(since: datetime | None, *, companion: bool) -> Read:
    """The read of items whose own fields changed at ``since`` or later, or of all when no time is known."""
    changed = ""
    if since is not None:
        utc = since.astimezone(UTC).replace(microsecond=0, tzinfo=None)
        changed = f"lastModifiedDateTime ge {utc.isoformat()}Z"
    return Read(_SET[companion], _FIELDS, filter=changed)


def everything(bc: BusinessCentralCompany) -> Iterator[dict[str, Any]]:
    """All items, a page in memory at a time."""
    yield from bc.rows("items", purpose="read all items", select=_FIELDS, page_size=PAGE, fresh=True)


def after(number: str, count: int, *, companion: bool) -> Read:
    """The read of the next ``count`` items behind this number, in the order of numbers; from the first without one."""
    behind = f"number gt {quote_text(number)}" if number else ""
    return Read(_SET[companion], _FIELDS, filter=behind, orderby="number", top=count)


def ids(*, companion: bool) -> Read:
    """The read of the ids of all items: cheap, because no inventory is summed up for it."""
    return Read(_SET[companion], ("id",))


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

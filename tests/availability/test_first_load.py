"""A first load of many items is quick, needs little memory, and tells readers once for a chunk."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bridge.availability import items
from bridge.availability.tail import refresh
from bridge.records import new_id
from bridge.store import generations, projection
from bridge.store.database import Database
from bridge.store.models import AvailabilityItem, AvailabilityTail
from tests.availability.surroundings import Surroundings

COMPANY = "8f2b1c1e-0a4e-4d1c-9b53-1f2d3c4b5a69"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MANY = 6_000


def item(number: int, inventory: int) -> AvailabilityItem:
    return AvailabilityItem(
        company_id=COMPANY,
        item_id=f"00000000-0000-4000-8000-{number:012d}",
        number=f"I{number}",
        name=f"Item {number}",
        base_unit="PCS",
        inventory=Decimal(inventory),
        blocked=False,
        modified_at=NOW,
        entry_number=1,
        refreshed_at=NOW,
    )


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


def tail() -> AvailabilityTail:
    return AvailabilityTail(company_id=COMPANY, last_entry_number=1, recent_entries=[1], row_version=0, tailed_at=NOW)


def test_rows_are_written_when_new_or_different_and_only_then(db: Database):
    assert projection.save(db, tail(), items=[item(n, 1) for n in range(2500)]) == 2500
    before = generations.read(db)["availability"]

    changed = projection.save(db, tail(), items=[item(n, 2 if n == 7 else 1) for n in range(2500)])

    assert changed == 1
    assert generations.read(db)["availability"] == before + 1
    assert projection.items_by_number(db, COMPANY, ["I7"])["I7"].inventory == 2
    assert projection.items_by_number(db, COMPANY, ["I8"])["I8"].inventory == 1


def test_memory_of_a_first_load_does_not_grow_with_the_rows(here: Surroundings, monkeypatch: pytest.MonkeyPatch):
    """What may grow is the list of ids that gone items are looked up in: below a kilobyte for each."""
    peaks = {}
    for many in (MANY // 4, MANY):
        ctx = replace(here.ctx, company=replace(here.ctx.company, id=new_id()))
        monkeypatch.setattr(items, "everything", lambda bc, many=many: (_listed(n) for n in range(many)))
        monkeypatch.setattr(here.ctx.bc.__class__, "rows", lambda *args, **kwargs: iter(()))
        tracemalloc.start()
        refresh(ctx)
        peaks[many] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(projection.item_ids(ctx.db, ctx.company.id)) == many

    assert peaks[MANY] - peaks[MANY // 4] < 1000 * (MANY - MANY // 4)


def _listed(number: int) -> dict[str, Any]:
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "number": f"I{number}",
        "displayName": f"Item {number}",
        "baseUnitOfMeasureCode": "PCS",
        "inventory": number,
        "blocked": False,
        "lastModifiedDateTime": "2026-03-02T09:00:00Z",
    }

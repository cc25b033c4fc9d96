"""Read the item ledger from where the last tail stopped, and find late commits with lower entry numbers.

Business Central hands out an entry number when an entry is written, not when it is committed, so a lower number can
show up after a higher one. Without the companion each tail therefore re-reads a window of numbers and drops those it
knows. With the companion the feed is read by row version up to the lowest version still open: everything below it is
final, so no distance in numbers is too far.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from bridge.clients.business_central import BusinessCentralCompany

OVERLAP = 1000
"""How many entry numbers below the highest one are read again: more than one posting writes in one transaction."""

_PURPOSE = "tail item ledger"


@dataclass(frozen=True, slots=True)
class Position:
    """How far the ledger is known: its highest entry number, the numbers seen in the window below it, and the row
    version below which nothing can appear any more (0: not known, the companion was not asked)."""

    last: int = 0
    recent: frozenset[int] = frozenset()
    row_version: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """One read of the ledger: where it ended, how many entries were new, and the numbers of the items they touch.

    ``continues`` is False when the entry that the last read ended with is no longer there: the ledger is another one,
    restored from a backup for example, and only reading everything anew helps.
    """

    position: Position
    entries: int = 0
    items: frozenset[str] = frozenset()
    continues: bool = True


def advance(position: Position, rows: Iterable[dict[str, Any]]) -> Reading:
    """Drop the entries already known, collect the items of the others, and move the window up to the highest number."""
    last = position.last
    recent = set(position.recent)
    touched: set[str] = set()
    new = 0
    continues = not position.recent
    for row in rows:
        number = int(row["entryNumber"])
        continues = continues or number == position.last
        if number in recent:
            continue
        new += 1
        touched.add(str(row["itemNumber"]))
        recent.add(number)
        last = max(last, number)
        if len(recent) > 2 * OVERLAP:
            recent = _window(recent, last)
    window = frozenset(_window(recent, last))
    moved = Position(last, window, position.row_version)
    return Reading(moved, new, frozenset(touched - {""}), continues)


def _window(numbers: set[int], last: int) -> set[int]:
    return {number for number in numbers if number > last - OVERLAP}


def read_start(bc: BusinessCentralCompany, *, companion: bool) -> Position:
    """Where the ledger ends now. Whoever reads all items afterwards misses no posting: a later one is above this."""
    row_version = bc.active_row_version() - 1 if companion else 0
    newest = bc.rows(
        "itemLedgerEntries",
        purpose=_PURPOSE,
        select=("entryNumber", "itemNumber"),
        orderby="entryNumber desc",
        top=1,
        fresh=True,
    )
    start = advance(Position(), newest).position
    return _read_by_number(bc, Position(start.last, start.recent, row_version)).position


def read_new(bc: BusinessCentralCompany, position: Position, *, companion: bool) -> Reading:
    """The entries committed since ``position``: one request when there are none. Reading twice repeats nothing."""
    if not companion:
        return _read_by_number(bc, position)
    if position.row_version == 0:  # the companion is new here: from now on by row version, this once by number
        active = bc.active_row_version()
        reading = _read_by_number(bc, position)
        return _at_version(reading, active - 1)
    if next(iter(_feed(bc, position.row_version, top=1)), None) is None:
        return Reading(position)
    # Asked before the read that counts: a transaction that ends in between is then above the new position.
    active = bc.active_row_version()
    reading = advance(position, _feed(bc, position.row_version))
    return replace(_at_version(reading, active - 1), continues=True)  # the feed lists changes, not the entry before


def _at_version(reading: Reading, row_version: int) -> Reading:
    return replace(reading, position=replace(reading.position, row_version=row_version))


def _read_by_number(bc: BusinessCentralCompany, position: Position) -> Reading:
    rows = bc.rows(
        "itemLedgerEntries",
        purpose=_PURPOSE,
        select=("entryNumber", "itemNumber"),
        filter=f"entryNumber gt {max(position.last - OVERLAP, 0)}",
        fresh=True,
    )
    return advance(position, rows)


def _feed(bc: BusinessCentralCompany, above: int, top: int | None = None) -> Iterable[dict[str, Any]]:
    return bc.rows(
        "itemLedgerFeed",
        purpose=_PURPOSE,
        select=("entryNumber", "itemNumber"),
        filter=f"rowVersion gt {above}",
        top=top,
        companion=True,
        fresh=True,
    )

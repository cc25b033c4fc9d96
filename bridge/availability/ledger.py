"""Read the item ledger from where the last tail stopped, and find late commits with lower entry numbers.

Business Central hands out an entry number when an entry is written, not when it is committed, so a lower number can
show up after a higher one. Without the companion each tail therefore re-reads a window of numbers and drops those it
knows. With the companion the feed is read by row version: everything below the lowest version still open is final, so
no distance in numbers is too far. That version is asked for now and then; until it moves, the rows above it are read
again and those already known are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from bridge.availability.together import Read, Together
from bridge.clients.business_central import BusinessCentralCompany

OVERLAP = 1000
"""How many entry numbers below the highest one are read again: more than one posting writes in one transaction."""

PURPOSE = "tail item ledger"
_FIELDS = ("entryNumber", "itemNumber")


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
    final = bc.active_row_version() - 1 if companion else 0
    newest = Read("itemLedgerEntries", _FIELDS, orderby="entryNumber desc", top=1)
    [rows] = Together(bc, PURPOSE).ask([newest])
    start = advance(Position(), rows).position
    [rows] = Together(bc, PURPOSE).ask([_by_number(start)])
    return replace(advance(Position(start.last, start.recent), rows).position, row_version=final)


def new_entries(position: Position, *, companion: bool) -> Read:
    """The read of all that may have been committed since ``position``."""
    if companion and position.row_version:
        return Read("itemLedgerFeed", _FIELDS, filter=f"rowVersion gt {position.row_version}")
    return _by_number(position, "itemLedgerFeed" if companion else "itemLedgerEntries")


def take(position: Position, rows: Iterable[dict[str, Any]], *, companion: bool, final: int) -> Reading:
    """What the rows of :func:`new_entries` come to. ``final`` is the row version up to which nothing can appear any
    more, known before they were read; 0 when it was not asked for. Taking rows twice repeats nothing."""
    reading = advance(position, rows)
    if not companion:
        return reading
    by_version = position.row_version > 0  # that feed lists changes, not the entry that the last read ended with
    moved = replace(reading.position, row_version=max(final, position.row_version))
    return replace(reading, position=moved, continues=by_version or reading.continues)


def _by_number(position: Position, entity_set: str = "itemLedgerEntries") -> Read:
    return Read(entity_set, _FIELDS, filter=f"entryNumber gt {max(position.last - OVERLAP, 0)}")

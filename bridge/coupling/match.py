"""Match-based coupling, the decision: which uncoupled records are the same thing because their values say so.

Pure. Records are compared by keys, one key per criterion, the strongest first. A pair is made only when exactly one
record on each side has the value and both are free; everything else is left to a person, with the reason. Records
already coupled count when it comes to "exactly one", so that matching again never couples more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum


@dataclass(frozen=True, slots=True)
class Candidate:
    """One record on one side. ``keys`` has one value per criterion; a blank one matches nothing."""

    id: str
    label: str
    keys: tuple[str, ...]
    name: str = ""


class Reason(IntEnum):
    """Why a Business Central record found no partner; the higher one tells more."""

    NO_VALUE = 0
    NONE = 1
    SEVERAL_HERE = 2
    SEVERAL_THERE = 3
    TAKEN = 4


@dataclass(frozen=True, slots=True)
class Unmatched:
    record: Candidate
    reason: Reason


@dataclass(frozen=True, slots=True)
class Matching:
    """The pairs to couple (Business Central first), and what is left over on the Business Central side."""

    pairs: tuple[tuple[Candidate, Candidate], ...]
    unmatched: tuple[Unmatched, ...]


def key(*values: str) -> str:
    """Several values that must all agree as one key: blanks around and letter case do not count. One blank, no key."""
    parts = [value.strip().casefold() for value in values]
    return "\x1f".join(parts) if all(parts) else ""


def match(
    business_central: Sequence[Candidate],
    sales: Sequence[Candidate],
    *,
    coupled_bc: Collection[str],
    coupled_sales: Collection[str],
) -> Matching:
    """Pair the records that are free on both sides and unmistakable by a criterion; earlier criteria win."""
    free = {record.id: record for record in business_central if record.id not in coupled_bc}
    taken = set(coupled_sales)
    reasons: dict[str, Reason] = dict.fromkeys(free, Reason.NO_VALUE)
    pairs: list[tuple[Candidate, Candidate]] = []
    for criterion in range(max((len(record.keys) for record in business_central), default=0)):
        here, there = _by_key(business_central, criterion), _by_key(sales, criterion)
        for record in list(free.values()):
            value = record.keys[criterion]
            if not value:
                continue
            partners = there.get(value, [])
            reason = _obstacle(len(here[value]), partners, taken)
            if reason is not None:
                reasons[record.id] = max(reasons[record.id], reason)
                continue
            pairs.append((record, partners[0]))
            taken.add(partners[0].id)
            del free[record.id]
    return Matching(tuple(pairs), tuple(Unmatched(record, reasons[record.id]) for record in free.values()))


def _by_key(records: Sequence[Candidate], criterion: int) -> dict[str, list[Candidate]]:
    found: dict[str, list[Candidate]] = defaultdict(list)
    for record in records:
        found[record.keys[criterion]].append(record)
    return found


def _obstacle(same_here: int, partners: Sequence[Candidate], taken: Collection[str]) -> Reason | None:
    if not partners:
        return Reason.NONE
    if len(partners) > 1:
        return Reason.SEVERAL_THERE
    if same_here > 1:
        return Reason.SEVERAL_HERE
    return Reason.TAKEN if partners[0].id in taken else None

"""The tail finds every ledger entry once, however late it commits within the window."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.availability.ledger import OVERLAP, Position, advance


def entry(number: int, item: str = "BOLT-M8") -> dict[str, object]:
    return {"entryNumber": number, "itemNumber": item}


def test_an_entry_with_a_lower_number_that_commits_later_is_found():
    first = advance(Position(), [entry(10, "NUT-M8"), entry(12, "NUT-M8")])
    second = advance(first.position, [entry(10, "NUT-M8"), entry(11, "HOSE-12"), entry(12, "NUT-M8")])

    assert second.items == {"HOSE-12"}
    assert second.entries == 1
    assert second.position.last == 12


def test_a_ledger_that_lost_the_entry_we_stopped_at_does_not_continue():
    """Restored from a backup: its numbers start lower than what we know."""
    known = advance(Position(), [entry(41), entry(42)]).position

    assert advance(known, [entry(41), entry(42), entry(43)]).continues
    assert not advance(known, [entry(7)]).continues
    assert not advance(known, []).continues


def test_an_empty_ledger_continues_with_its_first_entry():
    assert advance(Position(), [entry(1)]).continues


def test_the_window_forgets_what_lies_far_below():
    position = advance(Position(), [entry(number) for number in range(1, 5 * OVERLAP)]).position

    assert min(position.recent) == position.last - OVERLAP + 1
    assert len(position.recent) == OVERLAP


@given(
    delays=st.lists(st.integers(0, 60), min_size=1, max_size=120),
    ticks=st.lists(st.integers(0, 200), max_size=12),
)
def test_every_entry_is_found_exactly_once_in_whatever_order_it_commits(delays: list[int], ticks: list[int]):
    """Entry n is written at time n and visible after its delay; ticks read whatever is visible then."""
    visible_at = {number: number + delay for number, delay in enumerate(delays, start=1)}
    position = Position()
    found: list[str] = []
    for now in [*sorted(ticks), 10_000]:
        rows = [entry(n, f"ITEM-{n}") for n, at in visible_at.items() if at <= now and n > position.last - OVERLAP]
        reading = advance(position, rows)
        assert reading.continues
        found.extend(reading.items)
        position = reading.position

    assert sorted(found) == sorted(f"ITEM-{n}" for n in visible_at)
    assert position.last == len(delays)

"""Matching couples what is unmistakable, once, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.coupling.match import Candidate, Matching, Reason, key, match


def record(record_id: str, *values: str) -> Candidate:
    return Candidate(record_id, record_id, tuple(key(value) for value in values))


def pairs(found: Matching) -> set[tuple[str, str]]:
    return {(here.id, there.id) for here, there in found.pairs}


def run(here: list[Candidate], there: list[Candidate], coupled: set[tuple[str, str]] = frozenset()) -> Matching:  # type: ignore[assignment]
    return match(here, there, coupled_bc={a for a, _ in coupled}, coupled_sales={b for _, b in coupled})


def reason(found: Matching, record_id: str) -> Reason:
    return next(unmatched.reason for unmatched in found.unmatched if unmatched.record.id == record_id)


def test_equal_values_couple_whatever_the_letter_case():
    assert pairs(run([record("b1", "Hose-12")], [record("s1", "HOSE-12 ")])) == {("b1", "s1")}


def test_two_in_sales_with_one_value_are_left_to_a_person():
    found = run([record("b1", "X")], [record("s1", "X"), record("s2", "x")])

    assert pairs(found) == set()
    assert reason(found, "b1") is Reason.SEVERAL_THERE


def test_two_in_business_central_with_one_value_are_left_to_a_person():
    found = run([record("b1", "X"), record("b2", "X")], [record("s1", "X")])

    assert pairs(found) == set()
    assert reason(found, "b1") is Reason.SEVERAL_HERE


def test_a_record_coupled_already_is_neither_taken_away_nor_coupled_twice():
    found = run([record("b1", "X"), record("b2", "Y")], [record("s1", "X"), record("s2", "Z")], {("b9", "s1")})

    assert pairs(found) == set()
    assert reason(found, "b1") is Reason.TAKEN
    assert reason(found, "b2") is Reason.NONE


def test_a_blank_value_matches_nothing_not_even_another_blank_one():
    found = run([record("b1", " ")], [record("s1", "")])

    assert pairs(found) == set()
    assert reason(found, "b1") is Reason.NO_VALUE


def test_the_second_criterion_is_an_alternative_and_never_takes_what_the_first_can_claim():
    """ "b1" would get s1 by name, but s1 has the number of "b2"."""
    here = [record("b1", "", "Fjord AS"), record("b2", "200", "Bre AS"), record("b3", "300", "Skog AS")]
    there = [record("s1", "200", "Fjord AS"), record("s3", "", "Skog AS")]

    found = run(here, there)

    assert pairs(found) == {("b2", "s1"), ("b3", "s3")}
    assert reason(found, "b1") is Reason.TAKEN


def test_all_fields_of_one_criterion_must_agree():
    assert key("A", "B") != key("A", "C")
    assert key("A", "") == ""
    assert key("AB", "C") != key("A", "BC")


values = st.sampled_from(["", "1", "2", "3", "4"])
sides = st.lists(st.tuples(values, values), max_size=8)


@given(sides, sides)
def test_matching_is_one_to_one_sure_of_itself_and_done_after_one_run(
    here_values: list[tuple[str, str]], there_values: list[tuple[str, str]]
):
    here = [record(f"b{n}", *each) for n, each in enumerate(here_values)]
    there = [record(f"s{n}", *each) for n, each in enumerate(there_values)]

    made = pairs(run(here, there))

    assert len({a for a, _ in made}) == len({b for _, b in made}) == len(made)
    by_id = {candidate.id: candidate for candidate in [*here, *there]}
    for a, b in made:
        shared = [c for c in (0, 1) if by_id[a].keys[c] and by_id[a].keys[c] == by_id[b].keys[c]]
        assert any(
            sum(candidate.keys[c] == by_id[a].keys[c] for candidate in side) == 1 for c in shared for side in (here,)
        )
    assert pairs(run(here, there, made)) == set()

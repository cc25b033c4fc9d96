"""Every scenario of the acceptance list, 1 to 52, is a test that carries its number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_TEST = re.compile(r"^def test((?:_\d\d)+)_[a-z]", re.MULTILINE)
AT_HOME: dict[str, range] = {
    "test_scenarios_service.py": range(1, 34),
    "test_scenarios_keys.py": range(34, 44),
    "test_scenarios_publish.py": range(44, 53),
}
ELSEWHERE = {38: "test_scenarios_publish.py"}
"""What needs Sales is where Sales is."""


def numbers(name: str) -> set[int]:
    """The scenarios that the tests of a module carry."""
    found = _TEST.findall((_HERE / name).read_text("utf-8"))
    return {int(number) for tests in found for number in re.findall(r"\d\d", tests)}


@pytest.mark.parametrize("name", AT_HOME)
def test_every_scenario_has_its_test(name: str):
    wanted = {number for number in AT_HOME[name] if number not in ELSEWHERE}
    wanted |= {number for number, place in ELSEWHERE.items() if place == name}
    assert wanted - numbers(name) == set()


def test_no_test_carries_a_number_that_is_none():
    assert set().union(*map(numbers, AT_HOME)) == set(range(1, 53))

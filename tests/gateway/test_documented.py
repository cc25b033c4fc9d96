"""Every row of the table "By example" in docs/availability.md is answered as it says there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.availability import options, tokens
from tests.gateway.conftest import ROOT, SET, Door, World, error

PAGE = (Path(__file__).parents[2] / "docs" / "availability.md").read_text("utf-8")
_TABLE = PAGE.partition("### By example")[2].partition("\n\nWhere Business Central")[0]
ROWS = re.findall(r"^\| `(.+)` \| (.+) \|$", _TABLE, re.MULTILINE)


@pytest.fixture
def documented(world: World, door: Door) -> Door:
    for place, (number, unit, stock) in enumerate(
        (("A-1", "STK", "1"), ("B-2", "BOX", "-2.5"), ("C'3", "STK", "47.12345"))
    ):
        own = f"{place + 1}0000000-0000-4000-8000-00000000000{place + 1}"
        world.couple(world.item(number, unit, stock, item_id=own), own)
    return door


def test_the_table_is_there():
    answered = [answer for _, answer in ROWS if not answer.startswith("400 ")]
    assert len(ROWS) > 45 and len(answered) > 35, "a service that refuses everything is none"


@pytest.mark.parametrize(("query", "answer"), ROWS)
def test_a_documented_query_is_answered_as_documented(documented: Door, query: str, answer: str):
    response = documented.get(f"{ROOT}/{SET}", query.replace(" ", "%20").replace('"', "%22"))
    if answer.startswith("400 "):
        assert error(response) == (400, answer.removeprefix("400 "))
        return
    assert response.status_code == 200, response.text
    body = response.get_json()
    assert ", ".join(row["ItemNo"] for row in body["value"]) == answer.replace("none", "")
    if "$count=true" in query:
        assert body["@odata.count"] == 3


REFUSED = PAGE.partition("Valid by the standard and refused by name")[2].partition("\n## ")[0]


@pytest.mark.parametrize(
    "name",
    [
        *sorted(set(tokens.ARGUMENTS) - tokens.SERVED_METHODS),
        *sorted(tokens.ARITHMETIC | {"has"}),
        *sorted(options.REFUSED),
    ],
)
def test_what_the_standard_has_and_is_not_served_is_listed_with_its_reason(name: str):
    assert f"`{name}`" in REFUSED

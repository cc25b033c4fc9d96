"""Every served operator finds the row that matches and leaves the other; everything else is refused by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.availability import filters
from gateway.errors import ODataError
from tests.gateway.conftest import ROOT, SET, Door, World, error

LOW, HIGH = "10000000-0000-4000-8000-000000000001", "f0000000-0000-4000-8000-00000000000f"


@pytest.fixture
def two_rows(world: World) -> None:
    """One row for each side of every comparison."""
    world.couple(world.item("A%1000_X", "BOX", "-2.5", item_id=LOW), LOW)
    world.couple(world.item("Ø'2000", "STK", "47.12345", item_id=HIGH), HIGH)


FIRST, SECOND, BOTH = ["A%1000_X"], ["Ø'2000"], ["A%1000_X", "Ø'2000"]
NONE: list[str] = []


@pytest.mark.usefixtures("two_rows")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"CRM_ID eq {LOW}", FIRST),
        (f"CRM_ID eq {HIGH.upper()}", SECOND),
        (f"CRM_ID ne {LOW}", SECOND),
        (f"CRM_ID gt {LOW}", SECOND),
        (f"CRM_ID ge {HIGH}", SECOND),
        (f"CRM_ID lt {HIGH}", FIRST),
        (f"CRM_ID le {LOW}", FIRST),
        (f"CRM_ID in ({LOW})", FIRST),
        (f"CRM_ID in ({LOW},{HIGH})", BOTH),
        (f"Integration_ID eq {HIGH}", SECOND),
        (f"{HIGH} eq Integration_ID", SECOND),
        ("Table_ID eq 27", BOTH),
        ("Table_ID ne 27", NONE),
        ("Table_ID gt 26.5", BOTH),
        ("Table_ID lt 99999999999999999999999999", BOTH),
        ("Table_ID in (156)", NONE),
        ("ItemNo eq 'Ø''2000'", SECOND),
        ("ItemNo eq 'ø''2000'", SECOND),
        ("ItemNo eq 'a%1000_x'", FIRST),
        ("ItemNo ne 'A%1000_X'", SECOND),
        ("ItemNo gt 'B'", SECOND),
        ("ItemNo ge 'Ø'", SECOND),
        ("ItemNo lt 'B'", FIRST),
        ("ItemNo le 'A%1000_X'", FIRST),
        ("ItemNo in ('x','a%1000_X')", FIRST),
        ("ItemNo in ('Ø''2000')", SECOND),
        ("ItemNo eq null", NONE),
        ("ItemNo ne null", BOTH),
        ("UOM eq 'box'", FIRST),
        ("UOM eq 'STK' and Inventory gt 47", SECOND),
        ("UOM eq 'STK' and Inventory gt 48", NONE),
        ("UOM eq 'STK' or UOM eq 'BOX'", BOTH),
        ("UOM eq 'STK' or UOM eq 'X'", SECOND),
        ("not (UOM eq 'STK')", FIRST),
        ("not startswith(ItemNo,'A')", SECOND),
        ("startswith(ItemNo,'a%1')", FIRST),
        ("startswith(ItemNo,'1000')", NONE),
        ("endswith(ItemNo,'2000')", SECOND),
        ("endswith(ItemNo,'_X')", FIRST),
        ("endswith(ItemNo,'1000')", NONE),
        ("contains(ItemNo,'%')", FIRST),
        ("contains(ItemNo,'_')", FIRST),
        ("contains(ItemNo,'''')", SECOND),
        ("contains(ItemNo,'0_')", FIRST),
        ("contains(ItemNo,'000')", BOTH),
        ("contains(ItemNo,'%') eq true", FIRST),
        ("contains(ItemNo,'%') eq false", SECOND),
        ("contains(ItemNo,'%') ne true", SECOND),
        ("substring(ItemNo,2) eq '2000'", SECOND),
        ("substring(ItemNo,2,4) eq '1000'", FIRST),
        ("substring(ItemNo,50) eq ''", BOTH),
        ("contains(substring(ItemNo,2),'X')", FIRST),
        ("tolower(ItemNo) eq 'a%1000_x'", FIRST),
        ("toupper(UOM) eq 'STK'", SECOND),
        ("contains(tolower(UOM),'bo')", FIRST),
        ("Inventory eq -2.5", FIRST),
        ("Inventory ne -2.5", SECOND),
        ("Inventory gt 47.12344", SECOND),
        ("Inventory gt 47.12345", NONE),
        ("Inventory ge 47.12345", SECOND),
        ("Inventory ge 47.1234500001", NONE),
        ("Inventory lt 47.1234500001", BOTH),
        ("Inventory le 47.12344999", FIRST),
        ("Inventory eq 47.1234500001", NONE),
        ("Inventory ne 47.1234500001", BOTH),
        ("Inventory lt 0", FIRST),
        ("0 lt Inventory", SECOND),
        ("Inventory gt -1e3", BOTH),
        ("Inventory lt 1e400", BOTH),
        ("Inventory gt 123456789012345678901234567890", NONE),
        ("Inventory gt -123456789012345678901234567890", BOTH),
        ("Inventory in (-2.5,1)", FIRST),
        ("Inventory gt -5 and (Inventory lt 0 or Inventory gt 40)", BOTH),
        ("true", BOTH),
        ("false", NONE),
        (" or ".join(["ItemNo eq 'Ø''2000'"] * 40), SECOND),
    ],
)
def test_a_filter_lets_exactly_the_matching_rows_through(door: Door, text: str, expected: list[str]):
    assert [row["ItemNo"] for row in door.rows({"$filter": text, "$orderby": "ItemNo"})] == expected


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("ItemNo eq 'A' or UOM eq 'STK'", "BadRequest", "position 15: 'or' is served between conditions on the same"),
        ("CRM_ID eq b5cf0b51-6c0e", "Application_InvalidGUID", "position 11"),
        ("CRM_ID eq 'x'", "Application_InvalidGUID", "position 11: CRM_ID is Edm.Guid"),
        ("ItemNo eq 5", "BadRequest", "position 11: ItemNo is Edm.String"),
        ("Inventory gt '5'", "BadRequest", "position 14: Inventory is Edm.Decimal"),
        ("Foo eq 1", "BadRequest", "position 1: there is no property 'Foo'"),
        ("geo.distance(a,b) lt 1", "BadRequest", "position 1: 'geo.distance' is not served. Served are: eq ne"),
        ("concat(ItemNo,'x') eq 'y'", "BadRequest", "position 1: 'concat' is not served"),
        ("Inventory mod 2 eq 0", "BadRequest", "position 11: 'mod' is not served"),
        ("matchesPattern(ItemNo,'^A')", "BadRequest", "'matchesPattern' is not served"),
        ("Inventory has 1", "BadRequest", "position 11: 'has' is not served"),
        ("ItemNo eq UOM", "BadRequest", "position 11: a comparison of two properties is not served"),
        ("1 eq 1", "BadRequest", "not served"),
        ("Inventory eq 2026-01-01", "BadRequest", "position 14: a date or time"),
        ("contains(Inventory,'4')", "BadRequest", "position 1: contains works on text"),
        ("contains(ItemNo,4)", "BadRequest", "position 17"),
        ("substring(ItemNo,-1) eq 'x'", "BadRequest", "position 18"),
        ("ItemNo", "BadRequest", "position 1: a condition is expected"),
        ("", "BadRequest_NotFound", "position 1: the expression is empty"),
        ("ItemNo eq", "BadRequest_NotFound", "position"),
        ("ItemNo eq 'A", "BadRequest_NotFound", "position 11: a quote is not closed"),
        ("ItemNo eq 'A')", "BadRequest_NotFound", "position 14"),
        ("ItemNo eq'A'", "BadRequest_NotFound", "a space is missing after eq"),
        ("contains(ItemNo)", "BadRequest_NotFound", "2 arguments"),
        ("(((", "BadRequest_NotFound", "position 4"),
        ("ItemNo eq 'A\0B'", "BadRequest_NotFound", "position 13"),
        ("ItemNo eq #", "BadRequest_NotFound", "position 11: unexpected character"),
        ("(" * 51 + "true" + ")" * 51, "BadRequest", "levels deep"),
        ("not " * 60 + "true", "BadRequest", "levels deep"),
        (" and ".join(["ItemNo eq 'A'"] * 100), "BadRequest", "more than 200 parts"),
    ],
)
def test_what_is_not_served_is_refused_with_its_position(door: Door, text: str, code: str, says: str):
    response = door.get(f"{ROOT}/{SET}", {"$filter": text})
    assert error(response) == (400, code)
    assert says in response.get_json()["error"]["message"]


_WORDS = [
    *("ItemNo", "UOM", "Inventory", "CRM_ID", "Table_ID", "Foo", "eq", "ne", "gt", "in", "and", "or", "not", "null"),
    *(
        "contains",
        "substring",
        "tolower",
        "concat",
        "add",
        "mod",
        "any",
        "true",
        "-",
        "(",
        ")",
        ",",
        "/",
        ":",
        "'a'",
        "''",
    ),
    *(
        "'",
        "1",
        "-1.5",
        "1e9",
        "9" * 40,
        LOW,
        LOW[:20],
        "2026-01-01",
        "12:00",
        "duration'P1D'",
        "guid",
        "@p",
        "$it",
        "\0",
    ),
]


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(_WORDS), max_size=14).map(" ".join)))
def test_any_text_is_a_tree_or_a_refusal_of_status_400(text: str):
    try:
        filters.parse(text)
    except ODataError as refusal:
        assert refusal.status == 400
        assert refusal.text.startswith("$filter, position ")

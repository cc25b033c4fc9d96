"""The grammar of the standard, case by case: every valid expression is answered or refused by name as not served, and
every invalid one is a syntax error with its position. The cases are ours, in the shape of those of the standard."""

from __future__ import annotations

import re

import pytest

from tests.gateway.conftest import ROOT, SET, Door, World, error

ID = "10000000-0000-4000-8000-000000000001"

ANSWERED = [
    "true",
    "not false",
    "( true )",
    "true eq false",
    "true and false or true",
    "ItemNo EQ 'A' AND Inventory LT 2.55",
    "ItemNo Eq 'A' Or ItemNo eQ 'B'",
    "NOT CONTAINS(ItemNo,'x')",
    "ItemNo\teq\t'A'",
    "ItemNo in ('A', 'B')",
    'ItemNo in ["A","B"]',
    "ItemNo in [\"O'Neil\",'B']",
    "ItemNo in [ 'A' ]",
    "ItemNo in ('A')",
    "ItemNo in ()",
    "ItemNo in []",
    "ItemNo eq @p",
    "contains(ItemNo, @p )",
    "not endswith(ItemNo,'x') and not(startswith(ItemNo,'y'))",
    "substring( ItemNo , 1 , 2 ) eq 'x'",
    f"CRM_ID eq {ID}",
    f"CRM_ID eq {ID.upper()}",
    "ItemNo eq 'O''Neil'",
    "ItemNo eq '%26 and (not) or'",
    "Inventory eq -2.5e-3",
    "Inventory gt +4",
    "ItemNo ne NULL",
    "contains(ItemNo,'x') eq TRUE",
]
NOT_SERVED = [
    ("Inventory add 2.45 eq 5", "position 11: 'add'"),
    ("(Inventory sub 1) mod 2 eq 0", "position 12: 'sub'"),
    ("Inventory mul 2 eq 5.10", "'mul'"),
    ("Inventory divby 2 eq 5.10", "'divby'"),
    ("-Inventory lt 1", "position 1: arithmetic"),
    ("1 lt - Inventory", "position 6: arithmetic"),
    ("UOM has Sales.Pattern'Yellow'", "position 5: 'has'"),
    ("UOM eq Sales.Pattern'Solid,Yellow'", "a literal of the kind Sales.Pattern'…'"),
    ("Inventory eq duration'P12DT23H59M'", "a literal of the kind duration'…'"),
    ("Inventory eq 2026-01-02", "a date or time"),
    ("Inventory lt 2026-01-02T10:11:12.5+01:00", "a date or time"),
    ("Inventory lt 07:59:59.999", "a date or time"),
    ("Inventory lt INF", "'INF'"),
    ("Inventory eq NaN", "'NaN'"),
    ("length(ItemNo) eq 19", "'length'"),
    ("indexof(ItemNo,'x') eq 1", "'indexof'"),
    ("concat(concat(ItemNo,'-'),UOM) eq 'A-B'", "'concat'"),
    ("trim(ItemNo) eq 'A'", "'trim'"),
    ("matchesPattern(ItemNo,'^A.*e$')", "'matchesPattern'"),
    ("round(Inventory) eq 1", "'round'"),
    ("floor(Inventory) eq ceiling(Inventory)", "'floor'"),
    ("year(now()) eq 2026", "'year'"),
    ("mindatetime( ) lt maxdatetime()", "'mindatetime'"),
    ("cast(Inventory,Edm.Int32) eq 1", "'cast'"),
    ("isof(NAV.Item)", "'isof'"),
    ("case(Inventory gt 1:'a',true:'b') eq 'a'", "'case'"),
    ("geo.distance(A,B) lt 1", "'geo.distance'"),
    ("geo.length(geography'SRID=0;LineString(142.1 64.1,3.14 2.78)') gt 1", "'geo.length'"),
    ("hassubset([1,2],[1])", "'hassubset'"),
    ("Lines/any()", "a path"),
    ("Lines/any( l : l/Quantity gt 1 )", "a path"),
    ("Lines/all(l:l/Item/Name eq $it/Name)", "a path"),
    ("Lines/$count gt 2", "a path"),
    ("Lines/$filter(Quantity gt 1)/$count lt 10", "a path"),
    ("Item/Name eq 'A'", "a path"),
    ("Item/NAV.Special/Name eq 'A'", "a path"),
    ("$it eq 'A'", "a path"),
    ("$this eq 'A'", "a path"),
    ("$root/Item('A')/Name eq 'A'", "a path"),
    ("@Core.Messages/any(m:m/severity eq 'error')", "a path"),
    ("Inventory/@Measures.Unit eq 'KG'", "a path"),
    ("NAV.Available()", "the function 'NAV.Available'"),
    ("NAV.Similar(Word=ItemNo,Number=5 add 3)", "the function 'NAV.Similar'"),
    ("Items(1) eq null", "the function 'Items'"),
    ('{"a":[1,{"b":null}]} eq null', "a collection or an object"),
    ('[ItemNo,UOM] in [["A","B"],["C","D"]]', "a collection or an object"),
    ("ItemNo in (UOM)", "an expression of this form"),
    ("ItemNo eq @e", "the alias @e for an expression"),
    ("ItemNo eq UOM", "a comparison of two properties"),
    ("1 eq 1", "a comparison without a property"),
    ("Inventory eq 1 eq 1", "not served"),
]
INVALID = [
    ("", 1),
    (" true", 1),
    ("true ", 5),
    ("ItemNo", 0),
    ("ItemNo eq", 10),
    ("ItemNo eq ", 11),
    ("eq 'A'", 3),
    ("ItemNo = 'A'", 7),
    ("ItemNo eq 'A'and UOM eq 'B'", 14),
    ("(ItemNo eq 'A')and(UOM eq 'B')", 16),
    ("ItemNo eq 'O'Neil'", 14),
    ("ItemNo eq 'A", 11),
    ('ItemNo eq "A"', 11),
    ("ItemNo in ('A',UOM)", 16),
    ("ItemNo in ('A'", 15),
    ("ItemNo in ('A',)", 16),
    ('ItemNo in ["A)', 12),
    ("ItemNo eq ('A','B')", 15),
    ("contains(ItemNo)", 16),
    ("contains(ItemNo,'A','B')", 24),
    ("contains ItemNo", 1),
    ("contains(ItemNo,'A'", 20),
    ("tolower()", 9),
    ("substring(ItemNo) eq 'A'", 17),
    ("year() eq 1", 6),
    ("now(1) lt 2", 6),
    ("any()", 4),
    ("all(l:true)", 4),
    ("Lines/all()", 11),
    ("Lines/any(l)", 12),
    ("Lines/any(l true)", 13),
    ("Lines/", 7),
    ("NAV.Available", 14),
    ("not", 4),
    ("Inventory gt 1..2", 14),
    ("Inventory gt 1.", 14),
    ("Inventory eq 2026-13-01", 0),
    ("Inventory add eq 2", 0),
    ("ItemNo eq 'A' or", 17),
    ("ItemNo eq 'A' xor UOM eq 'B'", 14),
    ("(ItemNo eq 'A'", 15),
    ("ItemNo eq 'A')", 14),
    ("[1,2 eq null", 13),
    ('{"a" 1} eq null', 6),
    ("$that eq 1", 1),
    ("@ eq 1", 1),
    ("ItemNo eq #", 11),
    ("ItemNo eq 'A\0'", 13),
    ('ItemNo in ["\\ud800"]', 12),
    ('ItemNo in ["A\\udc00\\ud800"]', 12),
    ('ItemNo in ["\\u0000"]', 12),
    ("ItemNo eq @broken", 0),
]
ALIASES = {"@p": "'A'", "@e": "5 add 3", "@broken": "'A"}


def asked(door: Door, text: str):
    used = {name: value for name, value in ALIASES.items() if name in text}
    return door.get(f"{ROOT}/{SET}", {"$filter": text, **used})


@pytest.mark.parametrize("text", ANSWERED)
def test_what_is_served_is_answered(door: Door, world: World, text: str):
    world.stock("A", "STK", "1")
    response = asked(door, text)
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(("text", "says"), NOT_SERVED)
def test_what_is_valid_and_not_served_is_refused_by_name(door: Door, text: str, says: str):
    response = asked(door, text)
    assert error(response) == (400, "BadRequest")
    message = response.get_json()["error"]["message"]
    assert says in message and "not served" in message and re.match(r"\$filter, position [1-9]", message)


@pytest.mark.parametrize(("text", "position"), INVALID)
def test_what_is_no_odata_is_a_syntax_error_at_its_position(door: Door, text: str, position: int):
    response = asked(door, text)
    status, code = error(response)
    message = response.get_json()["error"]["message"]
    assert status == 400
    if position:
        assert code == "BadRequest_NotFound", message
        assert re.match(rf"\$filter, position {position}: ", message), message


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("$filter=ItemNo eq @p&@p='B'", ["B"]),
        ("$filter=contains(ItemNo,@p) or startswith(ItemNo,@q)&@p='B'&@q='a'", ["A", "B"]),
        ("$filter=ItemNo in @list&@list=('A','C')", ["A", "C"]),
        ('$filter=ItemNo in @list&@list=["B"]', ["B"]),
        ("$filter=Inventory ge @least&@least=2", ["B", "C"]),
        ("$filter=ItemNo eq @nothing", []),
        ("$filter=ItemNo ne @nothing", ["A", "B", "C"]),
        ("$filter=contains(ItemNo,'B') eq @yes&@yes=true", ["B"]),
        ("$filter=ItemNo in ()", []),
        ("$filter=not (ItemNo in [])", ["A", "B", "C"]),
        ('$filter=ItemNo in ["b"]', ["B"]),
    ],
)
def test_an_alias_stands_for_its_value_and_a_list_may_be_written_both_ways(door: Door, world: World, query, numbers):
    for place, number in enumerate("ABC", 1):
        world.stock(number, "STK", str(place))
    assert sorted(row["ItemNo"] for row in door.rows(query)) == numbers


def test_the_same_filter_with_another_alias_is_another_question(door: Door, world: World):
    for number in "ABC":
        world.stock(number, "STK", "1")
    for number in "ABC":
        for _ in range(2):
            assert [row["ItemNo"] for row in door.rows(f"$filter=ItemNo eq @p&@p='{number}'")] == [number]
    first = door.get(f"{ROOT}/{SET}", "$filter=ItemNo ge @p&@p='A'", Prefer="odata.maxpagesize=1").get_json()
    link = first["@odata.nextLink"].removeprefix("https://stock.example")
    assert door.get(link).get_json()["value"][0]["ItemNo"] in "ABC"
    assert error(door.get(link.replace("%27A%27", "%27B%27").replace("'A'", "'B'"))) == (400, "BadRequest")


def test_a_position_is_that_of_the_callers_own_text(door: Door):
    """What stands before is worded differently for the library: the position still counts the caller's characters."""
    for text, position in (
        ('ItemNo in ["A"] and Foo eq 1', 21),
        ("ItemNo in () and ItemNo eq 5", 28),
        ("ItemNo eq @p and ItemNo eq 5", 28),
        ("ItemNo in ('A') or UOM eq 'B'", 17),
    ):
        assert f"position {position}: " in asked(door, text).get_json()["error"]["message"], text


def test_an_error_in_an_alias_names_the_alias(door: Door):
    assert asked(door, "ItemNo eq @broken").get_json()["error"]["message"].startswith("@broken, position 1: ")

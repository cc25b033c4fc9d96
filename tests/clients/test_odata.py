"""Literals, options and numbers on the wire."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridge.clients.odata import any_of, from_json, option_text, query_options, quote_text, to_json


def test_quotes_in_a_text_are_doubled():
    assert quote_text("O'Neil's") == "'O''Neil''s'"


def test_any_of_joins_conditions_on_one_field():
    assert any_of("id", ["1"]) == "id eq 1"
    assert any_of("number", map(quote_text, ("A", "B"))) == "(number eq 'A' or number eq 'B')"


def test_any_of_nothing_is_refused_since_an_empty_filter_lists_everything():
    with pytest.raises(ValueError, match="at least one"):
        any_of("id", [])


def test_options_are_encoded_and_empty_ones_left_out():
    assert query_options() == ""
    assert query_options(filter="a eq '1&2+3#4'", top=0) == "$filter=a%20eq%20'1%262%2B3%234'&$top=0"


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        ("Pending_x0020_Approval", "Pending Approval"),
        ("Positive_x0020_Adjmt_x002E_", "Positive Adjmt."),
        ("Non_x002D_Inventory", "Non-Inventory"),
        ("_x0020_", ""),
        ("Released", "Released"),
        ("Pending Approval", "Pending Approval"),
    ],
)
def test_options_are_read_in_both_forms(wire, text):
    assert option_text(wire) == text


def test_numbers_keep_every_digit_both_ways():
    text = '{"a":0.1000,"b":12345678901234567890,"c":1E+2}'

    read = from_json(text)

    assert read == {"a": Decimal("0.1000"), "b": 12345678901234567890, "c": Decimal(100)}
    assert to_json({"a": Decimal("32.3800")}) == '{"a":32.3800}'


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_json_cannot_hold_is_refused(number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"a": number})

"""Packed answers, and texts in the caller's language."""

from __future__ import annotations

import gzip
import json

import pytest

from gateway.errors import language
from gateway.packed import takes_gzip
from tests.gateway.conftest import ROOT, SET, Door, World, error

ADDRESS = f"{ROOT}/{SET}"


@pytest.fixture
def stocked(world: World, door: Door) -> Door:
    for number in range(20):
        world.stock(f"N{number}", "STK", str(number))
    return door


def test_a_large_answer_is_packed_for_who_takes_it_hot_or_not(stocked: Door, world: World):
    plain = stocked.get(ADDRESS)
    assert "Content-Encoding" not in plain.headers and "Accept-Encoding" in ", ".join(plain.headers.getlist("Vary"))
    for _ in range(2):  # the second time from the memo
        packed = stocked.get(ADDRESS, Accept_Encoding="gzip, deflate")
        assert packed.headers["Content-Encoding"] == "gzip"
        assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
        assert json.loads(gzip.decompress(packed.data)) == plain.get_json()
    assert world.lines()[-1]["memo"] is True
    assert stocked.get(ADDRESS, Accept_Encoding="br").data == plain.data


def test_a_small_answer_is_not_packed(door: Door):
    response = door.get(f"{ADDRESS}/$count", Accept_Encoding="gzip")
    assert "Content-Encoding" not in response.headers and response.text == "0"


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("GZIP;q=0.5", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("*", True),
        ("", False),
        ("gzip;q=0", False),
        ("identity", False),
        ("x-gzip-not", False),
    ],
)
def test_what_takes_gzip(accepted: str, takes: bool):
    assert takes_gzip(accepted) is takes


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        ("", "en"),
        ("nb-NO,nb;q=0.9,en;q=0.8", "nb"),
        ("no", "nb"),
        ("nn-NO", "nb"),
        ("en-US,nb;q=0.5", "en"),
        ("de-DE,nb;q=0.5", "nb"),
        ("de", "en"),
        ("nb;q=0", "en"),
        ("nb;q=x", "en"),
    ],
)
def test_the_language_is_the_first_of_those_spoken(accepted: str, spoken: str):
    assert language(accepted) == spoken


def test_a_refusal_speaks_norwegian_and_keeps_its_code(door: Door):
    english = door.get(ADDRESS, {"$filter": "ItemNo eq"})
    norwegian = door.get(ADDRESS, {"$filter": "ItemNo eq"}, Accept_Language="nb-NO,nb;q=0.9")
    assert error(english) == error(norwegian) == (400, "BadRequest_NotFound")
    message = norwegian.get_json()["error"]["message"]
    assert message.startswith("Feil i spørringens syntaks: $filter, position 10")
    assert (english.headers["Content-Language"], norwegian.headers["Content-Language"]) == ("en", "nb")

    door.authorization = ""
    refused = door.get(ADDRESS, Accept_Language="nb")
    assert refused.get_json()["error"]["message"].startswith("Tjeneren har avvist påloggingen.  CorrelationId:")

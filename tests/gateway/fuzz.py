"""Queries nobody would write: valid ones, broken in every way, always the same ones for the same seed."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Protocol
from urllib.parse import quote

from tests.gateway.conftest import ROOT, SET

PRODUCT = "b5cf0b51-6c0e-ec11-b6e6-000d3ab8e4f1"
MOST_SECONDS = 5.0
"""A single answer that takes longer counts as a hang."""
EXPECTED = {200, 400, 404, 406, 414}

_SOUND = (
    f"$filter=CRM_ID eq {PRODUCT}",
    f"$filter=CRM_ID in ({PRODUCT},{PRODUCT})&$select=ItemNo,Inventory",
    "$filter=ItemNo eq 'A' or ItemNo eq 'B''s'&$orderby=Inventory desc,ItemNo&$top=5&$skip=5&$count=true",
    "$filter=startswith(ItemNo,@p) and not (Inventory lt -1.5e3)&@p='10'",
    "$filter=contains(tolower(substring(ItemNo,1,2)),'x') eq false&$format=json",
    "$filter=(((UOM in [\"STK\",'BOX'])))&$skiptoken=abc.def",
    "$filter=Inventory add 1 gt Table_ID mul 2&$schemaversion=2.1",
    "$filter=Lines/any(l:l/Name eq $it/Name) or $root/X(1)/Y eq null",
    '$filter=[1,{"a":[true,null]}] eq @x&@x={"b":"\\u00e6"}',
    "$filter=geo.distance(geography'SRID=0;Point(1 2)',Place) lt 2026-01-01T00:00:00Z",
    "$orderby=toupper(UOM) asc,Lines/$count&$select=*,A/B($top=5),@C.D",
    "company='Fjord %26 Sons'&tenant=T1&aid=FIN&$top=20000",
    "$top=5&$skip=3&$count=true&$format=application/json;odata.metadata=full;IEEE754Compatible=true",
    "$format=json&$select=ItemNo,Inventory&$orderby=ItemNo desc&$top=2147483647&$skip=2147483647&$count=false",
    f"@c={PRODUCT}&@i={PRODUCT}&$select=Inventory&$format=json",
)
_SCRAPS = (
    *(
        "'",
        '"',
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        "/",
        ":",
        ";",
        "=",
        "&",
        "$",
        "@",
        "%",
        "-",
        "+",
        ".",
        "#",
        " ",
        "\t",
    ),
    *("\0", "\x7f", "\u00a0", "\u2028", "\U0001f600", "ß", "İ", "ſ", "%00", "%FF", "%", "%2", "%25", "\r\n", "\\"),
    *("9" * 400, "-" + "9" * 30, "1e999999999", "1e-999999999", "0x10", "NaN", "INF", "-INF", "00000000000", "٣"),
    *(" or ItemNo eq 'A'" * 300, " and true" * 150, "(" * 400, ")" * 400, "not " * 200, "-" * 300, "[" * 300),
    *("tolower(" * 120, "'" * 999, "x" * 3000, "ItemNo,", "a/" * 500, "any(x:" * 90, "@p", "&@p=@p", "&@p=(1,2", "$it"),
    *('["\\ud800"]', '["\\u0000"]', '"\\udc00\\ud800"', '&@p=["\\ud800"]', "%ED%A0%80"),
    *(" eq ", " in ", " has ", " add ", " and ", " or ", "null", "true", "ItemNo", "Inventory", "CRM_ID", PRODUCT),
    *("&$top=-1", "&$skip=99999999999999999999", "&$count=maybe", "&$format=xml", "&$filter=true", "&$expand=x"),
    *("concat(", "substring(ItemNo,", "contains(", "cast(", "case(true:", "now()", "guid'", "duration'P1D'", "12:00"),
)
_PATHS = (
    f"{ROOT}/{SET}",
    f"{ROOT}/{SET}({PRODUCT})",
    f"{ROOT}/{SET}(CRM_ID=@c,Integration_ID=@i)/Inventory/$value",
    f"{ROOT}/{SET}(CRM_ID={PRODUCT},Integration_ID={PRODUCT},Table_ID=27)/$count",
    f"{ROOT}/Company(Id=8f2b1c1e-0a4e-4d1c-9b53-1f2d3c4b5a69)/{SET}",
    f"{ROOT}/Company('Bob''s%20Shop')/Company(Id=@id)",
    f"/v2.0/contoso.com/Production/ODataV4/{SET}",
    f"/BC170/OData/{SET}(CRM_ID=guid'{PRODUCT}',Integration_ID=guid'{PRODUCT}')",
    f"{ROOT}/{SET}/$count",
    f"{ROOT}/Company('Fjord%20%26%20Sons')/{SET}",
    f"{ROOT}/{SET}(CRM_ID={PRODUCT},Integration_ID=@i)",
    f"{ROOT}/{SET}(CRM_ID={PRODUCT},Integration_ID={PRODUCT})/Inventory",
    f"{ROOT}/Company",
    f"{ROOT}/$metadata",
)
_PATH_SCRAPS = (
    *("%00", "%FF", "%C3%28", "%ED%A0%80", "%F0%9F%98%80", "%2F", "%252F", "%", "%2", "%zz", "%3F", "%0D%0A", "\x7f"),
    *("/", "//", "/..", "/.", "(", ")", "()", "''", "'", ",", "=", "@", "$", "$count", "/$value", "/$ref", "/$links"),
    *("(Id=", "Company('", "Company(Id=x)/", "CRM_ID=", "guid'", "CRM_ID=null", "CRM_ID='A'", "9" * 3000, "(" * 800),
    *("Company('x')/" * 40, "/Inventory" * 30, "\u00e6", "\U0001f600", "\u2028", ";v=1", "+", "%20", " ", "&", "#"),
)
_METHODS = ("GET", "GET", "GET", "HEAD", "OPTIONS", "POST", "DELETE")
_HEADERS = {
    "Accept": (
        "application/json;odata.metadata=full;IEEE754Compatible=true",
        "text/html, */*;q=0.1",
        ";;,,",
        "*/*;q=nan",
    ),
    "Accept-Encoding": ("gzip", "gzip;q=nan", "identity;q=0, *;q=0", "gzip;q=1e400", ";q="),
    "Accept-Language": ("nb-NO,nb;q=0.9", "en;q=1.5", ";q=", "no;q=0.1234567", "x" * 3000),
    "Authorization": (
        "Basic",
        "Basic \u00e6",
        "Bearer x",
        "Basic Og==",
        "Basic AAAA",
        "Basic " + "A" * 4000,
        "Digest a=b",
    ),
    "Cache-Control": (
        "no-cache",
        "max-age=0",
        "max-age=99999999999",
        "max-stale",
        "only-if-cached,no-cache",
        "max-age=\u00b2",
    ),
    "Content-Type": ("application/json", "x", ";;"),
    "Cookie": ("a=\u00e6;;;=", "session=x"),
    "If-None-Match": ('W/"x"', "*", 'W/"', '"' + "a" * 3000, ","),
    "OData-MaxVersion": ("4.0", "3.0", "4.01", "nan", "9" * 400),
    "Origin": ("null", "https://contoso.crm4.dynamics.com", "\u00e6"),
    "Prefer": ("odata.maxpagesize=2", "odata.maxpagesize=0", "maxpagesize=999999999", 'odata.maxpagesize="5",x=y', "="),
    "X-Forwarded-For": ("192.0.2.7", ",,,", "\u00e6"),
    "X-Forwarded-Proto": ("https,http", "https", "\u00e6"),
}


class Answered(Protocol):
    """What asking a gateway comes to."""

    @property
    def status_code(self) -> int: ...
    @property
    def text(self) -> str: ...


class Asks(Protocol):
    """A caller; see the Door of conftest."""

    def get(self, path: str, query: str, /) -> Answered: ...

    def ask(self, method: str, path: str, query: str | None = None, **headers: str) -> Answered: ...


def queries(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """Address and query string, percent-encoded or deliberately not."""
    dice = random.Random(seed)
    for _ in range(count):
        text = dice.choice(_SOUND)
        for _ in range(dice.choice((1, 1, 2, 3, 8))):
            text = _mutated(dice, text)
        text = text[:12_000]
        encoded = text if dice.random() < 0.2 else quote(text, safe="=&$'()%+" if dice.random() < 0.5 else "=&$'(),:@/")
        path = dice.choice(_PATHS) if dice.random() < 0.3 else _PATHS[0]
        yield _path(dice, path) if dice.random() < 0.2 else path, encoded


def _path(dice: random.Random, path: str) -> str:
    """A path broken somewhere behind the service's name, so that most still reach it; ``?`` would end it."""
    for _ in range(dice.choice((1, 1, 2, 4))):
        at = dice.randint(len(ROOT), len(path))
        end = min(len(path), at + dice.choice((0, 1, 3, 30)))
        path = path[:at] + dice.choice(_PATH_SCRAPS) + path[end:]
    return path[:12_000]


def _mutated(dice: random.Random, text: str) -> str:
    start = dice.randint(0, len(text))
    end = min(len(text), start + dice.choice((0, 1, 2, 5, 20)))
    match dice.randrange(6):
        case 0:
            return text[:start] + text[end:]
        case 1:
            return text[:start] + text[start:end] * dice.choice((2, 3, 50)) + text[end:]
        case 2:
            return text[:start] + chr(dice.choice((dice.randrange(128), dice.randrange(0xD7FF)))) + text[end:]
        case 3:
            other = dice.choice(_SOUND)
            return text[:start] + other[dice.randint(0, len(other)) :]
        case _:
            return text[:start] + dice.choice(_SCRAPS) + text[end:]


def attack(door: Asks, seed: int, count: int) -> Counter[int]:
    """Ask them all; answer how often each status came. Raises AssertionError for the first that is none of those
    expected, or took too long."""
    seen: Counter[int] = Counter()
    for number, (path, query) in enumerate(queries(seed, count)):
        began = time.perf_counter()
        answer = door.get(path, query)
        seconds = time.perf_counter() - began
        seen[answer.status_code] += 1
        where = f"seed {seed}, query {number}: {path}?{query!r}"
        assert answer.status_code in EXPECTED, f"{where} got {answer.status_code}: {answer.text[:300]}"
        assert seconds < MOST_SECONDS, f"{where} took {seconds:.1f} s"
    return seen


def attack_headers(door: Asks, seed: int, count: int) -> Counter[int]:
    """The same with headers that are broken in every way, under every method; a refused guess is expected too."""
    dice, seen = random.Random(seed), Counter[int]()
    for number in range(count):
        sent = {}
        for name in dice.sample(sorted(_HEADERS), dice.randint(1, 4)):
            value = dice.choice(_HEADERS[name])
            if dice.random() < 0.3:
                at = dice.randint(0, len(value))
                value = value[:at] + chr(dice.randint(32, 255)) + value[at:]
            sent[name.replace("-", "_")] = value
        method, path = dice.choice(_METHODS), dice.choice(_PATHS)
        status = door.ask(method, path, "", **sent).status_code
        seen[status] += 1
        assert status in EXPECTED | {204, 304, 401, 403, 405, 429}, (
            f"seed {seed}, {number}: {method} {path} {sent}: {status}"
        )
    return seen

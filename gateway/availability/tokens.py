"""The words and literals of OData expressions: which functions and operators there are, and how values are written."""

from __future__ import annotations

import re
from collections.abc import Mapping

MAX_PARTS = 800
"""More parts than this in one expression are refused before anything is made of them."""
SERVED_METHODS = frozenset({"contains", "startswith", "endswith", "substring", "tolower", "toupper"})
ARGUMENTS: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("now", "mindatetime", "maxdatetime"), (0, 0)),
    **dict.fromkeys(("length", "tolower", "toupper", "trim", "round", "floor", "ceiling", "geo.length"), (1, 1)),
    **dict.fromkeys(("year", "month", "day", "hour", "minute", "second", "fractionalseconds", "date"), (1, 1)),
    **dict.fromkeys(("time", "totalseconds", "totaloffsetminutes"), (1, 1)),
    **dict.fromkeys(("concat", "contains", "startswith", "endswith", "indexof", "matchespattern"), (2, 2)),
    **dict.fromkeys(("hassubset", "hassubsequence", "geo.distance", "geo.intersects"), (2, 2)),
    "substring": (2, 3),
    "substringof": (2, 2),
    "replace": (3, 3),
    "cast": (1, 2),
    "isof": (1, 2),
    "case": (1, MAX_PARTS),
}
"""How many arguments each function of the standard has; two more that older clients send."""
ARITHMETIC = frozenset({"add", "sub", "mul", "div", "divby", "mod"})
OPERATORS = frozenset({"eq", "ne", "gt", "ge", "lt", "le", "in", "has", "and", "or", *ARITHMETIC})
CONSTANTS = frozenset({"null", "true", "false"})
TYPES = frozenset({"cast", "isof"})

UNHELD = re.compile("[\0\ud800-\udfff]")
"""Characters that no value can hold: NUL, and half of a pair, which JSON can write and no database can store."""

SPACE = re.compile(r"[ \t]*")
OPERATOR = re.compile(r"[ \t]+([A-Za-z]+)(?=[ \t(\[']|$)")
NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
ANNOTATION = re.compile(r"@[^\W\d]\w*(?:\.[^\W\d]\w*)*(?:#[^\W\d]\w*)?")
OPTION = re.compile(r"\$\w+")
ALIAS = re.compile(r"@[^\W\d]\w*(?![\w.#/])")
TEXT = re.compile(r"'(?:[^']|'')*'")
JSON_TEXT = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![\w-])")
CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,12})?)?"
TIME = re.compile(
    rf"(?:-?(?:0\d{{3}}|[1-9]\d{{3,}})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    rf"(?:T{CLOCK}(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?|{CLOCK})(?![\w:.-])",
    re.IGNORECASE | re.ASCII,
)
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.-])", re.IGNORECASE | re.ASCII)
INFINITE = re.compile(r"-?(?:INF|NaN)(?![\w.])")
ODD = re.compile(r"[+-]?[\w.-]+")

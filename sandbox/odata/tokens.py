"""``$filter`` as tokens: literals, words and marks, and what stands in parentheses with a grammar of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.odata.tree import Fault, QueryRefused

_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<guid>[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}(?![\w-]))"
    r"|(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))"
    r"|(?P<date>\d{4}-\d\d-\d\d(?![\w-]))"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w-]))"
    r"|(?P<word>[A-Za-z_@$][\w.@]*(?:/[A-Za-z_@$][\w.@]*)*)"
    r"|(?P<mark>[(),])"
)


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is the name of a group of the pattern, or lambda, function or end; ``position`` is where it begins."""

    kind: str
    text: str
    position: int


def tokens(text: str) -> list[Token]:
    """The tokens of a filter, one of kind ``end`` behind the last. Raises QueryRefused."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise QueryRefused(Fault.SYNTAX, f"Syntax error at position {at} in '{text}'.", text[at], at)
        end = match.end()
        special = _special(match.group()) if match.lastgroup == "word" and text[end : end + 1] == "(" else ""
        if special:
            end = _closing(text, end)
            found.append(Token(special, text[at:end], at))
        elif match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match.group(), at))
        at = end
    return [*found, Token("end", "", len(text))]


def _special(word: str) -> str:
    """Whether what stands in the parentheses behind a word has a grammar of its own."""
    if word.endswith(("/any", "/all")):
        return "lambda"
    return "function" if "." in word and "/" not in word else ""


def _closing(text: str, at: int) -> int:
    """The position behind the parenthesis that closes the one at ``at``; those inside texts do not count."""
    depth, quoted = 0, False
    for position in range(at, len(text)):
        mark = text[position]
        if mark == "'":
            quoted = not quoted
        elif not quoted and mark in "()":
            depth += 1 if mark == "(" else -1
            if depth == 0:
                return position + 1
    raise QueryRefused(Fault.SYNTAX, f"')' expected at position {len(text)} in '{text}'.", "(", at)

"""Cutting texts to what Business Central keeps. Pure; nothing but the ends of lines is ever lost in long texts."""

from __future__ import annotations

import re
from collections.abc import Iterator

DESCRIPTION_LENGTH = 100
_LINE_END = re.compile(r"\r\n|\r|\n")


def text_lines(text: str) -> list[str]:
    """The lines of a text, whatever system ended them; at least one, perhaps empty."""
    return _LINE_END.split(text)


def pieces(line: str, length: int = DESCRIPTION_LENGTH) -> Iterator[str]:
    """The line in pieces of at most ``length`` that joined together are the line again; a blank line gives none."""
    if line.strip():
        for start in range(0, len(line), length):
            yield line[start : start + length]

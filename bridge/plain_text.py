"""Notes of Sales are HTML or plain text; in Business Central they are plain. Pure."""

from __future__ import annotations

import re
from html import unescape

_PARAGRAPH_END = re.compile(r"</(?:p|div|li|h[1-6])\s*>|<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")


def plain(html: str) -> str:
    """A note as plain text: the end of a paragraph becomes a line break, tags go, entities are decoded."""
    return unescape(_TAG.sub("", _PARAGRAPH_END.sub("\n", html))).strip()

"""Answers packed with gzip for callers that take it, where it is worth the while."""

from __future__ import annotations

import gzip
import re

_WORTH = 1000
"""Smaller answers fit a network packet either way."""
_LEVEL = 5
_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q\s*=\s*(?P<q>[01](?:\.\d{0,3})?))?\s*(?=,|$)", re.IGNORECASE)


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding lets gzip in; a weight of 0 does not."""
    found = _GZIP.search(accepted)
    return found is not None and (found["q"] is None or float(found["q"]) > 0)


def pack(body: bytes, headers: list[tuple[str, str]], accepted: str) -> tuple[bytes, list[tuple[str, str]]]:
    """Body and headers as they go out. Every answer that could have been packed says that it varies."""
    if len(body) < _WORTH or any(name.lower() == "content-encoding" for name, _ in headers):
        return body, headers
    varied = [*headers, ("Vary", "Accept-Encoding")]
    if not takes_gzip(accepted):
        return body, varied
    packed = gzip.compress(body, _LEVEL, mtime=0)
    kept = [one for one in varied if one[0].lower() != "content-length"]
    return packed, [*kept, ("Content-Encoding", "gzip"), ("Content-Length", str(len(packed)))]

"""Correlation ids: random GUIDs. They name a request and protect nothing, so none costs a call to the system."""

from __future__ import annotations

import random

_VARIANTS = {"0": "8", "1": "9", "2": "a", "3": "b"}


def new_id() -> str:
    """A GUID of version 4 in lower case."""
    bits = f"{random.getrandbits(122):031x}"
    return f"{bits[1:9]}-{bits[9:13]}-4{bits[13:16]}-{_VARIANTS[bits[0]]}{bits[16:19]}-{bits[19:]}"

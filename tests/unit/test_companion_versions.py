"""Versions of the companion are compared by their parts, not as text."""

from __future__ import annotations

import pytest

from bridge.setup.connection import COMPANION_WITH_QUOTES, version_of


@pytest.mark.parametrize(
    ("text", "creates_quotes"), [("1.0.0.0", False), ("1.1.0.0", True), ("1.10.0.0", True), ("", False)]
)
def test_the_first_version_with_quotes(text: str, creates_quotes: bool):
    assert (version_of(text) >= COMPANION_WITH_QUOTES) is creates_quotes

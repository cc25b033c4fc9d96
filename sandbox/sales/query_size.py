"""How big a query may be: conditions and joins."""

from __future__ import annotations

from sandbox.sales.errors import DataverseError

CONDITION_LIMIT, LINK_LIMIT = 500, 15
"""Of one query; the numbers are unverified."""


def check_size(conditions: int, links: int) -> None:
    """Refuse a query that is too big to be run."""
    if conditions > CONDITION_LIMIT:
        raise DataverseError(
            400, "0x8004430c", f"Number of conditions in query exceeded maximum limit of {CONDITION_LIMIT}."
        )
    if links > LINK_LIMIT:
        raise DataverseError(
            400, "0x8004430d", f"Number of link entities in query exceeded maximum limit of {LINK_LIMIT}."
        )

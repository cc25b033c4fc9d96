"""One quote as Business Central shall have it. Pure.

The translation is that of orders; docs/quotes.md lists the differences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from bridge.orders.document import QUOTE
from bridge.orders.lines import id_of, text_of
from bridge.orders.request import OrderRequest

_NOT_OF_QUOTES = ("paymentDiscountPercent", "release")


@dataclass(frozen=True, slots=True)
class QuoteRequest(OrderRequest):
    """A whole quote. ``revision`` counts from 0; ``replaces`` is the id of the Business Central quote that an earlier
    revision became, blank when there is none. ``sales_id`` makes the request repeatable."""

    revision: int = 0
    valid_until: str = ""
    replaces: str = ""

    def to_json(self) -> dict[str, Any]:
        body = {name: value for name, value in OrderRequest.to_json(self).items() if name not in _NOT_OF_QUOTES}
        body |= {"sourceId": self.sales_id, "revision": self.revision}
        if self.valid_until:
            body["validUntilDate"] = self.valid_until
        if self.replaces:
            body["replaces"] = self.replaces
        return body

    def in_place_of(self, bc_id: str) -> QuoteRequest:
        """The same, as the next content of a quote that is there."""
        return replace(self, replaces=bc_id)


def quote_request(row: Mapping[str, Any], request: OrderRequest) -> QuoteRequest:
    """What the translation made of this row, with what only quotes have."""
    shared = {field.name: getattr(request, field.name) for field in fields(OrderRequest)}
    return QuoteRequest(**shared, revision=revision_of(row), valid_until=text_of(row, "effectiveto")[:10])


def revision_of(row: Mapping[str, Any]) -> int:
    return int(row.get("revisionnumber") or 0)


def quote_id(row: Mapping[str, Any]) -> str:
    return id_of(row, QUOTE.id)

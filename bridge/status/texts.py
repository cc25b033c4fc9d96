"""What the timeline of a Sales order says, in the languages of the settings. A post holds 250 characters."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.status.events import Kind

LONGEST = 250

_TEXTS: Mapping[str, Mapping[Kind, str]] = {
    "en": {
        Kind.RELEASED: "Business Central has released the order; its number there is {number}.",
        Kind.SHIPPED: "Business Central has shipped goods of this order: shipment {number}.",
        Kind.INVOICED: "Business Central has invoiced this order: invoice {number}.",
    },
    "nb": {
        Kind.RELEASED: "Ordren er frigitt i Business Central, med nummer {number}.",
        Kind.SHIPPED: "Varer fra ordren er sendt fra Business Central: leveranse {number}.",
        Kind.INVOICED: "Ordren er fakturert i Business Central: faktura {number}.",
    },
}


def post_text(language: str, kind: str, number: str) -> str | None:
    """The text of the post, or None for an event that is not posted."""
    text = _TEXTS[language].get(Kind(kind))
    return text.format(number=number)[:LONGEST] if text is not None else None

"""What can keep a quote from going on. Causes that orders have too keep their words and get the code of quotes.

The codes are listed in docs/quotes.md.
"""

from __future__ import annotations

import re
from typing import ClassVar

from bridge.orders.errors import OrderProblem, Retry

_SHARED_CODES = ("E-NET-", "E-END-")
_REVISE = "An active quote is read-only: to change it, revise it in Sales."


class QuoteProblem(OrderProblem):
    """One quote cannot go on."""

    code = "E-QUO-04"
    noun = "quote"


class SameAsOrder(QuoteProblem):
    """A cause that the translation of orders names, told of a quote."""

    says = "{sentence}"
    hint = "{advice}"

    def __init__(self, cause: OrderProblem) -> None:
        shared = cause.code.startswith(_SHARED_CODES)
        advice = cause.advice if shared else f"{cause.advice} {_REVISE}"
        super().__init__(cause.order, line=cause.line, sentence=_of_quote(cause.sentence), advice=_of_quote(advice))
        self.cause = cause
        self.retry, self.heals_by_itself = cause.retry, cause.heals_by_itself
        if shared:
            self.code = cause.code


def _of_quote(text: str) -> str:
    text = text.replace("submit the order", "activate the quote")
    return re.sub(r"\border(ed)?\b", lambda found: "quoted" if found[1] else "quote", text)


class WonWithoutOrder(QuoteProblem):
    code = "E-QUO-01"
    tries_at_once: ClassVar[int] = 20
    says = "it is won but has no order."
    hint = "Create the order of the quote in Sales; the quote then goes on by itself."


class OrderNotThere(QuoteProblem):
    code = "E-QUO-02"
    retry = Retry.EVERY_RUN
    tries_at_once: ClassVar[int] = 20
    says = "it is won, and its order {number} is not in Business Central yet."
    hint = "Mend what is listed for that order; the quote then goes on by itself."


class NeedsCompanion(QuoteProblem):
    code = "E-QUO-05"
    says = "quotes need the companion extension, version 1.1 or later."
    hint = "Install it (companion/README.md), or set PICK_UP_QUOTES=false to leave quotes alone."


class LinkRefused(QuoteProblem):
    code = "E-QUO-06"
    says = "Business Central refuses to name quote {quote} on order {number}: {text}"
    hint = "Mend what Business Central names, or fill in Quote No. there; it is tried again by itself."


class QuoteCoupledElsewhere(QuoteProblem):
    code = "E-QUO-07"
    retry = Retry.OPERATOR
    says = "Business Central quote {number} is already coupled to another Sales quote."
    hint = "Two Sales quotes share the first 35 characters of their number and the customer; revise one of them."


WANT_A_COUPLING = frozenset({QuoteProblem.code})
"""Codes whose advice names, by its Sales id, what has to be coupled."""

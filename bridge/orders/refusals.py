"""Business Central's refusals told apart by their text, so that each gets its own code and advice. Pure.

The client asks in English whatever the user's language is. A text that nothing here knows is still a problem with
Business Central's own words in it, only without advice of our own.
"""

from __future__ import annotations

import re

from bridge.orders.errors import (
    CurrencyUnknown,
    CustomerBlocked,
    CustomerGone,
    DiscountCannotBePlaced,
    OrderProblem,
    ProductGone,
    RateMissing,
    Refused,
    UnitGone,
)
from bridge.orders.request import OrderRequest

_GONE = r"(?:does not exist|cannot be found|could not be found|was not found|no longer exists)"


def _matches(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE | re.DOTALL) is not None


def problem_of_refusal(request: OrderRequest, message: str) -> OrderProblem:
    """The problem behind a refusal of Business Central to create this order."""
    number, text = request.sales_number, message
    if _matches(r"\bcustomer\b.*\bblocked\b|privacy[- ]blocked", text):
        return CustomerBlocked(number, number=request.customer_number, text=text)
    if _matches(rf"\bcustomer\b.*{_GONE}", text):
        return CustomerGone(number, number=request.customer_number, id=request.customer_id)
    if _matches(r"exchange rate", text):
        return RateMissing(number, text=text)
    if _matches(rf"\bcurrency\b.*{_GONE}", text):
        return CurrencyUnknown(number, iso=request.currency_code, system="Business Central")
    if _matches(rf"unit of measure.*{_GONE}", text):
        return UnitGone(number, text=text)
    if _matches(rf"\b(?:item|resource)\b.*{_GONE}", text):
        return ProductGone(number, text=text)
    if _matches(r"invoice discount|inv\. discount", text):
        return DiscountCannotBePlaced(number, text=text)
    return Refused(number, text=text)

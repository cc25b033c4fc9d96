"""Date formulas as terms of payment hold them: ``14D``, ``1M``, ``CM+10D``; days, weeks, months, quarters, years."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

from sandbox.business_central import errors

_PART = re.compile(r"(?P<sign>[+-]?)(?:C(?P<current>[WMQY])|(?P<count>\d+)(?P<unit>[DWMQY]))")


def add_formula(day: date, formula: str) -> date:
    """The day a formula leads to from ``day``; an empty formula leads nowhere. Raises Refused for one that is none."""
    text = formula.replace(" ", "").upper()
    at = 0
    while at < len(text):
        match = _PART.match(text, at)
        if match is None:
            raise errors.Refused(400, "Application_EvaluateException", f"The date formula '{formula}' is not valid.")
        sign = -1 if match["sign"] == "-" else 1
        day = (
            _bound(day, match["current"], sign)
            if match["current"]
            else _moved(day, sign * int(match["count"]), match["unit"])
        )
        at = match.end()
    return day


def _moved(day: date, count: int, unit: str) -> date:
    if unit in {"D", "W"}:
        return day + timedelta(days=count * (7 if unit == "W" else 1))
    months = day.year * 12 + day.month - 1 + count * {"M": 1, "Q": 3, "Y": 12}[unit]
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _bound(day: date, unit: str, sign: int) -> date:
    """The last day of the current period, or its first where the sign is minus."""
    if unit == "W":
        first, last = day - timedelta(days=day.weekday()), day + timedelta(days=6 - day.weekday())
    else:
        length = {"M": 1, "Q": 3, "Y": 12}[unit]
        start = (day.month - 1) // length * length + 1
        first = day.replace(month=start, day=1)
        end = start + length - 1
        last = date(day.year, end, calendar.monthrange(day.year, end)[1])
    return first if sign < 0 else last

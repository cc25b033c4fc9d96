"""Work out the formula that an answer shows with the numbers that it shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal


def worked_out(terms: str, figures: Mapping[str, Decimal]) -> Decimal:
    """The value of names, plus, minus and one level of parentheses."""
    total, outer, sign = Decimal(0), 1, 1
    for word in re.findall(r"\w+|[-+()]", terms):
        if word in "+-":
            sign = 1 if word == "+" else -1
        elif word == "(":
            outer, sign = sign, 1
        elif word == ")":
            outer = sign = 1
        else:
            total += outer * sign * figures[word]
    return total


def holds(formula: str, figures: Mapping[str, Decimal]) -> bool:
    """Whether every equation of the formula is true of the figures."""
    equations = [one.partition(" = ") for one in formula.partition(", each")[0].split("; ")]
    assert equations[0][0] == "AvailableToPromise"
    return all(worked_out(terms, figures) == figures[name] for name, _, terms in equations)

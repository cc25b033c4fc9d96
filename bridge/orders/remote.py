"""A failed call to one of the two systems, as a problem of each order that waited for it."""

from __future__ import annotations

from bridge.clients.errors import SYSTEM_NAMES, RemoteError
from bridge.orders.errors import NotAllowed, OrderProblem, OutcomeUnknown, Unreachable


def problem_of(order: str, error: RemoteError) -> OrderProblem:
    """What the order is told. The text of the remote system is kept; addresses and tokens never are in it."""
    system = SYSTEM_NAMES[error.system]
    text = error.text or error.problem
    if error.outcome_unknown:
        return OutcomeUnknown(order, text=text)
    if error.can_retry:
        return Unreachable(order, system=system, text=text)
    return NotAllowed(order, system=system, text=text, advice=error.advice.rstrip("."))

"""What can keep a customer's statistics from Sales, in words for people. The codes are listed in docs/statistics.md."""

from __future__ import annotations

from datetime import datetime

from bridge.clients.errors import RemoteError
from bridge.errors import BridgeError
from bridge.store.failures import Problem
from bridge.store.models_returns import StatisticsRow

SUBJECT = "statistics"


class CustomerNotCoupled(BridgeError):
    """Statistics were asked for of a customer who has none."""

    code = "E-STA-03"

    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"No customer {wanted} is coupled to an account, so there are no statistics to update.",
            advice=f"Give a number, a name or an id; or couple it: python -m bridge couple CUSTOMER {wanted} SALES_ID.",
        )
        self.wanted = wanted


def missing(row: StatisticsRow, where: str) -> Problem:
    """``where`` says which end of the coupling is gone."""
    return _problem(
        row,
        "E-STA-01",
        f"{where} was not found; its statistics are skipped.",
        "Uncouple it, or couple it anew: python -m bridge uncouple CUSTOMER "
        f"{row.customer_number}. Back after a repair: python -m bridge retry {row.customer_number}.",
        None,
    )


def refused(row: StatisticsRow, error: RemoteError, again: datetime) -> Problem:
    return _problem(
        row,
        "E-STA-02",
        f"Sales refused its statistics: {error.text or error.problem}",
        "Mend what Sales names; it is tried again by itself, an hour later at the most.",
        again,
    )


def _problem(row: StatisticsRow, code: str, text: str, advice: str, again: datetime | None) -> Problem:
    where = f"Customer {row.customer_number}"
    return Problem(
        subject=SUBJECT,
        record_id=row.customer_id,
        record=where,
        code=code,
        text=f"{where}: {text}",
        advice=advice,
        heals_by_itself=False,
        next_attempt_at=again,
    )

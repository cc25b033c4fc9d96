"""What can keep a changed order from Sales, in words for people. The codes are listed in docs/status.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bridge.clients.errors import RemoteError
from bridge.store.failures import Problem
from bridge.store.models import JournalEntry

SUBJECT = "push"
NOT_COUPLED = "E-PUSH-01"


def not_coupled(entry: JournalEntry, missing: Sequence[tuple[str, str]], again: datetime) -> Problem:
    what = ", ".join(f"{mapping} {key}" for mapping, key in missing)
    return _problem(
        entry,
        NOT_COUPLED,
        f"Business Central order {entry.bc_order_number} cannot be sent before this is coupled: {what}.",
        "Couple it: python -m bridge couple MAPPING CODE SALES_ID, or python -m bridge match. Nothing was written.",
        again,
    )


def differs(entry: JournalEntry, what: Sequence[str], again: datetime) -> Problem:
    return _problem(
        entry,
        "E-PUSH-02",
        f"Business Central order {entry.bc_order_number} is not the same as the order in Sales: {'; '.join(what)}.",
        "Everything else was written. Decide which of the two is right, and correct the other.",
        again,
    )


def refused(entry: JournalEntry, error: RemoteError, again: datetime) -> Problem:
    return _problem(
        entry,
        "E-PUSH-03",
        f"Sales refused the changes of Business Central order {entry.bc_order_number}: {error.text or error.problem}",
        "Nothing was written, the order is as it was. Mend what Sales names; it is tried again by itself.",
        again,
    )


def _problem(entry: JournalEntry, code: str, text: str, advice: str, again: datetime) -> Problem:
    where = f"Sales order {entry.sales_number}"
    return Problem(
        subject=SUBJECT,
        record_id=entry.sales_id,
        record=where,
        code=code,
        text=f"{where}: {text}",
        advice=advice,
        heals_by_itself=False,
        next_attempt_at=again,
    )

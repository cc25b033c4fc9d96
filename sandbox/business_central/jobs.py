"""Job queue entries: read by everyone, and set going again."""

from __future__ import annotations

from sandbox.business_central import errors
from sandbox.business_central.schema import EMPTY_MOMENT
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row

_RUNNING = "In Process"


def restart(company: Company, entry: Row) -> Row:
    """Make an entry ready again, whatever stopped it. Raises Refused for one that runs."""
    if entry["status"] == _RUNNING:
        raise errors.must_be("Status", "Ready", f"Job Queue Entry: ID={entry['id']}", _RUNNING)
    stamp = company.journal.stamp()
    changes = {
        "status": "Ready",
        "errorMessage": "",
        "lastReadyState": stamp,
        "expirationDateTime": EMPTY_MOMENT,
        "numberOfAttemptsToRun": 0,
        "scheduled": True,
    }
    return company.tables["jobQueueEntries"].update(entry, changes)

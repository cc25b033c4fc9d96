"""One of several processes that fight over the same rows: ``python -m tests.store.contender TASK URL NAME ROUNDS``."""

from __future__ import annotations

import sys
from datetime import timedelta

from bridge.records import utc_now
from bridge.store import generations, jobs, journal, watermarks
from bridge.store.database import Database

COMPANY = "11111111-1111-4111-8111-111111111111"
LEASE = timedelta(minutes=5)


def count_up(db: Database, name: str, rounds: int) -> None:
    """Move a counter, one transaction each time."""
    for _ in range(rounds):
        with db.write() as session:
            generations.bump(session, db, "availability")


def take_orders(db: Database, name: str, rounds: int) -> None:
    """Claim journal rows until there are none, and print which."""
    while rows := journal.claim(db, COMPANY, owner=name, limit=rounds, lease=LEASE, now=utc_now()):
        for row in rows:
            print(row.sales_id)


def one_at_a_time(db: Database, name: str, rounds: int) -> None:
    """Under the lease of a job, read a value in one transaction and write the next in another one: only a lease that
    is held by one process at a time keeps every round."""
    job = jobs.get(db, COMPANY, "AVAILABILITY")
    assert job is not None
    done = 0
    while done < rounds:
        claimed = jobs.claim(db, job.id, owner=name, lease=LEASE, now=utc_now(), early=True)
        if claimed is None:
            continue
        value = int(watermarks.get(db, COMPANY, "counted") or "0")
        watermarks.move(db, COMPANY, "counted", str(value + 1), utc_now())
        jobs.finish(db, claimed, owner=name, now=utc_now())
        done += 1


TASKS = {task.__name__: task for task in (count_up, take_orders, one_at_a_time)}

if __name__ == "__main__":
    database = Database(sys.argv[2])
    TASKS[sys.argv[1]](database, sys.argv[3], int(sys.argv[4]))
    database.close()

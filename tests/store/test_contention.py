"""Several processes work on one database at once: nothing is lost, nothing is done twice."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

from bridge.records import new_id, utc_now
from bridge.store import generations, jobs, journal, watermarks
from tests.processes import environment
from tests.store.contender import COMPANY

PROCESSES = 4


def contend(task: str, url: str, rounds: int) -> list[str]:
    """Run the task in four processes at once; what they printed."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.store.contender", task, url, f"process-{number}", str(rounds)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment({}),
        )
        for number in range(PROCESSES)
    ]
    said: list[str] = []
    for process in running:
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        said += output.split()
    return said


def test_no_increment_is_lost(db, database_url):
    """Four processes count a hundred times each: four hundred."""
    contend("count_up", database_url, 100)
    assert generations.read(db)["availability"] == PROCESSES * 100


def test_every_order_is_claimed_by_exactly_one(db, database_url):
    """Claims of four processes are disjoint, and together they are everything."""
    now = utc_now()
    orders = [journal.SeenOrder(new_id(), f"SO-{number}", now) for number in range(200)]
    journal.note_seen(db, COMPANY, orders, now)

    claims = Counter(contend("take_orders", database_url, 7))

    assert set(claims) == {order.sales_id for order in orders}
    assert set(claims.values()) == {1}


def test_a_job_is_held_by_one_process_at_a_time(db, database_url):
    """What is read and written back under a job's lease is not interleaved with another holder's."""
    jobs.define(db, COMPANY, "AVAILABILITY", 5, utc_now())
    contend("one_at_a_time", database_url, 25)
    assert watermarks.get(db, COMPANY, "counted") == str(PROCESSES * 25)

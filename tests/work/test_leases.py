"""A lease is kept while its holder works, and its holder learns when it is gone."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import pairwise

from sqlalchemy.exc import OperationalError

from bridge.leases import KeptLease
from bridge.records import utc_now
from tests.processes import until

SHORT = timedelta(seconds=0.3)


def test_it_is_renewed_until_the_block_is_left():
    renewed = []

    def renew(end):
        renewed.append(end)
        return True

    with KeptLease(renew, length=SHORT, clock=utc_now) as lease:
        until(lambda: len(renewed) >= 3, 10, "three renewals")
        assert not lease.lost
    count = len(renewed)
    assert not threading.Event().wait(0.3)
    assert len(renewed) == count
    assert all(later > earlier for earlier, later in pairwise(renewed))


def test_it_is_lost_when_somebody_else_has_it():
    with KeptLease(lambda end: False, length=SHORT, clock=utc_now) as lease:
        until(lambda: lease.lost, 10, "the loss to be noticed")


def test_a_database_that_is_away_for_a_moment_does_not_cost_the_lease():
    answers = iter([OperationalError("renew", {}, Exception()), None, None])

    def renew(end):
        error = next(answers, None)
        if error is not None:
            raise error
        done.set()
        return True

    done = threading.Event()
    with KeptLease(renew, length=SHORT, clock=utc_now) as lease:
        assert done.wait(10)
        assert not lease.lost


def test_a_database_that_stays_away_costs_the_lease_when_it_has_run_out():
    def renew(end):
        raise OperationalError("renew", {}, Exception())

    with KeptLease(renew, length=SHORT, clock=utc_now) as lease:
        until(lambda: lease.lost, 10, "the loss to be noticed")

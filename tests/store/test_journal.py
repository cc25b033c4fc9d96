"""The order journal: what is open is found until it is done, and worked on by one at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from bridge.records import new_id
from bridge.store import couplings, failures, journal
from bridge.store.journal import ReleaseState, SeenOrder, State
from bridge.store.models import JournalLine, OrderEvent

COMPANY = "11111111-1111-4111-8111-111111111111"
LEASE = timedelta(seconds=20)


def seen(db, clock, *numbers):
    orders = [SeenOrder(new_id(), number, clock.forward(1)) for number in numbers]
    journal.note_seen(db, COMPANY, orders, clock())
    return orders


def claim(db, clock, owner="first", limit=50, only=(), in_hand=()):
    return journal.claim(db, COMPANY, owner=owner, limit=limit, lease=LEASE, now=clock(), only=only, in_hand=in_hand)


def test_an_order_is_noted_once_however_often_it_is_listed(db, clock):
    orders = seen(db, clock, "SO-1")
    assert journal.note_seen(db, COMPANY, orders, clock()) == 0
    assert [row.sales_number for row in claim(db, clock)] == ["SO-1"]


def test_the_longest_waiting_come_first_and_what_is_held_is_left_alone(db, clock):
    seen(db, clock, "SO-1", "SO-2", "SO-3")
    assert [row.sales_number for row in claim(db, clock, limit=2)] == ["SO-1", "SO-2"]
    assert [row.sales_number for row in claim(db, clock, "second")] == ["SO-3"]


def test_leases_end_by_giving_back_or_by_time_and_can_be_kept(db, clock):
    seen(db, clock, "SO-1", "SO-2")
    held = {row.sales_number: row.id for row in claim(db, clock)}
    journal.let_go(db, [held["SO-1"]], owner="second")
    assert claim(db, clock, "second") == []
    journal.let_go(db, [held["SO-1"]], owner="first")
    assert [row.sales_number for row in claim(db, clock, "second")] == ["SO-1"]

    clock.forward(15)
    assert journal.renew(db, held.values(), owner="first", until=clock() + LEASE) == 1
    clock.forward(6)
    assert [row.sales_number for row in claim(db, clock, "third")] == ["SO-1"]


def test_what_backs_off_waits_until_a_person_asks(db, clock):
    [order] = seen(db, clock, "SO-1")
    [row] = claim(db, clock)
    journal.change(db, {row.id: {"next_attempt_at": clock() + timedelta(hours=1)}}, clock())
    journal.let_go(db, [row.id], owner="first")

    assert claim(db, clock) == []
    assert journal.counts(db, COMPANY, clock()) == {"due": 0, "leased": 0, "waiting": 1}
    assert len(claim(db, clock, only=[order.sales_id])) == 1
    journal.let_go(db, [row.id], owner="first")

    assert journal.put_back(db, [order.sales_id], clock()) == 1
    assert len(claim(db, clock)) == 1


def test_an_acknowledged_order_is_open_only_while_its_release_is(db, clock):
    seen(db, clock, "SO-1")
    [row] = claim(db, clock)
    journal.let_go(db, [row.id], owner="first")
    journal.change(db, {row.id: {"state": State.ACK_DONE, "release_state": ReleaseState.FAILED}}, clock())
    assert len(claim(db, clock)) == 1
    journal.let_go(db, [row.id], owner="first")
    journal.change(db, {row.id: {"release_state": ReleaseState.RELEASED}}, clock())
    assert claim(db, clock) == []


def test_an_acknowledged_order_that_sales_lists_again_is_opened_again(db, clock):
    orders = seen(db, clock, "SO-1")
    [row] = claim(db, clock)
    journal.let_go(db, [row.id], owner="first")
    journal.change(db, {row.id: {"state": State.ACK_DONE, "bc_order_id": new_id()}}, clock())
    assert journal.note_seen(db, COMPANY, orders, clock()) == 0
    [again] = claim(db, clock)
    assert (again.state, again.bc_order_id is not None) == (State.SEEN, True)


def test_lines_are_replaced_as_a_whole(db, clock):
    seen(db, clock, "SO-1")
    [row] = claim(db, clock)
    for quantities in ((1, 2), (3,)):
        lines = [
            JournalLine(line_number=(number + 1) * 10000, quantity=quantity, unit_price=1, discount_amount=0)
            for number, quantity in enumerate(quantities)
        ]
        journal.save_lines(db, {row.id: lines})
    assert [line.quantity for line in journal.lines_of(db, [row.id])[row.id]] == [3]


def test_an_event_is_found_once_and_told_once(db, clock):
    seen(db, clock, "SO-1")
    [row] = claim(db, clock)

    def shipped():
        return OrderEvent(entry_id=row.id, kind="shipped", key="S-1", found_at=clock())

    assert journal.note_events(db, [shipped()]) == 1
    assert journal.note_events(db, [shipped()]) == 0
    [(event, entry)] = journal.untold_events(db, COMPANY)
    assert entry.sales_number == "SO-1"
    journal.mark_told(db, [event.id], clock())
    assert journal.untold_events(db, COMPANY) == []


def test_what_waits_for_a_coupling_is_due_once_it_is_there_and_nothing_else_is(db, clock):
    """Of two orders that wait, the advice of one names the product that is coupled."""
    waiting = seen(db, clock, "SO-1", "SO-2")
    product, other = new_id(), new_id()
    later = clock() + timedelta(hours=1)
    for entry in claim(db, clock):
        journal.change(db, {entry.id: {"next_attempt_at": later, "attempts": 5, "lease_until": None}}, clock())
    reports = [
        failures.Problem("order", order.sales_id, order.number, "E-ORD-10", "not coupled.", f"Couple {missing}.", False)
        for order, missing in zip(waiting, (product, other), strict=True)
    ]
    failures.report(db, COMPANY, reports, clock())
    assert journal.wake_coupled(db, COMPANY, ["E-ORD-10"], clock()) == 0

    coupling = couplings.NewCoupling("ITEM-PRODUCT", 27, new_id(), "HOSE-12", "product", product)
    couplings.couple(db, COMPANY, coupling, clock.forward(1))

    assert journal.wake_coupled(db, COMPANY, ["E-ORD-04"], clock()) == 0
    assert journal.wake_coupled(db, COMPANY, ["E-ORD-10"], clock()) == 1
    assert [(row.sales_number, row.attempts) for row in claim(db, clock)] == [("SO-1", 0)]


def test_an_order_changed_since_its_last_try_is_due_again(db, clock):
    [order] = seen(db, clock, "SO-1")
    [entry] = claim(db, clock)
    later = clock() + timedelta(hours=1)
    journal.change(db, {entry.id: {"next_attempt_at": later, "attempts": 5, "lease_until": None}}, clock())
    before, after = clock() - timedelta(seconds=1), clock.forward(1)

    journal.note_seen(db, COMPANY, [replace(order, modified_at=before)], clock())
    assert claim(db, clock) == []
    journal.note_seen(db, COMPANY, [replace(order, modified_at=after)], clock())
    assert [row.attempts for row in claim(db, clock)] == [0]


def test_several_rows_are_changed_by_several_threads_without_a_deadlock(db, clock):
    """Whoever needs several rows takes them in one order, whatever order they were named in."""
    seen(db, clock, *(f"SO-{n}" for n in range(40)))
    ids = [entry.id for entry in claim(db, clock)]

    def change(order):
        for turn in range(25):
            journal.change(db, {entry_id: {"attempts": turn} for entry_id in order}, clock())
            journal.renew(db, order, owner="first", until=clock() + timedelta(seconds=20))

    with ThreadPoolExecutor(2) as pool:
        for finished in [pool.submit(change, ids), pool.submit(change, ids[::-1])]:
            finished.result(timeout=120)

    assert {entry.attempts for entry in journal.by_ids(db, ids).values()} == {24}


def test_lines_are_saved_in_any_order_while_the_rows_are_leased_and_changed(db, clock):
    """Saving lines shares the key of their row; it must not wait for whoever renews the lease of several."""
    seen(db, clock, *(f"SO-{n}" for n in range(40)))
    ids = [entry.id for entry in claim(db, clock)]

    def line(quantity):
        return JournalLine(
            line_number=10000, quantity=Decimal(quantity), unit_price=Decimal(1), discount_amount=Decimal(0)
        )

    def save():
        for turn in range(25):
            rows = {entry_id: line(turn) for entry_id in sorted(ids, reverse=True)}
            journal.save_lines(db, {entry_id: [row] for entry_id, row in rows.items()})

    def renew():
        for _ in range(50):
            journal.renew(db, ids, owner="first", until=clock() + timedelta(seconds=20))

    with ThreadPoolExecutor(2) as pool:
        for finished in [pool.submit(save), pool.submit(renew)]:
            finished.result(timeout=120)

    assert {rows[0].quantity for rows in journal.lines_of(db, ids).values()} == {Decimal(24)}


def test_the_moment_is_known_at_which_held_rows_can_be_taken_over(db, clock):
    seen(db, clock, "SO-1", "SO-2")
    assert journal.free_at(db, COMPANY) is None
    [first] = claim(db, clock, limit=1)
    until = clock() + LEASE
    clock.forward(5)
    claim(db, clock, limit=1)

    assert journal.free_at(db, COMPANY) == until
    later = until + timedelta(hours=1)
    journal.change(db, {first.id: {"next_attempt_at": later}}, clock())
    assert journal.free_at(db, COMPANY) == clock() + LEASE


def test_rows_in_hand_are_not_claimed_a_second_time_when_their_lease_ran_out(db, clock):
    seen(db, clock, "SO-1", "SO-2")
    [first, second] = claim(db, clock)
    clock.forward(3600)

    [again] = claim(db, clock, in_hand=[first.id])

    assert again.id == second.id

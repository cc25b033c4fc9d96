"""Quotes in the journal: what opens a row again, and that neither kind is taken for the other. On both databases."""

from __future__ import annotations

from datetime import timedelta

from bridge.records import new_id
from bridge.store import couplings, journal, quotes
from bridge.store.journal import Kind, SeenOrder, State
from bridge.store.quotes import SeenQuote

COMPANY = "11111111-1111-4111-8111-111111111111"
LEASE = timedelta(seconds=20)


def seen(db, clock, number="QU-1", *, sales_id=None, won=False):
    quote = SeenQuote(sales_id or new_id(), number, clock(), won)
    quotes.note_seen(db, COMPANY, [quote], clock())
    return quote


def row_of(db, quote):
    return quotes.by_sales_ids(db, COMPANY, [quote.sales_id])[quote.sales_id]


def claim(db, clock, kind, states=()):
    claimed = journal.claim(db, COMPANY, owner="me", limit=50, lease=LEASE, now=clock(), kind=kind, states=states)
    journal.let_go(db, [row.id for row in claimed], owner="me")
    return [row.sales_number for row in claimed]


def test_each_kind_is_claimed_and_counted_by_itself(db, clock):
    seen(db, clock, "QU-1")
    journal.note_seen(db, COMPANY, [SeenOrder(new_id(), "SO-1", clock())], clock())
    assert (claim(db, clock, Kind.QUOTE), claim(db, clock, Kind.ORDER)) == (["QU-1"], ["SO-1"])
    assert claim(db, clock, Kind.QUOTE, [State.BC_CREATED]) == []
    assert journal.counts(db, COMPANY, clock(), Kind.QUOTE)["due"] == 1
    assert {entry.kind for number in ("QU-1", "SO-1") for entry in journal.find(db, number)} == {"quote", "order"}


def test_a_quote_that_is_done_is_open_again_when_it_is_won_and_never_after_its_end(db, clock):
    quote = seen(db, clock)
    there = {"state": State.DONE, "bc_order_id": new_id(), "bc_order_number": "SQ1"}
    journal.change(db, {row_of(db, quote).id: there}, clock())

    seen(db, clock, sales_id=quote.sales_id)
    assert row_of(db, quote).state == State.DONE
    seen(db, clock, sales_id=quote.sales_id, won=True)
    assert row_of(db, quote).state == State.BC_CREATED

    journal.change(
        db, {row_of(db, quote).id: {"state": State.DONE, "ended_at": clock(), "end_reason": quotes.WON}}, clock()
    )
    seen(db, clock, sales_id=quote.sales_id, won=True)
    assert row_of(db, quote).state == State.DONE
    assert claim(db, clock, Kind.QUOTE) == []


def test_a_quote_that_ended_before_it_was_created_is_open_again_when_it_is_active_again(db, clock):
    quote = seen(db, clock)
    ended = {"state": State.DONE, "ended_at": clock(), "end_reason": "not-active"}
    journal.change(db, {row_of(db, quote).id: ended}, clock())

    seen(db, clock, sales_id=quote.sales_id)

    row = row_of(db, quote)
    assert (row.state, row.ended_at, row.end_reason) == (State.SEEN, None, "")


def test_a_change_in_sales_ends_the_pause(db, clock):
    quote = seen(db, clock)
    later = clock() + timedelta(hours=1)
    journal.change(db, {row_of(db, quote).id: {"next_attempt_at": later, "attempts": 3}}, clock())
    assert claim(db, clock, Kind.QUOTE) == []
    clock.forward(5)
    seen(db, clock, sales_id=quote.sales_id)
    assert claim(db, clock, Kind.QUOTE) == ["QU-1"]


def test_a_revision_takes_the_coupling_over_however_often(db, clock):
    bc_id, first, second = new_id(), new_id(), new_id()

    def coupling(sales_id):
        return couplings.NewCoupling("QUOTE-SALESQUOTE", 36, bc_id, "SQ1", "quote", sales_id, "QU-1")

    couplings.couple(db, COMPANY, coupling(first), clock())
    for _ in range(2):
        couplings.recouple(db, COMPANY, coupling(second), clock())
    [found] = couplings.by_sales_names(db, COMPANY, "QUOTE-SALESQUOTE", ["QU-1"])["QU-1"]
    assert (found.bc_id, found.sales_id) == (bc_id, second)

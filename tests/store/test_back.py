"""What waits on its way back to Sales, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from bridge.records import new_id
from bridge.store import (
    back,
    couplings,
    failures,
    invoices,
    journal,
    journal_lines,
    journal_search,
    notes,
    pushes,
    statistics,
)
from bridge.store.couplings import NewCoupling
from bridge.store.database import Database
from bridge.store.failures import Problem
from bridge.store.invoices import FoundInvoice, Payment
from bridge.store.journal import SeenOrder, State
from bridge.store.models import JournalEntry, JournalLine
from bridge.store.models_returns import OrderNote

COMPANY = new_id()
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LONG = "SO-" + "1" * 60


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def entry(db: Database) -> JournalEntry:
    """An order that Business Central has, released and acknowledged."""
    journal.note_seen(db, COMPANY, [SeenOrder(new_id(), LONG, NOW)], NOW)
    [found] = journal.find(db, LONG)
    there = {"bc_order_id": new_id(), "bc_order_number": "1001", "state": State.ACK_DONE}
    journal.change(db, {found.id: there}, NOW)
    return journal.find(db, LONG)[0]


def couple(db: Database, mapping: str, number: str) -> str:
    bc_id = new_id()
    wanted = NewCoupling(mapping, 18, bc_id, number, "account", new_id(), number)
    couplings.couple(db, COMPANY, wanted, NOW)
    return bc_id


def test_an_invoice_is_noted_once_waits_and_is_woken_by_its_coupling(db: Database, entry: JournalEntry):
    found = FoundInvoice(new_id(), "103001", new_id(), entry.sales_id, Payment.BILLED)
    assert [invoices.note_found(db, COMPANY, [found, found], NOW) for _ in range(2)] == [1, 0]
    [row] = invoices.waiting(db, COMPANY, NOW, 10)
    later = NOW + timedelta(hours=1)
    invoices.change(db, {row.id: {"wants": [["CUSTOMER", "10100"]], "next_attempt_at": later}})
    assert invoices.waiting(db, COMPANY, NOW, 10) == []
    assert invoices.wake_coupled(db, COMPANY, NOW) == 0
    couple(db, "CUSTOMER", "10100")
    assert invoices.wake_coupled(db, COMPANY, NOW) == 1
    assert [one.bc_number for one in invoices.waiting(db, COMPANY, NOW, 10)] == ["103001"]

    invoices.change(db, {row.id: {"state": invoices.State.THERE, "next_attempt_at": later}})
    assert invoices.untold(db, COMPANY, NOW, 10) == []
    back.put_back(db, ["103001"])
    assert [one.id for one in invoices.untold(db, COMPANY, NOW, 10)] == [row.id]
    assert [one.id for one in invoices.unsettled(db, COMPANY)] == [row.id]
    assert [one.id for one in invoices.of_customers(db, COMPANY, [found.bill_to_id])] == [row.id]
    assert [one.id for one in invoices.find(db, entry.sales_id)] == [row.id]


def test_an_order_is_found_by_as_much_of_its_number_as_a_document_keeps(db: Database, entry: JournalEntry):
    found = journal_search.by_references(db, COMPANY, [LONG[:35]], 35)
    assert [one.id for one in found] == [entry.id]
    assert journal_search.by_references(db, COMPANY, [LONG[:34]], 35) == []
    assert journal_search.bc_numbers(db, COMPANY) == ["1001"]


def test_an_order_is_pushed_when_it_is_new_and_when_it_changed(db: Database, entry: JournalEntry):
    for _ in range(2):
        pushes.ensure(db, COMPANY)
    assert [one.id for one in pushes.due(db, COMPANY, NOW, 10)] == [entry.id]
    line = JournalLine(line_number=10000, quantity=Decimal(2), unit_price=Decimal(10), discount_amount=Decimal(0))
    pushes.settle(db, {entry.id: {"is_due": False, "pushed_at": NOW}}, {entry.id: [line]})
    assert pushes.due(db, COMPANY, NOW, 10) == []
    assert pushes.pushed_at(db, [entry.id]) == {entry.id: NOW}
    again = JournalLine(line_number=10000, quantity=Decimal(3), unit_price=Decimal(10), discount_amount=Decimal(1))
    pushes.settle(db, {entry.id: {"attempts": 4, "next_attempt_at": NOW + timedelta(hours=1)}}, {entry.id: [again]})
    [kept] = journal.lines_of(db, [entry.id])[entry.id]
    assert (kept.quantity, kept.discount_amount) == (Decimal(3), Decimal(1))

    pushes.mark_due(db, COMPANY, [entry.bc_order_id or "", new_id()])
    assert [one.id for one in pushes.due(db, COMPANY, NOW, 10)] == [entry.id]
    assert pushes.attempts(db, [entry.id]) == {entry.id: 0}


def test_an_order_that_waits_for_a_coupling_goes_on_once_something_was_coupled(db: Database, entry: JournalEntry):
    pushes.ensure(db, COMPANY)
    problem = Problem("push", entry.sales_id, "Sales order", "E-PUSH-01", "It cannot be sent.", "Couple it.", False)
    failures.report(db, COMPANY, [problem], NOW - timedelta(minutes=1))
    pushes.settle(db, {entry.id: {"next_attempt_at": NOW + timedelta(hours=1)}}, {})
    assert pushes.wake_coupled(db, COMPANY, "E-PUSH-01", NOW) == 0
    couple(db, "SALESPEOPLE", "AKR")
    assert pushes.wake_coupled(db, COMPANY, "E-PUSH-02", NOW) == 0
    assert pushes.wake_coupled(db, COMPANY, "E-PUSH-01", NOW) == 1
    assert [one.id for one in pushes.due(db, COMPANY, NOW, 10)] == [entry.id]


def test_the_quantity_seen_last_is_remembered(db: Database, entry: JournalEntry):
    line = JournalLine(line_number=10000, quantity=Decimal(2), unit_price=Decimal(10), discount_amount=Decimal(0))
    journal.save_lines(db, {entry.id: [line]})
    journal_lines.note_seen(db, {entry.id: {10000: Decimal(2)}})
    assert journal.lines_of(db, [entry.id])[entry.id][0].seen_quantity is None
    journal_lines.note_seen(db, {entry.id: {}})
    assert journal.lines_of(db, [entry.id])[entry.id][0].seen_quantity == 0


def test_notes_wait_for_their_side_until_both_agree(db: Database, entry: JournalEntry):
    assert [one.id for one in notes.unread(db, notes.orders(db, COMPANY))] == [entry.id]
    notes.mark_read(db, [entry], NOW)
    assert notes.unread(db, [entry]) == []
    note = OrderNote(
        company_id=COMPANY, entry_id=entry.id, sales_id=new_id(), bc_id="17", digest="d", waiting=notes.TO_SALES
    )  # fmt: skip
    notes.save(db, [note], {})
    [row] = notes.waiting(db, COMPANY, notes.TO_SALES, NOW, 10)
    assert notes.waiting(db, COMPANY, notes.TO_BC, NOW, 10) == []
    assert {one.id for one in notes.known(db, COMPANY, sales_ids=[row.sales_id], bc_ids=["17"])} == {row.id}
    notes.save(db, [], {row.id: {"next_attempt_at": NOW + timedelta(hours=1)}})
    assert notes.waiting(db, COMPANY, notes.TO_SALES, NOW, 10) == []
    back.put_back(db, [entry.sales_id])
    assert len(notes.waiting(db, COMPANY, notes.TO_SALES, NOW, 10)) == 1
    notes.save(db, [], {row.id: {"waiting": notes.AGREED}})
    assert [one.id for one in notes.of_orders(db, [entry.id])] == [row.id]
    notes.forget(db, [row.id])
    assert notes.of_orders(db, [entry.id]) == []


def test_statistics_follow_the_couplings_of_customers(db: Database):
    customer = couple(db, "CUSTOMER", "10100")
    for _ in range(2):
        statistics.ensure(db, COMPANY)
    [row] = statistics.due(db, COMPANY, NOW, 10)
    assert (row.customer_id, row.customer_number) == (customer, "10100")
    today = date(2026, 3, 2)
    statistics.change(db, COMPANY, {customer: {"is_due": False, "told": {"nav_name": "A"}, "read_on": today}})
    statistics.mark_day(db, COMPANY, today)
    assert statistics.due(db, COMPANY, NOW, 10) == []
    statistics.mark_day(db, COMPANY, today + timedelta(days=1))
    assert len(statistics.due(db, COMPANY, NOW, 10)) == 1

    statistics.skip(db, COMPANY, [customer])
    statistics.mark_due(db, COMPANY, [new_id()])
    assert statistics.due(db, COMPANY, NOW, 10) == []
    back.put_back(db, ["10100"])
    assert len(statistics.due(db, COMPANY, NOW, 10)) == 1
    assert [one.skipped for one in couplings.of_mapping(db, COMPANY, "CUSTOMER")] == [False]

    assert statistics.left_over(db, COMPANY) == []
    couplings.uncouple(db, COMPANY, "CUSTOMER", customer)
    assert [one.customer_id for one in statistics.left_over(db, COMPANY)] == [customer]
    statistics.forget(db, COMPANY, [customer])
    assert statistics.of_customers(db, [customer]) == []

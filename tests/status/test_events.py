"""What happened is decided from facts alone, and each event has one key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.status import events
from bridge.status.events import Document, Fate, Kind, Line, Order, OrderNow
from bridge.status.tell import LONGEST_PAUSE, due_at
from bridge.status.texts import LONGEST, post_text

ORDER = Order("entry", "SO-1042", "11111111-0000-0000-0000-000000000001", "101001", status="Open")


def invoice(number: str = "103001", counts: bool = True, **quantities: int) -> Document:
    by_line = {int(name.removeprefix("line")): Decimal(quantity) for name, quantity in quantities.items()}
    return Document(Kind.INVOICED, number, number, "101001", ORDER.bc_id, "SO-1042", counts, by_line)


def shipment(order_number: str = "101001", reference: str = "SO-1042") -> Document:
    return Document(Kind.SHIPPED, "s1", "102001", order_number, reference=reference)


def lines(*quantities: tuple[int, int, int]) -> list[Line]:
    return [Line(Decimal(a), Decimal(b), Decimal(c)) for a, b, c in quantities]


def test_a_document_belongs_to_an_order_by_number_and_reference():
    assert events.belongs(shipment(), ORDER)


def test_a_number_used_again_by_another_order_does_not_count():
    assert not events.belongs(shipment(reference="SO-2000"), ORDER)
    assert not events.belongs(shipment(reference=""), ORDER)
    assert not events.belongs(shipment(order_number="101002"), ORDER)


def test_a_long_sales_number_is_known_by_what_business_central_keeps_of_it():
    long = Order("entry", "A" * 60, ORDER.bc_id, "101001")

    assert events.belongs(shipment(reference="A" * 35), long)


def test_an_invoice_belongs_by_the_id_of_its_order_too():
    assert events.belongs(Document(Kind.INVOICED, "i", "103001", "101001", ORDER.bc_id, reference=""), ORDER)


@pytest.mark.parametrize(
    ("before", "now", "happened"),
    [
        ("Open", "Released", True),
        ("Pending Approval", "Released", True),
        ("", "Released", True),
        ("Released", "Released", False),
        ("Released", "Open", False),
        ("Open", "Pending Prepayment", False),
    ],
)
def test_a_release_is_an_event_only_when_it_happens(before: str, now: str, happened: bool):
    order = Order("entry", "SO-1042", ORDER.bc_id, "101001", status=before)

    assert (events.released(order, OrderNow(ORDER.bc_id, now), 0) is not None) is happened


def test_a_second_release_is_another_event_and_finding_one_again_is_not():
    now = OrderNow(ORDER.bc_id, "Released")

    assert events.released(ORDER, now, 0) == events.release_event(ORDER, 1)
    assert events.released(ORDER, now, 1) == events.release_event(ORDER, 2)


@pytest.mark.parametrize(
    ("of_order", "done"),
    [
        (lines((5, 5, 5), (0, 0, 0)), True),
        (lines((5, 5, 5), (2, 2, 0)), False),
        (lines((5, 5, 5), (2, 0, 0)), False),
        (lines((0, 0, 0)), False),
        ([], False),
    ],
)
def test_an_order_is_invoiced_when_nothing_is_left_on_any_line(of_order: list[Line], done: bool):
    assert events.fully_invoiced(of_order) is done


def test_an_order_gone_without_any_document_was_deleted():
    assert events.fate({10000: Decimal(5)}, []) is Fate.DELETED


def test_an_order_gone_and_covered_by_its_invoices_is_invoiced():
    ordered = {10000: Decimal(5), 20000: Decimal(1)}

    assert events.fate(ordered, [shipment(), invoice(line10000=3), invoice(line10000=2, line20000=1)]) is Fate.INVOICED


def test_an_order_gone_with_something_left_is_for_a_person():
    ordered = {10000: Decimal(5), 20000: Decimal(1)}

    assert events.fate(ordered, [shipment()]) is Fate.PARTLY_POSTED
    assert events.fate(ordered, [invoice(line10000=5)]) is Fate.PARTLY_POSTED
    assert events.fate(ordered, [invoice(line10000=5, line20000=1, counts=False)]) is Fate.PARTLY_POSTED


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.data())
def test_invoices_cover_an_order_exactly_when_each_line_is_covered(quantities: list[int], data: st.DataObject):
    ordered = {(n + 1) * 10000: Decimal(quantity) for n, quantity in enumerate(quantities)}
    first = {line: Decimal(data.draw(st.integers(0, int(quantity)))) for line, quantity in ordered.items()}
    rest = {line: quantity - first[line] for line, quantity in ordered.items()}

    def part(name: str, by_line: dict[int, Decimal]) -> Document:
        return Document(Kind.INVOICED, name, name, "101001", ORDER.bc_id, "SO-1042", True, by_line)

    assert events.fate(ordered, [part("a", first), part("b", rest)]) is Fate.INVOICED
    expected = Fate.INVOICED if first == ordered else Fate.PARTLY_POSTED
    assert events.fate(ordered, [part("a", first)]) is expected


@pytest.mark.parametrize("language", ["en", "nb"])
def test_every_event_but_the_end_has_a_post_in_each_language(language: str):
    texts = {kind: post_text(language, kind, "101001") for kind in Kind}

    assert texts.pop(Kind.COMPLETED) is None
    for text in texts.values():
        assert text is not None
        assert "101001" in text
        assert len(text) <= LONGEST


@given(st.integers(0, 200), st.integers(1, 3600))
def test_what_is_refused_is_tried_ever_later_but_at_least_every_hour(attempts: int, seconds: int):
    found, interval = datetime(2026, 3, 2, tzinfo=UTC), timedelta(seconds=seconds)
    pause = due_at(found, attempts + 1, interval) - due_at(found, attempts, interval)

    assert due_at(found, 0, interval) == found
    assert interval <= pause <= LONGEST_PAUSE

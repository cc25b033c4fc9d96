"""What is promised can be kept: every figure follows from stock and what is due, on whatever day is asked."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bridge.availability.promise import Movement, promise

TODAY = date(2026, 3, 2)
quantities = st.decimals(min_value=-500, max_value=500, places=2)
days = st.one_of(st.none(), st.integers(-20, 60).map(lambda n: TODAY + timedelta(days=n)))
movements = st.lists(st.builds(Movement, quantities, days), max_size=25)
positive = st.decimals(min_value=0, max_value=800, places=2)


def after(days_: int) -> date:
    return TODAY + timedelta(days=days_)


def balance(stock: Decimal, known: list[Movement], day: date) -> Decimal:
    return stock + sum((one.quantity for one in known if one.due_on is None or one.due_on <= day), Decimal(0))


def test_orders_count_from_the_day_they_are_due():
    known = [Movement(Decimal(-3), TODAY), Movement(Decimal(10), after(5)), Movement(Decimal(-4), after(9))]

    now, then = (promise(Decimal(5), known, day, Decimal(8)) for day in (TODAY, after(9)))

    assert [now.on_sales_orders, now.on_purchase_orders, now.available_to_promise] == [3, 0, 2]
    assert [then.on_sales_orders, then.on_purchase_orders, then.available_to_promise] == [7, 10, 8]
    assert now.earliest == after(5)


def test_a_line_without_a_day_is_due_at_once():
    assert promise(Decimal(5), [Movement(Decimal(-3))], TODAY, Decimal(1)).available_to_promise == 2


def test_demand_that_follows_takes_an_early_day_away_again():
    """Ten on hand, nine sold for tomorrow: five can only be promised when the next delivery has come."""
    known = [Movement(Decimal(-9), after(1)), Movement(Decimal(20), after(4))]

    answer = promise(Decimal(10), known, TODAY, Decimal(5))

    assert answer.available_to_promise == 10
    assert answer.uncommitted == 1
    assert answer.earliest == after(4)


def test_what_never_comes_has_no_day():
    assert promise(Decimal(1), [], TODAY, Decimal(2)).earliest is None


@given(stock=quantities, known=movements, ahead=st.integers(0, 60), wanted=positive)
def test_figures_add_up_and_the_earliest_day_holds_the_quantity(
    stock: Decimal, known: list[Movement], ahead: int, wanted: Decimal
):
    day = after(ahead)
    answer = promise(stock, known, day, wanted)

    assert answer.available_to_promise == balance(stock, known, day)
    assert answer.available_to_promise == stock + answer.on_purchase_orders - answer.on_sales_orders
    assert answer.uncommitted == min(balance(stock, known, day + timedelta(days=n)) for n in range(90))
    if answer.earliest is not None:
        assert answer.earliest >= day
        assert balance(stock, known, answer.earliest) >= wanted
    elif answer.uncommitted >= wanted:
        raise AssertionError("what nobody else needs can be promised")


@given(stock=quantities, known=movements, wanted=positive, more=positive)
def test_a_larger_quantity_is_never_promised_earlier(
    stock: Decimal, known: list[Movement], wanted: Decimal, more: Decimal
):
    few, many = (promise(stock, known, TODAY, wanted + extra).earliest for extra in (Decimal(0), more))

    assert many is None or (few is not None and few <= many)


@given(stock=quantities, known=movements, wanted=positive, more=positive)
def test_more_stock_never_makes_the_answer_worse(stock: Decimal, known: list[Movement], wanted: Decimal, more: Decimal):
    less, rich = (promise(stock + extra, known, TODAY, wanted) for extra in (Decimal(0), more))

    assert rich.available_to_promise == less.available_to_promise + more
    assert less.earliest is None or (rich.earliest is not None and rich.earliest <= less.earliest)

"""What is promised can be kept: every figure follows from stock and what is due, on whatever day is asked."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bridge.availability.promise import FORMULA, Kind, Movement, Promise, promise
from tests.availability.formulas import holds

TODAY = date(2026, 3, 2)
quantities = st.decimals(min_value=-500, max_value=500, places=2)
days = st.one_of(st.none(), st.integers(-20, 60).map(lambda n: TODAY + timedelta(days=n)))
movements = st.lists(st.builds(Movement, st.sampled_from(Kind), quantities, days), max_size=25)
positive = st.decimals(min_value=0, max_value=800, places=2)
SALE, PURCHASE, TRANSIT = Kind.SALE, Kind.PURCHASE, Kind.TRANSIT


def after(days_: int) -> date:
    return TODAY + timedelta(days=days_)


def balance(stock: Decimal, known: list[Movement], day: date) -> Decimal:
    """What is there on a day: stock less what is on its way, and everything due by then."""
    there = stock - sum((one.quantity for one in known if one.kind is TRANSIT), Decimal(0))
    due = [one for one in known if one.due_on is None or one.due_on <= day]
    return there + sum((-one.quantity if one.kind is SALE else one.quantity for one in due), Decimal(0))


def named(answer: Promise) -> dict[str, Decimal]:
    """The figures by the names that the formula and the answers of the gateway use."""
    return {
        "OnHand": answer.on_hand,
        "InTransfer": answer.in_transfer,
        "TransferReceipt": answer.transfer_receipt,
        "OnSalesOrders": answer.on_sales_orders,
        "OnPurchaseOrders": answer.on_purchase_orders,
        "LaterDemand": answer.later_demand,
        "ScheduledReceipt": answer.scheduled_receipt,
        "GrossRequirement": answer.gross_requirement,
        "AvailableToPromise": answer.available_to_promise,
    }


def test_orders_count_from_the_day_they_are_due():
    known = [
        Movement(SALE, Decimal(3), TODAY),
        Movement(PURCHASE, Decimal(10), after(5)),
        Movement(SALE, Decimal(4), after(9)),
    ]

    now, then = (promise(Decimal(5), known, day, Decimal(8)) for day in (TODAY, after(9)))

    assert [now.on_sales_orders, now.on_purchase_orders, now.available_to_promise] == [3, 0, 2]
    assert [then.on_sales_orders, then.on_purchase_orders, then.available_to_promise] == [7, 10, 8]
    assert now.earliest == after(5)


def test_a_line_without_a_day_is_due_at_once():
    assert promise(Decimal(5), [Movement(SALE, Decimal(3))], TODAY, Decimal(1)).available_to_promise == 2


def test_goods_on_their_way_are_on_hand_and_can_be_promised_from_the_day_they_arrive():
    known = [Movement(TRANSIT, Decimal(4), after(3))]

    now, then = (promise(Decimal(10), known, day, Decimal(8)) for day in (TODAY, after(3)))

    assert [now.on_hand, now.in_transfer, now.available_to_promise, now.earliest] == [10, 4, 6, after(3)]
    assert [then.in_transfer, then.transfer_receipt, then.available_to_promise] == [4, 4, 10]


def test_what_later_orders_need_before_more_comes_is_kept_back():
    """Ten on hand, nine sold for tomorrow: one can be promised today, five when the next delivery has come."""
    known = [Movement(SALE, Decimal(9), after(1)), Movement(PURCHASE, Decimal(20), after(4))]

    answer = promise(Decimal(10), known, TODAY, Decimal(5))

    assert [answer.projected, answer.later_demand, answer.available_to_promise] == [10, 9, 1]
    assert answer.earliest == after(4)


def test_demand_that_a_delivery_covers_first_is_not_kept_back():
    known = [Movement(PURCHASE, Decimal(20), after(1)), Movement(SALE, Decimal(9), after(4))]

    assert promise(Decimal(10), known, TODAY, Decimal(5)).available_to_promise == 10


def test_an_order_that_takes_goods_back_is_no_purchase():
    answer = promise(Decimal(10), [Movement(SALE, Decimal(-2), TODAY)], TODAY, Decimal(12))

    assert [answer.on_sales_orders, answer.on_purchase_orders, answer.available_to_promise] == [-2, 0, 12]


def test_what_never_comes_has_no_day():
    assert promise(Decimal(1), [], TODAY, Decimal(2)).earliest is None


@given(stock=quantities, known=movements, ahead=st.integers(0, 60), wanted=positive)
def test_figures_add_up_by_the_formula_and_the_earliest_day_holds_the_quantity(
    stock: Decimal, known: list[Movement], ahead: int, wanted: Decimal
):
    day = after(ahead)
    answer = promise(stock, known, day, wanted)

    assert holds(FORMULA, named(answer))
    assert answer.projected == balance(stock, known, day)
    assert answer.uncommitted == min(balance(stock, known, day + timedelta(days=n)) for n in range(90))
    assert answer.uncommitted <= answer.available_to_promise <= answer.projected
    if answer.earliest is not None:
        assert answer.earliest >= day
        assert balance(stock, known, answer.earliest) >= wanted
    elif answer.uncommitted >= wanted:
        raise AssertionError("what nobody else needs can be promised")


@given(stock=quantities, known=movements, wanted=positive)
def test_a_quantity_can_be_promised_on_a_day_exactly_when_it_is_available_then(
    stock: Decimal, known: list[Movement], wanted: Decimal
):
    answer = promise(stock, known, TODAY, wanted)

    assert (answer.earliest == TODAY) == (wanted <= answer.available_to_promise)


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

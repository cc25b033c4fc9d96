"""What quotes cost: the requests to both systems, counted in the sandbox's log. The number of lines is not in it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.orders.seller import product
from tests.quotes.conftest import QuoteDesk
from tests.quotes.seller import QuoteSeller

FIVE_LINES = [product("TENT-LEI-2", place) for place in range(1, 6)]
IDLE = Counter({"sales GET quotes": 1, "sales GET salesorders": 1})


def asked(desk: QuoteDesk) -> Counter[str]:
    """What both systems were asked since the log was emptied, by system, verb and last part of the path."""
    requests = [entry for entry in desk.sandbox.requests() if entry["system"] != "sign-in"]
    desk.sandbox.forget_requests()
    return Counter(
        f"{one['system']} {one['method']} {one['path'].rsplit('/', 1)[-1].split('(')[0]}" for one in requests
    )


@pytest.fixture
def quiet(desk: QuoteDesk, seller: QuoteSeller) -> QuoteDesk:
    """An installation that has done what the seed holds for it, and whose seed has no orders or quotes left to do."""
    for order in desk.sandbox.sales.orders():
        if order["statecode"] == 1:
            desk.reopen_in_sales(order["ordernumber"])
    seller.order_of(seller.id_of("quotes", "quotenumber", "QU-2003"), submit=False)
    desk.pick_up()
    desk.sandbox.move_clock(3600)  # out of the overlap of the next listing
    desk.wait(hours=1)
    later = seller.quote("quiet")
    desk.pick_up()
    seller.close(later, 5)
    desk.sandbox.forget_requests()
    return desk


@pytest.mark.parametrize("burst", [1, 20])
def test_a_burst_of_quotes_costs_one_read_and_two_calls_and_their_end_four_more(
    quiet: QuoteDesk, seller: QuoteSeller, burst: int
):
    desk = quiet
    ids = [seller.quote(f"Q-{number}", *FIVE_LINES) for number in range(burst)]
    desk.sandbox.forget_requests()

    desk.pick_up()
    created = IDLE + Counter(
        {
            "business-central POST SalesBridge_GetBridgeSetup": 1,
            "business-central POST SalesBridge_CreateSalesQuotes": 1,
        }
    )
    assert asked(desk) == created
    assert len(desk.bc_quotes()) == burst + 3, "two of the seed and the quiet one"

    revisions = [seller.revise(quote_id) for quote_id in ids]
    desk.sandbox.forget_requests()
    desk.pick_up()
    assert asked(desk) == created

    for quote_id in revisions:
        seller.order_of(quote_id)
    desk.sandbox.forget_requests()
    desk.pick_up()
    assert asked(desk) == IDLE + Counter(
        {
            "business-central POST SalesBridge_GetBridgeSetup": 1,
            "business-central POST $batch": 1,
            "business-central POST SalesBridge_CreateSalesOrders": 1,
            "sales POST $batch": 1,
            "business-central GET salesDocuments": 1,
        }
    )
    assert len(desk.bc_orders()) == burst

    desk.pick_up()
    assert asked(desk) == IDLE


def test_quotes_that_are_won_without_a_submitted_order_are_released_with_one_call(
    quiet: QuoteDesk, seller: QuoteSeller
):
    desk = quiet
    ids = [seller.quote(f"Q-{number}") for number in range(3)]
    desk.pick_up()
    for quote_id in ids:
        seller.order_of(quote_id, submit=False)
    desk.sandbox.forget_requests()

    desk.pick_up()

    assert asked(desk) == IDLE + Counter({"business-central POST SalesBridge_ReleaseSalesQuotes": 1})
    assert [desk.bc_quote(f"Q-{number}")["status"] for number in range(3)] == ["Released"] * 3

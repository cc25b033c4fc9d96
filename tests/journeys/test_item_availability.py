"""What can be promised, as a seller asks for it: worker, gateway and both systems as processes, everything over HTTP.

With the companion state is kept on servers, without it on one machine alone.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.item_availability import LATHE, MAIN, NORTH, Desk, Seller, day, known, rows_of
from tests.processes import Product, SandboxProcess, until


@pytest.fixture
def desk(sandbox: SandboxProcess) -> Desk:
    return Desk(sandbox)


@pytest.mark.parametrize("state", ["servers"], indirect=True)
def test_with_the_companion_every_place_is_answered_by_business_central(
    sandbox: SandboxProcess, product: Product, desk: Desk
) -> None:
    order = desk.sell(6, day(0), MAIN)
    desk.control.call("POST", "reserve", {"order": order, "quantity": 4})
    desk.sell(3, day(4), NORTH, "RED")
    desk.expect(20, day(5), MAIN)
    desk.send(12, day(2))
    product.gateway()
    product.worker()
    seller = Seller(product)
    shown = "OnHand InTransfer Reserved OnSalesOrders AvailableToPromise EarliestDate"

    until(lambda: seller.one().get("Method") == "BusinessCentral", 60, "Business Central's own answer")
    until(lambda: seller.one(location=MAIN).get("OnSalesOrders") == 6, 30, "the open orders beside it")

    assert seller.figures(shown, location=MAIN, variant="", quantity=23) == [28, 0, 4, 6, 22, day(5).isoformat()]
    assert seller.figures(shown, location=NORTH, variant="", quantity=5) == [0, 12, 0, 0, 0, day(2).isoformat()]
    red = "OnHand InTransfer OnSalesOrders AvailableToPromise"
    assert seller.figures(red, location=NORTH, variant="RED", date=day(4).isoformat()) == [0, 0, 3, -3]
    assert seller.figures(shown)[:5] == [40, 12, 4, 6, 22]
    later = seller.one(date=day(5).isoformat())
    assert [later["ScheduledReceipt"], later["OnPurchaseOrders"], later["AvailableToPromise"]] == [32, 20, 51]
    answers = seller.order(
        [
            {"item": LATHE, "location": MAIN, "variant": "", "quantity": number, "date": day(number % 7).isoformat()}
            for number in range(1, 101)
        ]
    )
    assert [one["Quantity"] for one in answers] == list(range(1, 101))
    assert all(one["Method"] == "BusinessCentral" and known(one) for one in [later, *answers])
    assert all(one["LedgerEntry"] > 0 and one["Age"] <= 30 for one in answers)


@pytest.mark.parametrize("state", ["alone"], indirect=True)
def test_without_the_companion_the_item_as_a_whole_is_answered_and_woken_by_orders(
    sandbox: SandboxProcess, product: Product, desk: Desk
) -> None:
    sandbox.bc.install_companion(False)
    desk.expect(20, day(5), MAIN)
    desk.send(12, day(2))
    gateway = product.gateway()
    product.bridge("setup", "hooks", "--gateway-url", gateway.address).expect(0)
    product.worker(AVAILABILITY_POLL_SECONDS="3600")
    seller = Seller(product)
    shown = "OnHand InTransfer OnSalesOrders AvailableToPromise EarliestDate Method"
    at_first = [40, 12, 0, 28, day(2).isoformat(), "OwnCalculation"]
    until(lambda: seller.figures(shown, quantity=30) == at_first, 60, "the first answer")

    desk.sell(6, day(1), NORTH)
    until(lambda: seller.figures(shown, quantity=30)[3] == 22, 15, "the order to be known: its webhook wakes the job")
    sandbox.bc.post_stock(LATHE, 5, MAIN)
    until(lambda: seller.figures(shown)[0] == 45, 15, "the posting to be known: its webhook wakes the tail")
    sandbox.bc.post_stock(LATHE, -1, MAIN)
    insisted = seller.get({"item": LATHE}, Cache_Control="no-cache")

    assert (rows_of(insisted)[0]["OnHand"], insisted.headers.get("Warning")) == (44, None)
    assert int(insisted.headers["Age"]) <= 3
    good, unknown, place, again = seller.order(
        [{"item": LATHE}, {"item": "NO-SUCH"}, {"item": LATHE, "location": MAIN}, {"item": LATHE.lower()}]
    )
    assert known(good) and good == again
    assert unknown["error"]["code"] == "Internal_RecordNotFound" and "NO-SUCH" in unknown["error"]["message"]
    assert "companion/README.md" in place["error"]["message"]


@pytest.mark.parametrize("state", ["alone"], indirect=True)
def test_two_companies_have_the_same_item_each_with_its_own_stock(
    sandbox: SandboxProcess, product: Product, desk: Desk
) -> None:
    sandbox.bc.install_companion(False)
    (main, _), (branch, branch_id) = ((row["name"], row["id"]) for row in desk.companies())
    product.env["BC_COMPANY"] = f"{main},{branch}"
    product.gateway()
    product.worker()
    seller, item = Seller(product), desk.bc.rows(f"api/v2.0/companies({branch_id})/items?$top=1")[0]["number"]

    def stock(company: str) -> Any:
        return seller.one(item=item, company=company).get("OnHand")

    until(lambda: None not in (stock(main), stock(branch)), 60, "both companies to be known")
    here, there = stock(main), stock(branch)
    sandbox.bc.post_stock(item, 1000)

    until(lambda: stock(main) != here, 30, "the posting to be known")
    assert [stock(main), stock(branch)] == [here + 1000, there]
    assert stock(main) == seller.one(item=item)["OnHand"], "the first company is the default"

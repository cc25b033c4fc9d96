"""A released order that people change in Business Central is the same in Sales afterwards."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bridge.coupling.service import match
from bridge.records import Side
from bridge.status.push.run import push_orders
from tests.invoices.conftest import Office, office
from tests.orders.seller import product, write_in

__all__ = ["office"]

SUBMITTED = (1, 3)


def money(value: object) -> Decimal:
    return Decimal(str(value or 0)).quantize(Decimal("0.01"))


@pytest.fixture(scope="module")
def shop(office: Office) -> Shop:
    return Shop(office)


class Shop:
    """Sells, changes in Business Central, and looks at both."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.desk = office.desk

    def sell(self, number: str, *lines: dict[str, Any], **columns: Any) -> None:
        """An order that is released, and has been pushed once."""
        self.office.seller.sell(number, *lines, **columns)
        self.desk.pick_up()
        self.push()

    def push(self) -> dict[str, int]:
        self.desk.wait(hours=1)
        outcome = push_orders(self.desk.ctx)
        return dict(outcome.counts)

    def change(
        self, number: str, body: dict[str, Any] | None = None, *, lines: dict[int, dict[str, Any]] | None = None
    ):
        """What a person does: reopen, change, release again."""
        bc, order = self.office.sandbox.bc, {"order": self.desk.entry(number).bc_order_number}
        bc.call("POST", "reopen", order)
        if body:
            self.patch(number, "", body)
        for line, columns in (lines or {}).items():
            bc.call("POST", "change-order-line", order | {"line": line} | columns)
        bc.call("POST", "release", order)

    def patch(self, number: str, more: str, body: dict[str, Any] | None, method: str = "PATCH") -> None:
        company, order = self.desk.ctx.company.id, self.desk.entry(number).bc_order_id
        headers = {} if method == "POST" else {"If-Match": "*"}
        self.office.bc.call(method, f"api/v2.0/companies({company})/salesOrders({order}){more}", body, **headers)

    def in_bc(self, number: str) -> dict[str, Any]:
        return self.desk.bc_order(number)

    def in_sales(self, number: str) -> dict[str, Any]:
        row = self.office.seller.admin.row(f"salesorders?$filter=ordernumber eq '{number}'&$expand=order_details")
        row["lines"] = sorted(row["order_details"], key=lambda line: line["lineitemnumber"] or 0)
        return row

    def codes(self, number: str) -> list[str]:
        return self.desk.codes().get(number, [])


def test_s_107_a_changed_address_goes_over_once(shop: Shop):
    shop.sell("S107", product("GAS-230", 2))
    shop.change("S107", {"shipToCity": "Lillehammer", "shipToPostCode": "2609"})

    assert shop.push()["pushed"] == 1
    row = shop.in_sales("S107")
    assert (row["shipto_city"], row["shipto_postalcode"]) == ("Lillehammer", "2609")
    assert (row["statecode"], row["statuscode"]) == SUBMITTED
    assert row["lastbackofficesubmit"]

    before = row["modifiedon"], row["versionnumber"]
    shop.push()
    row = shop.in_sales("S107")
    assert (row["modifiedon"], row["versionnumber"]) == before, "nothing changed: nothing is written"


def test_nothing_to_do_is_one_read(shop: Shop):
    shop.push()
    calls = shop.desk.bridge.calls
    before = {side: calls.totals(side).requests for side in Side}
    shop.push()
    assert {side: calls.totals(side).requests - before[side] for side in Side} == {
        Side.BUSINESS_CENTRAL: 1,
        Side.SALES: 0,
    }


def test_s_126_a_changed_line_agrees_and_every_discount_counts_once(shop: Shop):
    shop.sell("S126", product("PACK-45", 4, manualdiscountamount=40), product("GAS-230", 10), discountpercentage=10)
    shop.change("S126", {"discountAmount": 1200}, lines={10000: {"quantity": 6, "discountAmount": 90}})

    shop.push()

    row, order = shop.in_sales("S126"), shop.in_bc("S126")
    line = row["lines"][0]
    assert (money(line["quantity"]), money(line["manualdiscountamount"])) == (money(6), money(90))
    assert money(line["extendedamount"]) == money(6 * 1690 - 90)
    assert money(row["totalamount"]) == money(order["totalAmountIncludingTax"])
    assert money(row["totalamountlessfreight"]) == money(order["totalAmountExcludingTax"])
    counted = money(row["discountamount"]) + money(row["totallineitemamount"] * row["discountpercentage"] / 100)
    assert counted == money(order["discountAmount"]) == 1200
    assert money(row["totallineitemamount"]) - counted == money(row["totalamountlessfreight"])
    assert shop.codes("S126") == []
    assert (row["statecode"], row["statuscode"]) == SUBMITTED


def test_a_price_changed_goes_over_and_the_other_line_stays_as_the_seller_wrote_it(shop: Shop):
    shop.sell("PRICE", product("PACK-45", 1), product("GAS-230", 3))
    before = shop.in_sales("PRICE")["lines"][1]
    shop.change("PRICE", lines={10000: {"unitPrice": 1500}})

    shop.push()

    first, second = shop.in_sales("PRICE")["lines"]
    assert (money(first["priceperunit"]), first["ispriceoverridden"]) == (money(1500), True)
    assert second["versionnumber"] == before["versionnumber"]


def test_vat_that_was_taken_out_of_a_price_is_put_back(shop: Shop):
    shop.office.sandbox.bc.set_item("STOVE-GAS", priceIncludesTax=True, vatBusPostingGroupPrice="DOMESTIC")
    shop.sell("VATBACK", product("STOVE-GAS", 1, price=1000))
    assert money(shop.in_bc("VATBACK")["lines"][0]["unitPrice"]) == 800

    shop.change("VATBACK", lines={10000: {"unitPrice": 880}})
    shop.push()

    assert money(shop.in_sales("VATBACK")["lines"][0]["priceperunit"]) == 1100


def test_s_127_a_deleted_line_stays_in_sales_and_is_listed_and_the_rest_goes_over(shop: Shop):
    shop.sell("S127", product("PACK-45"), product("GAS-230", 3), product("GLOVE-WOOL", 2))
    bc, order = shop.office.sandbox.bc, {"order": shop.desk.entry("S127").bc_order_number}
    [gone] = [line["id"] for line in shop.in_bc("S127")["lines"] if line["sequence"] == 20000]
    bc.call("POST", "reopen", order)
    company = shop.desk.ctx.company.id
    shop.office.bc.call("DELETE", f"api/v2.0/companies({company})/salesOrderLines({gone})", **{"If-Match": "*"})
    shop.patch("S127", "", {"shipToCity": "Hamar"})
    bc.call("POST", "release", order)

    shop.push()

    row = shop.in_sales("S127")
    assert row["shipto_city"] == "Hamar"
    assert len(row["lines"]) == 3
    [problem] = [one for one in shop.desk.failures() if one.record == "Sales order S127"]
    assert problem.code == "E-PUSH-02"
    assert "line 20000 (GAS-230) was deleted in Business Central and is kept in Sales" in problem.text

    shop.office.seller.change(f"salesorders({row['salesorderid']})", statecode=0, statuscode=2)
    detail = row["lines"][1]["salesorderdetailid"]
    shop.office.seller.admin.call("DELETE", f"salesorderdetails({detail})")
    shop.office.seller.change(f"salesorders({row['salesorderid']})", statecode=1, statuscode=3)
    shop.push()
    assert shop.codes("S127") == [], "a person has settled it in Sales"


def test_a_new_line_becomes_a_line_in_sales(shop: Shop):
    shop.sell("NEWLINE", product("PACK-45"))
    bc, order = shop.office.sandbox.bc, {"order": shop.desk.entry("NEWLINE").bc_order_number}
    bc.call("POST", "reopen", order)
    for item in ("GAS-230", "BOAT-HIRE"):
        line = {"lineType": "Item", "lineObjectNumber": item, "quantity": 2, "unitPrice": 70}
        shop.patch("NEWLINE", "/salesOrderLines", line, method="POST")
    bc.call("POST", "release", order)

    shop.push()
    shop.push()

    row = shop.in_sales("NEWLINE")
    assert len(row["lines"]) == 3
    gas = shop.office.seller.id_of("products", "productnumber", "GAS-230")
    by_product = {line["_productid_value"]: line for line in row["lines"]}
    assert money(by_product[gas]["quantity"]) == 2
    assert money(by_product[gas]["extendedamount"]) == 140
    assert by_product[None]["productdescription"].startswith("BOAT-HIRE")
    assert money(row["totalamount"]) == money(shop.in_bc("NEWLINE")["totalAmountIncludingTax"])


def test_s_128_a_discount_nobody_touched_stays_as_the_seller_left_it(shop: Shop):
    shop.office.seller.sell("S128", product("PACK-45", 3), discountpercentage=10, freightamount=50)
    shop.desk.pick_up()
    before = shop.in_sales("S128")

    shop.push()

    row = shop.in_sales("S128")
    for column in ("discountamount", "discountpercentage", "freightamount", "totallineitemamount"):
        assert money(row[column]) == money(before[column]), column
    assert money(row["totalamountlessfreight"]) == money(before["totalamountlessfreight"])
    assert shop.codes("S128") == []


def test_a_discount_smaller_than_the_percentage_is_listed_and_left_alone(shop: Shop):
    shop.sell("LESS", product("PACK-45", 3), discountpercentage=10)
    shop.change("LESS", {"discountAmount": 20})

    shop.push()

    assert shop.codes("LESS") == ["E-PUSH-02"]
    row = shop.in_sales("LESS")
    assert money(row["discountamount"]) == 0
    assert money(row["totalamount"]) == money(shop.in_bc("LESS")["totalAmountIncludingTax"])


def test_an_option_that_is_not_coupled_is_listed_and_the_order_stays_submitted(shop: Shop):
    shop.sell("OPTION", product("GAS-230"), customer="10170")
    shop.desk.uncouple_option("PAYMENT TERMS", 3)
    shop.change("OPTION", {"shipToCity": "Moss"})
    shop.push()

    assert shop.codes("OPTION") == ["E-PUSH-01"]
    row = shop.in_sales("OPTION")
    assert (row["statecode"], row["statuscode"]) == SUBMITTED
    assert row["shipto_city"] != "Moss"

    match(shop.desk.ctx, "PAYMENT TERMS")
    assert push_orders(shop.desk.ctx).counts["pushed"] == 1, "it does not wait for the end of its pause"
    assert shop.in_sales("OPTION")["shipto_city"] == "Moss"
    assert shop.codes("OPTION") == []


def test_what_is_switched_off_stays_in_business_central(shop: Shop):
    shop.sell("OFF", product("PACK-45"))
    kept = shop.desk.ctx
    shop.desk.with_settings(push_order_header=False, push_order_totals=False)
    before = shop.in_sales("OFF")
    shop.change("OFF", {"shipToCity": "Skien"}, lines={10000: {"quantity": 2}})
    shop.push()
    shop.desk.ctx = kept

    row = shop.in_sales("OFF")
    assert money(row["lines"][0]["quantity"]) == 2
    assert (row["shipto_city"], row["totalamount"]) == (before["shipto_city"], before["totalamount"])


def test_an_open_order_waits_for_its_release(shop: Shop):
    shop.sell("WAITS", product("GAS-230"))
    bc, order = shop.office.sandbox.bc, {"order": shop.desk.entry("WAITS").bc_order_number}
    bc.call("POST", "reopen", order)
    shop.patch("WAITS", "", {"shipToCity": "Halden"})
    shop.push()
    assert shop.in_sales("WAITS")["shipto_city"] != "Halden"

    bc.call("POST", "release", order)
    shop.push()
    assert shop.in_sales("WAITS")["shipto_city"] == "Halden"


def test_a_lost_reply_is_found_by_looking(shop: Shop):
    shop.sell("LOST", product("GAS-230"), write_in("Engraving", price=55))
    shop.change("LOST", {"shipToCity": "Larvik"}, lines={10000: {"quantity": 5}})
    shop.office.sandbox.faults({"system": "sales", "method": "POST", "path": "batch", "kind": "after", "times": 1})
    shop.push()
    shop.office.sandbox.clear_faults()
    before = shop.in_sales("LOST")
    assert before["shipto_city"] == "Larvik"

    shop.push()

    assert shop.in_sales("LOST")["versionnumber"] == before["versionnumber"]
    assert shop.codes("LOST") == []


def test_without_the_companion_header_and_lines_go_over_too(shop: Shop):
    shop.sell("NOCOMP2", product("GAS-230", 2))
    shop.change("NOCOMP2", {"shipToCity": "Askim"}, lines={10000: {"quantity": 3}})
    shop.office.sandbox.bc.install_companion(False)
    shop.push()
    shop.office.sandbox.bc.install_companion(True)

    row = shop.in_sales("NOCOMP2")
    assert (row["shipto_city"], money(row["lines"][0]["quantity"])) == ("Askim", money(3))


def test_a_refusal_of_sales_leaves_the_order_as_it_was_and_is_listed(shop: Shop):
    shop.sell("REFUSED", product("EAR-MUFF", 2))
    path = shop.office.seller.product_path("EAR-MUFF")
    shop.office.seller.change(path, statecode=1, statuscode=2)
    shop.change("REFUSED", {"shipToCity": "Voss"}, lines={10000: {"quantity": 3}})
    shop.push()

    row = shop.in_sales("REFUSED")
    assert ((row["statecode"], row["statuscode"]), row["shipto_city"] == "Voss") == (SUBMITTED, False)
    [problem] = [one for one in shop.desk.failures() if one.record == "Sales order REFUSED"]
    assert problem.code == "E-PUSH-03"
    assert "Sales refused the changes of Business Central order" in problem.text
    assert "active products" in problem.text

    shop.office.seller.change(path, statecode=0, statuscode=1)
    shop.push()
    assert shop.in_sales("REFUSED")["shipto_city"] == "Voss"
    assert shop.codes("REFUSED") == []

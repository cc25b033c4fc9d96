"""Posted invoices become invoices in Sales: the scenarios of the acceptance list, by their numbers."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from bridge.availability.tail import refresh
from bridge.coupling.service import couple, match, uncouple
from bridge.status.invoices.run import sync_invoices
from tests.invoices.conftest import Office
from tests.orders.seller import product

ACTIVE, PAID, PARTIAL, CANCELED = (0, 4), (2, 100001), (2, 100002), (3, 100003)


def money(value: object) -> Decimal:
    return Decimal(str(value or 0)).quantize(Decimal("0.01"))


def test_s_114_an_invoice_has_the_order_and_the_amounts(office: Office):
    number = office.invoiced("S114", product("TENT-LEI-2", 2), product("GLOVE-WOOL", 3))

    sync_invoices(office.desk.ctx)

    made, posted = office.one_in_sales(number), office.posted(number)
    order = office.sandbox.sales.order("S114")
    row = office.seller.admin.row(f"salesorders?$filter=salesorderid eq {order['salesorderid']}")
    for column in ("_customerid_value", "_pricelevelid_value", "_opportunityid_value"):
        assert made[column] == row[column], column
    assert made["_salesorderid_value"] == row["salesorderid"]
    assert made["name"] == row["name"]
    assert made["duedate"] == posted["dueDate"]
    assert money(made["totalamount"]) == money(posted["totalAmountIncludingTax"])
    assert money(made["totaltax"]) == money(posted["totalTaxAmount"])
    assert money(made["totalamountlessfreight"]) == money(posted["totalAmountExcludingTax"])
    assert (made["billto_name"], made["shipto_city"]) == (posted["billToName"], posted["shipToCity"])
    assert office.state(number) == ACTIVE
    assert [money(line["quantity"]) for line in made["lines"]] == [2, 3]
    for line, theirs in zip(made["lines"], posted["salesInvoiceLines"], strict=True):
        assert money(line["extendedamount"]) == money(theirs["netAmountIncludingTax"])
        assert line["_productid_value"]


def test_s_115_another_customer_is_listed_and_nothing_is_made(office: Office):
    order_id = office.seller.sell("S115", product("GAS-230"))
    office.desk.pick_up()
    other = office.seller.id_of("accounts", "accountnumber", "10110")
    office.desk.write_in_sales(
        "S115",
        {"statecode": 0, "statuscode": 2},
        {"customerid_account@odata.bind": f"/accounts({other})"},
        {"statecode": 1, "statuscode": 3},
    )
    number = office.post("S115")

    sync_invoices(office.desk.ctx)

    assert office.in_sales(number) == []
    [problem] = office.listed(number)
    assert problem.code == "E-INV-01"
    assert "10100" in problem.text and "S115" in problem.text and "Kystbua" in problem.text
    assert order_id in office.shown(number)["invoices"][0]["order_id"]


def test_s_117_texts_and_freight_are_written_in(office: Office):
    line = product("TENT-LEI-2", description="Green, please\nand a long text")
    number = office.invoiced("S117", line, freightamount=120)

    sync_invoices(office.desk.ctx)

    made = office.one_in_sales(number)
    written = [line["productdescription"] for line in made["lines"] if line["isproductoverridden"]]
    assert written[:2] == ["Green, please.", "and a long text."]
    assert written[2].startswith("6810 ")
    assert money(made["totalamount"]) == money(office.posted(number)["totalAmountIncludingTax"])
    assert sum(money(line["extendedamount"]) for line in made["lines"]) == money(made["totalamount"])


def test_s_119_an_item_that_is_not_coupled_stops_the_invoice_until_it_is(office: Office):
    number = office.invoiced("S119", product("AXE-CAMP"))
    product_id = office.seller.id_of("products", "productnumber", "AXE-CAMP")
    uncouple(office.desk.ctx, "ITEM-PRODUCT", "AXE-CAMP")

    sync_invoices(office.desk.ctx)
    [problem] = office.listed(number)
    assert problem.code == "E-INV-02"
    assert problem.advice.startswith("Couple it: python -m bridge couple ITEM-PRODUCT AXE-CAMP ")
    assert office.in_sales(number) == []

    couple(office.desk.ctx, "ITEM-PRODUCT", "AXE-CAMP", product_id)
    sync_invoices(office.desk.ctx)
    assert office.state(number) == ACTIVE
    assert office.listed(number) == []


def test_a_blocked_item_stops_the_first_upload(office: Office):
    number = office.invoiced("BLOCKED", product("KNIFE-TURI"))
    refresh(office.desk.ctx, full=True)
    office.sandbox.bc.set_item("KNIFE-TURI", blocked=True)
    refresh(office.desk.ctx)

    sync_invoices(office.desk.ctx)
    [problem] = office.listed(number)
    assert (problem.code, problem.text.endswith("item KNIFE-TURI on its line 1 is blocked.")) == ("E-INV-02", True)

    office.sandbox.bc.set_item("KNIFE-TURI", blocked=False)
    refresh(office.desk.ctx)
    office.desk.wait(hours=1)
    sync_invoices(office.desk.ctx)
    assert office.state(number) == ACTIVE


def test_a_customer_that_is_not_coupled_is_listed_until_it_is(office: Office):
    number = office.invoiced("NOCUST", product("GAS-230"), customer="10130")
    uncouple(office.desk.ctx, "CUSTOMER", "10130")

    sync_invoices(office.desk.ctx)
    [problem] = office.listed(number)
    assert (problem.code, problem.heals_by_itself) == ("E-INV-03", False)
    assert "customer 10130 has no account" in problem.text

    couple(office.desk.ctx, "CUSTOMER", "10130", office.seller.id_of("accounts", "accountnumber", "10130"))
    sync_invoices(office.desk.ctx)
    assert office.state(number) == ACTIVE


@pytest.mark.parametrize("code", ["PAYMENT TERMS", "SALESPEOPLE"])
def test_codes_that_are_not_coupled_are_listed_until_they_are(office: Office, code: str):
    number = office.invoiced(f"CODE-{code[:3]}", product("GAS-230"), customer="10120")
    key, expected, message = {
        "PAYMENT TERMS": ("NET45", "E-INV-06", "payment terms NET45"),
        "SALESPEOPLE": ("JON", "E-INV-05", "salesperson JON"),
    }[code]
    uncouple(office.desk.ctx, code, key)

    sync_invoices(office.desk.ctx)
    [problem] = office.listed(number)
    assert problem.code == expected
    assert message in problem.text

    match(office.desk.ctx, code)
    sync_invoices(office.desk.ctx)
    assert office.state(number) == ACTIVE


def test_s_120_the_state_follows_what_is_paid(office: Office):
    number = office.invoiced("S120", product("PACK-45", 2))
    ctx = office.desk.ctx
    sync_invoices(ctx)
    assert office.state(number) == ACTIVE

    office.pay(number, 100)
    sync_invoices(ctx)
    assert office.state(number) == PARTIAL
    office.pay(number)
    sync_invoices(ctx)
    assert office.state(number) == PAID
    office.sandbox.bc.call("POST", "unapply", {"invoice": number})
    sync_invoices(ctx)
    assert office.state(number) == ACTIVE
    office.cancel(number)
    sync_invoices(ctx)
    assert office.state(number) == CANCELED
    assert office.listed(number) == []


def test_an_invoice_paid_before_anybody_looked_is_paid_in_sales_from_the_start(office: Office):
    number = office.invoiced("PAIDSOON", product("GAS-230"))
    office.pay(number)

    sync_invoices(office.desk.ctx)

    assert office.state(number) == PAID


def test_a_state_that_somebody_changed_in_sales_is_looked_at_and_set_right(office: Office):
    number = office.invoiced("TOUCHED", product("GAS-230"))
    sync_invoices(office.desk.ctx)
    path = f"invoices({office.one_in_sales(number)['invoiceid']})"
    office.seller.change(path, statecode=3, statuscode=100003)
    office.pay(number)

    sync_invoices(office.desk.ctx)
    office.desk.wait(minutes=1)
    sync_invoices(office.desk.ctx)

    assert office.state(number) == PAID
    assert office.listed(number) == []


def test_each_part_of_an_order_has_its_own_invoice(office: Office):
    office.seller.sell("PARTS", product("GLOVE-WOOL", 4))
    office.desk.pick_up()
    order = office.desk.entry("PARTS").bc_order_number
    numbers = []
    for quantity in (1, 3):
        office.sandbox.bc.call("POST", "ship", {"order": order, "lines": {"GLOVE-WOOL": quantity}})
        numbers.append(office.sandbox.bc.invoice(str(order))["invoice"])
        sync_invoices(office.desk.ctx)

    made = [office.one_in_sales(number) for number in numbers]
    assert [money(invoice["lines"][0]["quantity"]) for invoice in made] == [1, 3]
    assert len({invoice["_salesorderid_value"] for invoice in made}) == 1


def test_s_118_prices_with_vat_are_made_net_and_the_remainder_is_one_line(office: Office):
    office.seller.sell("S118", product("GLOVE-WOOL", 3, price=99.99))
    office.desk.pick_up()
    order = office.desk.entry("S118")
    office.set_prices_include_vat(order.bc_order_id)
    number = office.post("S118")

    sync_invoices(office.desk.ctx)
    sync_invoices(office.desk.ctx)

    made, posted = office.one_in_sales(number), office.posted(number)
    total = money(posted["totalAmountIncludingTax"])
    assert posted["pricesIncludeTax"]
    assert [line["productdescription"] for line in made["lines"] if line["isproductoverridden"]] == ["Rounding"]
    held = sum(
        line["priceperunit"] * line["quantity"] + line["tax"] - (line["manualdiscountamount"] or 0)
        for line in made["lines"]
    )
    assert money(held) == total == money(made["totalamount"])
    assert sum(money(line["extendedamount"]) for line in made["lines"]) == total


def test_a_foreign_currency_and_discounts_come_out_to_the_cent(office: Office):
    number = office.invoiced(
        "EURO", product("PACK-70", 3, price=187.33, manualdiscountamount=7.77), customer="30100", currency="EUR",
        discountamount=11.11,
    )  # fmt: skip

    sync_invoices(office.desk.ctx)

    made, posted = office.one_in_sales(number), office.posted(number)
    euro = office.seller.id_of("transactioncurrencies", "isocurrencycode", "EUR")
    assert made["_transactioncurrencyid_value"] == euro
    assert money(made["totalamount"]) == money(posted["totalAmountIncludingTax"])
    assert money(made["totaldiscountamount"]) == money("11.11")
    [line], [theirs] = made["lines"], posted["salesInvoiceLines"]
    assert money(line["manualdiscountamount"]) == money("7.77")
    assert money(line["baseamount"]) == money(3 * 187.33)
    assert money(line["extendedamount"]) == money(theirs["netAmountIncludingTax"]) + money("11.11")


def test_s_129_the_salesperson_owns_the_invoice_or_the_owner_of_the_order(office: Office):
    ctx = office.desk.ctx
    number = office.invoiced("S129", product("GAS-230"), customer="10120")
    astrid = office.seller.id_of("systemusers", "internalemailaddress", "astrid@tindvika.example")
    jonas = office.seller.id_of("systemusers", "internalemailaddress", "jonas@tindvika.example")
    sync_invoices(ctx)
    assert office.one_in_sales(number)["_ownerid_value"] == jonas, "the customer's salesperson is Jonas"

    number = office.invoiced("S129-TEAM", product("GAS-230"), customer="10120")
    office.desk.with_settings(ownership="team")
    sync_invoices(office.desk.ctx)
    office.desk.ctx = ctx
    assert office.one_in_sales(number)["_ownerid_value"] == astrid, "Astrid wrote the order"


def test_s_130_and_116_invoices_of_no_order_come_by_switch_only(office: Office):
    ctx = office.desk.ctx
    number = office.direct_invoice("10100", "GAS-230")
    sync_invoices(ctx)
    assert office.in_sales(number) == []

    today = date.fromisoformat(office.posted(number)["postingDate"])
    office.desk.with_settings(invoices_of_others_from=today + timedelta(days=1))
    sync_invoices(office.desk.ctx)
    assert office.in_sales(number) == [], "it was posted before the day"

    office.desk.with_settings(invoices_of_others_from=today)
    sync_invoices(office.desk.ctx)
    office.desk.ctx = ctx
    made = office.one_in_sales(number)
    assert made["name"] == number
    assert made["_salesorderid_value"] is None
    assert made["_customerid_value"] == office.seller.id_of("accounts", "accountnumber", "10100")
    lists = office.seller.admin.row(f"pricelevels?$filter=pricelevelid eq {made['_pricelevelid_value']}")
    assert lists["name"] == "Business Central Default Price List"
    prices = f"productpricelevels?$filter=_pricelevelid_value eq {made['_pricelevelid_value']}"
    assert [price["productnumber"] for price in office.seller.admin.rows(prices)] == ["GAS-230"]


def test_a_number_that_is_taken_is_adopted_for_the_same_customer_and_listed_for_another(office: Office):
    theirs = {"10100": office.invoiced("TAKEN-1"), "10110": office.invoiced("TAKEN-2")}
    for customer, number in theirs.items():
        account = office.seller.id_of("accounts", "accountnumber", customer)
        bind = {"customerid_account@odata.bind": f"/accounts({account})"}
        office.seller.create("invoices", invoicenumber=number, name="by hand", **bind)

    sync_invoices(office.desk.ctx)

    assert [invoice["name"] for invoice in office.in_sales(theirs["10100"])] == ["by hand"]
    assert office.listed(theirs["10100"]) == []
    assert office.state(theirs["10100"]) == ACTIVE
    assert [problem.code for problem in office.listed(theirs["10110"])] == ["E-INV-09"]


def test_without_the_companion_the_invoice_comes_with_what_the_api_tells(office: Office):
    number = office.invoiced("NOCOMP", product("TENT-LEI-2", 2), product("GAS-230"))
    office.sandbox.bc.install_companion(False)
    try:
        sync_invoices(office.desk.ctx)
        made = office.one_in_sales(number)
        assert made["datedelivered"] is None
        assert money(made["totalamount"]) == money(office.posted(number)["totalAmountIncludingTax"])
        office.pay(number)
        office.desk.wait(hours=1)
        sync_invoices(office.desk.ctx)
        assert office.state(number) == PAID
    finally:
        office.sandbox.bc.install_companion(True)


def test_s_129_without_a_salesperson_the_owner_of_the_order_owns_the_invoice(office: Office):
    office.seller.sell("NOSELLER", product("GAS-230"), customer="10120")
    office.desk.pick_up()
    order = {"order": office.desk.entry("NOSELLER").bc_order_id}
    office.sandbox.bc.call("POST", "reopen", order)
    path = f"api/v2.0/companies({office.desk.ctx.company.id})/salesOrders({order['order']})"
    office.bc.call("PATCH", path, {"salesperson": ""}, **{"If-Match": "*"})
    office.sandbox.bc.call("POST", "release", order)
    number = office.post("NOSELLER")

    sync_invoices(office.desk.ctx)

    astrid = office.seller.id_of("systemusers", "internalemailaddress", "astrid@tindvika.example")
    assert office.one_in_sales(number)["_ownerid_value"] == astrid


def test_the_contact_an_order_is_for_is_the_customer_of_its_invoice(office: Office):
    account = office.seller.id_of("accounts", "accountnumber", "10100")
    bind = {"parentcustomerid_account@odata.bind": f"/accounts({account})"}
    contact = office.seller.create("contacts", firstname="Kari", lastname="Nordmann", **bind)
    customer = {
        "customerid_account@odata.bind": None,
        "customerid_contact@odata.bind": f"/contacts({contact})",
    }
    number = office.invoiced("CONTACT", product("GAS-230"), **customer)

    sync_invoices(office.desk.ctx)

    made = office.one_in_sales(number)
    assert (made["_customerid_value"], made["_contactid_value"]) == (contact, contact)

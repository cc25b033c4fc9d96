"""Scenarios S-27 to S-45: what of a Sales order's header becomes what in Business Central. One pick-up for all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.orders.conftest import Desk
from tests.orders.seller import Seller, product

SIX = ("AddressLine1", "AddressLine2", "City", "PostCode", "State", "Country")
LONG_NAME = "A name of sixty characters goes on and on until it is sixty."
TEXT = "Ring på døra.\r\nÅpent 8–16.\n\nHilsen Kåre"


def sell_all(desk: Desk) -> None:
    """Every order of this module."""
    seller = Seller(desk.sandbox)
    tent = product("TENT-LEI-2")

    def sell(scenario: str, **columns: Any) -> None:
        seller.sell(scenario, tent, **columns)

    desk.sandbox.bc.set_customer("10110", addressLine1="Kaien 3", currencyCode="EUR")
    sell("S-27 æøå", name="ordre-17 æøå")
    sell("S-28", name=LONG_NAME)
    seller.sell("S-29", tent, product("GAS-230", 2), requestdeliveryby="2026-04-01")
    sell("S-29 none")
    sell("S-30", customer="10110", currency="NOK")
    sell("S-31", customer="30100", currency="EUR")
    sell("S-34")
    sell("S-35", shipto_city="Lom")
    sell("S-36", shipto_line1="Vei 1", shipto_line3="Third line", shipto_name="Another name", billto_name="Someone")
    sell("S-37", shipto_line1="x" * 200, shipto_line2="y" * 80)
    sell("S-38 code", shipto_country="NO", shipto_line1="Vei 1")
    sell("S-38 name", shipto_country="norway", shipto_line1="Vei 1")
    sell("S-38 wrong", shipto_country="Atlantis", shipto_line1="Vei 1")
    sell("S-39", billto_line1="Faktura 9", billto_city="Bergen", billto_postalcode="5003", billto_country="NO")
    sell("S-40", paymenttermscode=2, freighttermscode=2, shippingmethodcode=2)
    desk.uncouple_option("PAYMENT TERMS", 4)
    sell("S-41", paymenttermscode=4)
    sell("S-42", paymenttermscode=2)
    sell("S-43", description=TEXT)


@pytest.fixture(scope="module")
def day(shared_desk: Desk) -> Desk:
    sell_all(shared_desk)
    shared_desk.pick_up()
    return shared_desk


@pytest.fixture(scope="module")
def order(day: Desk) -> Callable[[str], dict[str, Any]]:
    """A Business Central order by its reference."""
    made = {each["yourReference"]: each for each in day.sandbox.bc.orders()}
    return made.__getitem__


def address(order: dict[str, Any], party: str) -> list[str]:
    return [order.get(f"{party}{part}", "") for part in SIX]


def test_every_order_but_the_wrong_one_is_acknowledged_and_released(day):
    numbers = [each["ordernumber"] for each in day.sandbox.sales.orders() if each["ordernumber"].startswith("S-")]
    assert [number for number in numbers if not day.is_acknowledged(number)] == ["S-38 wrong"]
    assert {each["status"] for each in day.sandbox.bc.orders()} == {"Released"}


def test_s27_the_name_is_the_external_document_number_in_capitals_and_the_reference_keeps_its_case(order):
    made = order("S-27 æøå")
    assert (made["externalDocumentNumber"], made["yourReference"]) == ("ORDRE-17 ÆØÅ", "S-27 æøå")


def test_s28_a_long_name_is_cut_at_35(order):
    assert order("S-28")["externalDocumentNumber"] == LONG_NAME[:35].strip().upper()


def test_s29_the_delivery_date_is_on_the_header_and_on_every_line(order):
    made = order("S-29")
    assert made["requestedDeliveryDate"] == "2026-04-01"
    assert [line["shipmentDate"] for line in made["lines"]] == ["2026-04-01"] * 2
    assert not order("S-29 none").get("requestedDeliveryDate")


def test_s30_the_local_currency_is_blank_even_for_a_customer_in_euro(order):
    assert order("S-30")["customerNumber"] == "10110"
    assert order("S-30")["currencyCode"] == ""


def test_s31_another_currency_is_known_by_its_iso_code(order):
    assert order("S-31")["currencyCode"] == "EUR"


def test_s34_without_a_bill_to_address_the_customers_stands(order):
    made = order("S-34")
    assert address(made, "billTo") == ["Storgata 14", "", "Otta", "2670", "", "NO"]


def test_s35_one_filled_part_blanks_the_other_five(order):
    assert address(order("S-35"), "shipTo") == ["", "", "Lom", "", "", ""]


def test_s36_third_lines_and_names_are_not_taken_over(order):
    made = order("S-36")
    assert address(made, "shipTo") == ["Vei 1", "", "", "", "", ""]
    assert "Third line" not in str(made)
    assert (made["shipToName"], made["billToName"]) == ("Fjellhandel Otta AS", "Fjellhandel Otta AS")


def test_s37_address_lines_are_cut_at_what_fits(order):
    assert address(order("S-37"), "shipTo")[:2] == ["x" * 100, "y" * 50]


def test_s38_a_country_is_known_by_code_or_by_name_else_the_order_waits(day, order):
    assert order("S-38 code")["shipToCountry"] == "NO"
    assert order("S-38 name")["shipToCountry"] == "NO"
    assert day.codes()["S-38 wrong"] == ["E-ORD-09"]
    assert "S-38 wrong" not in day.bc_orders()


def test_s39_a_bill_to_address_of_its_own_is_there_in_the_end(order):
    made = order("S-39")
    assert address(made, "billTo") == ["Faktura 9", "", "Bergen", "5003", "", "NO"]
    assert made["sellToAddressLine1"] == "Storgata 14"


def test_s40_coupled_options_set_terms_method_and_agent(order):
    made = order("S-40")
    codes = (made["paymentTermsCode"], made["shipmentMethodCode"], made["shippingAgentCode"])
    assert codes == ("2-10NET30", "NOCHARGE", "DHL")


def test_s41_an_option_without_coupling_leaves_the_customers_own(order):
    assert order("S-41")["paymentTermsCode"] == "NET30"


def test_s42_the_payment_discount_is_the_orders_also_when_it_is_none(order):
    made = order("S-42")
    assert (made["paymentTermsCode"], made["paymentDiscountPercent"]) == ("2-10NET30", 0)


def test_s43_the_work_description_is_the_text_letter_by_letter(order):
    assert order("S-43")["workDescription"] == TEXT


def test_s38_with_matching_off_a_name_is_no_country(desk: Desk, seller: Seller):
    seller.sell("S-38 off", product("TENT-LEI-2"), shipto_country="Norway", shipto_line1="Vei 1")
    desk.with_settings(country_matching=False)
    desk.pick_up()
    assert desk.codes()["S-38 off"] == ["E-ORD-09"]
    assert "S-38 off" not in desk.bc_orders()


def test_s32_a_currency_business_central_does_not_have_stops_the_order(desk: Desk, seller: Seller):
    seller.sell("S-32", product("TENT-LEI-2"))
    desk.read_from_sales("S-32", transactioncurrencyid={"isocurrencycode": "CHF"})
    desk.pick_up()
    assert desk.codes()["S-32"] == ["E-ORD-07"]
    assert "S-32" not in desk.bc_orders()


def test_s33_without_a_currency_the_order_is_in_the_local_one(desk: Desk, seller: Seller):
    """Sales fills the column in; that it may be empty the contract of the table allows."""
    seller.sell("S-33", product("TENT-LEI-2"))
    desk.read_from_sales("S-33", _transactioncurrencyid_value=None, transactioncurrencyid=None)
    desk.pick_up()
    assert desk.bc_order("S-33")["currencyCode"] == ""
    assert desk.is_acknowledged("S-33")

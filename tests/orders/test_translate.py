"""A Sales order becomes what Business Central shall create: header fields, addresses, codes, totals, notes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.orders.lookups import Partner
from bridge.orders.request import OrderAddress
from bridge.records import cents
from tests.orders.builders import (
    EURO,
    a_line,
    an_account,
    an_order,
    lookups,
    problems,
    translated,
)

money = st.decimals(min_value=0, max_value=100_000, places=2)


def test_the_order_number_is_the_reference_by_which_it_is_found_again():
    """35 characters of it, case kept; the name becomes the external document number."""
    request = translated(an_order(ordernumber="So-" + "1" * 60, name="ordre-17 æøå" + "x" * 60))

    assert request.your_reference == "So-" + "1" * 32
    assert request.external_document_number == "ordre-17 æøå" + "x" * 23
    assert request.sales_number == "So-" + "1" * 60


def test_the_customer_is_the_coupled_one():
    assert translated(an_order()).to_json()["customerId"] == "bc-customer"


def test_a_contact_orders_for_its_company_whatever_type_that_is():
    contact = {"contactid": "c", "fullname": "Kari", "parentcustomerid_account": an_account(customertypecode=None)}
    order = an_order(_customerid_value="c", customerid_account=None, customerid_contact=contact)

    assert translated(order).customer_id == "bc-customer"


def test_the_local_currency_is_named_so_that_a_customers_own_is_not_taken():
    assert translated(an_order()).to_json()["currencyCode"] == "NOK"
    assert translated(an_order(_transactioncurrencyid_value=None, transactioncurrencyid=None)).currency_code == "NOK"


def test_a_foreign_currency_is_taken_by_its_iso_code():
    order = an_order(_transactioncurrencyid_value=EURO, transactioncurrencyid={"isocurrencycode": "EUR"})

    assert translated(order).currency_code == "EUR"


def test_coupled_options_become_codes_and_uncoupled_ones_are_left_to_the_customer():
    request = translated(an_order(paymenttermscode=1, freighttermscode=2, shippingmethodcode=3))
    assert (request.payment_terms_code, request.shipment_method_code, request.shipping_agent_code) == (
        "30 DAYS",
        "FREE",
        "POST",
    )

    body = translated(an_order(paymenttermscode=9, freighttermscode=None)).to_json()
    assert not {"paymentTermsCode", "shipmentMethodCode", "shippingAgentCode"} & body.keys()


def test_one_filled_part_of_an_address_blanks_the_others():
    """Half of the customer's address beside half of another one would be nobody's address."""
    request = translated(an_order(shipto_city="Bergen"))

    assert request.ship_to == OrderAddress(city="Bergen")
    assert request.to_json()["shipTo"] == {
        "addressLine1": "",
        "addressLine2": "",
        "city": "Bergen",
        "postCode": "",
        "state": "",
        "country": "",
    }
    assert request.bill_to is None
    assert "billTo" not in request.to_json()


def test_address_parts_are_cut_to_what_business_central_keeps():
    long = dict.fromkeys(("line1", "line2", "city", "postalcode", "stateorprovince"), "x" * 200)
    request = translated(an_order(**{f"billto_{part}": text for part, text in long.items()}))

    assert request.bill_to == OrderAddress("x" * 100, "x" * 50, "x" * 30, "x" * 20, "x" * 30, "")


@pytest.mark.parametrize("text", ["NO", " no ", "Norge", "NORGE"])
def test_a_country_is_known_by_code_or_name(text):
    request = translated(an_order(shipto_country=text))

    assert request.ship_to is not None
    assert request.ship_to.country == "NO"


def test_without_country_matching_only_codes_are_known():
    found = problems(an_order(billto_country="Norge"), lookups(rules={"country_matching": False}))

    assert [problem.code for problem in found] == ["E-ORD-09"]


def test_the_delivery_date_is_a_date_and_absent_when_there_is_none():
    assert translated(an_order(requestdeliveryby="2026-03-01T00:00:00Z")).requested_delivery_date == "2026-03-01"
    assert "requestedDeliveryDate" not in translated(an_order(requestdeliveryby=None)).to_json()


def test_the_payment_discount_is_always_written_so_that_it_overrules_the_terms():
    assert translated(an_order()).to_json()["paymentDiscountPercent"] == 0
    assert translated(an_order(discountpercentage=Decimal("2.5"))).payment_discount_percent == Decimal("2.5")


def test_the_description_is_kept_whole():
    text = "Leveres ved porten.\nRing først – spør etter Bjørn."

    assert translated(an_order(description=text)).work_description == text


@given(amount=money, percent=st.decimals(min_value=0, max_value=100, places=2), total=money)
def test_the_invoice_discount_is_what_sales_took_off_the_lines(amount, percent, total):
    """Amount and percentage together, as Sales calculated them; none when the order has neither."""
    less = total - amount - cents(total * percent / 100)
    order = an_order(
        a_line(priceperunit=total),
        discountamount=amount,
        discountpercentage=percent,
        totallineitemamount=total,
        totalamountlessfreight=less,
    )

    request = translated(order)

    assert request.discount_amount == (total - less if amount or percent else 0)
    assert request.expected_total == less


@given(
    lines=st.lists(
        st.tuples(st.integers(1, 500), money, money.map(lambda discount: discount / 10)), min_size=1, max_size=12
    ),
    freight=money,
)
def test_the_expected_total_is_every_line_in_cents_and_the_freight(lines, freight):
    order = an_order(
        *(
            a_line(sequencenumber=place, quantity=quantity, priceperunit=price, manualdiscountamount=discount)
            for place, (quantity, price, discount) in enumerate(lines)
        ),
        freightamount=freight,
    )

    total = sum((cents(Decimal(quantity) * price) - cents(discount) for quantity, price, discount in lines), freight)
    assert translated(order).expected_total == total


def test_notes_come_along_as_plain_text_and_attachments_do_not():
    order = an_order(
        SalesOrder_Annotation=[
            {"annotationid": "2", "subject": "Later", "notetext": None, "createdon": "2026-03-02T08:00:00Z"},
            {
                "annotationid": "1",
                "subject": "Call first",
                "notetext": "<p>Ring &amp; spør</p><p>etter <b>Kari</b></p>",
                "createdon": "2026-03-01T08:00:00Z",
                "isdocument": False,
                "filesize": 0,
            },
            {"annotationid": "3", "subject": "A file", "createdon": "2026-03-03T08:00:00Z", "isdocument": True},
        ]
    )

    assert translated(order).to_json()["notes"] == [
        {"subject": "Call first", "body": "Ring & spør\netter Kari", "createdOn": "2026-03-01T08:00:00Z"},
        {"subject": "Later", "body": "", "createdOn": "2026-03-02T08:00:00Z"},
    ]


def test_an_order_that_sells_something_is_released_and_an_empty_one_is_not():
    assert translated(an_order()).to_json()["release"] is True
    assert translated(an_order(order_details=[])).to_json()["release"] is False


def test_an_order_names_its_quote_by_number_or_lets_a_companion_that_can_find_it_by_reference():
    """One that is older refuses a name it does not know, and with it the order."""
    quote = "5d5f0a4e-0000-4000-8000-000000000001"
    order = an_order(_quoteid_value=quote, quoteid={"quoteid": quote, "quotenumber": "Q" * 40})
    can = {"finds_quotes": True}
    known = lookups(rules=can, quotes={quote: Partner("bc-quote", "SQ1")})

    made = [translated(order, each) for each in (known, lookups(rules=can), lookups())]

    assert [(one.quote_number, one.quote_reference) for one in made] == [("SQ1", ""), ("", "Q" * 35), ("", "")]
    assert "quoteReference" not in made[2].to_json()

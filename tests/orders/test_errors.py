"""Every refusal names the order, the line, the cause and the next step, under a code that does not change."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from bridge.orders import errors
from bridge.orders.errors import OrderProblem, Retry
from bridge.orders.refusals import problem_of_refusal
from bridge.orders.request import OrderRequest
from bridge.quotes import errors as quote_errors
from tests.orders.builders import (
    ACCOUNT,
    EURO,
    PRODUCT,
    a_line,
    a_product,
    a_service,
    a_write_in,
    an_account,
    an_order,
    lookups,
    problems,
)

DOCS = [Path(__file__).parents[2] / "docs" / page for page in ("orders.md", "quotes.md")]

REFUSED = [
    pytest.param(
        an_order(_customerid_value=None, customerid_account=None),
        {},
        "E-ORD-01",
        "Sales order SO-1042: it has no customer. Choose a customer in Sales and submit the order again.",
        id="no customer",
    ),
    pytest.param(
        an_order(customerid_account=None, customerid_contact={"fullname": "Kari Li"}),
        {},
        "E-ORD-02",
        "Sales order SO-1042: customer contact Kari Li does not lead to an account."
        " Choose an account, or give the contact an account as its company.",
        id="contact without company",
    ),
    pytest.param(
        an_order(customerid_account=None),
        {},
        "E-ORD-02",
        f"Sales order SO-1042: customer account {ACCOUNT} does not lead to an account."
        " Choose an account, or give the contact an account as its company.",
        id="account gone",
    ),
    pytest.param(
        an_order(customerid_account=an_account(customertypecode=1)),
        {},
        "E-ORD-03",
        "Sales order SO-1042: account Nordvik AS is not of type customer."
        " Set its relationship type to Customer in Sales.",
        id="not a customer",
    ),
    pytest.param(
        an_order(),
        {"customers": {}},
        "E-ORD-04",
        "Sales order SO-1042: account Nordvik AS has no Business Central customer. Couple it: python -m bridge couple"
        f" CUSTOMER BC_ID {ACCOUNT}, or python -m bridge match CUSTOMER.",
        id="account not coupled",
    ),
    pytest.param(
        an_order(_transactioncurrencyid_value=EURO, transactioncurrencyid={"isocurrencycode": "USD"}),
        {},
        "E-ORD-07",
        "Sales order SO-1042: currency USD is unknown in Business Central."
        " Set the currency up there, or change it on the order.",
        id="currency",
    ),
    pytest.param(
        an_order(shipto_country="Atlantis"),
        {},
        "E-ORD-09",
        'Sales order SO-1042: country "Atlantis" of the ship-to address is not a Business Central country.'
        " Write a code of Business Central's countries/regions, or add the country there.",
        id="country",
    ),
    pytest.param(
        an_order(a_line(), a_line(sequencenumber=2)),
        {"items": {}},
        "E-ORD-10",
        "Sales order SO-1042, line 1: product HOSE-12 is not coupled to an item. Couple it: python -m bridge couple"
        f" ITEM-PRODUCT BC_ID {PRODUCT}; or correct the line.",
        id="product not coupled",
    ),
    pytest.param(
        an_order(a_line(a_service())),
        {"resources": {}},
        "E-ORD-10",
        "Sales order SO-1042, line 1: product FITTING is not coupled to a resource.",
        id="service not coupled",
    ),
    pytest.param(
        an_order(a_line(), a_line(productid=None, sequencenumber=2)),
        {},
        "E-ORD-10",
        f"Sales order SO-1042, line 2: product {PRODUCT} is not coupled to an item or resource.",
        id="product gone",
    ),
    pytest.param(
        an_order(a_line(a_product(statecode=1))),
        {},
        "E-ORD-11",
        "Sales order SO-1042, line 1: product HOSE-12 is not active."
        " Activate the product in Sales, or take it off the order.",
        id="product not active",
    ),
    pytest.param(
        an_order(a_write_in()),
        {"rules": {"write_in_number": ""}},
        "E-ORD-12",
        "Sales order SO-1042, line 1: the line has no product, and no write-in product is set up."
        " Fill in Write-in Product No. in Sales & Receivables Setup in Business Central.",
        id="no write-in product",
    ),
    pytest.param(
        an_order(a_write_in()),
        {"rules": {"write_in_is_coupled": True}},
        "E-ORD-13",
        "Sales order SO-1042, line 1: write-in product VARIOUS must not be coupled to a Sales product."
        " Uncouple it, or choose another one in Sales & Receivables Setup.",
        id="write-in product coupled",
    ),
    pytest.param(
        an_order(a_line(a_product(producttypecode=4))),
        {},
        "E-ORD-14",
        "Sales order SO-1042, line 1: product HOSE-12: only inventory and service products can be ordered.",
        id="flat fee",
    ),
    pytest.param(
        an_order(a_line(_uomid_value="another", uomid={"name": "Box"})),
        {},
        "E-ORD-17",
        "Sales order SO-1042, line 1: unit Box is not the unit that product HOSE-12 has in Business Central.",
        id="other unit",
    ),
    pytest.param(
        an_order(freightamount=100),
        {"rules": {"freight_account": ""}},
        "E-ORD-19",
        "Sales order SO-1042: it has freight, but no freight account is set up.",
        id="no freight account",
    ),
    pytest.param(
        an_order(a_line(quantity=0)),
        {},
        "E-ORD-20",
        "Sales order SO-1042, line 1: the quantity is 0. Give a quantity, or take the line off the order.",
        id="quantity 0",
    ),
    pytest.param(
        an_order(order_details=[], freightamount=100),
        {},
        "E-ORD-21",
        "Sales order SO-1042: it has freight but no lines.",
        id="freight without lines",
    ),
    pytest.param(
        an_order(discountpercentage=Decimal(101)),
        {},
        "E-ORD-26",
        "Sales order SO-1042: Business Central refused: a discount of 101 % is not between 0 and 100.",
        id="discount over 100",
    ),
]


@pytest.mark.parametrize(("order", "known", "code", "text"), REFUSED)
def test_a_refusal_says_what_is_wrong_and_what_to_do(order, known, code, text):
    first = problems(order, lookups(**known))[0]

    assert first.code == code
    assert str(first).startswith(text)
    assert first.advice.endswith(".")


def test_everything_wrong_with_an_order_is_told_at_once():
    order = an_order(
        a_line(quantity=0), a_line(a_product(statecode=1), sequencenumber=2), customerid_account=None, freightamount=5
    )

    found = problems(order, lookups(rules={"freight_account": ""}))

    assert [problem.code for problem in found] == ["E-ORD-02", "E-ORD-20", "E-ORD-11", "E-ORD-19"]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("You cannot create this type of document when Customer C100 is blocked with type All", "E-ORD-06"),
        ("The Customer does not exist. Identification fields and values: No.='C100'", "E-ORD-05"),
        ("There is no Currency Exchange Rate within the filter.", "E-ORD-08"),
        ("The Currency does not exist. Identification fields and values: Code='XXX'", "E-ORD-07"),
        ("The Item does not exist. Identification fields and values: No.='HOSE-12'", "E-ORD-10"),
        ("The Item Unit of Measure does not exist. Item No.='HOSE-12', Code='BOX'", "E-ORD-18"),
        ("No line allows an invoice discount.", "E-ORD-22"),
        ("Blocked must be equal to 'No' in Item: No.=HOSE-12. Current value is 'Yes'.", "E-ORD-26"),
        ("Something nobody has seen before", "E-ORD-26"),
    ],
)
def test_a_refusal_of_business_central_gets_its_code_and_keeps_its_words(message, code):
    request = OrderRequest("s", "SO-1042", "SO-1042", "bc-customer", "C100", currency_code="XXX")

    problem = problem_of_refusal(request, message)

    assert problem.code == code
    assert problem.text.startswith("Sales order SO-1042: ")
    if code not in ("E-ORD-05", "E-ORD-07"):  # those two say it in full themselves
        assert message in problem.text


def test_only_what_passes_by_itself_says_so():
    for kind in _kinds():
        assert kind.retry in Retry
    assert errors.Unreachable("SO-1", system="Sales", text="no answer").heals_by_itself
    assert not errors.AccountNotCoupled("SO-1", name="A", id="1").heals_by_itself
    assert not errors.AlreadyPosted("SO-1", document="posted invoice 1").heals_by_itself


def test_every_code_is_documented():
    documented = "".join(page.read_text() for page in DOCS)
    assert quote_errors.QuoteProblem in _kinds()
    codes = {kind.code for kind in _kinds()} | {errors.OrdersProcessedElsewhere.code, errors.CompanyNotInSales.code}

    assert [code for code in sorted(codes) if f"`{code}`" not in documented] == []


def _kinds() -> list[type[OrderProblem]]:
    found, waiting = [], [OrderProblem]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting.extend(kind.__subclasses__())
    return found

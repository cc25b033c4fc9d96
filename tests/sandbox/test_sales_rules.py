"""Business rules of the Sales stand-in and the codes they refuse with: catalogue, currency, customer, owner, states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.desk import Desk, Reply, sales_id
from tests.sandbox.test_sales_checklist import ACCOUNT, ACTIVE, BOLTS, C1, DRAFT, LIST, OPEN, refusal

BOLT = f"products({sales_id('product', 'BOLT')})"
EURO = f"/transactioncurrencies({sales_id('transactioncurrency', 'EUR')})"
UNITS = {
    "defaultuomscheduleid@odata.bind": f"/uomschedules({sales_id('uomschedule', 'PCS')})",
    "defaultuomid@odata.bind": f"/uoms({sales_id('uom', 'PCS')})",
}
BOLT_PRICE = {**LIST, **BOLTS, "amount": 1}


@pytest.fixture
def desk() -> Iterator[Desk]:
    opened = Desk()
    yield opened
    opened.close()


def product(desk: Desk, number: str, state: int, structure: int = 1) -> str:
    """A new product brought to a state."""
    body = {"name": number, "productnumber": number, "productstructure": structure, **UNITS}
    path = f"products({desk.post('products', body).new_id})"
    for step in {0: (0,), 1: (0, 1), 2: (), 3: (0, 3)}[state]:
        assert desk.patch(path, {"statecode": step}).status == 204
    return path


@pytest.mark.parametrize(
    ("state", "to", "code"),
    [
        (0, 0, "0x8004f982"),
        (0, 2, "0x8004f912"),
        (1, 1, "0x8004f980"),
        (1, 2, "0x8004f979"),
        (1, 3, "0x8004f913"),
        (2, 1, "0x8004f978"),
        (2, 2, "0x8004f981"),
        (2, 3, "0x8004f913"),
        (3, 2, "0x80061035"),
    ],
)
def test_12_a_product_changes_state_by_its_life_cycle(desk: Desk, state: int, to: int, code: str) -> None:
    path = product(desk, "X-1", state)
    assert refusal(desk.patch(path, {"statecode": to})) == (400, code)
    assert desk.get(path).json["statecode"] == state


def test_12_a_family_stays_retired_and_is_edited_as_a_draft_only(desk: Desk) -> None:
    family = product(desk, "F-1", 0, structure=2)
    assert refusal(desk.patch(family, {"name": "Other"})) == (400, "0x8004f995")
    assert refusal(desk.post("productpricelevels", {**BOLT_PRICE, "productid@odata.bind": f"/{family}"})) == (
        400,
        "0x8004f902",
    )
    assert desk.patch(family, {"statecode": 1}).status == 204
    assert refusal(desk.patch(family, {"statecode": 0})) == (400, "0x8004f977")
    assert desk.patch(BOLT, {"name": "Bolt M8 zinc"}).status == 204  # plain products are written while they are Active


def test_a_retired_product_comes_into_no_price_list_and_on_no_line(desk: Desk) -> None:
    gone = product(desk, "R-1", 1)
    priced = desk.post("productpricelevels", {**BOLT_PRICE, "productid@odata.bind": f"/{gone}"})
    assert refusal(priced) == (400, "0x80061009")
    line = {"salesorderid@odata.bind": f"/{OPEN}", **BOLTS, "productid@odata.bind": f"/{gone}", "quantity": 1}
    assert refusal(desk.post("salesorderdetails", line)) == (400, "0x8004f908")


@pytest.mark.parametrize(
    ("entity_set", "body", "code"),
    [
        ("products", {"name": "x", **UNITS}, "0x80043b05"),
        ("products", {"name": "x", "productnumber": "bolt", **UNITS}, "0x80043b06"),
        ("products", {"name": "x", "productnumber": "N"}, "0x80043b13"),
        (
            "products",
            {
                "name": "x",
                "productnumber": "N",
                **UNITS,
                "defaultuomid@odata.bind": f"/uoms({sales_id('uom', 'HOUR')})",
            },
            "0x80043b14",
        ),
        ("uoms", {"name": "BOX"}, "0x80043b0a"),
        ("pricelevels", {"transactioncurrencyid@odata.bind": EURO}, "0x80043b0e"),
        ("pricelevels", {"name": "standard nok", "transactioncurrencyid@odata.bind": EURO}, "0x80043b0f"),
        ("productpricelevels", {**BOLTS, "amount": 1}, "0x80043b12"),
        ("productpricelevels", {**LIST, "amount": 1}, "0x80043b11"),
        ("productpricelevels", BOLT_PRICE, "0x80043b08"),
        ("quotes", {"name": "x", **C1, **LIST, "transactioncurrencyid@odata.bind": EURO}, "0x80048cf6"),
        ("invoices", {"name": "x", **C1, **LIST, "transactioncurrencyid@odata.bind": EURO}, "0x80048ced"),
        ("opportunities", {"name": "x", **C1, **LIST, "transactioncurrencyid@odata.bind": EURO}, "0x80048cef"),
    ],
)
def test_the_catalogue_refuses_what_has_no_place_in_it(
    desk: Desk, entity_set: str, body: dict[str, Any], code: str
) -> None:
    assert refusal(desk.post(entity_set, body)) == (400, code)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"quantity": 1}, "0x80043b11"),
        ({"isproductoverridden": True, "productdescription": "x", "quantity": 1}, "0x80043b10"),
        ({**BOLTS, "isproductoverridden": True, "productdescription": "x", "priceperunit": 1}, "0x80043afb"),
        (
            {"uomid@odata.bind": BOLTS["uomid@odata.bind"], "isproductoverridden": True, "priceperunit": 1},
            "0x80043afa",
        ),
        ({**BOLTS, "uomid@odata.bind": f"/uoms({sales_id('uom', 'HOUR')})", "quantity": 1}, "0x80043b16"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(desk: Desk, line: dict[str, Any], code: str) -> None:
    assert refusal(desk.post("salesorderdetails", {"salesorderid@odata.bind": f"/{OPEN}", **line})) == (400, code)


def test_a_default_price_list_cannot_be_deactivated(desk: Desk) -> None:
    made = desk.post("pricelevels", {"name": "Own", "transactioncurrencyid@odata.bind": EURO}).new_id
    path = f"pricelevels({made})"
    desk.patch(ACCOUNT, {"defaultpricelevelid@odata.bind": f"/{path}"})
    assert refusal(desk.patch(path, {"statecode": 1, "statuscode": 100002})) == (400, "0x80043b04")
    desk.patch(ACCOUNT, {"defaultpricelevelid@odata.bind": None})
    assert desk.patch(path, {"statecode": 1, "statuscode": 100002}).status == 204


def test_a_currency_stays_with_lines_and_with_amounts(desk: Desk) -> None:
    assert refusal(desk.patch(DRAFT, {"transactioncurrencyid@odata.bind": EURO})) == (400, "0x8004480e")
    chance = desk.post(
        "opportunities", {"name": "x", **C1, **LIST, "product_opportunities": [{**BOLTS, "quantity": 1}]}
    )
    path = f"opportunities({chance.new_id})"
    assert refusal(desk.patch(path, {"transactioncurrencyid@odata.bind": EURO})) == (400, "0x80048479")
    assert desk.patch(ACCOUNT, {"creditlimit": 5, "transactioncurrencyid@odata.bind": EURO}).status == 204
    assert refusal(desk.patch(ACCOUNT, {"transactioncurrencyid": None})) == (400, "0x80048cfb")


def test_an_inactive_customer_gets_no_documents(desk: Desk) -> None:
    assert desk.patch(ACCOUNT, {"statecode": 1, "statuscode": 2}).status == 204
    assert refusal(desk.post("salesorders", {"name": "x", **C1, **LIST})) == (400, "0x80040517")


def test_a_disabled_user_owns_nothing_new_and_calls_nothing(desk: Desk) -> None:
    ann = f"systemusers({sales_id('systemuser', 'ANN')})"
    assert desk.patch(ann, {"isdisabled": True}, as_admin="yes").status == 204
    assert refusal(desk.patch(ACCOUNT, {"ownerid@odata.bind": f"/{ann}"})) == (400, "0x8004022b")
    assert refusal(desk.get("accounts", signed_in="ANN")) == (403, "0x80040225")
    moved = desk.patch(ann, {"azureactivedirectoryobjectid": sales_id("systemuser", "other")}, as_admin="yes")
    assert refusal(moved) == (400, "0x80041d4f")


def test_an_application_has_one_user(desk: Desk) -> None:
    twin = {"lastname": "Twin", "applicationid": desk.world.application.client_id}
    assert refusal(desk.post("systemusers", twin, as_admin="yes")) == (400, "0x8004f511")


def test_12_opportunities_are_closed_once_and_opened_again(desk: Desk) -> None:
    chance = desk.post("opportunities", {"name": "x", **C1}).new_id
    body = {"Status": 3, "OpportunityClose": {"opportunityid@odata.bind": f"/opportunities({chance})"}}
    path = f"opportunities({chance})"
    assert refusal(desk.patch(path, {"statecode": 1})) == (400, "0x80100005")
    assert refusal(desk.patch(path, {"statecode": 0})) == (400, "0x8004051a")
    assert desk.post("WinOpportunity", body).status == 204
    assert refusal(desk.post("LoseOpportunity", body)) == (400, "0x80040515")
    assert desk.patch(path, {"statecode": 0, "statuscode": 1}).status == 204


def test_a_status_changes_within_a_state(desk: Desk) -> None:
    assert desk.patch(OPEN, {"statecode": 0, "statuscode": 2}).status == 204
    assert (desk.order("SO-1")["statecode"], desk.order("SO-1")["statuscode"]) == (0, 2)
    assert refusal(desk.patch(ACTIVE, {"name": "x"})) == (400, "0x8004022e")


@pytest.mark.parametrize(
    ("authtype", "authvalue", "code"),
    [
        (1, "x", "0x80050209"),
        (5, "<settings", "0x80050203"),
        (6, "<settings><setting name='x'/></settings>", "0x80050204"),
    ],
)
def test_26_a_webhooks_secret_must_be_written_as_its_kind_asks(
    desk: Desk, authtype: int, authvalue: str, code: str
) -> None:
    body = {"name": "H", "url": "https://h.example", "contract": 8, "authtype": authtype, "authvalue": authvalue}
    assert refusal(desk.post("serviceendpoints", body)) == (400, code)


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("salesorders", {"name": "x", "requestdeliveryby": "1700-01-01"}, "0x80040239"),
        ("accounts", {"name": "x", "overriddencreatedon": "1752-12-31T23:59:59Z"}, "0x80040239"),
    ],
)
def test_23_dates_have_a_first_day(desk: Desk, path: str, body: dict[str, Any], code: str) -> None:
    reply: Reply = desk.post(path, body)
    assert refusal(reply) == (400, code)

"""Writing to the Sales stand-in: what takes effect, what is refused, and by which code."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from tests.sandbox.desk import Desk, sales_id

C1 = {"customerid_account@odata.bind": f"/accounts({sales_id('account', 'C1')})"}
LIST = {"pricelevelid@odata.bind": f"/pricelevels({sales_id('pricelevel', 'NOK')})"}
BOLTS = {
    "productid@odata.bind": f"/products({sales_id('product', 'BOLT')})",
    "uomid@odata.bind": f"/uoms({sales_id('uom', 'PCS')})",
}
OPEN, SUBMITTED, INVOICED = (f"salesorders({sales_id('salesorder', n)})" for n in ("SO-1", "SO-2", "SO-3"))


@pytest.fixture
def desk() -> Iterator[Desk]:
    opened = Desk()
    yield opened
    opened.close()


def test_create_answers_204_with_the_address_or_201_with_the_row(desk: Desk) -> None:
    plain = desk.post("accounts", {"name": "Acme"})
    assert (plain.status, plain.text) == (204, "")
    assert desk.get(f"accounts({plain.new_id})?$select=name").json["name"] == "Acme"
    full = desk.post("accounts?$select=name", {"name": "Acme 2"}, prefer="return=representation")
    assert (full.status, full.json["name"]) == (201, "Acme 2")
    assert full.headers["Preference-Applied"] == "return=representation"


@pytest.mark.parametrize(
    ("entity_set", "body", "status", "code", "words"),
    [
        ("accounts", {"Name": "x"}, 400, "0x0", "Invalid property 'Name' was found in entity"),
        ("accounts", {"accountnumber": "x" * 21}, 400, "0x80044331", "exceeded the maximum allowed length of '20'."),
        ("accounts", {"numberofemployees": "many"}, 400, "0x80048d19", "expected type 'Edm.Int32'"),
        ("accounts", {"customertypecode": True}, 400, "0x80048d19", "expected type 'Edm.Int32'"),
        ("accounts", {"paymenttermscode": 99}, 400, "0x8004431a", "outside the valid range"),
        ("accounts", {"createdon": "2026-01-01T00:00:00Z"}, 400, "0x80041a01", "createdon"),
        ("accounts", {"primarycontactid": str(uuid4())}, 400, "0x80048d19", "undeclared property 'primarycontactid'"),
        ("accounts", {"wrongid@odata.bind": "/contacts(1)"}, 400, "0x80048d19", "undeclared property 'wrongid'"),
        ("accounts", {"primarycontactid@odata.bind": f"/contacts({uuid4()})"}, 404, "0x80040217", "Does Not Exist"),
        (
            "accounts",
            {"primarycontactid@odata.bind": f"/accounts({uuid4()})"},
            400,
            "0x80048d19",
            "'account' was bound",
        ),
        ("salesorders", {"totalamount": 1}, 400, "0x80041a01", "totalamount"),
        ("salesorders", {"statecode": 1}, 400, "0x80041a01", "statecode"),
        ("salesorderdetails", {"quantity": 1}, 400, "0x80040200", "needs its salesorderid"),
        ("posts", {"source": 1}, 400, "0x80040200", "text"),
        ("serviceendpoints", {"name": "x", "contract": 1, "url": "http://x"}, 400, "0x80040203", "contract 8"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_name(
    desk: Desk, entity_set: str, body: dict[str, Any], status: int, code: str, words: str
) -> None:
    reply = desk.post(entity_set, body)
    assert (reply.status, reply.code) == (status, code)
    assert words in reply.json["error"]["message"]


def test_columns_of_create_cannot_be_changed_later(desk: Desk) -> None:
    refused = desk.patch(OPEN, {"ordernumber": "X"})
    assert (refused.status, refused.code) == (400, "0x80041a02")


def test_patch_creates_what_is_not_there_unless_told_not_to(desk: Desk) -> None:
    path = f"accounts({uuid4()})"
    assert desk.patch(path, {"name": "A"}, If_Match="*").code == "0x80040217"
    assert desk.patch(path, {"name": "A"}).status == 204
    assert desk.patch(path, {"name": "B"}, If_None_Match="*").status == 412
    assert desk.get(f"{path}?$select=name").json["name"] == "A"


def test_a_version_that_has_passed_is_412_and_changes_nothing(desk: Desk) -> None:
    before = desk.get(OPEN).headers["ETag"]
    assert desk.patch(OPEN, {"name": "first"}, If_Match=before).status == 204
    late = desk.patch(OPEN, {"name": "second"}, If_Match=before)
    assert (late.status, late.code) == (412, "0x80060882")
    assert desk.delete(OPEN, If_Match=before).status == 412
    assert desk.order("SO-1")["name"] == "first"


def test_a_sellers_order_is_priced_by_the_engine_in_one_deep_insert(desk: Desk) -> None:
    """Bolts cost 1.25 in the list: the price given is overwritten unless it is marked as overridden."""
    lines = [
        {**BOLTS, "quantity": 8, "priceperunit": 9.99},
        {**BOLTS, "quantity": 1, "priceperunit": 9.99, "ispriceoverridden": True, "manualdiscountamount": 0.99},
        {"isproductoverridden": True, "productdescription": "Engraving", "quantity": 1, "priceperunit": 15},
    ]
    body = {"name": "Deep", **C1, **LIST, "freightamount": 10, "discountamount": 5, "order_details": lines}
    made = desk.post("salesorders?$expand=order_details", body, as_user="ANN", prefer="return=representation")
    assert made.status == 201
    order = made.json
    assert sorted(line["extendedamount"] for line in order["order_details"]) == [9, 10, 15]
    assert order["totallineitemamount"] == 34
    assert order["totalamount"] == Decimal("39")
    assert order["ordernumber"].startswith("ORD-")
    assert order["_createdby_value"] == sales_id("systemuser", "ANN")
    assert order["_createdonbehalfby_value"] == desk.get("WhoAmI").json["UserId"]


def test_the_engine_rests_for_the_integration_user(desk: Desk) -> None:
    body = {"name": "Integration", **C1, **LIST, "order_details": [{**BOLTS, "quantity": 8}]}
    order = desk.post("salesorders", body, prefer="return=representation").json
    assert order["totalamount"] is None


def test_a_product_that_has_no_price_is_marked_and_not_refused(desk: Desk) -> None:
    body = {"name": "No list", **C1, "order_details": [{**BOLTS, "quantity": 1}]}
    order = desk.post("salesorders?$expand=order_details", body, as_user="ANN", prefer="return=representation").json
    assert [line["pricingerrorcode"] for line in order["order_details"]] == [2]
    assert order["pricingerrorcode"] == 1


def test_lines_that_make_no_sense_are_refused(desk: Desk) -> None:
    parent = {"salesorderid@odata.bind": f"/{OPEN}"}
    write_in = {**parent, "isproductoverridden": True, "productdescription": "x"}
    for body, code in (
        ({**parent, "quantity": 1}, "0x80043b11"),
        ({**write_in, **BOLTS, "priceperunit": 1}, "0x80043afb"),
        ({**write_in, "quantity": 1}, "0x80043b10"),
        ({**parent, **BOLTS, "uomid@odata.bind": f"/uoms({sales_id('uom', 'HOUR')})", "quantity": 1}, "0x80043b16"),
        ({**parent, **BOLTS, "quantity": Decimal("0.1234567")}, "0x80043b07"),
    ):
        reply = desk.post("salesorderdetails", body, as_user="ANN")
        assert (reply.status, reply.code) == (400, code)


def test_a_failed_deep_insert_leaves_nothing(desk: Desk) -> None:
    before = desk.get("salesorders/$count").text
    body = {"name": "Half", **C1, **LIST, "order_details": [{**BOLTS, "quantity": 1}, {"quantity": 2}]}
    assert desk.post("salesorders", body).code == "0x80043b11"
    assert desk.get("salesorders/$count").text == before


def test_a_submitted_order_is_open_to_the_integration_user_only(desk: Desk) -> None:
    line = {"salesorderid@odata.bind": f"/{SUBMITTED}", **BOLTS, "quantity": 1}
    assert desk.patch(SUBMITTED, {"name": "x"}, as_user="ANN").code == "0x8004022e"
    assert desk.post("salesorderdetails", line, as_user="ANN").code == "0x80043b09"
    assert desk.patch(SUBMITTED, {"name": "x"}).status == 204
    assert desk.post("salesorderdetails", line).status == 204
    organization = desk.get("organizations?$select=name").json["value"][0]["organizationid"]
    desk.patch(f"organizations({organization})", {"issopintegrationenabled": False})
    assert desk.patch(SUBMITTED, {"name": "y"}).code == "0x8004022e"


def test_an_invoiced_order_and_an_active_quote_are_locked_for_all(desk: Desk) -> None:
    quote = f"quotes({sales_id('quote', 'Q-2')})"
    assert desk.patch(INVOICED, {"name": "x"}).code == "0x8004022e"
    assert desk.patch(quote, {"name": "x"}).code == "0x8004022e"
    line = {"quoteid@odata.bind": f"/{quote}", **BOLTS, "quantity": 1}
    assert desk.post("quotedetails", line).code == "0x80043b09"


def test_columns_come_before_state_in_a_mixed_patch(desk: Desk) -> None:
    """Submitting and changing in one request works for a seller: the columns are written while the order is open."""
    reply = desk.patch(OPEN, {"statecode": 1, "statuscode": 3, "description": "last words"}, as_user="ANN")
    assert reply.status == 204
    order = desk.order("SO-1")
    assert (order["statecode"], order["statuscode"], order["description"]) == (1, 3, "last words")
    assert order["submitdate"] is not None


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (OPEN, {"statecode": 1, "statuscode": 4}, "0x80048408"),
        (OPEN, {"statecode": 9}, "0x80048408"),
        (OPEN, {"statuscode": 100001}, "0x80048408"),
        (OPEN, {"statecode": 2, "statuscode": 4}, "0x80100005"),
        (OPEN, {"statecode": 3, "statuscode": 100001}, "0x80100005"),
        (SUBMITTED, {"statecode": 1, "statuscode": 3}, "0x80040233"),
        (f"quotes({sales_id('quote', 'Q-2')})", {"statecode": 1, "statuscode": 2}, "0x80100003"),
        (f"quotes({sales_id('quote', 'Q-2')})", {"statecode": 2}, "0x80100005"),
        (f"products({sales_id('product', 'BOLT')})", {"statecode": 2, "statuscode": 0}, "0x8004f912"),
    ],
)
def test_states_change_by_the_rules_only(desk: Desk, path: str, body: dict[str, int], code: str) -> None:
    reply = desk.patch(path, body)
    assert (reply.status, reply.code) == (400, code)


def test_a_state_alone_takes_its_default_status(desk: Desk) -> None:
    assert desk.patch(SUBMITTED, {"statecode": 4}).status == 204
    order = desk.order("SO-2")
    assert (order["statecode"], order["statuscode"]) == (4, 100003)
    assert desk.patch(SUBMITTED, {"statecode": 0, "statuscode": 2}).status == 204


def test_closing_states_are_set_by_actions(desk: Desk) -> None:
    quote = sales_id("quote", "Q-2")
    won = {"Status": -1, "QuoteClose": {"subject": "Yes", "quoteid@odata.bind": f"/quotes({quote})"}}
    assert desk.post("WinQuote", won).status == 204
    assert desk.get(f"quotes({quote})").json["statecode"] == 2
    assert desk.post("WinQuote", won).code == "0x80040233"
    assert desk.get("WinQuote").status == 404
    canceled = {"Status": 4, "OrderClose": {"salesorderid@odata.bind": f"/{SUBMITTED}"}}
    assert desk.post("CancelSalesOrder", canceled).status == 204
    assert desk.order("SO-2")["statecode"] == 2


def test_deleting_an_order_takes_its_lines_and_an_account_with_orders_stays(desk: Desk) -> None:
    refused = desk.delete(f"accounts({sales_id('account', 'C1')})")
    assert (refused.status, refused.code) == (405, "0x80040227")
    assert desk.delete(OPEN).status == 204
    assert (
        desk.get(f"salesorderdetails?$filter=_salesorderid_value eq {sales_id('salesorder', 'SO-1')}").json["value"]
        == []
    )
    assert desk.delete(OPEN).status == 404


def test_deleting_a_line_lowers_the_total(desk: Desk) -> None:
    desk.delete(f"salesorderdetails({sales_id('salesorderdetail', 'SO-1/3')})", as_user="ANN")
    order = desk.order("SO-1")
    assert (order["totallineitemamount"], order["totalamount"]) == (Decimal("18"), Decimal("28.70"))


def test_a_post_of_the_same_id_is_refused(desk: Desk) -> None:
    body = {"postid": str(uuid4()), "text": "Released", "regardingobjectid_salesorder@odata.bind": f"/{OPEN}"}
    assert desk.post("posts", body).status == 204
    again = desk.post("posts", body)
    assert (again.status, again.code) == (412, "0x80040237")
    assert [o["posts"] for o in desk.control("GET", "orders") if o["ordernumber"] == "SO-1"] == [["Released"]]


def test_the_company_lookup_is_bound_by_schema_name(desk: Desk) -> None:
    company = desk.get("bcbi_companies?$select=bcbi_name").json["value"][0]
    bound = {"bcbi_CompanyId@odata.bind": f"/bcbi_companies({company['bcbi_companyid']})"}
    assert desk.patch(SUBMITTED, bound).status == 204
    assert desk.order("SO-2")["_bcbi_companyid_value"] == company["bcbi_companyid"]
    assert desk.patch(SUBMITTED, {"bcbi_CompanyId@odata.bind": None}).status == 204
    assert desk.order("SO-2")["_bcbi_companyid_value"] is None


def test_catalogue_follows_its_own_order_of_creation(desk: Desk) -> None:
    group = desk.post("uomschedules", {"name": "Box", "baseuomname": "BOX"}).new_id
    unit = desk.get(f"uoms?$filter=_uomscheduleid_value eq {group}").json["value"][0]
    assert (unit["name"], unit["isschedulebaseuom"]) == ("BOX", True)
    links = {
        "defaultuomscheduleid@odata.bind": f"/uomschedules({group})",
        "defaultuomid@odata.bind": f"/uoms({unit['uomid']})",
    }
    body = {"name": "Boxed bolts", "productnumber": "BOX-1", "quantitydecimal": 2, **links}
    product = desk.post("products", body).new_id
    assert desk.get(f"products({product})").json["statecode"] == 2
    line = {"salesorderid@odata.bind": f"/{OPEN}", "productid@odata.bind": f"/products({product})", "quantity": 1}
    assert desk.post("salesorderdetails", line, as_user="ANN").code == "0x8004f908"
    assert desk.patch(f"products({product})", {"statecode": 0, "statuscode": 1}).status == 204
    price = {**LIST, "productid@odata.bind": f"/products({product})", "uomid@odata.bind": f"/uoms({unit['uomid']})"}
    assert desk.post("productpricelevels", {**price, "amount": 12.5}).status == 204
    assert desk.post("productpricelevels", {**price, "amount": 13}).code == "0x80043b08"
    assert desk.post("products", body).code == "0x80043b06"


def test_references_and_single_properties(desk: Desk) -> None:
    contact = sales_id("contact", "C2")
    account = f"accounts({sales_id('account', 'C1')})"
    assert desk.call("PUT", f"{account}/primarycontactid/$ref", {"@odata.id": f"contacts({contact})"}).status == 204
    assert desk.get(f"{account}/primarycontactid?$select=fullname").json["fullname"] == "Bo Dahl"
    assert desk.delete(f"{account}/primarycontactid/$ref").status == 204
    assert desk.get(f"{account}/primarycontactid").status == 204
    assert desk.call("PUT", f"{account}/name", {"value": "Renamed"}).status == 204
    assert desk.get(f"{account}/name").json["value"] == "Renamed"
    assert desk.get(f"{account}/contact_customer_accounts/$count").text == "0"


def test_sellers_submit_from_the_control_route(desk: Desk) -> None:
    assert desk.control("POST", "submit", {"order": "SO-1"}) == {"submitted": ["SO-1"]}
    assert desk.order("SO-1")["statecode"] == 1
    assert "no order 'SO-9'" in desk.control("POST", "submit", {"order": "SO-9"})["error"]
    desk.control("POST", "reset")
    assert desk.order("SO-1")["statecode"] == 0
    assert desk.control("POST", "submit", {"all": True}) == {"submitted": ["SO-1"]}

"""Goods and prices in the Business Central stand-in: what can be promised, reserved, moved, and what it costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.bc_client import Client, a_client, an_order


@pytest.fixture
def bc() -> Client:
    return a_client()


def day(bc: Client, ahead: int) -> str:
    return (bc.world.clock.now().date() + timedelta(days=ahead)).isoformat()


def sell(bc: Client, reference: str, quantity: int, ahead: int = 0, **more: Any) -> str:
    lines = [{"lineType": "Item", "lineObjectNumber": "NUT", "quantity": quantity}]
    request = an_order(reference, lines=lines, requestedDeliveryDate=day(bc, ahead), **more)
    return str(bc.told("CreateSalesOrder", request=request)["orderNo"])


def promise(bc: Client, quantity: int = 1, ahead: int = 0, **more: str) -> dict[str, Any]:
    question = {"itemNumber": "NUT", "quantity": quantity, "requestedDate": day(bc, ahead), **more}
    [answer] = bc.told("CalculateAvailability", request=[question])
    return answer


def test_a_reservation_shifts_nothing_as_long_as_its_demand_is_within_the_date(bc: Client) -> None:
    order = sell(bc, "A", 30)
    before = promise(bc)
    assert (before["inventory"], before["grossRequirement"], before["availableToPromise"]) == (100, 30, 70)
    assert bc.control("reserve", order=order, quantity=20).status == 200
    after = promise(bc)
    assert (after["reservedOnInventory"], after["reservedRequirement"]) == (20, 20)
    assert after["availableToPromise"] == 70
    too_much = bc.control("reserve", order=order, quantity=11)
    assert (too_much.status, too_much.code) == (400, "Application_DialogException")


def test_a_reservation_keeps_stock_for_demand_that_comes_later(bc: Client) -> None:
    order = sell(bc, "A", 30, ahead=20)
    assert promise(bc)["availableToPromise"] == 100
    bc.control("reserve", order=order, quantity=30)
    assert promise(bc)["availableToPromise"] == 70
    assert bc.control("delete-order", order=order).status == 200
    assert promise(bc)["reservedOnInventory"] == 0


def test_the_earliest_date_waits_for_receipts_and_is_taken_back_by_demand(bc: Client) -> None:
    sell(bc, "A", 30)
    bought = bc.control("order-supply", item="NUT", quantity=50, date=day(bc, 10)).json["number"]
    assert promise(bc, 70)["earliestDate"] == day(bc, 0)
    assert promise(bc, 71)["earliestDate"] == day(bc, 10)
    assert promise(bc, 121)["earliestDate"] == ""
    sell(bc, "B", 10, ahead=5)
    assert promise(bc, 70)["earliestDate"] == day(bc, 10)
    assert bc.control("receive", order=bought).status == 200
    assert promise(bc)["inventory"] == 150


def test_the_look_ahead_window_protects_demand_behind_the_day(bc: Client) -> None:
    sell(bc, "A", 60, ahead=5)
    assert promise(bc)["availableToPromise"] == 100
    assert bc.control("set-company", look_ahead="2W").status == 200
    looked = promise(bc)
    assert (looked["grossRequirement"], looked["availableToPromise"]) == (60, 40)


def test_a_reserved_receipt_is_not_promised_twice(bc: Client) -> None:
    bought = bc.control("order-supply", item="NUT", quantity=50, date=day(bc, 3)).json["number"]
    order = sell(bc, "A", 40, ahead=9)
    bc.control("reserve", order=order, quantity=40, **{"from": bought})
    found = promise(bc, ahead=4)
    assert (found["scheduledReceipt"], found["reservedReceipt"], found["availableToPromise"]) == (50, 40, 110)
    bc.control("receive", order=bought)
    assert promise(bc, ahead=4)["reservedOnInventory"] == 40


def test_a_transfer_takes_from_one_place_and_brings_to_the_other(bc: Client) -> None:
    bc.control("post-stock", item="NUT", quantity=30, location="MAIN")
    bc.send("POST", bc.api("locations"), {"code": "ROAD", "displayName": "On the road"})
    made = bc.control(
        "transfer", item="NUT", quantity=12, to="NORTH", transit="ROAD", receiptDate=day(bc, 2), **{"from": "MAIN"}
    )
    assert promise(bc, locationCode="MAIN")["availableToPromise"] == 18
    assert promise(bc, locationCode="NORTH")["availableToPromise"] == 0
    assert promise(bc, locationCode="NORTH", ahead=2)["availableToPromise"] == 12
    order = bc.one(bc.api("transferOrders?$expand=transferOrderLines"))
    assert (order["status"], order["transferOrderLines"][0]["outstandingQuantity"]) == ("Released", 12)
    assert bc.control("receive-transfer", transfer=made.json["number"]).status == 400
    for step in ("ship-transfer", "receive-transfer"):
        assert bc.control(step, transfer=made.json["number"]).status == 200
    assert promise(bc, locationCode="NORTH")["inventory"] == 12
    assert bc.item("NUT")["inventory"] == 130


def test_purchase_orders_are_written_through_the_api_and_received(bc: Client) -> None:
    line = {"itemId": bc.item("OIL")["id"], "quantity": 5, "expectedReceiptDate": day(bc, 1)}
    made = bc.send("POST", bc.api("purchaseOrders"), {"vendorNumber": "V100", "purchaseOrderLines": [line]})
    assert (made.status, made.json["status"]) == (201, "Draft")
    done = bc.send("POST", bc.api(f"purchaseOrders({made.json['id']})/Microsoft.NAV.receiveAndInvoice"))
    assert (done.status, bc.item("OIL")["inventory"]) == (204, 105)
    unknown = bc.send("POST", bc.api("purchaseOrders"), {"vendorNumber": "NONE"})
    assert (unknown.status, unknown.code) == (400, "Application_DialogException")


@pytest.mark.parametrize("extended", [False, True])
def test_the_lowest_price_that_applies_is_found_when_a_line_is_validated(bc: Client, extended: bool) -> None:
    bc.control("set-company", extended_prices=extended)
    bc.control("set-price", item="OIL", price=80, customer="100")
    bc.control("set-price", item="OIL", price=70, customer="100", minimum=10)
    bc.control("set-price", item="OIL", price=1, group="FRIENDS")
    order = bc.send("POST", bc.api("salesOrders"), {"customerNumber": "100"}).json
    path = bc.api(f"salesOrders({order['id']})/salesOrderLines")
    few, many = (
        bc.send("POST", path, {"lineType": "Item", "lineObjectNumber": "OIL", "quantity": quantity}).json
        for quantity in (9, 10)
    )
    assert (few["unitPrice"], many["unitPrice"]) == (80, 70)
    bc.control("set-customer", customer="100", priceGroup="FRIENDS")
    order = bc.send("POST", bc.api("salesOrders"), {"customerNumber": "100"}).json
    path = bc.api(f"salesOrders({order['id']})/salesOrderLines")
    assert bc.send("POST", path, {"lineType": "Item", "lineObjectNumber": "OIL", "quantity": 1}).json["unitPrice"] == 1


def test_a_price_group_is_listed_with_its_prices_in_both_forms(bc: Client) -> None:
    assert bc.one(bc.bridge("customerPriceGroups"))["code"] == "PARTNER"
    prices = bc.get(bc.bridge("salesPrices?$filter=salesCode eq 'PARTNER'")).rows
    lines = bc.get(bc.bridge("priceListLines?$filter=priceListCode eq 'S00001'")).rows
    assert {row["itemNumber"]: row["unitPrice"] for row in prices} == {
        row["assetNumber"]: row["unitPrice"] for row in lines
    }
    assert bc.one(bc.bridge("priceListHeaders"))["status"] == "Active"


def test_names_of_people_are_kept_whole_and_in_parts(bc: Client) -> None:
    company = bc.get(bc.bridge("contactDetails?$filter=type eq 'Company'")).rows[0]
    body = {"type": "Person", "displayName": "Kari Marie Moe", "companyNumber": company["number"]}
    made = bc.send("POST", bc.bridge("contactDetails"), body)
    assert (made.json["firstName"], made.json["middleName"], made.json["surname"]) == ("Kari", "Marie", "Moe")
    assert (made.json["companyName"], made.json["relatedNumber"]) == (company["displayName"], "100")
    changed = bc.send("PATCH", bc.bridge(f"contactDetails({made.json['id']})"), {"surname": "Berg"}, If_Match="*")
    assert changed.json["displayName"] == "Kari Marie Berg"
    nowhere = bc.send("POST", bc.bridge("contactDetails"), {**body, "companyNumber": "NONE"})
    assert (nowhere.status, nowhere.code) == (400, "Internal_InvalidTableRelation")
    linked = bc.get(bc.api("customers?$filter=number eq '100'&$expand=contactsInformation")).rows[0]
    assert made.json["number"] in {row["contactNumber"] for row in linked["contactsInformation"]}


def test_an_opportunity_needs_a_contact_that_is_there(bc: Client) -> None:
    contact = bc.get(bc.api("contacts")).rows[0]["number"]
    made = bc.send("POST", bc.api("opportunities"), {"contactNumber": contact, "description": "More"})
    assert (made.status, made.json["status"], made.json["number"][:2]) == (201, "Not_x0020_Started", "OP")
    refused = bc.send("POST", bc.api("opportunities"), {"contactNumber": "NONE"})
    assert (refused.status, refused.code) == (400, "Internal_InvalidTableRelation")
    ours = bc.send("PATCH", bc.api(f"opportunities({made.json['id']})"), {"estimatedValue": 5}, If_Match="*")
    assert ours.code == "BadRequest_InvalidOperation"


def test_attachments_belong_to_a_record(bc: Client) -> None:
    order = bc.send("POST", bc.api("salesOrders"), {"customerNumber": "100"}).json
    body = {"parentId": order["id"], "parentType": "Sales Order", "fileName": "drawing.pdf"}
    assert bc.send("POST", bc.api("documentAttachments"), body).status == 201
    shown = bc.get(bc.api(f"salesOrders({order['id']})?$expand=documentAttachments")).json
    assert [row["fileName"] for row in shown["documentAttachments"]] == ["drawing.pdf"]
    assert bc.get(bc.api("documentAttachments")).status == 400

"""What is sent to Business Central, and what its answers become."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any

import pytest

from bridge.clients.business_central import (
    BatchRequest,
    BridgeSetup,
    CreatedLine,
    CreatedOrder,
    FoundDocument,
    RefusedOrder,
    Subscription,
)
from bridge.clients.calls import CallKey, Count
from bridge.clients.errors import Refused, ServerFailed, Unreachable
from bridge.clients.odata import quote_text, to_json
from bridge.records import Company, Side
from tests.clients.conftest import COMPANY
from tests.clients.scripted import HANG_UP, Answer

ORDER = "22222222-0000-0000-0000-000000000001"
LINE = "33333333-0000-0000-0000-000000000001"


def test_companies_are_listed(server, bc):
    server.will(Answer(body={"value": [{"id": COMPANY.id.upper(), "name": COMPANY.name, "displayName": "Harbour"}]}))

    assert bc.companies() == [Company(COMPANY.id, COMPANY.name, "Harbour")]
    assert server.asked[0].path == "/BC/api/v2.0/companies"


def test_a_read_says_what_it_wants(server, company):
    server.will(Answer(body={"value": []}))

    list(
        company.rows(
            "items",
            purpose="read items",
            filter="displayName eq " + quote_text("Ole & Åse 50% + O'Neil"),
            select=("id", "number"),
            expand="itemVariants($select=code;$top=1)",
            orderby="lastModifiedDateTime,id",
            top=7,
            fresh=True,
            page_size=500,
        )
    )

    asked = server.asked[0]
    assert asked.path == f"/BC/api/v2.0/companies({COMPANY.id})/items"
    assert asked.query == (
        "$select=id,number&$filter=displayName eq 'Ole & Åse 50% + O''Neil'"
        "&$expand=itemVariants($select=code;$top=1)&$orderby=lastModifiedDateTime,id&$top=7"
    )
    assert asked.headers["data-access-intent"] == "ReadWrite"
    assert asked.headers["prefer"] == "odata.maxpagesize=500"
    assert asked.headers["accept-language"] == "en-US"
    assert asked.headers["authorization"].startswith("Basic ")


def test_pages_are_followed_with_the_same_headers_to_the_end(server, company):
    link = f"{server.url}/BC/api/v2.0/companies({COMPANY.id})/items?aid=FIXED&$skiptoken='2'"
    server.will(
        Answer(body={"value": [{"n": 1}, {"n": 2}], "@odata.nextLink": link}),
        Answer(body={"value": [{"n": 3}]}),
    )

    assert [row["n"] for row in company.rows("items", purpose="read items", page_size=2)] == [1, 2, 3]
    assert server.asked[1].query == "aid=FIXED&$skiptoken='2'"
    assert server.asked[1].headers["prefer"] == "odata.maxpagesize=2"


def test_pages_are_fetched_only_as_they_are_needed(server, company):
    link = f"{server.url}/BC/next"
    server.will(Answer(body={"value": [{"n": 1}, {"n": 2}], "@odata.nextLink": link}))

    assert [row["n"] for row in company.rows("items", purpose="read items", top=2)] == [1, 2]
    assert len(server.asked) == 1


def test_a_next_page_on_another_server_is_not_asked_for(server, company):
    """The token would go there too."""
    link = "https://elsewhere.example/items"
    server.will(Answer(body={"value": [{"n": 1}], "@odata.nextLink": link}))

    with pytest.raises(Refused, match=r"https://elsewhere\.example"):
        list(company.rows("items", purpose="read items"))


def test_amounts_never_pass_through_binary_floating_point(server, company):
    server.will(Answer(body=b'{"id": "1", "unitPrice": 0.1000, "quantity": 3}'))

    row = company.create("items", {"unitPrice": Decimal("32.3800")}, purpose="create item")

    assert server.asked[0].body == b'{"unitPrice":32.3800}'
    assert row == {"id": "1", "unitPrice": Decimal("0.1000"), "quantity": 3}
    assert isinstance(row["unitPrice"], Decimal)


def test_writes_carry_their_etag(server, company):
    server.will(Answer(body={"id": "1"}), Answer(204), Answer(204))

    company.update("items", "1", {"blocked": True}, purpose="block item", etag='W/"1"')
    company.delete("items", "1", purpose="delete item")
    company.action("salesOrders", "1", "shipAndInvoice", purpose="post order")

    patch, delete, action = server.asked
    assert (patch.method, patch.headers["if-match"], patch.json) == ("PATCH", 'W/"1"', {"blocked": True})
    assert (delete.method, delete.headers["if-match"]) == ("DELETE", "*")
    assert action.path.endswith("/salesOrders(1)/Microsoft.NAV.shipAndInvoice")


def echo_batch(asked):
    """Answers each part of a batch with its number, refusing every PATCH."""
    responses = [
        {"id": part["id"], "status": 400, "headers": {}, "body": {"error": {"code": "X", "message": "No."}}}
        if part["method"] == "PATCH"
        else {"id": part["id"], "status": 200, "headers": {}, "body": {"url": part["url"]}}
        for part in asked.json["requests"]
    ]
    return Answer(body={"responses": responses[::-1]})


def test_a_batch_answers_in_the_order_asked_refusals_among_the_rest(server, company):
    server.will(echo_batch)

    answers = company.batch(
        [
            BatchRequest("GET", "items(1)"),
            BatchRequest("PATCH", "items(2)", {"blocked": True}),
            BatchRequest("POST", "items", {"number": "A"}),
        ],
        purpose="write items",
    )

    assert [answer.ok for answer in answers] == [True, False, True]
    assert answers[0].body == {"url": f"companies({COMPANY.id})/items(1)"}
    assert isinstance(answers[1].error, Refused)
    assert (answers[1].error.method, answers[1].error.path) == ("PATCH", "items(2)")
    sent = server.asked[0]
    assert sent.path == "/BC/api/v2.0/$batch"
    assert sent.headers["prefer"] == "odata.continue-on-error"
    assert sent.json["requests"][1]["headers"]["If-Match"] == "*"


def test_a_large_batch_is_cut_at_a_hundred_and_its_parts_are_counted(server, company, calls):
    server.will(echo_batch)

    answers = company.batch([BatchRequest("GET", f"items({n})") for n in range(250)], purpose="read items")

    assert [answer.body["url"].rpartition("/")[2] for answer in answers] == [f"items({n})" for n in range(250)]
    assert [len(asked.json["requests"]) for asked in server.asked] == [100, 100, 50]
    key = CallKey(Side.BUSINESS_CENTRAL, "POST", "read items")
    assert calls.snapshot() == {key: Count(requests=3, operations=250)}


def test_a_failure_in_a_later_cut_keeps_what_earlier_ones_brought(server, company):
    server.will(echo_batch, HANG_UP)

    answers = company.batch([BatchRequest("POST", "items", {}) for _ in range(250)], purpose="create items")

    assert [answer.ok for answer in answers] == [True] * 100 + [False] * 150
    doubts = [answer.error.outcome_unknown for answer in answers if answer.error]
    assert doubts == [True] * 100 + [False] * 50, "the third cut was never sent"


def test_a_transaction_that_fails_confirms_nothing(server, company):
    """Business Central answers 200 for the first part and takes it back all the same."""
    server.will(echo_batch)

    answers = company.batch(
        [BatchRequest("POST", "items", {}), BatchRequest("PATCH", "items(2)", {})], purpose="write items", snapshot=True
    )

    assert [answer.ok for answer in answers] == [False, False]
    assert "taken back" in answers[0].error.text
    assert answers[1].error.text == "No."
    assert server.asked[0].headers["isolation"] == "snapshot"
    assert "prefer" not in server.asked[0].headers


def test_a_transaction_is_never_cut(company):
    with pytest.raises(ValueError, match="at most 100"):
        company.batch([BatchRequest("GET", "items")] * 101, purpose="read items", snapshot=True)


def test_a_part_left_out_of_the_answer_is_in_doubt(server, company):
    server.will(Answer(body={"responses": [{"id": "0", "status": 204}]}))

    first, second = company.batch([BatchRequest("DELETE", "items(1)"), BatchRequest("DELETE", "items(2)")], purpose="x")

    assert first.ok
    assert isinstance(second.error, Unreachable)
    assert second.error.outcome_unknown


def test_a_batch_too_large_for_the_server_is_an_error_of_the_whole(server, company):
    text = "The current batch message contains too many parts."
    server.will(Answer(500, {"error": {"code": "Unknown", "message": text}}))

    with pytest.raises(ServerFailed, match="too many parts"):
        company.batch([BatchRequest("POST", "items", {})], purpose="create items")


def test_whole_orders_are_created_in_one_call(server, company, calls):
    created = {
        "orderId": ORDER.upper(),
        "orderNo": "SO-1",
        "status": "Released",
        "existed": False,
        "releaseError": "",
        "lines": [
            {
                "lineNo": 10000,
                "id": LINE,
                "lineObjectNumber": "BOLT",
                "quantity": 2,
                "unitPrice": "1.50",
                "discountAmount": 0,
                "netAmount": 3.0,
            }
        ],
    }
    refused = {"error": {"code": "Application_DialogException", "message": "Customer 10000 is blocked."}}
    server.will(Answer(body={"value": to_json([created, refused])}))

    results = company.create_sales_orders([{"yourReference": "S-1", "discountAmount": Decimal("1.20")}, {}])

    line = CreatedLine(10000, LINE, "BOLT", Decimal(2), Decimal("1.50"), Decimal(0), Decimal("3.0"))
    assert results == [
        CreatedOrder(ORDER, "SO-1", "Released", False, "", (line,)),
        RefusedOrder("Application_DialogException", "Customer 10000 is blocked."),
    ]
    asked = server.asked[0]
    assert asked.path == "/BC/ODataV4/SalesBridge_CreateSalesOrders"
    assert asked.query == f"company={COMPANY.id}"
    assert asked.json == {"requests": '[{"yourReference":"S-1","discountAmount":1.20},{}]'}
    assert calls.totals(Side.BUSINESS_CENTRAL) == Count(requests=1, operations=2)


def test_creating_orders_is_repeated_when_the_reply_is_lost(server, company):
    """The companion finds an order it made before, so asking twice makes one."""
    server.will(HANG_UP, Answer(body={"value": to_json([{"error": {"code": "X", "message": "No."}}])}))

    assert company.create_sales_orders([{}]) == [RefusedOrder("X", "No.")]
    assert len(server.asked) == 2


def test_more_than_fifty_orders_are_refused_before_they_are_sent(company):
    with pytest.raises(ValueError, match="at most 50"):
        company.create_sales_orders([{}] * 51)


def test_no_orders_need_no_call(server, company):
    assert company.create_sales_orders([]) == []
    assert server.asked == []


@pytest.mark.parametrize("value", [to_json([]), to_json([{"orderId": "no guid"}]), "not json", to_json({}), 5])
def test_an_answer_that_makes_no_sense_leaves_orders_in_doubt(server, company, value):
    server.will(Answer(body={"value": value}))

    with pytest.raises(Unreachable) as caught:
        company.create_sales_orders([{"yourReference": "S-1"}])

    assert caught.value.outcome_unknown


def test_release_and_reopen_answer_the_real_status(server, company):
    server.will(Answer(body={"value": "Pending Prepayment"}), Answer(body={"value": "Open"}))

    assert company.release_sales_order(ORDER) == "Pending Prepayment"
    assert company.reopen_sales_order(ORDER) == "Open"
    assert [asked.path.rpartition("_")[2] for asked in server.asked] == ["ReleaseSalesOrder", "ReopenSalesOrder"]
    assert server.asked[0].json == {"orderId": ORDER}


def test_documents_are_found_by_reference(server, company):
    row = {
        "documentType": "Posted Invoice",
        "no": "INV-1",
        "id": ORDER,
        "status": "",
        "quoteNo": "",
        "orderNo": "SO-1",
        "customerNo": "10000",
    }
    server.will(Answer(body={"value": to_json([row])}))

    found = company.find_order_by_reference("S-1", "10000")

    assert found == [FoundDocument("Posted Invoice", "INV-1", ORDER, "", "", "SO-1", "10000")]
    assert server.asked[0].json == {"reference": "S-1", "customerNo": "10000"}


@pytest.mark.parametrize(
    ("version", "knows"), [("1.0.0.0", False), ("1.1.0.0", True), ("1.10.0.0", True), ("2.0.0.0", True), ("", False)]
)
def test_a_companion_knows_quotes_from_its_second_version_on(version, knows):
    empty: dict[str, Any] = dict.fromkeys(field.name for field in fields(BridgeSetup))
    setup = BridgeSetup(**(empty | {"companion_version": version}))
    assert setup.knows_quotes is knows


def test_the_setup_and_the_row_version_are_read(server, company):
    setup = {
        "companionVersion": "1.0.0.0",
        "companyId": COMPANY.id,
        "companyName": COMPANY.name,
        "lcyCode": "NOK",
        "unitAmountRounding": 0.00001,
        "writeInProductType": "Item",
        "writeInProductNo": "WRITE-IN",
        "freightGLAccountNo": "6810",
        "calcInvoiceDiscount": False,
        "archiveOrders": True,
        "archiveQuotes": "Always",
        "unitGroupsEnabled": False,
        "extendedPricesEnabled": True,
        "bidirectionalOrders": False,
        "defaultPriceListCode": "",
        "shippingAgents": [{"code": "POSTEN", "name": "Posten"}],
    }
    server.will(Answer(body={"value": to_json(setup)}), Answer(body={"value": "9007199254740993"}))

    read = company.bridge_setup()

    assert (read.lcy_code, read.freight_account_number, read.unit_amount_rounding) == (
        "NOK",
        "6810",
        Decimal("0.00001"),
    )
    assert [(agent.code, agent.name) for agent in read.shipping_agents] == [("POSTEN", "Posten")]
    assert company.active_row_version() == 9007199254740993, "larger than a binary float could hold"


def test_subscriptions_are_made_renewed_and_ended(server, bc, company):
    resource = f"/api/v2.0/companies({COMPANY.id})/salesOrders"
    row = {
        "subscriptionId": "d0f8",
        "resource": resource,
        "notificationUrl": "https://hook.example/hooks/business-central",
        "clientState": "s3cret",
        "expirationDateTime": "2026-08-24T10:00:00Z",
    }
    gone = Answer(404, {"error": {"code": "Internal_RecordNotFound", "message": "Gone."}})
    server.will(Answer(201, row), Answer(body={"value": [row]}), Answer(body=row), Answer(body=row), Answer(204), gone)

    assert company.resource("salesOrders") == resource
    made = bc.subscribe(resource, row["notificationUrl"], "s3cret")
    assert made == Subscription("d0f8", resource, row["notificationUrl"], "s3cret", "2026-08-24T10:00:00Z")
    assert bc.subscriptions() == [made]
    assert bc.renew("d0f8") == made
    bc.unsubscribe("d0f8")
    bc.unsubscribe("d0f8")

    assert server.asked[3].path == "/BC/api/v2.0/subscriptions('d0f8')"
    assert server.asked[3].json == {
        "notificationUrl": row["notificationUrl"],
        "resource": resource,
        "clientState": "s3cret",
    }

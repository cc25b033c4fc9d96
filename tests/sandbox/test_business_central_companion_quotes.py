"""The companion's procedures for quotes: made once for each quote of Sales, refilled, released, archived by orders."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.sandbox.bc_client import Client, a_client, an_order

FIRST, SECOND = str(uuid4()), str(uuid4())


@pytest.fixture
def bc() -> Client:
    return a_client()


def a_quote(source: str = FIRST, **more: Any) -> dict[str, Any]:
    request = an_order("QU-1", **more) | {"sourceId": source}
    request.pop("release", None)
    return request


def create(bc: Client, **more: Any) -> dict[str, Any]:
    [told] = bc.told("CreateSalesQuotes", requests=[a_quote(**more)])
    return dict(told)


def archived(bc: Client) -> list[tuple[str, int]]:
    rows = bc.get(bc.api("salesQuoteArchives")).rows
    return [(row["number"], row["versionNumber"]) for row in rows]


def test_a_quote_is_made_once_for_each_quote_of_sales_and_stays_open(bc: Client) -> None:
    first, again, other = create(bc), create(bc), create(bc, source=SECOND)
    assert (first["status"], first["existed"], again["existed"], again["orderId"]) == (
        "Open",
        False,
        True,
        first["orderId"],
    )
    assert (other["existed"], other["orderNo"] != first["orderNo"]) == (False, True)


def test_a_revision_refills_what_it_replaces_once_and_whatever_its_status(bc: Client) -> None:
    first = create(bc)
    assert bc.told("ReleaseSalesQuotes", quoteIds=[first["orderId"]])[0]["status"] == "Released"
    for existed in (False, True):
        told = create(bc, source=SECOND, revision=1, replaces=first["orderId"], externalDocumentNumber="new")
        assert (told["existed"], told["orderId"], told["status"]) == (existed, first["orderId"], "Open")
    assert archived(bc) == [(first["orderNo"], 1)]


def test_a_first_revision_finds_what_nobody_marked_and_a_later_one_does_not(bc: Client) -> None:
    by_hand = bc.send("POST", bc.api("salesQuotes"), {"customerNumber": "100"}).json
    bc.call("SetOrderHeader", orderId=by_hand["id"], fields={"yourReference": "QU-1"})
    assert create(bc, source=SECOND, revision=1)["orderId"] != by_hand["id"]
    adopted = create(bc)
    assert (adopted["existed"], adopted["orderId"]) == (True, by_hand["id"])


def test_what_replaces_a_quote_that_is_gone_is_made_new(bc: Client) -> None:
    assert create(bc, revision=1, replaces=str(uuid4()))["existed"] is False


def test_each_quote_of_a_list_stands_or_falls_alone_and_fifty_are_the_most(bc: Client) -> None:
    requests = [a_quote(), a_quote(SECOND, colour="red"), a_quote("") | {"sourceId": ""}]
    told = bc.told("CreateSalesQuotes", requests=requests)
    words = [answer.get("error", {}).get("message", answer.get("status")) for answer in told]
    assert words == ["Open", "The name 'colour' is not known in the quote.", "sourceId must be given."]
    refused = bc.call("CreateSalesQuotes", requests=[a_quote(str(uuid4())) for _ in range(51)])
    assert (refused.status, refused.code) == (400, "Application_DialogException")


def test_quotes_that_are_gone_have_no_status_and_orders_are_no_quotes(bc: Client) -> None:
    order = bc.told("CreateSalesOrder", request=an_order(release=False))
    told = bc.told("ReleaseSalesQuotes", quoteIds=[str(uuid4()), order["orderId"]])
    assert [answer["status"] for answer in told] == ["", ""]
    assert bc.order(order["orderNo"])["status"] == "Open"


def test_a_quote_goes_to_the_archive_when_an_order_first_names_it(bc: Client) -> None:
    quote = create(bc)
    for _ in range(2):
        order = bc.told("CreateSalesOrder", request=an_order(quoteNumber=quote["orderNo"]))
    bc.call("SetOrderHeader", orderId=order["orderId"], fields={"quoteNumber": quote["orderNo"]})
    assert archived(bc) == [(quote["orderNo"], 1)]
    assert bc.order(order["orderNo"])["quoteNumber"] == quote["orderNo"]


@pytest.mark.parametrize(
    ("named", "expected"),
    [({"quoteNumber": "NONE"}, ""), ({"quoteReference": "NONE"}, ""), ({"quoteReference": "QU-1"}, "the quote")],
)
def test_an_order_names_only_a_quote_that_is_there(bc: Client, named: dict[str, str], expected: str) -> None:
    quote = create(bc)
    order = bc.told("CreateSalesOrder", request=an_order(**named))
    found = bc.order(order["orderNo"]).get("quoteNumber", "")
    assert found == (quote["orderNo"] if expected else "")

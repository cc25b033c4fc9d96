"""More of what a faithful Business Central must enforce: addresses, ledgers, queries, error bodies, reads that write.

Test names carry the number of the point, as in test_business_central_checklist.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from sandbox.business_central import subscriptions
from sandbox.business_central.routes import create_app
from sandbox.business_central.seed import ON_PREMISES_KEY, ON_PREMISES_USER
from sandbox.faults import Rule, parse_faults
from sandbox.server import Front, Server
from sandbox.world import BUSINESS_CENTRAL, World
from tests.sandbox.bc_client import Client, a_client, a_company

NAME = "Testing & Sons"


@pytest.fixture(scope="module")
def shared() -> Client:
    return a_client()


@pytest.fixture
def bc(shared: Client) -> Client:
    """One app for all tests here, as it was at the start."""
    shared.world.reset()
    return shared


def new_order(bc: Client, **more: Any) -> dict[str, Any]:
    lines = [{"lineType": "Item", "lineObjectNumber": "BOLT", "quantity": 4}]
    reply = bc.send("POST", bc.api("salesOrders?$expand=salesOrderLines"),
                    {"customerNumber": "100", "salesOrderLines": lines, **more})  # fmt: skip
    assert reply.status == 201, reply.text
    return dict(reply.json)


# --- 1 addresses and sign-in ------------------------------------------------------------------------------------------


def basic(user: str, key: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{key}'.encode()).decode()}"}


@pytest.mark.parametrize("prefix", ["/v2.0/contoso/sandbox", "/v2.0/sandbox", "/BC"])
def test_01_every_form_of_the_address_leads_to_the_same_companies(bc: Client, prefix: str) -> None:
    """Online with and without the tenant, and on-premises; next links and contexts are of the form that was asked."""
    names = [row["name"] for row in bc.get(f"{prefix}/api/v2.0/companies").rows]
    assert names == [NAME, f"{NAME} Branch"]
    for name in names:
        assert bc.get(f"{prefix}/api/v2.0/items?company={quote(name)}&$top=1").status == 200
        assert bc.get(f"{prefix}/ODataV4/Items?company={quote(name)}&$top=1").status == 200
    page = bc.get(f"{prefix}/api/v2.0/companies({bc.company})/items", Prefer="odata.maxpagesize=2")
    assert f"{prefix}/api/v2.0/companies({bc.company})/items?" in page.json["@odata.nextLink"]
    assert f"{prefix}/api/v2.0/$metadata#" in page.json["@odata.context"]
    assert bc.get(page.json["@odata.nextLink"], Prefer="odata.maxpagesize=2").status == 200
    assert bc.get(f"{prefix}/api/v2.0").json["value"][0]["name"] == "companies"


def test_01_a_tenant_is_named_in_the_query_on_premises(bc: Client) -> None:
    assert len(bc.get("/BC/api/v2.0/companies?tenant=default").rows) == 2


def test_01_a_web_service_key_opens_the_on_premises_form_only(bc: Client) -> None:
    """User names go in any case; a wrong key, an unknown user and no header at all are 401 with the code."""
    key = basic(ON_PREMISES_USER.lower(), ON_PREMISES_KEY)
    assert bc.get("/BC/api/v2.0/companies", **key).status == 200
    assert bc.send("POST", f"/BC/{bc.api('unitsOfMeasure')}", {"code": "KEYED"}, **key).status == 201
    assert bc.get(f"/BC/ODataV4/Company('{quote(NAME)}')/Items", **key).status == 200
    for path, headers in (
        ("/v2.0/contoso/sandbox/api/v2.0/companies", key),
        ("/BC/api/v2.0/companies", basic(ON_PREMISES_USER, "wrong")),
        ("/BC/api/v2.0/companies", basic("NOBODY", ON_PREMISES_KEY)),
        ("/BC/api/v2.0/companies", {"Authorization": ""}),
        ("/BC/api/v2.0/companies", {"Authorization": "Bearer nonsense"}),
    ):
        refused = bc.get(path, **headers)
        assert (refused.status, refused.code) == (401, "Authentication_InvalidCredentials"), path
        assert refused.headers["WWW-Authenticate"]


def test_01_companies_are_read_only(bc: Client) -> None:
    for verb in ("POST", "PATCH", "DELETE"):
        refused = bc.send(verb, "api/v2.0/companies", {})
        assert (refused.status, refused.code) == (405, "BadRequest_MethodNotAllowed")


# --- 6 to 10 documents ------------------------------------------------------------------------------------------------


def test_10_a_read_works_a_stale_discount_out_again_and_moves_the_etag(bc: Client) -> None:
    """Lines changed below an invoice discount: the next read of the header writes it, once."""
    order = new_order(bc, discountAmount=2)
    path = bc.api(f"salesOrders({order['id']})")
    line = bc.api(f"salesOrderLines({order['salesOrderLines'][0]['id']})")
    quiet = bc.get(path).json["@odata.etag"]
    assert bc.get(path).json["@odata.etag"] == quiet
    assert bc.send("PATCH", line, {"quantity": 8}, If_Match="*").status == 200
    hidden = bc.get(path, Data_Access_Intent="ReadOnly").json
    read = bc.get(path).json
    assert read["@odata.etag"] not in (quiet, hidden["@odata.etag"])
    assert (read["discountAmount"], read["totalAmountExcludingTax"]) == (2, 18)
    assert bc.get(path).json["@odata.etag"] == read["@odata.etag"]
    stale = bc.send("PATCH", path, {"externalDocumentNumber": "X"}, If_Match=hidden["@odata.etag"])
    assert (stale.status, stale.code) == (409, "Request_EntityChanged")


def test_10_without_a_discount_reading_writes_nothing(bc: Client) -> None:
    order = new_order(bc)
    line = bc.api(f"salesOrderLines({order['salesOrderLines'][0]['id']})")
    assert bc.send("PATCH", line, {"quantity": 8}, If_Match="*").status == 200
    version = bc.app.extensions["business_central"].state.journal.row_version
    bc.get(bc.api(f"salesOrders({order['id']})"))
    bc.get(bc.api("salesOrders"))
    assert bc.app.extensions["business_central"].state.journal.row_version == version


# --- 4 groups ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("itemCategoryId", 'The "itemCategoryId" does not match to a specific Item Category group.'),
        ("taxGroupId", 'The "taxGroupId" does not match to a Tax Group.'),
        ("baseUnitOfMeasureId", 'The "baseUnitOfMeasureId" does not match to a Unit of Measure.'),
    ],
)
def test_04_an_id_that_leads_nowhere_is_refused_in_its_words(bc: Client, name: str, says: str) -> None:
    refused = bc.send("POST", bc.api("items"), {"displayName": "X", name: "00000000-0000-0000-0000-000000000009"})
    assert (refused.status, refused.code, refused.message) == (400, "Application_DialogException", says)


def test_04_a_code_that_leads_nowhere_is_refused_and_one_that_does_brings_its_id(bc: Client) -> None:
    refused = bc.send("POST", bc.api("items"), {"displayName": "X", "itemCategoryCode": "none"})
    assert (refused.status, refused.code) == (400, "Internal_InvalidTableRelation")
    made = bc.send("POST", bc.api("itemCategories"), {"code": "metal", "displayName": "Metal"}).json
    item = bc.send("POST", bc.api("items"), {"displayName": "X", "itemCategoryId": made["id"]}).json
    assert (item["itemCategoryCode"], item["itemCategoryId"]) == ("METAL", made["id"])
    paid = bc.get(bc.api("paymentMethods?$filter=code eq 'BANK'")).rows[0]["id"]
    customer = bc.get(bc.api("customers?$top=1")).rows[0]["id"]
    changed = bc.send("PATCH", bc.api(f"customers({customer})"), {"paymentMethodId": paid}, If_Match="*")
    assert (changed.status, changed.json["paymentMethodId"]) == (200, paid)


# --- 12 ledger --------------------------------------------------------------------------------------------------------


def test_12_entry_numbers_rise_with_gaps(bc: Client) -> None:
    for _ in range(8):
        assert bc.control("post-stock", item="NUT", quantity=1).status == 200
    numbers = [row["entryNumber"] for row in bc.get(bc.api("itemLedgerEntries")).rows]
    assert numbers == sorted(set(numbers))
    assert set(range(numbers[0], numbers[-1] + 1)) - set(numbers)


def test_12_an_old_entry_is_written_again_when_it_is_applied(bc: Client) -> None:
    """Goods go out: the entry they came by keeps number and quantity, and is found by stamp and by version."""
    old = bc.get(bc.api("itemLedgerEntries?$filter=itemNumber eq 'NUT'")).rows[0]
    feed = bc.bridge(f"itemLedgerFeed?$filter=entryNumber eq {old['entryNumber']}")
    before = bc.one(feed)
    bc.world.clock.advance(60)
    out = bc.control("post-stock", item="NUT", quantity=-30).json["entryNumber"]
    after = bc.one(feed)
    assert (before["remainingQuantity"], after["remainingQuantity"], after["quantity"]) == (100, 70, 100)
    assert after["open"] is True
    assert after["rowVersion"] > before["rowVersion"]
    since = f"lastModifiedDateTime gt {old['lastModifiedDateTime']}"
    shown = bc.get(bc.api(f"itemLedgerEntries?$filter={since}")).rows
    assert {row["entryNumber"] for row in shown} == {old["entryNumber"], out}
    assert bc.get(bc.api(f"itemLedgerEntries?$filter=entryNumber gt {old['entryNumber']} and {since}")).rows != []
    bc.control("post-stock", item="NUT", quantity=-70)
    assert (bc.one(feed)["remainingQuantity"], bc.one(feed)["open"]) == (0, False)


def test_12_a_late_entry_keeps_number_version_and_stamp_of_when_it_was_written(bc: Client) -> None:
    """A watermark by number or stamp passes it; one that stays below the lowest open version does not."""
    held = bc.control("late-entry", item="NUT", quantity=1, hold=True).json["entryNumber"]
    safe = int(bc.call("ActiveRowVersion").json["value"])
    bc.world.clock.advance(60)
    seen = bc.control("post-stock", item="BOLT", quantity=1).json["entryNumber"]
    assert bc.control("late-entry", commit=True).json["entryNumbers"] == [held]
    late, early = (bc.one(bc.bridge(f"itemLedgerFeed?$filter=entryNumber eq {number}")) for number in (held, seen))
    assert held < seen
    assert late["lastModifiedDateTime"] < early["lastModifiedDateTime"]
    assert safe <= late["rowVersion"] < early["rowVersion"]
    assert int(bc.call("ActiveRowVersion").json["value"]) > early["rowVersion"]


@pytest.mark.parametrize("verb", ["POST", "PATCH", "DELETE"])
def test_12_the_ledger_is_not_written_to(bc: Client, verb: str) -> None:
    row = bc.get(bc.api("itemLedgerEntries?$top=1")).rows[0]
    path = "itemLedgerEntries" if verb == "POST" else f"itemLedgerEntries({row['id']})"
    refused = bc.send(verb, bc.api(path), {"description": "x"}, If_Match="*")
    assert (refused.status, refused.code) == (405, "BadRequest_MethodNotAllowed")


# --- 14 queries -------------------------------------------------------------------------------------------------------


def numbers(bc: Client, condition: str, **options: str) -> list[str]:
    more = "".join(f"&${name}={value}" for name, value in options.items())
    reply = bc.get(bc.api(f"items?$select=number&$filter={condition}{more}"))
    assert reply.status == 200, reply.text
    return [row["number"] for row in reply.rows]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("substring(number,1) eq 'UT'", ["NUT"]),
        ("substring(number,0,2) eq 'OD'", ["ODD"]),
        ("substring(displayName,4,3) eq ' of'", ["BOLT", "CART"]),
        ("substring(displayName,4,3) eq ' OF'", []),
        ("substring(number,1,1) ne 'O' and substring(number,1) ne 'UT'", ["CART", "ODD", "OIL"]),
        ("contains(displayName,'steel') and not startswith(displayName,'Bolt')", ["CART", "NUT", "ODD", "OIL"]),
        ("endswith(displayName,'STEEL')", []),
        ("tolower(displayName) eq 'bolt of steel'", ["BOLT"]),
        ("number eq 'bolt'", ["BOLT"]),
        ("(number eq 'NUT' or number eq 'OIL') and unitPrice gt 1", ["OIL"]),
    ],
)
def test_14_functions_and_operators_that_are_documented_are_served(
    bc: Client, condition: str, found: list[str]
) -> None:
    assert numbers(bc, condition) == found


@pytest.mark.parametrize(
    "condition",
    [
        "indexof(number,'U') eq 1", "replace(number,'U','O') eq 'NOT'", "concat(number,'X') eq 'NUTX'",
        "trim(number) eq 'NUT'", "round(unitPrice) eq 3", "floor(unitPrice) eq 2", "ceiling(unitPrice) eq 3",
        "unitPrice add 1 eq 2", "unitPrice eq unitCost", "length(number) eq 3", "substring(number,1) gt 'A'",
        "substring(tolower(number),1) eq 'ut'",
    ],
)  # fmt: skip
def test_14_what_has_no_counterpart_is_refused(bc: Client, condition: str) -> None:
    refused = bc.get(bc.api(f"items?$filter={quote(condition)}"))
    assert (refused.status, refused.code) == (400, "BadRequest_NotFound")


def test_14_order_top_skip_and_count_work_together(bc: Client) -> None:
    assert numbers(bc, "blocked eq false", orderby="unitPrice desc,number", top="2", skip="1") == ["OIL", "ODD"]
    counted = bc.get(bc.api("items?$count=true&$top=1&$filter=blocked eq false")).json
    assert (counted["@odata.count"], len(counted["value"])) == (5, 1)
    plain = bc.get(bc.api("items/$count"))
    assert (plain.text, plain.headers["Content-Type"].partition(";")[0]) == ("6", "text/plain")


def test_14_expand_nests_with_options_of_its_own(bc: Client) -> None:
    new_order(bc)
    inner = "salesOrderLines($select=id,itemId;$filter=quantity gt 3;$top=1;$expand=item($select=number))"
    order = bc.one(bc.api(f"salesOrders?$select=number&$expand={inner},customer($select=number)"))
    assert set(order) == {"@odata.etag", "number", "salesOrderLines", "customer"}
    assert order["salesOrderLines"][0]["item"]["number"] == "BOLT"
    assert order["customer"]["number"] == "100"


# --- 15 limits --------------------------------------------------------------------------------------------------------


def test_15_who_waits_too_long_in_the_queue_is_sent_away_and_the_place_is_free_again(bc: Client) -> None:
    bc.control("limits", concurrent=1, queued=5, wait_seconds=0.02)
    with bc.app.extensions["business_central"].throttle.admit("application"):
        refused = bc.get(bc.api("items"))
        assert (refused.status, refused.code) == (503, "Internal_TenantUnavailable")
        assert refused.headers["Retry-After"]
    assert bc.get(bc.api("items")).status == 200


# --- 21 filter columns ------------------------------------------------------------------------------------------------


def test_21_a_day_or_a_range_of_days_changes_what_is_dated_and_not_what_is_on_hand(bc: Client) -> None:
    today = bc.world.clock.now().date().isoformat()
    order = new_order(bc, requestedDeliveryDate="2031-05-05")
    assert order["number"]
    bc.control("order-supply", item="BOLT", quantity=9, date="2031-06-06")
    card = f"ODataV4/Company(Id={bc.company})/Item_Card('BOLT')"

    def sums(days: str) -> tuple[float, ...]:
        row = bc.get(f"{card}?$filter=Date_Filter eq '{days}'").json
        columns = ("Inventory", "Net_Change", "Qty_on_Sales_Order", "Qty_on_Purch_Order")
        return tuple(row[name] for name in columns)

    assert sums("") == (100, 100, 4, 9)
    assert sums(f"..{today}") == (100, 100, 0, 0)
    assert sums("2031-05-05") == (100, 0, 4, 0)
    assert sums("2031-05-06..") == (100, 0, 0, 9)
    assert sums("2031-01-01..2031-12-31") == (100, 0, 4, 9)
    place = bc.get(f"{card}?$filter=Location_Filter eq 'NORTH' and Date_Filter eq '..2031-12-31'").json
    assert (place["Inventory"], place["Qty_on_Sales_Order"]) == (0, 0)
    refused = bc.get(f"{card}?$filter=Date_Filter eq 'soon'")
    assert (refused.status, refused.code) == (400, "Application_FilterErrorException")


# --- 18 notifications -------------------------------------------------------------------------------------------------


def pending(bc: Client) -> dict[str, str]:
    """What waits to be sent: kind by record."""
    system = bc.app.extensions["business_central"].subscriptions
    return {record: kind for each in system._pending.values() for record, (kind, _) in each.records.items()}


@pytest.fixture
def subscribed(bc: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Subscriptions to items and orders whose receiver always shakes hands; nothing is sent within the test."""
    monkeypatch.setattr(subscriptions, "_shake_hands", lambda url: None)
    monkeypatch.setattr(bc.world, "webhook_delay", 3600.0)
    for name in ("items", "salesOrders"):
        body = {
            "notificationUrl": f"http://127.0.0.1:9/{name}",
            "resource": f"/api/v2.0/companies({bc.company})/{name}",
        }
        assert bc.send("POST", "api/v2.0/subscriptions", body).status == 201
    return bc


def test_18_an_update_that_changes_nothing_is_not_told(subscribed: Client) -> None:
    bc = subscribed
    item, order = bc.item("NUT"), new_order(bc)
    path = bc.api(f"items({item['id']})")
    created = pending(bc)
    assert created == {order["id"]: "created"}
    assert bc.send("PATCH", path, {"displayName": item["displayName"]}, If_Match="*").status == 200
    assert pending(bc) == created
    assert bc.send("PATCH", path, {"displayName": "Other"}, If_Match="*").status == 200
    assert pending(bc) == {**created, item["id"]: "updated"}


def test_18_a_changed_line_counts_as_a_change_of_its_document(subscribed: Client) -> None:
    bc = subscribed
    order = new_order(bc)
    bc.app.extensions["business_central"].subscriptions._pending.clear()
    line = bc.api(f"salesOrderLines({order['salesOrderLines'][0]['id']})")
    assert bc.send("PATCH", line, {"description": "Other words"}, If_Match="*").status == 200
    assert pending(bc) == {order["id"]: "updated"}


def test_18_no_more_is_noted_than_the_queue_holds(subscribed: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    bc = subscribed
    assert subscriptions.MOST_QUEUED == 1_000_000
    monkeypatch.setattr(subscriptions, "MOST_QUEUED", 2)
    ids = [bc.item(number)["id"] for number in ("NUT", "BOLT", "OIL")]
    for row_id in ids:
        assert bc.send("PATCH", bc.api(f"items({row_id})"), {"displayName": "New"}, If_Match="*").status == 200
    assert list(pending(bc)) == ids[:2]


# --- 24 bodies that are no JSON ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[World, str]]:
    world = World(a_company())
    server = Server(Front(create_app(world), BUSINESS_CENTRAL, world), 0)
    server.start()
    yield world, server.address
    world.stop()
    server.stop()


@pytest.mark.parametrize("status", ["408", "411", "413", "502", "503", "504"])
@pytest.mark.parametrize("body", ["html", "empty", "json"])
def test_24_a_status_may_come_with_a_page_or_with_nothing(address: tuple[World, str], status: str, body: str) -> None:
    world, server = address
    world.faults.clear()
    world.faults.add([Rule(status, body=body, times=1, retry_after=7)])
    with requests.Session() as session:
        session.trust_env = False
        reply = session.post(f"{server}/v2.0/contoso/sandbox/api/v2.0/companies", json={}, timeout=10)
        again = session.get(f"{server}/v2.0/contoso/sandbox/api/v2.0/companies", timeout=10)
    assert (reply.status_code, reply.headers["Retry-After"], again.status_code) == (int(status), "7", 401)
    if body == "html":
        assert reply.headers["Content-Type"].startswith("text/html")
        assert reply.text.startswith("<!DOCTYPE html>") and status in reply.text
    elif body == "empty":
        assert (reply.content, reply.headers.get("Content-Type")) == (b"", None)
    else:
        assert reply.json()["error"]["code"]


def test_24_the_short_form_names_bodies_too() -> None:
    page, nothing, own = parse_faults("503:0.1:html,502:0.2:writes:empty,504")
    assert (page.kind, page.rate, page.body, page.writes_only) == ("503", 0.1, "html", False)
    assert (nothing.body, nothing.writes_only, own.body) == ("empty", True, "json")

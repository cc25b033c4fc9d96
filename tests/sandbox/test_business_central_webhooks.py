"""Webhooks: the handshake, what is told and what is not, and what ends a subscription."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.world import World
from tests.sandbox.bc_client import Client, a_company, an_order


class Receiver:
    """An HTTP server that shakes hands and keeps what it is told."""

    def __init__(self) -> None:
        self.told: queue.Queue[dict[str, Any]] = queue.Queue()
        self.answers: list[int] = []
        self.shakes = True
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                token = parse_qs(urlsplit(self.path).query).get("validationToken")
                if token:
                    self._answer(200, token[0] if outer.shakes else "no")
                    return
                status = outer.answers.pop(0) if outer.answers else 200
                self._answer(status, "")
                outer.told.put({"status": status, "entries": json.loads(body)["value"]})

            def _answer(self, status: int, text: str) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Silent: the tests say what matters."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def next(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.told.get(timeout=10)["entries"]
        return entries

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def bc() -> Iterator[Client]:
    world = World(a_company(), webhook_delay=0.05)
    yield Client(world)
    world.stop()


def subscribe(bc: Client, receiver: Receiver, entity_set: str = "salesOrders", route: str = "api/v2.0") -> Any:
    resource = f"/{route}/companies({bc.company})/{entity_set}"
    body = {"notificationUrl": receiver.url, "resource": resource, "clientState": "s3cret"}
    return bc.send("POST", f"{route}/subscriptions", body)


def test_changes_of_a_record_are_told_once_for_a_window(bc: Client, receiver: Receiver) -> None:
    made = subscribe(bc, receiver)
    assert made.status == 201
    told = bc.told("CreateSalesOrder", request=an_order())
    entries = receiver.next()
    assert [(entry["changeType"], entry["clientState"]) for entry in entries] == [("created", "s3cret")]
    assert entries[0]["resource"].endswith(f"/companies({bc.company})/salesOrders({told['orderId']})")
    assert entries[0]["subscriptionId"] == made.json["subscriptionId"]
    bc.control("ship-and-invoice", order=told["orderNo"])
    assert [entry["changeType"] for entry in receiver.next()] == ["deleted"]


def test_stock_does_not_tell_of_items_but_of_entries(bc: Client, receiver: Receiver) -> None:
    subscribe(bc, receiver, "items")
    subscribe(bc, receiver, "itemLedgerFeed", "api/salesbridge/bridge/v1.0")
    bc.control("post-stock", item="NUT", quantity=1)
    assert "itemLedgerFeed" in receiver.next()[0]["resource"]
    bc.control("set-item", item="NUT", displayName="Nut of brass")
    assert "/items(" in receiver.next()[0]["resource"]


def test_what_is_rolled_back_is_not_told(bc: Client, receiver: Receiver) -> None:
    subscribe(bc, receiver)
    assert bc.call("CreateSalesOrder", request=an_order(shipTo={"country": "XX"})).status == 400
    bc.told("CreateSalesOrder", request=an_order("SO-2"))
    assert len(receiver.next()) == 1


def test_more_than_a_thousand_records_become_one_hint(bc: Client, receiver: Receiver) -> None:
    subscribe(bc, receiver, "customers")
    with bc.world.lock:
        system = bc.app.extensions["business_central"]
        table = system.state.company(bc.company).tables["customers"]
        with system.state.journal.transaction():
            for number in range(1001):
                table.insert({"number": f"N{number}", "displayName": "x"})
    (entry,) = receiver.next()
    assert entry["changeType"] == "collection"
    assert "customers?$filter=lastModifiedDateTime%20gt%20" in entry["resource"]


def test_a_receiver_that_does_not_shake_hands_gets_no_subscription(bc: Client, receiver: Receiver) -> None:
    receiver.shakes = False
    assert subscribe(bc, receiver).status == 400
    assert bc.get("api/v2.0/subscriptions").rows == []


def test_renewing_shakes_hands_again_and_moves_the_end(bc: Client, receiver: Receiver) -> None:
    made = subscribe(bc, receiver).json
    path = f"api/v2.0/subscriptions('{made['subscriptionId']}')"
    bc.world.clock.advance(3600)
    assert bc.send("PATCH", path, {}).code == "BadRequest_InvalidToken"
    renewed = bc.send("PATCH", path, {}, If_Match="*")
    assert renewed.status == 200
    assert renewed.json["expirationDateTime"] > made["expirationDateTime"]
    receiver.shakes = False
    assert bc.send("PATCH", path, {}, If_Match="*").status == 400
    assert bc.send("DELETE", path).status == 204
    assert bc.get(path).status == 404


def test_a_passing_failure_is_tried_again_and_another_ends_the_subscription(bc: Client, receiver: Receiver) -> None:
    subscribe(bc, receiver)
    receiver.answers = [503, 200, 410]
    bc.told("CreateSalesOrder", request=an_order())
    assert [receiver.told.get(timeout=10)["status"] for _ in range(2)] == [503, 200]
    assert len(bc.get("api/v2.0/subscriptions").rows) == 1
    bc.told("CreateSalesOrder", request=an_order("SO-2"))
    assert receiver.told.get(timeout=10)["status"] == 410
    # Whoever sent the last notification drops the subscription right after reading the answer.
    bc.world.stop()
    assert bc.get("api/v2.0/subscriptions").rows == []


def test_an_expired_subscription_is_silent_and_gone(bc: Client, receiver: Receiver) -> None:
    subscribe(bc, receiver)
    bc.world.clock.advance(4 * 24 * 3600)
    subscribe(bc, receiver, "customers")
    bc.told("CreateSalesOrder", request=an_order())
    bc.control("set-customer", customer="100", displayName="Renamed")
    assert "/customers(" in receiver.next()[0]["resource"]
    bc.world.stop()
    assert ["customers" in row["resource"] for row in bc.get("api/v2.0/subscriptions").rows] == [True]


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        ("salesOrderLines", 400),
        ("salesShipmentLines", 400),
        ("things", 404),
    ],
)
def test_sets_without_webhooks_are_refused(bc: Client, receiver: Receiver, resource: str, status: int) -> None:
    assert subscribe(bc, receiver, resource).status == status


def test_the_same_subscription_twice_is_refused(bc: Client, receiver: Receiver) -> None:
    assert subscribe(bc, receiver).status == 201
    assert subscribe(bc, receiver).code == "Internal_EntityWithSameKeyExists"


def test_the_two_hundred_and_first_subscription_is_refused_until_others_expire(bc: Client, receiver: Receiver) -> None:
    path, resource = "api/v2.0/subscriptions", f"/api/v2.0/companies({bc.company})/items"
    for number in range(200):
        body = {"notificationUrl": f"{receiver.url}?n={number}", "resource": resource}
        assert bc.send("POST", path, body).status == 201
    body = {"notificationUrl": receiver.url, "resource": resource}
    refused = bc.send("POST", path, body)
    assert (refused.status, refused.code) == (400, "Application_DialogException")
    bc.world.clock.advance(3 * 24 * 3600 + 1)
    assert bc.send("POST", path, body).status == 201
    assert len(bc.get(path).rows) == 1

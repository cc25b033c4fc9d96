"""Webhooks of the Sales stand-in: who is told, with which secret, and what of."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from typing import Any

import pytest

from tests.sandbox.desk import Desk, sales_id

ORDER = f"salesorders({sales_id('salesorder', 'SO-1')})"
PATIENCE = 10


class Receiver:
    """A listening server that keeps what it is sent and answers as told."""

    def __init__(self) -> None:
        self.received: Queue[tuple[str, dict[str, str], dict[str, Any]]] = Queue()
        self.answers: Queue[int] = Queue()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(200 if outer.answers.empty() else outer.answers.get())
                self.send_header("Content-Length", "0")
                self.end_headers()
                outer.received.put((self.path, headers, body))

            def log_message(self, *_args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def next(self) -> tuple[str, dict[str, str], dict[str, Any]]:
        return self.received.get(timeout=PATIENCE)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def desk() -> Iterator[Desk]:
    opened = Desk()
    yield opened
    opened.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    listening = Receiver()
    yield listening
    listening.close()


def register(
    desk: Desk, url: str, *, authtype: int = 5, message: str = "Update", columns: str = "", mode: int = 1
) -> str:
    """A webhook with one step on orders, registered as the real service wants it."""
    secret = "s3cret" if authtype == 4 else '<settings><setting name="x-key" value="s3cret" /></settings>'
    endpoint = desk.post(
        "serviceendpoints", {"name": "Hook", "url": url, "contract": 8, "authtype": authtype, "authvalue": secret}
    ).new_id
    found = desk.get(f"sdkmessages?$select=sdkmessageid&$filter=name eq '{message}'").json["value"][0]["sdkmessageid"]
    where = f"_sdkmessageid_value eq {found} and primaryobjecttypecode eq 'salesorder'"
    filters = desk.get(f"sdkmessagefilters?$select=sdkmessagefilterid&$filter={where}").json["value"]
    step = {
        "name": "Step",
        "stage": 40,
        "mode": mode,
        "rank": 1,
        "filteringattributes": columns,
        "sdkmessageid@odata.bind": f"/sdkmessages({found})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({filters[0]['sdkmessagefilterid']})",
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
    }
    assert desk.post("sdkmessageprocessingsteps", step).status == 204
    return endpoint


def test_a_submit_is_told_with_the_secret_and_the_changed_columns_only(desk: Desk, receiver: Receiver) -> None:
    register(desk, receiver.url, columns="statecode,statuscode")
    desk.patch(ORDER, {"description": "not watched"})
    desk.control("POST", "submit", {"order": "SO-1"})
    path, headers, body = receiver.next()
    assert (path, headers["x-key"]) == ("/hook", "s3cret")
    assert headers["x-ms-dynamics-entity-name"] == "salesorder"
    assert headers["x-ms-dynamics-request-name"] == body["MessageName"] == "Update"
    assert body["PrimaryEntityId"] == sales_id("salesorder", "SO-1")
    sent = {a["key"]: a["value"] for a in body["InputParameters"][0]["value"]["Attributes"]}
    assert sent["statecode"]["Value"] == 1
    assert "name" not in sent
    with pytest.raises(Empty):
        receiver.received.get_nowait()


def test_a_key_goes_into_the_address_and_is_never_read_back(desk: Desk, receiver: Receiver) -> None:
    endpoint = register(desk, receiver.url, authtype=4, message="Create")
    made = desk.post("salesorders", {"name": "New"}).new_id
    path, _, body = receiver.next()
    assert path == "/hook?code=s3cret"
    assert (body["PrimaryEntityId"], body["OutputParameters"]) == (made, [{"key": "id", "value": made}])
    row = desk.get(f"serviceendpoints({endpoint})").json
    assert (row["isauthvalueset"], "authvalue" in row) == (True, False)


def test_what_is_undone_is_not_told(desk: Desk, receiver: Receiver) -> None:
    register(desk, receiver.url)
    assert desk.patch(ORDER, {"description": "x", "statecode": 3}).status == 400
    desk.patch(ORDER, {"description": "y"})
    _, _, body = receiver.next()
    sent = {a["key"]: a["value"] for a in body["InputParameters"][0]["value"]["Attributes"]}
    assert sent["description"] == "y"


def test_a_receiver_that_is_away_gets_one_more_attempt(desk: Desk, receiver: Receiver) -> None:
    register(desk, receiver.url)
    receiver.answers.put(503)
    desk.patch(ORDER, {"description": "x"})
    first, second = receiver.next(), receiver.next()
    assert first[2]["CorrelationId"] == second[2]["CorrelationId"]


def test_an_asynchronous_step_before_the_operation_is_refused(desk: Desk) -> None:
    body = {"name": "s", "stage": 20, "mode": 1}
    refused = desk.post("sdkmessageprocessingsteps", body)
    assert (refused.status, "asynchronous" in refused.text) == (400, True)


def test_a_synchronous_step_that_fails_undoes_the_operation(desk: Desk, receiver: Receiver) -> None:
    register(desk, receiver.url, mode=0)
    receiver.answers.put(400)
    refused = desk.patch(ORDER, {"description": "x"})
    assert (refused.status, refused.code) == (400, "0x80050201")
    assert desk.get(ORDER).json["description"] != "x"
    assert receiver.next()[2]["Mode"] == 0
    assert desk.patch(ORDER, {"description": "y"}).status == 204
    assert desk.get(ORDER).json["description"] == "y"

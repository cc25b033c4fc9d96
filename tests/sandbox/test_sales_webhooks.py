"""Webhooks of the Sales stand-in: who is told, with which secret, and what of."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from typing import Any

import pytest

from sandbox.sales import webhooks
from tests.sandbox.desk import Desk, Reply, sales_id
from tests.sandbox.test_sales_checklist import refusal

ORDER = f"salesorders({sales_id('salesorder', 'SO-1')})"
PATIENCE = 10


class Receiver:
    """A listening server that keeps what it is sent and answers as told."""

    def __init__(self) -> None:
        self.received: Queue[tuple[str, dict[str, str], dict[str, Any]]] = Queue()
        self.answers: Queue[int] = Queue()
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.meanwhile: Callable[[], object] = lambda: None
        """Done after a message has come and before it is answered."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.may_answer.wait(PATIENCE)
                outer.meanwhile()
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
    """A webhook with one step on orders, registered as the real service wants it; the endpoint's id."""
    return register_step(desk, url, authtype=authtype, message=message, columns=columns, mode=mode)[0]


def register_step(
    desk: Desk, url: str, *, authtype: int = 5, message: str = "Update", columns: str = "", mode: int = 1
) -> tuple[str, str]:
    """As :func:`register`; the endpoint's id and the step's."""
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
    made = desk.post("sdkmessageprocessingsteps", step)
    assert made.status == 204
    return endpoint, made.new_id


def register_image(desk: Desk, step: str, kind: int, columns: str = "", where: str = "Target") -> Reply:
    body = {
        "name": "Image",
        "imagetype": kind,
        "entityalias": f"image{kind}",
        "attributes": columns,
        "messagepropertyname": where,
        "sdkmessageprocessingstepid@odata.bind": f"/sdkmessageprocessingsteps({step})",
    }
    return desk.post("sdkmessageprocessingstepimages", body)


def attributes(images: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Values of images by alias and column."""
    return {i["key"]: {a["key"]: a["value"] for a in i["value"]["Attributes"]} for i in images}


def test_26_a_submit_is_told_with_the_secret_and_the_changed_columns_only(desk: Desk, receiver: Receiver) -> None:
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


def test_26_a_key_goes_into_the_address_and_is_never_read_back(desk: Desk, receiver: Receiver) -> None:
    endpoint = register(desk, receiver.url, authtype=4, message="Create")
    made = desk.post("salesorders", {"name": "New"}).new_id
    path, _, body = receiver.next()
    assert path == "/hook?code=s3cret"
    assert (body["PrimaryEntityId"], body["OutputParameters"]) == (made, [{"key": "id", "value": made}])
    row = desk.get(f"serviceendpoints({endpoint})").json
    assert (row["isauthvalueset"], "authvalue" in row) == (True, False)


def test_26_what_is_undone_is_not_told(desk: Desk, receiver: Receiver) -> None:
    register(desk, receiver.url)
    assert desk.patch(ORDER, {"description": "x", "statecode": 3}).status == 400
    desk.patch(ORDER, {"description": "y"})
    _, _, body = receiver.next()
    sent = {a["key"]: a["value"] for a in body["InputParameters"][0]["value"]["Attributes"]}
    assert sent["description"] == "y"


def test_26_a_receiver_that_is_away_gets_one_more_attempt(desk: Desk, receiver: Receiver) -> None:
    register(desk, receiver.url)
    receiver.answers.put(503)
    desk.patch(ORDER, {"description": "x"})
    first, second = receiver.next(), receiver.next()
    assert first[2]["CorrelationId"] == second[2]["CorrelationId"]


def test_messages_are_lost_doubled_and_out_of_order_as_planned(desk: Desk, receiver: Receiver) -> None:
    register(desk, receiver.url)
    desk.control("POST", "webhooks", {"next": ["lose", "twice", "late"]})
    for text in ("lost", "doubled"):
        desk.patch(ORDER, {"description": text})
    assert [described(receiver.next()[2]) for _ in range(2)] == ["doubled", "doubled"]
    for text in ("late", "early"):
        desk.patch(ORDER, {"description": text})
    assert [described(receiver.next()[2]) for _ in range(2)] == ["early", "late"]
    assert "expected a list of" in str(desk.control("POST", "webhooks", {"next": ["burn"]}))


def described(body: dict[str, Any]) -> Any:
    """The description a message tells."""
    return {a["key"]: a["value"] for a in body["InputParameters"][0]["value"]["Attributes"]}["description"]


def test_26_an_asynchronous_step_before_the_operation_is_refused(desk: Desk) -> None:
    body = {"name": "s", "stage": 20, "mode": 1}
    refused = desk.post("sdkmessageprocessingsteps", body)
    assert (refused.status, "asynchronous" in refused.text) == (400, True)


def test_26_a_synchronous_step_that_fails_undoes_the_operation(desk: Desk, receiver: Receiver) -> None:
    register(desk, receiver.url, mode=0)
    receiver.answers.put(400)
    refused = desk.patch(ORDER, {"description": "x"})
    assert (refused.status, refused.code) == (400, "0x80050201")
    assert desk.get(ORDER).json["description"] != "x"
    assert receiver.next()[2]["Mode"] == 0
    assert desk.patch(ORDER, {"description": "y"}).status == 204
    assert desk.get(ORDER).json["description"] == "y"


def test_26_images_show_the_row_before_and_after(desk: Desk, receiver: Receiver) -> None:
    _, step = register_step(desk, receiver.url)
    assert register_image(desk, step, 0, "description,statecode").status == 204
    assert register_image(desk, step, 1, "description").status == 204
    desk.patch(ORDER, {"description": "first"})
    desk.patch(ORDER, {"description": "second"})
    bodies = sorted((receiver.next()[2] for _ in range(2)), key=lambda body: str(body["PreEntityImages"]))
    before, after = attributes(bodies[0]["PreEntityImages"]), attributes(bodies[0]["PostEntityImages"])
    assert before["image0"]["description"] == "first"
    assert before["image0"]["statecode"]["Value"] == 0
    assert after == {"image1": {"description": "second"}, "AsynchronousStepPrimaryName": {"name": "Open order"}}


@pytest.mark.parametrize(
    ("message", "kind", "where", "words"),
    [
        ("Create", 0, "Id", "PreImage is not supported"),
        ("Delete", 1, "Target", "PostImage is only supported"),
        ("Update", 2, "Id", "Message property name 'Id' is not valid"),
    ],
)
def test_26_images_there_cannot_be_are_refused(desk: Desk, message: str, kind: int, where: str, words: str) -> None:
    _, step = register_step(desk, "http://127.0.0.1:9/hook", message=message)
    refused = register_image(desk, step, kind, where=where)
    assert refusal(refused) == (400, "0x80040203")
    assert words in refused.text


def test_26_a_row_over_256_kilobytes_is_told_without_its_values(desk: Desk, receiver: Receiver) -> None:
    register(desk, receiver.url)
    desk.patch(ORDER, {"description": "x" * webhooks.TOO_BIG})
    _, headers, body = receiver.next()
    assert headers["x-ms-dynamics-msg-size-exceeded"] == "True"
    assert not {"InputParameters", "PreEntityImages", "PostEntityImages", "ParentContext"} & body.keys()
    assert (body["PrimaryEntityName"], body["PrimaryEntityId"]) == ("salesorder", sales_id("salesorder", "SO-1"))
    desk.patch(ORDER, {"description": "short"})
    _, headers, body = receiver.next()
    assert "x-ms-dynamics-msg-size-exceeded" not in headers
    assert body["InputParameters"][0]["key"] == "Target"


def test_26_a_receiver_that_does_not_answer_in_time_has_failed(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real minute is cut short here; the receiver holds its answer back until the refusal is there."""
    assert webhooks.SECONDS == 60
    monkeypatch.setattr(webhooks, "SECONDS", 0.2)
    register(desk, receiver.url, mode=0)
    receiver.may_answer.clear()
    refused = desk.patch(ORDER, {"description": "x"})
    receiver.may_answer.set()
    assert refusal(refused) == (400, "0x80050202")
    assert desk.get(ORDER).json["description"] != "x"
    assert any(line.startswith("Update salesorder") for line in desk.control("GET", "webhook-failures"))


def test_26_a_caller_with_the_right_leaves_custom_logic_out_and_sends_a_word_along(
    desk: Desk, receiver: Receiver
) -> None:
    register(desk, receiver.url, mode=0)
    register(desk, receiver.url, mode=1)
    by_plugin, by_logic = "MSCRM.BypassCustomPluginExecution", "MSCRM.BypassBusinessLogicExecution"
    for header, value, privilege in (
        (by_plugin, "true", "prvBypassCustomPlugins"),
        (by_logic, "CustomAsync", "prvBypassCustomBusinessLogic"),
    ):
        refused = desk.call("PATCH", ORDER, {"description": "x"}, **{header: value})
        assert refusal(refused) == (403, "0x80040220")
        assert privilege in refused.text
    wrong = desk.call("PATCH", ORDER, {"description": "x"}, as_admin="yes", **{by_logic: "Everything"})
    assert refusal(wrong) == (400, "0x80040203")
    opened = desk.patch(f"organizations({organization(desk)})", {"issopintegrationenabled": False}, as_admin="yes")
    assert opened.status == 204
    tagged = f"{ORDER}?tag=import"
    assert desk.call("PATCH", tagged, {"description": "a"}, as_admin="yes", **{by_plugin: "true"}).status == 204
    _, _, body = receiver.next()
    assert (body["Mode"], body["SharedVariables"]) == (1, [{"key": "tag", "value": "import"}])
    both = {by_logic: "CustomSync,CustomAsync"}
    assert desk.call("PATCH", ORDER, {"description": "b"}, as_admin="yes", **both).status == 204
    assert desk.call("PATCH", ORDER, {"description": "c"}, as_admin="yes", **{by_logic: "CustomAsync"}).status == 204
    _, _, body = receiver.next()
    sent = {a["key"]: a["value"] for a in body["InputParameters"][0]["value"]["Attributes"]}
    assert (body["Mode"], sent["description"], body["SharedVariables"]) == (0, "c", [])


def organization(desk: Desk) -> str:
    return str(desk.get("organizations?$select=name").json["value"][0]["organizationid"])


def test_16_requests_at_once_are_limited(desk: Desk, receiver: Receiver) -> None:
    """A synchronous receiver holds one request while it sends another: that is one too many, and is refused at once."""
    register(desk, receiver.url, mode=0)
    desk.control("POST", "limits", {"concurrent": 1})
    during: list[Reply] = []
    receiver.meanwhile = lambda: during.append(desk.get("accounts?$top=1"))
    assert desk.patch(ORDER, {"description": "held"}).status == 204
    (refused,) = during
    assert refusal(refused) == (429, "0x80072326")
    assert "Number of concurrent requests exceeded the limit of 1." in refused.text
    assert int(refused.headers["Retry-After"]) >= 1
    assert desk.get("accounts?$top=1").status == 200

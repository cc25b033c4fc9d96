"""``$batch`` of the Sales stand-in: order, change sets, references, and what stops at the first failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.desk import ROOT, Desk, Reply, sales_id

ORDER = f"salesorders({sales_id('salesorder', 'SO-2')})"


@pytest.fixture
def desk() -> Iterator[Desk]:
    opened = Desk()
    yield opened
    opened.close()


def part(method: str, path: str, body: Any = None, *, content_id: str = "", if_match: str = "") -> str:
    """One request as it stands in a batch. Paths such as ``$1`` are references."""
    url = path if path[1:].isdecimal() else f"{ROOT}/{path}"
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    lines += [f"Content-ID: {content_id}"] if content_id else []
    lines += ["", f"{method} {url} HTTP/1.1"]
    lines += ["Content-Type: application/json; type=entry"] if body is not None else []
    lines += [f"If-Match: {if_match}"] if if_match else []
    return "\r\n".join([*lines, "", json.dumps(body) if body is not None else ""])


def change_set(*parts: str) -> str:
    inner = "".join(f"--set\r\n{text}\r\n" for text in parts)
    return f'Content-Type: multipart/mixed; boundary="set"\r\n\r\n{inner}--set--\r\n'


def send(desk: Desk, *parts: str, go_on: bool = False) -> Reply:
    text = "".join(f"--batch_1\r\n{p}\r\n" for p in parts) + "--batch_1--\r\n"
    prefer = "odata.continue-on-error" if go_on else ""
    return desk.call("POST", "$batch", text.encode(), prefer=prefer, Content_Type='multipart/mixed; boundary="batch_1"')


def test_answers_come_in_order_and_begin_with_their_boundary(desk: Desk) -> None:
    reply = send(desk, part("GET", "accounts?$select=name"), part("POST", "posts", {"text": "x"}))
    assert reply.status == 200
    assert reply.text.startswith("--batchresponse_")
    assert [line for line in reply.text.split("\r\n") if line.startswith("HTTP/1.1")] == [
        "HTTP/1.1 200 OK",
        "HTTP/1.1 204 No Content",
    ]


def test_a_change_set_opens_stamps_and_submits_an_order_at_once(desk: Desk) -> None:
    stamp = {"lastbackofficesubmit": "2026-03-02", "statecode": 1, "statuscode": 3}
    steps = (
        part("PATCH", ORDER, {"statecode": 0, "statuscode": 2}, content_id="1", if_match="*"),
        part("PATCH", ORDER, stamp, content_id="2", if_match="*"),
    )
    reply = send(desk, change_set(*steps))
    assert (reply.status, "--changesetresponse_" in reply.text) == (200, True)
    order = desk.order("SO-2")
    assert (order["statecode"], order["lastbackofficesubmit"]) == (1, "2026-03-02T00:00:00Z")


def test_a_change_set_that_fails_leaves_nothing_and_answers_once(desk: Desk) -> None:
    steps = (
        part("PATCH", ORDER, {"statecode": 0, "statuscode": 2}, content_id="1"),
        part("POST", "posts", {"text": "never"}, content_id="2"),
        part("PATCH", ORDER, {"statecode": 1, "statuscode": 4}, content_id="3"),
    )
    version = desk.order("SO-2")["versionnumber"]
    reply = send(desk, change_set(*steps), go_on=True)
    assert (reply.status, reply.text.count("HTTP/1.1 "), "0x80048408" in reply.text) == (200, 1, True)
    order = desk.order("SO-2")
    assert (order["statecode"], order["versionnumber"]) == (1, version)
    assert desk.get("posts/$count").text == "0"


def test_the_first_failure_ends_a_batch_unless_it_shall_go_on(desk: Desk) -> None:
    parts = (part("POST", "posts", {"text": "a"}), part("GET", "nothing"), part("POST", "posts", {"text": "b"}))
    stopped = send(desk, *parts)
    assert (stopped.status, stopped.text.count("HTTP/1.1 ")) == (400, 2)
    assert desk.get("posts/$count").text == "1"
    went_on = send(desk, *parts, go_on=True)
    assert (went_on.status, went_on.text.count("HTTP/1.1 ")) == (200, 3)
    assert desk.get("posts/$count").text == "3"


def test_later_requests_of_a_change_set_name_earlier_ones(desk: Desk) -> None:
    reply = send(
        desk,
        change_set(
            part("POST", "accounts", {"name": "Parent"}, content_id="1"),
            part("POST", "contacts", {"lastname": "Dahl", "parentcustomerid_account@odata.bind": "$1"}, content_id="2"),
            part("PATCH", "$1", {"primarycontactid@odata.bind": "$2"}, content_id="3"),
        ),
    )
    assert reply.status == 200
    parent = desk.get("accounts?$filter=name eq 'Parent'&$expand=primarycontactid($select=fullname)").json["value"][0]
    assert parent["primarycontactid"]["fullname"] == "Dahl"
    forward = send(desk, change_set(part("PATCH", "$9", {"name": "x"}, content_id="1")))
    assert "Content-ID Reference: '$9' does not exist in the batch context." in forward.text


def test_reading_inside_a_change_set_and_a_batch_in_a_batch_are_refused(desk: Desk) -> None:
    assert "not allowed inside a change set" in send(desk, change_set(part("GET", "accounts"))).text
    assert "batch inside a batch" in send(desk, part("POST", "$batch", {})).text


def test_a_batch_that_is_none_is_400_in_plain_json(desk: Desk) -> None:
    bare = b"--b\nContent-Type: application/http\n\nGET /api/data/v9.2/accounts HTTP/1.1\n\n--b--\n"
    for body, kind in ((bare, "multipart/mixed; boundary=b"), (b"{}", "application/json")):
        reply = desk.call("POST", "$batch", body, Content_Type=kind)
        assert (reply.status, reply.code) == (400, "0x80048d19")


def test_more_than_a_thousand_requests_are_refused_before_the_first(desk: Desk) -> None:
    reply = send(desk, *[part("POST", "posts", {"text": "x"})] * 1001)
    assert (reply.status, reply.code) == (400, "0x80060888")
    assert desk.get("posts/$count").text == "0"

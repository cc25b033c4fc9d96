"""Batches: order, stopping, going on, and the snapshot that undoes all while its answers look fine."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.bc_client import Client, a_client


@pytest.fixture
def bc() -> Client:
    return a_client()


def parts(bc: Client) -> list[dict[str, Any]]:
    company = f"companies({bc.company})"
    item = bc.item("NUT")["id"]
    return [
        {"id": "a", "method": "POST", "url": f"{company}/items", "body": {"displayName": "First", "number": "B1"}},
        {
            "id": "b",
            "method": "PATCH",
            "url": f"{company}/items({item})",
            "headers": {"If-Match": "*"},
            "body": {"colour": 1},
        },
        {"id": "c", "method": "GET", "url": "items?$filter=number eq 'B1'", "headers": {"Company": bc.company}},
    ]


def send(bc: Client, requests: Any, **headers: str) -> Any:
    return bc.send("POST", "api/v2.0/$batch", {"requests": requests}, **headers)


def test_the_first_failure_ends_a_batch_and_what_was_done_stays(bc: Client) -> None:
    responses = send(bc, parts(bc)).json["responses"]
    assert [(part["id"], part["status"]) for part in responses] == [("a", 201), ("b", 400)]
    assert responses[1]["body"]["error"]["code"] == "BadRequest"
    assert bc.item("B1")["displayName"] == "First"


def test_a_batch_goes_on_where_it_is_told_to(bc: Client) -> None:
    responses = send(bc, parts(bc), Prefer="odata.continue-on-error").json["responses"]
    assert [part["status"] for part in responses] == [201, 400, 200]
    assert responses[2]["body"]["value"][0]["number"] == "B1"


def test_a_snapshot_is_undone_although_its_answers_say_created(bc: Client) -> None:
    responses = send(bc, parts(bc), Isolation="snapshot").json["responses"]
    assert [part["status"] for part in responses] == [201, 400]
    assert bc.get(bc.api("items?$filter=number eq 'B1'")).rows == []


def test_a_snapshot_without_failure_stays(bc: Client) -> None:
    responses = send(bc, [parts(bc)[0]], Isolation="snapshot").json["responses"]
    assert responses[0]["body"]["number"] == "B1"
    assert bc.item("B1")["number"] == "B1"


def test_a_hundred_parts_pass_and_one_more_does_not(bc: Client) -> None:
    read = parts(bc)[2]
    assert len(send(bc, [read] * 100).json["responses"]) == 100
    refusal = send(bc, [read] * 101)
    assert (refusal.status, refusal.code) == (500, "Unknown")
    assert "too many parts" in refusal.message


def test_an_envelope_that_makes_no_sense_is_refused(bc: Client) -> None:
    assert send(bc, "all").status == 400
    assert send(bc, [{"id": "a"}]).json["responses"][0]["status"] == 400
    assert bc.get("api/v2.0/$batch").status == 405

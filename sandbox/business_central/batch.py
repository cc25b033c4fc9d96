"""``$batch``: many requests in one, in order, each answered; with ``Isolation: snapshot`` all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.business_central import errors
from sandbox.business_central.query import Json
from sandbox.business_central.service import Answer, Call, Service, relative_call

MOST_PARTS = 100


class _RolledBack(Exception):
    """Carries the answers out of a transaction that has to be undone."""


def run(service: Service, call: Call) -> Answer:
    """Answer every part. Raises Refused for an envelope that cannot be read or holds too many.

    Without ``odata.continue-on-error`` the first failure ends it. In a snapshot a failure undoes all, and the answers
    to earlier parts still look like successes, as the real one's do.
    """
    if call.method != "POST":
        raise errors.method_not_allowed(call.method, "$batch")
    parts = call.body.get("requests") if isinstance(call.body, dict) else None
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise errors.bad_request("Invalid Request Body")
    if len(parts) > MOST_PARTS:
        raise errors.batch_too_large()
    go_on = "odata.continue-on-error" in call.headers.get("prefer", "")
    answers: list[Json] = []

    def answer_all() -> None:
        for part in parts:
            answers.append(_part(service, call, part))
            if answers[-1]["status"] >= 400 and not go_on:
                break

    if call.headers.get("isolation", "").lower() == "snapshot":
        try:
            with service.state.journal.transaction():
                answer_all()
                if any(answer["status"] >= 400 for answer in answers):
                    raise _RolledBack
        except _RolledBack:
            return Answer(200, {"responses": answers}, operations=len(parts))
    else:
        answer_all()
    return Answer(200, {"responses": answers}, operations=len(parts))


def _part(service: Service, call: Call, part: Json) -> Json:
    part_id = part.get("id")
    try:
        method, url = part.get("method"), part.get("url")
        if not isinstance(method, str) or not isinstance(url, str):
            raise errors.bad_request("Invalid Request Body")
        headers = part.get("headers") or {}
        inner = relative_call(call, method.upper(), url, headers, part.get("body"))
        return _response(part_id, service.answer(inner))
    except errors.Refused as refusal:
        return _response(
            part_id,
            Answer(refusal.status, refusal.body(call.headers.get("accept-language", "")), dict(refusal.headers)),
        )


def _response(part_id: Any, answer: Answer) -> Json:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    response: Json = {"id": part_id, "status": answer.status, "headers": headers}
    if answer.body is not None:
        headers.update({"content-type": "application/json; odata.metadata=minimal", "odata-version": "4.0"})
        response["body"] = answer.body
    return response


def read_json(data: bytes) -> Any:
    """A request's body; numbers with a fraction as Decimal. Raises Refused for what is not JSON."""
    if not data:
        return None
    try:
        return json.loads(data, parse_float=Decimal, parse_constant=_no_constant)
    except ValueError:
        raise errors.bad_request("Invalid Request Body") from None


def _no_constant(name: str) -> Callable[[], None]:
    raise ValueError(name)

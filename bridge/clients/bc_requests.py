"""Calls as Business Central wants them: its routes, its headers, and its batch in JSON form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.clients.answers import error_from_answer
from bridge.clients.errors import Refused, RemoteError
from bridge.clients.odata import Row, read_row, to_json
from bridge.clients.transport import Call, Effect, Transport, lost_answer

API = "api/v2.0"
COMPANION_API = "api/salesbridge/bridge/v1.0"

BATCH_SIZE = 100
"""Business Central refuses a batch of more."""

# The language is fixed so that the texts of errors do not change with the user who signs in.
_ACCEPT = {"Accept": "application/json", "Accept-Language": "en-US"}
_WITH_BODY = {**_ACCEPT, "Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """One request of a batch. ``path`` lies below the company ("salesOrders(<id>)"); PATCH and DELETE without an
    ``etag`` go out as "whatever its state". ``fresh`` is as in :func:`read`."""

    method: str
    path: str
    body: Row | None = None
    etag: str = ""
    fresh: bool = False

    @property
    def writes(self) -> bool:
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """What became of one request: ``body`` when it went well and has one, ``error`` when it did not."""

    ok: bool
    status: int
    body: Row | None = None
    error: RemoteError | None = None


def read(path: str, *, purpose: str, query: str = "", fresh: bool = False, page_size: int | None = None) -> Call:
    """A GET. ``fresh`` forces the primary database: reads may otherwise come from a copy that lags behind."""
    headers = dict(_ACCEPT)
    if fresh:
        headers["Data-Access-Intent"] = "ReadWrite"
    if page_size is not None:
        headers["Prefer"] = f"odata.maxpagesize={page_size}"
    return Call(method="GET", path=path, purpose=purpose, effect=Effect.READS, query=query, headers=headers)


def write(
    method: str,
    path: str,
    body: Row | None,
    *,
    purpose: str,
    effect: Effect = Effect.ONCE,
    query: str = "",
    etag: str = "",
    operations: int = 1,
) -> Call:
    """A POST, PATCH or DELETE; without a body nothing is sent, not even an empty object."""
    headers = {**(_ACCEPT if body is None else _WITH_BODY), **({"If-Match": etag} if etag else {})}
    return Call(
        method=method,
        path=path,
        purpose=purpose,
        effect=effect,
        query=query,
        headers=headers,
        body=b"" if body is None else to_json(body).encode(),
        operations=operations,
    )


def send_batch(
    transport: Transport,
    requests: Sequence[BatchRequest],
    *,
    route: str,
    company_id: str,
    purpose: str,
    effect: Effect,
    snapshot: bool,
) -> list[BatchAnswer]:
    """Send one batch of at most :data:`BATCH_SIZE` requests; one answer for each, in their order."""
    mode = {"Isolation": "snapshot"} if snapshot else {"Prefer": "odata.continue-on-error"}
    parts = [_part(number, request, company_id) for number, request in enumerate(requests)]
    call = Call(
        method="POST",
        path=f"{route}/$batch",
        purpose=purpose,
        effect=effect,
        headers={**_WITH_BODY, **mode},
        body=to_json({"requests": parts}).encode(),
        operations=len(parts),
    )
    answered: dict[str, Row] = transport.send(call, _responses_by_id).body
    answers = [_answer(transport, call, each, answered.get(str(number))) for number, each in enumerate(requests)]
    return _all_or_none(answers) if snapshot else answers


def _part(number: int, request: BatchRequest, company_id: str) -> Row:
    headers = {"Accept-Language": "en-US"}
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    if request.etag or request.method in ("PATCH", "DELETE"):
        headers["If-Match"] = request.etag or "*"
    if request.fresh:
        headers["Data-Access-Intent"] = "ReadWrite"
    url = f"companies({company_id})/{request.path}"
    part: Row = {"id": str(number), "method": request.method, "url": url, "headers": headers}
    if request.body is not None:
        part["body"] = request.body
    return part


def _responses_by_id(headers: Mapping[str, str], content: bytes) -> dict[str, Row]:
    responses = read_row(headers, content).get("responses")
    if not isinstance(responses, list) or not all(isinstance(each, dict) and "status" in each for each in responses):
        raise ValueError('expected a list named "responses"')
    return {str(response.get("id")): response for response in responses}


def _answer(transport: Transport, call: Call, request: BatchRequest, response: Row | None) -> BatchAnswer:
    if response is None:
        error = lost_answer(transport.side, call, "the answer to the batch leaves this request out")
        error.method, error.path, error.outcome_unknown = request.method, request.path, request.writes
        return BatchAnswer(False, 0, error=error)
    status, body = int(response["status"]), response.get("body")
    if status < 300:
        return BatchAnswer(True, status, body if isinstance(body, dict) else None)
    refusal = error_from_answer(
        status,
        response.get("headers") or {},
        body if isinstance(body, dict) else str(body or "").encode(),
        system=transport.side,
        purpose=call.purpose,
        method=request.method,
        path=request.path.partition("?")[0],
        writes=request.writes,
    )
    return BatchAnswer(False, status, error=refusal)


def _all_or_none(answers: list[BatchAnswer]) -> list[BatchAnswer]:
    """In one transaction the first refusal undoes everything, whatever was answered before it."""
    cause = next((answer.error for answer in answers if answer.status >= 300 and answer.error is not None), None)
    if cause is None:
        return answers
    text = f"taken back with the rest of its transaction, because: {cause.text}"
    taken_back = cause.restated(Refused, text, status=None, can_retry=cause.can_retry, advice=cause.advice)
    return [answer if answer.error is cause else BatchAnswer(False, 0, error=taken_back) for answer in answers]

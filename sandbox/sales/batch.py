"""``$batch`` as multipart: requests one by one, change sets all or nothing, answers in the same order.

Lines must end with CRLF as the real service demands; a part with bare line feeds is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, bad_payload, uri_too_long
from sandbox.sales.http import Answer, Call, as_answer
from sandbox.sales.paths import References, below_root
from sandbox.sales.schema import TABLES

LIMIT = 1000
BATCHED_URL_LIMIT = 65_536
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_REQUEST_LINE = re.compile(rb"^([A-Z]+) (\S.*?)(?: HTTP/\d\.\d)?$")
_REFERENCE = re.compile(r"^\$(\w+)")
_REASONS = {200: "OK", 201: "Created", 204: "No Content", 304: "Not Modified", 400: "Bad Request", 404: "Not Found"}


@dataclass(slots=True)
class _Part:
    """One request of a batch; ``refused`` if it could not be read."""

    content_id: str = ""
    method: str = ""
    uri: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    refused: DataverseError | None = None


class _Failed(Exception):
    """A change set stops here; its transaction is undone."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def count_operations(call: Call) -> int:
    """How many requests a batch holds, as far as it can be read; 1 for one that cannot."""
    return max(1, len(re.findall(rb"\r?\nContent-Transfer-Encoding:", call.body, re.IGNORECASE)))


def handle_batch(env: Environment, call: Call, handle: Callable[[Call], Answer]) -> Answer:
    """Run a batch. ``handle`` runs one request and raises DataverseError for a refusal."""
    boundary = _boundary(call.header("content-type"))
    items = list(_items(call.body, boundary))
    if sum(len(item) if isinstance(item, list) else 1 for item in items) > LIMIT:
        raise DataverseError(400, "0x80060888", f"The batch request cannot hold more than {LIMIT} individual requests.")
    go_on = "odata.continue-on-error" in call.header("prefer")
    lines: list[bytes] = []
    name = f"batchresponse_{uuid4()}"
    status = 200
    for item in items:
        if isinstance(item, list):
            failed, text = _change_set(env, item, call, handle)
        else:
            answer = _one(item, call, handle, References(), in_change_set=False)
            failed, text = answer.status >= 400, _written(answer, "")
        lines += [f"--{name}".encode(), text]
        if failed and not go_on:
            status = 400
            break
    lines += [f"--{name}--".encode(), b""]
    headers = {"Content-Type": f"multipart/mixed; boundary={name}", "OData-Version": "4.0"}
    return Answer(status, b"\r\n".join(lines), headers)


def _boundary(content_type: str) -> str:
    match = _BOUNDARY.search(content_type)
    if match is None or not content_type.lower().startswith("multipart/mixed"):
        raise DataverseError(400, "0x80048d19", "A batch needs the content type multipart/mixed with a boundary.")
    return match.group(1).strip()


def _items(body: bytes, boundary: str) -> Iterator[_Part | list[_Part]]:
    for raw in _split(body, boundary):
        head, _, rest = raw.partition(b"\r\n\r\n")
        headers = _headers(head)
        kind = headers.get("content-type", "")
        if kind.lower().startswith("multipart/mixed"):
            yield [_request(inner) for inner in _split(rest, _boundary(kind))]
        else:
            yield _request(raw)


def _split(body: bytes, boundary: str) -> list[bytes]:
    mark = b"--" + boundary.encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not any(piece.startswith(b"--") for piece in pieces[1:]):
        raise DataverseError(400, "0x80048d19", f"The batch has no closing boundary '--{boundary}--' on a CRLF line.")
    parts: list[bytes] = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            break
        parts.append(piece.removeprefix(b"\r\n"))
    return parts


def _headers(text: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in text.split(b"\r\n"):
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers


def _request(raw: bytes) -> _Part:
    outer, found, inner = raw.partition(b"\r\n\r\n")
    content_id = _headers(outer).get("content-id", "")
    if not found:
        refused = bad_payload("$batch", "System.ArgumentException: Stream was not readable.")
        return _Part(content_id, refused=refused)
    head, _, body = inner.partition(b"\r\n\r\n")
    line, _, header_text = head.lstrip(b"\r\n").partition(b"\r\n")
    match = _REQUEST_LINE.match(line.strip())
    if match is None or b"\n" in line:
        refused = bad_payload("$batch", "System.ArgumentException: Stream was not readable.")
        return _Part(content_id, refused=refused)
    method, uri = match.group(1).decode(), match.group(2).decode("latin-1")
    return _Part(content_id, method, uri, _headers(header_text), body.removesuffix(b"\r\n"))


def _one(
    part: _Part,
    outer: Call,
    handle: Callable[[Call], Answer],
    references: References,
    *,
    in_change_set: bool,
) -> Answer:
    try:
        if part.refused is not None:
            raise part.refused
        if in_change_set and part.method == "GET":
            raise DataverseError(400, "0x80048d19", "A GET request is not allowed inside a change set.")
        if part.method == "GET" and len(part.uri) > BATCHED_URL_LIMIT:
            raise uri_too_long(BATCHED_URL_LIMIT)
        path, _, query = part.uri.partition("?")
        reference = _REFERENCE.match(path)
        if reference is not None:
            path = _referred(path, reference, references)
        path = below_root(path)
        if path.strip("/") == "$batch":
            raise DataverseError(400, "0x80048d19", "A batch inside a batch is not allowed.")
        return handle(outer.inner(part.method, path, query, part.headers, part.body, references))
    except DataverseError as error:
        return as_answer(error)


def _referred(path: str, match: re.Match[str], references: References) -> str:
    created = references.created.get(match.group(1))
    if created is None:
        raise DataverseError(
            400, "0x80048d19", f"Content-ID Reference: '{match.group()}' does not exist in the batch context."
        )
    return f"{TABLES[created.table].entity_set}({created.id}){path[match.end() :]}"


def _change_set(
    env: Environment, parts: list[_Part], outer: Call, handle: Callable[[Call], Answer]
) -> tuple[bool, bytes]:
    references = References()
    answers: list[bytes] = []
    try:
        with env.transaction():
            for part in parts:
                answer = _one(part, outer, handle, references, in_change_set=True)
                if answer.status >= 400:
                    raise _Failed(answer)
                if part.content_id and answer.created is not None:
                    references.created[part.content_id] = answer.created
                answers.append(_written(answer, part.content_id))
    except _Failed as failed:
        return True, _written(failed.answer, "")
    name = f"changesetresponse_{uuid4()}"
    lines = [f"Content-Type: multipart/mixed; boundary={name}".encode(), b""]
    for answer_text in answers:
        lines += [f"--{name}".encode(), answer_text]
    return False, b"\r\n".join([*lines, f"--{name}--".encode()])


def _written(answer: Answer, content_id: str) -> bytes:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id:
        lines.append(f"Content-ID: {content_id}")
    lines += ["", f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Error')}"]
    headers = dict(answer.headers)
    headers.setdefault("OData-Version", "4.0")
    if answer.status >= 400:
        headers["REQ_ID"] = str(uuid4())
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + answer.body

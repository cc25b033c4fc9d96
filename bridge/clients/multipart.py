"""Dataverse batches on the wire: ``multipart/mixed`` with an HTTP message in every part, change sets nested within.

Lines end in CRLF, the last one too: Dataverse cannot read anything else.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.errors import CloseBoundaryNotFoundDefect, NoBoundaryInMultipartDefect, StartBoundaryNotFoundDefect
from email.message import Message

from bridge.clients.odata import header

_NEW_LINE = "\r\n"


@dataclass(frozen=True, slots=True)
class PartRequest:
    """One HTTP request inside a batch. ``url`` is the path from the root of the server, or absolute."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str = ""


@dataclass(frozen=True, slots=True)
class PartResponse:
    """One HTTP response inside a batch."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def write_batch(parts: Sequence[PartRequest | Sequence[PartRequest]], boundary: str) -> bytes:
    """Put the parts into one body. A sequence of requests among them becomes a change set: all or none.

    ``boundary`` must not occur in any body; use one made of a fresh GUID.
    """
    lines: list[str] = []
    for number, part in enumerate(parts):
        lines.append(f"--{boundary}")
        if isinstance(part, PartRequest):
            lines += _request_lines(part)
            continue
        nested = f"changeset_{number}_{boundary}"
        lines += [f'Content-Type: multipart/mixed; boundary="{nested}"', ""]
        for content_id, request in enumerate(part, start=1):
            lines += [f"--{nested}", *_request_lines(request, content_id)]
        lines += [f"--{nested}--", ""]
    lines += [f"--{boundary}--", ""]
    return _NEW_LINE.join(lines).encode()


def _request_lines(request: PartRequest, content_id: int | None = None) -> list[str]:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        lines.append(f"Content-ID: {content_id}")
    headers = [f"{name}: {value}" for name, value in request.headers.items()]
    return [*lines, "", f"{request.method} {request.url} HTTP/1.1", *headers, "", request.body]


def read_batch(headers: Mapping[str, str], content: bytes) -> list[PartResponse | list[PartResponse]]:
    """Take the answer to a batch apart; a change set's answers come as one list. Raises ValueError when it is not
    multipart, or not whole."""
    kind = header(headers, "Content-Type")
    if not kind.lower().startswith("multipart/"):
        raise ValueError(f"expected a multipart answer, not {kind or 'one without a content type'}")
    whole = email.message_from_bytes(
        b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + content, policy=email.policy.compat32
    )
    return [_changeset(part) if part.get_content_maintype() == "multipart" else _response(part) for part in _sub(whole)]


def _changeset(part: Message) -> list[PartResponse]:
    return [_response(nested) for nested in _sub(part)]


def _sub(message: Message) -> list[Message]:
    broken = (CloseBoundaryNotFoundDefect, StartBoundaryNotFoundDefect, NoBoundaryInMultipartDefect)
    if any(isinstance(defect, broken) for defect in message.defects):
        raise ValueError("the multipart answer broke off")
    payload = message.get_payload()
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []


def _response(part: Message) -> PartResponse:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        raise ValueError("a part of the answer holds no HTTP message")
    status_line, _, rest = raw.lstrip().partition(b"\n")
    words = status_line.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise ValueError("a part of the answer has no HTTP status line")
    inner = email.message_from_bytes(rest, policy=email.policy.compat32)
    body = inner.get_payload(decode=True)
    return PartResponse(int(words[1]), dict(inner.items()), body.strip() if isinstance(body, bytes) else b"")

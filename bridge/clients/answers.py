"""From an answer that says no to an error: status, code, text and correlation id, whatever shape the body has.

Both systems answer in OData's error form when they can. Front ends before them answer with HTML, plain text or nothing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from bridge.clients.errors import (
    AlreadyExists,
    Conflict,
    NotFound,
    Refused,
    RemoteError,
    ServerFailed,
    SignInRefused,
    Throttled,
)
from bridge.clients.odata import from_json, header
from bridge.clients.pacing import retry_after_seconds
from bridge.records import Side

_LONGEST_TEXT = 500
_TRAILING_CORRELATION = re.compile(r"\s*CorrelationId:\s*([0-9a-fA-F-]{36})\.?\s*$")
_CORRELATION_HEADERS = ("x-ms-service-request-id", "REQ_ID", "ms-correlation-x", "request-id", "x-ms-correlation-id")
_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_LOCKED = re.compile(r"locked by another user|deadlock|being updated in a transaction", re.IGNORECASE)

_DUPLICATES = frozenset({"Internal_EntityWithSameKeyExists", "0x80040237", "0x80060892", "0x80040333"})
_NOT_MADE_FOR_THIS = frozenset({405, 501})


def error_from_answer(
    status: int,
    headers: Mapping[str, str],
    content: bytes | Mapping[str, Any],
    *,
    system: Side,
    purpose: str,
    method: str,
    path: str,
    writes: bool,
) -> RemoteError:
    """The error for an answer of status 300 or above. ``content`` is the body, read already or not."""
    code, text = _code_and_text(content)
    text, correlation_id = _without_correlation(text)
    correlation_id = correlation_id or next(filter(None, (header(headers, name) for name in _CORRELATION_HEADERS)), "")
    retry_after = retry_after_seconds(headers)
    kind, facts = _kind(status, code, text, writes=writes, retry_after=retry_after)
    return kind(
        text or _phrase(status),
        system=system,
        purpose=purpose,
        method=method,
        path=path,
        status=status,
        code=code,
        correlation_id=correlation_id,
        retry_after=retry_after,
        **facts,
    )


def _kind(
    status: int, code: str, text: str, *, writes: bool, retry_after: float | None
) -> tuple[type[RemoteError], dict[str, Any]]:
    """Which error, and what steers its retry."""
    if code in _DUPLICATES:
        return AlreadyExists, {}
    if _LOCKED.search(text):
        # Rolled back because two writers met: whatever the status, the same request may work a moment later.
        kind = Conflict if status in (409, 412) else ServerFailed
        return kind, {"can_retry": True, "transient": True, "advice": "Another user held the record"}
    if status in (401, 403):
        return SignInRefused, {}
    if status == 404:
        return NotFound, {}
    if status in (409, 412):
        return Conflict, {}
    if status == 429:
        return Throttled, {}
    if status == 408:
        return ServerFailed, {"outcome_unknown": writes}
    if 300 <= status < 400:
        return Refused, {"advice": "The address answers with a redirect, which is not followed; correct the address"}
    if status in _NOT_MADE_FOR_THIS or status < 500:
        return Refused, {}
    # A 503 that names a time was turned away at the door; any other 5xx may have come after the effect.
    turned_away = status == 503 and retry_after is not None
    return ServerFailed, {"outcome_unknown": writes and not turned_away}


def _code_and_text(content: bytes | Mapping[str, Any]) -> tuple[str, str]:
    body: Any = content
    if isinstance(content, bytes):
        try:
            body = from_json(content)
        except ValueError:
            return "", _plain(content)
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, Mapping):
        return str(error.get("code") or ""), str(error.get("message") or "")[:_LONGEST_TEXT]
    if isinstance(error, str):
        return error[:80], str(body.get("error_description") or body.get("message") or "")[:_LONGEST_TEXT]
    return "", str(body.get("Message") or body.get("message") or "")[:_LONGEST_TEXT] if isinstance(
        body, Mapping
    ) else ""


def _plain(content: bytes) -> str:
    """The words of an HTML page or a text, in one line."""
    text = html.unescape(_TAG.sub(" ", content[:20_000].decode("utf-8", errors="replace")))
    return " ".join(text.split())[:200]


def _without_correlation(text: str) -> tuple[str, str]:
    found = _TRAILING_CORRELATION.search(text)
    return (text[: found.start()].rstrip(), found[1].lower()) if found else (text, "")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""

"""Which notes are news, decided from what each side shows and what both are known to have. Pure.

A note is known by its ids. Its texts are compared as digests of the plain text, so that a note which comes back to us
after we wrote it is no news, however the other side dresses it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.plain_text import plain

SUBJECT_LENGTH = 250
"""Of a note in Business Central; Sales has room for twice as much."""
TEXT_LENGTH = 100_000
"""What a note in Sales holds."""


@dataclass(frozen=True, slots=True)
class Known:
    """A note that both sides have, or shall have."""

    row_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class News:
    """A note to be taken over. ``row_id`` is blank for one nobody knows yet."""

    row_id: str
    entry_id: str
    id: str
    subject: str
    body: str
    digest: str
    created_on: str


def digest_of(subject: str, body: str) -> str:
    text = "\n".join(line.rstrip() for line in plain(body).splitlines())
    return hashlib.sha256(f"{subject.strip()}\x1f{text}".encode()).hexdigest()


def from_sales(rows: Iterable[Mapping[str, Any]], entries: Mapping[str, str], known: Mapping[str, Known]) -> list[News]:
    """New and changed notes of Sales. ``entries`` is order id → journal entry, ``known`` is by the note's id."""
    found = []
    for row in rows:
        entry_id = entries.get(_text(row, "_objectid_value").lower())
        if entry_id is None or row.get("isdocument"):
            continue
        subject, body = _text(row, "subject")[:SUBJECT_LENGTH], plain(_text(row, "notetext"))
        digest = digest_of(subject, body)
        note_id = _text(row, "annotationid").lower()
        before = known.get(note_id)
        if not (subject.strip() or body) or (before is not None and before.digest == digest):
            continue
        row_id = before.row_id if before is not None else ""
        found.append(News(row_id, entry_id, note_id, subject, body, digest, _text(row, "createdon")))
    return found


def from_business_central(
    rows: Iterable[Mapping[str, Any]], entries: Mapping[str, str], known: Mapping[str, Known]
) -> list[News]:
    """New notes of people in Business Central; what they change later stays there."""
    return [
        News(
            "",
            entries[_text(row, "documentId").lower()],
            _text(row, "id"),
            _text(row, "subject")[:SUBJECT_LENGTH],
            _text(row, "body"),
            digest_of(_text(row, "subject")[:SUBJECT_LENGTH], _text(row, "body")),
            _text(row, "createdOn"),
        )
        for row in rows
        if _text(row, "documentId").lower() in entries and _text(row, "id") not in known
    ]


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)

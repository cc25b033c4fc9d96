"""What was asked of the sandbox: one entry per HTTP request, and running counts per system and purpose.

Entries are a window of the latest 200,000; counts cover everything since the last clear. Bodies and headers are never
kept, so no secret and no customer data ends up here.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any

WINDOW = 200_000
_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_KEY = re.compile(r"\(.*?\)")
_COMPANY = re.compile(r"^companies/(?=.)")
_TENANT = re.compile(rf"^/{_GUID}/")
_ROOT = re.compile(r"^.*?/(?:api/data/v[\d.]+|api/v2\.0|api/[\w-]+/[\w-]+/v[\d.]+|ODataV4)/")


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. ``status`` 0 means that no reply was sent; ``operations`` counts the parts of a batch."""

    number: int
    at: datetime
    system: str
    method: str
    path: str
    query: str
    status: int
    purpose: str
    operations: int
    milliseconds: float
    fault: str

    def as_json(self) -> dict[str, Any]:
        """The entry as the control route shows it."""
        return {**asdict(self), "at": self.at.isoformat()}


def guess_purpose(method: str, path: str) -> str:
    """Verb and resource without company and keys: ``GET salesorders``, ``POST $batch``."""
    resource = _KEY.sub("", _ROOT.sub("", _TENANT.sub("/", path)))
    return f"{method} {_COMPANY.sub('', resource).strip('/') or '/'}"


class RequestLog:
    """Thread-safe; bounded."""

    def __init__(self, window: int = WINDOW) -> None:
        self._entries: deque[Entry] = deque(maxlen=window)
        self._counts: dict[tuple[str, str], list[int]] = {}
        self._number = 0
        self._lock = threading.Lock()

    def record(
        self,
        *,
        at: datetime,
        system: str,
        method: str,
        path: str,
        query: str,
        status: int,
        operations: int = 1,
        milliseconds: float = 0.0,
        fault: str = "",
        purpose: str = "",
    ) -> None:
        """Add one request."""
        name = purpose or guess_purpose(method, path)
        with self._lock:
            self._number += 1
            entry = Entry(self._number, at, system, method, path, query, status, name, operations, milliseconds, fault)
            self._entries.append(entry)
            count = self._counts.setdefault((system, name), [0, 0])
            count[0] += 1
            count[1] += operations

    def entries(self, *, system: str = "", after: int = 0, limit: int | None = None) -> list[Entry]:
        """The latest entries in order of arrival, of one system or all, with a number above ``after``."""
        with self._lock:
            newest_first = (e for e in reversed(self._entries) if e.number > after and system in ("", e.system))
            found = list(islice(newest_first, limit))
        return found[::-1]

    def counts(self) -> dict[str, dict[str, Any]]:
        """Requests and operations by system, and within it by purpose, since the last clear."""
        with self._lock:
            rows = [(system, purpose, requests, ops) for (system, purpose), (requests, ops) in self._counts.items()]
        summary: dict[str, dict[str, Any]] = {}
        for system, purpose, requests, operations in rows:
            total = summary.setdefault(system, {"requests": 0, "operations": 0, "by_purpose": {}})
            total["requests"] += requests
            total["operations"] += operations
            total["by_purpose"][purpose] = {"requests": requests, "operations": operations}
        return summary

    def clear(self) -> None:
        """Forget all entries and counts; numbers go on."""
        with self._lock:
            self._entries.clear()
            self._counts.clear()

"""The way from a page to the system it shows: HTTP requests to the app in this process, without a network.

They pass neither faults nor the request log: the log shows what others asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import simplejson
from flask import Flask
from werkzeug.test import Client


class Refused(Exception):
    """The system said no; the text is its own, with code where there is one."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Door:
    """Calls of one app. ``headers`` answers who acts, anew for every request."""

    def __init__(self, app: Flask, root: str, headers: Callable[[], Mapping[str, str]]) -> None:
        self._app, self._root, self._headers = app, root, headers

    def get(self, path: str, **query: str | int) -> Any:
        """JSON behind a path below the root; query options are given without their dollar. Raises Refused."""
        options = {f"${name}": str(value) for name, value in query.items() if value != ""}
        return self.call("GET", f"{self._root}/{path}", query=options)

    def rows(self, path: str, **query: str | int) -> list[dict[str, Any]]:
        """The first page of a set. Raises Refused."""
        return list(self.get(path, **query)["value"])

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A write below the root; the JSON answered, or None. Raises Refused."""
        return self.call(method, f"{self._root}/{path}", body=body, headers=headers)

    def control(self, method: str, name: str, body: Any = None, **query: str) -> Any:
        """A control route; the JSON answered, or None. Raises Refused."""
        return self.call(method, f"/_sandbox/{name}", body=body, query=query)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """One request to the app. Numbers with a fraction are exact. Raises Refused for every status from 400 on."""
        sent = {**self._headers(), **{name.replace("_", "-"): value for name, value in (headers or {}).items()}}
        data = simplejson.dumps(body, use_decimal=True) if body is not None else None
        if data is not None:
            sent["Content-Type"] = "application/json"
        with Client(self._app).open(path, method=method, query_string=query, data=data, headers=sent) as answer:
            text = answer.get_data(as_text=True)
            status = answer.status_code
            entity = answer.headers.get("OData-EntityId", "")
        found = simplejson.loads(text, use_decimal=True) if text else None
        if status >= 400:
            raise Refused(status, _reason(found, status))
        return entity.rpartition("(")[2].rstrip(")") if found is None and entity else found


def _reason(body: Any, status: int) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        words = str(error.get("message", "")).partition("  CorrelationId:")[0]  # for who reads logs, not for people
        return f"{words} ({error.get('code', status)})"
    return str(error or f"The system answered {status} without a word.")


def quoted(text: str) -> str:
    """A text as an OData literal."""
    return "'" + text.replace("'", "''") + "'"

"""A row's page as a form of Sales: it loads the scripts that the published form names, and runs their OnLoad handlers.

Scripts come out of the environment's own web resources, rows through its Web API as the seller who was chosen. Sales'
client API is imitated as far as a script that shows messages needs it (``static/form.js``).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import simplejson
from flask import Flask, Response, abort, after_this_request, request, url_for

from sandbox.face.door import Refused, quoted
from sandbox.face.sales_desk import SalesDesk
from sandbox.server import FACE

_PAGE, _SCRIPT = 1, 3
_TYPES: Mapping[int, str] = {
    _PAGE: "text/html; charset=utf-8",
    2: "text/css",
    _SCRIPT: "text/javascript; charset=utf-8",
}
_MAIN = 2
_READ = frozenset({"nav_connection", "salesorderdetail", "quotedetail"})
"""Tables that scripts on our forms read."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a form of Sales loads: handlers by name, libraries in their order, and a page that may be placed on it."""

    table: str
    id: str
    handlers: list[str]
    scripts: list[str]
    panel: str


def add_form(face: Flask, desk: SalesDesk) -> None:
    """Serve web resources, and rows to the scripts among them."""

    @face.get(f"{FACE}webresources/<path:name>")
    def web_resource(name: str) -> Response:
        rows = desk.api.rows(
            "webresourceset", select="content,webresourcetype", filter=f"name eq {quoted(name)}", top=1
        )
        if not rows:
            abort(404)
        response = Response(base64.b64decode(rows[0]["content"] or ""))
        response.headers["Content-Type"] = _TYPES.get(rows[0]["webresourcetype"], "application/octet-stream")
        # what stands in a web resource is the customer's own, styles and scripts inside a page too
        response.headers["Content-Security-Policy"] = (
            "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"
        )
        return response

    @face.get(f"{FACE}rows/<table>")
    def rows(table: str) -> Response:
        if table not in _READ:
            abort(404)
        options = {name.removeprefix("$"): value for name, value in request.args.items() if name.startswith("$")}
        try:
            answer: dict[str, Any] = {"entities": desk.api.rows(f"{table}s", **options)}
            status = 200
        except Refused as refusal:
            answer, status = {"error": refusal.text}, refusal.status
        return Response(simplejson.dumps(answer, use_decimal=True), status, content_type="application/json")


def loaded(desk: SalesDesk, table: str, row_id: str) -> Loaded | None:
    """What the published main form of a table loads; None when no handler is registered there.

    The page that is made of it may then ask the address in the connection row as well as this system.
    """
    wanted = f"objecttypecode eq {quoted(table)} and type eq {_MAIN}"
    forms = desk.api.rows("systemforms", select="formxml", filter=wanted, top=1)
    if not forms:
        return None
    form = ElementTree.fromstring(str(forms[0]["formxml"]))  # noqa: S314 - this system's own
    handlers = [
        handler
        for handler in form.iterfind("events/event[@name='onload']/Handlers/Handler")
        if handler.get("enabled") == "true" and handler.get("passExecutionContext") == "true"
    ]
    panels = desk.api.rows("webresourceset", select="name", filter=f"webresourcetype eq {_PAGE}", top=1)
    names = [library.get("name", "") for library in form.iterfind("formLibraries/Library")]
    if not any(handler.get("libraryName") in names for handler in handlers):
        return None
    address = urlsplit(str((desk.connection() or {}).get("nav_dynamicsnavodataurl") or ""))

    @after_this_request
    def allow(response: Response) -> Response:
        gateway = f" {address.scheme}://{address.netloc}" if address.netloc else ""
        response.headers["Content-Security-Policy"] = (
            f"default-src 'self'; connect-src 'self'{gateway}; img-src 'self' data:; frame-ancestors 'none';"
            " form-action 'self'"
        )
        return response

    return Loaded(
        table,
        row_id,
        [str(handler.get("functionName")) for handler in handlers],
        [url_for("web_resource", name=name) for name in names],
        url_for("web_resource", name=panels[0]["name"]) if panels else "",
    )

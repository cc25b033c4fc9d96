"""Where Sales' pages come from in these tests: a form, its web resources as they were deployed, and its Web API.

The page signs in by being there, as in Sales: requests to the Web API go on to the sandbox with a user's token.
"""

from __future__ import annotations

import base64
import contextlib
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlencode

import requests

from tests.form_script.sales import Sales

_JS = Path(__file__).parent / "js"
_LABELS = 'odata.include-annotations="OData.Community.Display.V1.FormattedValue"'
_KINDS = {1: "text/html; charset=utf-8", 3: "text/javascript; charset=utf-8"}


class FormServer:
    """Listens on a port of its own. ``origin`` is where the gateway lets pages come from; ``elsewhere`` is the same
    server by another name, which is another origin to a browser."""

    def __init__(self, sales: Sales) -> None:
        self._sales = sales
        self.silence = threading.Event()
        """What ``/silent`` waits for before it answers."""
        self.answers: dict[str, Callable[[], tuple[int, dict[str, str], bytes]]] = {}
        """Answers of a service that is not ours, by path."""
        handler = type("Handler", (_Handler,), {"site": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        port = self._server.server_address[1]
        self.origin, self.elsewhere = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def form(self, table: str, row_id: str, *, origin: str = "", **options: str) -> str:
        """Address of a form. Options: language, company, panel, new, as."""
        query = {"table": table, "id": row_id, "script": "/WebResources/brg_/bridge/stock.js", **options}
        return f"{origin or self.origin}/form?{urlencode(query)}"

    def stop(self) -> None:
        self.silence.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, query: str, as_user: str) -> tuple[int, dict[str, str], bytes]:
        if path == "/form":
            return 200, {"Content-Type": "text/html; charset=utf-8"}, (_JS / "form.html").read_bytes()
        if path == "/xrm-mock.js":
            source = _JS / "node_modules" / "xrm-mock" / "build" / "index.js"
            return 200, {"Content-Type": "text/javascript"}, source.read_bytes()
        if path.startswith("/WebResources/"):
            return self._web_resource(unquote(path.removeprefix("/WebResources/")))
        if path.startswith("/api/"):
            return self._web_api(path, query, as_user)
        if path.startswith("/silent"):
            self.silence.wait(60)
            return 503, {}, b""
        if path in self.answers:
            return self.answers[path]()
        return 404, {}, b""

    def _web_resource(self, name: str) -> tuple[int, dict[str, str], bytes]:
        rows = self._sales.rows(f"webresourceset?$filter=name eq '{name}'&$select=content,webresourcetype")
        if not rows:
            return 404, {}, b""
        return 200, {"Content-Type": _KINDS[rows[0]["webresourcetype"]]}, base64.b64decode(rows[0]["content"])

    def _web_api(self, path: str, query: str, as_user: str) -> tuple[int, dict[str, str], bytes]:
        headers = {**self._sales.headers, "Prefer": _LABELS} | ({"CallerObjectId": as_user} if as_user else {})
        url = f"{self._sales.root.removesuffix('/api/data/v9.2')}{path}?{query}"
        answer = requests.get(url, headers=headers, timeout=20)
        return answer.status_code, {"Content-Type": "application/json"}, answer.content


class _Handler(BaseHTTPRequestHandler):
    site: FormServer

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        status, headers, body = self.site.answer(path, query, self.headers.get("As", ""))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # the page is closed already, or has waited long enough
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: addresses of forms are no news."""

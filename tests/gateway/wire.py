"""A gateway behind a real socket: an HTTP server in this process, and a client that sends what it is given."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from wsgiref.types import WSGIApplication

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import EnvironBuilder, TestResponse

_TALK_SECONDS = 30
_AS_IT_IS = "%/:;=?@!$&'()*+,~-._[]{}\"<>|\\^`"


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """The gateway has its own log."""


class Served:
    """An application that answers at ``address`` until it is closed."""

    def __init__(self, app: WSGIApplication) -> None:
        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
        self.port = int(self._server.port)
        self.address = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Wire:
    """Speaks HTTP with a served application, as Flask's test client is spoken to. Behind a proxy that ends TLS, as the
    gateway is in life: ``base_url`` tells what the caller sees, and goes out as the proxy's word."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TALK_SECONDS)

    def open(
        self,
        path: str,
        *,
        method: str = "GET",
        query_string: Mapping[str, Any] | str | None = None,
        headers: Mapping[str, str] | None = None,
        base_url: str = "https://stock.example",
    ) -> TestResponse:
        """One request and its whole answer."""
        target = quote(path, safe=_AS_IT_IS)
        if query_string:
            text = query_string if isinstance(query_string, str) else urlencode(query_string)
            target += "?" + quote(text, safe=_AS_IT_IS)
        seen = urlsplit(base_url)
        sent = {"Host": seen.netloc, "X-Forwarded-Proto": seen.scheme, **(headers or {})}
        self._connection.request(method, target, headers=sent)
        answer = self._connection.getresponse()
        body = answer.read()
        request = EnvironBuilder(path="/", method=method).get_request()
        return TestResponse([body], f"{answer.status} {answer.reason}", answer.getheaders(), request=request)  # type: ignore[arg-type]

    def close(self) -> None:
        self._connection.close()

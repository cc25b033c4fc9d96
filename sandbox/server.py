"""HTTP servers of the sandbox: threaded cheroot, and in front of each app the part that misbehaves on request.

The front adds latency, applies fault rules before and after the app, and writes the request log. Control routes under
``/_sandbox`` pass it untouched. A lost reply is a really closed connection, not an error status.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trustme
from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter

from sandbox.faults import READS, STATUS_KINDS, Rule
from sandbox.world import BUSINESS_CENTRAL, SALES, World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTROL = "/_sandbox"
FACE = "/face/"
"""Where the pages for people lie, beside ``/``; what they ask of the system is neither logged nor spoiled."""
OPERATIONS = "sandbox.operations"
"""Key in the WSGI environment under which an app says how many operations a request held."""
PURPOSE = "sandbox.purpose"
"""Key under which an app may say what a request was for; otherwise it is guessed from verb and path."""

THREADS = 24
"""A client of ours keeps a handful of connections busy; tests with several workers some more."""

_REASONS = {
    "408": "Request Timeout",
    "411": "Length Required",
    "413": "Request Entity Too Large",
    "429": "Too Many Requests",
    "500": "Internal Server Error",
    "502": "Bad Gateway",
    "503": "Service Unavailable",
    "504": "Gateway Timeout",
}
_PAGE = """<!DOCTYPE html>
<html><head><title>{reason}</title></head>
<body><h2>{reason}</h2><hr><p>HTTP Error {status}. The service is unavailable.</p></body></html>
"""
"""What a gateway in front of a system answers, in its shape."""
_CODES = {
    (BUSINESS_CENTRAL, "429"): (
        "Application_TooManyRequests",
        "Too many requests reached. Actual (101). Maximum (100).",
    ),
    (SALES, "429"): (
        "0x80072322",
        "Number of requests exceeded the limit of 6000 over time window of 300 seconds.",
    ),
}


class ConnectionCut(Exception):
    """Close the connection without sending anything more."""


class _Gateway(wsgi.Gateway_10):
    """A WSGI gateway that can hang up in the middle of a request."""

    def respond(self) -> None:
        try:
            super().respond()
        except ConnectionCut:
            self._hang_up()

    def _hang_up(self) -> None:
        self.req.sent_headers = True  # so that neither headers nor the last chunk are sent for this request
        self.req.chunked_write = False
        self.req.close_connection = True


class Front:
    """WSGI middleware: latency, faults and the log around one system's app."""

    def __init__(self, app: WSGIApplication, system: str, world: World, face: WSGIApplication | None = None) -> None:
        self._app = app
        self._system = system
        self._world = world
        self._face = face

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        try:
            if path.startswith(CONTROL):
                return self._app(environ, start_response)
            if self._face is not None and (path == "/" or path.startswith(FACE)):
                return self._face(environ, start_response)
            return self._serve(environ, start_response, path)
        finally:
            if environ["REQUEST_METHOD"] not in READS:
                self._world.changes += 1

    def _serve(self, environ: WSGIEnvironment, start_response: StartResponse, path: str) -> Iterable[bytes]:
        started = time.monotonic()
        world = self._world
        method = str(environ["REQUEST_METHOD"])
        if world.latency and self._system in (BUSINESS_CENTRAL, SALES):
            world.stopping.wait(world.latency)
        rule = world.faults.choose(self._system, method, path)
        status, headers, body = self._answer(environ, rule)
        sent = rule is None or rule.kind not in ("before", "after", "cut")
        world.log.record(
            at=world.clock.now(),
            system=self._system,
            method=method,
            path=path,
            query=str(environ.get("QUERY_STRING", "")),
            status=int(status[:3]) if sent else 0,
            operations=int(environ.get(OPERATIONS, 1)),
            purpose=str(environ.get(PURPOSE, "")),
            milliseconds=round((time.monotonic() - started) * 1000, 1),
            fault=rule.kind if rule is not None else "",
        )
        if not sent and (rule is None or rule.kind != "cut" or not body):
            raise ConnectionCut
        start_response(status, headers)
        return [body] if sent else _half(body)

    def _answer(self, environ: WSGIEnvironment, rule: Rule | None) -> tuple[str, list[tuple[str, str]], bytes]:
        if rule is not None and rule.kind == "before":
            return "000 nothing done", [], b""
        if rule is not None and rule.kind in STATUS_KINDS:
            environ["wsgi.input"].read()  # a server that answers has taken the request off the wire
            return self._refusal(rule)
        if rule is not None and rule.kind == "slow":
            self._world.stopping.wait(rule.seconds)
        return run_app(self._app, environ)

    def _refusal(self, rule: Rule) -> tuple[str, list[tuple[str, str]], bytes]:
        reason = _REASONS[rule.kind]
        code, message = _CODES.get((self._system, rule.kind), (f"Sandbox_{rule.kind}", f"{reason} (a fault rule)."))
        text, kind = {
            "json": (
                json.dumps({"error": {"code": code, "message": message}}),
                "application/json; odata.metadata=minimal",
            ),
            "html": (_PAGE.format(status=rule.kind, reason=reason), "text/html; charset=us-ascii"),
            "empty": ("", ""),
        }[rule.body]
        body = text.encode()
        headers = [("Content-Length", str(len(body)))]
        if kind:
            headers.append(("Content-Type", kind))
        if rule.retry_after is not None:
            headers.append(("Retry-After", f"{rule.retry_after:g}"))
        return f"{rule.kind} {reason}", headers, body


def run_app(app: WSGIApplication, environ: WSGIEnvironment) -> tuple[str, list[tuple[str, str]], bytes]:
    """Call a WSGI app to the end and hold its whole answer: status line, headers, body."""
    answer: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> Callable[[bytes], object]:
        answer[:] = [status, headers]
        return lambda _data: None

    result = app(environ, start)
    try:
        body = b"".join(result)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    return answer[0], answer[1], body


def _half(body: bytes) -> Iterator[bytes]:
    yield body[: max(1, len(body) // 2)]
    raise ConnectionCut


class Server:
    """One listening server. The port is taken when it is made, requests are served from ``start`` on."""

    def __init__(self, app: WSGIApplication, port: int, *, certificate: tuple[Path, Path] | None = None) -> None:
        self.app = app
        self._http = wsgi.Server(("127.0.0.1", port), app, numthreads=THREADS, request_queue_size=256)
        self._http.gateway = _Gateway
        self._http.shutdown_timeout = 2
        self._http.timeout = 30
        self._secure = certificate is not None
        if certificate is not None:
            self._http.ssl_adapter = _tls(*certificate)
        self._http.prepare()
        self._thread = threading.Thread(target=self._http.serve, name=f"sandbox-{self.port}", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._http.bind_addr[1])

    @property
    def address(self) -> str:
        """Scheme, host and port. The host is ``localhost`` with TLS, as the certificate names it."""
        return f"https://localhost:{self.port}" if self._secure else f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests, finish those under way (for at most two seconds) and free the port."""
        self._http.stop()
        self._thread.join(timeout=5)


def _tls(certificate: Path, key: Path) -> BuiltinSSLAdapter:
    adapter = BuiltinSSLAdapter(str(certificate), str(key))
    adapter.context.minimum_version = ssl.TLSVersion.TLSv1_2
    return adapter


def make_certificate(folder: Path) -> tuple[Path, tuple[Path, Path]]:
    """Make a certificate authority and a certificate for localhost in ``folder``.

    Returns the authority's PEM file, which clients must trust, and the server's certificate and key.
    """
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    bundle, certificate, key = folder / "authority.pem", folder / "localhost.pem", folder / "localhost.key"
    authority.cert_pem.write_to_path(str(bundle))
    certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    return bundle, (certificate, key)

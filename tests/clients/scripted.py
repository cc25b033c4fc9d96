"""A real HTTP server that answers by script, and hangs up or breaks off where the script says so."""

from __future__ import annotations

import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import simplejson

from bridge.clients.calls import Calls
from bridge.clients.pacing import Pace
from bridge.clients.sign_in import BasicSignIn, SignIn
from bridge.clients.transport import Transport
from bridge.records import Side


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    target: str
    """Path and query exactly as they came, nothing decoded."""

    @property
    def json(self) -> Any:
        return simplejson.loads(self.body, use_decimal=True)


@dataclass(frozen=True)
class Answer:
    """What to send. ``cut`` sends only so many bytes of the body it promised, then hangs up."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else simplejson.dumps(self.body, use_decimal=True).encode()


HANG_UP = Answer(status=0)
"""Takes the request in, then closes the connection: done or not, the client cannot know."""

Script = Callable[[Asked], Answer]


class ScriptedServer:
    """Answers the requests in turn by ``script``; the last entry answers all that follow."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self._script: deque[Answer | Script] = deque()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def will(self, *script: Answer | Script) -> None:
        self._script = deque(script)

    def next_answer(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            step = self._script.popleft() if len(self._script) > 1 else self._script[0]
        return step if isinstance(step, Answer) else step(asked)

    @contextmanager
    def running(self) -> Iterator[ScriptedServer]:
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *args: object) -> None:
        """A client that hung up first is part of the tests, not news."""


def _handler(server: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            address = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query, headers = unquote(address.query), {name.lower(): value for name, value in self.headers.items()}
            answer = server.next_answer(Asked(self.command, unquote(address.path), query, headers, body, self.path))
            if answer is HANG_UP:
                self.hang_up()
                return
            self.send_response(answer.status)
            kind = {"Content-Type": "application/json"} if answer.content else {}
            for name, value in {**kind, **answer.headers}.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content[: answer.cut])
            if answer.cut is not None:
                self.hang_up()

        def hang_up(self) -> None:
            self.close_connection = True
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    return Handler


class FakePace:
    """Time that passes only when somebody waits, and a record of the waits."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.now = 1000.0
        self.stopping = False

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return self.stopping

    def pace(self, attempts: int = 5) -> Pace:
        return Pace(wait=self.wait, attempts=attempts, monotonic=lambda: self.now, jitter=lambda: 1.0)


def a_transport(
    url: str,
    side: Side = Side.BUSINESS_CENTRAL,
    *,
    pace: Pace | None = None,
    sign_in: SignIn | None = None,
    calls: Calls | None = None,
    timeout: float = 5.0,
    concurrency: int = 4,
    stop: threading.Event | None = None,
) -> Transport:
    return Transport(
        side,
        url,
        sign_in or BasicSignIn("BRIDGE", "key"),
        calls=calls or Calls(),
        timeout=timeout,
        concurrency=concurrency,
        stop=stop or threading.Event(),
        pace=pace,
    )

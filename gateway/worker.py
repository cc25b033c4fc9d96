"""gunicorn's threaded worker, made patient: a thread gets a request only when all of it has arrived.

As gunicorn has it a thread reads a request from its first byte on, however slowly the rest comes, and as few slow
clients as there are threads shut everybody else out. Here the loop that accepts connections also gathers their bytes,
which costs a slow client nothing but its own socket: it has :data:`WHOLE_SECONDS` for the whole request, then it is
told 408. A request that no thread was free for within :data:`QUEUE_SECONDS` is told 503, because whoever sent it has
given up. Both, and an address that is too long for gunicorn, are refused in OData's shape, counted and logged.
"""

from __future__ import annotations

import re
import selectors
import socket
import struct
import time
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from gunicorn import http  # type: ignore[import-untyped]
from gunicorn.http.errors import LimitRequestLine  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

from gateway.errors import ODataError, RequestTooSlow, Unavailable, UrlTooLong, body
from gateway.logbook import Entry
from gateway.new_id import new_id

WHOLE_SECONDS = 10
QUEUE_SECONDS = 30
"""As long as Business Central lets a request run on premises; ours take milliseconds."""
_LOOK_SECONDS = 0.5
_SEND_SECONDS = 30
"""A thread waits so long for a client that takes nothing of a large answer."""
_MOST = 64 * 1024
"""Gathered of one request. What is larger is handed over as it is: gunicorn refuses such a head, and the application
looks at who is calling before it reads such a body."""
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)
_CONTINUE = re.compile(rb"\r\nexpect:", re.IGNORECASE)


def is_whole(received: bytes) -> bool:
    """Whether a request can be handed to a thread: it is all there, or waiting longer would not make it so."""
    if len(received) >= _MOST:
        return True
    head, end, rest = received.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not end:
        return False
    length = _LENGTH.search(head + b"\r\n")
    if length is None or _CONTINUE.search(head):  # who expects to be told to continue sends no body before
        return True
    return len(rest) >= int(length[1]) or int(length[1]) >= _MOST


class Worker(ThreadWorker):  # type: ignore[misc]
    """See the head of this module. Everything but ``handle`` and ``handle_error`` runs in the accepting loop."""

    _looked_at = 0.0

    def accept(self, listener: Any) -> None:
        """Take a connection; its first bytes are awaited without a thread."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # another process was faster, or the client is gone
        self.nr_conns += 1
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SEND_SECONDS, 0))
        conn = TConn(self.cfg, client, address, listener.getsockname())
        conn.parser = http.get_parser(self.cfg, client, address)
        conn.initialized = conn.data_ready = True
        self._await(conn)

    def on_pending_socket_readable(self, conn: Any, client: socket.socket) -> None:
        """More of a request has come."""
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        self._receive(conn)

    def on_client_socket_readable(self, conn: Any, client: socket.socket) -> None:
        """A connection that was kept open brings its next request."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        conn.timeout = time.monotonic() + WHOLE_SECONDS
        self._receive(conn)

    def _receive(self, conn: Any) -> None:
        try:
            data = conn.sock.recv(_MOST)
        except BlockingIOError:
            self._await(conn, conn.timeout)
            return
        except OSError:
            data = b""
        if not data:
            self.nr_conns -= 1
            conn.close()
            return
        received = conn.parser.unreader.take_buffered() + data
        conn.parser.unreader.unread(received)
        if is_whole(received):
            self._hand_over(conn)
        else:
            self._await(conn, conn.timeout)

    def enqueue_req(self, conn: Any) -> None:
        """Go on with a connection that brought more than one request at once."""
        received = conn.parser.unreader.take_buffered()
        conn.parser.unreader.unread(received)
        if is_whole(received):
            self._hand_over(conn)
        else:
            self._await(conn)

    def _hand_over(self, conn: Any) -> None:
        conn.queued_at = time.monotonic()
        super().enqueue_req(conn)

    def _await(self, conn: Any, until: float | None = None) -> None:
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + WHOLE_SECONDS if until is None else until
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def murder_pending(self) -> None:
        """End connections whose request did not arrive in time; those that began one are told so. A worker that stops
        does not wait for those that have not begun."""
        now = time.monotonic()
        if self.alive and now < self._looked_at + _LOOK_SECONDS:
            return
        self._looked_at = now
        for conn in list(self.pending_conns):
            begun = bool(conn.parser.unreader.buf.getvalue())
            if conn.timeout > now and (self.alive or begun):
                continue
            self.pending_conns.remove(conn)
            self.poller.unregister(conn.sock)
            self.nr_conns -= 1
            if begun:
                error = RequestTooSlow(f"The request did not arrive whole within {WHOLE_SECONDS} seconds.")
                self._refuse(conn.sock, conn.client, error, "slow")
            conn.close()

    def handle(self, conn: Any) -> Any:
        """Answer a request, unless it has waited too long for a thread."""
        if time.monotonic() - conn.queued_at > QUEUE_SECONDS:
            conn.sock.setblocking(True)
            error = Unavailable("Too many requests are waiting; this one is no longer answered.", seconds=5)
            self._refuse(conn.sock, conn.client, error, "queue")
            return False
        return super().handle(conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """What gunicorn itself cannot read."""
        if isinstance(exc, LimitRequestLine):
            self._refuse(client, addr, UrlTooLong("The address is too long; ask in several requests."), "too_long")
        else:
            super().handle_error(req, client, addr, exc)

    def _refuse(self, client: socket.socket, addr: Any, error: ODataError, reason: str) -> None:
        request_id = new_id()
        text = body(error, request_id)
        status = HTTPStatus(error.status)
        head = [
            f"HTTP/1.1 {status.value} {status.phrase}",
            "Connection: close",
            "Content-Type: application/json",
            "OData-Version: 4.0",
            f"x-correlation-id: {request_id}",
            *(f"{name}: {value}" for name, value in error.headers.items()),
            f"Content-Length: {len(text)}",
        ]
        try:
            client.sendall("\r\n".join([*head, "\r\n"]).encode() + text)
        except OSError as gone:
            self.log.debug("a refused caller is gone: %s", gone)
        address = addr[0] if addr else ""
        entry = Entry(datetime.now(UTC), request_id, "", "", status.value, "", 0.0, False, reason, address)
        self.wsgi.extensions["gateway"].services.logbook.note(entry)

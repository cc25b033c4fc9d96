"""The outermost layer: gives each request its id, answers hot ones from the memo, counts and logs every one.

What holds for all requests alike stands here, so that a hot answer is limited, measured and logged like any other.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from types import TracebackType
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from gateway.availability.service import Availability
from gateway.cache.memo import REMEMBER, HotAnswer, Key, Memo
from gateway.errors import FAILURE, REQUEST_ID
from gateway.guards import CALLER, Limits
from gateway.logbook import Entry, Logbook
from gateway.new_id import new_id
from gateway.packed import pack

_EACH_TIME = frozenset({"age", "x-correlation-id", "date"})
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Front:
    """A WSGI application around another one."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        memo: Memo,
        availability: Availability,
        limits: Limits,
        logbook: Logbook,
        clock: Callable[[], datetime],
        proxies: Sequence[Network],
        unavailable: tuple[type[Exception], ...],
    ) -> None:
        self._app = app
        self._memo = memo
        self._availability = availability
        self._limits = limits
        self._logbook = logbook
        self._clock = clock
        self._unavailable = unavailable
        self._is_proxy = lru_cache(maxsize=1024)(lambda address: _within(address, proxies))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        request_id = environ[REQUEST_ID] = new_id()
        self._believe_proxy(environ)
        key = self._memo.key(environ)
        if key is not None and (hot := self._hot(key, environ)) is not None:
            answer, age = hot
            start_response(answer.status, [*answer.headers, ("Age", str(age)), ("x-correlation-id", request_id)])
            self._done(environ, answer.status, answer.caller, started, memo=True)
            return [answer.body] if environ["REQUEST_METHOD"] != "HEAD" else []
        return self._asked(environ, start_response, key, started)

    def _hot(self, key: Key, environ: WSGIEnvironment) -> tuple[HotAnswer, int] | None:
        """A hot answer and its age, unless the application has to look at this one."""
        try:
            view = self._availability.view()
        except self._unavailable:
            return None
        now = self._clock()
        answer = self._memo.get(key, view.version, now)
        if answer is None or (age := self._availability.still_good(answer.company_id, view, now)) is None:
            return None
        if not self._limits.allow(answer.key_id, environ.get("REMOTE_ADDR", "")):
            return None
        return answer, age

    def _asked(
        self, environ: WSGIEnvironment, start_response: StartResponse, key: Key | None, started: float
    ) -> Iterable[bytes]:
        sent: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None) -> Any:
            sent[:] = [status, headers, exc_info]
            return _never_written

        chunks = self._app(environ, start)
        try:
            body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        status, headers, exc_info = sent
        body, headers = pack(body, headers, environ.get("HTTP_ACCEPT_ENCODING", ""))
        headers = [*headers, ("x-correlation-id", environ[REQUEST_ID])]
        start_response(status, headers, exc_info)
        caller = environ.get(CALLER)
        if key is not None and caller is not None and (remember := environ.get(REMEMBER)) is not None:
            self._memo.put(
                key,
                HotAnswer(
                    status=status,
                    headers=tuple(one for one in headers if one[0].lower() not in _EACH_TIME),
                    body=body,
                    company_id=remember.company_id,
                    version=remember.version,
                    caller=caller.user,
                    key_id=caller.key_id,
                    key_expires_at=caller.expires_at,
                ),
            )
        self._done(environ, status, caller.user if caller is not None else "", started, memo=False)
        return [body] if body else []

    def _done(self, environ: WSGIEnvironment, status: str, caller: str, started: float, *, memo: bool) -> None:
        self._logbook.note(
            Entry(
                self._clock(),
                environ[REQUEST_ID],
                environ["REQUEST_METHOD"],
                environ.get("PATH_INFO", ""),
                int(status[:3]),
                caller,
                time.perf_counter() - started,
                memo,
                environ.get(FAILURE, ""),
                environ.get("REMOTE_ADDR", ""),
            )
        )

    def _believe_proxy(self, environ: WSGIEnvironment) -> None:
        """Scheme and address of the caller are what a configured proxy says, and nobody else's word counts."""
        forwarded = environ.get("HTTP_X_FORWARDED_FOR"), environ.get("HTTP_X_FORWARDED_PROTO")
        if forwarded == (None, None) or not self._is_proxy(environ.get("REMOTE_ADDR", "")):
            return
        addresses, scheme = forwarded
        if scheme is not None and (last := scheme.rsplit(",", 1)[-1].strip().lower()) in ("http", "https"):
            environ["wsgi.url_scheme"] = last
        for address in reversed([one.strip() for one in (addresses or "").split(",") if one.strip()]):
            environ["REMOTE_ADDR"] = address
            if not self._is_proxy(address):
                break


def _never_written(_chunk: bytes) -> None:
    """WSGI's old way of writing, which Flask does not use."""


def _within(address: str, networks: Sequence[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)

"""One HTTP transport for one remote system: sign-in, time limits, retry, a shared budget, every request counted.

It repeats a request when that is safe: reads and calls marked repeatable after any passing failure, other writes only
when they surely had no effect (the connection never stood, 429, 503 with ``Retry-After``, a lost race for a lock). What
is left over is raised as one of ``bridge.clients.errors``. Redirects are never followed: a token goes to
its own system only.
"""

from __future__ import annotations

import queue
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ProxyError

from bridge.clients.answers import error_from_answer
from bridge.clients.calls import SIGN_IN, Calls
from bridge.clients.errors import Refused, RemoteError, SignInRefused, Throttled, Unreachable
from bridge.clients.odata import Row, header, read_body, read_page
from bridge.clients.pacing import LONGEST_WAIT, Gate, Pace
from bridge.clients.sign_in import BasicSignIn, EntraSignIn, SignIn, SignInFailed
from bridge.records import Side

__all__ = ["BasicSignIn", "Call", "Effect", "EntraSignIn", "Pace", "Reply", "Transport", "lost_answer"]

_CONNECT_SECONDS = 10.0


class Effect(Enum):
    """What sending a request twice would do."""

    READS = "changes nothing"
    REPEATABLE = "twice is the same as once"
    ONCE = "twice is one too many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. ``path`` lies below the transport's base address, or is a whole address of the same server."""

    method: str
    path: str
    purpose: str
    effect: Effect
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    operations: int = 1

    @property
    def writes(self) -> bool:
        return self.effect is not Effect.READS

    @property
    def where(self) -> str:
        """The path alone: what an error may show."""
        return urlsplit(self.path).path


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of status 2xx. ``body`` is what the call's decoder made of it."""

    status: int
    headers: Mapping[str, str]
    body: Any


Decoder = Callable[[Mapping[str, str], bytes], Any]
"""Reads a body of status 2xx; ValueError means that it is broken and the answer counts as lost."""


class Transport:
    """Sends calls to one system. Safe for many threads, of which ``concurrency`` may have a request under way.

    ``timeout`` (seconds) limits each wait for an answer. ``stop`` is set when the process is to end: waits between
    attempts are then cut short and the last failure raised; calls that need no wait still go out.
    """

    def __init__(
        self,
        side: Side,
        base_url: str,
        sign_in: SignIn,
        *,
        calls: Calls,
        timeout: float,
        concurrency: int,
        stop: threading.Event,
        pace: Pace | None = None,
    ) -> None:
        self.side = side
        self.base_url = base_url.rstrip("/")
        self._origin = _origin(self.base_url)
        self._sign_in = sign_in
        self._calls = calls
        self._limits = (min(_CONNECT_SECONDS, timeout), timeout)
        self._pace = pace or Pace(wait=stop.wait)
        self._gate = Gate(self._pace)
        self._sessions: queue.LifoQueue[requests.Session] = queue.LifoQueue()
        self._all_sessions = [requests.Session() for _ in range(concurrency)]
        for session in self._all_sessions:
            self._sessions.put(session)

    def send(self, call: Call, decode: Decoder = read_body) -> Reply:
        """Send one call, repeating it where that is safe. Raises RemoteError, with ``outcome_unknown`` set when any
        attempt may have taken effect."""
        attempt, renewed, outcome_unknown = 1, False, False
        while True:
            try:
                self._pass_gate(call)
                authorization = self._authorization(call)
                return self._attempt(call, authorization, decode)
            except RemoteError as error:
                outcome_unknown = error.outcome_unknown = outcome_unknown or error.outcome_unknown
                if error.status == 401 and not renewed and self._sign_in.renew(authorization):
                    renewed = True
                    continue
                if not self._wait_before_repeat(call, error, attempt):
                    raise
                attempt += 1

    def close(self) -> None:
        """Close all connections. Nothing may be sent afterwards."""
        for session in self._all_sessions:
            session.close()
        self._sign_in.close()

    def pages(self, call: Call) -> Iterator[Row]:
        """The rows of a read, page after page as they are consumed; each page is asked for with the same headers."""
        while True:
            rows, next_page = self.send(call, read_page).body
            yield from rows
            if not next_page:
                return
            call = replace(call, path=next_page, query="")

    def _pass_gate(self, call: Call) -> None:
        while (closed_for := self._gate.remaining()) > 0:
            if closed_for > LONGEST_WAIT or self._pace.wait(closed_for):
                text = "all calls are held back because it asked for a pause"
                raise self._error(Throttled, call, text, retry_after=closed_for, transient=False)

    def _authorization(self, call: Call) -> str:
        try:
            return self._sign_in.authorization(lambda verb: self._calls.record(self.side, verb, SIGN_IN))
        except SignInFailed as failure:
            kind: type[RemoteError] = SignInRefused if failure.reachable else Unreachable
            raise self._error(
                kind,
                call,
                f"no token: {failure.text}",
                code=failure.code,
                correlation_id=failure.correlation_id,
                retry_after=failure.retry_after,
                advice=failure.advice,
            ) from None

    def _attempt(self, call: Call, authorization: str, decode: Decoder) -> Reply:
        url = self._address(call)
        with self._session() as session:
            self._calls.record(self.side, call.method, call.purpose, call.operations)
            try:
                response = session.request(
                    call.method,
                    url,
                    data=call.body or None,
                    headers=dict(call.headers),
                    auth=_Header(authorization),
                    timeout=self._limits,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                raise self._broken_off(call, error) from None
        if response.status_code >= 300:
            raise error_from_answer(
                response.status_code,
                response.headers,
                response.content,
                system=self.side,
                purpose=call.purpose,
                method=call.method,
                path=call.where,
                writes=call.writes,
            )
        try:
            return Reply(response.status_code, response.headers, decode(response.headers, response.content))
        except ValueError as error:
            kind = header(response.headers, "Content-Type") or "no content type"
            text = f"the answer ({response.status_code}, {kind}) broke off or cannot be read: {error}"
            raise lost_answer(self.side, call, text, status=response.status_code) from None

    @contextmanager
    def _session(self) -> Iterator[requests.Session]:
        """One of the system's sessions. There are as many as requests allowed at a time, so this is the budget too."""
        session = self._sessions.get()
        try:
            yield session
        finally:
            self._sessions.put(session)

    def _address(self, call: Call) -> str:
        """The whole address of a call; one on another server is refused, since the token would go there too."""
        if "://" not in call.path:
            url = f"{self.base_url}/{call.path.lstrip('/')}"
        elif _origin(call.path) == self._origin:
            url = call.path
        else:
            text = f"the next page lies on {_origin(call.path)}, not on {self._origin}"
            raise self._error(Refused, call, text, advice="Correct the address this system is reached by")
        return f"{url}?{call.query}" if call.query else url

    def _broken_off(self, call: Call, error: requests.RequestException) -> RemoteError:
        if _untrusted(error):
            advice = "Set REQUESTS_CA_BUNDLE to a bundle that holds its authority"
            text = f"the certificate of {self._origin} is not trusted"
            return self._error(Unreachable, call, text, can_retry=False, advice=advice)
        if _never_sent(error):
            return self._error(Unreachable, call, f"no connection to {self._origin}")
        if isinstance(error, requests.Timeout):
            return lost_answer(self.side, call, f"no answer within {self._limits[1]:g} seconds")
        if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
            return lost_answer(self.side, call, "the connection broke before the answer was complete")
        return lost_answer(self.side, call, f"the exchange failed ({type(error).__name__})")

    def _wait_before_repeat(self, call: Call, error: RemoteError, attempt: int) -> bool:
        """Wait and answer True when the call is to be sent again."""
        pause = error.retry_after if error.retry_after is not None else self._pace.back_off(attempt)
        if isinstance(error, Throttled) and error.status is not None:
            self._gate.close_for(pause)
        if not error.transient or attempt >= self._pace.attempts or pause > LONGEST_WAIT:
            return False
        if error.outcome_unknown and call.effect is Effect.ONCE:
            return False
        return not self._pace.wait(pause)

    def _error(self, kind: type[RemoteError], call: Call, text: str, **facts: Any) -> RemoteError:
        return kind(text, system=self.side, purpose=call.purpose, method=call.method, path=call.where, **facts)


def lost_answer(side: Side, call: Call, text: str, *, status: int | None = None) -> Unreachable:
    """The error for an answer that never came, or not whole: a write may have taken effect."""
    return Unreachable(
        text,
        system=side,
        purpose=call.purpose,
        method=call.method,
        path=call.where,
        status=status,
        outcome_unknown=call.writes,
    )


class _Header(requests.auth.AuthBase):
    """Sets the header as an auth object: requests would otherwise let a .netrc entry replace it."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._value
        return request


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it wraps: requests and urllib3 nest in arguments, in ``reason`` and by chaining."""
    pending: list[object] = [error]
    seen: set[int] = set()
    while pending:
        found = pending.pop()
        if isinstance(found, BaseException) and id(found) not in seen:
            seen.add(id(found))
            yield found
            pending += [*found.args, getattr(found, "reason", None), found.__cause__, found.__context__]


def _never_sent(error: requests.RequestException) -> bool:
    """Whether the connection never stood, so that nothing can have arrived."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    reasons = [cause.reason for cause in _causes(error) if isinstance(cause, MaxRetryError)]
    return any(isinstance(reason, NewConnectionError | ConnectTimeoutError | ProxyError) for reason in reasons)


def _untrusted(error: requests.RequestException) -> bool:
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))

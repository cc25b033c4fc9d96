"""Exception → status, code, OData error body: one table.

    ODataError
    ├── BadRequest              400 BadRequest                    a value, a property or an option that cannot be used
    │   └── InvalidGuid         400 Application_InvalidGUID
    ├── SyntaxRefused           400 BadRequest_NotFound           text that is no OData; the name is Business Central's
    ├── InvalidCredentials      401 Authentication_InvalidCredentials
    ├── RequestDenied           403 Authorization_RequestDenied
    ├── ResourceNotFound        404 BadRequest_ResourceNotFound   no such address
    ├── CompanyNotFound         404 Internal_CompanyNotFound
    ├── RecordNotFound          404 Internal_RecordNotFound
    ├── MethodNotAllowed        405 BadRequest_MethodNotAllowed
    ├── NotAcceptable           406 BadRequest
    ├── UrlTooLong              414 BadRequest_InvalidRequestUrl
    ├── TooManyRequests         429 Unknown
    ├── ServerFailed            500 Internal_ServerError
    └── Unavailable             503 Internal_TenantUnavailable

Codes are a promise, texts are not. Every body names the correlation id that also stands in the log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from flask import Flask, Response, request
from structlog.typing import FilteringBoundLogger
from werkzeug.exceptions import HTTPException

REQUEST_ID = "gateway.request_id"
"""Key in the WSGI environment: the correlation id, a GUID, given by :mod:`gateway.front`."""
FAILURE = "gateway.failure"
"""Key in the WSGI environment: the reason for the log, where the caller must not learn it."""

ODATA_HEADERS = {"OData-Version": "4.0", "Cache-Control": "private, no-cache"}


class ODataError(Exception):
    """Base: ``status`` and ``code`` are the contract, ``text`` is for people, ``headers`` go out with the answer."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "Unknown"

    def __init__(self, text: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.headers = dict(headers or {})


class BadRequest(ODataError):
    status = HTTPStatus.BAD_REQUEST
    code = "BadRequest"


class InvalidGuid(BadRequest):
    code = "Application_InvalidGUID"


class SyntaxRefused(ODataError):
    status = HTTPStatus.BAD_REQUEST
    code = "BadRequest_NotFound"


class InvalidCredentials(ODataError):
    """One text for every reason: a caller must not learn whether the user, the key or its date was wrong."""

    status = HTTPStatus.UNAUTHORIZED
    code = "Authentication_InvalidCredentials"

    def __init__(self, challenge: str) -> None:
        super().__init__("The server has rejected the client credentials.", headers={"WWW-Authenticate": challenge})


class RequestDenied(ODataError):
    status = HTTPStatus.FORBIDDEN
    code = "Authorization_RequestDenied"


class ResourceNotFound(ODataError):
    status = HTTPStatus.NOT_FOUND
    code = "BadRequest_ResourceNotFound"


class CompanyNotFound(ODataError):
    status = HTTPStatus.NOT_FOUND
    code = "Internal_CompanyNotFound"


class RecordNotFound(ODataError):
    status = HTTPStatus.NOT_FOUND
    code = "Internal_RecordNotFound"


class MethodNotAllowed(ODataError):
    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "BadRequest_MethodNotAllowed"

    def __init__(self, method: str) -> None:
        super().__init__(
            f"{method} is not allowed: this service is read-only.", headers={"Allow": "GET, HEAD, OPTIONS"}
        )


class NotAcceptable(ODataError):
    status = HTTPStatus.NOT_ACCEPTABLE
    code = "BadRequest"


class UrlTooLong(ODataError):
    status = HTTPStatus.REQUEST_URI_TOO_LONG
    code = "BadRequest_InvalidRequestUrl"


class TooManyRequests(ODataError):
    """``seconds`` until it is worth trying again."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "Unknown"

    def __init__(self, text: str, *, seconds: int) -> None:
        super().__init__(text, headers={"Retry-After": str(max(1, seconds))})


class ServerFailed(ODataError):
    code = "Internal_ServerError"


class Unavailable(ODataError):
    """``seconds`` until it is worth trying again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "Internal_TenantUnavailable"

    def __init__(self, text: str, *, seconds: int) -> None:
        super().__init__(text, headers={"Retry-After": str(max(1, seconds))})


_RETRY_SECONDS = 5
_OF_STATUS: dict[int, type[ODataError]] = {
    400: BadRequest,
    404: ResourceNotFound,
    406: NotAcceptable,
    414: UrlTooLong,
}


def body(error: ODataError, correlation_id: str) -> bytes:
    """The error as OData JSON."""
    message = f"{error.text}  CorrelationId:  {correlation_id}."
    return json.dumps({"error": {"code": error.code, "message": message}}, ensure_ascii=False).encode()


def answer(error: ODataError) -> Response:
    """The error as a response to the current request."""
    response = Response(
        body(error, request.environ.get(REQUEST_ID, "")),
        status=int(error.status),
        content_type="application/json; odata.metadata=minimal",
    )
    response.headers.update(ODATA_HEADERS | error.headers)
    return response


def register(app: Flask, unavailable: tuple[type[Exception], ...], log: FilteringBoundLogger) -> None:
    """Make every exception leave the application as an OData error. ``unavailable`` are the exceptions that say the
    state cannot be asked right now."""

    @app.errorhandler(Exception)
    def _any(error: Exception) -> Response:
        return answer(_translated(error))

    def _translated(error: Exception) -> ODataError:
        if isinstance(error, ODataError):
            return error
        if isinstance(error, unavailable):
            request.environ[FAILURE] = type(error).__name__
            return Unavailable("The service cannot read its data at the moment.", seconds=_RETRY_SECONDS)
        if isinstance(error, HTTPException) and error.code is not None and error.code < 500:
            if error.code == HTTPStatus.METHOD_NOT_ALLOWED:
                return MethodNotAllowed(request.method)
            return _OF_STATUS.get(error.code, BadRequest)(error.description or error.name)
        log.error("request failed", request_id=request.environ.get(REQUEST_ID, ""), exc_info=error)
        return ServerFailed("The request failed because of an error in this service; it has been logged.")

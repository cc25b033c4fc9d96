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
    ├── RequestTooSlow          408 Internal_ServerError          Business Central's code for it
    ├── UrlTooLong              414 BadRequest_InvalidRequestUrl
    ├── TooManyRequests         429 Unknown
    ├── ServerFailed            500 Internal_ServerError
    └── Unavailable             503 Internal_TenantUnavailable

Codes are a promise, texts are not: they are in the caller's language (:data:`SPOKEN`), details of a query in English.
Every body names the correlation id that also stands in the log.
"""

from __future__ import annotations

import json
import re
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


SPOKEN = ("en", "nb")
_LANGUAGES = {"en": "en", "nb": "nb", "nn": "nb", "no": "nb"}


class ODataError(Exception):
    """Base: ``status`` and ``code`` are the contract, ``text`` is for people, ``headers`` go out with the answer."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "Unknown"
    norwegian = "Forespørselen ble avvist"
    """What it comes to, for who reads Norwegian."""
    detailed = True
    """Whether the English text holds more than the Norwegian sentence says."""

    def __init__(self, text: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.headers = dict(headers or {})


class BadRequest(ODataError):
    status = HTTPStatus.BAD_REQUEST
    code = "BadRequest"
    norwegian = "Forespørselen kan ikke brukes slik den er"


class InvalidGuid(BadRequest):
    code = "Application_InvalidGUID"
    norwegian = "Verdien er ingen gyldig GUID"


class SyntaxRefused(ODataError):
    status = HTTPStatus.BAD_REQUEST
    code = "BadRequest_NotFound"
    norwegian = "Feil i spørringens syntaks"


class InvalidCredentials(ODataError):
    """One text for every reason: a caller must not learn whether the user, the key or its date was wrong."""

    status = HTTPStatus.UNAUTHORIZED
    code = "Authentication_InvalidCredentials"
    norwegian = "Tjeneren har avvist påloggingen"
    detailed = False

    def __init__(self, challenge: str) -> None:
        super().__init__("The server has rejected the client credentials.", headers={"WWW-Authenticate": challenge})


class RequestDenied(ODataError):
    status = HTTPStatus.FORBIDDEN
    code = "Authorization_RequestDenied"
    norwegian = "Nøkkelen gir ikke tilgang til dette"


class ResourceNotFound(ODataError):
    status = HTTPStatus.NOT_FOUND
    code = "BadRequest_ResourceNotFound"
    norwegian = "Ressursen finnes ikke"


class CompanyNotFound(ODataError):
    status = HTTPStatus.NOT_FOUND
    code = "Internal_CompanyNotFound"
    norwegian = "Selskapet finnes ikke her, eller navnet er skrevet annerledes"


class RecordNotFound(ODataError):
    status = HTTPStatus.NOT_FOUND
    code = "Internal_RecordNotFound"
    norwegian = "Det finnes ingen koblet vare med denne nøkkelen"
    detailed = False


class MethodNotAllowed(ODataError):
    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "BadRequest_MethodNotAllowed"
    norwegian = "Tjenesten kan bare leses"
    detailed = False

    def __init__(self, method: str) -> None:
        super().__init__(
            f"{method} is not allowed: this service is read-only.", headers={"Allow": "GET, HEAD, OPTIONS"}
        )


class NotAcceptable(ODataError):
    status = HTTPStatus.NOT_ACCEPTABLE
    code = "BadRequest"
    norwegian = "Formatet tilbys ikke"


class RequestTooSlow(ODataError):
    status = HTTPStatus.REQUEST_TIMEOUT
    code = "Internal_ServerError"
    norwegian = "Forespørselen kom ikke frem i tide; prøv igjen"
    detailed = False


class UrlTooLong(ODataError):
    status = HTTPStatus.REQUEST_URI_TOO_LONG
    code = "BadRequest_InvalidRequestUrl"
    norwegian = "Adressen er for lang; spør i flere omganger"
    detailed = False


class TooManyRequests(ODataError):
    """``seconds`` until it is worth trying again."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "Unknown"
    norwegian = "For mange forespørsler; prøv igjen senere"
    detailed = False

    def __init__(self, text: str, *, seconds: int) -> None:
        super().__init__(text, headers={"Retry-After": str(max(1, seconds))})


class ServerFailed(ODataError):
    code = "Internal_ServerError"
    norwegian = "Forespørselen mislyktes på grunn av en feil i denne tjenesten; feilen er loggført"
    detailed = False


class Unavailable(ODataError):
    """``seconds`` until it is worth trying again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "Internal_TenantUnavailable"
    norwegian = "Tjenesten kan ikke svare akkurat nå; prøv igjen om litt"
    detailed = False

    def __init__(self, text: str, *, seconds: int) -> None:
        super().__init__(text, headers={"Retry-After": str(max(1, seconds))})


_RETRY_SECONDS = 5
_OF_STATUS: dict[int, type[ODataError]] = {
    400: BadRequest,
    404: ResourceNotFound,
    406: NotAcceptable,
    414: UrlTooLong,
}


def language(accepted: str) -> str:
    """Which of :data:`SPOKEN` an Accept-Language asks for first; English when it asks for none of them."""
    wishes: list[tuple[float, str]] = []
    for choice in accepted.split(","):
        name, _, weight = choice.partition(";")
        spoken = _LANGUAGES.get(name.strip().lower().partition("-")[0])
        q = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", weight)
        if spoken is not None and (not weight or q is not None):
            wishes.append((-float(q[1]) if q is not None else -1.0, spoken))
    best = min(wishes, key=lambda wish: wish[0], default=(0.0, "en"))
    return best[1] if best[0] < 0 else "en"


def said(error: ODataError, spoken: str) -> str:
    """The error's text in this language."""
    if spoken == "en":
        return error.text
    return f"{error.norwegian}: {error.text}" if error.detailed else f"{error.norwegian}."


def body(error: ODataError, correlation_id: str, spoken: str = "en") -> bytes:
    """The error as OData JSON."""
    message = f"{said(error, spoken)}  CorrelationId:  {correlation_id}."
    return json.dumps({"error": {"code": error.code, "message": message}}, ensure_ascii=False).encode()


def answer(error: ODataError) -> Response:
    """The error as a response to the current request."""
    spoken = language(request.headers.get("Accept-Language", ""))
    response = Response(
        body(error, request.environ.get(REQUEST_ID, ""), spoken),
        status=int(error.status),
        content_type="application/json; odata.metadata=minimal",
    )
    response.headers.update(ODATA_HEADERS | error.headers | {"Content-Language": spoken, "Vary": "Accept-Language"})
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

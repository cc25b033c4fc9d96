"""A webhook wakes the job that would find the change anyway, nothing more: what it says of the change is not believed.

Sales brings the secret in the header ``x-bridge-key`` or as ``?code=``; Business Central as ``clientState`` in each
notification. Business Central asks once, without a secret, whether somebody is there; that answer tells nothing and
changes nothing.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from gateway.errors import FAILURE, BadRequest, InvalidCredentials

Wake = Callable[[str, str | None], None]
"""Makes a job due now, in one company (by id) or in all."""

PICK_UP, PUSH_STATUS, AVAILABILITY, OPEN_LINES = "PICK-UP", "PUSH-STATUS", "AVAILABILITY", "OPEN-LINES"
_JOBS_OF_RESOURCE = {
    "items": (AVAILABILITY,),
    "itemledgerentries": (AVAILABILITY,),
    "salesorders": (PUSH_STATUS, "SALESORDER-ORDER", OPEN_LINES),
    "purchaseorders": (OPEN_LINES,),
    "transferorders": (OPEN_LINES,),
    "salesshipments": (PUSH_STATUS,),
    "salesinvoices": (PUSH_STATUS, "POSTEDSALESINV-INV"),
}
_RESOURCE = re.compile(
    r"(?:.*/)?companies\((?P<company>[0-9a-f-]{36})\)/(?P<set>\w+)(?:\(.*)?", re.IGNORECASE | re.DOTALL
)
_LONGEST_TOKEN = 2048
_CHALLENGE = 'Key realm="hooks"'


def sales(wake: Wake) -> Blueprint:
    """Something happened to an order or quote in Sales."""
    routes = Blueprint("hooks_sales", __name__)

    @routes.post("/hooks/sales")
    def notified() -> Response:
        wake(PICK_UP, None)
        return Response(status=204)

    return routes


def sales_secret(secret: str) -> Callable[[], None]:
    """A guard that lets whoever brings this secret pass."""

    def guard() -> None:
        _compare(request.headers.get("x-bridge-key") or request.args.get("code", ""), secret)

    return guard


def business_central(wake: Wake) -> Blueprint:
    """Something happened to records in Business Central; one call may tell of many."""
    routes = Blueprint("hooks_business_central", __name__)

    @routes.route("/hooks/business-central", methods=["GET", "POST"])
    def notified() -> Response:
        token = request.args.get("validationToken")
        if token is not None:
            return Response(
                token[:_LONGEST_TOKEN], content_type="text/plain", headers={"X-Content-Type-Options": "nosniff"}
            )
        for job, company_id in sorted({meant for one in _notifications() for meant in _meant(one)}):
            wake(job, company_id)
        return Response(status=200)

    return routes


def business_central_secret(secret: str) -> Callable[[], None]:
    """A guard that lets notifications pass that all carry this secret, and the question whether somebody is there."""

    def guard() -> None:
        if "validationToken" in request.args:
            return
        notifications = _notifications()
        if not notifications:
            _compare("", secret)
        for one in notifications:
            _compare(str(one.get("clientState", "")), secret)

    return guard


def _compare(given: str, secret: str) -> None:
    if not hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
        request.environ[FAILURE] = "hook_secret"
        raise InvalidCredentials(_CHALLENGE)


def _notifications() -> list[dict[str, Any]]:
    body = request.get_json(silent=True)
    values = body.get("value") if isinstance(body, dict) else None
    if values is None:
        return []
    if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
        raise BadRequest('Expected {"value": [notification, …]}.')
    return values


def _meant(notification: dict[str, Any]) -> list[tuple[str, str]]:
    """The jobs and the company a notification is about; none when it is about nothing of ours."""
    found = _RESOURCE.fullmatch(str(notification.get("resource", "")))
    if found is None:
        return []
    return [(job, found["company"].lower()) for job in _JOBS_OF_RESOURCE.get(found["set"].lower(), ())]

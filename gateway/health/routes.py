"""Two questions of a load balancer: is this process alive, and should it get requests.

``/healthz`` looks at nothing and answers in milliseconds with everything behind it down. ``/readyz`` names what it
looked at; 503 means that this process cannot serve, or is about to stop. Both tell nothing that is not for everybody.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from gateway.health.checks import Checks, Drain, Status

_NO_STORE = {"Cache-Control": "no-store"}


def blueprint(checks: Checks, drain: Drain) -> Blueprint:
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def alive() -> Response:
        return Response("ok\n", content_type="text/plain", headers=_NO_STORE)

    @routes.get("/readyz")
    def ready() -> Response:
        if drain.is_on:
            response = jsonify(status="stopping", checks=[])
            response.status_code = 503
        else:
            found = checks.run()
            statuses = {finding.status for _, finding in found}
            failed = Status.FAILED in statuses
            overall = "unready" if failed else "degraded" if Status.DEGRADED in statuses else "ready"
            response = jsonify(
                status=overall,
                checks=[
                    {"name": name, "status": one.status.value, "detail": one.detail, "hint": one.hint}
                    for name, one in found
                ],
            )
            response.status_code = 503 if failed else 200
        response.headers.update(_NO_STORE)
        return response

    return routes

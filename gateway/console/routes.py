"""Where the console will be. Until it is, the address says so."""

from __future__ import annotations

from flask import Blueprint, Response


def blueprint() -> Blueprint:
    routes = Blueprint("console", __name__)

    @routes.get("/console/")
    def not_built() -> Response:
        return Response("The console is not built yet.\n", status=501, content_type="text/plain")

    return routes

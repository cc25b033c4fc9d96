"""Which browser pages may ask: those of configured origins, and never "any"."""

from __future__ import annotations

from flask import Blueprint, Response, request

_ALLOWED_METHODS = "GET, HEAD, OPTIONS"
_ALLOWED_HEADERS = (
    "Authorization, Accept, Content-Type, Prefer, OData-MaxVersion, OData-Version, Accept-Language, If-None-Match, "
    "Cache-Control"
)
_EXPOSED_HEADERS = "Age, ETag, Retry-After, Warning, OData-Version, Preference-Applied, x-correlation-id"
_PREFLIGHT_SECONDS = "600"


def allow(blueprint: Blueprint, origins: tuple[str, ...]) -> None:
    """Let pages of these origins read this blueprint's answers, refusals included, so that scripts can tell why."""
    known = frozenset(origins)

    @blueprint.after_request
    def _add(response: Response) -> Response:
        if not known:
            return response
        response.vary.add("Origin")
        origin = request.headers.get("Origin", "")
        if origin not in known:
            return response
        response.headers["Access-Control-Allow-Origin"] = origin
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = _ALLOWED_METHODS
            response.headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
            response.headers["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
        else:
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS
        return response

"""The HTTP side of availability: an address and its options in, an OData answer out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, request
from werkzeug.routing import BaseConverter

from gateway.availability import address, options, render
from gateway.availability.address import Address, Kind
from gateway.availability.model import PROPERTIES, SET, Company
from gateway.availability.options import Options
from gateway.availability.service import Availability, Freshness
from gateway.cache.memo import REMEMBER, Remember
from gateway.errors import ODATA_HEADERS, BadRequest, MethodNotAllowed, NotAcceptable, ResourceNotFound, UrlTooLong

MAX_URL = 8000
"""Below gunicorn's own limit (gunicorn.conf.py), so that a URL that is too long is refused in OData's shape."""
_READ_ONLY = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]


class ODataPath(BaseConverter):
    """Any path with a segment ``ODataV4`` (or its older name), whatever stands before and after it."""

    regex = r"(?:.*/)?OData(?:V4)?(?:/.*)?"
    part_isolating = False


def blueprint(service: Availability, public_url: str, *, v3_alias: bool = False) -> Blueprint:
    """Routes of the read-only service; links are built from ``public_url``, never from the request. ``v3_alias`` opens
    the same service under ``/OData`` too."""
    routes = Blueprint("availability", __name__)
    answers = _Answers(service, public_url, v3_alias)

    @routes.record_once
    def _know_paths(state: Any) -> None:
        state.app.url_map.converters["odata"] = ODataPath

    # Registered through a deferred call, because the converter has to be known first.
    routes.record_once(
        lambda state: state.add_url_rule(
            "/<odata:path>", "answer", answers.answer, methods=_READ_ONLY, provide_automatic_options=False
        )
    )
    return routes


class _Answers:
    def __init__(self, service: Availability, public_url: str, v3_alias: bool) -> None:
        self._service = service
        self._public_url = public_url
        self._v3_alias = v3_alias

    def answer(self, path: str) -> Response:
        """Every request below ``ODataV4``, of any method."""
        if request.method == "OPTIONS":
            return Response(status=204, headers={"Allow": "GET, HEAD, OPTIONS"})
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed(request.method)
        if len(request.full_path) > MAX_URL:
            raise UrlTooLong(f"The address is longer than {MAX_URL} characters; ask in several requests.")
        query = request.query_string.decode("latin-1")
        place = address.parse("/" + path, options.aliases(query))
        v3 = place.prefix.endswith("/OData")
        if v3 and not self._v3_alias:
            raise ResourceNotFound("The service is at /ODataV4; the older address is switched off (V3_ALIAS).")
        if place.kind is Kind.METADATA:
            return self._metadata()
        wishes = options.parse(query, request.headers, v3=v3)
        root = self._public_url + quote(place.prefix)
        return _HANDLERS.get(place.kind, _Answers._data)(self, place, wishes, root)

    def _metadata(self) -> Response:
        """XML unless JSON alone is asked for: readers that take both expect XML, which Business Central has."""
        wanted, accept = request.args.get("$format", ""), request.accept_mimetypes
        if wanted not in ("", "xml", "application/xml", "json", "application/json"):
            raise BadRequest(f'$format="{wanted[:60]}": $metadata is xml or json.')
        if wanted in ("json", "application/json") or (
            not wanted and accept and not accept["application/xml"] and accept["application/json"]
        ):
            return _response(render.metadata_json(), "application/json")
        if not wanted and accept and not accept["application/xml"]:
            raise NotAcceptable("$metadata is application/xml or application/json; nothing else is offered.")
        return _response(render.metadata(), "application/xml")

    def _service_document(self, place: Address, wishes: Options, root: str) -> Response:
        return _json(render.service_document(root, wishes.shape), wishes)

    def _companies(self, place: Address, wishes: Options, root: str) -> Response:
        if wishes.condition is not None or wishes.select or wishes.token or wishes.order != options.BY_KEY:
            raise BadRequest("Company is a short list; only $top, $skip, $count and $format are served on it.")
        companies = self._service.view().companies
        if place.kind is Kind.COMPANY_COUNT:
            return _response(str(len(companies)).encode(), "text/plain")
        asked = companies[wishes.skip :][: wishes.top]
        body = render.collection(
            f"{root}/$metadata#Company",
            wishes.shape,
            [render.company(one) for one in asked],
            count=len(companies) if wishes.count else None,
        )
        return _json(body, wishes)

    def _company(self, place: Address, wishes: Options, root: str) -> Response:
        one = self._service.company(place.company_name, place.company_id, "")
        return _json(
            render.with_context(f"{root}/$metadata#Company/$entity", wishes.shape, render.company(one)), wishes
        )

    def _data(self, place: Address, wishes: Options, root: str) -> Response:
        company = self._service.company(place.company_name, place.company_id, wishes.company)
        fresh = self._service.freshness(company)
        version = "" if "no-cache" in request.headers.get("Cache-Control", "") else fresh.version
        if place.kind is Kind.COUNT:
            count = self._service.count(company, wishes)
            return _aged(_response(str(count).encode(), "text/plain"), fresh)
        if place.kind is Kind.ROWS:
            return self._page(company, wishes, root, fresh, version)
        if wishes.condition is not None or wishes.top is not None or wishes.skip or wishes.count or wishes.token:
            raise BadRequest("$filter, $top, $skip, $count and $skiptoken belong to a set, not to a single row.")
        assert place.key is not None
        row = self._service.row(company, place.key, version=version)
        tag = render.etag(row)
        if place.kind is not Kind.ROW:
            return self._property(place, wishes, root, company, row, fresh)
        if _matches(request.headers.get("If-None-Match", ""), tag):
            return _aged(Response(status=304, headers=ODATA_HEADERS | {"ETag": tag}), fresh)
        set_address = f"{root}/Company('{render.in_path(company.name)}')/{SET}"
        context = render.context(root, company, wishes.select, "/$entity")
        body = render.with_context(context, wishes.shape, render.entity(row, wishes.select, wishes.shape, set_address))
        response = _json(body, wishes)
        response.headers["ETag"] = tag
        return _aged(response, fresh)

    def _property(
        self, place: Address, wishes: Options, root: str, company: Company, row: Any, fresh: Freshness
    ) -> Response:
        one = PROPERTIES[place.property]
        value = render.value_of(one, row, wishes.shape)
        if place.kind is Kind.VALUE:
            text = format(value, "f") if isinstance(value, Decimal) else str(value)
            return _aged(_response(text.encode(), "text/plain; charset=utf-8"), fresh)
        own = f"(CRM_ID={row.crm_id},Integration_ID={row.integration_id})/{one.name}"
        body = render.with_context(render.context(root, company, (), own), wishes.shape, {"value": value})
        return _aged(_json(body, wishes), fresh)

    def _page(self, company: Company, wishes: Options, root: str, fresh: Freshness, version: str) -> Response:
        page = self._service.page(company, wishes, version=version)
        set_address = f"{root}/Company('{render.in_path(company.name)}')/{SET}"
        body = render.collection(
            render.context(root, company, wishes.select),
            wishes.shape,
            (render.entity(row, wishes.select, wishes.shape, set_address) for row in page.rows),
            count=page.count,
            next_link=self._next_link(wishes, page.token, page.remaining_top),
        )
        response = _json(body, wishes)
        if wishes.preferred_page is not None:
            response.headers["Preference-Applied"] = f"odata.maxpagesize={wishes.page_size}"
        return _aged(response, fresh)

    def _next_link(self, wishes: Options, token: str, remaining: int | None) -> str:
        """The same address and options, from where this page ends; ``aid`` is there because clients know it so."""
        if not token:
            return ""
        kept = [(name, value) for name, value in wishes.pairs if name not in ("$top", "$skip", "$skiptoken", "aid")]
        top = [] if remaining is None else [("$top", str(remaining))]
        pairs = [*kept, *top, ("aid", "FIN"), ("$skiptoken", token)]
        query = urlencode(pairs, quote_via=quote, safe="$'(),")
        path = quote(request.path, safe="/()',=$")
        return f"{self._public_url}{path}?{query}"


_HANDLERS: Mapping[Kind, Callable[[_Answers, Address, Options, str], Response]] = {
    Kind.SERVICE_DOCUMENT: _Answers._service_document,
    Kind.COMPANIES: _Answers._companies,
    Kind.COMPANY_COUNT: _Answers._companies,
    Kind.COMPANY: _Answers._company,
}


def _json(body: Any, wishes: Options) -> Response:
    return _response(render.dump(body), wishes.shape.content_type)


def _response(body: bytes, content_type: str) -> Response:
    return Response(body, headers=ODATA_HEADERS | {"Content-Type": content_type})


def _aged(response: Response, fresh: Freshness) -> Response:
    """Say how old the answer is, and that it may be given again while nothing has changed."""
    response.headers["Age"] = str(fresh.age)
    request.environ[REMEMBER] = Remember(fresh.company_id, fresh.version)
    return response


def _matches(wanted: str, tag: str) -> bool:
    return wanted.strip() == "*" or tag in (one.strip() for one in wanted.split(","))

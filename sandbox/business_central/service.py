"""One request in, one answer out, without HTTP: addresses, verbs, query options, transactions.

A batch sends its parts through here as well. The caller holds the world's lock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from sandbox.business_central import bound_actions, documents, errors, metadata, procedures, writing
from sandbox.business_central.bridge_entities import BRIDGE
from sandbox.business_central.company_list import company_json, company_list
from sandbox.business_central.entities import API_V2, COMPANY
from sandbox.business_central.query import Api, Json, Reader
from sandbox.business_central.schema import Entity, fields
from sandbox.business_central.state import Company, State
from sandbox.business_central.tables import Row
from sandbox.odata import BUSINESS_CENTRAL, BUSINESS_CENTRAL_2_1, Options, QueryRefused, parse_options

API_V2_ROUTE = "api/v2.0"
BRIDGE_ROUTE = "api/salesbridge/bridge/v1.0"
_SEGMENT = re.compile(r"(?P<name>[\w.$]+)(?:\((?P<key>.*)\))?$")
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_ACTION = "microsoft.nav."
SERVED_OPTIONS = frozenset(
    {
        "$filter", "$select", "$orderby", "$top", "$skip", "$count", "$expand", "$skiptoken", "$format",
        "$schemaversion",
    }
)  # fmt: skip
"""Others are refused; what the real one does with them is not documented."""
_DESCRIBED: dict[str, str] = {}
SUBSCRIPTION = Entity(
    "subscriptions", "subscription", "", "API Webhook Subscription",
    fields("subscriptionId text150 ro, notificationUrl text, resource text, timestamp int ro, userId guid ro, "
           "lastModifiedDateTime moment ro, clientState text2048, expirationDateTime moment ro, "
           "systemCreatedAt moment ro, systemCreatedBy guid ro, systemModifiedAt moment ro, systemModifiedBy guid ro"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """``path`` is below the route, ``root`` the absolute address of the route; header names are lower case."""

    method: str
    route: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    root: str
    body: Any = None


@dataclass(slots=True)
class Answer:
    """``body`` is JSON, plain text, or None for no content."""

    status: int
    body: Json | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    operations: int = 1
    content_type: str = "text/plain"
    """Of a body that is text."""


@dataclass(frozen=True, slots=True)
class Segment:
    name: str
    key: str | None


class Service:
    """Answers for one environment."""

    def __init__(self, state: State) -> None:
        self.state = state

    def answer(self, call: Call) -> Answer:
        """Carry out one request in a transaction of its own. Raises Refused; nothing is changed then."""
        with self.state.journal.transaction():
            return self._answer(call)

    def api(self, route: str) -> Api:
        """The entity sets of a route. Raises Refused (404) for one that is not there."""
        if route == API_V2_ROUTE:
            return API_V2
        if route == BRIDGE_ROUTE and self.state.companion_installed:
            return BRIDGE
        raise errors.segment_missing(route.removeprefix("api/").split("/")[0])

    def procedure(self, name: str, query: Mapping[str, str], body: Any, root: str) -> Answer:
        """A procedure of the companion, addressed as ``SalesBridge_Name``."""
        service, _, procedure = name.partition("_")
        if service != procedures.SERVICE or not self.state.companion_installed:
            raise errors.segment_missing(name)
        company = self.company(query.get("company", ""))
        if body is not None and not isinstance(body, dict):
            raise errors.bad_request("Invalid Request Body")
        with self.state.journal.transaction():
            value = procedures.call(company, procedure, body or {})
        kind = "Edm.Int32" if isinstance(value, int) else "Edm.String"
        answer: Json = {"@odata.context": f"{root}/$metadata#{kind}", "value": value}
        return Answer(200, answer, operations=procedures.orders_in(procedure, body or {}))

    def _answer(self, call: Call) -> Answer:
        if call.headers.get("data-access-intent", "").lower() == "readonly" and call.method != "GET":
            raise errors.bad_request("The data access intent ReadOnly is allowed for GET requests only.")
        api = self.api(call.route)
        segments = _segments(call.path)
        if segments and segments[0].name == "$metadata":
            return Answer(200, described(call.route, api), content_type="application/xml")
        if segments and segments[0].name == "apicategoryroutes":
            return _category_routes(call, self.state)
        if not segments:
            names = ["companies", *api]
            sets = [{"name": name, "kind": "EntitySet", "url": name} for name in names]
            return Answer(200, {"@odata.context": f"{call.root}/$metadata", "value": sets})
        company = None
        if segments[0].name == "companies":
            if len(segments) == 1:
                return self._companies(call, segments[0])
            company = self.company(segments[0].key or "")
            segments = segments[1:]
        else:
            name = call.query.get("company") or call.headers.get("company", "")
            company = self.company(unquote(name))
        return Request(self.state, api, company, call).answer(segments)

    def company(self, name: str) -> Company:
        company = self.state.company(name)
        if company is None:
            raise errors.company_missing(name)
        return company

    def _companies(self, call: Call, segment: Segment) -> Answer:
        if call.method != "GET":
            raise errors.method_not_allowed(call.method, "companies")
        if segment.key is not None:
            row = self.company(segment.key).row
            return Answer(200, {"@odata.context": f"{call.root}/$metadata#companies/$entity", **company_json(row)})
        rows = [company.row for company in self.state.companies.values()]
        answer = {"@odata.context": f"{call.root}/$metadata#companies"}
        return Answer(200, answer | company_list(rows, call.query))


class Request:
    """One request within one company."""

    def __init__(self, state: State, api: Api, company: Company, call: Call) -> None:
        self.state, self.api, self.company, self.call = state, api, company, call

    def answer(self, segments: list[Segment]) -> Answer:
        """Walk the address to a set, a record, a navigation or an action, and do what the verb says."""
        if segments[0].name == "entityDefinitions":
            return self._definitions()
        entity = self.api.get(segments[0].name)
        if entity is None:
            raise errors.segment_missing(segments[0].name)
        try:
            return self._walk(entity, segments)
        except QueryRefused as refusal:
            raise errors.query_refused(refusal, entity.name) from None

    def _definitions(self) -> Answer:
        """Names and captions of the sets; captions here are the tables' names in English."""
        rows = [
            {
                "entityName": entity.name,
                "entitySetName": entity.set_name,
                "entityCaptions": [{"languageCode": 1033, "caption": entity.title}],
            }
            for entity in self.api.values()
        ]
        return Answer(200, {"@odata.context": f"{self.call.root}/$metadata#entityDefinitions", "value": rows})

    def _walk(self, entity: Entity, segments: list[Segment]) -> Answer:
        first, rest = segments[0], segments[1:]
        context = f"companies({self.company.id})/{first.name}"
        if first.key is None:
            return self._set(entity, rest, context, None)
        row = self._find(entity, first.key)
        if not rest:
            return self._record(entity, row, context)
        step = rest[0]
        if step.name.lower().startswith(_ACTION):
            return self._action(entity, row, step.name)
        way = self._reader(entity).navigation(step.name)
        target = self.api[way.target]
        context = f"{context}({first.key})/{step.name}"
        if way.foreign and step.key is None:
            return self._set(target, rest[1:], context, (way.foreign, row["id"]))
        key = step.key if way.foreign else entity.read(self.company, row, way.key)
        return self._record(target, self._find(target, str(key)), context)

    def _set(self, entity: Entity, rest: list[Segment], context: str, owner: tuple[str, str] | None) -> Answer:
        self._check_verb(entity, "GET", "POST")
        if self.call.method == "POST":
            owner = owner or self._reader(entity).one_owner(self._options())
            row = writing.create(self.api, self.company, entity, self.call.body, dict([owner] if owner else []))
            answer = self._json(entity, row, context)
            answer.status = 201
            answer.headers["Location"] = f"{self.call.root}/companies({self.company.id})/{entity.set_name}({row['id']})"
            return answer
        if rest and rest[0].name == "$count":
            return Answer(200, str(sum(1 for _ in self._reader(entity).rows(self._options(), owner))))
        if rest:
            raise errors.segment_missing(rest[0].name)
        return self._list(entity, context, owner)

    def _list(self, entity: Entity, context: str, owner: tuple[str, str] | None) -> Answer:
        options, reader = self._options(), self._reader(entity)
        size, asked = self._page_size()
        page = reader.page(options, owner, size, self.call.query.get("$skiptoken", ""))
        answer: Json = {"@odata.context": f"{self.call.root}/$metadata#{context}{_chosen(options)}"}
        if page.count is not None:
            answer["@odata.count"] = page.count
        answer["value"] = [reader.json(self._read(entity, row), options) for row in page.rows]
        if page.token:
            kept = {name: value for name, value in self.call.query.items() if name != "$skiptoken"}
            query = urlencode({**kept, "$skiptoken": page.token}, quote_via=quote, safe="$,()'/=")
            answer["@odata.nextLink"] = f"{self.call.root}/{self.call.path.strip('/')}?{query}"
        return Answer(200, answer, {"Preference-Applied": f"odata.maxpagesize={size}"} if asked else {})

    def _record(self, entity: Entity, row: Row, context: str) -> Answer:
        self._check_verb(entity, "GET", "PATCH", "DELETE")
        token = self.call.headers.get("if-match")
        if self.call.method == "PATCH":
            writing.check_token(row, token, needed=True)
            row = writing.change(self.company, entity, row, self.call.body)
        elif self.call.method == "DELETE":
            writing.check_token(row, token, needed=False)
            writing.delete(self.company, entity, row)
            return Answer(204)
        else:
            row = self._read(entity, row)
        return self._json(entity, row, context)

    def _read(self, entity: Entity, row: Row) -> Row:
        """The row as a read finds it; reading a document of which lines have changed may write it."""
        only_reads = self.state.replica_lag or self.call.headers.get("data-access-intent", "").lower() == "readonly"
        return row if entity.parent or not entity.document or only_reads else documents.settle(self.company, row)

    def _json(self, entity: Entity, row: Row, context: str) -> Answer:
        options = self._options()
        chosen = f"{self.call.root}/$metadata#{context}{_chosen(options)}/$entity"
        return Answer(200, {"@odata.context": chosen, **self._reader(entity).json(row, options)})

    def _action(self, entity: Entity, row: Row, name: str) -> Answer:
        action = bound_actions.find(entity, name[len(_ACTION) :])
        if self.call.method != "POST":
            raise errors.method_not_allowed(self.call.method, name)
        writing.check_token(row, self.call.headers.get("if-match"), needed=False)
        action(self.company, row)
        return Answer(204)

    def _check_verb(self, entity: Entity, *possible: str) -> None:
        if self.call.method not in possible or self.call.method not in entity.verbs:
            raise errors.method_not_allowed(self.call.method, entity.set_name)

    def _find(self, entity: Entity, key: str) -> Row:
        if not _GUID.match(key):
            raise errors.bad_key(key)
        return self._reader(entity).find(key.lower())

    def _reader(self, entity: Entity) -> Reader:
        schema = self.call.query.get("$schemaversion", "2.0")
        return Reader(self.api, self.company, entity, BUSINESS_CENTRAL_2_1 if schema == "2.1" else BUSINESS_CENTRAL)

    def _options(self) -> Options:
        for name in self.call.query:
            if name.startswith("$") and name not in SERVED_OPTIONS:
                raise errors.bad_request(f"The query option '{name}' is not supported.")
        if self.call.query.get("$format", "json") != "json":
            raise errors.not_acceptable(self.call.query["$format"])
        return parse_options(self.call.query)

    def _page_size(self) -> tuple[int, bool]:
        match = re.search(r"odata\.maxpagesize\s*=\s*(\d+)", self.call.headers.get("prefer", ""))
        asked = int(match[1]) if match else 0
        return (min(asked, self.state.page_cap), True) if asked else (self.state.page_cap, False)


def described(route: str, api: Api) -> str:
    """``$metadata`` of a route; made once."""
    if route not in _DESCRIBED:
        sets = [metadata.Described(entity) for entity in api.values()]
        more = [metadata.Described(SUBSCRIPTION, ("subscriptionId",))]
        _DESCRIBED[route] = metadata.describe("Microsoft.NAV", sets, company=COMPANY, more=more)
    return _DESCRIBED[route]


def _category_routes(call: Call, state: State) -> Answer:
    routes = [("v2.0", "", "", "v2.0")]
    if state.companion_installed:
        publisher, group, version = BRIDGE_ROUTE.split("/")[1:]
        routes.append((BRIDGE_ROUTE.removeprefix("api/"), publisher, group, version))
    names = ("route", "publisher", "group", "version")
    rows = [dict(zip(names, route, strict=True)) for route in routes]
    return Answer(200, {"@odata.context": f"{call.root}/$metadata#apicategoryroutes", "value": rows})


def relative_call(call: Call, method: str, url: str, headers: Mapping[str, str], body: Any) -> Call:
    """The call a part of a batch stands for; its address is below the route, or absolute."""
    if url.startswith(call.root):
        url = url[len(call.root) :]
    parts = urlsplit(url.lstrip("/"))
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    own = {name.lower(): value for name, value in headers.items()}
    return Call(method, call.route, unquote(parts.path), query, own, call.root, body)


def _segments(path: str) -> list[Segment]:
    found = []
    for text in path.strip("/").split("/") if path.strip("/") else []:
        match = _SEGMENT.match(text)
        if match is None:
            raise errors.bad_request(f"The request URI is not valid: '{text}'.", "BadRequest_InvalidRequestUrl")
        found.append(Segment(match["name"], match["key"]))
    return found


def _chosen(options: Options) -> str:
    return f"({','.join(options.select)})" if options.select else ""

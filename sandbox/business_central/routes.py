"""Business Central over HTTP: both forms of the address, sign-in, JSON in and out.

Online: ``/v2.0/{tenant}/{environment}/…`` with a bearer token. On-premises: ``/BC/…`` with user and access key, or a
token. What a request means is decided in :mod:`service`; here it is only carried.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, Response, request

from sandbox.business_central import automation, batch, control, errors, web_services
from sandbox.business_central.seed import seed
from sandbox.business_central.service import API_V2_ROUTE, BRIDGE_ROUTE, Answer, Call, Service
from sandbox.business_central.state import State
from sandbox.business_central.subscriptions import Subscriptions
from sandbox.business_central.throttle import Limits, Throttle
from sandbox.control import create_blueprint
from sandbox.world import BUSINESS_CENTRAL, Kept, World

_PREFIX = re.compile(r"/(?P<base>v2\.0(?:/[^/]+){1,2}?|BC)/(?P<rest>(?:api/|ODataV4).*)$")
RUNTIME_ROUTE = "api/microsoft/runtime/beta"
_ROUTES = (API_V2_ROUTE, BRIDGE_ROUTE, RUNTIME_ROUTE, automation.AUTOMATION_ROUTE)
_ACCEPTABLE = frozenset({"*/*", "application/*", "application/json", "application/xml", "text/*", "text/plain"})
_JSON = "application/json; odata.metadata=minimal"


class BusinessCentral:
    """The environment behind one app: its state, and what runs beside it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.subscriptions = Subscriptions(world)
        self.throttle = Throttle(world.clock.now)
        named = {"subscriptions": self.subscriptions, **self.subscriptions.entities()}
        kept = Kept(
            lambda: (self.state, self.subscriptions.dump()), self._load, lambda: self.state.tables(), named,
            lambda: self.state.count_inventory(),
        )  # fmt: skip
        world.register(self.reseed, self.subscriptions.stop, system=BUSINESS_CENTRAL, kept=kept)

    def reseed(self) -> None:
        """Start over from the world's data; subscriptions are gone too."""
        state = seed(self.world.data, self.world.clock.now)
        state.journal.on_commit = self.subscriptions.collect
        self.subscriptions.clear()
        self.throttle.set(Limits())
        self.state: State = state
        self.service = Service(state)

    def _load(self, kept: Any) -> None:
        self.state, subscriptions = kept
        self.service = Service(self.state)
        self.subscriptions.load(subscriptions)


def create_app(world: World) -> Flask:
    """The stand-in for ``world``, seeded. Its parts are in ``app.extensions["business_central"]``."""
    app = Flask(__name__)
    system = BusinessCentral(world)
    app.extensions["business_central"] = system
    app.register_blueprint(create_blueprint(world, BUSINESS_CENTRAL))
    app.register_blueprint(control.create_blueprint(system.world, lambda: system.state, system.throttle))

    @app.route("/<path:path>", methods=["GET", "POST", "PATCH", "PUT", "DELETE"])
    def serve(path: str) -> Response:
        try:
            answer = _serve(system, f"/{path}")
        except errors.Refused as refusal:
            language = request.headers.get("Accept-Language", "")
            answer = Answer(refusal.status, refusal.body(language), refusal.headers)
        request.environ["sandbox.operations"] = answer.operations
        request.environ["sandbox.purpose"] = _purpose(path)
        return _response(answer)

    return app


def _serve(system: BusinessCentral, path: str) -> Answer:
    match = _PREFIX.match(path)
    if match is None:
        raise errors.segment_missing(path.strip("/").split("/")[0])
    client = _signed_in(system, on_premises=match["base"] == "BC")
    with system.throttle.admit(client):
        return _admitted(system, f"{request.host_url.rstrip('/')}/{match['base']}", match["rest"], client)


def _admitted(system: BusinessCentral, base: str, rest: str, client: str) -> Answer:
    _check_acceptable(request.headers.get("Accept", ""))
    body = _body()
    web_service = rest == "ODataV4" or rest.startswith("ODataV4/")
    known = (each for each in _ROUTES if rest == each or rest.startswith(f"{each}/"))
    route = "ODataV4" if web_service else next(known, None)
    if route is None:
        raise errors.segment_missing(rest.removeprefix("api/").split("/")[0])
    call = Call(
        method=request.method,
        route=route,
        path=rest.removeprefix(route),
        query=dict(request.args.items()),
        headers={name.lower(): value for name, value in request.headers.items()},
        root=f"{base}/{route}",
        body=body,
    )
    if call.path.startswith("/subscriptions") and not web_service:
        system.service.api(route)
        return system.subscriptions.answer(call, system.state)
    if route == automation.AUTOMATION_ROUTE:
        return automation.answer(call, system.state, client)
    if route == RUNTIME_ROUTE:
        return system.subscriptions.supported(call, system.state)
    with system.world.lock, _as_seen(system.state, call):
        if web_service:
            return web_services.answer(system.service, call)
        if call.path == "/$batch":
            system.service.api(route)
            return batch.run(system.service, call)
        return system.service.answer(call)


@contextmanager
def _as_seen(state: State, call: Call) -> Iterator[None]:
    """Show a read what the replica has, unless it asks for the database that is written to."""
    intent = call.headers.get("data-access-intent", "").lower()
    if call.method == "GET" and state.replica_lag and intent != "readwrite":
        with state.journal.as_of(state.now() - state.replica_lag):
            yield
    else:
        yield


def _check_acceptable(accept: str) -> None:
    """Raises Refused (406) where a client takes nothing that is served here."""
    kinds = {part.partition(";")[0].strip().lower() for part in accept.split(",") if part.strip()}
    if kinds and not kinds & _ACCEPTABLE:
        raise errors.not_acceptable(accept)


def _signed_in(system: BusinessCentral, *, on_premises: bool) -> str:
    """Who asks: the application behind a token, or the user of the on-premises form. Raises Refused (401)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        client = system.world.tokens.check(token.strip(), BUSINESS_CENTRAL)
        if client is not None:
            return str(client)
    given = request.authorization
    if on_premises and given is not None and given.type == "basic":
        name = str(given.username).upper()
        key = system.state.users.get(name, "")
        if key and hmac.compare_digest(key.encode(), str(given.password).encode()):
            return name
    raise errors.not_signed_in()


def _body() -> Any:
    data = request.get_data()
    if data and request.mimetype != "application/json":
        raise errors.Refused(415, "BadRequest", f"The content type '{request.mimetype}' is not supported.")
    return batch.read_json(data)


def _purpose(path: str) -> str:
    """What a request is counted under: its verb and the address without route and keys."""
    place = re.sub(r"\([^)]*\)", "", path.split("/v1.0/")[-1].split("/api/v2.0/")[-1].split("/ODataV4/")[-1])
    return f"{request.method} {place.removeprefix('companies/')}"


def _response(answer: Answer) -> Response:
    if answer.body is None:
        response = Response(status=answer.status)
    elif isinstance(answer.body, str):
        response = Response(answer.body, answer.status, content_type=answer.content_type)
    else:
        text = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
        response = Response(text, answer.status, content_type=_JSON)
    response.headers["OData-Version"] = "4.0"
    if answer.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    response.headers.update(answer.headers)
    return response

"""The Sales system as a Flask app: sign-in check, the Web API, and the control routes of the tester."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from sandbox.control import create_blueprint
from sandbox.sales.api import Api
from sandbox.sales.batch import count_operations
from sandbox.sales.control import add_routes
from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, no_resource, too_large, uri_too_long
from sandbox.sales.http import Answer, Call, as_answer
from sandbox.sales.limits import Limited, Limits, ServiceProtection
from sandbox.sales.paths import ROOT
from sandbox.sales.schema import TABLES
from sandbox.sales.seed import seed
from sandbox.sales.webhooks import Webhooks
from sandbox.server import OPERATIONS
from sandbox.world import SALES, Kept, World

URL_LIMIT = 32_768
BODY_LIMIT = 116_850_000
"""Bytes; the size of a message the vendor names."""
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def create_app(world: World) -> Flask:
    """The environment of this world, seeded and registered for reset."""
    env = Environment(world)
    webhooks = Webhooks(env)
    env.on_event = webhooks.tell
    env.before_commit = webhooks.ask
    kept = Kept(env.dump, env.load, lambda: env.store.tables(), {"tables": TABLES})
    protection = ServiceProtection(world.clock.now)

    def start_again() -> None:
        seed(env, world.data)
        env.ignores_read_only = False
        protection.set(Limits())
        webhooks.forget()

    world.register(start_again, webhooks.stop, system=SALES, kept=kept)
    api = Api(env)

    app = Flask(__name__)
    control = create_blueprint(world, SALES)
    add_routes(control, env, webhooks, protection)
    app.register_blueprint(control)

    @app.route(f"{ROOT}/", defaults={"path": ""}, methods=_METHODS)
    @app.route(f"{ROOT}/<path:path>", methods=_METHODS)
    def web_api(path: str) -> Response:
        return _response(_answer(world, env, api, protection, path))

    @app.errorhandler(404)
    def elsewhere(_error: HTTPException) -> Response:
        return _response(as_answer(no_resource(request.path.strip("/").partition("/")[0])))

    return app


def _answer(world: World, env: Environment, api: Api, protection: ServiceProtection, path: str) -> Answer:
    client_id = _client_id(world)
    if client_id is None:
        challenge = (
            f'Bearer authorization_uri="{world.addresses.sign_in}/{world.application.tenant_id}/oauth2/authorize"'
        )
        return Answer(401, headers={"WWW-Authenticate": challenge})
    try:
        with protection.admit(client_id) as left:
            answer = _admitted(world, env, api, path, client_id)
            return replace(answer, headers={**answer.headers, **left})
    except Limited as limited:
        refused = as_answer(limited)
        return replace(refused, headers={**refused.headers, "Retry-After": str(limited.retry_after)})


def _admitted(world: World, env: Environment, api: Api, path: str, client_id: str) -> Answer:
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = request.query_string.decode("latin-1")
    if len(request.url) > URL_LIMIT and request.method == "GET":
        return as_answer(uri_too_long(URL_LIMIT))
    if (request.content_length or 0) > BODY_LIMIT:
        return as_answer(too_large(BODY_LIMIT))
    body = request.get_data()
    acting_for = headers.get("callerobjectid") or headers.get("mscrmcallerid") or ""
    with world.lock:
        try:
            caller = env.caller(client_id, acting_for.lower())
            base = request.host_url.rstrip("/") + ROOT
            call = Call(request.method, path, query, headers, body, caller, base)
            if path == "$batch":
                request.environ[OPERATIONS] = count_operations(call)
            return api.handle(call)
        except DataverseError as error:
            return as_answer(error, detailed=_wants_details(headers))


def _wants_details(headers: Mapping[str, str]) -> bool:
    return "odata.include-annotations" in headers.get("prefer", "") and "*" in headers.get("prefer", "")


def _client_id(world: World) -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return world.tokens.check(token.strip(), SALES) if kind.lower() == "bearer" else None


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))

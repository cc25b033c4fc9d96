"""The Sales system as a Flask app: sign-in check, the Web API, and the control routes of the tester."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from sandbox.control import create_blueprint
from sandbox.sales.api import Api
from sandbox.sales.batch import count_operations
from sandbox.sales.control import add_routes
from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, no_resource
from sandbox.sales.http import Answer, Call, as_answer
from sandbox.sales.paths import ROOT
from sandbox.sales.schema import TABLES
from sandbox.sales.seed import seed
from sandbox.sales.webhooks import Webhooks
from sandbox.server import OPERATIONS
from sandbox.world import SALES, Kept, World

_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def create_app(world: World) -> Flask:
    """The environment of this world, seeded and registered for reset."""
    env = Environment(world)
    webhooks = Webhooks(env)
    env.on_event = webhooks.tell
    kept = Kept(env.dump, env.load, {"tables": TABLES})
    world.register(lambda: seed(env, world.data), webhooks.stop, system=SALES, kept=kept)
    api = Api(env)

    app = Flask(__name__)
    control = create_blueprint(world, SALES)
    add_routes(control, env, webhooks)
    app.register_blueprint(control)

    @app.route(f"{ROOT}/", defaults={"path": ""}, methods=_METHODS)
    @app.route(f"{ROOT}/<path:path>", methods=_METHODS)
    def web_api(path: str) -> Response:
        return _response(_answer(world, env, api, path))

    @app.errorhandler(404)
    def elsewhere(_error: HTTPException) -> Response:
        return _response(as_answer(no_resource(request.path.strip("/").partition("/")[0])))

    return app


def _answer(world: World, env: Environment, api: Api, path: str) -> Answer:
    client_id = _client_id(world)
    if client_id is None:
        challenge = (
            f'Bearer authorization_uri="{world.addresses.sign_in}/{world.application.tenant_id}/oauth2/authorize"'
        )
        return Answer(401, headers={"WWW-Authenticate": challenge})
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = request.get_data()
    acting_for = headers.get("callerobjectid") or headers.get("mscrmcallerid") or ""
    with world.lock:
        try:
            caller = env.caller(client_id, acting_for.lower())
            base = request.host_url.rstrip("/") + ROOT
            query = request.query_string.decode("latin-1")
            call = Call(request.method, path, query, headers, body, caller, base)
            if path == "$batch":
                request.environ[OPERATIONS] = count_operations(call)
            return api.handle(call)
        except DataverseError as error:
            return as_answer(error)


def _client_id(world: World) -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return world.tokens.check(token.strip(), SALES) if kind.lower() == "bearer" else None


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))

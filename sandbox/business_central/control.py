"""What people do in Business Central, as routes for tests: post, ship, invoice, block, mend, write late.

They lie below ``/_sandbox`` like the common ones and need no sign-in. ``company`` may be given in any body; the first
company is meant otherwise. What Business Central refuses is answered with its error and its status.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.business_central import control_actions as actions
from sandbox.business_central import errors
from sandbox.business_central.batch import read_json
from sandbox.business_central.control_supply import SUPPLY_ACTIONS
from sandbox.business_central.state import Company, State
from sandbox.business_central.throttle import Limits, Throttle
from sandbox.world import World

Action = Callable[[Company, dict[str, Any]], Any]


def create_blueprint(world: World, state: Callable[[], State], throttle: Throttle) -> Blueprint:
    """The routes for the environment that ``state`` answers."""
    routes = Blueprint("business_central_control", __name__, url_prefix="/_sandbox")

    def run(action: Action, given: dict[str, Any]) -> tuple[Response, int]:
        with world.lock:
            environment = state()
            name = str(given.pop("company", ""))
            company = environment.company(name) if name else next(iter(environment.companies.values()))
            if company is None:
                raise errors.company_missing(name)
            with environment.journal.transaction():
                return jsonify(actions.plain(action(company, given))), 200

    def serve(name: str, action: Action) -> None:
        def view() -> tuple[Response, int]:
            body = read_json(request.get_data()) or {}
            if not isinstance(body, dict):
                raise errors.bad_request("Invalid Request Body")
            return run(action, body)

        routes.add_url_rule(f"/{name}", name, view, methods=["POST"])

    for name, action in {**actions.ACTIONS, **SUPPLY_ACTIONS}.items():
        serve(name, action)

    @routes.get("/orders")
    def orders() -> tuple[Response, int]:
        """Every sales order that is not posted, with its lines; ``order`` or ``reference`` narrows it to one."""
        return run(actions.list_orders, dict(request.args.items()))

    @routes.get("/posted")
    def posted() -> tuple[Response, int]:
        """Posted shipments and invoices, with the order they came from."""
        return run(actions.list_posted, dict(request.args.items()))

    @routes.post("/companion")
    def companion() -> tuple[Response, int]:
        body = read_json(request.get_data()) or {}
        with world.lock:
            state().companion_installed = bool(body.get("installed", True))
            return jsonify(installed=state().companion_installed), 200

    @routes.post("/permission-sets")
    def permission_sets() -> tuple[Response, int]:
        """Give a ``user`` exactly these ``sets``."""
        body = read_json(request.get_data()) or {}
        with world.lock:
            state().permission_sets[str(body["user"]).upper()] = [str(one) for one in body.get("sets", [])]
            return jsonify(state().permission_sets), 200

    @routes.post("/page-cap")
    def page_cap() -> tuple[Response, int]:
        body = read_json(request.get_data()) or {}
        with world.lock:
            state().page_cap = max(1, int(Decimal(str(body.get("entities", 20_000)))))
            return jsonify(entities=state().page_cap), 200

    @routes.post("/replica-lag")
    def replica_lag() -> tuple[Response, int]:
        """Reads that do not ask for ReadWrite see what was there so many ``seconds`` ago; 0 ends it."""
        body = read_json(request.get_data()) or {}
        with world.lock:
            lag = timedelta(seconds=float(body.get("seconds", 0)))
            state().replica_lag = state().journal.keep = lag
            return jsonify(seconds=lag.total_seconds()), 200

    @routes.route("/limits", methods=["GET", "POST"])
    def limits() -> tuple[Response, int]:
        """Operational limits per client, by their names in ``Limits``; what is not named is as at the start."""
        if request.method == "POST":
            body = read_json(request.get_data()) or {}
            standard = dataclasses.asdict(Limits())
            if not isinstance(body, dict) or not body.keys() <= standard.keys():
                raise errors.bad_request("Invalid Request Body")
            throttle.set(Limits(**{name: type(standard[name])(value) for name, value in body.items()}))
        return jsonify(dataclasses.asdict(throttle.limits)), 200

    @routes.errorhandler(errors.Refused)
    def refused(refusal: errors.Refused) -> tuple[Response, int]:
        return jsonify(refusal.body()), refusal.status

    return routes

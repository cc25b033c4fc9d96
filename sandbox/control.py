"""The sandbox's own routes, common to both systems: health, reset, snapshots, request log, faults, latency and clock.

They need no sign-in, are never logged and never spoiled by a fault: they are the tester's, not the system's.
"""

from __future__ import annotations

import dataclasses
import math
import sqlite3
import time
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.faults import FaultInvalid, Rule
from sandbox.identities import SignInSwitches
from sandbox.world import SnapshotUnknown, World


def refuse(message: str, status: int = 400) -> tuple[Response, int]:
    """An answer that says what was wrong with a control request."""
    return jsonify(error=message), status


def read_body() -> dict[str, Any]:
    """The JSON object of a control request; an empty body is an empty object. Raises ValueError for anything else."""
    body = request.get_json(force=True, silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        raise ValueError("expected a JSON object")
    return body


def _name(body: dict[str, Any]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError('expected {"name": "what it is called"}')
    return name


def create_blueprint(world: World, system: str) -> Blueprint:
    """Routes below ``/_sandbox`` for the app of ``system``."""
    routes = Blueprint("sandbox", __name__, url_prefix="/_sandbox")

    @routes.get("/health")
    def health() -> Response:
        return jsonify(status="ok", system=system, company=world.data.name, now=world.clock.now().isoformat())

    @routes.post("/reset")
    def reset() -> tuple[str, int]:
        world.reset()
        return "", 204

    @routes.get("/snapshots")
    def list_snapshots() -> Response:
        return jsonify(world.snapshots())

    @routes.post("/snapshots")
    def take_snapshot() -> tuple[Response, int]:
        """Keep rows and clock of both systems under ``name``."""
        try:
            world.snapshot(_name(read_body()))
        except ValueError as error:
            return refuse(str(error))
        return jsonify(world.snapshots()), 201

    @routes.delete("/snapshots")
    def forget_snapshots() -> tuple[str, int]:
        world.forget_snapshots()
        return "", 204

    @routes.post("/restore")
    def restore() -> tuple[Response, int] | tuple[str, int]:
        try:
            world.restore(_name(read_body()))
        except SnapshotUnknown as error:
            return refuse(str(error), 404)
        except ValueError as error:
            return refuse(str(error))
        return "", 204

    @routes.post("/save")
    def save() -> tuple[Response, int]:
        """Write the state file now, and say how much that was."""
        if world.save is None:
            return refuse("There is no state file. Start the sandbox with --state FILE.", 409)
        began = time.monotonic()
        try:
            rows = world.save()
        except sqlite3.Error as error:
            return refuse(f"The state was not written, the file holds the former one: {error}.", 500)
        return jsonify(rows=rows, seconds=round(time.monotonic() - began, 3)), 200

    @routes.get("/requests")
    def requests_seen() -> Response:
        """All systems unless ``system`` is given; ``after`` a number; ``limit`` the latest so many."""
        limit = request.args.get("limit", type=int)
        after = request.args.get("after", default=0, type=int)
        entries = world.log.entries(system=request.args.get("system", ""), after=after, limit=limit)
        return jsonify(counts=world.log.counts(), requests=[entry.as_json() for entry in entries])

    @routes.delete("/requests")
    def forget_requests() -> tuple[str, int]:
        world.log.clear()
        return "", 204

    @routes.get("/faults")
    def list_faults() -> Response:
        return jsonify(world.faults.as_json())

    @routes.post("/faults")
    def add_faults() -> tuple[Response, int]:
        body = request.get_json(force=True, silent=True)
        rules: list[Any] = body if isinstance(body, list) else [body]
        if not all(isinstance(rule, dict) for rule in rules):
            return refuse("expected a rule as JSON object, or a list of them")
        try:
            world.faults.add([Rule.from_json(dict(rule)) for rule in rules])
        except (FaultInvalid, TypeError) as error:
            return refuse(str(error))
        return jsonify(world.faults.as_json()), 201

    @routes.delete("/faults")
    def clear_faults() -> tuple[str, int]:
        world.faults.clear()
        return "", 204

    @routes.delete("/tokens")
    def revoke_tokens() -> tuple[str, int]:
        world.tokens.revoke_all()
        return "", 204

    @routes.get("/sign-in")
    def show_switches() -> Response:
        return jsonify(dataclasses.asdict(world.directory.switches))

    @routes.post("/sign-in")
    def set_switches() -> tuple[Response, int]:
        """What is wrong with signing in from now on; what is not named is in order."""
        try:
            world.directory.switches = SignInSwitches.from_json(read_body())
        except ValueError as error:
            return refuse(str(error))
        return jsonify(dataclasses.asdict(world.directory.switches)), 200

    @routes.get("/latency")
    def show_latency() -> Response:
        return jsonify(milliseconds=world.latency * 1000)

    @routes.post("/latency")
    def set_latency() -> tuple[Response, int]:
        """``milliseconds`` added to each request of both systems from now on."""
        try:
            milliseconds = float(read_body().get("milliseconds", -1))
            if not 0 <= milliseconds < math.inf:
                raise ValueError("out of range")
        except (ValueError, TypeError):
            return refuse('expected {"milliseconds": n}, n being 0 or more')
        world.latency = milliseconds / 1000
        return jsonify(milliseconds=milliseconds), 200

    @routes.get("/clock")
    def show_clock() -> Response:
        return jsonify(now=world.clock.now().isoformat(), ahead=world.clock.offset.total_seconds())

    @routes.post("/clock")
    def move_clock() -> tuple[Response, int]:
        try:
            body = read_body()
            if "now" in body:
                world.clock.set(datetime.fromisoformat(str(body["now"])))
            elif "advance" in body:
                world.clock.advance(float(body["advance"]))
            else:
                return refuse('expected {"now": "2026-01-31T12:00:00Z"} or {"advance": seconds}')
        except (ValueError, TypeError, OverflowError) as error:
            return refuse(str(error))
        return jsonify(now=world.clock.now().isoformat()), 200

    return routes

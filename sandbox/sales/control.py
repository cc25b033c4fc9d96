"""Control routes of Sales alone: what a seller does with an order, and how the orders stand."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, replace
from typing import Any

import simplejson
from flask import Blueprint, Response, jsonify

from sandbox.control import read_body, refuse
from sandbox.sales import writes
from sandbox.sales.environment import Caller, Environment
from sandbox.sales.errors import DataverseError
from sandbox.sales.limits import Limits, ServiceProtection
from sandbox.sales.model import Row
from sandbox.sales.pricing import ACTIVE, SUBMITTED
from sandbox.sales.schema import TABLES
from sandbox.sales.values import show
from sandbox.sales.webhooks import MISHAPS, Webhooks

_SHOWN = [
    "salesorderid",
    "ordernumber",
    "name",
    "statecode",
    "statuscode",
    "submitdate",
    "lastbackofficesubmit",
    "bcbi_companyid",
    "totalamount",
    "totallineitemamount",
    "totallineitemdiscountamount",
    "totalamountlessfreight",
    "totaldiscountamount",
    "totaltax",
    "freightamount",
    "discountamount",
    "discountpercentage",
    "bcbi_businesscentralordernumber",
]
_LINE_SHOWN = [
    "salesorderdetailid",
    "lineitemnumber",
    "productdescription",
    "quantity",
    "priceperunit",
    "manualdiscountamount",
    "extendedamount",
]


def add_routes(routes: Blueprint, env: Environment, webhooks: Webhooks, protection: ServiceProtection) -> None:
    """Add ``submit``, ``orders``, ``limits``, ``read-only-columns`` and those of webhooks to the control routes."""
    world = env.world

    @routes.post("/submit")
    def submit() -> tuple[Response, int]:
        """Submit one order (by number or id), or every Active one."""
        try:
            body = read_body()
        except ValueError as error:
            return refuse(str(error))
        with world.lock:
            if body.get("all"):
                rows = list(env.store.where("salesorder", "statecode", ACTIVE))
            else:
                wanted = str(body.get("order", ""))
                rows = [r for r in env.store.rows("salesorder") if wanted in (r["salesorderid"], r.get("ordernumber"))]
                if not rows:
                    return refuse(f"Sales has no order {wanted!r}", 404)
            try:
                for row in rows:
                    _submit(env, row)
            except DataverseError as error:
                return refuse(error.message, error.status)
        return jsonify(submitted=[row.get("ordernumber") for row in rows]), 200

    @routes.get("/orders")
    def orders() -> Response:
        """Every order with state, totals, lines and posts."""
        with world.lock:
            shown = [_order(env, row) for row in env.store.rows("salesorder")]
        return Response(simplejson.dumps(shown, use_decimal=True), mimetype="application/json")

    @routes.post("/read-only-columns")
    def read_only_columns() -> tuple[Response, int]:
        """Whether values for columns that may not be written are refused or dropped: {"refuse": false}."""
        try:
            body = read_body()
        except ValueError as error:
            return refuse(str(error))
        env.ignores_read_only = body.get("refuse") is False
        return jsonify(refuse=not env.ignores_read_only, ignored=list(env.ignored)), 200

    @routes.post("/limits")
    def limits() -> tuple[Response, int]:
        """Set the service protection limits: {"real": true}, or numbers by name; {} is the start's."""
        try:
            body = read_body()
            chosen = Limits.real() if body.pop("real", False) else Limits()
            protection.set(replace(chosen, **{name: int(value) for name, value in body.items()}))
        except (ValueError, TypeError) as error:
            return refuse(f"limits: {error}")
        return jsonify(asdict(protection.limits)), 200

    @routes.post("/webhooks")
    def plan_webhooks() -> tuple[Response, int]:
        """What happens to the next asynchronous messages: {"next": ["lose", "twice", "late", ""]}."""
        try:
            plans = read_body().get("next", [])
            if not isinstance(plans, list) or not all(plan in MISHAPS for plan in plans):
                raise ValueError(f"next: expected a list of {', '.join(map(repr, MISHAPS))}")
        except ValueError as error:
            return refuse(str(error))
        with world.lock:
            webhooks.planned = deque(plans)
        return jsonify(next=plans), 200

    @routes.get("/webhook-failures")
    def webhook_failures() -> Response:
        return jsonify(list(webhooks.failures))


def _submit(env: Environment, row: Row) -> None:
    owner = row.get("ownerid")
    seller = owner.id if owner is not None and owner.table == "systemuser" else row["createdby"].id
    body = {"statecode": SUBMITTED, "statuscode": 3}
    writes.update(env, TABLES["salesorder"], row["salesorderid"], body, Caller(seller))


def _order(env: Environment, row: Row) -> dict[str, Any]:
    order_id = row["salesorderid"]
    lines = sorted(
        env.store.where("salesorderdetail", "salesorderid", order_id), key=lambda line: line.get("lineitemnumber") or 0
    )
    posts = env.store.where("post", "regardingobjectid", order_id)
    customer = env.row(row.get("customerid")) or {}
    return {
        **{name: show(row.get(name)) for name in _SHOWN},
        "customer": customer.get("accountnumber"),
        "lines": [
            {
                **{name: show(line.get(name)) for name in _LINE_SHOWN},
                "productnumber": (env.row(line.get("productid")) or {}).get("productnumber"),
            }
            for line in lines
        ],
        "posts": [post.get("text") for post in posts],
    }

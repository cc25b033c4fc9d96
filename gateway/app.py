"""The gateway as a Flask application: every blueprint beside its guard, and the front layer around it all."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from flask import Blueprint, Flask

from gateway import cors, errors, freshness, guards, metrics
from gateway.availability import routes as availability
from gateway.cache.memo import Memo
from gateway.console import routes as console
from gateway.front import Front
from gateway.guards import Guard, ServiceKeys
from gateway.health import routes as health
from gateway.health.checks import Drain
from gateway.hooks import routes as hooks
from gateway.item_availability import routes as items
from gateway.settings import GatewaySettings
from gateway.wiring import Services

_LARGEST_BODY = 512 * 1024
"""Twice what Dataverse sends to a webhook at the most; nobody else sends bodies."""


@dataclass(frozen=True, slots=True)
class Handle:
    """What the server process reaches of a running application, under ``app.extensions["gateway"]``."""

    services: Services
    drain: Drain


def create_app(settings: GatewaySettings, services: Services) -> Flask:
    """Put the application together. Reads and opens nothing: it starts with everything behind it down."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY
    app.url_map.merge_slashes = False  # an address is taken as it stands: company names may hold anything
    app.extensions["gateway"] = Handle(services, services.drain)

    keys = ServiceKeys(services.ring, services.limits, https_only=settings.public_url.startswith("https:"))
    product_availability = availability.blueprint(
        services.availability, settings.public_url, v3_alias=settings.v3_alias
    )
    item_availability = items.blueprint(services.item_availability, settings.public_url)
    for one in (product_availability, item_availability):
        cors.allow(one, settings.cors_origins)
    freshness.warn(product_availability, settings.availability_max_age)
    stock_guard = freshness.honouring(keys.opening("availability"), services.availability, services.refresher)
    doors: tuple[tuple[Blueprint, Guard], ...] = (
        (product_availability, stock_guard),
        (item_availability, keys.opening("availability")),
        (metrics.blueprint(services.metrics, services.logbook.write_up), keys.opening("metrics")),
        (hooks.sales(services.wake), hooks.sales_secret(services.hook_secrets.sales)),
        (
            hooks.business_central(services.wake),
            hooks.business_central_secret(services.hook_secrets.business_central),
        ),
        (health.blueprint(services.checks, services.drain), guards.open_to_anyone),
        (console.blueprint(), guards.open_to_anyone),
    )
    for blueprint, guard in doors:
        blueprint.before_request(guard)
        app.register_blueprint(blueprint)
    errors.register(app, services.unavailable, services.log)

    app.wsgi_app = Front(  # type: ignore[method-assign]
        app.wsgi_app,
        memo=Memo(settings.memo_entries),
        availability=services.availability,
        limits=services.limits,
        logbook=services.logbook,
        clock=services.clock,
        proxies=[ipaddress.ip_network(one, strict=False) for one in settings.trusted_proxies],
        unavailable=services.unavailable,
    )
    return app

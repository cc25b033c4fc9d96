"""What the pages of both systems have in common: layout, how values are shown, messages, and the watch on requests."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote

from flask import Flask, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from sandbox.face.door import Refused
from sandbox.server import FACE
from sandbox.world import World

WATCHED = 100
SHOWN = 50
"""Rows of a list. More are found by searching."""


class InputWrong(Exception):
    """A field that cannot be read; the message names it and says what is expected."""


def create_frame(world: World, system: str, title: str, pages: tuple[tuple[str, str], ...]) -> Flask:
    """An app with the common pages. ``pages`` are the entries of its menu: endpoint and label."""
    app = Flask(__name__, static_url_path=f"{FACE}static")
    app.secret_key = secrets.token_bytes(32)
    # Both systems are one host to a browser, whatever their ports: each needs a cookie of its own.
    app.config.update(SESSION_COOKIE_NAME=f"sandbox-{system}", SESSION_COOKIE_SAMESITE="Lax")
    app.jinja_env.filters.update(amount=amount, quantity=quantity, moment=moment, decoded=unquote)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def common() -> dict[str, Any]:
        other = world.addresses.sales if system == "business-central" else world.addresses.business_central
        return {
            "title": title,
            "system": system,
            "company": world.data.name,
            "pages": (*pages, ("requests_seen", "Requests")),
            "other": other,
            "other_title": "Sales" if system == "business-central" else "Business Central",
        }

    @app.before_request
    def check_origin() -> None:
        """A page of another site must not press our buttons."""
        origin = request.headers.get("Origin")
        if request.method == "POST" and origin is not None and origin != request.host_url.rstrip("/"):
            abort(403)

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.setdefault(
            "Content-Security-Policy",
            "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'",
        )
        response.headers["Cache-Control"] = "no-store" if request.endpoint != "static" else "max-age=60"
        return response

    @app.get(f"{FACE}requests")
    def requests_seen() -> str:
        entries = world.log.entries(limit=WATCHED)[::-1]
        return render_template("requests.html", entries=entries, counts=world.log.counts(), most=WATCHED)

    @app.errorhandler(Refused)
    def refused(refusal: Refused) -> tuple[str, int]:
        return render_template("refused.html", text=refusal.text), refusal.status

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> tuple[str, int]:
        return render_template("refused.html", text=error.description or error.name), error.code or 500

    return app


def attempt(action: Callable[[], str], back: str | Callable[[], str]) -> AnyResponse:
    """Do what a form asks and go back to its page, with the answer as a message: done, or the refusal's text."""
    try:
        flash(action(), "done")
    except (Refused, InputWrong) as error:
        flash(str(error), "refused")
    return redirect(back if isinstance(back, str) else back())


def go(endpoint: str, **values: Any) -> str:
    """The address of a page."""
    return url_for(endpoint, **values)


def field(name: str) -> str:
    """A field of the form, trimmed."""
    return request.form.get(name, "").strip()


def number_of(name: str, label: str, *, default: Decimal | None = None) -> Decimal:
    """A number in a form, with comma or point. Raises InputWrong; an empty one is ``default`` if there is any."""
    return read_number(field(name), label, default=default)


def read_number(text: str, label: str, *, default: Decimal | None = None) -> Decimal:
    """A number a person typed."""
    if not text and default is not None:
        return default
    try:
        number = Decimal(text.replace("\u00a0", "").replace(" ", "").replace(",", "."))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise InputWrong(f"{label}: {text!r} is not a number.")
    return number


def amount(value: Any) -> str:
    """An amount of money with two decimals and thin groups."""
    if value is None or value == "":
        return "–"
    return f"{Decimal(str(value)):,.2f}".replace(",", "\u202f")


def quantity(value: Any) -> str:
    """A quantity without idle zeros."""
    if value is None or value == "":
        return "–"
    text = f"{Decimal(str(value)):,f}".replace(",", "\u202f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(value: Any) -> str:
    """A point in time as day and minute."""
    if not value:
        return "–"
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return f"{found:%Y-%m-%d %H:%M}"

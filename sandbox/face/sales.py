"""Sales in a browser: products with the stock a form would show, orders and quotes from draft to done.

Every step is a Web API request of the seller who was chosen at the top of the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from flask import Flask, abort, render_template, request, session
from werkzeug.wrappers import Response

from sandbox.face import form, stock
from sandbox.face.frame import SHOWN, InputWrong, attempt, create_frame, field, go, read_number
from sandbox.face.sales_desk import KINDS, ORDER, QUOTE, Kind, Row, SalesDesk, shown
from sandbox.server import FACE
from sandbox.world import SALES, World

_PAGES = (("products", "Products"), ("orders", "Orders"), ("quotes", "Quotes"), ("connection", "Connection"))
_LINES = 5
"""Lines a new document offers; more are added on its page."""
_CHOICES = 300
"""Entries offered while typing. Any other number may be typed all the same."""

Step = tuple[str, str, Callable[[str], Row], str]
"""Verb, path (with ``{id}``), body by id, and what happened. Where there are several, they are done in turn."""


def _patch(kind: Kind, state: int, status: int, done: str) -> Step:
    return "PATCH", f"{kind.set}({{id}})", lambda _id: {"statecode": state, "statuscode": status}, done


def _close(action: str, activity: str, kind: Kind, status: int, done: str) -> Step:
    def body(document_id: str) -> Row:
        bind = {f"{kind.id}@odata.bind": f"/{kind.set}({document_id})"}
        return {"Status": status, activity: {"subject": f"{done} in the sandbox's own page", **bind}}

    return "POST", action, body, done


_REVISED = 7


def _from_quote(action: str, done: str) -> Step:
    return "POST", action, lambda quote_id: {"QuoteId": quote_id, "ColumnSet": {"AllColumns": True}}, done


_REVISE = _from_quote("ReviseQuote", "Revised: this is the new draft")
STEPS: Mapping[tuple[str, str], tuple[Step, ...]] = {
    ("order", "submit"): (_patch(ORDER, 1, 3, "Submitted"),),
    ("order", "cancel"): (_close("CancelSalesOrder", "OrderClose", ORDER, 4, "Canceled"),),
    ("quote", "activate"): (_patch(QUOTE, 1, 2, "Activated"),),
    ("quote", "win"): (_close("WinQuote", "QuoteClose", QUOTE, 4, "Won"),),
    ("quote", "lose"): (_close("CloseQuote", "QuoteClose", QUOTE, 5, "Lost"),),
    ("quote", "close-and-revise"): (_close("CloseQuote", "QuoteClose", QUOTE, _REVISED, "Closed"), _REVISE),
    ("quote", "revise"): (_REVISE,),
    ("quote", "make-order"): (_from_quote("ConvertQuoteToSalesOrder", "Made this order of the quote"),),
}
OFFERED: Mapping[tuple[str, int], tuple[tuple[str, str, str], ...]] = {
    # kind and state: step, label, look
    ("order", 0): (("submit", "Submit order", ""), ("cancel", "Cancel order", "danger")),
    ("order", 1): (("cancel", "Cancel order", "danger"),),
    ("quote", 0): (("activate", "Activate quote", ""), ("lose", "Close as lost", "danger")),
    ("quote", 1): (
        ("win", "Win quote", ""),
        ("close-and-revise", "Revise", "plain"),
        ("lose", "Close as lost", "danger"),
    ),
    ("quote", 2): (("make-order", "Make an order", ""),),
    ("quote", 3): (("revise", "Revise", "plain"),),
}


def create_face(world: World, app: Flask) -> Flask:
    """The pages for ``app``, which is Sales' own."""
    face = create_frame(world, SALES, "Sales", _PAGES)
    users = world.directory.users()
    everybody = {user.object_id: user.display_name for user in users}

    def seller() -> str:
        chosen = session.get("seller", "")
        return chosen if chosen in everybody else next(iter(everybody), world.application.client_id)

    desk = SalesDesk(world, app, seller)
    face.jinja_env.globals["shown"] = shown

    @face.context_processor
    def people() -> dict[str, Any]:
        return {"sellers": everybody, "seller": seller()}

    @face.post(f"{FACE}seller")
    def choose_seller() -> Response:
        def act() -> str:
            chosen = field("seller")
            if chosen not in everybody:
                raise InputWrong("Nobody of that name sells here.")
            session["seller"] = chosen
            return f"You are {everybody[chosen]} now."

        return attempt(act, go("products"))

    _add_products(face, desk)
    _add_documents(face, desk)
    form.add_form(face, desk)
    return face


def _add_products(face: Flask, desk: SalesDesk) -> None:
    @face.get("/")
    def products() -> str:
        wanted = request.args.get("q", "").strip()
        rows = desk.products(wanted, SHOWN)
        asked = stock.ask(desk.connection(), [row["productid"] for row in rows])
        return render_template("sales/products.html", rows=rows, stock=asked, wanted=wanted, most=SHOWN)

    @face.get(f"{FACE}products/<product_id>")
    def product(product_id: str) -> str:
        row = desk.api.get(f"products({product_id})")
        loaded = form.loaded(desk, "product", product_id)
        asked = stock.ask(desk.connection(), [product_id]) if loaded is None else None
        return render_template("sales/product.html", row=row, stock=asked, form=loaded)

    @face.get(f"{FACE}connection")
    def connection() -> str:
        return render_template("sales/connection.html", row=desk.connection() or {})

    @face.post(f"{FACE}connection")
    def connect() -> Response:
        def act() -> str:
            desk.connect(field("address"), field("user"), field("key"))
            answer = stock.ask(desk.connection(), [row["productid"] for row in desk.products("", 1)])
            if not answer.asked:
                raise InputWrong(f"Saved, but: {answer.hint}")
            return "Saved, and the gateway answers: products show their stock now."

        return attempt(act, go("connection"))


def _add_documents(face: Flask, desk: SalesDesk) -> None:
    def listing(plural: str) -> str:
        wanted = request.args.get("q", "").strip()
        rows = desk.documents(KINDS[plural], wanted, SHOWN)
        return render_template(
            "sales/documents.html", rows=rows, kind=KINDS[plural], plural=plural, wanted=wanted, most=SHOWN
        )

    face.add_url_rule(f"{FACE}orders", "orders", lambda: listing("orders"))
    face.add_url_rule(f"{FACE}quotes", "quotes", lambda: listing("quotes"))

    @face.get(f"{FACE}<any(orders, quotes):plural>/new")
    def new(plural: str) -> str:
        return _form(desk, plural, request.args, "")

    @face.post(f"{FACE}<any(orders, quotes):plural>/new")
    def write(plural: str) -> Response | str:
        kind = KINDS[plural]
        try:
            lines = [line for number in range(1, _LINES + 1) if (line := _line(desk, f"-{number}", f"Line {number}: "))]
            if not lines:
                raise InputWrong(f"A{'n' if kind is ORDER else ''} {kind.name} needs at least one line.")
            name = field("name") or f"{kind.name.title()} for {field('customer')}"
            made = desk.write(kind, name, _number_part(field("customer")), field("wanted_by"), lines)
        except InputWrong as error:
            return _form(desk, plural, request.form, str(error))
        return attempt(lambda: f"The {kind.name} is written. Nobody else knows of it yet.", go(
            "document", plural=plural, document_id=made))  # fmt: skip

    @face.get(f"{FACE}<any(orders, quotes):plural>/<document_id>")
    def document(plural: str, document_id: str) -> str:
        kind = KINDS[plural]
        header, lines, posts = desk.document(kind, document_id)
        return render_template(
            "sales/document.html",
            kind=kind,
            plural=plural,
            row=header,
            lines=lines,
            posts=posts,
            steps=OFFERED.get((kind.name, header["statecode"]), ()),
            products=desk.products("", _CHOICES) if header["statecode"] == 0 else (),
            form=form.loaded(desk, kind.set.removesuffix("s"), document_id),
        )

    @face.post(f"{FACE}<any(orders, quotes):plural>/<document_id>/lines")
    def add_line(plural: str, document_id: str) -> Response:
        kind = KINDS[plural]

        def act() -> str:
            line = _line(desk, "", "")
            if line is None:
                raise InputWrong("Say which product.")
            desk.api.send("POST", kind.lines, {**line, f"{kind.id}@odata.bind": f"/{kind.set}({document_id})"})
            return "The line is added."

        return attempt(act, go("document", plural=plural, document_id=document_id))

    @face.post(f"{FACE}<any(orders, quotes):plural>/<document_id>/lines/<line_id>/delete")
    def drop_line(plural: str, document_id: str, line_id: str) -> Response:
        def act() -> str:
            desk.api.send("DELETE", f"{KINDS[plural].lines}({line_id})")
            return "The line is gone."

        return attempt(act, go("document", plural=plural, document_id=document_id))

    @face.post(f"{FACE}<any(orders, quotes):plural>/<document_id>/step/<name>")
    def step(plural: str, document_id: str, name: str) -> Response:
        steps = STEPS.get((KINDS[plural].name, name), ())
        if not steps:
            abort(404)
        landing = {"plural": plural, "document_id": document_id}

        def act() -> str:
            made: Any = None
            for verb, path, body, _ in steps:
                made = desk.api.send(verb, path.format(id=document_id), body(document_id))
            for other, kind in KINDS.items():
                if isinstance(made, dict) and kind.id in made:
                    landing.update(plural=other, document_id=made[kind.id])
            return f"{steps[-1][3]}."

        return attempt(act, lambda: go("document", **landing))


def _form(desk: SalesDesk, plural: str, given: Mapping[str, str], error: str) -> str:
    return render_template(
        "sales/new.html",
        kind=KINDS[plural],
        plural=plural,
        given=given,
        error=error,
        numbers=range(1, _LINES + 1),
        customers=desk.customers(_CHOICES),
        products=desk.products("", _CHOICES),
    )


def _line(desk: SalesDesk, suffix: str, label: str) -> Row | None:
    """A line as typed, None if the product was left blank."""
    what = field(f"product{suffix}")
    if not what:
        return None
    quantity = read_number(field(f"quantity{suffix}"), f"{label}quantity", default=Decimal(1))
    typed = field(f"price{suffix}")
    return desk.line(_number_part(what), quantity, read_number(typed, f"{label}price") if typed else None)


def _number_part(text: str) -> str:
    """The number in what was chosen from a list of "number – name"."""
    return text.split(" – ")[0].strip()

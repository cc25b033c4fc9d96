"""The pages for people, walked by their forms: what a person does is done by the rules, and what is refused is said."""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from sandbox.business_central.routes import create_app as create_business_central
from sandbox.company import Salesperson
from sandbox.face.business_central import create_face as business_central_face
from sandbox.face.frame import amount, moment, quantity
from sandbox.face.sales import create_face as sales_face
from sandbox.sales.routes import create_app as create_sales
from sandbox.server import Front, run_app
from sandbox.world import BUSINESS_CENTRAL, SALES, World
from tests.sandbox.desk import a_company, sales_id

BOLT = sales_id("product", "BOLT")
KEY = "a-key-that-nobody-may-see"
TAG = re.compile(r"<[^>]+>")


class Pages:
    """A browser without scripts at one system's pages."""

    def __init__(self, face: Flask, app: Flask) -> None:
        self.app = app
        self._client = face.test_client()
        self.path = ""

    def open(self, path: str) -> str:
        answer = self._client.get(path)
        assert answer.status_code == 200, answer.text
        return text_of(answer)

    def press(self, path: str, **form: str) -> str:
        """Send a form, follow to the page it leads to, and answer what that page says first."""
        answer = self._client.post(path, data=form, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        self.path = answer.request.path
        notes = re.findall(r'class="note (?:done|refused)"[^>]*>([^<]*)<', answer.text)
        assert notes, text_of(answer)
        return html.unescape(notes[0])

    def send(self, path: str, **options: Any) -> TestResponse:
        return self._client.open(path, **options)

    def link(self, path: str, pattern: str) -> str:
        found = re.search(pattern, self._client.get(path).text)
        assert found is not None
        return found[0]


def text_of(answer: TestResponse) -> str:
    return " ".join(html.unescape(TAG.sub(" ", answer.text)).split())


class Site:
    """Both systems with their pages, in this process."""

    def __init__(self) -> None:
        self.world = World(a_company())
        bc, sales = create_business_central(self.world), create_sales(self.world)
        self.bc = Pages(business_central_face(self.world, bc), bc)
        self.sales = Pages(sales_face(self.world, sales), sales)


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    site = Site()
    yield site
    site.world.stop()


@pytest.fixture
def site(served: Site) -> Site:
    served.world.reset()
    return served


def test_an_order_from_a_blank_form_to_submitted(site: Site) -> None:
    pages = site.sales
    form = {"customer": "C1 – First customer", "name": "By <hand>", "product-1": "BOLT – Bolt M8", "quantity-1": "8"}
    assert pages.press("/face/orders/new", **form, **{"product-2": "Engraving", "price-2": "99,90"}).endswith(
        "of it yet."
    )
    order = pages.path
    shown = pages.open(order)
    assert "By <hand>" in shown and "Engraving" in shown and "109.90" in shown  # 8 at the list price of 1.25, and 99.90
    assert pages.press(f"{order}/lines", product="NUT", quantity="1,5") == "The line is added."
    assert "112.90" in pages.open(order)
    assert pages.press(f"{order}/step/submit") == "Submitted."
    assert "waits for Business Central" in pages.open(order)
    assert "cannot go from Submitted to Submitted. (0x80040233)" in pages.press(f"{order}/step/submit")
    assert "0x8" in pages.press(f"{order}/lines", product="NUT", quantity="1")
    assert pages.press(f"{order}/step/cancel") == "Canceled."
    assert "Canceled" in pages.open(order)


def test_a_line_is_taken_away_again(site: Site) -> None:
    order = f"/face/orders/{sales_id('salesorder', 'SO-1')}"
    drop = site.sales.link(order, rf"{order}/lines/[0-9a-f-]+/delete")
    assert site.sales.press(drop) == "The line is gone."


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"customer": "C9", "product-1": "BOLT"}, "Sales has no customer 'C9'. Choose one from the list"),
        ({"customer": "C1"}, "An order needs at least one line."),
        ({"customer": "C1", "product-1": "O'Hara <b>"}, "is no product number."),
        ({"customer": "C1", "product-1": "BOLT", "quantity-1": "many"}, "Line 1: quantity: 'many' is not a number."),
    ],
)
def test_a_wrong_form_is_shown_again_with_what_was_typed(site: Site, form: dict[str, str], says: str) -> None:
    assert says in site.sales.press("/face/orders/new", **form)
    shown = site.sales.send("/face/orders/new", method="POST", data=form).text
    typed = [html.unescape(value) for value in re.findall(r'<input[^>]* value="([^"]*)"', shown)]
    assert set(form.values()) <= set(typed)


def test_a_quote_is_activated_revised_won_and_becomes_an_order(site: Site) -> None:
    pages = site.sales
    pages.press("/face/quotes/new", customer="C1", name="Offer", **{"product-1": "NUT"})
    first = pages.path
    assert "(0x80040233)" in pages.press(f"{first}/step/win")
    assert pages.press(f"{first}/step/activate") == "Activated."
    assert pages.press(f"{first}/step/close-and-revise").startswith("Revised")
    draft = pages.path
    assert draft != first and "Draft" in pages.open(draft)
    assert pages.press(f"{draft}/step/activate") == "Activated."
    assert pages.press(f"{draft}/step/win") == "Won."
    assert pages.press(f"{draft}/step/make-order").startswith("Made this order")
    assert pages.path.startswith("/face/orders/") and "Nut M8" in pages.open(pages.path)
    assert pages.send(f"{draft}/step/burn", method="POST").status_code == 404


def test_the_seller_who_acts_can_be_changed() -> None:
    world = World(_with_two_sellers())
    pages = Pages(sales_face(world, app := create_sales(world)), app)
    bo = next(user for user in world.directory.users() if user.display_name == "Bo Dahl")
    assert pages.press("/face/seller", seller=bo.object_id) == "You are Bo Dahl now."
    pages.press("/face/orders/new", customer="C1", **{"product-1": "BOLT"})
    assert "Owner Bo Dahl" in pages.open(pages.path)
    assert "Nobody of that name" in pages.press("/face/seller", seller="x")
    world.stop()


def _with_two_sellers() -> Any:
    from dataclasses import replace

    company = a_company()
    return replace(company, salespeople=(*company.salespeople, Salesperson("BO", "Bo Dahl", "bo@test.example")))


class Gateway:
    """A service that answers as the gateway does, for one key."""

    def __init__(self) -> None:
        self.status = 200
        self.asked: list[str] = []
        seen = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                seen.asked.append(self.path)
                good = self.headers["Authorization"] == f"Basic {base64.b64encode(f'ann:{KEY}'.encode()).decode()}"
                self.send_response(seen.status if good else 401)
                self.end_headers()
                row = {"CRM_ID": BOLT, "ItemNo": "BOLT", "UOM": "PCS", "Inventory": 47.5}
                self.wfile.write(json.dumps({"value": [row]}).encode())

            def log_message(self, *_: Any) -> None:
                """Tests say what went wrong themselves."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/ODataV4"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_stock_is_asked_as_the_form_script_asks(site: Site) -> None:
    """By the address, user and key in nav_connection; what is wrong with them is said where the stock would be."""
    pages = site.sales
    assert "No gateway is connected yet" in pages.open("/")
    gateway = Gateway()
    try:
        wrong = pages.press("/face/connection", address=gateway.address, user="ann", key="wrong")
        assert wrong.startswith("Saved, but: The gateway refuses the user name or the key (401)")
        assert "refuses the user name or the key (401)" in pages.open("/")
        assert pages.press("/face/connection", address=gateway.address, user="ann", key=KEY).startswith("Saved, and")
        assert pages.press("/face/connection", address=gateway.address, user="ann").startswith("Saved, and")
        assert "Bolt M8 47.5 PCS" in pages.open("/")
        assert "not coupled" in pages.open("/")
        assert "47.5 PCS (item BOLT)" in pages.open(f"/face/products/{BOLT}")
        assert gateway.asked[-1].startswith(f"/ODataV4/ProductItemAvailability?$filter=CRM_ID%20eq%20{BOLT}")
        shown = pages.send("/face/connection").text
        assert gateway.address in shown and KEY not in shown
        gateway.status = 503
        assert "no stock to tell at the moment (503)" in pages.open("/")
    finally:
        gateway.close()
    assert "does not answer" in pages.open("/")


def test_stock_comes_in_and_a_price_changes(site: Site) -> None:
    pages = site.bc
    item = pages.link("/", r"/face/items/[0-9a-f-]+")
    assert pages.press(f"{item}/receive", quantity="2,5", location="MAIN").startswith("Posted 2.5: ledger entry")
    shown = pages.open(item)
    assert "On hand 102.5 PCS" in shown and "MAIN 2.5" in shown
    assert "Quantity: 'some' is not a number." in pages.press(f"{item}/receive", quantity="some")
    assert "NOWHERE" in pages.press(f"{item}/receive", quantity="1", location="NOWHERE")
    assert pages.press(f"{item}/change", name="Bolt <M8>", price="1,75", blocked="yes") == "Item BOLT is changed."
    assert "BOLT Bolt <M8> Blocked" in pages.open("/?q=bol")
    assert "No item fits." in pages.open("/?q=Zz'")


def test_a_customer_is_blocked_and_free_again(site: Site) -> None:
    block = site.bc.link("/face/customers", r"/face/customers/[0-9a-f-]+/block")
    assert site.bc.press(block, blocked="All") == "Customer C1 is blocked: All."
    assert site.bc.press(block, blocked="") == "Customer C1 is not blocked any more."
    assert "Perhaps" in site.bc.press(block, blocked="Perhaps")


def an_order_in(site: Site) -> str:
    from sandbox.world import company_id

    token = site.world.tokens.issue(site.world.application.client_id, BUSINESS_CENTRAL)
    answer = site.bc.app.test_client().post(
        f"/v2.0/contoso/sandbox/api/v2.0/companies({company_id(site.world.data.name)})/salesOrders",
        headers={"Authorization": f"Bearer {token}"},
        json={
            "customerNumber": "C1",
            "salesOrderLines": [{"lineType": "Item", "lineObjectNumber": "BOLT", "quantity": 4}],
        },
    )
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["number"])


@pytest.mark.parametrize("companion", [True, False])
def test_an_order_is_released_shipped_in_parts_and_invoiced(site: Site, companion: bool) -> None:
    pages = site.bc
    number = an_order_in(site)
    site.bc.app.test_client().post("/_sandbox/companion", json={"installed": companion})
    try:
        assert f"{number} First customer Open" in pages.open("/face/orders")
        order = f"/face/orders/{number}"
        assert pages.press(f"{order}/release") == f"Order {number} is released."
        assert f"{number} First customer Released" in pages.open("/face/orders")
        assert pages.press(f"{order}/ship", **{"ship-10000": "1"}) == f"Order {number}: shipped."
        assert "You cannot ship more than 3 units" in pages.press(f"{order}/ship", **{"ship-10000": "9"})
        assert "is not a number" in pages.press(f"{order}/ship", **{"ship-10000": "x"})
        assert pages.press(f"{order}/invoice") == f"Order {number} is invoiced."
        assert "4 PCS 1 1" in pages.open(order)
        pages.press(f"{order}/ship", **{"ship-10000": "3"})
        pages.press(f"{order}/invoice")
        assert "There is no open order of this number" in pages.open(order)
        assert number in pages.open("/face/posted")
        assert "no step burn" in pages.press(f"{order}/burn")
    finally:
        site.bc.app.test_client().post("/_sandbox/companion", json={"installed": True})


def test_requests_of_programs_are_shown_and_those_of_the_pages_are_not(site: Site) -> None:
    front = Front(site.sales.app, SALES, site.world)
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/api/data/v9.2/accounts",
        "QUERY_STRING": "$filter=name%20eq%20'<b>%'",
        "SERVER_NAME": "sales",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": None,
    }
    run_app(front, environ)
    for pages in (site.sales, site.bc):
        pages.open("/")
        shown = pages.open("/face/requests")
        assert "GET /api/data/v9.2/accounts?… ?$filter=name eq '<b>%'" in shown
        assert "sales GET accounts 1 1" in shown
        assert "itemLedger" not in shown and "products" not in shown


def test_the_front_serves_pages_and_notes_that_something_changed(site: Site) -> None:
    world = site.world
    front = Front(site.bc.app, BUSINESS_CENTRAL, world, lambda _environ, start: (start("200 OK", []), [b"page"])[1])
    base = {"SERVER_NAME": "bc", "SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.input": None}
    before = world.changes
    for path, page in (("/", True), ("/face/items", True), ("/facet", False)):
        body = run_app(front, {**base, "REQUEST_METHOD": "GET", "PATH_INFO": path})[2]
        assert (body == b"page") is page
    assert world.changes == before
    run_app(front, {**base, "REQUEST_METHOD": "POST", "PATH_INFO": "/face/items"})
    assert world.changes == before + 1


def test_a_page_of_another_site_presses_no_buttons(site: Site) -> None:
    for pages in (site.sales, site.bc):
        assert pages.send("/face/seller", method="POST", headers={"Origin": "http://evil.example"}).status_code == 403
        answer = pages.send("/")
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', answer.text)
        with pages.send("/face/static/face.css") as style:
            assert style.status_code == 200
        assert "did not work" in pages.send("/face/nothing").text


def test_every_field_has_a_label_and_every_button_a_name(site: Site) -> None:
    pages = [
        (site.sales, "/"), (site.sales, "/face/orders/new"), (site.sales, "/face/connection"),
        (site.sales, f"/face/orders/{sales_id('salesorder', 'SO-1')}"), (site.bc, "/"), (site.bc, "/face/customers"),
        (site.bc, site.bc.link("/", r"/face/items/[0-9a-f-]+")), (site.bc, f"/face/orders/{an_order_in(site)}"),
    ]  # fmt: skip
    for browser, path in pages:
        text = browser.send(path).text
        labelled = set(re.findall(r'<label for="([^"]+)"', text))
        for tag in re.findall(r"<(?:input|select)\b[^>]*>", text):
            ids = re.findall(r'\bid="([^"]+)"', tag)
            assert 'type="hidden"' in tag or "aria-label=" in tag or set(ids) & labelled, (path, tag)
        assert not re.findall(r"<button[^>]*>\s*</button>", text)
        assert text.count("<h1>") == 1


def test_values_are_shown_as_people_read_them() -> None:
    assert (amount("1234567.5"), amount(None), amount("")) == ("1\u202f234\u202f567.50", "–", "–")
    assert (quantity("1200.500"), quantity("100"), quantity(None)) == ("1\u202f200.5", "100", "–")
    assert (moment("2026-03-02T09:14:07Z"), moment(None)) == ("2026-03-02 09:14", "–")

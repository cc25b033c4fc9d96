"""The main job, walked once: stock asked, order submitted, created and released, acknowledged, shipped, told.

The walk only uses what users have: commands, HTTP addresses, and the buttons the sandbox offers for people's work in
Business Central. It waits with deadlines for things to happen and fails with the name of the step that did not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import requests

from demo.processes import until
from demo.product import Product
from demo.remote import Exchange, Seller, business_central, sales
from demo.sandboxes import SandboxProcess
from demo.teller import Teller

MAPPINGS = (
    "UNIT OF MEASURE",
    "SALESPEOPLE",
    "PAYMENT TERMS",
    "SHIPMENT METHOD",
    "SHIPPING AGENT",
    "CUSTOMER",
    "ITEM-PRODUCT",
    "RESOURCE-PRODUCT",
)
FORM_USER = "FORMS"
PRODUCT = "TENT-LEI-2"
ORDERED = 3
CUSTOMER = "10110"
SELLER = "astrid@tindvika.example"
PATIENCE = 60
"""Seconds a step may take before it counts as failed; the usual is one or two."""


class Walk:
    """One walk against a running sandbox with a given installation."""

    def __init__(self, teller: Teller, sandbox: SandboxProcess, product: Product) -> None:
        self._tell, self._sandbox, self._product = teller, sandbox, product
        self._seller = Seller(sales(sandbox.env), SELLER)
        self._gateway = ""
        self._key = ""
        self._submitted_at = 0.0

    def prepare(self) -> None:
        """What an administrator does once, before gateway and worker start."""
        self._connect()
        self._couple()
        self._make_key()
        self._bring_the_form_script()

    def main_job(self, gateway: str) -> None:
        """The job itself, with the gateway answering at that address and a worker running."""
        self._gateway = gateway
        self._register_hooks()
        before = self._ask_for_stock()
        order = self._submit_an_order()
        bc_number = self._see_it_released(order)
        self._see_it_acknowledged(order)
        self._see_the_status(order)
        self._ship(bc_number, before)
        self._see_the_timeline(order)
        self._look_at_failures()

    def _bridge(self, *arguments: str, codes: tuple[int, ...] = (0,), show: bool = True) -> str:
        done = self._product.bridge(*arguments).expect(*codes)
        if show:
            quoted = (f'"{argument}"' if " " in argument else argument for argument in arguments)
            self._tell.command(f"python -m bridge {' '.join(quoted)}", done.out)
        return done.out

    def _connect(self) -> None:
        with self._tell.step("The bridge signs in to both systems"):
            self._tell.say("It checks sign-in, company, rights and the companion extension, and changes nothing.")
            checks = json.loads(self._bridge("test-connection", "--json", show=False))["checks"]
            lines = [
                f"{check['state']:<5} {check['system']:<17} {check['id']:<27} {check['detail']}" for check in checks
            ]
            self._tell.command("python -m bridge test-connection", "\n".join(lines))
            self._tell.done("Both systems answer.")

    def _couple(self) -> None:
        with self._tell.step("Records that are the same on both sides are coupled"):
            self._tell.say("By number, code, name or e-mail address. Only what is coupled is ever sold across.")
            for mapping in MAPPINGS:
                self._bridge("match", mapping)

    def _make_key(self) -> None:
        with self._tell.step("The form script in Sales gets a key of its own"):
            self._key = self._product.new_key(FORM_USER)
            self._tell.command(
                f"python -m gateway keys create {FORM_USER}", "(44 characters, shown this once and stored hashed)"
            )

    def _bring_the_form_script(self) -> None:
        with self._tell.step("The form script is brought to Sales, and the gateway's address with it"):
            self._bridge("setup", "publish", "--user", FORM_USER, "--yes")
            env = self._sandbox.env
            done = self._product.run(
                "bridge",
                *("deploy", "--forms"),
                ENTRA_CLIENT_ID=env["SANDBOX_ADMIN_CLIENT_ID"],
                ENTRA_CLIENT_SECRET=env["SANDBOX_ADMIN_CLIENT_SECRET"],
            ).expect(0)
            self._tell.command("python -m bridge deploy --forms", done.out)
            self._tell.done("Forms of products and orders in Sales show the stock from now on.")

    def _register_hooks(self) -> None:
        with self._tell.step("Both systems are asked to knock when something happens"):
            self._tell.say("A knock carries no truth: it only wakes the job that would have looked anyway.")
            self._bridge("setup", "hooks", "--gateway-url", self._gateway)

    def _ask_for_stock(self) -> float:
        with self._tell.step("A salesperson opens a product in Sales, and the form asks for its stock"):
            shown = self._stock_when(lambda row: True, "the product's stock to be known", show=True)
            self._tell.done(f"{shown:g} pieces can be promised. Business Central was not asked: the worker keeps this.")
            return shown

    def _submit_an_order(self) -> dict[str, Any]:
        with self._tell.step("A salesperson writes an order in Sales and submits it"):
            number = f"SO-DEMO-{time.time_ns() // 1_000_000_000}"
            lines = [(PRODUCT, str(ORDERED)), ("GAS-230", "12"), ("FIT-BOOT", "1.5")]
            order = self._seller.write_order(number, "Made by the demo", CUSTOMER, lines, freightamount=150)
            self._seller.submit(order["salesorderid"])
            self._submitted_at = time.monotonic()
            for exchange in self._seller.seen:
                self._show(exchange)
            order = self._seller.order(order["salesorderid"])
            self._tell.done(
                f"{number} is submitted, {order['totalamount']:,.2f} without tax. Sales knocks at the gateway."
            )
            return order

    def _see_it_released(self, order: dict[str, Any]) -> str:
        with self._tell.step("The order appears in Business Central, released"):
            remote = business_central(self._sandbox.env)
            company = remote.row("api/v2.0/companies?$filter=name eq '{}'".format(self._sandbox.env["BC_COMPANY"]))
            query = (
                f"api/salesbridge/bridge/v1.0/companies({company['id']})/salesDocuments"
                f"?$filter=yourReference eq '{order['ordernumber']}'"
                "&$select=number,documentType,status,yourReference,customerNumber"
            )

            def released() -> Exchange | None:
                exchange = remote.call("GET", query)
                rows = exchange.answer["value"]
                return exchange if rows and rows[0]["status"] == "Released" else None

            exchange = until(released, PATIENCE, "the order to be released in Business Central")
            seconds = time.monotonic() - self._submitted_at
            self._show(exchange, drop=("@odata.context",))
            number = str(exchange.answer["value"][0]["number"])
            lines = self._sandbox.bc.order_of(order["ordernumber"])["lines"]
            self._tell.say(f"Its {len(lines)} lines, freight among them, are as they were sold.")
            self._tell.done(
                f"{number} is Released, {seconds:.1f} seconds after the submit. Nobody had to copy anything."
            )
            return number

    def _see_it_acknowledged(self, order: dict[str, Any]) -> None:
        with self._tell.step("Sales knows that Business Central has taken over"):

            def stamped() -> dict[str, Any] | None:
                row = self._seller.order(order["salesorderid"])
                return row if row["lastbackofficesubmit"] and row["statecode"] == 1 else None

            row = until(stamped, PATIENCE, "the order to be acknowledged in Sales")
            self._tell.request(
                "GET", f"{self._sandbox.env['SALES_URL']}/api/data/v9.2/salesorders({row['salesorderid']})"
            )
            self._tell.answer(200, {name: value for name, value in row.items() if not name.startswith("@")})
            self._tell.done("Submitted and stamped: it will never be picked up a second time.")

    def _ship(self, bc_number: str, before: float) -> None:
        with self._tell.step("The warehouse ships, and the stock in Sales follows"):
            self._tell.request("POST", f"{self._sandbox.bc.address}/_sandbox/ship", {"order": bc_number})
            self._sandbox.bc.ship(bc_number)
            began = time.monotonic()
            expected = before - ORDERED
            self._stock_when(lambda row: row["Inventory"] == expected, f"the stock to fall to {expected:g}", show=True)
            self._tell.done(
                f"{before:g} became {expected:g}, {time.monotonic() - began:.1f} seconds after the posting."
            )

    def _see_the_status(self, order: dict[str, Any]) -> None:
        with self._tell.step("The status comes back to the order's timeline in Sales"):
            self._read_timeline(order, 1, "the release to stand on the order's timeline")
            self._tell.done("The salesperson reads it where the work is done.")

    def _see_the_timeline(self, order: dict[str, Any]) -> None:
        with self._tell.step("And so does the shipment"):
            self._read_timeline(order, 2, "the shipment to stand on the order's timeline")
            self._tell.done("An invoice would make the order Invoiced in Sales as well.")

    def _read_timeline(self, order: dict[str, Any], posts: int, what: str) -> None:
        def told() -> list[str] | None:
            texts = self._seller.timeline(order["salesorderid"])
            return texts if len(texts) >= posts else None

        for text in until(told, PATIENCE, what):
            self._tell.say(f"  • {text}")

    def _look_at_failures(self) -> None:
        with self._tell.step("What waits for a person says why"):
            self._tell.say(
                "It was there before the demo began: an order of a blocked customer, one with an unknown country, and a"
                " quote that was won and has no order yet."
            )
            until(self._three_wait, PATIENCE, "two orders and a quote to be listed as failures")
            listed = json.loads(self._bridge("failures", "--json", show=False))
            lines = [f"{one['record']}: {one['what']} {one['next_step']}" for one in listed]
            self._tell.command("python -m bridge failures", "\n".join(lines))
            self._tell.done("Mend the cause, or ask for another try at once: python -m bridge retry SO-1004.")

    def _three_wait(self) -> bool:
        listed = self._product.bridge("failures", "--json").expect(0).out
        return all(number in listed for number in ("SO-1004", "SO-1005", "QU-2003"))

    def _stock_when(self, good: Callable[[dict[str, Any]], bool], what: str, *, show: bool) -> float:
        product = self._seller.product(PRODUCT)
        company = self._sandbox.env["BC_COMPANY"]
        url = f"{self._gateway}/ODataV4/Company('{company}')/ProductItemAvailability"
        query = {"$filter": f"CRM_ID eq {product['productid']}"}

        def ask() -> requests.Response | None:
            answer = requests.get(url, params=query, auth=(FORM_USER, self._key), timeout=PATIENCE)
            rows = answer.json().get("value", []) if answer.ok else []
            return answer if rows and good(rows[0]) else None

        answer = until(ask, PATIENCE, what)
        if show:
            self._tell.request("GET", answer.url, headers={"Authorization": f"Basic {FORM_USER} and its key"})
            self._tell.answer(answer.status_code, answer.json(), {"Age": answer.headers.get("Age", "?")})
        return float(answer.json()["value"][0]["Inventory"])

    def _show(self, exchange: Exchange, drop: tuple[str, ...] = ()) -> None:
        self._tell.request(exchange.method, exchange.url, exchange.body)
        answer = exchange.answer
        if isinstance(answer, dict):
            answer = {name: value for name, value in answer.items() if name not in drop}
        self._tell.answer(exchange.status, answer)

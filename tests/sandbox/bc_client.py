"""A small client of the Business Central stand-in for its tests: speaks HTTP to the app, keeps the token."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from sandbox.business_central.routes import create_app
from sandbox.company import Address, CompanyData, Customer, Item, Resource, Salesperson, Unit
from sandbox.world import BUSINESS_CENTRAL, World

HOME = Address("Main Street 1", "Floor 2", "Bergen", "5003", "", "NO")


def a_company() -> CompanyData:
    """Six items, four customers, one resource: enough for every rule."""
    prices = {"BOLT": "2.50", "NUT": "0.35", "OIL": "89", "CART": "1490", "ODD": "9.99"}
    items = [
        Item(
            number,
            f"{number.title()} of steel",
            "PCS",
            Decimal(price),
            Decimal(1),
            Decimal(100),
            vat_percent=Decimal(25),
        )
        for number, price in prices.items()
    ]
    gone = Item("GONE", "No longer sold", "PCS", Decimal(1), Decimal(1), Decimal(0), blocked=True)
    cart = items[3]
    items[3] = Item(
        cart.number, cart.name, "PCS", cart.price, cart.cost, Decimal(0), Decimal(7), date(2026, 5, 4), "MAIN",
        vat_percent=Decimal(25),
    )  # fmt: skip
    return CompanyData(
        name="Testing & Sons",
        local_currency="NOK",
        units=(Unit("PCS", "Piece"), Unit("HOUR", "Hour")),
        items=(*items, gone),
        resources=(Resource("FITTING", "Fitting", "HOUR", Decimal(900)),),
        salespeople=(Salesperson("ANN", "Ann", "ann@test.example"),),
        customers=(
            Customer("100", "First AS", HOME, salesperson="ANN", payment_terms="NET30", shipment_method="FOB"),
            Customer("200", "Export Ltd", HOME, currency="EUR", vat_bus_group="EXPORT"),
            Customer("300", "Blocked AS", HOME, blocked="Ship"),
        ),
        orders=(),
        payment_terms=(("NET30", "Net 30", "30D"), ("CASH", "Cash", "0D")),
        shipment_methods=(("FOB", "FOB"),),
        shipping_agents=(("POST", "Postal Mail"),),
        countries=(("NO", "Norway"), ("SE", "Sweden")),
        currencies=(("EUR", "Euro", Decimal(10)),),
        locations=(("MAIN", "Main"), ("NORTH", "North")),
        write_in_item="ODD",
    )


@dataclass
class Reply:
    """``json`` is the body, ``code`` the error code, blank when there was no error."""

    status: int
    json: Any
    text: str
    headers: Any

    @property
    def code(self) -> str:
        return self.json["error"]["code"] if self.status >= 400 else ""

    @property
    def message(self) -> str:
        """The error's words, without the correlation id that must follow them."""
        words, mark, _ = self.json["error"]["message"].partition("  CorrelationId:  ")
        assert mark
        return words

    @property
    def rows(self) -> list[dict[str, Any]]:
        return self.json["value"]


class Client:
    """Requests to one app as the application the sandbox knows."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.app: Flask = create_app(world)
        self._http = self.app.test_client()
        self.token = world.tokens.issue("application", BUSINESS_CENTRAL)
        self.base = "/v2.0/contoso/sandbox"
        self.company = self.get("api/v2.0/companies").rows[0]["id"]

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """``path`` below the environment; header names with underscores for dashes."""
        sent = {"Authorization": f"Bearer {self.token}"} | {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        address = path if path.startswith(("/", "http")) else f"{self.base}/{path}"
        data = None if body is None else json.dumps(body)
        kind = None if body is None else "application/json"
        return _reply(self._http.open(address, method=method, headers=sent, data=data, content_type=kind))

    def get(self, path: str, **headers: str) -> Reply:
        return self.send("GET", path, **headers)

    def api(self, rest: str) -> str:
        return f"api/v2.0/companies({self.company})/{rest}"

    def bridge(self, rest: str) -> str:
        return f"api/salesbridge/bridge/v1.0/companies({self.company})/{rest}"

    def one(self, path: str) -> dict[str, Any]:
        """The only row of a list."""
        rows = self.get(path).rows
        assert len(rows) == 1, rows
        return rows[0]

    def item(self, number: str) -> dict[str, Any]:
        return self.one(self.api(f"items?$filter=number eq '{number}'"))

    def call(self, procedure: str, **parameters: Any) -> Reply:
        """A procedure of the companion; values that are not text are sent as JSON in text."""
        given = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
        return self.send("POST", f"ODataV4/SalesBridge_{procedure}?company={self.company}", given)

    def told(self, procedure: str, **parameters: Any) -> Any:
        """What a procedure answers, its JSON read."""
        reply = self.call(procedure, **parameters)
        assert reply.status == 200, reply.text
        return json.loads(reply.json["value"])

    def control(self, action: str, **given: Any) -> Reply:
        return self.send("POST", f"/_sandbox/{action}", given)

    def order(self, name: str) -> dict[str, Any]:
        """An order as a tester sees it, by number."""
        return self.get(f"/_sandbox/orders?order={name}").json[0]


def _reply(response: TestResponse) -> Reply:
    return Reply(
        response.status_code, response.get_json(silent=True), response.get_data(as_text=True), response.headers
    )


def a_client() -> Client:
    return Client(World(a_company()))


def an_order(reference: str = "SO-1", customer: str = "100", **more: Any) -> dict[str, Any]:
    """A request of the companion with one item line."""
    lines = [{"lineType": "Item", "lineObjectNumber": "BOLT", "quantity": 10, "unitPrice": 2.5}]
    return {"yourReference": reference, "customerNumber": customer, "lines": lines, **more}

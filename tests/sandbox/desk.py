"""A small trading company, and a desk from which tests call its Sales environment without a network."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import simplejson

from sandbox.company import (
    Address,
    CompanyData,
    Customer,
    Item,
    Order,
    OrderLine,
    Resource,
    Salesperson,
    Unit,
)
from sandbox.sales.routes import create_app
from sandbox.world import SALES, World, made_id

ROOT = "/api/data/v9.2"


def _line(item: str, quantity: str, price: str, discount: str = "0", text: str = "") -> OrderLine:
    return OrderLine(item, Decimal(quantity), Decimal(price), Decimal(discount), text)


def a_company(orders: tuple[Order, ...] | None = None) -> CompanyData:
    """Two items, one service, two customers, and an order in each of the states that matter."""
    given = (
        Order(
            "SO-1",
            "Open order",
            "C1",
            (
                _line("BOLT", "10", "1.25"),
                _line("NUT", "3", "2.00", discount="0.50"),
                _line("", "1", "99.90", text="Gift"),
            ),
            freight=Decimal("12.50"),
            discount_percent=Decimal("10"),
            salesperson="ANN",
            requested_delivery=date(2026, 1, 31),
        ),
        Order("SO-2", "Submitted order", "C1", (_line("BOLT", "4", "1.25"),), state="Submitted", salesperson="ANN"),
        Order("SO-3", "Invoiced order", "C2", (_line("BOLT", "1", "1.25"),), state="Invoiced"),
        Order("Q-1", "Draft quote", "C1", (_line("NUT", "5", "2.00"),), state="Draft", kind="quote"),
        Order("Q-2", "Active quote", "C1", (_line("NUT", "5", "2.00"),), state="Active", kind="quote"),
    )
    return CompanyData(
        name="Test Trading",
        local_currency="NOK",
        units=(Unit("PCS", "Piece"), Unit("HOUR", "Hour")),
        items=(
            Item("BOLT", "Bolt M8", "PCS", Decimal("1.25"), Decimal("0.60"), Decimal(100)),
            Item("NUT", "Nut M8", "PCS", Decimal("2.00"), Decimal("0.90"), Decimal(50)),
        ),
        resources=(Resource("FIT", "Fitting", "HOUR", Decimal("800")),),
        salespeople=(Salesperson("ANN", "Ann Berg", "ann@test.example"),),
        customers=(
            Customer("C1", "First customer", Address("Main street 1", city="Oslo", post_code="0150", country="NO")),
            Customer("C2", "Second customer", Address("Side street 2", city="Bergen"), contact="Bo Dahl"),
        ),
        orders=given if orders is None else orders,
        payment_terms=(("NET30", "Net 30", "30D"),),
        shipment_methods=(("FOB", "FOB"),),
        shipping_agents=(("DHL", "DHL"),),
        countries=(("NO", "Norway"),),
        currencies=(("EUR", "Euro", Decimal("11.50")),),
        locations=(("MAIN", "Main warehouse"),),
    )


def sales_id(table: str, key: str) -> str:
    """The id a seeded row has, by its number or code."""
    return made_id("sales", table, key)


class Reply:
    """One answer: status, headers, and the JSON body with exact decimals."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        self.text: str = response.get_data(as_text=True)

    @property
    def json(self) -> Any:
        return simplejson.loads(self.text, use_decimal=True)

    @property
    def code(self) -> str:
        """The error code of a refusal."""
        return str(self.json["error"]["code"])

    @property
    def new_id(self) -> str:
        """The id in ``OData-EntityId``."""
        return str(self.headers["OData-EntityId"]).rpartition("(")[2].rstrip(")")


class Desk:
    """Calls one environment as the application user, or as a seller by ``as_user``."""

    def __init__(self, data: CompanyData | None = None) -> None:
        self.world = World(data or a_company())
        self._client = create_app(self.world).test_client()
        self.token = self.world.tokens.issue(self.world.application.client_id, SALES)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        as_user: str = "",
        as_admin: str = "",
        signed_in: str = "",
        prefer: str = "",
        **headers: str,
    ) -> Reply:
        """One request below the service root. Header names are given with underscores.

        The application calls, acting for ``as_user``; or the administrator does, or a seller who is ``signed_in``.
        """
        sent = {"Authorization": f"Bearer {self.token}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        if as_admin:
            token = self.world.tokens.issue(self.world.directory.administrator.client_id, SALES)
            sent["Authorization"] = f"Bearer {token}"
        if signed_in:
            sent["Authorization"] = f"Bearer {self.world.tokens.issue(made_id('entra', signed_in), SALES)}"
        if as_user:
            sent["CallerObjectId"] = sales_id("systemuser", as_user)
        if prefer:
            sent["Prefer"] = prefer
        data = body
        if body is not None and not isinstance(body, bytes):
            data = simplejson.dumps(body, use_decimal=True)
            sent["Content-Type"] = "application/json"
        return Reply(self._client.open(f"{ROOT}/{path}", method=method, data=data, headers=sent))

    def get(self, path: str, **options: str) -> Reply:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any, **options: str) -> Reply:
        return self.call("POST", path, body, **options)

    def patch(self, path: str, body: Any, **options: str) -> Reply:
        return self.call("PATCH", path, body, **options)

    def delete(self, path: str, **options: str) -> Reply:
        return self.call("DELETE", path, **options)

    def order(self, number: str) -> Any:
        """All columns of a seeded order."""
        return self.get(f"salesorders({sales_id('salesorder', number)})").json

    def control(self, method: str, name: str, body: Any = None) -> Any:
        """A control route; its JSON answer with exact decimals."""
        response = self._client.open(f"/_sandbox/{name}", method=method, json=body)
        text = response.get_data(as_text=True)
        return simplejson.loads(text, use_decimal=True) if text else None

    def close(self) -> None:
        self.world.stop()

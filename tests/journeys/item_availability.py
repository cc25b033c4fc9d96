"""A seller who asks what can be promised, and a person in Business Central who has a lathe to sell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import requests

from demo.remote import business_central
from tests.availability.formulas import holds
from tests.processes import Product, SandboxProcess

LATHE, MAIN, NORTH, ROAD = "LATHE", "MAIN", "NORTH", "ROAD"


class Seller:
    """Asks gateways, over connections that are kept."""

    def __init__(self, product: Product, *addresses: str) -> None:
        self.addresses = addresses or (product.gateway_address,)
        self.session = requests.Session()
        self.session.auth = ("SELLER", product.new_key("SELLER"))

    def get(self, query: Mapping[str, Any], number: int = 0, **headers: str) -> requests.Response:
        address = self.addresses[number % len(self.addresses)]
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.get(f"{address}/ODataV4/ItemAvailability", params=dict(query), headers=sent, timeout=30)

    def one(self, **query: Any) -> dict[str, Any]:
        """The only answer; empty while there is none."""
        answer = self.get({"item": LATHE, **query})
        return dict(rows_of(answer)[0]) if answer.ok else {}

    def order(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The answers to all lines of an order, asked in one request."""
        answer = self.session.post(
            f"{self.addresses[0]}/ODataV4/ItemAvailability_Calculate", json={"questions": lines}, timeout=30
        )
        assert answer.status_code == 200, answer.text
        return rows_of(answer)

    def figures(self, names: str, **query: Any) -> list[Any]:
        row = self.one(**query)
        return [row.get(name) for name in names.split()]


def rows_of(answer: requests.Response) -> list[dict[str, Any]]:
    return list(json.loads(answer.text, parse_float=Decimal)["value"])


class Desk:
    """A person in Business Central, with a lathe in two colours."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.bc, self.control = business_central(sandbox.env), sandbox.bc
        company = next(row for row in self.companies() if row["name"] == sandbox.env["BC_COMPANY"])
        self.root = f"api/v2.0/companies({company['id']})"
        self.made("locations", code=ROAD, displayName="On the road")
        item = self.made("items", number=LATHE, displayName="Lathe", baseUnitOfMeasureCode="PCS")
        self.made("itemVariants", itemId=item["id"], code="RED", description="Red")
        self.control.post_stock(LATHE, 40, MAIN)

    def companies(self) -> list[dict[str, Any]]:
        return self.bc.rows("api/v2.0/companies")

    def made(self, entity_set: str, **body: Any) -> dict[str, Any]:
        return dict(self.bc.call("POST", f"{self.root}/{entity_set}", body).answer)

    def id_of(self, entity_set: str, code: str) -> str:
        return str(self.bc.row(f"{self.root}/{entity_set}?$filter=code eq '{code}'")["id"])

    def sell(self, quantity: int, day: date, location: str, variant: str = "") -> str:
        """A sales order; answers its number."""
        line: dict[str, Any] = {"lineType": "Item", "lineObjectNumber": LATHE, "quantity": quantity}
        line |= {"shipmentDate": day.isoformat(), "locationId": self.id_of("locations", location)}
        if variant:
            line["itemVariantId"] = self.id_of("itemVariants", variant)
        customer = self.bc.rows(f"{self.root}/customers?$top=1")[0]
        return str(self.made("salesOrders", customerId=customer["id"], salesOrderLines=[line])["number"])

    def expect(self, quantity: int, day: date, location: str) -> None:
        """A purchase order."""
        body = {"item": LATHE, "quantity": quantity, "location": location, "date": day.isoformat()}
        self.control.call("POST", "order-supply", body)

    def send(self, quantity: int, arrival: date) -> None:
        """A transfer to the north that has left the main warehouse."""
        body = {"item": LATHE, "quantity": quantity, "from": MAIN, "to": NORTH, "transit": ROAD}
        made = self.control.call("POST", "transfer", body | {"receiptDate": arrival.isoformat()})
        self.control.call("POST", "ship-transfer", {"transfer": made["number"]})


def day(ahead: int) -> date:
    return datetime.now(UTC).date() + timedelta(days=ahead)


def known(row: Mapping[str, Any]) -> bool:
    """Every figure is there or it is said why not, and the formula holds."""
    missing = {name for name, value in row.items() if value is None} - {"CRM_ID", "Variant", "Location", "EarliestDate"}
    return missing == set(row["NotKnown"]) and holds(row["Formula"], row)

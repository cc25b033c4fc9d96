"""What the pages ask of Sales: rows with the labels people see, signed in as the seller who was chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Flask

from sandbox.face.door import Door, quoted
from sandbox.face.frame import InputWrong
from sandbox.world import SALES, World

ROOT = "/api/data/v9.2"
LABEL = "@OData.Community.Display.V1.FormattedValue"
_LABELS = {"Prefer": f'odata.include-annotations="{LABEL[1:]}"'}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: its sets and columns, and how a person calls it."""

    name: str
    set: str
    id: str
    number: str
    lines: str
    line_id: str


ORDER = Kind("order", "salesorders", "salesorderid", "ordernumber", "salesorderdetails", "salesorderdetailid")
QUOTE = Kind("quote", "quotes", "quoteid", "quotenumber", "quotedetails", "quotedetailid")
KINDS: Mapping[str, Kind] = {"orders": ORDER, "quotes": QUOTE}


def shown(row: Mapping[str, Any], column: str) -> str:
    """A column as people see it: its label where there is one."""
    value = row.get(f"{column}{LABEL}", row.get(column))
    return "" if value is None else str(value)


class SalesDesk:
    """Sales as one person sees it. ``seller`` answers the object id of who acts."""

    def __init__(self, world: World, app: Flask, seller: Callable[[], str]) -> None:
        self._world = world
        self._tokens: dict[str, str] = {}
        self.api = Door(app, ROOT, lambda: {**_LABELS, "Authorization": f"Bearer {self._token(seller())}"})
        integration = world.application.client_id
        self.integration = Door(app, ROOT, lambda: {"Authorization": f"Bearer {self._token(integration)}"})
        """The integration's own user, who keeps the address of the gateway."""

    def _token(self, subject: str) -> str:
        kept = self._tokens.get(subject, "")
        if not kept or self._world.tokens.check(kept, SALES) is None:
            kept = self._tokens[subject] = self._world.tokens.issue(subject, SALES)
        return kept

    def connection(self) -> Row | None:
        """The row that names the gateway, as form scripts read it."""
        rows = self.api.rows("nav_connections", filter="statecode eq 0", top=1)
        return rows[0] if rows else None

    def connect(self, address: str, user: str, key: str) -> None:
        """Write that row; a blank key leaves the one there is."""
        body = {"nav_dynamicsnavodataurl": address, "nav_dynamicsnavodatausername": user}
        if key:
            body["nav_dynamicsnavodataaccesskey"] = key
        found = self.integration.rows("nav_connections", filter="statecode eq 0", top=1)
        if found:
            self.integration.send("PATCH", f"nav_connections({found[0]['nav_connectionid']})", body)
        else:
            self.integration.send("POST", "nav_connections", {"nav_name": self._world.data.name[:100], **body})

    def products(self, wanted: str, top: int) -> list[Row]:
        """Active products, by number; those whose number or name holds what is wanted."""
        held = f"(contains(name,{quoted(wanted)}) or contains(productnumber,{quoted(wanted)}))" if wanted else ""
        chosen = " and ".join(part for part in ("statecode eq 0", held) if part)
        columns = "productid,productnumber,name,price,producttypecode,_defaultuomid_value"
        return self.api.rows("products", select=columns, filter=chosen, orderby="productnumber", top=top)

    def documents(self, kind: Kind, wanted: str, top: int) -> list[Row]:
        """The latest orders or quotes; those whose number or name holds what is wanted."""
        held = f"contains({kind.number},{quoted(wanted)}) or contains(name,{quoted(wanted)})" if wanted else ""
        return self.api.rows(kind.set, filter=held, orderby="createdon desc", top=top)

    def document(self, kind: Kind, document_id: str) -> tuple[Row, list[Row], list[Row]]:
        """A document, its lines, and the posts on its timeline."""
        header = self.api.get(f"{kind.set}({document_id})")
        lines = self.api.rows(
            kind.lines,
            filter=f"_{kind.id}_value eq {document_id}",
            orderby="lineitemnumber",
            expand="productid($select=productnumber,name)",
        )
        posts = self.api.rows("posts", filter=f"_regardingobjectid_value eq {document_id}", orderby="createdon desc")
        return header, lines, posts

    def write(self, kind: Kind, name: str, customer: str, wanted_by: str, lines: list[Row]) -> str:
        """A new document of the customer with this account number, its lines with it. The id."""
        account = self._one("accounts", "accountnumber", customer, "accountid,_transactioncurrencyid_value", "customer")
        currency = account["_transactioncurrencyid_value"]
        prices = self.api.rows(
            "pricelevels", select="pricelevelid", filter=f"_transactioncurrencyid_value eq {currency}", top=1
        )
        body: Row = {
            "name": name,
            "customerid_account@odata.bind": f"/accounts({account['accountid']})",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({currency})",
            f"{kind.name}_details": lines,
        }
        if prices:
            body["pricelevelid@odata.bind"] = f"/pricelevels({prices[0]['pricelevelid']})"
        if wanted_by:
            body["requestdeliveryby"] = wanted_by
        return str(self.api.send("POST", kind.set, body))

    def line(self, what: str, quantity: Decimal, price: Decimal | None) -> Row:
        """The body of a line: a product's number, or any other text for a line without a product."""
        found = self.api.rows(
            "products", select="productid,_defaultuomid_value", filter=f"productnumber eq {quoted(what)}", top=1
        )
        body: Row = {"quantity": quantity}
        if price is not None:
            body |= {"priceperunit": price, "ispriceoverridden": True}
        if found:
            product = found[0]
            body["productid@odata.bind"] = f"/products({product['productid']})"
            body["uomid@odata.bind"] = f"/uoms({product['_defaultuomid_value']})"
            return body
        if price is None:
            raise InputWrong(f"{what!r} is no product number. A line without a product needs a price.")
        return body | {"isproductoverridden": True, "productdescription": what}

    def customers(self, top: int) -> list[Row]:
        """Accounts with a number, to choose from."""
        return self.api.rows(
            "accounts", select="accountnumber,name", filter="accountnumber ne null", orderby="accountnumber", top=top
        )

    def _one(self, table: str, column: str, value: str, columns: str, label: str) -> Row:
        found = self.api.rows(table, select=columns, filter=f"{column} eq {quoted(value)}", top=1)
        if not found:
            raise InputWrong(f"Sales has no {label} {value!r}. Choose one from the list, or give its number.")
        return found[0]

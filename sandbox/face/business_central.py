"""Business Central in a browser: items with their stock, customers, orders; receive, ship, invoice, block, price.

Reading goes through API v2.0 and, where it is installed, the companion; acting goes through the control routes, which
do what a clerk's page would do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import Flask, render_template, request
from werkzeug.wrappers import Response

from sandbox.face.door import Door, Refused, quoted
from sandbox.face.frame import SHOWN, attempt, create_frame, field, go, number_of, quantity, read_number
from sandbox.server import FACE
from sandbox.world import BUSINESS_CENTRAL, World, company_id

_PAGES = (("items", "Items"), ("orders", "Orders"), ("posted", "Posted"), ("customers", "Customers"))
_REAL_STATUS = {"Draft": "Open", "Open": "Released", "In Review": "Pending Approval"}
"""What API v2.0 calls an order, and what it is."""
_BLOCKED = ("", "Ship", "Invoice", "All")


class Clerk:
    """What the pages ask of Business Central."""

    def __init__(self, world: World, app: Flask) -> None:
        root = f"/v2.0/{world.application.tenant_domain}/sandbox/api"
        company = f"companies({company_id(world.data.name)})"

        def headers() -> Mapping[str, str]:
            return {"Authorization": f"Bearer {self._token(world)}"}

        self._kept = ""
        self.api = Door(app, f"{root}/v2.0/{company}", headers)
        self.companion = Door(app, f"{root}/salesbridge/bridge/v1.0/{company}", headers)

    def _token(self, world: World) -> str:
        if not self._kept or world.tokens.check(self._kept, BUSINESS_CENTRAL) is None:
            self._kept = world.tokens.issue(world.application.client_id, BUSINESS_CENTRAL)
        return self._kept

    def stock(self, numbers: list[str]) -> dict[str, dict[str, Decimal]]:
        """On hand by item and location; empty where the companion is missing, as API v2.0 tells no locations."""
        found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        if not numbers:
            return found
        chosen = " or ".join(f"itemNumber eq {quoted(number)}" for number in numbers)
        try:
            entries = self.companion.rows(
                "itemLedgerFeed", filter=chosen, select="itemNumber,locationCode,variantCode,quantity"
            )
        except Refused:
            return found
        for entry in entries:
            place = "/".join(part for part in (entry["locationCode"] or "no location", entry["variantCode"]) if part)
            found[entry["itemNumber"]][place] += Decimal(str(entry["quantity"]))
        return found

    def orders(self, wanted: str) -> list[dict[str, Any]]:
        """The latest orders with their real status, or those of a number, a customer or a reference."""
        narrow = f"number eq {quoted(wanted)}" if wanted else ""
        try:
            kind = "documentType eq 'Order'"
            both = f"{kind} and {narrow}" if narrow else kind
            return self.companion.rows("salesDocuments", filter=both, orderby="number desc", top=SHOWN)
        except Refused:
            rows = self.api.rows("salesOrders", filter=narrow, orderby="number desc", top=SHOWN)
            return [{**row, "status": _REAL_STATUS.get(row["status"], row["status"])} for row in rows]

    def order(self, number: str) -> dict[str, Any] | None:
        """An order with its lines and real status, None once it is posted to the end."""
        found = self.api.control("GET", "orders", order=number)
        return dict(found[0]) if found else None


def create_face(world: World, app: Flask) -> Flask:
    """The pages for ``app``, which is Business Central's own."""
    face = create_frame(world, BUSINESS_CENTRAL, "Business Central", _PAGES)
    clerk = Clerk(world, app)
    _add_items(face, clerk)
    _add_customers(face, clerk)
    _add_orders(face, clerk)
    return face


def _search(*names: str) -> tuple[str, str]:
    """What was searched for, and the filter that finds it in one of the fields."""
    wanted = request.args.get("q", "").strip()
    return wanted, f"contains({names[0]},{quoted(wanted)})" if wanted else ""


def _add_items(face: Flask, clerk: Clerk) -> None:
    @face.get("/")
    def items() -> str:
        wanted, chosen = _search("displayName")
        rows = clerk.api.rows("items", filter=chosen, orderby="number", top=SHOWN)
        if wanted:
            numbered = clerk.api.rows("items", filter=f"startswith(number,{quoted(wanted.upper())})", top=SHOWN)
            rows = [*numbered, *(row for row in rows if row["number"] not in {each["number"] for each in numbered})]
        stock = clerk.stock([row["number"] for row in rows[:SHOWN]])
        return render_template("business_central/items.html", rows=rows[:SHOWN], stock=stock, wanted=wanted, most=SHOWN)

    @face.get(f"{FACE}items/<item_id>")
    def item(item_id: str) -> str:
        row = clerk.api.get(f"items({item_id})")
        entries = clerk.api.rows(
            "itemLedgerEntries", filter=f"itemNumber eq {quoted(row['number'])}", orderby="entryNumber desc", top=20
        )
        places = clerk.stock([row["number"]]).get(row["number"], {})
        locations = clerk.api.rows("locations", select="code,displayName")
        return render_template(
            "business_central/item.html", row=row, entries=entries, places=places, locations=locations
        )

    @face.post(f"{FACE}items/<item_id>/receive")
    def receive(item_id: str) -> Response:
        def act() -> str:
            number = clerk.api.get(f"items({item_id})")["number"]
            moved = number_of("quantity", "Quantity")
            body = {"item": number, "quantity": moved, "location": field("location")}
            entry = clerk.api.control("POST", "post-stock", body)
            on_hand = quantity(entry["inventory"])
            return f"Posted {quantity(moved)}: ledger entry {entry['entryNumber']}, {on_hand} on hand."

        return attempt(act, go("item", item_id=item_id))

    @face.post(f"{FACE}items/<item_id>/change")
    def change_item(item_id: str) -> Response:
        def act() -> str:
            number = clerk.api.get(f"items({item_id})")["number"]
            body = {
                "item": number,
                "displayName": field("name"),
                "unitPrice": number_of("price", "Price"),
                "blocked": field("blocked") == "yes",
            }
            clerk.api.control("POST", "set-item", body)
            return f"Item {number} is changed."

        return attempt(act, go("item", item_id=item_id))


def _add_customers(face: Flask, clerk: Clerk) -> None:
    @face.get(f"{FACE}customers")
    def customers() -> str:
        wanted, chosen = _search("displayName")
        rows = clerk.api.rows("customers", filter=chosen, orderby="number", top=SHOWN)
        return render_template("business_central/customers.html", rows=rows, wanted=wanted, most=SHOWN, states=_BLOCKED)

    @face.post(f"{FACE}customers/<customer_id>/block")
    def block(customer_id: str) -> Response:
        def act() -> str:
            number = clerk.api.get(f"customers({customer_id})")["number"]
            blocked = field("blocked")
            clerk.api.control("POST", "set-customer", {"customer": number, "blocked": blocked})
            return f"Customer {number} is {'blocked: ' + blocked if blocked else 'not blocked any more'}."

        return attempt(act, go("customers", q=request.form.get("q") or None))


def _add_orders(face: Flask, clerk: Clerk) -> None:
    @face.get(f"{FACE}orders")
    def orders() -> str:
        wanted = request.args.get("q", "").strip()
        return render_template("business_central/orders.html", rows=clerk.orders(wanted), wanted=wanted, most=SHOWN)

    @face.get(f"{FACE}orders/<number>")
    def order(number: str) -> str:
        row = clerk.order(number)
        done = clerk.api.control("GET", "posted", order=number)
        local = clerk.api.rows("companyInformation", select="currencyCode")[0]["currencyCode"]
        return render_template("business_central/order.html", row=row, number=number, posted=done, local_currency=local)

    @face.get(f"{FACE}posted")
    def posted() -> str:
        columns = "number,orderNumber,customerNumber,customerName,postingDate"
        shipments = clerk.api.rows("salesShipments", select=columns, orderby="number desc", top=SHOWN)
        amounts = f"{columns},status,totalAmountIncludingTax,currencyCode"
        invoices = clerk.api.rows("salesInvoices", select=amounts, orderby="number desc", top=SHOWN)
        return render_template("business_central/posted.html", shipments=shipments, invoices=invoices)

    @face.post(f"{FACE}orders/<number>/<step>")
    def order_step(number: str, step: str) -> Response:
        def act() -> str:
            words = {"release": "released", "reopen": "reopened", "approve": "approved", "invoice": "invoiced"}
            if step == "ship":
                typed = {name[5:]: text.strip() for name, text in request.form.items() if name.startswith("ship-")}
                lines = {line: read_number(text, f"Line {line}") for line, text in typed.items() if text}
                body = {"order": number, "lines": lines} if lines else {"order": number}
                clerk.api.control("POST", "ship", body)
                return f"Order {number}: shipped."
            if step not in words:
                raise Refused(404, f"There is no step {step}.")
            clerk.api.control("POST", step, {"order": number})
            return f"Order {number} is {words[step]}."

        return attempt(act, go("order", number=number))

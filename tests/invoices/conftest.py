"""These tests sell, pick up and post in one company of the sandbox, shared by the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge import overview
from bridge.store.models import Failure
from demo.remote import Remote, business_central
from tests.orders.conftest import Desk, new_desk, open_desks, seller
from tests.orders.seller import Seller, product
from tests.processes import SandboxProcess

__all__ = ["new_desk", "seller"]


class Office:
    """A desk with an office behind it, which posts what was sold."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.sandbox = desk.sandbox
        self.seller = Seller(desk.sandbox)
        self.bc: Remote = business_central(desk.sandbox.env)

    def invoiced(self, number: str, *lines: dict[str, Any], **columns: Any) -> str:
        """Sell, pick up, ship and invoice; the number of the posted invoice."""
        self.seller.sell(number, *(lines or (product("TENT-LEI-2"),)), **columns)
        self.desk.pick_up()
        return self.post(number)

    def post(self, number: str) -> str:
        """Post all of an order that was picked up."""
        order = self.desk.entry(number).bc_order_number
        return str(self.sandbox.bc.ship_and_invoice(str(order))["invoice"])

    def pay(self, invoice: str, amount: float | None = None) -> None:
        self.sandbox.bc.call("POST", "pay", {"invoice": invoice} | ({} if amount is None else {"amount": amount}))

    def in_sales(self, number: str) -> list[dict[str, Any]]:
        """Every invoice of this number in Sales, with its lines in order."""
        query = f"invoices?$filter=invoicenumber eq '{number}'&$expand=invoice_details"
        found = self.seller.admin.rows(query)
        for invoice in found:
            invoice["lines"] = sorted(invoice["invoice_details"], key=lambda line: line["lineitemnumber"])
        return list(found)

    def one_in_sales(self, number: str) -> dict[str, Any]:
        [found] = self.in_sales(number)
        return found

    def posted(self, number: str) -> dict[str, Any]:
        """The posted invoice in Business Central, with its lines."""
        query = f"salesInvoices?$filter=number eq '{number}'&$expand=salesInvoiceLines"
        return dict(self.bc.row(f"api/v2.0/companies({self.desk.ctx.company.id})/{query}"))

    def cancel(self, number: str) -> None:
        """Cancel a posted invoice by a corrective credit memo."""
        invoice = self.posted(number)["id"]
        path = f"api/v2.0/companies({self.desk.ctx.company.id})/salesInvoices({invoice})/Microsoft.NAV.cancel"
        self.bc.call("POST", path)

    def direct_invoice(self, customer: str, item: str) -> str:
        """An invoice that somebody in Business Central writes and posts without an order; its number."""
        company = f"api/v2.0/companies({self.desk.ctx.company.id})"
        line = {"lineType": "Item", "lineObjectNumber": item, "quantity": 2, "unitPrice": 80}
        body = {"customerNumber": customer, "salesInvoiceLines": [line]}
        draft = self.bc.call("POST", f"{company}/salesInvoices", body).answer["id"]
        self.bc.call("POST", f"{company}/salesInvoices({draft})/Microsoft.NAV.post")
        query = f"{company}/salesInvoices({draft})"
        return str(self.bc.call("GET", query).answer["number"])

    def set_prices_include_vat(self, order_id: str | None) -> None:
        """Change an order in Business Central so that its prices include VAT, and release it again."""
        order = {"order": order_id}
        self.sandbox.bc.call("POST", "reopen", order)
        path = f"api/v2.0/companies({self.desk.ctx.company.id})/salesOrders({order_id})"
        self.bc.call("PATCH", path, {"pricesIncludeTax": True}, **{"If-Match": "*"})
        self.sandbox.bc.call("POST", "release", order)

    def listed(self, number: str) -> list[Failure]:
        """The open failures of a posted invoice."""
        return [one for one in self.desk.failures() if one.record == f"Posted invoice {number}"]

    def shown(self, record: str) -> dict[str, Any]:
        """What `show` knows of a record."""
        view = overview.about(self.desk.ctx.db, record)
        return {"invoices": [vars(row) for row in view.invoices], "failures": view.failures}

    def state(self, number: str) -> tuple[int, int]:
        row = self.one_in_sales(number)
        return row["statecode"], row["statuscode"]


@pytest.fixture(scope="module")
def office(
    _session_sandbox: SandboxProcess, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """One office for all tests of a module; the orders of the seed are not submitted."""
    _session_sandbox.reset()
    with open_desks(_session_sandbox, migrated_sqlite, tmp_path_factory.mktemp("office"), Desk) as make:
        desk = make()
        for order in _session_sandbox.sales.orders():
            if order["statecode"] == 1:
                desk.reopen_in_sales(order["ordernumber"])
        yield Office(desk)
        _session_sandbox.clear_faults()

"""A shop: the sandbox as Business Central and Sales, the worker's own steps, and a gateway behind a real socket."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast
from wsgiref.types import WSGIApplication

from bridge.availability.tail import refresh
from bridge.context import CompanyContext
from bridge.coupling import service
from bridge.records import Company, new_id
from bridge.store import companies
from bridge.wiring import Bridge
from tests.gateway.wire import Served, Wire
from tests.processes import SandboxProcess

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.gateway.conftest import Door, World


class Shop:
    """``company`` is the sandbox's first, ``branch`` its second; the gateway knows both, the first is the default."""

    def __init__(self, world: World, remote: Bridge, sandbox: SandboxProcess) -> None:
        self.world = world
        self.sandbox = sandbox
        self.sales = remote.sales
        self._remote = remote
        found = remote.business_central.companies()
        first = remote.settings.bc_company[0]
        self.company = next(one for one in found if one.name == first)
        self.branch = next(one for one in found if one.name != first)
        self._served: Served | None = None
        self._wires: list[Wire] = []
        companies.save(world.db, [self.company])

    def context(self, company: Company | None = None) -> CompanyContext:
        """What a worker would work with, at this test's time, on this test's database."""
        company = company or self.company
        return CompanyContext(
            db=self.world.db,
            company=company,
            bc=self._remote.business_central.in_company(company),
            sales=self._remote.sales,
            settings=self._remote.settings,
            clock=self.world.clock,
            owner="test",
        )

    def item(self, number: str, unit: str = "PCS", stock: str = "0", company: Company | None = None) -> str:
        """A new item in Business Central with that much in stock; answers its id."""
        bc = self.context(company).bc
        body: dict[str, Any] = {"number": number, "displayName": f"Item {number}"}
        if unit:
            if not list(bc.rows("unitsOfMeasure", purpose="test", filter=f"code eq '{unit}'")):
                bc.create("unitsOfMeasure", {"code": unit, "displayName": unit}, purpose="test")
            body["baseUnitOfMeasureCode"] = unit
        made = bc.create("items", body, purpose="test")
        if Decimal(stock):
            named = {"company": company.name} if company is not None else {}
            self.sandbox.bc.call("POST", "post-stock", {"item": number, "quantity": stock, **named})
        return str(made["id"])

    def product(self, number: str, product_id: str = "") -> str:
        """A new product in Sales; answers its id."""
        product_id = product_id or new_id()
        any_product = next(
            iter(
                self.sales.rows(
                    "products", purpose="test", select=("_defaultuomid_value", "_defaultuomscheduleid_value"), top=1
                )
            )
        )
        self.sales.create(
            "products",
            {
                "productid": product_id,
                "productnumber": number,
                "name": f"Product {number}",
                "defaultuomid@odata.bind": f"/uoms({any_product['_defaultuomid_value']})",
                "defaultuomscheduleid@odata.bind": f"/uomschedules({any_product['_defaultuomscheduleid_value']})",
            },
            purpose="test",
        )
        return product_id

    def coupled(
        self, number: str, unit: str = "PCS", stock: str = "0", product_id: str = "", company: Company | None = None
    ) -> str:
        """An item and a product of this number, coupled, and the ledger tailed; answers the item's id."""
        item = self.item(number, unit, stock, company)
        product = self.product(number, product_id)
        service.couple(self.context(company), "ITEM-PRODUCT", item, product)
        self.refresh(company=company)
        return item

    def refresh(self, *, full: bool = False, company: Company | None = None) -> None:
        """What the job AVAILABILITY does."""
        refresh(self.context(company), full)

    def open(self, app: WSGIApplication) -> None:
        """Let the gateway answer."""
        self._served = Served(app)

    def door(self, authorization: str, **changes: Any) -> Door:
        """A caller at the gateway's own port."""
        from tests.gateway.conftest import Door

        assert self._served is not None, "the shop is not open"
        self._wires.append(Wire(self._served.port))
        return Door(cast("FlaskClient", self._wires[-1]), authorization, **changes)

    def close(self) -> None:
        for wire in self._wires:
            wire.close()
        if self._served is not None:
            self._served.close()

"""The form script as it was deployed, in Chromium, on forms of another origin, asking a gateway under gunicorn.

Sales' client API is xrm-mock, which nobody here wrote; rows come from the sandbox's Web API.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import requests

from bridge.records import utc_now
from bridge.setup.deploy_scripts import SCRIPT
from bridge.store import companies, projection
from bridge.store.database import Database
from bridge.store.models import AvailabilityTail
from tests.form_script.browser import Browser, Page
from tests.form_script.form_server import FormServer
from tests.form_script.sales import Sales
from tests.processes import Finished, Product, SandboxProcess, free_port, until

PANEL = "/WebResources/brg_/bridge/stock.html"
SERVICE = "ProductItemAvailability"
NORWEGIAN, NYNORSK, GERMAN = "1044", "2068", "1031"
STALE, GIVEN_UP = 1800, 7200
COLUMNS = "nav_dynamicsnavodataurl,nav_dynamicsnavodatausername,nav_dynamicsnavodataaccesskey"


@dataclass
class Forms:
    """Everything a form needs, running, and the hands to change it."""

    browser: Browser
    server: FormServer
    sales: Sales
    product: Product
    connection: dict[str, Any]
    opened: list[Page]

    def open(self, table: str, row_id: str, *, at: str = "", **options: Any) -> Page:
        """A form of this row, with its script loading."""
        window = {name: options.pop(name) for name in ("dark", "width", "stopped") if name in options}
        self.opened.append(self.browser.open(self.server.form(table, row_id, origin=at, **options), **window))
        return self.opened[-1]

    def visit(self, url: str) -> Page:
        """A page of the sandbox."""
        self.opened.append(self.browser.open(url))
        return self.opened[-1]

    def connect(self, **columns: str | None) -> None:
        """What stands in the connection row from now on."""
        path = f"nav_connections({self.connection['nav_connectionid']})"
        self.sales.write("PATCH", path, {f"nav_dynamicsnavodata{name}": value for name, value in columns.items()})

    def at(self, path: str) -> None:
        """Let the connection lead to the form server, in the place of a gateway."""
        self.connect(url=self.server.origin + path)

    def aged(self, seconds: int) -> None:
        """The ledger was read this long ago, and the gateway knows it."""
        database = Database(self.product.env["DATABASE_URL"])
        company = companies.all_companies(database)[0]
        tail = projection.tail_of(database, company.id)
        assert tail is not None
        facts = {name: getattr(tail, name) for name in ("last_entry_number", "recent_entries", "row_version")}
        then = utc_now() - timedelta(seconds=seconds)
        projection.save(database, AvailabilityTail(company_id=company.id, tailed_at=then, full_at=then, **facts))
        database.close()

        def seen() -> bool:
            answer = self.ask()
            age = int(answer.headers.get("Age", -1))
            return answer.status_code == 503 if seconds > GIVEN_UP else 0 <= age - seconds < 60

        until(seen, 20, "the gateway to have seen it")

    def ask(self, address: str = "") -> requests.Response:
        """What was published, or another address, asked without a browser."""
        url, user, key = (self.connection[f"nav_dynamicsnavodata{name}"] for name in ("url", "username", "accesskey"))
        return requests.get(address or url, auth=(user, key), timeout=20)

    def back(self) -> None:
        """As at the start."""
        for page in self.opened:
            page.close()
        self.opened.clear()
        self.server.answers.clear()
        self.connect(
            **{name: self.connection[f"nav_dynamicsnavodata{name}"] for name in ("url", "username", "accesskey")}
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    running = Browser()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def running(
    browser: Browser, product: Product, sandbox: SandboxProcess, deploy: Callable[..., Finished]
) -> Iterator[Forms]:
    deploy("--forms", "--json").expect(0)
    sales = Sales(sandbox.env)
    server = FormServer(sales)
    product.env["PUBLIC_URL"] = product.gateway_address
    product.bridge("match", "ITEM-PRODUCT").expect(0)
    product.bridge("refresh-availability", "--full").expect(0)
    product.bridge("setup", "publish", "--yes").expect(0)
    # a test machine may be slow: what is fresh and what is stale are set far apart
    product.gateway(
        CORS_ORIGINS=f"{server.origin},{sandbox.env['SALES_URL']}",
        AVAILABILITY_MAX_AGE=str(STALE),
        AVAILABILITY_STALE_IF_ERROR=str(GIVEN_UP),
        DRAIN_SECONDS="0",
    )
    row = sales.rows(f"nav_connections?$select={COLUMNS}")[0]
    yield Forms(browser, server, sales, product, row, [])
    server.stop()


@pytest.fixture
def forms(running: Forms) -> Iterator[Forms]:
    yield running
    running.back()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: a folder of the test run, or FORM_PICTURES to look at them."""
    return Path(os.environ.get("FORM_PICTURES") or tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def rows(running: Forms) -> dict[str, dict[str, Any]]:
    """The gateway's rows by product."""
    return {one["CRM_ID"]: one for one in running.ask().json()["value"]}


def in_stock(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return next(row for row in rows.values() if row["Inventory"] > 0)


def line(product: str, unit: str, quantity: float) -> dict[str, Any]:
    """A line of an order, at a price of its own."""
    bound = {"productid@odata.bind": f"/products({product})", "uomid@odata.bind": f"/uoms({unit})"}
    return {**bound, "quantity": quantity, "ispriceoverridden": True, "priceperunit": 1}


@pytest.fixture(scope="module")
def long_order(running: Forms, rows: dict[str, dict[str, Any]]) -> str:
    """An order of every product that has stock, one of each, and of one product a hundred thousand."""
    order = running.sales.rows("salesorders?$filter=statecode eq 0&$top=1")
    seed = order[0] if order else running.sales.rows("salesorders?$top=1")[0]
    body = {
        "name": "Everything",
        "customerid_account@odata.bind": f"/accounts({seed['_customerid_value']})",
        "transactioncurrencyid@odata.bind": f"/transactioncurrencies({seed['_transactioncurrencyid_value']})",
        "pricelevelid@odata.bind": f"/pricelevels({seed['_pricelevelid_value']})",
    }
    units = {one["productid"]: one["_defaultuomid_value"] for one in running.sales.rows("products")}
    lines = [line(product, units[product], 1) for product, row in rows.items() if row["Inventory"] >= 1]
    lines[0]["quantity"] = 100_000
    write_in = {"isproductoverridden": True, "productdescription": "Freight", "quantity": 1, "priceperunit": 100}
    return running.sales.create("salesorders", {**body, "order_details": [*lines, write_in]})


# -- a product ------------------------------------------------------------------------------------------------------


def test_a_product_shows_stock_unit_and_age(forms: Forms, rows: dict[str, dict[str, Any]], pictures: Path) -> None:
    row = in_stock(rows)
    page = forms.open("product", row["CRM_ID"])
    level, text = page.notification()
    amount = f"{row['Inventory']:,.5f}".rstrip("0").rstrip(".")
    assert level == "INFO"
    assert text.startswith(f"In stock: {amount} {row['UOM']} (item {row['ItemNo']}). As of ")
    assert re.search(r"As of (\d+ (seconds?|minutes?) ago|now) \(\d", text), text
    assert len(page.requests(SERVICE)) == 1
    for dark in (False, True):
        shown = forms.open("product", row["CRM_ID"], dark=dark)
        shown.notification()
        shown.until("document.querySelector('[data-level]')")
        shown.picture(pictures / f"product-{'dark' if dark else 'light'}.png")


@pytest.mark.parametrize("language", [NORWEGIAN, NYNORSK])
def test_who_reads_norwegian_gets_norwegian(forms: Forms, rows: dict[str, dict[str, Any]], language: str) -> None:
    row = next(one for one in rows.values() if one["Inventory"] >= 1000 or one["Inventory"] % 1)
    page = forms.open("product", row["CRM_ID"], language=language)
    _, text = page.notification()
    amount = page.evaluate(f"new Intl.NumberFormat('nb', {{maximumFractionDigits: 5}}).format({row['Inventory']})")
    assert text.startswith(f"På lager: {amount} {row['UOM']} (vare {row['ItemNo']}). Oppdatert for ")
    assert " siden (" in text


def test_any_other_language_is_english(forms: Forms, rows: dict[str, dict[str, Any]]) -> None:
    _, text = forms.open("product", in_stock(rows)["CRM_ID"], language=GERMAN).notification()
    assert text.startswith("In stock: ")


def test_a_stale_answer_is_a_warning(forms: Forms, rows: dict[str, dict[str, Any]]) -> None:
    forms.aged(2400)
    page = forms.open("product", in_stock(rows)["CRM_ID"])
    level, text = page.notification()
    forms.aged(0)
    assert (level, "Old: Business Central may be away." in text) == ("WARNING", True)
    assert re.search(r"As of (39|40|41) minutes ago", text), text


def test_without_current_numbers_it_says_so_and_asks_again_by_itself(
    forms: Forms, rows: dict[str, dict[str, Any]]
) -> None:
    forms.aged(8000)
    page = forms.open("product", in_stock(rows)["CRM_ID"], stopped=True)
    assert page.notification() == (
        "WARNING", "No stock shown: Business Central is away (503). Trying again in 5 s. "
    )  # fmt: skip
    forms.aged(0)
    page.advance(6)
    page.until("form.ui.formNotifications[0]?.level === 'INFO'")


def test_a_refused_key_is_for_an_administrator(forms: Forms, rows: dict[str, dict[str, Any]]) -> None:
    forms.connect(accesskey="not-the-key-that-was-published")
    page = forms.open("product", in_stock(rows)["CRM_ID"])
    expected = "No stock shown: the gateway refuses the key (401). Tell an administrator. "
    assert page.notification() == ("ERROR", expected)


def test_a_page_the_gateway_does_not_allow_is_told_apart_from_a_gateway_that_is_away(
    forms: Forms, rows: dict[str, dict[str, Any]]
) -> None:
    row = in_stock(rows)
    level, text = forms.open("product", row["CRM_ID"], at=forms.server.elsewhere).notification()
    assert (level, text) == (
        "ERROR",
        f"No stock shown: the gateway's CORS_ORIGINS lack {forms.server.elsewhere}. Tell an administrator. ",
    )
    forms.connect(url=f"http://127.0.0.1:{free_port()}/ODataV4/{SERVICE}")
    level, text = forms.open("product", row["CRM_ID"]).notification()
    assert (level, text) == ("WARNING", "No stock shown: the gateway does not answer. Trying again in 30 s. ")


def test_an_answer_that_does_not_come_is_waited_for_eight_seconds(
    forms: Forms, rows: dict[str, dict[str, Any]]
) -> None:
    forms.at("/silent")
    page = forms.open("product", in_stock(rows)["CRM_ID"], stopped=True)
    page.asks("/silent", 1)
    page.advance(9)
    assert page.notification() == ("WARNING", "No stock shown: no answer within 8 s. Trying again in 30 s. ")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/nothing-here", "company unknown to the gateway"),
        ("/not-json", "unexpected answer (JSON)"),
        ("/teapot", "unexpected answer (418)"),
        ("/busy", "too many questions"),
    ],
)
def test_what_else_may_stand_at_the_address_is_named(
    forms: Forms, rows: dict[str, dict[str, Any]], path: str, expected: str
) -> None:
    forms.server.answers = {
        f"/not-json/{SERVICE}": lambda: (200, {"Content-Type": "text/html"}, b"<html>"),
        f"/teapot/{SERVICE}": lambda: (418, {}, b""),
        f"/busy/{SERVICE}": lambda: (429, {"Retry-After": "20"}, b""),
    }
    forms.at(path)
    _, text = forms.open("product", in_stock(rows)["CRM_ID"]).notification()
    assert text.startswith(f"No stock shown: {expected}. ")
    assert ("Trying again in 20 s." in text) == (path == "/busy")


@pytest.mark.parametrize("address", ["no address", "ftp://stock.example/x", "javascript:alert(1)"])
def test_an_address_that_is_none_is_named(forms: Forms, rows: dict[str, dict[str, Any]], address: str) -> None:
    forms.connect(url=address)
    level, text = forms.open("product", in_stock(rows)["CRM_ID"]).notification()
    assert (level, text) == (
        "ERROR", "No stock shown: the published address is unusable. Tell an administrator. "
    )  # fmt: skip


@pytest.mark.parametrize("tail", ["", "/"])
def test_the_address_of_a_company_is_enough(forms: Forms, rows: dict[str, dict[str, Any]], tail: str) -> None:
    """Older releases wrote that."""
    forms.connect(url=forms.connection["nav_dynamicsnavodataurl"].removesuffix(f"/{SERVICE}") + tail)
    assert forms.open("product", in_stock(rows)["CRM_ID"]).notification()[0] == "INFO"


def test_unpublished_says_so_once_and_asks_nobody(forms: Forms, rows: dict[str, dict[str, Any]]) -> None:
    forms.connect(url=None, username=None, accesskey=None)
    page = forms.open("product", in_stock(rows)["CRM_ID"])
    assert page.notification() == (
        "ERROR", "No stock shown: not published to Sales. Tell an administrator. "
    )  # fmt: skip
    assert page.requests("ODataV4") == []


def test_who_may_not_read_the_connection_learns_which_role_is_missing(
    forms: Forms, rows: dict[str, dict[str, Any]]
) -> None:
    unit = forms.sales.rows("businessunits")[0]["businessunitid"]
    user = forms.sales.create(
        "systemusers",
        {"firstname": "No", "lastname": "Role", "businessunitid@odata.bind": f"/businessunits({unit})"},
    )
    role = forms.sales.create("roles", {"name": "Nothing", "businessunitid@odata.bind": f"/businessunits({unit})"})
    link = {"@odata.id": f"{forms.sales.root}/roles({role})"}
    forms.sales.write("POST", f"systemusers({user})/systemuserroles_association/$ref", link)
    page = forms.open("product", in_stock(rows)["CRM_ID"], **{"as": user})
    _, text = page.notification()
    assert text.startswith("No stock shown: you lack the role Product Availability User.")


def test_a_product_without_an_item_is_named_as_such(forms: Forms, rows: dict[str, dict[str, Any]]) -> None:
    stranger = next(one for one in forms.sales.rows("products") if one["productid"] not in rows)
    level, text = forms.open("product", stranger["productid"]).notification()
    assert level == "INFO"
    assert text.startswith("No stock: not coupled to an item. As of ")


def test_a_product_that_is_not_saved_yet_shows_nothing(forms: Forms) -> None:
    page = forms.open("product", "11111111-2222-4333-8444-555555555555", new="1")
    page.until("window.BridgeStock")
    assert page.evaluate("form.ui.formNotifications === undefined")
    assert page.requests("nav_connections") == []


def test_of_several_companies_the_one_on_the_form_is_asked(forms: Forms, rows: dict[str, dict[str, Any]]) -> None:
    wrong = {"nav_name": "A company before it", "nav_dynamicsnavodataurl": f"{forms.server.origin}/nothing-here"}
    other = forms.sales.create("nav_connections", {**wrong, "nav_dynamicsnavodataaccesskey": "x"})
    try:
        name = forms.sales.rows(f"nav_connections?$filter=nav_connectionid ne {other}")[0]["nav_name"]
        row = in_stock(rows)
        assert forms.open("product", row["CRM_ID"], company=name[:30]).notification()[0] == "INFO"
        assert "company unknown" in forms.open("product", row["CRM_ID"]).notification()[1]
    finally:
        forms.sales.write("DELETE", f"nav_connections({other})")


def test_the_form_asks_again_when_it_is_saved(forms: Forms, rows: dict[str, dict[str, Any]]) -> None:
    page = forms.open("product", in_stock(rows)["CRM_ID"], stopped=True)
    page.notification()
    page.evaluate("form.data.loadEventHandlers.forEach((one) => one())")
    assert len(page.requests(SERVICE)) == 1, "it has only just asked"
    page.advance(3)
    page.evaluate("form.data.loadEventHandlers.forEach((one) => one())")
    page.asks(SERVICE, 2)


def test_the_key_is_shown_to_nobody(forms: Forms, rows: dict[str, dict[str, Any]]) -> None:
    """Neither on the page nor in the console nor in an address, whether it is good or refused."""
    for key in (forms.connection["nav_dynamicsnavodataaccesskey"], "a-key-that-is-refused"):
        forms.connect(accesskey=key)
        page = forms.open("product", in_stock(rows)["CRM_ID"], panel=PANEL)
        page.until("frames[0].document.querySelector('[role=status]').textContent")
        shown = page.evaluate("document.documentElement.outerHTML + frames[0].document.documentElement.outerHTML")
        assert key not in shown
        assert key not in json.dumps([page.said(), page.requests("")])


# -- lines ----------------------------------------------------------------------------------------------------------


def test_an_order_of_many_lines_is_one_question(forms: Forms, rows: dict[str, dict[str, Any]], long_order: str) -> None:
    page = forms.open("salesorder", long_order)
    level, text = page.notification()
    count = sum(1 for row in rows.values() if row["Inventory"] >= 1)
    assert count >= 8
    assert level == "WARNING"
    assert text.startswith(f"Stock: enough for {count - 1} of {count} lines. Not enough: ")
    assert "(100,000 needed, " in text
    assert len(page.requests(SERVICE)) == 1
    assert len(page.requests("salesorderdetails")) == 1
    assert len(page.requests("nav_connections")) == 1


def test_as_many_products_as_the_script_asks_for_at_once_fit_one_address(forms: Forms) -> None:
    found = re.search(rb"AT_ONCE = (\d+)", SCRIPT.content)
    assert found is not None
    ids = ",".join(str(uuid4()) for _ in range(int(found[1])))
    address = f"{forms.connection['nav_dynamicsnavodataurl']}?$filter={quote(f'CRM_ID in ({ids})', safe='()')}"
    assert len(address) + 250 < 8000, "a company's address may be as long as Sales keeps"
    assert forms.ask(address).status_code == 200


def test_the_panel_is_a_table_for_eye_keyboard_and_screen_reader(
    forms: Forms, rows: dict[str, dict[str, Any]], long_order: str, pictures: Path
) -> None:
    page = forms.open("salesorder", long_order, panel=PANEL)
    page.until("frames[0].document.querySelector('tbody tr')")
    read = page.aria(frame="iframe")
    assert '- table "Stock of the lines"' in read
    assert all(f'columnheader "{name}"' in read for name in ("Product", "Ordered", "In stock", "Enough?"))
    assert "- rowheader" in read
    assert '- status: "Stock: enough for' in read or "- status: 'Stock: enough for" in read
    assert '- button "Refresh"' in read
    assert page.evaluate("frames[0].document.querySelectorAll('tbody tr.short').length") == 1
    assert page.evaluate("frames[0].document.documentElement.lang") == "en"
    for dark in (False, True):
        shown = forms.open("salesorder", long_order, panel=PANEL, dark=dark)
        shown.until("frames[0].document.querySelector('tbody tr')")
        shown.picture(pictures / f"order-{'dark' if dark else 'light'}.png")


def test_the_refresh_button_is_reached_and_pressed_by_keyboard(forms: Forms, long_order: str) -> None:
    page = forms.open("salesorder", long_order, panel=PANEL, language=NORWEGIAN)
    page.until("frames[0].document.querySelector('tbody tr')")
    assert page.evaluate("frames[0].document.querySelector('button').textContent") == "Oppdater"
    assert page.evaluate("frames[0].document.documentElement.lang") == "nb"
    page.press("Tab")
    page.until("document.activeElement === document.querySelector('iframe')")
    page.press("Enter")
    page.asks(SERVICE, 2)
    page.until("frames[0].document.querySelector('.bar span').textContent.startsWith('Oppdatert')")
    assert page.evaluate("frames[0].document.activeElement.tagName") == "BUTTON"


def test_with_a_panel_only_what_is_wrong_is_said_above_the_form(forms: Forms, rows: dict[str, dict[str, Any]]) -> None:
    page = forms.open("product", in_stock(rows)["CRM_ID"], panel=PANEL)
    page.until("frames[0].document.querySelector('[role=status]').textContent.startsWith('In stock')")
    assert page.evaluate("(form.ui.formNotifications || []).length") == 0
    forms.connect(accesskey="not-the-key-that-was-published")
    refused = forms.open("product", in_stock(rows)["CRM_ID"], panel=PANEL)
    assert refused.notification()[0] == "ERROR"
    refused.until("frames[0].document.body.className === 'error'")


def test_lines_of_quotes_and_opportunities_are_found(forms: Forms) -> None:
    for table in ("quote", "opportunity"):
        found = forms.sales.rows(f"{'opportunities' if table == 'opportunity' else 'quotes'}?$top=1")
        if table == "opportunity" and not found:
            made = forms.sales.create("opportunities", {"name": "Empty"})
            _, text = forms.open(table, made).notification()
            assert text == "No lines with products. "
            continue
        _, text = forms.open(table, found[0][f"{table}id"]).notification()
        assert text.startswith(("Stock: enough for ", "No lines with products."))


def test_lines_that_cannot_be_compared_are_named_and_not_counted(
    forms: Forms, rows: dict[str, dict[str, Any]], long_order: str
) -> None:
    """A service, and a line in another unit than the item's; two lines of one product are added up."""
    products = {one["productid"]: one for one in forms.sales.rows("products")}
    service = next(one for one in products.values() if one["producttypecode"] == 3)
    row = next(one for one in rows.values() if one["Inventory"] >= 3)
    other = next(one for one in rows.values() if one["Inventory"] >= 1 and one["UOM"] != row["UOM"])
    unit = forms.sales.create(
        "uoms",
        {
            "name": "PALLET",
            "quantity": 100,
            "uomscheduleid@odata.bind": f"/uomschedules({products[other['CRM_ID']]['_defaultuomscheduleid_value']})",
            "baseuom@odata.bind": f"/uoms({products[other['CRM_ID']]['_defaultuomid_value']})",
        },
    )
    forms.sales.create(
        "productpricelevels",
        {
            "pricelevelid@odata.bind": f"/pricelevels({forms.sales.rows('pricelevels')[0]['pricelevelid']})",
            "productid@odata.bind": f"/products({other['CRM_ID']})",
            "uomid@odata.bind": f"/uoms({unit})",
            "amount": 1,
        },
    )
    like = forms.sales.get(f"salesorders({long_order})")
    half = row["Inventory"] // 2 + 1
    order = forms.sales.create(
        "salesorders",
        {
            "name": "Mixed",
            "customerid_account@odata.bind": f"/accounts({like['_customerid_value']})",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({like['_transactioncurrencyid_value']})",
            "order_details": [
                line(service["productid"], service["_defaultuomid_value"], 1),
                line(other["CRM_ID"], unit, 1),
                line(row["CRM_ID"], products[row["CRM_ID"]]["_defaultuomid_value"], half),
                line(row["CRM_ID"], products[row["CRM_ID"]]["_defaultuomid_value"], half),
            ],
        },
    )
    level, text = forms.open("salesorder", order).notification()
    assert level == "WARNING"
    assert text.startswith("Stock: enough for 0 of 2 lines. Not enough: ")
    assert " needed, " in text
    assert f"No item: {service['name']}. Other unit: {products[other['CRM_ID']]['name']}. As of " in text


def test_a_line_added_in_the_grid_is_asked_for(forms: Forms, long_order: str) -> None:
    page = forms.open("salesorder", long_order, stopped=True)
    page.notification()
    page.advance(3)
    page.evaluate(
        "form.ui.controls.get((one) => one.getControlType() === 'subgrid')[0].onLoadHandlers.forEach((f) => f())"
    )
    page.asks("salesorderdetails", 2)
    page.asks(SERVICE, 2)


# -- the sandbox's own pages, which load what was deployed as Sales does ----------------------------------------------


def test_a_product_of_the_sandbox_shows_what_the_deployed_script_says(
    forms: Forms, sandbox: SandboxProcess, rows: dict[str, dict[str, Any]], pictures: Path
) -> None:
    row = in_stock(rows)
    page = forms.visit(f"{sandbox.env['SALES_URL']}/face/products/{row['CRM_ID']}")
    text = page.until("document.querySelector('#form-notifications p.done')?.textContent")
    assert f"{row['UOM']} (item {row['ItemNo']}). As of " in text
    assert len(page.requests(SERVICE)) == 1
    assert page.said() == []
    page.picture(pictures / "sandbox-product.png")


def test_an_order_of_the_sandbox_shows_its_lines_as_a_table(
    forms: Forms, sandbox: SandboxProcess, long_order: str, pictures: Path
) -> None:
    page = forms.visit(f"{sandbox.env['SALES_URL']}/face/orders/{long_order}")
    assert "Not enough: " in page.until("document.querySelector('#form-notifications p.hint')?.textContent")
    page.until("frames[0].document.querySelector('tbody tr')")
    assert page.said() == []
    page.picture(pictures / "sandbox-order.png")

"""Our clients against both stand-ins over real HTTP, with the real msal: what each side believes of the other holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from bridge.clients.business_central import BatchRequest, BusinessCentral, BusinessCentralCompany
from bridge.clients.calls import Calls
from bridge.clients.companion import CreatedOrder, RefusedOrder
from bridge.clients.errors import CompanionMissing, Conflict, NotFound, Refused, RemoteError, SignInRefused, Unreachable
from bridge.clients.odata import quote_text
from bridge.clients.sales import ChangeSet, Read, Sales, Write
from bridge.clients.sign_in import EntraSignIn
from bridge.clients.transport import Transport
from bridge.records import Side
from tests.clients.scripted import FakePace
from tests.processes import SandboxProcess

NOBODY = "00000000-0000-0000-0000-00000000dead"
BC_SCOPE = "https://api.businesscentral.dynamics.com/.default"


@dataclass
class Clients:
    bc: BusinessCentral
    company: BusinessCentralCompany
    sales: Sales
    calls: Calls
    time: FakePace


@pytest.fixture
def clients(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    env, calls, time = sandbox.env, Calls(), FakePace()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", env["REQUESTS_CA_BUNDLE"])
    sign_in = EntraSignIn(
        env["ENTRA_AUTHORITY"],
        env["ENTRA_TENANT_ID"],
        env["ENTRA_CLIENT_ID"],
        scope=BC_SCOPE,
        secret=env["ENTRA_CLIENT_SECRET"],
    )
    settings: dict[str, Any] = {"calls": calls, "timeout": 30.0, "stop": threading.Event(), "pace": time.pace()}
    bc = Transport(Side.BUSINESS_CENTRAL, env["BC_URL"], sign_in, concurrency=4, **settings)
    to_sales = sign_in.for_scope(f"{env['SALES_URL']}/.default")
    sales = Transport(Side.SALES, env["SALES_URL"], to_sales, concurrency=8, **settings)
    client = BusinessCentral(bc)
    yield Clients(client, client.in_company(client.companies()[0]), Sales(sales), calls, time)
    bc.close()
    sales.close()


def an_order(clients: Clients, reference: str = "TEST-1", **changes: Any) -> dict[str, Any]:
    item = a_saleable_item(clients)
    line = {
        "sequence": 10000,
        "lineType": "Item",
        "lineObjectNumber": item["number"],
        "unitOfMeasureCode": item["baseUnitOfMeasureCode"],
        "quantity": Decimal("2"),
        "unitPrice": Decimal("12.35"),
        "discountAmount": Decimal("1.10"),
    }
    return {"yourReference": reference, "customerNumber": a_customer(clients), "lines": [line], **changes}


def a_saleable_item(clients: Clients) -> dict[str, Any]:
    rows = clients.company.rows("items", purpose="read items", filter="type eq 'Inventory' and blocked eq false", top=1)
    return next(rows)


def a_customer(clients: Clients) -> str:
    rows = clients.company.rows("customers", purpose="read customers")
    return next(row["number"] for row in rows if row["blocked"] in ("", " ", "_x0020_"))


def test_items_are_read_page_by_page(sandbox, clients):
    whole = list(clients.company.rows("items", purpose="read items", select=("id", "number"), fresh=True))
    paged = list(clients.company.rows("items", purpose="read items in pages", select=("id", "number"), page_size=7))

    assert len(whole) >= 40
    assert [row["number"] for row in paged] == [row["number"] for row in whole]
    assert len([r for r in sandbox.requests() if r["path"].endswith("/items")]) == 1 + -(-len(whole) // 7)


def test_texts_with_odd_letters_can_be_filtered_by(clients):
    name = "Ole & Åse's 100% + more; a/b?#"
    customer = clients.company.create("customers", {"displayName": name}, purpose="create customer")

    found = clients.company.rows("customers", purpose="find customer", filter=f"displayName eq {quote_text(name)}")

    assert [row["id"] for row in found] == [customer["id"]]


def test_sales_orders_are_read_with_their_lines_page_by_page(clients):
    rows = list(clients.sales.rows("salesorders", purpose="read orders", expand="order_details", page_size=2))

    assert len(rows) > 2
    assert len({row["salesorderid"] for row in rows}) == len(rows)
    assert any(row["order_details"] for row in rows)
    amounts = [row["totalamount"] for row in rows if row["totalamount"] is not None]
    assert amounts
    assert not any(isinstance(amount, float) for amount in amounts)


def test_who_am_i(clients):
    me = clients.sales.who_am_i()

    assert me.user_id == clients.sales.row("systemusers", me.user_id, purpose="read user")["systemuserid"]


def test_records_come_and_go_on_both_sides(clients):
    contact = clients.company.create("contacts", {"displayName": "Kari", "type": "Person"}, purpose="create contact")
    changed = clients.company.update("contacts", contact["id"], {"city": "Bergen"}, purpose="change contact")
    assert (changed["displayName"], changed["city"]) == ("Kari", "Bergen")
    with pytest.raises(Conflict):
        clients.company.update("contacts", contact["id"], {}, purpose="change contact", etag=contact["@odata.etag"])
    clients.company.delete("contacts", contact["id"], purpose="delete contact")
    with pytest.raises(NotFound):
        clients.company.row("contacts", contact["id"], purpose="read contact")

    account = clients.sales.create("accounts", {"name": "Fjord & Sønn"}, purpose="create account")
    before = clients.sales.row("accounts", account, purpose="read account", select=("name",))
    clients.sales.update("accounts", account, {"name": "Fjord"}, purpose="change account", etag=before["@odata.etag"])
    with pytest.raises(Conflict):
        clients.sales.update("accounts", account, {"name": "X"}, purpose="change", etag=before["@odata.etag"])
    clients.sales.delete("accounts", account, purpose="delete account")
    with pytest.raises(NotFound):
        clients.sales.update("accounts", account, {"name": "Back again"}, purpose="change account")


def test_a_batch_of_business_central_tells_what_became_of_each_part(clients):
    item = a_saleable_item(clients)

    read, missing, made = clients.company.batch(
        [
            BatchRequest("GET", f"items({item['id']})?$select=number"),
            BatchRequest("PATCH", f"items({NOBODY})", {"displayName": "Nothing"}),
            BatchRequest("POST", "contacts", {"displayName": "Batch", "type": "Person"}),
        ],
        purpose="mixed batch",
    )

    assert read.body is not None
    assert read.body["number"] == item["number"]
    assert isinstance(missing.error, NotFound)
    assert made.body is not None
    assert made.body["displayName"] == "Batch"


def test_a_transaction_of_business_central_stands_or_falls_together(clients):
    answers = clients.company.batch(
        [
            BatchRequest("POST", "contacts", {"displayName": "All or none", "type": "Person"}),
            BatchRequest("PATCH", f"items({NOBODY})", {"displayName": "Nothing"}),
        ],
        purpose="transaction",
        snapshot=True,
    )

    assert [answer.ok for answer in answers] == [False, False]
    names = [row["displayName"] for row in clients.company.rows("contacts", purpose="read contacts")]
    assert "All or none" not in names


def test_a_batch_of_sales_tells_what_became_of_each_part(clients):
    account, other = (clients.sales.create("accounts", {"name": n}, purpose="create account") for n in ("A", "B"))

    both, read, neither, refused = clients.sales.batch(
        [
            ChangeSet(
                (Write("PATCH", f"accounts({account})", {"name": "Å1"}), Write("POST", "accounts", {"name": "C"}))
            ),
            Read(f"accounts({account})?$select=name"),
            ChangeSet(
                (
                    Write("PATCH", f"accounts({other})", {"name": "Never"}),
                    Write("PATCH", f"accounts({NOBODY})", {"name": "Nobody"}),
                )
            ),
            Write("PATCH", f"accounts({other})", {"name": "x" * 1000}),
        ],
        purpose="mixed batch",
    )

    assert both.ok
    made = both.ids[-1]
    assert clients.sales.row("accounts", made, purpose="read account", select=("name",))["name"] == "C"
    assert read.body is not None
    assert read.body["name"] == "Å1"
    assert isinstance(neither.error, NotFound)
    assert isinstance(refused.error, Refused)
    untouched = clients.sales.row("accounts", other, purpose="read account", select=("name",))
    assert untouched["name"] == "B", "a change set that fails leaves nothing behind"


def test_whole_orders_are_created_released_and_found(clients):
    good, bad = an_order(clients), an_order(clients, "TEST-2", customerNumber="NOBODY")

    created, refused = clients.company.create_sales_orders([good, bad])

    assert isinstance(created, CreatedOrder)
    assert (created.status, created.existed, created.release_error) == ("Released", False, "")
    [line] = created.lines
    assert (line.quantity, line.unit_price, line.discount_amount) == (Decimal(2), Decimal("12.35"), Decimal("1.10"))
    assert line.net_amount == Decimal("23.60")
    assert isinstance(refused, RefusedOrder)

    [again] = clients.company.create_sales_orders([good])
    assert isinstance(again, CreatedOrder)
    assert (again.order_id, again.existed) == (created.order_id, True)

    [found] = clients.company.find_order_by_reference("TEST-1", good["customerNumber"])
    assert (found.document_type, found.id, found.number) == ("Order", created.order_id, created.order_number)
    assert clients.company.reopen_sales_order(created.order_id) == "Open"
    assert clients.company.release_sales_order(created.order_id) == "Released"
    row = clients.company.row("salesDocuments", created.order_id, purpose="read order", companion=True)
    assert (row["status"], row["yourReference"]) == ("Released", "TEST-1")


def test_a_lost_reply_does_not_make_a_second_order(sandbox, clients):
    """The effect is there, the answer is not: the call is repeated and finds the order it made."""
    request = an_order(clients)
    sandbox.faults({"system": "business-central", "kind": "after", "path": "CreateSalesOrders", "times": 1})

    [created] = clients.company.create_sales_orders([request])

    assert isinstance(created, CreatedOrder)
    assert created.existed
    assert len([order for order in sandbox.bc.orders() if order["yourReference"] == "TEST-1"]) == 1


@pytest.mark.parametrize("kind", ["before", "cut", "429", "500", "502", "503", "504"])
def test_reads_survive_whatever_happens_to_one_of_them(sandbox, clients, kind):
    sandbox.faults({"system": "*", "method": "GET", "kind": kind, "times": 2})

    assert next(clients.company.rows("items", purpose="read items", top=1))
    assert next(clients.sales.rows("accounts", purpose="read accounts", top=1))
    assert clients.time.waits


@pytest.mark.parametrize("kind", ["after", "cut"])
def test_a_create_whose_reply_is_lost_leaves_one_record_and_a_doubt(sandbox, clients, kind):
    sandbox.faults({"system": "sales", "method": "POST", "kind": kind, "times": 1})
    body = {"name": "In doubt"}

    with pytest.raises(RemoteError) as caught:
        clients.sales.batch([Write("POST", "accounts", body)], purpose="create account")

    assert isinstance(caught.value, Unreachable)
    assert caught.value.outcome_unknown
    names = [row["name"] for row in clients.sales.rows("accounts", purpose="read accounts", select=("name",))]
    assert names.count("In doubt") == 1


def test_the_companion_is_there_or_is_missed_by_name(sandbox, clients):
    setup = clients.company.bridge_setup()
    assert setup.company_id == clients.company.company.id
    assert setup.freight_account_number
    assert clients.company.active_row_version() > 0

    sandbox.bc.install_companion(False)
    with pytest.raises(CompanionMissing):
        clients.company.bridge_setup()
    with pytest.raises(CompanionMissing):
        list(clients.company.rows("itemLedgerFeed", purpose="read ledger", companion=True))


def test_a_token_that_was_taken_back_is_renewed_unnoticed(sandbox, clients):
    """The cache believes in it for an hour; the system refuses it, and a new one is fetched."""
    sandbox.bc.call("DELETE", "tokens")

    assert clients.company.active_row_version() > 0
    tokens = [request for request in sandbox.requests() if request["path"].endswith("/oauth2/v2.0/token")]
    assert len(tokens) == 2


def test_a_wrong_secret_is_refused_in_words(sandbox, monkeypatch):
    env = sandbox.env
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", env["REQUESTS_CA_BUNDLE"])
    sign_in = EntraSignIn(
        env["ENTRA_AUTHORITY"], env["ENTRA_TENANT_ID"], env["ENTRA_CLIENT_ID"], scope=BC_SCOPE, secret="wrong"
    )
    transport = Transport(
        Side.BUSINESS_CENTRAL,
        env["BC_URL"],
        sign_in,
        calls=Calls(),
        timeout=30.0,
        concurrency=1,
        stop=threading.Event(),
    )
    with pytest.raises(SignInRefused, match="AADSTS7000215"):
        BusinessCentral(transport).companies()
    transport.close()


def test_what_we_count_is_what_was_asked(sandbox, clients):
    """Our counters are what the promises about round trips are measured by."""
    clients.company.create_sales_orders([an_order(clients, f"TEST-{n}") for n in range(3)])
    clients.company.batch([BatchRequest("GET", "items?$top=1")] * 5, purpose="read items")
    clients.sales.batch([ChangeSet((Write("POST", "accounts", {"name": "A"}),) * 2), Read("accounts")], purpose="x")

    for side in Side:
        asked = [request for request in sandbox.requests() if request["system"] == side.value]
        ours = clients.calls.totals(side)
        assert ours.requests == len(asked)
        assert ours.operations == sum(request["operations"] for request in asked)

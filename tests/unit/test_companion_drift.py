"""The companion's AL source, what our clients ask for, and what the sandbox serves are three tellings of one surface.

The AL cannot be compiled here. Held together are the names and shapes that cross the wire: entity sets with their
fields and verbs, procedures with their parameters, the names in every JSON text.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bridge.availability import items, ledger
from bridge.clients import bc_requests, companion
from bridge.clients.business_central import BusinessCentralCompany
from bridge.clients.errors import RemoteError
from bridge.clients.odata import from_json, to_json
from bridge.coupling import tables as coupling_tables
from bridge.orders.request import LineType, OrderAddress, OrderLine, OrderNote, OrderRequest
from bridge.records import Company
from sandbox.business_central import order_requests, procedures
from sandbox.business_central.bridge_entities import BRIDGE
from sandbox.business_central.schema import Entity
from sandbox.business_central.seed import seed
from sandbox.business_central.state import Company as SandboxCompany
from sandbox.demo_data import demo_company
from tests.clients.scripted import Answer, ScriptedServer, a_transport

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "companion" / "src"

# Ready in the companion for mappings that are still to come; the sandbox does not serve them yet.
ENTITY_SETS_AHEAD: set[str] = set()
PROCEDURES_AHEAD: set[str] = set()

_VERBS = {"InsertAllowed": "POST", "ModifyAllowed": "PATCH", "DeleteAllowed": "DELETE"}


@dataclass(frozen=True)
class Page:
    """What an API page of the companion shows to the outside."""

    name: str
    route: str
    entity: str
    fields: frozenset[str]
    parts: frozenset[str]
    verbs: frozenset[str]


@cache
def pages() -> dict[str, Page]:
    found = {}
    for path in sorted((SOURCE / "pages").glob("*.al")):
        text = path.read_text("utf-8")
        head = text.partition("layout")[0]
        stated = dict(re.findall(r"^    (\w+) = '?([^;']*)'?;", head, re.MULTILINE))
        page = Page(
            name=re.findall(r'^page \d+ "(.+)"', text, re.MULTILINE)[0],
            route="api/{APIPublisher}/{APIGroup}/{APIVersion}".format(**stated),
            entity=stated["EntityName"],
            fields=frozenset(re.findall(r"^ +field\((\w+); ", text, re.MULTILINE)),
            parts=frozenset(re.findall(r"^ +part\((\w+); ", text, re.MULTILINE)),
            verbs=frozenset({"GET", *(verb for name, verb in _VERBS.items() if stated.get(name) != "false")}),
        )
        assert stated["EntitySetName"] not in found, f"{path.name} shows a set that another page shows too"
        found[stated["EntitySetName"]] = page
    return found


@cache
def al_procedures() -> dict[str, tuple[str, ...]]:
    """Every procedure the web service shows, with its parameters in order."""
    text = codeunit("SalesBridge")
    shown = re.findall(r"^    procedure (\w+)\((.*?)\)", text, re.MULTILINE)
    return {name: tuple(re.findall(r'"?(\w+)"?: Text', parameters)) for name, parameters in shown}


@cache
def codeunit(name: str) -> str:
    return (SOURCE / "codeunits" / f"{name}.Codeunit.al").read_text("utf-8")


def body_of(name: str, procedure: str) -> str:
    """One procedure's source, to its end."""
    found = re.search(rf"procedure {procedure}\(.*?^    end;", codeunit(name), re.DOTALL | re.MULTILINE)
    assert found, f"{name} has no procedure {procedure}"
    return found[0]


def names_added(name: str, procedure: str) -> list[str]:
    """The names a procedure puts into its answer, or lists as known."""
    return re.findall(r"\.Add\('(\w+)'", body_of(name, procedure))


@pytest.fixture(scope="module")
def sandbox_company() -> SandboxCompany:
    state = seed(demo_company(), lambda: datetime(2026, 1, 5, 9, 0, tzinfo=UTC))
    return next(iter(state.companies.values()))


def ask_sandbox(company: SandboxCompany, procedure: str, **parameters: str) -> Any:
    return from_json(str(procedures.call(company, procedure, parameters)))


def a_request(company: SandboxCompany) -> OrderRequest:
    """An order that uses every field the product can send."""
    customer = next(row for row in company.tables["customers"] if not row.get("blocked"))
    item = next(row for row in company.tables["items"] if not row.get("blocked"))
    address = OrderAddress("Kaigaten 1", "", "Bergen", "5003", "", "NO")
    agent = next(iter(company.tables["shippingAgents"]))["code"]
    return OrderRequest(
        sales_id="",
        sales_number="DRIFT-1",
        your_reference="DRIFT-1",
        customer_id=customer["id"],
        customer_number=customer["number"],
        external_document_number="PO-1",
        currency_code=company.setup.local_currency,
        requested_delivery_date="2026-02-01",
        payment_terms_code=next(iter(company.tables["paymentTerms"]))["code"],
        shipment_method_code=next(iter(company.tables["shipmentMethods"]))["code"],
        shipping_agent_code=agent,
        payment_discount_percent=Decimal("2"),
        work_description="Ring first.",
        quote_reference="QUO-1",
        bill_to=address,
        ship_to=address,
        discount_amount=Decimal("1.00"),
        lines=(
            OrderLine(
                10000,
                LineType.ITEM,
                item["number"],
                "Text",
                item["baseUnitOfMeasureCode"],
                Decimal(2),
                Decimal("9.50"),
                may_include_vat=True,
            ),
            OrderLine(20000, LineType.COMMENT, description="More text", attached_to=10000),
        ),
        notes=(OrderNote("Subject", "Body", "2026-01-05T08:00:00Z"),),
    )


# --- entity sets -----------------------------------------------------------------------------------------------------


def test_every_page_lies_on_the_route_the_clients_call():
    assert {page.route for page in pages().values()} == {bc_requests.COMPANION_API}


def test_the_companion_shows_what_the_sandbox_serves_and_what_is_ahead():
    assert set(pages()) == set(BRIDGE) | ENTITY_SETS_AHEAD
    assert not set(BRIDGE) & ENTITY_SETS_AHEAD, "served by now: take it off the list"


@pytest.mark.parametrize("entity", BRIDGE.values(), ids=BRIDGE.keys())
def test_an_entity_set_is_the_same_in_al_and_in_the_sandbox(entity: Entity):
    page = pages()[entity.set_name]

    assert page.fields == set(entity.properties)
    assert page.entity == entity.name
    assert page.verbs == entity.verbs


def test_every_page_has_an_id_a_stamp_and_a_row_version():
    for entity_set, page in pages().items():
        assert page.fields >= {"id", "lastModifiedDateTime", "rowVersion"}, entity_set


def test_every_way_between_records_of_the_companion_is_served_by_the_sandbox_too():
    for entity_set, page in pages().items():
        if entity_set in BRIDGE:
            assert page.parts <= set(BRIDGE[entity_set].navigations), entity_set


def test_what_couplings_read_from_the_companion_is_there():
    kinds = coupling_tables.Table | coupling_tables.OptionTable
    read = [value for value in vars(coupling_tables).values() if isinstance(value, kinds) and value.companion]
    assert len(read) >= 2, "resources and shipping agents come from the companion"
    for table in read:
        names = set(getattr(table, "bc_fields", ("id", "code", "displayName")))
        assert names <= pages()[table.bc_set].fields, table


def test_what_the_product_reads_from_the_companion_is_there():
    """Every call with ``companion=True`` in the source: its entity set, the columns it selects, what it expands."""
    asking = re.compile(r"\.rows?\(\s*\"(\w+)\",(?:[^()]|\([^()]*\))*?companion=True")
    called = set()
    for path in (ROOT / "bridge").rglob("*.py"):
        for found in asking.finditer(path.read_text("utf-8")):
            columns = re.search(r"select=\(([^)]*)\)", found[0])
            called.add(found[1])
            assert found[1] in pages(), f"{path.name} asks for {found[1]}"
            names = set(re.findall(r'"(\w+)"', columns[1])) if columns else set()
            assert names <= pages()[found[1]].fields, f"{path.name} selects from {found[1]}"
    assert "salesDocuments" in called
    assert "salesDocumentLines" in pages()["salesDocuments"].parts
    assert {"quantity", "shippedQuantity", "invoicedQuantity"} <= pages()["salesDocumentLines"].fields


def test_what_the_tail_reads_from_the_companion_is_there():
    seen = ledger.Position(last=7, recent=frozenset({7}), row_version=3)
    reads = [
        ledger.new_entries(ledger.Position(), companion=True),
        ledger.new_entries(seen, companion=True),
        items.changed_since(datetime(2026, 1, 5, tzinfo=UTC), companion=True),
        items.after("A", 5, companion=True),
        items.ids(companion=True),
        *items.numbered(["A"], companion=True),
    ]

    for read in reads:
        filtered = read.filter.partition(" ")[0].strip("(")
        assert {*read.select, *filter(None, (filtered, read.orderby))} <= pages()[read.entity_set].fields, read


# --- procedures ------------------------------------------------------------------------------------------------------


def test_the_companion_has_the_procedures_the_sandbox_answers_and_what_is_ahead():
    served = {name: parameters for name, (parameters, _) in procedures.PROCEDURES.items()}
    shown = al_procedures()

    assert {name: shown[name] for name in shown if name not in PROCEDURES_AHEAD} == served
    assert set(shown) >= PROCEDURES_AHEAD
    assert not PROCEDURES_AHEAD & set(served), "served by now: take it off the list"


def test_the_clients_call_procedures_that_are_there_with_their_parameters():
    """Every public method of the companion's client is called once, and what it sent is held against the AL."""
    arguments: dict[str, tuple[Any, ...]] = {
        "bridge_setup": (),
        "active_row_version": (),
        "create_sales_orders": ([{}],),
        "create_sales_quotes": ([{}],),
        "release_sales_quotes": (["1"],),
        "set_order_header": ("1", {}),
        "release_sales_order": ("1",),
        "reopen_sales_order": ("1",),
        "find_order_by_reference": ("REF", "10000"),
        "calculate_availability": ([{}],),
        "write_order_notes": ([{}],),
        "list_order_notes": ("",),
    }
    methods = {name for name, _ in inspect.getmembers(companion.Companion, inspect.isfunction) if name[0] != "_"}
    assert methods == set(arguments), "a method this test does not know"

    with ScriptedServer().running() as server:
        server.will(Answer(400, {"error": {"code": "X", "message": "Only listening."}}))
        transport = a_transport(server.url)
        client = BusinessCentralCompany(transport, Company("11111111-0000-0000-0000-000000000001", "X"))
        for name, given in arguments.items():
            with pytest.raises(RemoteError):
                getattr(client, name)(*given)
        transport.close()

    assert len(server.asked) == len(arguments)
    for asked in server.asked:
        procedure = asked.path.removeprefix(f"/ODataV4/{companion.SERVICE}_")
        assert set(asked.json) == set(al_procedures()[procedure]), procedure


def test_the_web_service_is_published_under_the_name_the_clients_call():
    published = (SOURCE / "webservices" / "SalesBridge.xml").read_text("utf-8")
    number = re.findall(r"^codeunit (\d+)", codeunit("SalesBridge"), re.MULTILINE)[0]

    assert f"<ServiceName>{companion.SERVICE}</ServiceName>" in published
    assert f"<ObjectID>{number}</ObjectID>" in published
    assert companion.SERVICE == procedures.SERVICE


def test_as_many_orders_fit_into_one_call_everywhere():
    in_al = int(re.findall(r"exit\((\d+)\)", body_of("SalesBridge", "MostOrders"))[0])

    assert in_al == companion.ORDERS_PER_CALL == procedures.MOST_ORDERS


# --- names inside the JSON texts -------------------------------------------------------------------------------------


def known_to_al() -> dict[str, set[str]]:
    """The names each part of a request may hold."""
    header = {*names_added("BridgeOrderHeader", "Names"), *names_added("BridgeOrderHeader", "NamesForChange")}
    return {
        "order": {*header, *names_added("BridgeCreateOrder", "KnownNames")},
        "quote": set(names_added("BridgeCreateQuote", "QuoteNames")),
        "address": set(names_added("BridgeOrderHeader", "AddressNames")),
        "line": set(names_added("BridgeOrderLine", "KnownNames")),
        "note": set(names_added("BridgeNotes", "AddFrom")),
    }


def test_requests_hold_the_same_names_in_al_and_in_the_sandbox():
    in_sandbox = {
        "order": set(order_requests._KNOWN),
        "quote": set(order_requests._OF_QUOTE),
        "address": set(order_requests._ADDRESS),
        "line": set(order_requests._LINE),
        "note": set(order_requests._NOTE),
    }

    assert known_to_al() == in_sandbox
    assert set(names_added("BridgeOrderHeader", "NamesForChange")) == set(procedures._SETTABLE)


def test_the_product_sends_no_name_that_al_would_refuse(sandbox_company):
    body, known = a_request(sandbox_company).to_json(), known_to_al()

    assert set(body) <= known["order"]
    assert set(body["billTo"]) | set(body["shipTo"]) <= known["address"]
    for line in body["lines"]:
        assert set(line) <= known["line"]
    for note in body["notes"]:
        assert set(note) <= known["note"]


def test_every_known_name_is_used_where_the_request_is_read():
    """A name that is let in and then dropped would be worse than one that is refused."""
    readers = ("BridgeOrderHeader", "BridgeOrderLine", "BridgeCreateOrder", "BridgeCreateQuote", "BridgeNotes")
    read = "".join(codeunit(name) for name in readers)
    for part, names in known_to_al().items():
        for name in names:
            assert re.search(rf"(Of|Has)\(\w+, '{name}'", read), f"{part}: {name}"


def test_an_order_is_described_by_the_same_names_everywhere(sandbox_company):
    """What AL answers is what the sandbox answers, and the client reads every name of it."""
    [answer] = ask_sandbox(
        sandbox_company, "CreateSalesOrders", requests=to_json([a_request(sandbox_company).to_json()])
    )
    head = names_added("BridgeDocuments", "Head") + names_added("BridgeDocuments", "Describe")
    line = names_added("BridgeDocuments", "LineOf")
    assert head == list(answer)
    assert line == list(answer["lines"][0])

    read = companion._order_result(answer)
    assert isinstance(read, companion.CreatedOrder)
    assert (len(fields(read)), len(fields(read.lines[0]))) == (len(head), len(line))
    assert read.status == "Released"
    assert read.lines[0].quantity == Decimal(2)
    assert all(dataclasses.astuple(read.lines[0])[:3]), "number, id and object of the first line"

    [refused] = ask_sandbox(sandbox_company, "CreateSalesOrders", requests=json.dumps([{}]))
    assert names_added("SalesBridge", "LastFailure") == ["code", "message", "error"]
    assert list(refused) == ["error"]
    assert set(refused["error"]) == {"code", "message"}


def test_found_documents_are_described_by_the_same_names_everywhere(sandbox_company):
    request = dataclasses.replace(a_request(sandbox_company), your_reference="DRIFT-2")
    ask_sandbox(sandbox_company, "CreateSalesOrder", request=to_json(request.to_json()))

    [found] = ask_sandbox(
        sandbox_company, "FindOrderByReference", reference="DRIFT-2", customerNo=request.customer_number
    )

    names = names_added("BridgeFindOrder", "Document")
    assert names == list(found)
    read = companion._document({name: name for name in names} | {"id": found["id"]})
    assert set(dataclasses.astuple(read)) == {*names, found["id"]} - {"id"}


def test_the_setup_is_described_by_the_same_names_everywhere(sandbox_company):
    answer = ask_sandbox(sandbox_company, "GetBridgeSetup")
    names = names_added("BridgeSetup", "AsJson")
    assert names == list(answer)
    assert names_added("BridgeSetup", "ShippingAgents") == list(answer["shippingAgents"][0])

    full = {name: value if value not in ("", False) else True for name, value in answer.items()}
    read = companion._setup(to_json(full))
    assert len(fields(read)) == len(names)
    assert all(dataclasses.astuple(read)), "a name the client does not read leaves its field empty"


def test_archiving_and_notes_are_described_by_the_same_names(sandbox_company):
    request = dataclasses.replace(a_request(sandbox_company), your_reference="DRIFT-3")
    created = ask_sandbox(sandbox_company, "CreateSalesOrder", request=to_json(request.to_json()))
    archived = ask_sandbox(sandbox_company, "ArchiveSalesDocument", documentId=created["orderId"])
    assert names_added("BridgeDocuments", "Archive") == list(archived)

    order = procedures.order(sandbox_company, created["orderId"])
    stamp = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    order_requests.add_note(sandbox_company, order, "By hand", "Hello", stamp, from_bridge=False)
    [note] = ask_sandbox(sandbox_company, "ListOrderNotes", since="")
    assert names_added("BridgeNotes", "List") == list(note)

    known = re.findall(r"Known\.Add\('(\w+)'", body_of("BridgeNotes", "KnownNames"))
    assert tuple(known) == procedures._NOTE_NAMES
    sent = {"documentId": created["orderId"], "id": note["id"], "subject": "By hand", "body": "Hello again"}
    gone = {"documentId": "00000000-0000-0000-0000-000000000000", "subject": "", "body": "", "createdOn": ""}
    written, refused = ask_sandbox(sandbox_company, "WriteOrderNotes", notes=to_json([sent, gone]))
    assert (list(written), list(refused)) == (["id"], ["error"])
    assert companion._written_note(written) == note["id"]
    assert isinstance(companion._written_note(refused), companion.RefusedOrder)


def test_a_promise_is_asked_for_and_answered_by_the_same_names(sandbox_company):
    asked = names_added("BridgeAvailability", "KnownNames")
    item = next(iter(sandbox_company.tables["items"]))["number"]
    question = {"itemNumber": item, "variantCode": "", "locationCode": "", "requestedDate": "2026-02-01", "quantity": 1}
    assert set(asked) == set(question)

    [answer] = ask_sandbox(sandbox_company, "CalculateAvailability", request=to_json([question]))
    assert names_added("BridgeAvailability", "CalculateOne") == list(answer)


# --- the package -----------------------------------------------------------------------------------------------------


def test_the_version_is_the_one_the_sandbox_pretends_to_have():
    assert json.loads((ROOT / "companion" / "app.json").read_text("utf-8"))["version"] == procedures.VERSION


def test_object_numbers_are_unique_and_within_their_range():
    manifest = json.loads((ROOT / "companion" / "app.json").read_text("utf-8"))
    [allowed] = manifest["idRanges"]
    numbers = [
        (kind, int(number))
        for path in SOURCE.rglob("*.al")
        for kind, number in re.findall(
            r"^(page|codeunit|permissionset|tableextension) (\d+)", path.read_text("utf-8"), re.MULTILINE
        )
    ]
    assert len(numbers) == len(set(numbers)) == len(list(SOURCE.rglob("*.al")))
    assert all(allowed["from"] <= number <= allowed["to"] for _, number in numbers)


def test_the_permission_set_covers_every_page_and_codeunit():
    granted = (SOURCE / "permissions" / "SalesBridge.PermissionSet.al").read_text("utf-8")
    objects = [
        found
        for path in SOURCE.rglob("*.al")
        for found in re.findall(r'^(page|codeunit) \d+ ("[^"]+")', path.read_text("utf-8"), re.MULTILINE)
    ]
    assert {f"{kind} {name} = X" for kind, name in objects} == set(re.findall(r"\w+ \"[^\"]+\" = X", granted))


def test_every_codeunit_that_is_named_is_there():
    sources = [path.read_text("utf-8") for path in SOURCE.rglob("*.al")]
    there = {name for text in sources for name in re.findall(r'^codeunit \d+ "([^"]+)"', text, re.MULTILINE)}
    for text in sources:
        assert set(re.findall(r'Codeunit(?: |::)"(Bridge [^"]+)"', text)) <= there


def test_the_readme_says_that_it_has_not_been_compiled():
    text = " ".join((ROOT / "companion" / "README.md").read_text("utf-8").split())

    assert "never been compiled" in text
    assert "tests/unit/test_companion_drift.py" in text

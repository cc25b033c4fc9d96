"""Every entity set that ``$metadata`` names is really served: listed, read by id, narrowed, ordered, and missed by 404.

The world is busy: each set has at least one row, so that no test passes for want of data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from tests.sandbox.bc_client import Client, a_client

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
V2, BRIDGE = "api/v2.0", "api/salesbridge/bridge/v1.0"
NOBODY = "00000000-0000-0000-0000-000000000009"
DOCUMENTED = {
    "accounts", "companyInformation", "contacts", "contactsInformation", "countriesRegions", "currencies",
    "customerFinancialDetails", "customers", "documentAttachments", "generalProductPostingGroups",
    "inventoryPostingGroups", "itemCategories", "itemLedgerEntries", "itemVariants", "items", "jobQueueEntries",
    "locations", "opportunities", "paymentMethods", "paymentTerms", "purchaseOrderLines", "purchaseOrders",
    "salesCreditMemos", "salesInvoiceLines", "salesInvoices", "salesOrderArchives", "salesOrderLines",
    "salesOrders", "salesQuoteArchives", "salesQuoteLines", "salesQuotes", "salesShipmentLines", "salesShipments",
    "salespeoplePurchasers", "shipmentMethods", "taxGroups", "transferOrderLines", "transferOrders",
    "unitsOfMeasure", "vendors",
}  # fmt: skip
"""The entity sets a client of ours or the documents speak of."""
COMPANION = {
    "itemDetails", "resources", "customerPriceGroups", "salesPrices", "priceListHeaders", "priceListLines",
    "shippingAgents", "customerDetails", "vendorDetails", "contactDetails", "opportunityDetails", "postedSalesInvoices",
    "postedSalesInvoiceLines", "salesDocuments", "salesDocumentLines", "customerStatistics", "customerLedgerActivity",
    "itemLedgerFeed",
}  # fmt: skip
PARENTS = {
    "salesOrderLines": ("salesOrders", "documentId"),
    "salesQuoteLines": ("salesQuotes", "documentId"),
    "salesInvoiceLines": ("salesInvoices", "documentId"),
    "purchaseOrderLines": ("purchaseOrders", "documentId"),
    "contactsInformation": ("customers", "relatedId"),
    "documentAttachments": ("salesOrders", "parentId"),
}
"""Sets without a table of their own: a list needs a parent."""
EMPTY = {
    "Edm.String": "''", "Edm.Guid": NOBODY, "Edm.Boolean": "false", "Edm.Date": "2026-01-01", "Edm.Decimal": "0",
    "Edm.Int32": "0", "Edm.Int64": "0", "Edm.DateTimeOffset": "2026-01-01T00:00:00Z",
}  # fmt: skip


class Described:
    """What ``$metadata`` says of a route: types of properties and targets of navigations by entity set."""

    def __init__(self, text: str) -> None:
        schema = ElementTree.fromstring(text)[0][0]
        kinds = {each.get("Name"): each for each in schema.iter(f"{EDM}EntityType")}
        sets = {str(each.get("Name")): kinds[str(each.get("EntityType")).rpartition(".")[2]]
                for each in schema.iter(f"{EDM}EntitySet")}  # fmt: skip
        self.properties = {
            name: {str(p.get("Name")): str(p.get("Type")) for p in kind.iter(f"{EDM}Property")}
            for name, kind in sets.items()
        }
        self.ways = {
            name: [str(p.get("Name")) for p in kind.iter(f"{EDM}NavigationProperty")] for name, kind in sets.items()
        }
        self.members = {
            str(each.get("Name")): str(each[0].get("Name")) for each in schema.iter(f"{EDM}EnumType")
        }  # fmt: skip

    def literal(self, kind: str) -> str:
        """Some value of a type, as a filter writes it."""
        return EMPTY.get(kind) or f"'{self.members[kind.rpartition('.')[2]]}'"


@pytest.fixture(scope="module")
def bc() -> Client:
    """A company in which something of everything has happened."""
    bc = a_client()
    made = [
        bc.send("POST", bc.api("itemVariants"), {"itemNumber": "BOLT", "code": "RED", "description": "Red"}),
        bc.send("POST", bc.api("itemCategories"), {"code": "METAL", "displayName": "Metal"}),
    ]
    for name in ("Order", "Order", "Quote", "Invoice"):
        lines = [{"lineType": "Item", "lineObjectNumber": "BOLT", "quantity": 2}]
        body = {"customerNumber": "100", f"sales{name}Lines": lines}
        made.append(bc.send("POST", bc.api(f"sales{name}s"), body))
    orders = [reply.json for reply in made if "salesOrders" in str(reply.json.get("@odata.context"))]
    attachment = {"parentType": "Sales Order", "parentId": orders[0]["id"], "fileName": "plan.pdf"}
    made.append(bc.send("POST", bc.api("documentAttachments"), attachment))
    assert [reply.status for reply in made] == [201] * len(made), [r.text for r in made if r.status != 201]
    assert bc.send("POST", bc.api(f"salesOrders({orders[1]['id']})/Microsoft.NAV.shipAndInvoice")).status == 204
    invoice = bc.one(bc.api("salesInvoices?$filter=status eq 'Open'"))
    assert bc.send("POST", bc.api(f"salesInvoices({invoice['id']})/Microsoft.NAV.cancel")).status == 204
    contact = bc.get(bc.api("contacts?$top=1")).rows[0]["number"]
    opportunity = {"contactNumber": contact, "salespersonCode": "ANN", "description": "More bolts"}
    assert bc.send("POST", bc.api("opportunities"), opportunity).status == 201
    quote_id = bc.one(bc.api("salesQuotes"))["id"]
    for document in (quote_id, orders[0]["id"]):
        assert bc.told("ArchiveSalesDocument", documentId=document)["versionNo"] == 1
    transfer = {"item": "NUT", "quantity": 5, "from": "MAIN", "to": "NORTH", "transit": "MAIN"}
    for action, given in {
        "order-supply": {"item": "NUT", "quantity": 5, "date": "2030-01-01"},
        "transfer": transfer,
        "set-price": {"item": "NUT", "price": 1, "customer": "100"},
    }.items():
        assert bc.control(action, **given).status == 200, bc.control(action, **given).text
    return bc


@pytest.fixture(scope="module")
def described(bc: Client) -> dict[str, Described]:
    return {route: Described(bc.get(f"{route}/$metadata").text) for route in (V2, BRIDGE)}


def test_every_set_that_is_documented_is_described(described: dict[str, Described]) -> None:
    assert set(described[V2].properties) >= DOCUMENTED
    assert set(described[BRIDGE].properties) >= COMPANION


def served(bc: Client, described: dict[str, Described]) -> Iterator[tuple[str, str, str, Any]]:
    """Each set as (route, name, address of a list, its rows)."""
    for route, names in ((V2, described[V2].properties), (BRIDGE, described[BRIDGE].properties)):
        for name in names:
            if name in {"companies", "subscriptions"}:
                continue
            path = f"{route}/companies({bc.company})/{name}"
            if name in PARENTS:
                assert (bc.get(path).status, bc.get(path).code) == (400, "Application_DialogException"), name
                parent, own = PARENTS[name]
                owner = bc.get(f"{route}/companies({bc.company})/{parent}?$top=1").rows[0]["id"]
                path = f"{path}?$filter={own} eq {owner}"
            reply = bc.get(path)
            assert reply.status == 200, (name, reply.text)
            yield route, name, path, reply.rows


def test_each_set_has_rows_of_exactly_the_properties_it_declares(bc: Client, described: dict[str, Described]) -> None:
    without = set()
    for route, name, _, rows in served(bc, described):
        if not rows:
            without.add(name)
        for row in rows:
            assert set(row) - {"@odata.etag"} == set(described[route].properties[name]), name
            assert row["@odata.etag"].startswith('W/"')
    assert without == set()


def test_each_record_is_read_by_its_id_with_what_is_selected_and_missed_by_404(
    bc: Client, described: dict[str, Described]
) -> None:
    for route, name, _, rows in served(bc, described):
        properties = list(described[route].properties[name])
        base = f"{route}/companies({bc.company})/{name}"
        missing = bc.get(f"{base}({NOBODY})")
        assert (missing.status, missing.code) == (404, "Internal_RecordNotFound"), name
        malformed = bc.get(f"{base}('x')")
        assert (malformed.status, malformed.code) == (404, "BadRequest_NotFound"), name
        if not rows:
            continue
        one = bc.get(f"{base}({rows[0]['id']})").json
        context = one.pop("@odata.context")
        assert one == rows[0], name
        assert context.endswith(f"$metadata#companies({bc.company})/{name}/$entity")
        for property_name in properties:
            chosen = bc.get(f"{base}({rows[0]['id']})?$select={property_name}").json
            assert set(chosen) == {"@odata.context", "@odata.etag", property_name}, (name, property_name)
        unknown = bc.get(f"{base}({rows[0]['id']})?$select=nonsense")
        assert (unknown.status, unknown.code) == (400, "BadRequest"), name


def test_each_property_can_be_filtered_and_ordered_by(bc: Client, described: dict[str, Described]) -> None:
    for route, name, path, rows in served(bc, described):
        known = described[route]
        mark = "&" if "?" in path else "?"
        for property_name, kind in known.properties[name].items():
            condition = f"{property_name} eq {known.literal(kind)}"
            asked = f"{path} and {condition}" if mark == "&" else f"{path}?$filter={condition}"
            found = bc.get(asked)
            assert found.status == 200, (name, condition, found.text)
            assert {row["id"] for row in found.rows} <= {row["id"] for row in rows}
            ordered = bc.get(f"{path}{mark}$orderby={property_name} desc&$select=id")
            assert len(ordered.rows) == len(rows), (name, property_name)
        refused = bc.get(f"{path}{mark}$orderby=nonsense")
        assert (refused.status, refused.code) == (400, "BadRequest"), name
        counted = bc.get(f"{path}{mark}$count=true&$top=1").json
        assert counted["@odata.count"] == len(rows)


def test_each_navigation_leads_somewhere(bc: Client, described: dict[str, Described]) -> None:
    """By the address and by ``$expand``; one that leads to nothing is 404 or null."""
    for route, name, path, rows in served(bc, described):
        mark = "&" if "?" in path else "?"
        for way in described[route].ways[name]:
            expanded = bc.get(f"{path}{mark}$expand={way}($select=id)")
            assert expanded.status == 200, (name, way, expanded.text)
            there = expanded.rows[0][way]
            reply = bc.get(f"{route}/companies({bc.company})/{name}({rows[0]['id']})/{way}")
            if isinstance(there, list):
                assert [row["id"] for row in reply.rows] == [row["id"] for row in there], (name, way)
            elif there is None:
                assert reply.status == 404, (name, way)
            else:
                assert reply.json["id"] == there["id"], (name, way)
        unknown = bc.get(f"{path}{mark}$expand=nonsense")
        assert (unknown.status, unknown.code) == (400, "BadRequest"), name


def test_each_verb_that_is_not_served_is_405(bc: Client, described: dict[str, Described]) -> None:
    """PUT everywhere; POST, PATCH and DELETE where the page does not let write."""
    read_only = 0
    for route, name, _, rows in served(bc, described):
        base = f"{route}/companies({bc.company})/{name}"
        put = bc.send("PUT", f"{base}({rows[0]['id'] if rows else NOBODY})", {})
        assert put.status == (405 if rows else 404), name
        if rows and bc.send("PATCH", f"{base}({rows[0]['id']})", {}, If_Match='W/"no"').status == 405:
            read_only += 1
            refused = bc.send("POST", base, {})
            assert (refused.status, refused.code) == (405, "BadRequest_MethodNotAllowed"), name
            assert bc.send("DELETE", f"{base}({rows[0]['id']})").status == 405, name
    assert read_only > 15


@pytest.mark.parametrize("page", ["Items", "Item_Card", "SalesOrder", "InventoryByLocation"])
def test_each_web_service_is_served_as_it_is_described(bc: Client, page: str) -> None:
    known = Described(bc.get("ODataV4/$metadata").text)
    base = f"ODataV4/Company('{quote('Testing & Sons')}')/{page}"
    rows = bc.get(base).rows
    assert rows
    assert set(rows[0]) - {"@odata.etag"} == set(known.properties[page])
    for name, kind in known.properties[page].items():
        if name == "Date_Filter":  # its values are days and ranges of days
            continue
        assert bc.get(f"{base}?$select={name}").status == 200
        assert bc.get(f"{base}?$filter={name} eq {known.literal(kind)}").status == 200, name
    assert bc.get(f"{base}?$filter=Nonsense eq 1").code == "BadRequest"

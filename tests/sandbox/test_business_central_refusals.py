"""What Business Central refuses, in its words: status, code and text of each, and that nothing is changed by it.

One request a row. ``@name`` in an address or a body is the id of something the fixture made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.sandbox.bc_client import Reply, a_client

NOBODY = "00000000-0000-0000-0000-000000000009"
DIALOG, FIELD, RELATION = (
    "Application_DialogException",
    "Application_FieldValidationException",
    "Internal_InvalidTableRelation",
)
BAD, READ_ONLY, NOT_FOUND = "BadRequest", "BadRequest_InvalidOperation", "BadRequest_NotFound"
LINES, LINE, ORDER = "salesOrders(@order)/salesOrderLines", "salesOrderLines(@line)", "salesOrders(@order)"


class Made:
    """A company with one order of each kind that refusals speak of; ids by name."""

    def __init__(self) -> None:
        self.bc = bc = a_client()
        item = [{"lineType": "Item", "lineObjectNumber": "BOLT", "quantity": 4}]
        self.ids: dict[str, str] = {"bolt": bc.item("BOLT")["id"], "customer": bc.one(
            bc.api("customers?$filter=number eq '100'"))["id"]}  # fmt: skip
        for name in ("order", "released", "shipped"):
            body = {"customerNumber": "100", "salesOrderLines": item}
            order = bc.send("POST", bc.api("salesOrders?$expand=salesOrderLines"), body).json
            self.ids[name] = order["id"]
            self.ids["line" if name == "order" else f"{name}Line"] = order["salesOrderLines"][0]["id"]
            if name == "released":
                bc.control("release", order=order["number"])
            if name == "shipped":
                bc.control("ship", order=order["number"], lines={"10000": 1})
        self.ids["empty"] = bc.send("POST", bc.api("salesOrders"), {"customerNumber": "100"}).json["id"]
        draft = bc.send("POST", bc.api("salesInvoices"), {"customerNumber": "100", "salesInvoiceLines": item}).json
        self.ids["draft"] = draft["id"]
        posted = bc.send("POST", bc.api("salesInvoices"), {"customerNumber": "100", "salesInvoiceLines": item}).json
        assert bc.send("POST", bc.api(f"salesInvoices({posted['id']})/Microsoft.NAV.post")).status == 204
        self.ids["posted"] = posted["id"]
        self.ids["unit"] = bc.one(bc.api("unitsOfMeasure?$filter=code eq 'HOUR'"))["id"]

    def ask(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Reply:
        def put(text: str) -> str:
            return re.sub(r"@(\w+)", lambda found: self.ids[found[1]], text)

        sent = None if body is None else json.loads(put(json.dumps(body)))
        return self.bc.send(method, self.bc.api(put(path)), sent, **headers)


@pytest.fixture(scope="module")
def made() -> Made:
    return Made()


REFUSED: list[tuple[str, str, Any, int, str, str]] = [
    # masters
    ("POST", "customers", {"type": "Company"}, 400, DIALOG, 'A "displayName" must be provided.'),
    ("PATCH", "customers(@customer)", {"displayName": ""}, 400, DIALOG, 'The blank "displayName" is not allowed.'),
    ("POST", "customers", {"number": "100", "displayName": "X"}, 400, "Internal_EntityWithSameKeyExists",
     "The record in table Customer already exists. Identification fields and values: No.='100'"),
    ("POST", "customers", {"displayName": "X", "paymentTermsId": NOBODY}, 400, DIALOG,
     'The "paymentTermsId" does not match to a Payment Terms.'),
    ("POST", "customers", {"displayName": "X", "country": "XX"}, 400, RELATION,
     "The field Country/Region Code of table Customer contains a value (XX) that cannot be found in the related table"
     " (Country/Region)."),
    ("POST", "customers", {"displayName": "X", "email": "nobody"}, 400, DIALOG,
     'The email address "nobody" is not valid.'),
    ("POST", "customers", {"displayName": "X" * 101}, 400, "Application_StringExceededLength",
     f"The length of the string is 101, but it must be less than or equal to 100 characters. Value: {'X' * 101}"),
    ("POST", "customers", {"displayName": "X", "blocked": "Maybe"}, 400, "Unknown",
     "'Maybe' is not an option. The existing options are:  ,Ship,Invoice,All"),
    ("POST", "items", {"displayName": "X", "inventory": 1}, 400, DIALOG,
     "Inventory cannot be changed during on insert."),
    ("POST", "items", {"displayName": "X", "type": "Invalid Type"}, 400, "Unknown",
     "'Invalid Type' is not an option. The existing options are: Inventory,Service,Non-Inventory"),
    ("POST", "items", {"displayName": "X", "baseUnitOfMeasureId": "@unit", "baseUnitOfMeasureCode": "PCS"}, 400, DIALOG,
     "The unit of measure values do not match to a specific Unit of Measure."),
    ("PATCH", "items(@bolt)", {"type": "Service"}, 400, DIALOG,
     "You cannot change Type because there are one or more ledger entries for item BOLT."),
    ("DELETE", "items(@bolt)", None, 400, DIALOG,
     "You cannot delete Item BOLT because there are one or more ledger entries for it."),
    ("POST", "itemVariants", {"itemNumber": "NONE", "code": "X"}, 400, DIALOG,
     "The item values do not match to a specific Item."),
    ("POST", "locations", {"displayName": "X"}, 400, FIELD,
     "Code must have a value in Location. It cannot be zero or empty."),
    ("DELETE", "customers(@customer)", None, 400, DIALOG,
     "You cannot delete Customer 100 because there is at least one outstanding Sales Order for it."),
    # bodies
    ("POST", "items", [], 400, BAD, "Invalid Request Body"),
    ("POST", "items", {"nonsense": 1}, 400, BAD,
     "The property 'nonsense' does not exist on type 'Microsoft.NAV.item'. Make sure to only use property names that "
     "are defined by the type."),
    ("POST", "items", {"lastModifiedDateTime": "2026-01-01T00:00:00Z"}, 400, READ_ONLY,
     "Control 'lastModifiedDateTime' is read-only."),
    ("POST", "items", {"unitPrice": None}, 400, "BadRequest_RequiredParamNotProvided",
     "Field 'unitPrice' must not be blank or empty."),
    ("POST", "items", {"unitPrice": "much"}, 400, BAD,
     "Cannot convert the value 'much' of property 'unitPrice' to Edm.Decimal."),
    ("POST", "items", {"baseUnitOfMeasureId": "x"}, 400, "Application_InvalidGUID",
     "Invalid format of GUID string 'x'."),
    ("POST", "salesOrders", {"customerNumber": "100", "orderDate": "soon"}, 400, BAD,
     "Cannot convert the value 'soon' of property 'orderDate' to Edm.Date."),
    # headers of documents
    ("POST", "salesOrders", {}, 400, DIALOG, 'A "customerNumber" or a "customerId" must be provided.'),
    ("POST", "salesOrders", {"customerNumber": "NONE"}, 400, DIALOG, "The sell-to customer cannot be found."),
    ("POST", "salesOrders", {"customerId": "@customer", "customerNumber": "200"}, 400, DIALOG,
     "The sell-to customer values do not match to a specific Customer."),
    ("POST", "salesOrders", {"customerNumber": "100", "billToCustomerNumber": "NONE"}, 400, DIALOG,
     "The bill-to customer cannot be found."),
    ("POST", "salesOrders", {"customerNumber": "100", "number": "MINE"}, 400, READ_ONLY,
     "Control 'number' is read-only."),
    ("PATCH", ORDER, {"status": "Open"}, 400, READ_ONLY, "Control 'status' is read-only."),
    ("PATCH", "salesOrders(@released)", {"requestedDeliveryDate": "2030-01-01"}, 400, FIELD,
     "Status must be equal to 'Open' in Sales Header: Document Type=Order, No.=SO100002. Current value is 'Released'."),
    ("PATCH", "salesOrders(@released)", {"currencyCode": "EUR"}, 400, FIELD, "Current value is 'Released'."),
    ("PATCH", "salesOrders(@released)", {"customerNumber": "200"}, 400, FIELD, "Current value is 'Released'."),
    ("PATCH", "salesOrders(@released)", {"partialShipping": False}, 400, FIELD, "Current value is 'Released'."),
    ("PATCH", "salesOrderLines(@releasedLine)", {"quantity": 9}, 400, FIELD, "Current value is 'Released'."),
    ("DELETE", "salesOrderLines(@releasedLine)", None, 400, FIELD, "Current value is 'Released'."),
    ("POST", "salesOrders(@released)/salesOrderLines", {"itemId": "@bolt", "quantity": 1}, 400, FIELD,
     "Current value is 'Released'."),
    ("DELETE", "salesOrders(@shipped)", None, 400, FIELD, "Qty. Shipped Not Invoiced must be equal to '0'"),
    ("PATCH", ORDER, {"discountAmount": 1000}, 400, DIALOG,
     "The invoice discount amount 1000 must be between 0 and 10.00."),
    # lines
    ("GET", "salesOrderLines", None, 400, DIALOG, "You must specify an Id or a Document Id to get the lines."),
    ("POST", "salesOrderLines", {"itemId": "@bolt"}, 400, DIALOG, "No document with the specified ID exists."),
    ("POST", "salesOrderLines", {"documentId": NOBODY, "itemId": "@bolt"}, 400, DIALOG,
     "No document with the specified ID exists."),
    ("POST", "salesOrderLines?$filter=documentId eq @order or documentId eq @empty", {"itemId": "@bolt"}, 400, DIALOG,
     "Multiple documents have been found for the specified criteria."),
    ("POST", LINES, {"itemId": "@bolt", "accountId": NOBODY}, 400, DIALOG,
     'Both "itemId" and "accountId" are specified. Specify only one of them.'),
    ("POST", LINES, {"itemId": NOBODY}, 400, DIALOG, "Item does not exist."),
    ("POST", LINES, {"accountId": NOBODY}, 400, DIALOG, "Account does not exist."),
    ("POST", LINES, {"itemId": "@bolt", "sequence": 10000}, 400, DIALOG,
     "You cannot insert a line because a line already exists."),
    ("POST", LINES, {"lineType": "Item", "lineObjectNumber": "GONE"}, 400, FIELD,
     "Blocked must be equal to 'No' in Item: No.=GONE"),
    ("PATCH", LINE, {"documentId": NOBODY}, 400, DIALOG, 'The value for "documentId" cannot be modified.'),
    ("PATCH", LINE, {"sequence": 5}, 400, DIALOG,
     "The value for sequence cannot be modified. Delete and insert the line again."),
    ("PATCH", LINE, {"lineObjectNumber": "NUT"}, 400, DIALOG, 'The value for "lineObjectNumber" cannot be modified.'),
    ("PATCH", LINE, {"shippedQuantity": 1}, 400, READ_ONLY, "Control 'shippedQuantity' is read-only."),
    ("PATCH", "salesOrderLines(@shippedLine)", {"quantity": 0}, 400, FIELD, ""),
    ("PATCH", ORDER, {"salesOrderLines": []}, 400, BAD, "The property 'salesOrderLines' does not exist"),
    # actions
    ("POST", "salesOrders(@empty)/Microsoft.NAV.shipAndInvoice", None, 400, DIALOG,
     "Please add at least one line item to the estimate."),
    ("POST", "salesInvoices(@posted)/Microsoft.NAV.post", None, 400, DIALOG,
     "The action can be applied to a draft invoice only."),
    ("POST", "salesInvoices(@draft)/Microsoft.NAV.cancel", None, 400, DIALOG,
     "The action can be applied to a posted invoice only."),
    ("POST", "salesOrders(@order)/Microsoft.NAV.release", None, 404, "BadRequest_ResourceNotFound",
     "Resource not found for the segment 'Microsoft.NAV.release'."),
    ("POST", "items(@bolt)/Microsoft.NAV.anything", None, 501, "BadRequest_MethodNotImplemented", ""),
    ("PATCH", "salesInvoices(@posted)", {"customerNumber": "200"}, 400, DIALOG,
     "The action can be applied to a draft invoice only."),
    ("DELETE", "salesInvoices(@posted)", None, 400, DIALOG, "The action can be applied to a draft invoice only."),
    # addresses, verbs, queries
    ("GET", "nothing", None, 404, "BadRequest_ResourceNotFound", "Resource not found for the segment 'nothing'."),
    ("GET", "items!", None, 400, "BadRequest_InvalidRequestUrl", "The request URI is not valid: 'items!'."),
    ("GET", f"items({NOBODY})", None, 404, "Internal_RecordNotFound", "The Item does not exist."),
    ("GET", "items('BOLT')", None, 404, NOT_FOUND, "Bad Request - Error in query syntax: invalid key ''BOLT''."),
    ("PUT", "items(@bolt)", {}, 405, "BadRequest_MethodNotAllowed",
     "'PUT' requests for 'items' of EdmType 'Entity' are not allowed within Microsoft Dynamics NAV OData web "
     "services."),
    ("GET", "items?$filter=nonsense eq 1", None, 400, BAD,
     "Could not find a property named 'nonsense' on type 'Microsoft.NAV.item'."),
    ("GET", "items?$select=nonsense", None, 400, BAD,
     "Could not find a property named 'nonsense' on type 'Microsoft.NAV.item'."),
    ("GET", "items?$filter=number eq", None, 400, NOT_FOUND, "Bad Request - Error in query syntax"),
    ("GET", "items?$filter=unitPrice eq 'x'", None, 400, BAD, "'unitPrice' is of type Edm.Decimal"),
    ("GET", "items?$top=-1", None, 400, NOT_FOUND, "Bad Request - Error in query syntax"),
    ("GET", "items?$skiptoken=old", None, 400, "SkipTokenIsNoLongerValid", "The skip token is no longer valid."),
]  # fmt: skip


def rows_of(made: Made) -> dict[str, Any]:
    return {name: table.rows for name, table in made.bc.world.take_out().tables.items()}


@pytest.mark.parametrize(("method", "path", "body", "status", "code", "says"), REFUSED)
def test_it_is_refused(made: Made, method: str, path: str, body: Any, status: int, code: str, says: str) -> None:
    before = rows_of(made)
    headers = {"If_Match": "*"} if method == "PATCH" else {}
    reply = made.ask(method, path, body, headers)
    assert (reply.status, reply.code) == (status, code), reply.text
    assert says in reply.message
    assert rows_of(made) == before


@pytest.mark.parametrize("path", ["items(@bolt)", ORDER, LINE, "salesInvoices(@draft)", "customers(@customer)"])
def test_a_change_names_the_version_it_is_of(made: Made, path: str) -> None:
    for headers in ({}, {"If_Match": "nonsense"}):
        missing = made.ask("PATCH", path, {}, headers)
        assert (missing.status, missing.code) == (400, "BadRequest_InvalidToken")
        assert missing.message == (
            "Could not validate the client concurrency token required by the service. Please provide a valid token in "
            "the client request."
        )
    for method in ("PATCH", "DELETE"):
        stale = made.ask(method, path, {}, {"If_Match": 'W/"JzIwOzA5OTk5OTk5OTk5OTk5OTk5OTAxOzAwOyc="'})
        assert (stale.status, stale.code) == (409, "Request_EntityChanged")
        assert stale.message == "Another user has already changed the record."
    stale = made.ask("POST", "salesOrders(@order)/Microsoft.NAV.shipAndInvoice", None, {"If_Match": 'W/"x"'})
    assert (stale.status, stale.code) == (409, "Request_EntityChanged")


def test_what_must_stay_open_on_a_released_order_stays_open(made: Made) -> None:
    """External number, dates, terms, salesperson and the address of delivery are not guarded by the status."""
    terms = made.bc.one(made.bc.api("paymentTerms?$filter=code eq 'CASH'"))["id"]
    for body in (
        {"externalDocumentNumber": "later"},
        {"orderDate": "2026-02-03"},
        {"postingDate": "2026-02-03"},
        {"paymentTermsId": terms},
        {"salesperson": "ANN"},
        {"shipToCity": "Voss"},
    ):
        reply = made.ask("PATCH", "salesOrders(@released)", body, {"If_Match": "*"})
        assert (reply.status, reply.json["status"]) == (200, "Open"), reply.text

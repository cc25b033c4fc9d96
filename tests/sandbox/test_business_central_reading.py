"""What the Business Central stand-in answers to reads, and what it refuses in the real one's codes."""

from __future__ import annotations

import pytest

from tests.sandbox.bc_client import Client, a_client


@pytest.fixture(scope="module")
def bc() -> Client:
    return a_client()


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("$filter=number eq 'bolt'", ["BOLT"]),
        ("$filter=number eq 'NUT' or number eq 'OIL'", ["NUT", "OIL"]),
        ("$filter=contains(displayName,'Nut')", ["NUT"]),
        ("$filter=contains(displayName,'nut')", []),
        ("$filter=contains(tolower(displayName),'nut')&$schemaversion=2.1", ["NUT"]),
        ("$filter=startswith(number,'o') and unitPrice lt 10", ["ODD"]),
        ("$filter=blocked eq true", ["GONE"]),
        ("$filter=not (blocked eq false)", ["GONE"]),
        ("$filter=inventory le 0", ["CART", "GONE"]),
        ("$filter=unitPrice gt 80 and (number ne 'CART')", ["OIL"]),
        ("$filter=unitOfMeasure/displayName eq 'Piece' and number eq 'NUT'", ["NUT"]),
        ("$filter=type eq 'Inventory' and number eq 'NUT'", ["NUT"]),
        ("$filter=lastModifiedDateTime gt 2200-01-01T00:00:00Z", []),
        ("$orderby=unitPrice desc&$top=2", ["CART", "OIL"]),
        ("$top=2&$skip=1", ["CART", "GONE"]),
        ("$filter=itemVariants/any(v:v/code eq 'X') and number eq 'NUT'", ["NUT"]),
    ],
)
def test_a_filter_lists_what_it_names(bc: Client, query: str, numbers: list[str]) -> None:
    reply = bc.get(bc.api(f"items?{query}"))
    assert reply.status == 200, reply.text
    assert [row["number"] for row in reply.rows] == numbers


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("items?$filter=number eq 'A' or displayName eq 'B'", 400, "Application_FilterErrorException"),
        ("items?$filter=colour eq 'red'", 400, "BadRequest"),
        ("items?$select=colour", 400, "BadRequest"),
        ("items?$expand=colour", 400, "BadRequest"),
        ("items?$orderby=colour", 400, "BadRequest"),
        ("items?$filter=unitPrice eq 'dear'", 400, "BadRequest"),
        ("items?$filter=number eq", 400, "BadRequest_NotFound"),
        ("items?$filter=number in ('A','B')", 400, "BadRequest_NotFound"),
        ("items?$top=few", 400, "BadRequest_NotFound"),
        ("items?$skiptoken=nonsense", 400, "SkipTokenIsNoLongerValid"),
        ("items(17)", 404, "BadRequest_NotFound"),
        ("items(00000000-0000-0000-0000-000000000001)", 404, "Internal_RecordNotFound"),
        ("things", 404, "BadRequest_ResourceNotFound"),
        ("salesOrderLines", 400, "Application_DialogException"),
    ],
)
def test_a_read_that_cannot_be_answered_says_why(bc: Client, path: str, status: int, code: str) -> None:
    reply = bc.get(bc.api(path))
    assert (reply.status, reply.code) == (status, code)
    assert reply.message


def test_the_two_forms_of_naming_a_company_answer_alike(bc: Client) -> None:
    by_path = bc.get(bc.api("items"))
    assert bc.get(f"api/v2.0/items?company={bc.company}").rows == by_path.rows
    assert bc.get("api/v2.0/items?company=Testing %26 Sons").rows == by_path.rows
    unknown = bc.get("api/v2.0/items?company=Nobody")
    assert (unknown.status, unknown.code) == (404, "Internal_CompanyNotFound")


def test_companies_take_query_options_like_any_other_set(bc: Client) -> None:
    """An environment has several companies: a filter that were ignored would hand out the wrong one."""
    everyone = bc.get("api/v2.0/companies").rows
    assert len(everyone) > 1
    named = bc.get("api/v2.0/companies?$filter=name eq 'Testing %26 Sons'&$select=id,name").rows
    assert named == [{"id": bc.company, "name": "Testing & Sons"}]
    assert bc.get("api/v2.0/companies?$filter=name eq 'Nobody'").rows == []
    assert bc.get("api/v2.0/companies?$orderby=name desc&$top=1").rows == [max(everyone, key=lambda row: row["name"])]
    counted = bc.get("api/v2.0/companies?$count=true&$skip=1").json
    assert (counted["@odata.count"], len(counted["value"])) == (len(everyone), len(everyone) - 1)
    refused = bc.get("api/v2.0/companies?$filter=nome eq 'x'")
    assert (refused.status, refused.code) == (400, "BadRequest")
    assert "'nome'" in refused.message


def test_empty_values_enumerations_and_times_have_the_real_ones_form(bc: Client) -> None:
    entry = bc.get(bc.api("itemLedgerEntries?$top=1")).rows[0]
    assert entry["entryType"] == "Positive_x0020_Adjmt_x002E_"
    assert entry["documentType"] == "_x0020_"
    assert entry["lastModifiedDateTime"].endswith("Z")
    assert bc.item("NUT")["itemCategoryId"] == "00000000-0000-0000-0000-000000000000"
    assert bc.item("NUT")["unitPrice"] == 0.35


def test_pages_follow_each_other_without_loss(bc: Client) -> None:
    first = bc.get(bc.api("items?$select=number&$count=true"), Prefer="odata.maxpagesize=4")
    assert first.json["@odata.count"] == 6
    assert first.headers["Preference-Applied"] == "odata.maxpagesize=4"
    second = bc.get(first.json["@odata.nextLink"], Prefer="odata.maxpagesize=4")
    assert "@odata.nextLink" not in second.json
    assert [row["number"] for row in [*first.rows, *second.rows]] == ["BOLT", "CART", "GONE", "NUT", "ODD", "OIL"]


def test_top_beyond_the_page_size_still_pages(bc: Client) -> None:
    first = bc.get(bc.api("items?$top=5&$orderby=unitPrice"), Prefer="odata.maxpagesize=3")
    second = bc.get(first.json["@odata.nextLink"], Prefer="odata.maxpagesize=3")
    assert [row["number"] for row in [*first.rows, *second.rows]] == ["NUT", "GONE", "BOLT", "ODD", "OIL"]
    assert "@odata.nextLink" not in second.json


def test_count_is_plain_text(bc: Client) -> None:
    reply = bc.get(bc.api("items/$count?$filter=blocked eq false"))
    assert (reply.text, reply.headers["Content-Type"].split(";")[0]) == ("5", "text/plain")


def test_expand_takes_options_of_its_own(bc: Client) -> None:
    order = bc.one(bc.api("purchaseOrders?$expand=purchaseOrderLines($select=quantity;$expand=item($select=number))"))
    line = order["purchaseOrderLines"][0]
    assert (line["quantity"], line["item"]["number"]) == (7, "CART")
    assert set(line) == {"@odata.etag", "quantity", "item"}


def test_who_is_not_signed_in_learns_nothing(bc: Client) -> None:
    for header in ("Bearer wrong", "Basic YTpi", ""):
        reply = bc.get(bc.api("items"), Authorization=header)
        assert (reply.status, reply.code) == (401, "Authentication_InvalidCredentials")


def test_a_token_for_the_other_system_does_not_open_this_one(bc: Client) -> None:
    token = bc.world.tokens.issue("application", "sales")
    assert bc.get(bc.api("items"), Authorization=f"Bearer {token}").status == 401


def test_on_premises_takes_user_and_access_key(bc: Client) -> None:
    import base64

    from sandbox.business_central.seed import ON_PREMISES_KEY, ON_PREMISES_USER

    def basic(key: str) -> str:
        return "Basic " + base64.b64encode(f"{ON_PREMISES_USER}:{key}".encode()).decode()

    assert bc.get("/BC/api/v2.0/companies", Authorization=basic(ON_PREMISES_KEY)).status == 200
    assert bc.get("/BC/api/v2.0/companies", Authorization=basic("wrong")).status == 401
    setup = "/BC/ODataV4/SalesBridge_GetBridgeSetup?company=" + bc.company
    assert bc.send("POST", setup, {}, Authorization=basic(ON_PREMISES_KEY)).status == 200


def test_read_only_sets_refuse_to_be_written(bc: Client) -> None:
    reply = bc.send("POST", bc.api("itemLedgerEntries"), {"quantity": 1})
    assert (reply.status, reply.code) == (405, "BadRequest_MethodNotAllowed")
    assert bc.send("PUT", bc.api("items"), {}).status == 405
    assert bc.send("POST", "api/v2.0/companies", {}).status == 405

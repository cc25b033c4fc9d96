"""Microsoft's own Python client for Dataverse drives the Sales stand-in, signing in the way it would for real."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import uuid4

import certifi
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.upsert import UpsertItem

from tests.processes import SandboxProcess


def _credential(env: Mapping[str, str], prefix: str = "ENTRA") -> ClientSecretCredential:
    return ClientSecretCredential(
        env["ENTRA_TENANT_ID"],
        env[f"{prefix}_CLIENT_ID"],
        env[f"{prefix}_CLIENT_SECRET"],
        authority=env["ENTRA_AUTHORITY"],
        disable_instance_discovery=True,
    )


@pytest.fixture
def sales(secure_sandbox: SandboxProcess) -> Iterator[DataverseClient]:
    env = secure_sandbox.env
    with DataverseClient(env["SALES_HTTPS_URL"], _credential(env)) as client:
        yield client


@pytest.fixture
def administrator(secure_sandbox: SandboxProcess) -> Iterator[DataverseClient]:
    env = secure_sandbox.env
    with DataverseClient(env["SALES_HTTPS_URL"], _credential(env, "SANDBOX_ADMIN")) as client:
        yield client


def test_37_the_client_wants_https_with_a_certificate_it_can_check(secure_sandbox: SandboxProcess) -> None:
    """It refuses plain addresses by itself; by HTTPS it is answered because the sandbox's authority is trusted."""
    env = secure_sandbox.env
    with pytest.raises(ValueError, match="HTTPS"):
        DataverseClient(env["SALES_URL"], _credential(env))
    answer = requests.get(f"{env['SALES_HTTPS_URL']}/_sandbox/health", verify=env["REQUESTS_CA_BUNDLE"], timeout=10)
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{env['SALES_HTTPS_URL']}/_sandbox/health", verify=certifi.where(), timeout=10)


def test_38_a_wrong_secret_is_refused_where_the_client_signs_in(secure_sandbox: SandboxProcess) -> None:
    env = {**secure_sandbox.env, "ENTRA_CLIENT_SECRET": "wrong"}
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        _credential(env).get_token(f"{env['SALES_HTTPS_URL']}/.default")
    token = _credential(secure_sandbox.env).get_token(f"{env['SALES_HTTPS_URL']}/.default")
    assert token.token


def test_one_row_from_create_to_delete(sales: DataverseClient) -> None:
    number = uuid4().hex[:12]
    created = sales.records.create("account", {"name": "Nordlys AS", "accountnumber": number})
    row = sales.records.retrieve("account", created, select=["name", "accountnumber"])
    assert row is not None
    assert (row["name"], row["accountnumber"]) == ("Nordlys AS", number)

    sales.records.update("account", created, {"name": "Nordlys Handel AS"})
    changed = sales.records.retrieve("account", created, select=["name"])
    assert changed is not None
    assert changed["name"] == "Nordlys Handel AS"

    sales.records.delete("account", created)
    assert sales.records.retrieve("account", created, select=["name"]) is None


def test_a_label_is_turned_into_its_option(sales: DataverseClient) -> None:
    """The client reads the options of choice columns and sends the number of a label."""
    created = sales.records.create("account", {"name": "Terms", "paymenttermscode": "Net 60"})
    row = sales.records.retrieve("account", created, select=["paymenttermscode"], include_annotations="*")
    assert row is not None
    assert row["paymenttermscode"] == 4
    assert row["paymenttermscode@OData.Community.Display.V1.FormattedValue"] == "Net 60"


def test_many_rows_in_one_request(sales: DataverseClient) -> None:
    names = [f"Bulk {uuid4().hex[:8]}" for _ in range(5)]
    created = sales.records.create("account", [{"name": name} for name in names])
    assert len(created) == 5
    sales.records.update("account", created, {"telephone1": "5550100"})
    rows = [sales.records.retrieve("account", row_id, select=["name", "telephone1"]) for row_id in created]
    assert [row["name"] for row in rows if row is not None] == names
    assert {row["telephone1"] for row in rows if row is not None} == {"5550100"}


def test_upsert_by_an_alternate_key(sales: DataverseClient, administrator: DataverseClient) -> None:
    key = administrator.tables.create_alternate_key("account", "bridge_number", ["accountnumber"])
    number = f"U{uuid4().hex[:10]}"
    sales.records.upsert("account", [UpsertItem({"accountnumber": number}, {"name": "First"})])
    sales.records.upsert("account", [UpsertItem({"accountnumber": number}, {"name": "Second"})])
    other = f"V{uuid4().hex[:10]}"
    sales.records.upsert(
        "account",
        [
            UpsertItem({"accountnumber": number}, {"name": "Third"}),
            UpsertItem({"accountnumber": other}, {"name": "Other"}),
        ],
    )
    found = sales.records.list("account", filter=f"accountnumber eq '{number}'", select=["name"])
    assert [row["name"] for row in found] == ["Third"]
    listed = administrator.tables.get_alternate_keys("account")
    assert [(info.schema_name, list(info.key_attributes)) for info in listed] == [("bridge_number", ["accountnumber"])]
    administrator.tables.delete_alternate_key("account", key.metadata_id)
    assert administrator.tables.get_alternate_keys("account") == []


def test_lists_are_read_page_by_page(sales: DataverseClient) -> None:
    pages = list(sales.records.list_pages("product", select=["productnumber"], orderby=["productnumber"], page_size=5))
    numbers = [row["productnumber"] for page in pages for row in page]
    assert len(pages) > 1
    assert numbers == sorted(set(numbers), key=str.casefold)
    whole = sales.records.list("product", select=["productnumber"], count=True)
    assert len(list(whole)) == len(numbers)


def test_a_batch_with_a_change_set(sales: DataverseClient) -> None:
    batch = sales.batch.new()
    with batch.changeset() as together:
        account = together.records.create("account", {"name": "By change set"})
        together.records.update("account", account, {"telephone1": "5550123"})
    batch.records.list("account", filter="name eq 'By change set'", select=["telephone1"])
    result = batch.execute()
    assert not result.failed
    listed = result.responses[-1].data
    assert listed is not None
    assert [row["telephone1"] for row in listed["value"]] == ["5550123"]


def test_tables_columns_and_relationships_can_be_read(sales: DataverseClient) -> None:
    table = sales.tables.get("salesorder")
    assert table is not None
    assert (table.entity_set_name, table.primary_id_attribute) == ("salesorders", "salesorderid")
    assert "product" in {entry["LogicalName"] for entry in sales.tables.list()}
    columns = {column["LogicalName"]: column for column in sales.tables.list_columns("salesorder")}
    assert columns["totalamount"]["AttributeType"] == "Money"
    names = {entry["SchemaName"] for entry in sales.tables.list_table_relationships("salesorder")}
    assert "order_details" in names


def test_typed_columns_come_by_metadata_query(sales: DataverseClient) -> None:
    columns = {c["LogicalName"]: c for c in sales.tables.list_columns("salesorder", typed=True)}
    assert (columns["ordernumber"]["MaxLength"], columns["totalamount"]["Precision"]) == (100, 4)


def test_sql_and_fetch_find_the_same(sales: DataverseClient) -> None:
    rows = sales.query.sql("SELECT TOP 3 productnumber, name FROM product ORDER BY productnumber")
    fetch = (
        "<fetch top='3'><entity name='product'><attribute name='productnumber'/><attribute name='name'/>"
        "<order attribute='productnumber'/></entity></fetch>"
    )
    found = [row["productnumber"] for row in sales.query.fetchxml(fetch).execute()]
    assert [row["productnumber"] for row in rows] == found
    assert len(found) == 3


def test_many_rows_are_deleted_at_once(sales: DataverseClient) -> None:
    created = sales.records.create("account", [{"name": f"Gone {n}"} for n in range(3)])
    assert sales.records.delete("account", created)
    assert [sales.records.retrieve("account", row_id) for row_id in created] == [None] * 3


def test_tables_and_columns_cannot_be_made(administrator: DataverseClient) -> None:
    for refused_call in (
        lambda: administrator.tables.create("new_Thing", {"new_Name": "string"}),
        lambda: administrator.tables.add_columns("account", {"new_Name": "string"}),
    ):
        with pytest.raises(HttpError) as refused:
            refused_call()
        assert refused.value.status_code == 501
        assert "tables and columns are fixed" in str(refused.value)


def test_a_refusal_keeps_status_and_code(sales: DataverseClient) -> None:
    with pytest.raises(HttpError) as refused:
        sales.records.create("account", {"accountnumber": "x" * 50, "name": "Too long"})
    assert refused.value.status_code == 400
    assert "0x80044331" in str(refused.value.details)

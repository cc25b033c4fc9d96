"""Each ``$metadata`` document of the sandbox holds against the XML schema that OASIS publishes for CSDL."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from lxml import etree

from tests.processes import SandboxProcess
from tests.thirdparty.tokens import token

EDMX = Path(__file__).parent / "oasis" / "edmx.xsd"
DOCUMENTS = {
    "sales": ("SALES_URL", "/api/data/v9.2/$metadata"),
    "sales with annotations": ("SALES_URL", "/api/data/v9.2/$metadata?annotations=true"),
    "business central": ("BC_URL", "/api/v2.0/$metadata"),
    "companion": ("BC_URL", "/api/salesbridge/bridge/v1.0/$metadata"),
    "web services": ("BC_URL", "/ODataV4/$metadata"),
}
BUSINESS_CENTRAL = "https://api.businesscentral.dynamics.com"


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(EDMX))


def _document(env: dict[str, str], name: str) -> bytes:
    system, path = DOCUMENTS[name]
    resource = env["SALES_URL"] if system == "SALES_URL" else BUSINESS_CENTRAL
    headers = {"Authorization": f"Bearer {token(env, resource)}"}
    answer = requests.get(env[system] + path, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.parametrize("name", DOCUMENTS)
def test_metadata_holds_against_the_schema(secure_sandbox: SandboxProcess, schema: etree.XMLSchema, name: str) -> None:
    document = etree.fromstring(_document(secure_sandbox.env, name))
    schema.validate(document)
    assert [f"line {error.line}: {error.message}" for error in schema.error_log] == []


@pytest.mark.parametrize("wrong", ["<Property/>", '<Property Name="x" Type="not a type"/>', '<Column Name="x"/>'])
def test_the_schema_refuses_what_is_no_csdl(
    secure_sandbox: SandboxProcess, schema: etree.XMLSchema, wrong: str
) -> None:
    """So that the test above can fail: one element that does not belong is found among thousands."""
    text = _document(secure_sandbox.env, "sales").decode()
    spoiled = text.replace("</EntityType>", f"{wrong}</EntityType>", 1)
    assert spoiled != text
    assert not schema.validate(etree.fromstring(spoiled.encode()))

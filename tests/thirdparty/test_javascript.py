"""Clients written elsewhere in JavaScript: ``dynamics-web-api`` drives Sales, ``odata2ts`` reads both ``$metadata``."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.processes import SandboxProcess
from tests.services import Node
from tests.thirdparty.tokens import token


def test_dynamics_web_api_reads_and_writes(node: Node, secure_sandbox: SandboxProcess) -> None:
    env = secure_sandbox.env
    output = node.run("dynamics-web-api.mjs", SALES_URL=env["SALES_URL"], TOKEN=token(env, env["SALES_URL"]))
    seen: dict[str, Any] = json.loads(output)
    assert seen["created"] == "Fjordheim AS"
    assert seen["updated"] == seen["unchanged"] == "Fjordheim Handel AS"
    assert seen["staleWrite"] is False
    assert (seen["phone"], seen["upserted"], seen["insertOnly"]) == ("5550199", "Upserted", None)
    assert seen["pages"] > 1
    assert seen["numbers"] == sorted(set(seen["numbers"]), key=str.casefold)
    assert seen["count"] == len(seen["numbers"])
    assert seen["fetched"] == seen["numbers"][:3]
    assert (seen["batch"], seen["fax"]) == (2, "5550111")
    assert seen["lines"] > 0
    assert (seen["entitySet"], seen["terms"]) == ("salesorders", [1, 2, 3, 4])
    assert seen["deleted"] is True
    assert seen["gone"] == {"status": 404, "code": "0x80040217"}


def test_dynamics_web_api_links_tracks_acts_and_is_refused(node: Node, secure_sandbox: SandboxProcess) -> None:
    env = secure_sandbox.env
    headers = {"Authorization": f"Bearer {token(env, env['SALES_URL'])}"}
    users = f"{env['SALES_URL']}/api/data/v9.2/systemusers?$filter=islicensed eq true and isintegrationuser eq false"
    people = requests.get(f"{users}&$orderby=lastname", headers=headers, timeout=10).json()["value"]
    seller = next(row for row in people if row["internalemailaddress"])["azureactivedirectoryobjectid"]
    output = node.run("more.mjs", SALES_URL=env["SALES_URL"], TOKEN=token(env, env["SALES_URL"]), SELLER=seller)
    seen: dict[str, Any] = json.loads(output)
    assert (seen["represented"], seen["fax"]) == (["Once only AS", "1"], None)
    assert seen["duplicate"] == {"status": 412, "code": "0x80040333"}
    assert seen["unchanged"] is None  # 304
    assert (seen["linked"], seen["unlinked"]) == ([True, 1], [False, 0])
    assert (seen["changed"], seen["gone"]) == (["Changed AS"], [True])
    assert seen["behalf"] is True
    assert seen["bypass"] == {"status": 403, "code": "0x80040220"}
    assert (seen["won"], seen["locked"], seen["counted"]) == (2, True, True)
    assert seen["table"] == {"status": 501, "code": "0x80040203"}
    assert seen["definition"] == "quotes"


@pytest.mark.parametrize("system", ["sales", "business-central"])
def test_a_typed_client_can_be_generated_from_metadata(
    node: Node, secure_sandbox: SandboxProcess, tmp_path: Path, system: str
) -> None:
    """The generator understands the document, and what it writes passes the TypeScript compiler."""
    env = secure_sandbox.env
    if system == "sales":
        scope, address = env["SALES_URL"], f"{env['SALES_URL']}/api/data/v9.2/$metadata"
    else:
        scope = "https://api.businesscentral.dynamics.com"
        address = f"{env['BC_URL']}/api/v2.0/$metadata"
    answer = requests.get(address, headers={"Authorization": f"Bearer {token(env, scope)}"}, timeout=10)
    assert answer.status_code == 200, answer.text
    source = tmp_path / "metadata.xml"
    source.write_bytes(answer.content)
    node.tool("odata2ts", "-s", str(source), "-o", str(tmp_path / "client"), "-m", "models", "-e", "ts", "-n", system)
    files = [str(path) for path in (tmp_path / "client").rglob("*.ts")]
    assert files
    text = "".join(Path(path).read_text("utf-8") for path in files)
    assert "interface salesorder " in text.lower()
    node.tool("tsc", "--noEmit", "--skipLibCheck", "--target", "es2020", "--moduleResolution", "node", *files)


def test_a_run_that_fails_says_why(node: Node) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        node.run("dynamics-web-api.mjs", SALES_URL="http://127.0.0.1:9", TOKEN="none")

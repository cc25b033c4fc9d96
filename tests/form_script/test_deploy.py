"""``bridge deploy``: what it brings to Sales, that it writes only what differs, and what it says when it may not."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

import pytest

from bridge.clients.errors import Refused
from bridge.records import Side
from bridge.setup.deploy import CustomizationsLocked, Deployed, Result, Target
from bridge.setup.deploy import deploy as run
from bridge.setup.deploy_forms import FormNotReadable, forms, with_handler
from bridge.setup.deploy_scripts import PANEL, SCRIPT
from tests.form_script.sales import Sales
from tests.processes import Finished, Product, SandboxProcess

NAMES = ["brg_/bridge/stock.html", "brg_/bridge/stock.js"]


@pytest.fixture(scope="module")
def sales(sandbox: SandboxProcess) -> Sales:
    return Sales(sandbox.env)


@pytest.fixture(autouse=True)
def fresh(sandbox: SandboxProcess) -> None:
    sandbox.reset()


def results(done: Finished) -> dict[str, list[str]]:
    """What became of each thing, by its name, in order."""
    found: dict[str, list[str]] = {}
    for one in done.expect(0, 1).json["deployed"]:
        found.setdefault(one["name"], []).append(one["result"])
    return found


def writes(sandbox: SandboxProcess) -> list[str]:
    return [
        f"{one['method']} {one['path'].rpartition('/')[2].partition('(')[0]}"
        for one in sandbox.requests(limit=500)
        if one["system"] == "sales" and one["method"] != "GET"
    ]


def scripts(sales: Sales) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in sales.rows("webresourceset?$filter=startswith(name,'brg_')")}


def test_a_first_deployment_makes_solution_and_scripts_and_a_second_writes_nothing(
    deploy: Callable[..., Finished], sandbox: SandboxProcess, sales: Sales
) -> None:
    first = results(deploy("--json"))
    assert first["BusinessCentralBridge"] == ["created"]
    assert all(first[name] == ["created"] for name in NAMES)
    assert first["2 changed"] == ["published"]
    rows = scripts(sales)
    assert sorted(rows) == NAMES
    assert base64.b64decode(rows[NAMES[1]]["content"]) == SCRIPT.content
    assert (rows[NAMES[0]]["webresourcetype"], rows[NAMES[1]]["webresourcetype"]) == (1, 3)
    members = sales.rows("solutioncomponents?$filter=componenttype eq 61&$expand=solutionid($select=uniquename)")
    assert {(one["objectid"], one["solutionid"]["uniquename"]) for one in members} == {
        (row["webresourceid"], "BusinessCentralBridge") for row in rows.values()
    }
    assert writes(sandbox) == [
        "POST publishers", "POST solutions", "POST webresourceset", "POST webresourceset", "POST PublishXml"
    ]  # fmt: skip

    sandbox.forget_requests()
    again = deploy("--json")
    assert again.code == 0
    assert {one for many in results(again).values() for one in many} == {"unchanged"}
    assert writes(sandbox) == []


def test_what_somebody_changed_in_sales_is_put_right_and_published(
    deploy: Callable[..., Finished], sandbox: SandboxProcess, sales: Sales
) -> None:
    deploy("--json").expect(0)
    row = scripts(sales)[NAMES[1]]
    sales.write("PATCH", f"webresourceset({row['webresourceid']})", {"content": base64.b64encode(b"old").decode()})
    sales.write("POST", "PublishAllXml", {})
    sandbox.forget_requests()
    done = results(deploy("--json"))
    assert (done[NAMES[1]], done[NAMES[0]], done["1 changed"]) == (["updated"], ["unchanged"], ["published"])
    assert writes(sandbox) == ["PATCH webresourceset", "POST PublishXml"]
    assert base64.b64decode(scripts(sales)[NAMES[1]]["content"]) == SCRIPT.content


def test_a_deployment_that_broke_off_before_publishing_is_finished_by_the_next(
    deploy: Callable[..., Finished], sales: Sales
) -> None:
    """The new file was written, nobody sees it yet."""
    deploy("--json").expect(0)
    row = scripts(sales)[NAMES[1]]
    sales.write("PATCH", f"webresourceset({row['webresourceid']})", {"content": base64.b64encode(b"old").decode()})
    sales.write("POST", "PublishAllXml", {})
    sales.write("PATCH", f"webresourceset({row['webresourceid']})", {"content": row["content"]})
    assert base64.b64decode(scripts(sales)[NAMES[1]]["content"]) == b"old"
    assert results(deploy("--json"))["1 changed"] == ["published"]
    assert base64.b64decode(scripts(sales)[NAMES[1]]["content"]) == SCRIPT.content


def test_a_script_that_is_there_joins_the_solution(deploy: Callable[..., Finished], sales: Sales) -> None:
    deploy("--json").expect(0)
    for one in sales.rows("solutions?$filter=uniquename eq 'BusinessCentralBridge'"):
        sales.write("DELETE", f"solutions({one['solutionid']})")
    done = results(deploy("--json"))
    assert all(done[name] == ["unchanged", "added to the solution"] for name in NAMES)


def test_another_solution_decides_the_prefix(deploy: Callable[..., Finished], sales: Sales) -> None:
    publisher = sales.rows("publishers?$filter=customizationprefix eq 'new'")[0]["publisherid"]
    body = {"uniquename": "Ours", "friendlyname": "Ours", "version": "1.0.0.0"}
    sales.write("POST", "solutions", {**body, "publisherid@odata.bind": f"/publishers({publisher})"})
    done = deploy("--solution", "Ours", "--json").expect(0).json
    assert (done["solution"], done["prefix"]) == ("Ours", "new")
    assert {one["name"] for one in done["deployed"]} >= {"new_/bridge/stock.js", "new_/bridge/stock.html"}


@pytest.mark.parametrize(
    ("name", "code"), [("Nowhere", "SolutionUnknown"), ("MicrosoftDynamicsNavIntegration", "SolutionManaged")]
)
def test_a_solution_that_cannot_be_used_is_refused_by_name(
    deploy: Callable[..., Finished], sandbox: SandboxProcess, name: str, code: str
) -> None:
    refused = deploy("--solution", name, "--json").expect(2)
    assert refused.json["error"]["code"] == code
    assert name in refused.json["error"]["text"]
    assert writes(sandbox) == []


def test_who_may_not_customize_is_told_which_right_is_missing(
    deploy: Callable[..., Finished], sandbox: SandboxProcess
) -> None:
    own = {name: sandbox.env[name] for name in ("ENTRA_CLIENT_ID", "ENTRA_CLIENT_SECRET")}
    refused = deploy("--json", **own).expect(1).json["error"]
    assert refused["code"] == "DeployNotAllowed"
    assert "prvCreatePublisher" in refused["text"]
    assert "System Customizer" in refused["next_step"]


def test_without_a_network_the_address_is_doubted(deploy: Callable[..., Finished], sandbox: SandboxProcess) -> None:
    sandbox.faults({"kind": "before", "system": "sales"})
    away = deploy("--json").expect(1)
    sandbox.clear_faults()
    assert away.json["error"]["code"] == "Unreachable"


def test_a_person_reads_a_table_and_what_to_do_next(product: Product, administrator: Any) -> None:
    done = product.bridge("deploy", **administrator).expect(0)
    assert "brg_/bridge/stock.js" in done.out
    assert "created" in done.out
    assert "BridgeStock.onLoad" in done.out


def test_forms_load_the_script_when_asked_and_keep_what_is_theirs(
    deploy: Callable[..., Finished], sandbox: SandboxProcess, sales: Sales
) -> None:
    before = {row["objecttypecode"]: row["formxml"] for row in sales.rows("systemforms")}
    done = results(deploy("--forms", "--json"))
    assert {name for name in done if ": " in name} == {
        "product: Product", "opportunity: Opportunity", "quote: Quote", "salesorder: Order"
    }  # fmt: skip
    assert done["6 changed"] == ["published"]
    after = {row["objecttypecode"]: ElementTree.fromstring(row["formxml"]) for row in sales.rows("systemforms")}
    for form in after.values():
        assert form.find("formLibraries/Library[@name='brg_/bridge/stock.js']") is not None
        found = form.find("events/event[@name='onload']/Handlers/Handler[@functionName='BridgeStock.onLoad']")
        assert found is not None
        assert (found.get("passExecutionContext"), found.get("enabled")) == ("true", "true")
    order = after["salesorder"]
    assert [one.get("name") for one in order.iterfind("formLibraries/Library")] == [
        "msdyn_/scripts/salesorder.js", "brg_/bridge/stock.js"
    ]  # fmt: skip
    assert len(order.findall("events/event")) == 1
    old = ElementTree.fromstring(before["salesorder"]).find("tabs")
    new = order.find("tabs")
    assert old is not None
    assert new is not None
    assert ElementTree.tostring(new) == ElementTree.tostring(old)

    sandbox.forget_requests()
    assert {one for many in results(deploy("--forms", "--json")).values() for one in many} == {"unchanged"}
    assert writes(sandbox) == []


class ShutForm:
    """A Sales that does not take the change of one form."""

    def __init__(self) -> None:
        self.changed: list[str] = []

    def rows(self, *_path: str, **_options: Any) -> Iterator[dict[str, Any]]:
        for table in ("product", "quote", "salesorder"):
            yield {"formid": table, "name": "Main", "objecttypecode": table, "formxml": "<form><tabs/></form>"}

    def update(self, _set: str, row_id: str, _body: object, *, purpose: str, repeatable: bool) -> None:
        if row_id == "quote":
            raise Refused("The form is not customizable.", system=Side.SALES, purpose=purpose, status=400)
        self.changed.append(row_id)


def test_a_form_that_sales_keeps_shut_is_listed_and_the_others_are_done() -> None:
    sales = ShutForm()
    target = Target(sales, on_forms=True, prefix="brg")  # type: ignore[arg-type]
    done = {one.name: (one.result, one.note) for one in forms(target)}
    assert done["quote: Main"] == (Result.REFUSED, "The form is not customizable.")
    assert sales.changed == target.changed_tables == ["product", "salesorder"]


def test_a_form_without_a_description_is_not_touched() -> None:
    for text in ("", "<form>", "<other/>"):
        with pytest.raises(FormNotReadable):
            with_handler(text, "brg_/bridge/stock.js")


def test_a_handler_of_the_vendors_own_is_left_where_it_is() -> None:
    form = (
        '<form><tabs/><events><event name="onsave"/><event name="onload" application="true" active="true">'
        '<InternalHandlers><Handler functionName="a" libraryName="b"/></InternalHandlers></event></events></form>'
    )
    changed = with_handler(form, "brg_/bridge/stock.js")
    assert changed is not None
    events = ElementTree.fromstring(changed).find("events")
    assert events is not None
    assert [one.get("name") for one in events] == ["onsave", "onload"]
    assert [part.tag for part in events[1]] == ["InternalHandlers", "Handlers"]
    assert with_handler(changed, "brg_/bridge/stock.js") is None


def test_the_script_is_small_and_names_no_secret() -> None:
    assert len(SCRIPT.content) < 10_000
    assert len(PANEL.content) < 10_000
    for source in (SCRIPT.content, PANEL.content):
        assert b"console." not in source
        assert b"innerHTML" not in source


class LockedSales:
    """A Sales in which somebody else is publishing; what is asked of it otherwise is there."""

    def __init__(self, code: str) -> None:
        self._code = code

    def rows(self, *_path: str, **_options: Any) -> Iterator[dict[str, Any]]:
        yield {"solutionid": "1", "ismanaged": False, "publisherid": {"customizationprefix": "brg"}}

    def act(self, _action: str, _body: object, *, purpose: str) -> None:
        raise Refused("Cannot start [Publish]", system=Side.SALES, purpose=purpose, status=400, code=self._code)


@pytest.mark.parametrize(("code", "kind"), [("0x80071151", CustomizationsLocked), ("0x80040203", Refused)])
def test_a_publishing_that_has_to_wait_is_told_from_one_that_is_refused(code: str, kind: type[Exception]) -> None:
    def changes(target: Target) -> Iterator[Deployed]:
        target.changed_tables.append("product")
        yield Deployed("form", "product: Product", Result.UPDATED)

    told = run(Target(LockedSales(code)), (changes,))  # type: ignore[arg-type]
    assert [next(told).result, next(told).result] == [Result.UNCHANGED, Result.UPDATED]
    with pytest.raises(kind):
        next(told)

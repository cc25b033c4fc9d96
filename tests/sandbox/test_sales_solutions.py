"""Publishers, solutions, web resources, forms: what is refused, and that a change is seen when it is published."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.desk import Desk, Reply

SCRIPTS = "webresourceset"


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.close()


def text(source: str) -> str:
    return base64.b64encode(source.encode()).decode()


def admin(desk: Desk, method: str, path: str, body: Any = None, **headers: str) -> Reply:
    return desk.call(method, path, body, as_admin="yes", **headers)


def script(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "displayname": name, "webresourcetype": 3, "content": text("1;"), **more}


def new_solution(desk: Desk, name: str) -> str:
    publisher = {"uniquename": f"{name}pub", "friendlyname": "P", "customizationprefix": "cbr"}
    made = admin(desk, "POST", "publishers", {**publisher, "customizationoptionvalueprefix": 72700})
    assert made.status == 204, made.text
    body = {"uniquename": name, "friendlyname": name, "version": "1.0.0.0"}
    solution = admin(desk, "POST", "solutions", {**body, "publisherid@odata.bind": f"/publishers({made.new_id})"})
    assert solution.status == 204, solution.text
    return solution.new_id


def publish(desk: Desk, inner: str) -> Reply:
    return admin(desk, "POST", "PublishXml", {"ParameterXml": f"<importexportxml>{inner}</importexportxml>"})


def test_a_changed_script_is_read_as_it_was_until_it_is_published(desk: Desk) -> None:
    made = admin(desk, "POST", SCRIPTS, script("new_/change.js")).new_id
    assert admin(desk, "PATCH", f"{SCRIPTS}({made})", {"content": text("2;")}).status == 204
    assert admin(desk, "PATCH", f"{SCRIPTS}({made})", {"displayname": "Changed"}).status == 204
    before = desk.get(f"{SCRIPTS}({made})").json
    assert (before["content"], before["displayname"]) == (text("1;"), "new_/change.js")
    assert publish(desk, f"<webresources><webresource>{{{made}}}</webresource></webresources>").status == 204
    after = desk.get(f"{SCRIPTS}({made})").json
    assert (after["content"], after["displayname"]) == (text("2;"), "Changed")


def test_a_change_taken_back_before_publishing_is_gone(desk: Desk) -> None:
    made = admin(desk, "POST", SCRIPTS, script("new_/back.js")).new_id
    for source in ("2;", "1;"):
        admin(desk, "PATCH", f"{SCRIPTS}({made})", {"content": text(source)})
    assert admin(desk, "POST", "PublishAllXml", {}).status == 204
    assert desk.get(f"{SCRIPTS}({made})").json["content"] == text("1;")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "0x8004f116"),
        ("new_/a b.js", "0x8004f117"),
        ("new_//a.js", "0x8004f117"),
        ("other_/a.js", "0x8004f118"),
        ("a.js", "0x8004f118"),
        ("new_/a.aspx", "0x8004f119"),
        ("MSDYN_/scripts/salesorder.js", "0x8004f115"),
    ],
)
def test_a_name_that_cannot_be_is_refused(desk: Desk, name: str, code: str) -> None:
    refused = admin(desk, "POST", SCRIPTS, script(name))
    assert (refused.status, refused.code) == (400, code)


def test_content_is_base64_and_the_type_is_known(desk: Desk) -> None:
    assert admin(desk, "POST", SCRIPTS, script("new_/raw.js", content="not base64!")).code == "0x80040203"
    assert admin(desk, "POST", SCRIPTS, script("new_/type.js", webresourcetype=99)).status == 400


def test_only_who_may_customize_writes_and_publishes(desk: Desk) -> None:
    refused = desk.post(SCRIPTS, script("new_/mine.js"))
    assert (refused.status, refused.code) == (403, "0x80040220")
    assert "prvCreateWebResource" in refused.text
    refused = desk.post("PublishAllXml", {})
    assert (refused.status, refused.code) == (403, "0x80040220")
    assert "prvPublishCustomization" in refused.text
    assert desk.get(SCRIPTS, signed_in="ANN").status == 200


def test_a_component_joins_the_solution_that_the_request_names_or_an_action_does(desk: Desk) -> None:
    solution = new_solution(desk, "Joined")
    made = admin(desk, "POST", SCRIPTS, script("cbr_/b.js"), **{"MSCRM.SolutionUniqueName": "Joined"}).new_id
    other = admin(desk, "POST", SCRIPTS, script("cbr_/c.js")).new_id
    body = {"ComponentId": other, "ComponentType": 61, "SolutionUniqueName": "Joined", "AddRequiredComponents": False}
    added = [admin(desk, "POST", "AddSolutionComponent", body).json["id"] for _ in range(2)]
    assert added[0] == added[1]
    rows = desk.get(f"solutioncomponents?$select=objectid,componenttype&$filter=_solutionid_value eq {solution}").json[
        "value"
    ]
    assert {(row["objectid"], row["componenttype"]) for row in rows} == {(made, 61), (other, 61)}


def test_a_solution_that_is_not_there_or_managed_takes_no_component(desk: Desk) -> None:
    for name, code in (("Nowhere", "0x80048033"), ("MicrosoftDynamicsNavIntegration", "0x8004f039")):
        refused = admin(desk, "POST", SCRIPTS, script("nav_/lost.js"), **{"MSCRM.SolutionUniqueName": name})
        assert (refused.status, refused.code) == (400, code)
    assert desk.get(f"{SCRIPTS}?$filter=name eq 'nav_/lost.js'").json["value"] == []


def test_unique_names_prefixes_and_versions_are_checked(desk: Desk) -> None:
    new_solution(desk, "Once")
    publisher = {"uniquename": "oncePUB", "customizationprefix": "cbr", "customizationoptionvalueprefix": 72700}
    assert admin(desk, "POST", "publishers", publisher).code == "0x8004f003"
    assert admin(desk, "POST", "publishers", {**publisher, "customizationprefix": "mscrmx"}).code == "0x80048015"
    publisher_id = desk.get("publishers?$filter=uniquename eq 'Oncepub'", as_user="").json["value"][0]["publisherid"]
    body = {"friendlyname": "S", "version": "1.0.0.0", "publisherid@odata.bind": f"/publishers({publisher_id})"}
    assert admin(desk, "POST", "solutions", {**body, "uniquename": "once"}).code == "0x8004f002"
    assert admin(desk, "POST", "solutions", {**body, "uniquename": "with space"}).code == "0x8004f000"
    assert admin(desk, "POST", "solutions", {**body, "uniquename": "V", "version": "one"}).code == "0x80048536"


def test_a_form_takes_libraries_that_exist_and_shows_them_when_published(desk: Desk) -> None:
    form = desk.get("systemforms?$filter=objecttypecode eq 'product' and type eq 2").json["value"][0]
    path, before = f"systemforms({form['formid']})", form["formxml"]
    library = '<formLibraries><Library name="new_/form.js" libraryUniqueId="{1}"/></formLibraries></form>'
    after = before.replace("</form>", library)
    refused = admin(desk, "PATCH", path, {"formxml": after})
    assert refused.status == 400
    assert "WebResource (Id=new_/form.js) does not exist" in refused.text
    admin(desk, "POST", SCRIPTS, script("new_/form.js"))
    assert admin(desk, "PATCH", path, {"formxml": after}).status == 204
    assert desk.get(path).json["formxml"] == before
    publish(desk, "<entities><entity>quote</entity></entities>")
    assert desk.get(path).json["formxml"] == before
    publish(desk, "<entities><entity>product</entity></entities>")
    assert desk.get(path).json["formxml"] == after
    assert admin(desk, "PATCH", path, {"formxml": "<form>"}).code == "0x8004f658"
    used = desk.get(f"{SCRIPTS}?$filter=name eq 'new_/form.js'").json["value"][0]["webresourceid"]
    refused = admin(desk, "DELETE", f"{SCRIPTS}({used})")
    assert (refused.status, refused.code) == (400, "0x8004f01f")
    admin(desk, "PATCH", path, {"formxml": before})
    admin(desk, "POST", "PublishAllXml", {})
    assert admin(desk, "DELETE", f"{SCRIPTS}({used})").status == 204


def test_what_somebody_delivers_is_neither_changed_nor_deleted(desk: Desk) -> None:
    managed = desk.get(f"{SCRIPTS}?$filter=ismanaged eq true").json["value"][0]["webresourceid"]
    for method, body in (("PATCH", {"content": text("2;")}), ("DELETE", None)):
        refused = admin(desk, method, f"{SCRIPTS}({managed})", body)
        assert (refused.status, refused.code) == (400, "0x80048d20")


def test_what_is_to_be_published_must_be_named_well(desk: Desk) -> None:
    assert admin(desk, "POST", "PublishXml", {"ParameterXml": "<importexportxml>"}).code == "0x80044356"
    gone = "11111111-2222-4333-8444-555555555555"
    assert publish(desk, f"<webresources><webresource>{gone}</webresource></webresources>").status == 404

"""The step that brings our files to Sales as web resources: the form script, and the page that shows lines as a table.

What stands in Sales is compared by its digest; a file that is the same there is left alone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.setup.deploy import Deployed, Result, Target

_FOLDER = Path(__file__).with_name("web_resources")
_SET, _ID = "webresourceset", "webresourceid"
_COMPONENT = 61
_PAGE, _SCRIPT = 1, 3
"""Dataverse's own numbers: a component of type web resource; web resources that are pages, and scripts."""


@dataclass(frozen=True, slots=True)
class WebResource:
    """One file of ours: its name in Sales without the publisher's prefix, and its kind."""

    file: str
    name: str
    label: str
    kind: int

    @property
    def content(self) -> bytes:
        return (_FOLDER / self.file).read_bytes()


SCRIPT = WebResource("stock.js", "/bridge/stock.js", "Stock from Business Central: form script", _SCRIPT)
PANEL = WebResource("stock.html", "/bridge/stock.html", "Stock from Business Central: lines as a table", _PAGE)
RESOURCES = (SCRIPT, PANEL)


def name_of(resource: WebResource, target: Target) -> str:
    """Its name in Sales: ``brg_/bridge/stock.js``."""
    return f"{target.prefix}_{resource.name}"


def web_resources(target: Target) -> Iterator[Deployed]:
    """Create what is missing, change what differs, and have all of it in the solution."""
    names = [name_of(one, target) for one in RESOURCES]
    rows = target.sales.rows(
        _SET,
        purpose="find web resources",
        select=(_ID, "name", "content"),
        filter=" or ".join(f"name eq '{name}'" for name in names),
    )
    known = {str(row["name"]): row for row in rows}
    members = _members(target) if known else set()
    for resource, name in zip(RESOURCES, names, strict=True):
        row = known.get(name)
        content = base64.b64encode(resource.content).decode()
        if row is None:
            body = {"name": name, "displayname": resource.label, "webresourcetype": resource.kind, "content": content}
            made = target.sales.create(_SET, body, purpose="create web resource", solution=target.solution)
            target.changed_resources.append(made)
            yield Deployed("web resource", name, Result.CREATED)
            continue
        resource_id = str(row[_ID])
        if _digest(row.get("content")) == hashlib.sha256(resource.content).hexdigest():
            yield Deployed("web resource", name, Result.UNCHANGED)
        else:
            target.sales.update(_SET, resource_id, {"content": content}, purpose="update web resource", repeatable=True)
            target.changed_resources.append(resource_id)
            yield Deployed("web resource", name, Result.UPDATED)
        if resource_id not in members:
            body = {"ComponentId": resource_id, "ComponentType": _COMPONENT, "AddRequiredComponents": False}
            target.sales.act(
                "AddSolutionComponent", {**body, "SolutionUniqueName": target.solution}, purpose="add to solution"
            )
            yield Deployed("web resource", name, Result.ADDED)


def _members(target: Target) -> set[str]:
    rows = target.sales.rows(
        "solutioncomponents",
        purpose="find components of the solution",
        select=("objectid",),
        filter=f"_solutionid_value eq {target.solution_id} and componenttype eq {_COMPONENT}",
    )
    return {str(row["objectid"]) for row in rows}


def _digest(content: object) -> str:
    """Of the file that base64 stands for; something else than any file's for what is no base64."""
    try:
        return hashlib.sha256(base64.b64decode(str(content or ""), validate=True)).hexdigest()
    except binascii.Error:
        return ""

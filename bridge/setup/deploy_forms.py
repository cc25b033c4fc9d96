"""The step that lets forms load our script, for who asks for it: the library and its OnLoad handler in the FormXml.

Nothing is ever taken out of a form and nothing of others is changed: the two entries are added where they are missing,
as the form editor would write them, and a form that has them is left alone. A form that Sales does not let us change is
reported with its reason, and the others are done.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from bridge.clients.errors import Refused
from bridge.records import new_id
from bridge.setup.deploy import Deployed, Result, Target
from bridge.setup.deploy_scripts import SCRIPT, name_of

TABLES = ("product", "opportunity", "quote", "salesorder")
HANDLER = "BridgeStock.onLoad"
_MAIN, _ACTIVE = 2, 1


class FormNotReadable(ValueError):
    """What Sales keeps as the form's description is no form to us."""


def forms(target: Target) -> Iterator[Deployed]:
    """Add the script to every active main form of :data:`TABLES`, if this was asked for."""
    if not target.on_forms:
        return
    library = name_of(SCRIPT, target)
    tables = " or ".join(f"objecttypecode eq '{table}'" for table in TABLES)
    rows = target.sales.rows(
        "systemforms",
        purpose="find forms",
        select=("formid", "name", "objecttypecode", "formxml"),
        filter=f"type eq {_MAIN} and formactivationstate eq {_ACTIVE} and ({tables})",
    )
    for row in list(rows):
        table, name = str(row["objecttypecode"]), f"{row['objecttypecode']}: {row['name']}"
        try:
            changed = with_handler(str(row["formxml"] or ""), library)
            if changed is None:
                yield Deployed("form", name, Result.UNCHANGED)
                continue
            target.sales.update(
                "systemforms", str(row["formid"]), {"formxml": changed}, purpose="add script to form", repeatable=True
            )
        except (Refused, FormNotReadable) as error:
            yield Deployed("form", name, Result.REFUSED, getattr(error, "text", "") or str(error))
            continue
        if table not in target.changed_tables:
            target.changed_tables.append(table)
        yield Deployed("form", name, Result.UPDATED)


def with_handler(form_xml: str, library: str) -> str | None:
    """The form with our library and handler in it; None when both are there. Raises FormNotReadable."""
    try:
        # from Sales itself, over the connection that also decides what its users may do
        form = ElementTree.fromstring(form_xml)  # noqa: S314
    except ElementTree.ParseError as error:
        raise FormNotReadable(f"its FormXml is no XML: {error}") from None
    if form.tag != "form":
        raise FormNotReadable(f'its FormXml begins with "{form.tag}"')
    libraries = _child(form, "formLibraries")
    handlers = _child(_onload(_child(form, "events")), "Handlers")
    has_library = any(one.get("name") == library for one in libraries)
    has_handler = any(one.get("functionName") == HANDLER and one.get("libraryName") == library for one in handlers)
    if has_library and has_handler:
        return None
    if not has_library:
        SubElement(libraries, "Library", {"name": library, "libraryUniqueId": _braced()})
    if not has_handler:
        facts = {"functionName": HANDLER, "libraryName": library, "handlerUniqueId": _braced(), "enabled": "true"}
        SubElement(handlers, "Handler", {**facts, "parameters": "", "passExecutionContext": "true"})
    return ElementTree.tostring(form, encoding="unicode")


def _child(parent: Element, tag: str) -> Element:
    found = parent.find(tag)
    return SubElement(parent, tag) if found is None else found


def _onload(events: Element) -> Element:
    for event in events.iterfind("event"):
        if event.get("name") == "onload":
            return event
    return SubElement(events, "event", {"name": "onload", "application": "false", "active": "false"})


def _braced() -> str:
    return f"{{{new_id()}}}"

"""Customizations: what publishers, solutions, web resources and forms must be, and what waits to be published.

A new component is there at once. A changed web resource or form is read as it was until it is published: until then the
change is a draft beside the row, in columns with :data:`DRAFT` before their name.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from xml.etree import ElementTree

from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, invalid_argument
from sandbox.sales.model import Row, Table
from sandbox.sales.tables_solutions import SOLUTION, SYSTEM_FORM, WEB_RESOURCE

LARGEST = 5 * 1024 * 1024
"""Bytes a web resource may have; what an environment has unless an administrator changes it."""
_NAME = re.compile(r"(?!.*//)[A-Za-z0-9_./]+")
_UNIQUE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PREFIX = re.compile(r"(?!mscrm)[a-z][a-z0-9]{1,7}", re.IGNORECASE)
_SERVER_CODE = (".aspx", ".ascx", ".asmx", ".ashx")


DRAFT = "draft of "
_DRAFTED: Mapping[str, frozenset[str]] = {
    WEB_RESOURCE.name: frozenset({"content", "displayname", "description"}),
    SYSTEM_FORM.name: frozenset({"formxml", "name", "description"}),
}


def as_drafts(env: Environment, table: Table, row: Row, changes: Row) -> Row:
    """What an update of this row really writes: drafts, where changes wait for their publishing."""
    drafted = _DRAFTED.get(table.name)
    if drafted is None:
        return changes
    if row.get("ismanaged") and table is WEB_RESOURCE:
        raise DataverseError(400, "0x80048d20", f"The web resource {row['name']} is managed and not customizable.")
    _CHECKS[table.name](env, {**row, **changes})
    return {(DRAFT + name if name in drafted else name): value for name, value in changes.items()}


def publish(env: Environment, table: Table, row: Row) -> None:
    """Put the drafts of a row in the place of what was published before."""
    drafts = {name: value for name, value in row.items() if name.startswith(DRAFT)}
    if drafts:
        published = {name: value for name, value in row.items() if name not in drafts}
        env.store.put(table.name, {**published, **{name.removeprefix(DRAFT): value for name, value in drafts.items()}})


def _publisher(env: Environment, row: Row) -> None:
    if not _PREFIX.fullmatch(str(row.get("customizationprefix") or "")):
        raise DataverseError(
            400,
            "0x80048015",
            "The prefix may contain only alphanumeric characters, 2 to 8 of them, must start with a letter, and cannot"
            " start with 'mscrm'.",
        )
    if not 10_000 <= int(row.get("customizationoptionvalueprefix") or 0) <= 99_999:
        raise invalid_argument("customizationoptionvalueprefix is a number from 10000 to 99999.")
    _unique(env, "publisher", row, "0x8004f003")


def _new_solution(env: Environment, row: Row) -> None:
    if row.get("publisherid") is None:
        raise invalid_argument("A solution needs its publisher.")
    if not re.fullmatch(r"\d+(\.\d+){1,3}", str(row.get("version") or "")):
        raise DataverseError(400, "0x80048536", "The version of a solution is numbers with dots: 1.0.0.0.")
    _unique(env, SOLUTION.name, row, "0x8004f002")
    row.update(ismanaged=False, isvisible=True, installedon=row["createdon"])


def _unique(env: Environment, table: str, row: Row, code: str) -> None:
    name = str(row.get("uniquename") or "")
    if not _UNIQUE_NAME.fullmatch(name):
        raise DataverseError(400, "0x8004f000", f"The unique name '{name}' has characters that are not allowed.")
    if any(str(other["uniquename"]).lower() == name.lower() for other in env.store.rows(table)):
        raise DataverseError(400, code, f"The {table} unique name '{name}' is already being used.")


def _new_web_resource(env: Environment, row: Row) -> None:
    name = str(row.get("name") or "")
    if not name:
        raise DataverseError(400, "0x8004f116", "Webresource name cannot be null or empty.")
    if not _NAME.fullmatch(name):
        raise DataverseError(
            400,
            "0x8004f117",
            "Web resource names may only include letters, numbers, periods, and nonconsecutive forward slash"
            " characters.",
        )
    if name.lower().endswith(_SERVER_CODE):
        raise DataverseError(
            400, "0x8004f119", "A Web resource cannot have the following file extensions: .aspx, .ascx, .asmx or .ashx."
        )
    prefixes = {str(one["customizationprefix"]).lower() for one in env.store.rows("publisher")}
    if "_" not in name or name.partition("_")[0].lower() not in prefixes:
        raise DataverseError(400, "0x8004f118", "Webresource name does not contain a valid prefix.")
    if any(str(other["name"]).lower() == name.lower() for other in env.store.rows(WEB_RESOURCE.name)):
        raise DataverseError(
            400, "0x8004f115", "A webresource with the same name already exists. Use a different name."
        )
    if row.get("webresourcetype") is None:
        raise DataverseError(400, "0x8004f111", "Invalid web resource type specified.")
    _web_resource(env, row)


def _web_resource(_env: Environment, row: Row) -> None:
    try:
        size = len(base64.b64decode(str(row.get("content") or ""), validate=True))
    except binascii.Error:
        raise invalid_argument("The content of a web resource is base64.") from None
    if size > LARGEST:
        raise DataverseError(400, "0x8004f114", "Webresource content size is too big.")


def _form(env: Environment, row: Row) -> None:
    """Handlers name libraries of the form, and libraries are web resources that exist, as the dependency check asks."""
    try:
        form = ElementTree.fromstring(str(row.get("formxml") or ""))  # noqa: S314 - a test's own text
    except ElementTree.ParseError as error:
        raise DataverseError(400, "0x8004f658", f"The FormXml is no XML: {error}") from None
    if form.tag != "form" or form.find("tabs") is None:
        raise DataverseError(400, "0x8004f658", "The FormXml does not hold a form with tabs.")
    known = {row["name"] for row in env.store.rows(WEB_RESOURCE.name)}
    libraries = [library.get("name", "") for library in form.iterfind("formLibraries/Library")]
    for library in libraries:
        if library not in known:
            raise DataverseError(
                400,
                "0x80048d21",
                f"The dependent component WebResource (Id={library}) does not exist. Failure trying to associate it"
                f" with SystemForm (Id={row['formid']}) as a dependency."
                " Missing dependency lookup type = PrimaryNameLookup.",
            )
    for handler in form.iterfind("events/event/Handlers/Handler"):
        if handler.get("libraryName") not in libraries:
            raise invalid_argument(f"The handler {handler.get('functionName')} names a library the form does not have.")


def check_unused(env: Environment, table: Table, row: Row) -> None:
    """Refuse to delete a web resource that a form loads, published or not, or that somebody delivers."""
    if table.name != WEB_RESOURCE.name:
        return
    if row.get("ismanaged"):
        raise DataverseError(400, "0x80048d20", f"The web resource {row['name']} is managed and cannot be deleted.")
    entry = f'<Library name="{row["name"]}"'
    texts = (str(form.get(name) or "") for form in env.store.rows(SYSTEM_FORM.name) for name in _FORM_TEXTS)
    used = sum(1 for text in texts if entry in text)
    if used:
        raise DataverseError(
            400,
            "0x8004f01f",
            f"The WebResource({row[table.id]}) component cannot be deleted because it is referenced by {used} other"
            " components. For a list of referenced components, use the RetrieveDependenciesForDeleteRequest.",
        )


_FORM_TEXTS = ("formxml", f"{DRAFT}formxml")
_CHECKS: Mapping[str, Callable[[Environment, Row], None]] = {WEB_RESOURCE.name: _web_resource, SYSTEM_FORM.name: _form}
ON_CREATE: Mapping[str, Callable[[Environment, Row], None]] = {
    "publisher": _publisher,
    SOLUTION.name: _new_solution,
    WEB_RESOURCE.name: _new_web_resource,
    SYSTEM_FORM.name: _form,
}

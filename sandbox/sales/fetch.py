"""FetchXML, the part simple clients send: columns, conditions, order, pages, and inner links to one table more.

Aggregates, outer links and links inside links are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, bad_payload
from sandbox.sales.http import Answer, Call, json_answer
from sandbox.sales.model import Column, Ref, Row, Table
from sandbox.sales.query import PAGE_LIMIT, Reading, read_options, show_rows
from sandbox.sales.query_size import check_size
from sandbox.sales.render import stored_value
from sandbox.sales.schema import TABLES
from sandbox.sales.values import accept, show

UNLIMITED_ROWS = 50_000
"""Rows that pages may reach without a cookie; the number is unverified."""
Test = Callable[[Row], bool]
_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": lambda found, wanted: found > wanted,
    "ge": lambda found, wanted: found >= wanted,
    "lt": lambda found, wanted: found < wanted,
    "le": lambda found, wanted: found <= wanted,
}


@dataclass(frozen=True, slots=True)
class _Link:
    table: Table
    alias: str
    here: str
    there: str
    columns: tuple[str, ...]
    test: Test


def read(env: Environment, call: Call, table: Table) -> Answer:
    """Answer ``GET set?fetchXml=…``."""
    try:
        root = ElementTree.fromstring(call.options["fetchXml"])  # noqa: S314 - expat expands no outside entities
    except ElementTree.ParseError as error:
        raise DataverseError(400, "0x80041100", f"Invalid XML: {error}.") from None
    entity = root.find("entity")
    if root.tag != "fetch" or entity is None or entity.get("name") != table.name:
        raise DataverseError(400, "0x80041102", f"The fetch must ask for the entity '{table.name}' it was sent to.")
    if root.get("aggregate") == "true" or root.get("distinct") == "true":
        raise _not_served("aggregate and distinct")
    check_size(sum(1 for _ in entity.iter("condition")), sum(1 for _ in entity.iter("link-entity")))
    rows, links = _found(env, call, table, entity)
    size = min(int(root.get("count") or root.get("top") or PAGE_LIMIT), PAGE_LIMIT)
    page = int(root.get("page") or 1)
    if page * size > UNLIMITED_ROWS and not root.get("paging-cookie"):
        raise DataverseError(
            400,
            "0x8004430a",
            f"Paging cookie is required when trying to retrieve a set of records on any high pages: beyond"
            f" {UNLIMITED_ROWS} rows.",
        )
    taken = rows[(page - 1) * size : page * size]
    more = len(rows) > page * size and root.get("top") is None
    options = read_options({"$select": ",".join(_selected(table, entity))})
    value = show_rows(env, table, [row for row, _ in taken], Reading(options, call.annotations), call.base)
    for shown, (_, joined) in zip(value, taken, strict=True):
        for link, other in zip(links, joined, strict=True):
            for name in link.columns:
                shown[f"{link.alias}.{name}"] = show(other.get(name))
    body: Row = {"@odata.context": f"{call.base}/$metadata#{table.entity_set}", "value": value}
    if call.annotations.wanted("Microsoft.Dynamics.CRM.morerecords"):
        body["@Microsoft.Dynamics.CRM.morerecords"] = more
    if more:
        cookie = quote(quote(f'<cookie page="{page}"/>'))
        body["@Microsoft.Dynamics.CRM.fetchxmlpagingcookie"] = (
            f'<cookie pagenumber="{page + 1}" pagingcookie="{cookie}" istracking="False" />'
        )
    return json_answer(200, body)


def _found(
    env: Environment, call: Call, table: Table, entity: Element
) -> tuple[list[tuple[Row, list[Row]]], list[_Link]]:
    links = [_link(env, table, element) for element in entity.findall("link-entity")]
    test = _filters(env, table, entity)
    users = call.caller.users
    for link in links:
        env.privileges.demand(users, "Read", link.table)
    found: list[tuple[Row, list[Row]]] = []
    for row in env.store.rows(table.name):
        if test(row) and env.privileges.sees(users, row, table):
            joined = [_joined(env, link, row) for link in links]
            if None not in joined:
                found.append((row, [other for other in joined if other is not None]))
    found.sort(key=lambda pair: str(pair[0][table.id]))
    for order in reversed(entity.findall("order")):
        column = _column(table, order.get("attribute", ""))
        found.sort(key=lambda pair, c=column: _sortable(env, c, pair[0]), reverse=order.get("descending") == "true")  # type: ignore[misc]
    return found, links


def _link(env: Environment, table: Table, element: Element) -> _Link:
    if element.get("link-type", "inner") != "inner" or element.find("link-entity") is not None:
        raise _not_served("an outer or nested link-entity")
    other = _table(element.get("name", ""))
    there, here = element.get("from", ""), element.get("to", "")
    _column(other, there)
    _column(table, here)
    names = tuple(a.get("name", "") for a in element.findall("attribute"))
    for name in names:
        _column(other, name)
    return _Link(other, element.get("alias", other.name), here, there, names, _filters(env, other, element))


def _joined(env: Environment, link: _Link, row: Row) -> Row | None:
    value = _plain(row.get(link.here))
    if value is None:
        return None
    if link.there == link.table.id:
        other = env.store.get(link.table.name, str(value))
        return other if other is not None and link.test(other) else None
    if link.there in env.store.indexed(link.table.name):
        return next((o for o in env.store.where(link.table.name, link.there, value) if link.test(o)), None)
    rows = env.store.rows(link.table.name)
    return next((o for o in rows if _plain(o.get(link.there)) == value and link.test(o)), None)


def _filters(env: Environment, table: Table, element: Element) -> Test:
    tests = [_filter(env, table, part) for part in element.findall("filter")]
    return lambda row: all(test(row) for test in tests)


def _filter(env: Environment, table: Table, element: Element) -> Test:
    tests = [_filter(env, table, part) for part in element.findall("filter")]
    tests += [_condition(env, table, part) for part in element.findall("condition")]
    join = any if element.get("type") == "or" else all
    return lambda row: join(test(row) for test in tests)


def _condition(env: Environment, table: Table, element: Element) -> Test:
    column = _column(table, element.get("attribute", ""))
    operator = element.get("operator", "")
    texts = [v.text or "" for v in element.findall("value")] or [element.get("value", "")]

    def get(row: Row) -> Any:
        return _folded(_plain(stored_value(row, column)))

    if operator == "null":
        return lambda row: get(row) is None
    if operator == "not-null":
        return lambda row: get(row) is not None
    if operator in ("like", "not-like"):
        pattern = _like(texts[0])
        return lambda row: bool(pattern.fullmatch(str(get(row) or ""))) is (operator == "like")
    values = [_folded(_value(env, table, column, text)) for text in texts]
    if operator in ("eq", "in"):
        return lambda row: get(row) in values
    if operator in ("ne", "neq", "not-in"):
        return lambda row: get(row) not in values
    compare = _ORDERED.get(operator)
    if compare is None:
        raise _not_served(f"the operator '{operator}'")
    return lambda row: (found := get(row)) is not None and compare(found, values[0])


def _like(text: str) -> re.Pattern[str]:
    parts = (".*" if letter == "%" else "." if letter == "_" else re.escape(letter) for letter in text.casefold())
    return re.compile("".join(parts), re.DOTALL)


def _value(env: Environment, table: Table, column: Column, text: str) -> Any:
    if column.navigations:
        return text.strip("{}").lower()
    for form in (text, int(text) if text.lstrip("-").isdecimal() else None, {"true": True, "1": True}.get(text, False)):
        try:
            return accept(env.choices, table, column, form)
        except DataverseError:
            continue
    raise bad_payload(table.entity_set, f"The value '{text}' does not fit the attribute '{column.name}'.")


def _selected(table: Table, entity: Element) -> list[str]:
    if entity.find("all-attributes") is not None:
        return []
    return [_column(table, a.get("name", "")).property for a in entity.findall("attribute")] or [table.id]


def _table(name: str) -> Table:
    found = TABLES.get(name)
    if found is None:
        raise DataverseError(
            400,
            "0x80041102",
            f"The entity with a name = '{name}' with namemapping = 'Logical' was not found in the MetadataCache.",
        )
    return found


def _column(table: Table, name: str) -> Column:
    found = table.columns.get(name)
    if found is None or not found.read:
        raise DataverseError(
            400, "0x80041103", f"'{table.name}' entity doesn't contain attribute with Name = '{name}'."
        )
    return found


def _plain(value: Any) -> Any:
    return value.id if isinstance(value, Ref) else value


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _sortable(env: Environment, column: Column, row: Row) -> tuple[bool, Any]:
    value = stored_value(row, column)
    value = _folded(env.display_name(value) if isinstance(value, Ref) else value)
    return (value is not None, 0 if value is None else value)


def _not_served(what: str) -> DataverseError:
    return DataverseError(400, "0x80040203", f"The sandbox does not serve {what} in FetchXML.")

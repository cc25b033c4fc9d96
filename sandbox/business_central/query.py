"""Reads: from query options to rows to JSON, by index where the filter allows it, page by page."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sandbox.business_central import errors, wire
from sandbox.business_central.schema import Entity, Navigation
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row
from sandbox.odata import (
    BUSINESS_CENTRAL,
    All,
    Compare,
    Dialect,
    Fault,
    Kind,
    Node,
    Not,
    Options,
    QueryRefused,
    Some,
    compile_filter,
    lower_bound,
    parse_filter,
    required_values,
)

Api = Mapping[str, Entity]
Json = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one answer; ``token`` continues behind them, blank on the last page."""

    rows: list[Row]
    token: str
    count: int | None


class Reader:
    """Reads one entity set of one company; ``api`` is where navigations lead."""

    def __init__(self, api: Api, company: Company, entity: Entity, dialect: Dialect = BUSINESS_CENTRAL) -> None:
        self.api, self.company, self.entity, self.dialect = api, company, entity, dialect
        self.table = company.tables[entity.table]

    def find(self, row_id: str) -> Row:
        """The row of an id. Raises Refused (404) where the set has none."""
        row = self.table.get(row_id)
        if row is None or not self._shown(row):
            raise errors.record_missing(self.entity.title, f"SystemId='{row_id.upper()}'")
        return row

    def rows(self, options: Options, owner: tuple[str, str] | None = None, behind: Key | None = None) -> Iterator[Row]:
        """All rows an answer may hold, in its order. ``owner`` is a parent property and the value it must have.

        ``behind`` leaves out rows up to that primary key; it is for answers in primary key order.
        """
        node = self._filter(options.filter)
        if self.entity.parent and owner is None:
            owner = self._owner(node)
        test = None if node is None else compile_filter(_plain_options(node), self.value, self.kind_of, self.dialect)
        found = (
            row
            for row in self._likely(node, owner, behind)
            if self._shown(row) and self._owned(row, owner) and (test is None or test(row))
        )
        return found if self._in_key_order(options) else iter(self._sorted(list(found), options))

    def check(self, options: Options) -> None:
        """Raises Refused or QueryRefused for a name that is none of the entity's, whether there are rows or not."""
        self._selected(options)
        for path, _ in options.orderby:
            self.kind_of(path)
        for expand in options.expand:
            there = self.api[self.navigation(expand.name).target]
            Reader(self.api, self.company, there, self.dialect).check(expand.options)

    def page(self, options: Options, owner: tuple[str, str] | None, size: int, token: str) -> Page:
        """One page of at most ``size`` rows. Raises what :meth:`check` raises."""
        self.check(options)
        behind, taken = _place(token) if token else (None, 0)
        count = sum(1 for _ in self.rows(options, owner)) if options.count else None
        if behind is not None and self._in_key_order(options):
            found = self.rows(options, owner, behind)
        else:
            found = islice(self.rows(options, owner), options.skip + taken, None)
        left = size if options.top is None else min(size, options.top - taken)
        rows = list(islice(found, left + 1))
        more = len(rows) > left and (options.top is None or taken + left < options.top)
        rows = rows[:left]
        return Page(rows, self._token(rows[-1], taken + len(rows)) if more and rows else "", count)

    def json(self, row: Row, options: Options) -> Json:
        """A row with its etag, the selected properties and the expanded navigations."""
        entity, company = self.entity, self.company
        answer: Json = {"@odata.etag": wire.etag(row)}
        for name in self._selected(options):
            answer[name] = wire.writer(entity.properties[name].kind)(entity.read(company, row, name))
        for expand in options.expand:
            way = self.navigation(expand.name)
            there = Reader(self.api, company, self.api[way.target], self.dialect)
            if way.foreign:
                nested = there.page(expand.options, (way.foreign, row["id"]), 20_000, "")
                answer[way.name] = [there.json(found, expand.options) for found in nested.rows]
            else:
                key = entity.read(company, row, way.key)
                target = there.table.get(key)
                answer[way.name] = None if target is None else there.json(target, expand.options)
        return answer

    def navigation(self, name: str) -> Navigation:
        way = self.entity.navigations.get(name)
        if way is None or way.target not in self.api:
            raise errors.unknown_property(name, self.entity.name)
        return way

    def kind_of(self, path: str) -> Kind:
        """The kind of a property path. Raises QueryRefused for one that does not exist."""
        entity = self.entity
        *ways, name = path.split("/")
        for step in ways:
            way = entity.navigations.get(step)
            if way is None or way.foreign or way.target not in self.api:
                raise QueryRefused(Fault.UNKNOWN_PROPERTY, step, step)
            entity = self.api[way.target]
        if name not in entity.properties:
            raise QueryRefused(Fault.UNKNOWN_PROPERTY, name, name)
        return entity.properties[name].kind

    def value(self, row: Row, path: str) -> Any:
        entity, found = self.entity, row
        *ways, name = path.split("/")
        for step in ways:
            way = entity.navigations[step]
            key = entity.read(self.company, found, way.key)
            entity = self.api[way.target]
            target = self.company.tables[entity.table].get(key)
            if target is None:
                return entity.properties[name].empty if step == ways[-1] else None
            found = target
        return entity.read(self.company, found, name)

    def _filter(self, text: str) -> Node | None:
        return parse_filter(text, self.dialect, self.kind_of) if text else None

    def one_owner(self, options: Options) -> tuple[str, str] | None:
        """The parent that a filter names for a new line; None without one. Raises Refused where it names several."""
        node = self._filter(options.filter) if self.entity.parent else None
        values = required_values(node, self.entity.parent) if node is not None else None
        if values is not None and len(set(values)) > 1:
            raise errors.dialog("Multiple documents have been found for the specified criteria.")
        return (self.entity.parent, str(values[0])) if values else None

    def _owner(self, node: Node | None) -> tuple[str, str]:
        values = required_values(node, self.entity.parent) if node is not None else None
        own = required_values(node, "id") if node is not None else None
        if own and (row := self.table.get(str(own[0]))) is not None:
            return self.entity.parent, row[self.entity.parent]
        if not values:
            raise errors.dialog("You must specify an Id or a Document Id to get the lines.")
        return self.entity.parent, str(values[0])  # of several documents the real one answers the first only

    def _likely(self, node: Node | None, owner: tuple[str, str] | None, behind: Key | None) -> Iterable[Row]:
        found = self._by_index(node, owner)
        if found is None:
            return self.table if behind is None else self.table.behind(behind)
        return found if behind is None else (row for row in found if self.table.key(row) > behind)

    def _by_index(self, node: Node | None, owner: tuple[str, str] | None) -> Iterable[Row] | None:
        """The rows that can pass, in primary key order; None when no index says."""
        table, entity = self.table, self.entity
        if owner is not None and owner[0] in table.indexes:
            return table.by(*owner)
        if node is None:
            return None
        if (ids := required_values(node, "id")) is not None:
            rows = (table.get(str(value)) for value in dict.fromkeys(ids))
            return sorted((row for row in rows if row is not None), key=table.key)
        for name in table.indexes.keys() & (entity.properties.keys() - entity.computed.keys()):
            if (values := required_values(node, name)) is not None:
                found = {row["id"]: row for value in values for row in table.by(name, value or "")}
                return sorted(found.values(), key=table.key)
        if table.first_of_key == "entryNumber" and (lowest := lower_bound(node, "entryNumber")) is not None:
            return table.at_least(lowest)
        for name in ("rowVersion", "lastModifiedDateTime"):
            if name in entity.properties and (lowest := lower_bound(node, name)) is not None:
                return table.changed_since(name, lowest)
        return None

    def _in_key_order(self, options: Options) -> bool:
        return options.orderby in ((), ((self.table.first_of_key, False),))

    def _shown(self, row: Row) -> bool:
        return self.entity.view is None or self.entity.view(row)

    def _owned(self, row: Row, owner: tuple[str, str] | None) -> bool:
        return owner is None or self.entity.read(self.company, row, owner[0]) == owner[1]

    def _sorted(self, rows: list[Row], options: Options) -> list[Row]:
        for path, descending in reversed(options.orderby):
            self.kind_of(path)
            rows.sort(key=lambda row, path=path: self.value(row, path), reverse=descending)  # type: ignore[misc]
        return rows

    def _selected(self, options: Options) -> Iterable[str]:
        if not options.select:
            return self.entity.properties
        for name in options.select:
            if name not in self.entity.properties and name not in self.entity.navigations:
                raise errors.query_refused(QueryRefused(Fault.UNKNOWN_PROPERTY, name, name), self.entity.name)
        return [name for name in options.select if name in self.entity.properties]

    def _token(self, row: Row, taken: int) -> str:
        place = {"behind": self.table.key(row), "taken": taken}
        return base64.urlsafe_b64encode(json.dumps(place, default=str).encode()).decode()


def _place(token: str) -> tuple[Key, int]:
    try:
        place = json.loads(base64.urlsafe_b64decode(token))
        return tuple(place["behind"]), int(place["taken"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise errors.bad_request("The skip token is no longer valid.", "SkipTokenIsNoLongerValid") from None


def _plain_options(node: Node) -> Node:
    """Enumeration members may be written escaped; compare them as people read them."""
    match node:
        case Compare():
            values = tuple(wire.option_in(value) if isinstance(value, str) else value for value in node.values)
            return Compare(node.operator, node.left, values) if any("_x" in str(v) for v in node.values) else node
        case All():
            return All(tuple(_plain_options(part) for part in node.parts))
        case Some():
            return Some(tuple(_plain_options(part) for part in node.parts))
        case Not():
            return Not(_plain_options(node.part))
    return node

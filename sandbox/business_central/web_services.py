"""OData V4 web services: companies by name, rows by key predicates, filters that change sums, unbound procedures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from sandbox.business_central import errors, metadata, procedures, wire, writing
from sandbox.business_central.documents import change_header
from sandbox.business_central.query import Json, Reader
from sandbox.business_central.service import Answer, Call, Service
from sandbox.business_central.state import Company
from sandbox.business_central.tables import Row
from sandbox.business_central.web_pages import PAGES, STOCK_QUERY, WebPage, stock_rows
from sandbox.odata import BUSINESS_CENTRAL as DIALECT
from sandbox.odata import All, Compare, Node, Options, QueryRefused, compile_filter, parse_filter, parse_options

_COMPANY = re.compile(r"Company\((?:'(?P<name>(?:[^']|'')*)'|Id=(?P<id>[0-9a-fA-F-]{36}))\)/?")
_SEGMENT = re.compile(r"(?P<name>\w+)(?:\((?P<key>.*)\))?$")
_KEY_PART = re.compile(r"\s*(?:(?P<name>\w+)\s*=\s*)?(?:'(?P<text>(?:[^']|'')*)'|(?P<number>-?\d+))\s*(?:,|$)")
_SETS = {page.entity.name: page.entity for page in PAGES.values()}


def answer(service: Service, call: Call) -> Answer:
    """Serve one request below ``ODataV4``. Raises Refused; nothing is changed then."""
    path = call.path.strip("/")
    if path == "$metadata":
        return Answer(200, _metadata(service), content_type="application/xml")
    if not path:
        names = ["Company", *PAGES, STOCK_QUERY.name]
        sets = [{"name": name, "kind": "EntitySet", "url": name} for name in names]
        return Answer(200, {"@odata.context": f"{call.root}/$metadata", "value": sets})
    if path == "Company":
        rows = [{"Name": each.name, "Id": each.id} for each in service.state.companies.values()]
        return Answer(200, {"@odata.context": f"{call.root}/$metadata#Company", "value": rows})
    if path.partition("_")[0] == procedures.SERVICE:
        if call.method != "POST":
            raise errors.method_not_allowed(call.method, path)
        return service.procedure(path, call.query, call.body, call.root)
    named = _COMPANY.match(path)
    wanted = (named["id"] or named["name"].replace("''", "'")) if named else call.query.get("company", "")
    company = service.company(unquote(wanted))
    with service.state.journal.transaction():
        return _Request(company, call).answer(path[named.end() :] if named else path)


class _PageReader(Reader):
    """Reads a page; conditions on its filter columns are taken out of the filter and change its sums."""

    def __init__(self, company: Company, page: WebPage, filter_text: str) -> None:
        super().__init__(_SETS, company, page.entity)
        node = parse_filter(filter_text, DIALECT, self.kind_of) if filter_text else None
        flow: dict[str, Any] = {}
        self._node = _without_flow(node, page, flow)
        self.entity = page.under(flow)

    def _filter(self, text: str) -> Node | None:
        return self._node


class _Request:
    def __init__(self, company: Company, call: Call) -> None:
        self.company, self.call = company, call
        self.options = parse_options(call.query)

    def answer(self, path: str) -> Answer:
        match = _SEGMENT.match(path)
        name = match["name"] if match else path
        if match is None or (name not in PAGES and name != STOCK_QUERY.name):
            raise errors.segment_missing(path.partition("(")[0])
        try:
            if name == STOCK_QUERY.name:
                return self._query()
            page = PAGES[name]
            reader = _PageReader(self.company, page, self.options.filter)
            if match["key"] is None:
                return self._list(page, reader)
            return self._one(page, reader, match["key"])
        except QueryRefused as refusal:
            raise errors.query_refused(refusal, name) from None

    def _context(self, name: str) -> str:
        return f"{self.call.root}/$metadata#Company('{quote(self.company.name)}')/{name}"

    def _only(self, *verbs: str) -> None:
        if self.call.method not in verbs:
            raise errors.method_not_allowed(self.call.method, self.call.path)

    def _list(self, page: WebPage, reader: Reader) -> Answer:
        self._only("GET")
        found = reader.page(self.options, None, 20_000, self.call.query.get("$skiptoken", ""))
        answer: Json = {"@odata.context": self._context(page.entity.name)}
        if found.count is not None:
            answer["@odata.count"] = found.count
        return Answer(200, {**answer, "value": [reader.json(row, self.options) for row in found.rows]})

    def _one(self, page: WebPage, reader: Reader, key: str) -> Answer:
        row = self._find(page, reader, key)
        if self.call.method != "GET":
            self._only("GET", *(("PATCH",) if page.writes else ()))
            writing.check_token(row, self.call.headers.get("if-match"), needed=True)
            row = self._write(page, row)
        context = f"{self._context(page.entity.name)}/$entity"
        return Answer(200, {"@odata.context": context, **reader.json(row, self.options)})

    def _find(self, page: WebPage, reader: Reader, key: str) -> Row:
        wanted = _key(key, page.keys)
        table = self.company.tables[page.entity.table]
        rows = table.by(page.found_by, wanted["No"]) if page.found_by else table
        for row in rows:
            if (page.entity.view is None or page.entity.view(row)) and all(
                str(reader.value(row, name)).upper() == value.upper() for name, value in wanted.items()
            ):
                return row
        raise errors.record_missing(page.entity.title, ",".join(f"{name}='{value}'" for name, value in wanted.items()))

    def _write(self, page: WebPage, row: Row) -> Row:
        values, _ = writing.read_body(page.entity, self.call.body, creating=False)
        named = {page.writes[name]: value for name, value in values.items()}
        return change_header(self.company, row, named, through_api=False)

    def _query(self) -> Answer:
        self._only("GET")
        options, properties = self.options, STOCK_QUERY.properties
        if options.orderby:
            raise errors.Refused(501, "BadRequest_MethodNotImplemented", "A query object keeps its own order.")
        rows = list(stock_rows(self.company))
        if options.filter:
            kind_of = Reader(_SETS, self.company, STOCK_QUERY).kind_of
            test = compile_filter(parse_filter(options.filter, DIALECT, kind_of), _column, kind_of,
                                  DIALECT)  # fmt: skip
            rows = [row for row in rows if test(row)]
        stop = None if options.top is None else options.skip + options.top
        chosen = _chosen(options, properties)
        value = [
            {name: wire.writer(properties[name].kind)(row[name]) for name in chosen}
            for row in rows[options.skip : stop]
        ]
        return Answer(200, {"@odata.context": self._context(STOCK_QUERY.name), "value": value})


def _column(row: Row, name: str) -> Any:
    return row[name]


def _chosen(options: Options, properties: Mapping[str, object]) -> list[str]:
    for name in options.select:
        if name not in properties:
            raise errors.unknown_property(name, STOCK_QUERY.name)
    return list(options.select or properties)


def _key(text: str, names: tuple[str, ...]) -> dict[str, str]:
    """A key predicate as values by key column. Raises Refused where it does not name them all."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _KEY_PART.match(text, at)
        if match is None or match.end() == at:
            raise errors.bad_key(text)
        value = match["number"] if match["text"] is None else match["text"].replace("''", "'")
        found[match["name"] or names[-1]] = value
        at = match.end()
    if set(found) != set(names):
        raise errors.bad_key(text)
    return found


def _without_flow(node: Node | None, page: WebPage, flow: dict[str, Any]) -> Node | None:
    """The filter less its conditions on filter columns, which go into ``flow``."""
    match node:
        case Compare() if node.left.path in page.flow:
            if node.operator != "eq":
                raise errors.Refused(
                    400, "Application_FilterErrorException", f"The filter '{node.left.path}' takes 'eq' only."
                )
            flow[node.left.path] = node.values[0]
            return None
        case All():
            parts = tuple(part for part in (_without_flow(each, page, flow) for each in node.parts) if part)
            return All(parts) if parts else None
    return node


def _metadata(service: Service) -> str:
    sets = [metadata.Described(page.entity, page.keys) for page in PAGES.values()]
    actions: dict[str, tuple[tuple[str, ...], str]] = {}
    if service.state.companion_installed:
        actions = {
            f"{procedures.SERVICE}_{name}": (parameters, "Edm.Int32" if name == "AttachSalesLines" else "Edm.String")
            for name, (parameters, _) in procedures.PROCEDURES.items()
        }
    query = metadata.Described(STOCK_QUERY, ("ItemNo", "VariantCode", "LocationCode"))
    return metadata.describe("NAV", sets, procedures=actions, more=[query])

"""Reading: filter, order, expand and pages, over the rows of a table or of a collection.

Filters go through indexes where they name an id, a lookup or a state. Rows come by id unless an order is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from sandbox import odata
from sandbox.sales import query_functions
from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, unknown_property
from sandbox.sales.model import Column, Kind, Ref, Row, Table
from sandbox.sales.paging import OrderKey
from sandbox.sales.query_size import check_size
from sandbox.sales.render import Annotations, renderer, stored_value
from sandbox.sales.schema import TABLES

COUNT_LIMIT = 5000
PAGE_LIMIT = 5000
EXPAND_LIMIT = 15
DELTA_DAYS = 7
DELTA_EXPIRED_STATUS = 400
"""Unverified: the real service may answer 410."""
_DELTA_MOMENT = "%m/%d/%Y %H:%M:%S"
_UNSERVED = (
    "$skip",
    "$search",
    "$format",
    "$compute",
    "$levels",
    "$apply",
    "savedQuery",
    "userQuery",
    "sql",
)
_KNOWN = {"$select", "$filter", "$orderby", "$top", "$count", "$expand", "$skiptoken", "$deltatoken", "tag"}

_KINDS = {
    Kind.TEXT: odata.Kind.TEXT,
    Kind.MEMO: odata.Kind.TEXT,
    Kind.GUID: odata.Kind.GUID,
    Kind.LOOKUP: odata.Kind.GUID,
    Kind.YESNO: odata.Kind.BOOL,
    Kind.DATE: odata.Kind.DATE,
    Kind.MOMENT: odata.Kind.MOMENT,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a request asks of the rows it reads."""

    options: odata.Options = field(default_factory=odata.Options)
    annotations: Annotations = field(default_factory=Annotations)


def read_options(query: Mapping[str, str]) -> odata.Options:
    """Take the query options apart; refuses those Dataverse has not."""
    for name in query:
        if name in _UNSERVED:
            raise DataverseError(400, "0x80060888", f"The query parameter {name} is not supported.")
        if name.startswith("$") and name not in _KNOWN:
            raise DataverseError(400, "0x0", f"The query parameter {name} is not supported.")
    try:
        options = odata.parse_options({k: v for k, v in query.items() if k.startswith("$")})
    except odata.QueryRefused as refused:
        raise _refusal(refused, None) from refused
    if _count_expands(options.expand) > EXPAND_LIMIT:
        raise DataverseError(400, "0x80060888", f"At most {EXPAND_LIMIT} $expand options are allowed in a query.")
    return options


def _count_expands(expands: Iterable[odata.Expand]) -> int:
    return sum(1 + _count_expands(expand.options.expand) for expand in expands)


def matching(
    env: Environment, table: Table, options: odata.Options, rows: Iterable[Row] | None = None, user_id: str = ""
) -> list[Row]:
    """The rows that pass the filter, in the order asked for; of the whole table unless ``rows`` are given.

    ``user_id`` is whom functions such as EqualUserId mean.
    """
    if options.filter:
        kind_of = partial(property_kind, table)
        try:
            node = odata.parse_filter(options.filter, odata.DATAVERSE, kind_of)
        except odata.QueryRefused as refused:
            raise _refusal(refused, table) from refused
        try:
            test = _compiled(env, table, node, user_id)
        except odata.QueryRefused as refused:
            raise _refusal(refused, table) from refused
        check_size(sum(1 for _ in odata.paths(node)), 0)
        source = _narrowed(env, table, node) if rows is None else rows
        found = [row for row in source if test(row)]
    else:
        found = list(env.store.rows(table.name) if rows is None else rows)
    found.sort(key=lambda row: row[table.id])
    for key, descending in reversed(order_keys(env, table, options)):
        found.sort(key=_nulls_first(key), reverse=descending)
    return found


def _compiled(env: Environment, table: Table, node: odata.Node, user_id: str) -> Callable[[Row], bool]:
    def extension(part: odata.Named | odata.Quantified) -> Callable[[Row], bool]:
        if isinstance(part, odata.Named):
            return query_functions.test(env, table, part, user_id)
        child = TABLES[table.collections[part.path].table]
        inner = _compiled(env, child, part.body, user_id) if part.body is not None else None

        def over_collection(row: Row) -> bool:
            rows = env.related(table, part.path, row[table.id])
            if inner is None:
                return next(rows, None) is not None
            return all(map(inner, rows)) if part.every else any(map(inner, rows))

        return over_collection

    return odata.compile_filter(node, _Getter(env, table), partial(property_kind, table), odata.DATAVERSE, extension)


def order_keys(env: Environment, table: Table, options: odata.Options) -> list[OrderKey]:
    """What rows are ordered by, the first key first. Refuses a property the table lacks."""
    return [(_order_key(env, table, path), descending) for path, descending in options.orderby]


def show_rows(env: Environment, table: Table, rows: Iterable[Row], reading: Reading, base: str) -> list[Row]:
    """Rows as JSON with what is to be expanded in them."""
    render = renderer(env, table, reading.options.select, reading.annotations)
    expanders = [_expander(env, table, expand, reading.annotations, base) for expand in reading.options.expand]
    shown = []
    for row in rows:
        json_row = render(row)
        for expander in expanders:
            json_row.update(expander(row))
        shown.append(json_row)
    return shown


def property_kind(table: Table, path: str) -> odata.Kind:
    """The kind of a property path such as ``name``, ``_customerid_value`` or ``pricelevelid/name``."""
    head, slash, rest = path.partition("/")
    if slash and head in table.collections:
        child = TABLES[table.collections[head].table]
        return property_kind(child, rest) if rest else odata.Kind.GUID
    if rest:
        return property_kind(_target(table, head), rest)
    column = table.by_property.get(head)
    if column is None:
        raise odata.QueryRefused(odata.Fault.UNKNOWN_PROPERTY, f"{table.name}.{head}", f"{table.name}/{head}")
    return _KINDS.get(column.kind, odata.Kind.NUMBER)


def _target(table: Table, navigation: str) -> Table:
    found = table.by_navigation.get(navigation)
    if found is None:
        raise odata.QueryRefused(odata.Fault.UNKNOWN_PROPERTY, navigation, f"{table.name}/{navigation}")
    return TABLES[found[1][0]]


class _Getter:
    """Answers the value at a property path of a row; remembers how each path is walked."""

    def __init__(self, env: Environment, table: Table) -> None:
        self._env = env
        self._table = table
        self._walks: dict[str, Callable[[Row], Any]] = {}

    def __call__(self, row: Row, path: str) -> Any:
        walk = self._walks.get(path)
        if walk is None:
            walk = self._walks[path] = _walk(self._env, self._table, path)
        return walk(row)


def _walk(env: Environment, table: Table, path: str) -> Callable[[Row], Any]:
    head, _, rest = path.partition("/")
    if rest:
        column, targets = table.by_navigation[head]
        onward = {target: _walk(env, TABLES[target], rest) for target in targets if target in TABLES}

        def across(row: Row) -> Any:
            ref: Ref | None = row.get(column.name)
            found = env.row(ref)
            return onward[ref.table](found) if ref is not None and found is not None and ref.table in onward else None

        return across
    return partial(_plain, table.by_property[head])


def _plain(column: Column, row: Row) -> Any:
    value = stored_value(row, column)
    return value.id if isinstance(value, Ref) else value


def _narrowed(env: Environment, table: Table, node: odata.Node) -> Iterator[Row]:
    """The rows worth testing: those an index names, if the filter pins an id, a lookup or the state."""
    ids = odata.required_values(node, table.id)
    if ids is not None:
        found = (env.store.get(table.name, str(value)) for value in dict.fromkeys(ids))
        return (row for row in found if row is not None)
    for name in env.store.indexed(table.name):
        column = table.columns[name]
        values = odata.required_values(node, column.property) if column.read else None
        if values is not None and None not in values:
            # The same text in two spellings is one entry of the index.
            named = dict.fromkeys(v.casefold() if isinstance(v, str) else v for v in values)
            return (row for value in named for row in env.store.where(table.name, name, value))
    return iter(env.store.rows(table.name))


def _order_key(env: Environment, table: Table, path: str) -> Callable[[Row], Any]:
    if path.partition("/")[0] in table.collections:
        raise unknown_property(table.name, path)
    try:
        property_kind(table, path)
    except odata.QueryRefused as refused:
        raise _refusal(refused, table) from refused
    walk = _walk(env, table, path)
    column = table.by_property.get(path)

    def key(row: Row) -> Any:
        if column is not None and column.kind is Kind.LOOKUP:
            ref = row.get(column.name)
            value: Any = env.display_name(ref) if ref is not None else None
        else:
            value = walk(row)
        return value.casefold() if isinstance(value, str) else value

    return key


def _nulls_first(key: Callable[[Row], Any]) -> Callable[[Row], tuple[bool, Any]]:
    def sortable(row: Row) -> tuple[bool, Any]:
        value = key(row)
        return (value is not None, 0 if value is None else value)

    return sortable


def _expander(
    env: Environment, table: Table, expand: odata.Expand, annotations: Annotations, base: str
) -> Callable[[Row], Row]:
    if expand.name in table.by_navigation:
        return _lookup_expander(env, table, expand, annotations, base)
    if expand.name in table.collections:
        return _collection_expander(env, table, expand, annotations, base)
    if expand.name.endswith("/$ref"):
        raise DataverseError(
            400, "0x80060888", "Expand with $ref is only supported on lookup type navigation property."
        )
    raise unknown_property(table.name, expand.name)


def _lookup_expander(
    env: Environment, table: Table, expand: odata.Expand, annotations: Annotations, base: str
) -> Callable[[Row], Row]:
    column, targets = table.by_navigation[expand.name]
    options = expand.options
    if options.filter or options.orderby or options.top is not None:
        raise _expand_refusal()
    reading = Reading(options, annotations)

    def put(row: Row) -> Row:
        ref: Ref | None = row.get(column.name)
        found = env.row(ref) if ref is not None and ref.table in targets else None
        if ref is None or found is None:
            return {expand.name: None}
        return {expand.name: show_rows(env, TABLES[ref.table], [found], reading, base)[0]}

    return put


def _collection_expander(
    env: Environment, table: Table, expand: odata.Expand, annotations: Annotations, base: str
) -> Callable[[Row], Row]:
    collection = table.collections[expand.name]
    child = TABLES[collection.table]
    options = expand.options
    if options.expand and (options.orderby or options.top is not None):
        raise _expand_refusal()
    # Shown once with no rows, so that a wrong $select is refused even where nothing is found.
    reading = Reading(options, annotations)
    show_rows(env, child, [], reading, base)
    matching(env, child, options, [])

    def put(row: Row) -> Row:
        rows = matching(env, child, options, env.related(table, expand.name, row[table.id]))
        limit = PAGE_LIMIT if options.top is None else options.top
        link = f"{base}/{table.entity_set}({row[table.id]})/{expand.name}"
        return {
            expand.name: show_rows(env, child, rows[:limit], reading, base),
            f"{expand.name}@odata.nextLink": link,
        }

    return put


def _expand_refusal() -> DataverseError:
    return DataverseError(
        400,
        "0x80060888",
        "Only $select and $filter clause can be provided while doing $expand on many-to-one relationship or nested"
        " one-to-many relationship.",
    )


def _refusal(refused: odata.QueryRefused, table: Table | None) -> DataverseError:
    if refused.fault is odata.Fault.UNKNOWN_PROPERTY:
        owner, _, name = refused.subject.rpartition("/")
        return unknown_property(owner or (table.name if table else ""), name)
    code = "0x80060888" if refused.fault is odata.Fault.NOT_SERVED else "0x0"
    return DataverseError(400, code, refused.message)


def delta_moment(value: datetime | date) -> str:
    """The time part of a delta token."""
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    return moment.strftime(_DELTA_MOMENT)


def delta_version(env: Environment, token: str) -> int:
    """The version in a delta token; refused when it is no token, or older than changes are kept."""
    version, _, moment = token.partition("!")
    days = int(env.organization.get("expirechangetrackingindays") or DELTA_DAYS)
    try:
        since = int(version)
        made = datetime.strptime(moment, _DELTA_MOMENT).replace(tzinfo=UTC)
    except ValueError:
        raise _expired() from None
    if env.world.clock.now() - made > timedelta(days=days) or since < env.store.oldest_known_deletion:
        raise _expired()
    return since


def _expired() -> DataverseError:
    return DataverseError(
        DELTA_EXPIRED_STATUS,
        "0x80044352",
        "Version stamp associated with the client has expired. Please perform a full sync.",
    )

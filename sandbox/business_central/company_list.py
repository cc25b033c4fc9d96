"""The set ``companies``: the same query options as any other set, on the handful of rows an environment has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.business_central import errors, wire
from sandbox.business_central.entities import COMPANY
from sandbox.business_central.tables import Row
from sandbox.odata import BUSINESS_CENTRAL, Fault, Kind, QueryRefused, compile_filter, parse_filter, parse_options

Json = dict[str, Any]


def company_json(row: Row) -> Json:
    """One company as it is written."""
    return {name: wire.writer(given.kind)(_value(row, name)) for name, given in COMPANY.properties.items()}


def company_list(rows: Sequence[Row], query: Mapping[str, str]) -> Json:
    """``value``, and the count if asked for, of the companies that a query wants. Raises Refused."""
    try:
        options = parse_options(query)
        found = list(rows)
        if options.filter:
            test = compile_filter(
                parse_filter(options.filter, BUSINESS_CENTRAL, _kind), _value, _kind, BUSINESS_CENTRAL
            )
            found = [row for row in found if test(row)]
        for name, descending in reversed(options.orderby):
            _kind(name)
            found.sort(key=lambda row, name=name: _value(row, name), reverse=descending)  # type: ignore[misc]
        for name in options.select:
            _kind(name)
    except QueryRefused as refusal:
        raise errors.query_refused(refusal, COMPANY.name) from None
    answer: Json = {"@odata.count": len(found)} if options.count else {}
    end = None if options.top is None else options.skip + options.top
    chosen = [company_json(row) for row in found[options.skip : end]]
    if options.select:
        chosen = [{name: each[name] for name in options.select} for each in chosen]
    return answer | {"value": chosen}


def _kind(name: str) -> Kind:
    if name not in COMPANY.properties:
        raise QueryRefused(Fault.UNKNOWN_PROPERTY, name, name)
    return COMPANY.properties[name].kind


def _value(row: Row, name: str) -> Any:
    return row.get(name, COMPANY.properties[name].empty)

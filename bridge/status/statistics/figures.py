"""The figures of customers: read from Business Central, laid out as the columns of their row in Sales."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from bridge.clients.errors import CompanionMissing
from bridge.clients.odata import any_of
from bridge.context import CompanyContext
from bridge.records import cents, guid
from bridge.status.here import has_companion

_AT_ONCE = 60
ALL_FROM = 300
"""From so many customers on all are read in pages: that is fewer requests than asking for each by its id."""

_WITH_COMPANION = {
    "nav_balancelcy": "balance",
    "nav_outstandingorderslcy": "outstandingOrders",
    "nav_shippednotinvoicedlcy": "shippedNotInvoiced",
    "nav_outstandinginvoiceslcy": "outstandingInvoices",
    "nav_totallcy": "total",
    "nav_creditlimitlcy": "creditLimit",
    "nav_overdueamountslcy": "overdueAmount",
    "nav_totalsaleslcy": "totalSales",
    "nav_invoicedprepaymentamountlcy": "invoicedPrepaymentAmount",
}
_WITHOUT = {"nav_balancelcy": "balance", "nav_overdueamountslcy": "overdueAmount"}
MONEY = tuple(_WITH_COMPANION)
SERVICE = ("nav_outstandingserviceorderslcy", "nav_servshippednotinvoicedlcy", "nav_outstandingservinvoiceslcy")
"""Of the service module, which nobody here can read; they begin at 1 and become 0 like the others."""
AS_OF = "nav_overdueamountsasof"
NAME_LENGTH = 160

Figures = dict[str, Any]
"""Column → value as it goes to Sales; money as Decimal with two decimals."""


def read(ctx: CompanyContext, customer_ids: Sequence[str]) -> dict[str, Figures]:
    """The figures of these customers by id; those that Business Central does not have any more are left out."""
    if has_companion(ctx):
        try:
            return {guid(row["id"]): _figures(row) for row in _statistics(ctx, customer_ids)}
        except CompanionMissing:
            return {guid(row["id"]): _less(row) for row in _customers(ctx, customer_ids)}
    return {guid(row["id"]): _less(row) for row in _customers(ctx, customer_ids)}


def _statistics(ctx: CompanyContext, ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    for condition in _conditions(ids):
        yield from ctx.bc.rows(
            "customerStatistics",
            purpose="read statistics",
            select=("id", "number", "displayName", "overdueAsOf", *_WITH_COMPANION.values()),
            filter=condition,
            companion=True,
            fresh=True,
        )


def _customers(ctx: CompanyContext, ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    for condition in _conditions(ids):
        yield from ctx.bc.rows(
            "customers",
            purpose="read statistics",
            select=("id", "number", "displayName", "creditLimit"),
            filter=condition,
            expand="customerFinancialDetail($select=balance,overdueAmount)",
            fresh=True,
        )


def _conditions(ids: Sequence[str]) -> list[str]:
    if len(ids) >= ALL_FROM:
        return [""]
    return [any_of("id", ids[start : start + _AT_ONCE]) for start in range(0, len(ids), _AT_ONCE)]


def _figures(row: Mapping[str, Any]) -> Figures:
    found: Figures = {column: _money(row[name]) for column, name in _WITH_COMPANION.items()}
    found |= dict.fromkeys(SERVICE, _money(0))
    return found | _named(row) | {AS_OF: f"{row['overdueAsOf']}T00:00:00Z"}


def _less(row: Mapping[str, Any]) -> Figures:
    """What API v2.0 tells by itself; the other columns stay empty, since nobody knows them."""
    details = row.get("customerFinancialDetail") or {}
    found: Figures = {column: _money(details[name]) for column, name in _WITHOUT.items() if name in details}
    return found | {"nav_creditlimitlcy": _money(row["creditLimit"])} | _named(row)


def _named(row: Mapping[str, Any]) -> Figures:
    return {"nav_name": row["displayName"][:NAME_LENGTH], "nav_customerno": row["number"]}


def _money(value: Any) -> Decimal:
    return cents(Decimal(str(value)))

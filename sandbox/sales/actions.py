"""Actions on documents: the changes of state that no PATCH may make, and the price lock.

Each close action leaves its state change only; the activity row the real service adds is not made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.sales import pricing, writes
from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, invalid_argument, not_found
from sandbox.sales.http import Answer, Call
from sandbox.sales.model import Row
from sandbox.sales.paths import resolve_bind
from sandbox.sales.schema import TABLES

Action = Callable[[Environment, Call, Row | None], Answer]
_DONE = Answer(204, headers={"OData-Version": "4.0"})


def _close(table: str, parameter: str, lookup: str, state: int, allowed: frozenset[int]) -> Action:
    def action(env: Environment, call: Call, _row: Row | None) -> Answer:
        body = _parameters(call)
        activity = body.get(parameter)
        if not isinstance(activity, Mapping) or f"{lookup}@odata.bind" not in activity:
            raise invalid_argument(f"Required field '{parameter}' with {lookup}@odata.bind is missing.")
        target = TABLES[table]
        ref = resolve_bind(env, target, activity[f"{lookup}@odata.bind"], (table,), call.references)
        row = env.row(ref)
        if row is None:
            raise not_found(table, ref.id)
        if row["statecode"] not in allowed:
            label = target.states[row["statecode"]].label
            raise DataverseError(400, "0x80040233", f"The {table} {ref.id} is {label}, which does not allow this.")
        status = body.get("Status", -1)
        if table == "quote" and state == 3 and status == -1:
            status = 5
        writes.set_state(env, target, ref.id, state, status, call.caller)
        return _DONE

    return action


def _lock_prices(locked: bool, table: str, parameter: str) -> Action:
    def action(env: Environment, call: Call, row: Row | None) -> Answer:
        target = TABLES[table]
        row_id = row[target.id] if row is not None else writes.as_id(str(_parameters(call).get(parameter, "")))
        writes.update(env, target, row_id, {"ispricelocked": locked}, call.caller)
        return _DONE

    return action


def _recalculate(env: Environment, call: Call, _row: Row | None) -> Answer:
    body = _parameters(call)
    family = pricing.BY_HEADER.get(str(body.get("entityLogicalName")))
    if family is None:
        raise invalid_argument("entityLogicalName must be quote, salesorder or invoice.")
    header_id = writes.as_id(str(body.get("entityId", "")))
    header = env.store.get(family.header, header_id)
    if header is None:
        raise not_found(family.header, header_id)
    if header["statecode"] == pricing.ACTIVE:
        with env.transaction():
            lines = env.store.where(family.line, family.parent, header_id)
            pricing.recalculate(env, family, header_id, [line[TABLES[family.line].id] for line in lines])
    return _DONE


def _parameters(call: Call) -> Mapping[str, Any]:
    body = call.json() if call.body else {}
    if not isinstance(body, Mapping):
        raise invalid_argument("An object with the action's parameters was expected.")
    return body


UNBOUND: Mapping[str, Action] = {
    "WinQuote": _close("quote", "QuoteClose", "quoteid", 2, frozenset({1})),
    "CloseQuote": _close("quote", "QuoteClose", "quoteid", 3, frozenset({0, 1})),
    "FulfillSalesOrder": _close("salesorder", "OrderClose", "salesorderid", 3, frozenset({0, 1})),
    "CancelSalesOrder": _close("salesorder", "OrderClose", "salesorderid", 2, frozenset({0, 1})),
    "WinOpportunity": _close("opportunity", "OpportunityClose", "opportunityid", 1, frozenset({0})),
    "LoseOpportunity": _close("opportunity", "OpportunityClose", "opportunityid", 2, frozenset({0})),
    "UnlockSalesOrderPricing": _lock_prices(False, "salesorder", "SalesOrderId"),
    "UnlockInvoicePricing": _lock_prices(False, "invoice", "InvoiceId"),
    "RecalculatePrice": _recalculate,
}
BOUND: Mapping[tuple[str, str], Action] = {
    ("salesorder", "LockSalesOrderPricing"): _lock_prices(True, "salesorder", "SalesOrderId"),
    ("salesorder", "UnlockSalesOrderPricing"): _lock_prices(False, "salesorder", "SalesOrderId"),
    ("invoice", "LockInvoicePricing"): _lock_prices(True, "invoice", "InvoiceId"),
    ("invoice", "UnlockInvoicePricing"): _lock_prices(False, "invoice", "InvoiceId"),
}

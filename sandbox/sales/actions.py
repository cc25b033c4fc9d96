"""Actions by name: changes of state that no PATCH may make, conversions, price locks, options, privileges of roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from sandbox.sales import conversions, pricing, publishing, writes
from sandbox.sales.bulk_delete import bulk_delete
from sandbox.sales.close_actions import DONE, Action, close, parameters
from sandbox.sales.environment import Environment
from sandbox.sales.errors import invalid_argument, not_found
from sandbox.sales.http import Answer, Call, json_answer
from sandbox.sales.model import Kind, Ref, Row
from sandbox.sales.schema import TABLES
from sandbox.sales.security import DEPTHS
from sandbox.sales.tables_security import ROLE_PRIVILEGES

OPTION_PREFIX = 727_000_000
"""The first value of an option that is added without one: the publisher's prefix and four digits."""


def _lock_prices(locked: bool, table: str, parameter: str) -> Action:
    def action(env: Environment, call: Call, row: Row | None) -> Answer:
        target = TABLES[table]
        row_id = row[target.id] if row is not None else writes.as_id(str(parameters(call).get(parameter, "")))
        writes.update(env, target, row_id, {"ispricelocked": locked}, call.caller)
        return DONE

    return action


def _recalculate(env: Environment, call: Call, _row: Row | None) -> Answer:
    body = parameters(call)
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
    return DONE


def _delete_line(env: Environment, call: Call, _row: Row | None) -> Answer:
    """A line is taken away and the totals stay as they are."""
    body = parameters(call)
    if body.get("entityName") not in pricing.BY_LINE:
        raise invalid_argument("entityName must be a table of lines.")
    line = TABLES[str(body["entityName"])]
    writes.delete(env, line, writes.as_id(str(body.get("entityId", ""))), call.caller, recalculate=False)
    return DONE


def _insert_option(env: Environment, call: Call, _row: Row | None) -> Answer:
    body = parameters(call)
    table, column = _choice(body)
    options = env.choices.of(table, column) or {}
    value = body.get("Value")
    if value is None:
        value = max([OPTION_PREFIX - 1, *options]) + 1
    if not isinstance(value, int) or value in options:
        raise invalid_argument(f"The option value {value} is in use, or is no number.")
    env.choices.put(table, column, value, _label(body))
    context = f"{call.base}/$metadata#Microsoft.Dynamics.CRM.InsertOptionValueResponse"
    return json_answer(200, {"@odata.context": context, "NewOptionValue": value})


def _update_option(env: Environment, call: Call, _row: Row | None) -> Answer:
    body = parameters(call)
    table, column = _choice(body)
    value = _known_option(env, table, column, body)
    env.choices.put(table, column, value, _label(body))
    return DONE


def _delete_option(env: Environment, call: Call, _row: Row | None) -> Answer:
    body = parameters(call)
    table, column = _choice(body)
    env.choices.remove(table, column, _known_option(env, table, column, body))
    return DONE


def _choice(body: Mapping[str, Any]) -> tuple[str, str]:
    table, column = str(body.get("EntityLogicalName")), str(body.get("AttributeLogicalName"))
    declared = TABLES.get(table)
    if declared is None or column not in declared.columns or declared.columns[column].kind is not Kind.CHOICE:
        raise invalid_argument(f"'{table}.{column}' is no choice column.")
    return table, column


def _known_option(env: Environment, table: str, column: str, body: Mapping[str, Any]) -> int:
    value = body.get("Value")
    if not isinstance(value, int) or value not in (env.choices.of(table, column) or {}):
        raise invalid_argument(f"'{table}.{column}' has no option {value}.")
    return value


def _label(body: Mapping[str, Any]) -> str:
    label = body.get("Label")
    labels = label.get("LocalizedLabels") if isinstance(label, Mapping) else None
    if not isinstance(labels, list) or not labels or not isinstance(labels[0], Mapping):
        raise invalid_argument("Required field 'Label' with LocalizedLabels is missing.")
    return str(labels[0].get("Label", ""))


def _add_privileges(replace: bool) -> Action:
    def action(env: Environment, call: Call, row: Row | None) -> Answer:
        role = row or {}
        env.privileges.demand(call.caller.users, "Write", TABLES["role"], row)
        given = parameters(call).get("Privileges")
        if not isinstance(given, list):
            raise invalid_argument("Required field 'Privileges' is missing.")
        with env.transaction():
            if replace:
                _drop_privileges(env, role["roleid"], None)
            for item in given:
                privilege_id = writes.as_id(str(item.get("PrivilegeId", "")))
                depth = DEPTHS.get(str(item.get("Depth")))
                if depth is None or env.store.get("privilege", privilege_id) is None:
                    raise invalid_argument(f"No privilege {privilege_id}, or no depth {item.get('Depth')}.")
                _drop_privileges(env, role["roleid"], privilege_id)
                link = {
                    "roleprivilegeid": str(uuid4()),
                    "roleid": Ref("role", role["roleid"]),
                    "privilegeid": Ref("privilege", privilege_id),
                    "privilegedepthmask": depth,
                }
                env.store.put(ROLE_PRIVILEGES, link)
        return DONE

    return action


def _remove_privilege(env: Environment, call: Call, row: Row | None) -> Answer:
    env.privileges.demand(call.caller.users, "Write", TABLES["role"], row)
    privilege_id = writes.as_id(str(parameters(call).get("PrivilegeId", "")))
    with env.transaction():
        _drop_privileges(env, (row or {})["roleid"], privilege_id)
    return DONE


def _drop_privileges(env: Environment, role_id: str, privilege_id: str | None) -> None:
    for link in list(env.store.where(ROLE_PRIVILEGES, "roleid", role_id)):
        if privilege_id is None or link["privilegeid"].id == privilege_id:
            env.store.remove(ROLE_PRIVILEGES, link["roleprivilegeid"])


UNBOUND: Mapping[str, Action] = {
    "WinQuote": close("quote", "QuoteClose", 2, frozenset({1})),
    "CloseQuote": close("quote", "QuoteClose", 3, frozenset({0, 1})),
    "FulfillSalesOrder": close("salesorder", "OrderClose", 3, frozenset({0, 1})),
    "CancelSalesOrder": close("salesorder", "OrderClose", 2, frozenset({0, 1})),
    "WinOpportunity": close("opportunity", "OpportunityClose", 1, frozenset({0})),
    "LoseOpportunity": close("opportunity", "OpportunityClose", 2, frozenset({0})),
    "UnlockSalesOrderPricing": _lock_prices(False, "salesorder", "SalesOrderId"),
    "UnlockInvoicePricing": _lock_prices(False, "invoice", "InvoiceId"),
    "RecalculatePrice": _recalculate,
    "ReviseQuote": conversions.revise_quote,
    "ConvertQuoteToSalesOrder": conversions.quote_to_order,
    "ConvertSalesOrderToInvoice": conversions.order_to_invoice,
    "GenerateQuoteFromOpportunity": conversions.from_opportunity("quote"),
    "GenerateSalesOrderFromOpportunity": conversions.from_opportunity("salesorder"),
    "GenerateInvoiceFromOpportunity": conversions.from_opportunity("invoice"),
    "BulkDelete": bulk_delete,
    "DeleteOQOILineWithSkipPricingCalculation": _delete_line,
    "InsertOptionValue": _insert_option,
    "UpdateOptionValue": _update_option,
    "DeleteOptionValue": _delete_option,
    **publishing.ACTIONS,
}
BOUND: Mapping[tuple[str, str], Action] = {
    ("salesorder", "LockSalesOrderPricing"): _lock_prices(True, "salesorder", "SalesOrderId"),
    ("salesorder", "UnlockSalesOrderPricing"): _lock_prices(False, "salesorder", "SalesOrderId"),
    ("invoice", "LockInvoicePricing"): _lock_prices(True, "invoice", "InvoiceId"),
    ("invoice", "UnlockInvoicePricing"): _lock_prices(False, "invoice", "InvoiceId"),
    ("role", "AddPrivilegesRole"): _add_privileges(False),
    ("role", "ReplacePrivilegesRole"): _add_privileges(True),
    ("role", "RemovePrivilegeRole"): _remove_privilege,
}

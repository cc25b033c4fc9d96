"""States and status reasons: which change a PATCH may make, and which need an action of their own."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.sales.catalogue_rules import simple
from sandbox.sales.errors import DataverseError
from sandbox.sales.model import Row, Table

_SCHEMA_NAMES = {"salesorder": "SalesOrder", "pricelevel": "PriceLevel", "uomschedule": "UoMSchedule"}

_BY_PATCH: Mapping[str, frozenset[tuple[int, int]]] = {
    "quote": frozenset({(0, 0), (0, 1), (1, 0)}),
    "salesorder": frozenset({(0, 0), (0, 1), (1, 0), (2, 0), (3, 0), (4, 0), (0, 4), (1, 4), (3, 4)}),
    "invoice": frozenset({(0, 0), (0, 2), (0, 3), (2, 3), (2, 0), (3, 0)}),
    "opportunity": frozenset({(1, 0), (2, 0)}),
    "product": frozenset({(2, 0), (3, 0), (0, 3), (0, 1), (1, 0)}),
}
"""Changes of state a PATCH may make; tables that are not here may change freely."""

_BY_ACTION = {
    ("quote", 2): "won",
    ("quote", 3): "closed",
    ("salesorder", 2): "canceled",
    ("salesorder", 3): "fulfilled",
    ("opportunity", 1): "won",
    ("opportunity", 2): "lost",
}
_PRODUCT_CODES = {
    (0, 0): "0x8004f982",
    (1, 1): "0x8004f980",
    (2, 2): "0x8004f981",
    (0, 2): "0x8004f912",
    (2, 1): "0x8004f978",
    (1, 2): "0x8004f979",
    (2, 3): "0x8004f913",
    (1, 3): "0x8004f913",
    (3, 2): "0x80061035",
}


def check_status(table: Table, row_id: str, state: int, status: int | None) -> int:
    """The status a row gets in ``state``: the given one if it belongs there, else the state's default."""
    if state not in table.states:
        raise DataverseError(400, "0x80048408", f"{state} is not a valid state code on {table.name} with Id {row_id}.")
    known = table.states[state]
    if status is None or status == -1:
        return known.default
    if status not in known.statuses:
        schema = _SCHEMA_NAMES.get(table.name, table.name.capitalize())
        raise DataverseError(
            400,
            "0x80048408",
            f"{status} is not a valid status code for state code {schema}State.{known.label.replace(' ', '')} on"
            f" {table.name} with Id {row_id}.",
        )
    return status


def change_by_patch(table: Table, row: Row, state: int | None, status: int | None) -> Row:
    """The columns a PATCH of state and status sets, or the refusal."""
    row_id = row[table.id]
    current = int(row["statecode"])
    if state is None or (state == current and table.name not in _BY_PATCH):
        return {"statuscode": check_status(table, row_id, current, status)}
    target = check_status(table, row_id, state, status)
    allowed = _BY_PATCH.get(table.name)
    if allowed is not None and (current, state) not in allowed:
        raise _refusal(table, row_id, current, state)
    if table.name == "product" and (current, state) == (1, 0) and not simple(row):
        raise DataverseError(
            400, "0x8004f977", f"The product {row_id} is a family, a bundle or in a family: it stays retired."
        )
    return {"statecode": state, "statuscode": target}


def _refusal(table: Table, row_id: str, current: int, state: int) -> DataverseError:
    action = _BY_ACTION.get((table.name, state))
    if action is not None:
        return DataverseError(
            400,
            "0x80100005",
            f"This message can not be used to set the state of {table.name} to {action}. In order to set state of"
            f" {table.name} to {action}, use the {action} message instead.",
        )
    if table.name == "quote" and state == 1:
        return DataverseError(
            400, "0x80100003", f"Quote {row_id} cannot be activated because it is not in draft state."
        )
    if table.name == "invoice" and state == 2:
        return DataverseError(400, "0x80100000", f"Invoice {row_id} cannot be paid because it is not active.")
    if table.name == "invoice" and state == 3:
        return DataverseError(400, "0x80100001", f"Invoice {row_id} cannot be canceled in its state.")
    if table.name == "opportunity" and state == 0:
        return DataverseError(400, "0x8004051a", f"Opportunity {row_id} is already open.")
    labels = f"{table.states[current].label} to {table.states[state].label}"
    code = _PRODUCT_CODES.get((current, state), "0x80040233") if table.name == "product" else "0x80040233"
    return DataverseError(400, code, f"The {table.name} {row_id} cannot go from {labels}.")

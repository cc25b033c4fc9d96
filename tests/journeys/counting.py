"""Counting what both sides hold after a run, against what the files say. Money in whole cents throughout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.northwind import ExpectedOrder
from tests.processes import SandboxProcess

WRITING = {"POST", "PATCH", "PUT", "DELETE"}
_ASKS_ONLY = ("GetBridgeSetup", "ActiveRowVersion", "FindOrderByReference", "CalculateAvailability", "ListOrderNotes")


def cents(amount: Any) -> int:
    """An amount from JSON in whole cents; AssertionError when it has a fraction of one."""
    whole = Decimal(str(amount)) * 100
    assert whole == whole.to_integral_value(), f"{amount} is not whole cents"
    return int(whole)


def assert_all_there(sandbox: SandboxProcess, expected: Mapping[str, ExpectedOrder]) -> None:
    """Each expected order is in Business Central once, Released, as ordered to the cent, and acknowledged in Sales."""
    in_bc = sandbox.bc.orders()
    in_sales = {order["ordernumber"]: order for order in sandbox.sales.orders()}
    seen = Counter(order["yourReference"] for order in in_bc)
    assert not set(expected) - set(seen), f"lost: {sorted(set(expected) - set(seen))}"
    doubled = {number: count for number, count in seen.items() if count > 1}
    assert not doubled, f"doubled: {doubled}"
    for order in in_bc:
        wanted = expected[order["yourReference"]]
        assert order["status"] == "Released", f"{wanted.number} is {order['status']}"
        assert order["customerNumber"] == wanted.customer
        assert bc_lines(order) == sales_lines(wanted), f"lines of {wanted.number}"
        assert cents(order["totalAmountIncludingTax"]) == wanted.total, f"Business Central's total of {wanted.number}"
        there = in_sales[wanted.number]
        assert cents(there["totalamount"]) == wanted.total, f"Sales' total of {wanted.number}"
        assert there["statecode"] == 1, f"{wanted.number} is in state {there['statecode']} in Sales"
        assert there["lastbackofficesubmit"], f"{wanted.number} is not acknowledged"
    assert len(in_bc) == len(expected)


def bc_lines(order: Mapping[str, Any]) -> list[tuple[str, str, int, int, int]]:
    """Type, number, quantity, price and discount of the lines that carry goods or freight, in their order."""
    return [
        (
            line["lineType"],
            line["lineObjectNumber"],
            int(Decimal(str(line["quantity"]))),
            cents(line["unitPrice"]),
            cents(line["discountAmount"]),
        )
        for line in order["lines"]
        if line["lineType"] != "Comment"
    ]


def sales_lines(wanted: ExpectedOrder, freight_account: str = "6810") -> list[tuple[str, str, int, int, int]]:
    """The same five facts as they must be in Business Central: items in the order sold, freight last."""
    lines = [("Item", line.item, line.quantity, line.price, line.discount) for line in wanted.lines]
    if wanted.freight > 0:
        lines.append(("Account", freight_account, 1, wanted.freight, 0))
    return lines


def writes(sandbox: SandboxProcess) -> list[str]:
    """Requests since the log was cleared that were meant to change something in one of the two systems."""
    return [
        f"{entry['system']} {entry['purpose']}"
        for entry in sandbox.requests()
        if entry["method"] in WRITING
        and entry["system"] != "sign-in"
        and not any(name in entry["path"] for name in _ASKS_ONLY)
    ]

"""What can be promised of an item, from its stock and what is due in and out: pure arithmetic on plain values.

This is our own calculation, for companies without the companion. It counts what API v2.0 shows: stock, open sales
order lines and open purchase order lines, of the item as a whole. Reservations, transfers, production, assembly and
projects are not in API v2.0 and not in here; transfers cancel out in an item as a whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate

FORMULA = (
    "AvailableToPromise = OnHand + OnPurchaseOrders - OnSalesOrders, each order line counted when due on Date or before"
)
_NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Movement:
    """A quantity in base units that comes in (positive) or goes out (negative); without a day it is due at once."""

    quantity: Decimal
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """``uncommitted`` is the lowest that stock falls to from the day on: what can be sold without taking from an order
    that is already there. ``earliest`` is None when the quantity cannot be promised on any day."""

    on_sales_orders: Decimal
    on_purchase_orders: Decimal
    available_to_promise: Decimal
    uncommitted: Decimal
    earliest: date | None


def promise(stock: Decimal, movements: Iterable[Movement], day: date, quantity: Decimal) -> Promise:
    """What can be promised on ``day``, and from that day on the first day for ``quantity``."""
    known = list(movements)
    due = [one.quantity for one in known if one.due_on is None or one.due_on <= day]
    incoming = sum((one for one in due if one > 0), _NONE)
    outgoing = -sum((one for one in due if one < 0), _NONE)
    balance = stock + incoming - outgoing
    later = _net_by_day(known, day)
    balances = accumulate((net for _, net in later), initial=balance)
    return Promise(outgoing, incoming, balance, min(balances), _earliest(balance, later, day, quantity))


def _net_by_day(movements: Iterable[Movement], after: date) -> list[tuple[date, Decimal]]:
    net: dict[date, Decimal] = defaultdict(Decimal)
    for one in movements:
        if one.due_on is not None and one.due_on > after:
            net[one.due_on] += one.quantity
    return sorted(net.items())


def _earliest(balance: Decimal, later: Iterable[tuple[date, Decimal]], day: date, quantity: Decimal) -> date | None:
    """Business Central's own walk: demand that follows takes an earlier day away again, up to the next receipt."""
    found = day if balance >= quantity else None
    for when, net, left in _running(balance, later):
        if net < 0 and left < quantity:
            found = None
        elif net > 0:
            if found is None and left >= quantity:
                found = when
            if found is not None:
                return found
    return found


def _running(balance: Decimal, later: Iterable[tuple[date, Decimal]]) -> Iterator[tuple[date, Decimal, Decimal]]:
    for when, net in later:
        balance += net
        yield when, net, balance

"""What can be promised of an item, from its stock and what is due in and out: pure arithmetic on plain values.

This is our own calculation, for companies without the companion. It counts what API v2.0 shows of the item as a whole:
stock, open sales orders, open purchase orders, and transfers on their way, which are part of the stock of an item but
cannot be shipped before they arrive. Reservations, returns, production, assembly and projects are not in API v2.0 and
not in here.

It looks ahead as Business Central does: what is ordered for later days, up to the first day that brings more than it
takes, is kept back. A quantity can therefore be promised on a day exactly when it is at most what is available then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from itertools import accumulate

FORMULA = (
    "AvailableToPromise = OnHand - InTransfer + ScheduledReceipt - GrossRequirement; "
    "ScheduledReceipt = OnPurchaseOrders + TransferReceipt; GrossRequirement = OnSalesOrders + LaterDemand"
)
_NONE = Decimal(0)


class Kind(Enum):
    """What moves: out to a customer, in from a vendor, or from one location to another. Values as in the store."""

    SALE = "sale"
    PURCHASE = "purchase"
    TRANSIT = "transit"


@dataclass(frozen=True, slots=True)
class Movement:
    """A quantity in base units as its document has it, negative where the document takes back; without a day it is due
    at once."""

    kind: Kind
    quantity: Decimal
    due_on: date | None = None

    def due(self, day: date) -> bool:
        return self.due_on is None or self.due_on <= day


@dataclass(frozen=True, slots=True)
class Promise:
    """Figures in base units; those of orders are what is due on the day asked for or before.

    ``in_transfer`` is all that is on its way, ``transfer_receipt`` what of it arrives by the day. ``later_demand`` is
    what later orders need before more comes. ``uncommitted`` is the lowest that stock ever falls to from the day on.
    ``earliest`` is None when the quantity cannot be promised on any day.
    """

    on_hand: Decimal
    on_sales_orders: Decimal
    on_purchase_orders: Decimal
    in_transfer: Decimal
    transfer_receipt: Decimal
    later_demand: Decimal
    uncommitted: Decimal
    earliest: date | None

    @property
    def scheduled_receipt(self) -> Decimal:
        return self.on_purchase_orders + self.transfer_receipt

    @property
    def gross_requirement(self) -> Decimal:
        return self.on_sales_orders + self.later_demand

    @property
    def projected(self) -> Decimal:
        """The balance on the day, without a look at what follows."""
        return self.on_hand - self.in_transfer + self.scheduled_receipt - self.on_sales_orders

    @property
    def available_to_promise(self) -> Decimal:
        return self.on_hand - self.in_transfer + self.scheduled_receipt - self.gross_requirement


def promise(stock: Decimal, movements: Iterable[Movement], day: date, quantity: Decimal) -> Promise:
    """What can be promised on ``day``, and from that day on the first day for ``quantity``. ``stock`` is the sum of the
    item ledger, goods on their way between locations included."""
    known = list(movements)
    by_day = {kind: _sum(one for one in known if one.kind is kind and one.due(day)) for kind in Kind}
    in_transfer = _sum(one for one in known if one.kind is Kind.TRANSIT)
    balance = stock - in_transfer + by_day[Kind.TRANSIT] + by_day[Kind.PURCHASE] - by_day[Kind.SALE]
    later = _net_by_day(known, day)
    return Promise(
        on_hand=stock,
        on_sales_orders=by_day[Kind.SALE],
        on_purchase_orders=by_day[Kind.PURCHASE],
        in_transfer=in_transfer,
        transfer_receipt=by_day[Kind.TRANSIT],
        later_demand=_kept_back(later),
        uncommitted=min(accumulate((net for _, net in later), initial=balance)),
        earliest=_earliest(balance, later, day, quantity),
    )


def _sum(movements: Iterable[Movement]) -> Decimal:
    return sum((one.quantity for one in movements), _NONE)


def _net_by_day(movements: Iterable[Movement], after: date) -> list[tuple[date, Decimal]]:
    net: dict[date, Decimal] = defaultdict(Decimal)
    for one in movements:
        if one.due_on is not None and one.due_on > after:
            net[one.due_on] += -one.quantity if one.kind is Kind.SALE else one.quantity
    return sorted(net.items())


def _kept_back(later: Iterable[tuple[date, Decimal]]) -> Decimal:
    """What later days take, up to the first that brings more than it takes."""
    demand = _NONE
    for _, net in later:
        if net > 0:
            break
        demand -= net
    return demand


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

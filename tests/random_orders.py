"""Orders made up at random, as sellers may write them: what each must come to is computed here, in whole cents.

Contacts and accounts, goods, services and write-ins, prices and discounts, freight, discounts on the whole order, three
currencies, texts up to their limits and in many scripts. All of them can be created; the totals share no code with the
product or the sandbox.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.orders.seller import Seller, product, write_in
from tests.processes import SandboxProcess

GOODS = ("TENT-LEI-2", "PACK-45", "GLOVE-WOOL", "GAS-230", "KNIFE-TURI", "TAPE-CLOTH", "DRILL-SET-19", "EAR-MUFF")
BY_MEASURE = ("ROPE-STATIC-11", "CORD-3", "WAX-BEES", "OIL-2T", "NAIL-60")
SERVICES = ("REPAIR", "ASSEMBLY", "GUIDE-DAY")
CUSTOMERS = ("10100", "10110", "10120", "10130", "10140", "10150", "10160", "10170", "20100", "30100", "40100")
CURRENCIES = ("NOK", "NOK", "NOK", "EUR", "SEK")
NAME_LIMIT, TEXT_LIMIT, LINE_TEXT_LIMIT, ADDRESS_LIMIT = 300, 2000, 2000, 250


@dataclass(frozen=True, slots=True)
class RandomLine:
    """``kind`` is goods, measure, service or write-in. ``quantity`` in hundredths; money in cents."""

    kind: str
    what: str
    quantity: int
    price: int
    discount: int
    text: str

    @property
    def amount(self) -> int:
        return _round(Decimal(self.quantity) * self.price / 100) - self.discount

    def body(self) -> dict[str, Any]:
        """The line as a seller writes it."""
        values = {"manualdiscountamount": self.discount / 100, "description": self.text or None}
        quantity, price = self.quantity / 100, self.price / 100
        if self.kind == "write-in":
            return write_in(self.what, quantity, price, **values)
        return product(self.what, quantity, price, **values)


@dataclass(frozen=True, slots=True)
class RandomOrder:
    """Money in cents, ``percent`` in hundredths of a percent."""

    customer: str
    by_contact: bool
    currency: str
    name: str
    text: str
    street: str
    lines: tuple[RandomLine, ...]
    freight: int
    discount: int
    percent: int

    @property
    def total(self) -> int:
        """What buyer and seller agreed on, without VAT."""
        lines = sum(line.amount for line in self.lines)
        return lines - self.discount - _round(Decimal(lines) * self.percent / 10_000) + self.freight

    def write(self, seller: Seller, number: str) -> None:
        """Write it in Sales, not submitted yet."""
        columns: dict[str, Any] = {
            "name": self.name,
            "description": self.text or None,
            "shipto_line1": self.street or None,
            "freightamount": self.freight / 100,
            "discountamount": self.discount / 100 or None,
            "discountpercentage": self.percent / 100 or None,
        }
        if self.by_contact:
            contact = seller.contact_of(self.customer)
            columns |= {"customerid_account@odata.bind": None, "customerid_contact@odata.bind": f"/contacts({contact})"}
        lines = [line.body() for line in self.lines]
        seller.write(number, *lines, customer=self.customer, currency=self.currency, **columns)


def _round(cents: Decimal) -> int:
    return int(cents.quantize(Decimal(1), ROUND_HALF_UP))


def _text(limit: int) -> st.SearchStrategy[str]:
    """Mostly short, sometimes exactly at the limit; any letters, line breaks too."""
    letters = st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"))
    short = st.text(letters, max_size=16)
    full = st.sampled_from(("x", "ø", "語", "a b\n")).map(lambda part: (part * limit)[:limit])
    return st.one_of(st.just(""), short, short, full)


@st.composite
def _lines(draw: st.DrawFn) -> RandomLine:
    kind = draw(st.sampled_from(("goods", "goods", "goods", "measure", "service", "write-in")))
    if kind == "write-in":
        what, quantity = draw(st.sampled_from(("Name plates", "Æsker", "x" * 500))), draw(st.integers(1, 50)) * 100
    else:
        what = draw(st.sampled_from({"goods": GOODS, "measure": BY_MEASURE, "service": SERVICES}[kind]))
        quantity = draw(st.integers(1, 40)) * 100 if kind == "goods" else draw(st.integers(1, 40)) * 25
    price = draw(st.integers(1, 2_000_000))
    whole = _round(Decimal(quantity) * price / 100)
    discount = draw(st.one_of(st.just(0), st.just(0), st.integers(0, whole // 2)))
    return RandomLine(kind, what, quantity, price, discount, draw(_text(LINE_TEXT_LIMIT)))


@st.composite
def _orders(draw: st.DrawFn) -> RandomOrder:
    lines = tuple(draw(st.lists(_lines(), min_size=1, max_size=6)))
    sold = sum(line.amount for line in lines)
    return RandomOrder(
        customer=draw(st.sampled_from(CUSTOMERS)),
        by_contact=draw(st.booleans()),
        currency=draw(st.sampled_from(CURRENCIES)),
        name=draw(_text(NAME_LIMIT)) or "Order",
        text=draw(_text(TEXT_LIMIT)),
        street=draw(_text(ADDRESS_LIMIT)).replace("\n", " "),
        lines=lines,
        freight=draw(st.one_of(st.just(0), st.integers(1, 500_000))),
        discount=draw(st.one_of(st.just(0), st.just(0), st.integers(0, sold // 4))),
        percent=draw(st.one_of(st.just(0), st.just(0), st.integers(1, 3_000))),
    )


def make_up(count: int, from_seed: int) -> list[RandomOrder]:
    """So many different orders; the same for the same seed."""
    made: dict[RandomOrder, None] = {}

    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_orders())
    def collect(order: RandomOrder) -> None:
        made.setdefault(order)

    while len(made) < count:
        seed(from_seed)(collect)()
        from_seed += 1
    return list(made)[:count]


def differences(sandbox: SandboxProcess, orders: dict[str, RandomOrder]) -> list[str]:
    """Every way in which the two systems do not hold exactly these orders, each once, released, acknowledged, and of
    the same total to the cent; in words."""
    in_bc = Counter(order["yourReference"] for order in sandbox.bc.orders())
    in_sales = {order["ordernumber"]: order for order in sandbox.sales.orders()}
    found = [f"{number}: lost" for number in orders if not in_bc[number]]
    found += [f"{number}: {count} of it in Business Central" for number, count in in_bc.items() if count > 1]
    for order in sandbox.bc.orders():
        number = order["yourReference"]
        if number not in orders:
            continue
        wanted, there = orders[number].total, in_sales[number]
        if order["status"] != "Released":
            found.append(f"{number}: {order['status']}")
        if (there["statecode"], there["statuscode"]) != (1, 3) or not there["lastbackofficesubmit"]:
            found.append(f"{number}: not acknowledged")
        sums = {"Business Central": order["totalAmountExcludingTax"], "Sales": there["totalamount"]}
        found += [
            f"{number}: {side} says {amount}, agreed were {Decimal(wanted) / 100}"
            for side, amount in sums.items()
            if Decimal(str(amount)) * 100 != wanted
        ]
    return found


def write_all(sandbox: SandboxProcess, orders: dict[str, RandomOrder], tell: Callable[[int], None]) -> None:
    """Write them in Sales as Astrid does. ``tell`` hears how many there are by now."""
    seller = Seller(sandbox)
    for done, (number, order) in enumerate(orders.items(), start=1):
        order.write(seller, number)
        tell(done)

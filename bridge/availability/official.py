"""Answer the waiting questions about items by Business Central's own available-to-promise, through the companion.

Business Central calculates for one place: a variant and a location, either of which may be blank. A question about the
item as a whole is asked for every place and summed up; its earliest date is that of the first place which can promise
the whole quantity by itself. What lies at an in-transit location is on hand and nowhere to ship from: of those places
the stock alone counts, under a name of its own. Many questions go in one call.

Readers cause the questions, so what they may cost is bounded: at most :data:`MOST` requests a minute for each company,
however many ask. What does not fit waits; whoever still wants to know asks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bridge.availability.allowance import Allowance
from bridge.availability.open_lines import in_transit_locations
from bridge.availability.together import Read, Together
from bridge.clients.errors import CompanionMissing, RemoteError
from bridge.clients.odata import any_of, quote_text
from bridge.context import CompanyContext, Outcome
from bridge.records import guid
from bridge.store import companies, projection, questions
from bridge.store.models import AvailabilityQuestion

JOB = "ITEM-AVAILABILITY"
MOST_PLACES = 200
"""Places of one item, and questions in one call."""
MOST = 12
"""Requests a minute for one company: a call every ten seconds, with a look at the places before each."""
REQUESTS = "availability question requests"
_ROUND_COSTS = 2
_AT_ONCE = 50
_Result = tuple[str, Mapping[str, Any] | None, str]
"""Id of the question, the terms, and why there are none."""
_TERMS = (
    "inventory",
    "reservedOnInventory",
    "scheduledReceipt",
    "reservedReceipt",
    "grossRequirement",
    "reservedRequirement",
    "availableToPromise",
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question and the places it is about."""

    row: AvailabilityQuestion
    places: Sequence[tuple[str, str]]

    def requests(self) -> Iterable[dict[str, Any]]:
        given = self.row.question
        for variant, location in self.places:
            yield {
                "itemNumber": given["item"],
                "variantCode": variant,
                "locationCode": location,
                "requestedDate": given["date"],
                "quantity": given["quantity"],
            }


def answer_questions(ctx: CompanyContext) -> Outcome:
    """Answer all that wait, as many calls as that takes. A question Business Central refuses keeps its reason, and the
    others of its call are asked again by halves. Raises RemoteError when Business Central does not answer."""
    questions.forget_old(ctx.db, ctx.company.id, ctx.clock())
    allowance = Allowance(ctx, REQUESTS, (REQUESTS,), most=MOST)
    answered = refused = 0
    while (rows := questions.waiting(ctx.db, ctx.company.id, _AT_ONCE)) and not ctx.stopping():
        began, room = ctx.clock(), allowance.room()
        asking = _Asking(ctx, room)
        try:
            results = asking.answers(rows) if room >= _ROUND_COSTS else []
        except CompanionMissing:
            companies.learn_companion(ctx.db, ctx.company.id, None)
            results = [(row.id, None, "The companion is not installed.") for row in rows]
        finally:
            allowance.note(asking.requests)
        questions.answer(ctx.db, results, max(began, *(row.asked_at for row in rows)))
        answered += len(results)
        refused += sum(1 for _, _, error in results if error)
        if not results:
            notes = ("As much was asked within this minute as may be; what waits is asked with the next question.",)
            return Outcome(counts={"answered": answered, "refused": refused}, notes=notes)
    return Outcome(counts={"answered": answered, "refused": refused})


class _Asking:
    """One round of at most ``room`` requests. Its answers hold all ledger entries that were known when it began."""

    def __init__(self, ctx: CompanyContext, room: int) -> None:
        self._ctx = ctx
        self._room = room
        self._together = Together(ctx.bc, "read places")
        self._calls = 0
        tail = projection.tail_of(ctx.db, ctx.company.id)
        self._ledger_entry = tail.last_entry_number if tail is not None else 0
        self._transits = in_transit_locations(ctx)

    @property
    def requests(self) -> int:
        return self._together.requests + self._calls

    def answers(self, rows: Sequence[AvailabilityQuestion]) -> list[_Result]:
        """What came of them; those there was no room for are missing."""
        results: list[_Result] = []
        call: list[_Asked] = []
        for asked in self._with_places(rows):
            if len(asked.places) > MOST_PLACES:
                text = f"The item has more than {MOST_PLACES} places; ask for one location and variant."
                results.append((asked.row.id, None, text))
                continue
            if call and sum(len(one.places) for one in (*call, asked)) > MOST_PLACES:
                results += self._called(call)
                call = []
            call.append(asked)
        return results + (self._called(call) if call else [])

    def _called(self, call: Sequence[_Asked]) -> list[_Result]:
        if self.requests >= self._room:
            return []
        self._calls += 1
        try:
            asked = [request for one in call for request in one.requests()]
            terms = iter(self._ctx.bc.calculate_availability(asked))
        except RemoteError as error:
            if error.can_retry or isinstance(error, CompanionMissing):
                raise
            if len(call) == 1:  # Business Central's own words, for example that there is no such item
                return [(call[0].row.id, None, error.text)]
            middle = len(call) // 2
            return self._called(call[:middle]) + self._called(call[middle:])
        return [(one.row.id, self._summed(one, [next(terms) for _ in one.places]), "") for one in call]

    def _summed(self, asked: _Asked, answered: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        everywhere = asked.row.question["location"] is None
        on_the_way = [
            everywhere and location in self._transits for (_, location), _ in zip(asked.places, answered, strict=True)
        ]
        places = [one for one, moving in zip(answered, on_the_way, strict=True) if not moving]
        moving = _sum((one for one, moving in zip(answered, on_the_way, strict=True) if moving), "inventory")
        sums = {name: _sum(places, name) for name in _TERMS}
        days = [str(one["earliestDate"]) for one in places if one.get("earliestDate")]
        return {
            **{name: str(value) for name, value in sums.items()},
            "inventory": str(sums["inventory"] + moving),
            "inTransfer": str(moving),
            "earliestDate": min(days, default=""),
            "ledgerEntry": self._ledger_entry,
        }

    def _with_places(self, rows: Sequence[AvailabilityQuestion]) -> list[_Asked]:
        """Locations and variants are looked up once for all, and only where a question is about all of them."""
        reads: list[Read] = []
        if everywhere := any(row.question["location"] is None for row in rows):
            reads.append(Read("locations", ("code",)))
        wanted = sorted({row.question["item"] for row in rows if row.question["variant"] is None})
        items = projection.items_by_number(self._ctx.db, self._ctx.company.id, wanted) if wanted else {}
        if items:
            named = any_of("itemNumber", map(quote_text, sorted(items)))
            reads.append(Read("itemVariants", ("itemId", "code"), filter=named))
        listed = iter(self._together.ask(reads) if reads else [])
        locations = ["", *(str(row["code"]) for row in next(listed))] if everywhere else []
        variants: dict[str, list[str]] = {}
        numbers = {row.item_id: row.number for row in items.values()}
        for variant in next(listed) if items else ():
            variants.setdefault(numbers[guid(variant["itemId"])], []).append(str(variant["code"]))
        return [
            _Asked(
                row,
                [
                    (variant, location)
                    for variant in _chosen(row.question["variant"], ["", *variants.get(row.question["item"], [])])
                    for location in _chosen(row.question["location"], locations)
                ],
            )
            for row in rows
        ]


def _sum(places: Iterable[Mapping[str, Any]], name: str) -> Decimal:
    return sum((Decimal(str(one[name])) for one in places), Decimal(0))


def _chosen(one: str | None, known: list[str]) -> list[str]:
    return known if one is None else [one]

"""Answer the waiting questions about items by Business Central's own available-to-promise, through the companion.

Business Central calculates for one place: a variant and a location, either of which may be blank. A question about the
item as a whole is asked for every place and summed up; its earliest date is that of the first place which can promise
the whole quantity by itself. Many questions go in one call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bridge.clients.errors import CompanionMissing, RemoteError
from bridge.clients.odata import any_of, quote_text
from bridge.context import CompanyContext, Outcome
from bridge.records import guid
from bridge.store import projection, questions
from bridge.store.models import AvailabilityQuestion

JOB = "ITEM-AVAILABILITY"
MOST_PLACES = 200
"""Places of one item, and questions in one call."""
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
    others of its call are asked again one by one. Raises RemoteError when Business Central does not answer."""
    questions.forget_old(ctx.db, ctx.company.id, ctx.clock())
    answered = refused = 0
    while (rows := questions.waiting(ctx.db, ctx.company.id, _AT_ONCE)) and not ctx.stopping():
        began = ctx.clock()
        try:
            results = _answers(ctx, rows)
        except CompanionMissing:
            results = [(row.id, None, "The companion is not installed.") for row in rows]
        questions.answer(ctx.db, results, max(began, *(row.asked_at for row in rows)))
        answered += len(results)
        refused += sum(1 for _, _, error in results if error)
    return Outcome(counts={"answered": answered, "refused": refused})


def _answers(ctx: CompanyContext, rows: Sequence[AvailabilityQuestion]) -> list[_Result]:
    results: list[_Result] = []
    call: list[_Asked] = []
    for asked in _with_places(ctx, rows):
        if len(asked.places) > MOST_PLACES:
            text = f"The item has more than {MOST_PLACES} places; ask for one location and variant."
            results.append((asked.row.id, None, text))
            continue
        if call and sum(len(one.places) for one in (*call, asked)) > MOST_PLACES:
            results += _called(ctx, call)
            call = []
        call.append(asked)
    return results + (_called(ctx, call) if call else [])


def _called(ctx: CompanyContext, call: Sequence[_Asked]) -> list[_Result]:
    try:
        terms = iter(ctx.bc.calculate_availability([request for asked in call for request in asked.requests()]))
    except RemoteError as error:
        if error.can_retry or isinstance(error, CompanionMissing):
            raise
        if len(call) == 1:  # Business Central's own words, for example that there is no such item
            return [(call[0].row.id, None, error.text)]
        return [one for asked in call for one in _called(ctx, [asked])]
    return [(asked.row.id, _summed([next(terms) for _ in asked.places]), "") for asked in call]


def _summed(places: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    sums = {name: str(sum((Decimal(str(one[name])) for one in places), Decimal(0))) for name in _TERMS}
    days = [str(one["earliestDate"]) for one in places if one.get("earliestDate")]
    return {**sums, "earliestDate": min(days, default=""), "places": len(places)}


def _with_places(ctx: CompanyContext, rows: Sequence[AvailabilityQuestion]) -> list[_Asked]:
    """Locations and variants are looked up once for all, and only where a question is about all of them."""
    locations, variants = [""], dict[str, list[str]]()
    if any(row.question["location"] is None for row in rows):
        listed = ctx.bc.rows("locations", purpose="read places", select=("code",))
        locations += [str(location["code"]) for location in listed]
    if wanted := sorted({row.question["item"] for row in rows if row.question["variant"] is None}):
        items = projection.items_by_number(ctx.db, ctx.company.id, wanted)
        if items:
            numbers = {row.item_id: row.number for row in items.values()}
            for variant in ctx.bc.rows(
                "itemVariants",
                purpose="read places",
                select=("itemId", "code"),
                filter=any_of("itemNumber", map(quote_text, sorted(numbers.values()))),
            ):
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


def _chosen(one: str | None, known: list[str]) -> list[str]:
    return known if one is None else [one]

"""What can be promised of items: Business Central's own calculation where the companion is, ours where it is not.

Nothing here asks Business Central. The official answer is one the worker fetched: kept as long as it is young and its
item has not moved since, shared by all who ask the same, fetched anew by one flight otherwise. While it is not there,
an item as a whole is answered by our own calculation, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from gateway.availability.model import Company
from gateway.availability.service import Availability
from gateway.cache.base import Cache, CacheUnavailable
from gateway.freshness import Refresher
from gateway.item_availability.answers import age, by_business_central, by_ourselves
from gateway.item_availability.model import Answer, Basis, Item, Official, Own, Question, Refused, Source

OFFICIAL_JOB, LINES_JOB = "ITEM-AVAILABILITY", "OPEN-LINES"
_WAKE_SECONDS = 3
_ASK_SECONDS = 5
"""How often one question is put to the worker at the most."""
_NO_PLACES = (
    "Stock by location or variant needs the companion, which is not installed in this company. "
    "Leave location and variant out to ask for the item as a whole, or install it: companion/README.md."
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, its item, and how the worker is asked it."""

    question: Question
    item: Item
    wording: Mapping[str, Any]


class ItemAvailability:
    """``wake`` makes a company's job due now; ``max_age`` and ``stale_if_error`` in seconds, as for stock itself."""

    def __init__(
        self,
        source: Source,
        availability: Availability,
        refresher: Refresher,
        cache: Cache,
        wake: Callable[[str, str], None],
        clock: Callable[[], datetime],
        *,
        time_zone: str,
        max_age: int,
        stale_if_error: int,
    ) -> None:
        self._source = source
        self._availability = availability
        self._refresher = refresher
        self._cache = cache
        self._wake = wake
        self._clock = clock
        self._zone = ZoneInfo(time_zone)
        self.max_age = max_age
        self._stale_if_error = stale_if_error

    def today(self) -> date:
        """The day it is where the companies are."""
        return self._clock().astimezone(self._zone).date()

    def company(self, name: str | None, company_id: str | None, asked: str) -> Company:
        """The company meant, as for stock itself."""
        return self._availability.company(name, company_id, asked)

    def answers(self, company: Company, questions: Sequence[Question], newest: int | None) -> list[Answer | Refused]:
        """One for each question, in order. ``newest`` is the age the caller accepts, None when ours will do. Raises
        Unavailable when stock itself is too old to be told."""
        if newest is not None:
            self._bring(company, newest)
        self._availability.freshness(company)
        basis = self._source.basis(company.id)
        found = self._items(company, questions)
        asked = [_Asked(one, item, _wording(one, item)) for one, item in found if item is not None]
        official = self._officials(company, asked, newest) if basis.companion else [None] * len(asked)
        if basis.lines_at is None or self._age(basis.lines_at) > self.max_age:
            self._wake_once(LINES_JOB, company)
        own = self._source.own(
            company.id,
            [
                (
                    one.item.item_id,
                    one.question.variant,
                    one.question.location,
                    one.question.day,
                    one.question.quantity,
                )
                for one in asked
            ],
        )
        given = iter(zip(asked, official, own, strict=True))
        return [
            self._answer(basis, *next(given)) if item is not None else _unknown(company, question)
            for question, item in found
        ]

    def _bring(self, company: Company, newest: int) -> None:
        """Have what is older than that read anew: the open orders at the same time as the ledger."""
        lines_at, since = self._source.lines_at(company.id), None
        if lines_at is None or self._age(lines_at) > newest:
            since = self._refresher.asked(company.id, LINES_JOB)
        self._refresher.bring(company.id, newest)
        if since is not None:
            asked = since
            self._refresher.wait(lambda: (at := self._source.lines_at(company.id)) is not None and at >= asked)

    def _items(self, company: Company, questions: Sequence[Question]) -> list[tuple[Question, Item | None]]:
        numbers = {one.item for one in questions if one.item}
        products = {one.product for one in questions if one.product}
        items = self._source.items(company.id, numbers, products)
        by_number = {item.number: item for item in items}
        by_product = {item.product_id: item for item in items if item.product_id}
        return [(one, by_product.get(one.product) if one.product else by_number.get(one.item)) for one in questions]

    def _officials(self, company: Company, asked: Sequence[_Asked], newest: int | None) -> Sequence[Official | None]:
        wordings = [one.wording for one in asked]
        kept = self._source.official(company.id, wordings)
        limit = self.max_age if newest is None else min(newest, self.max_age)
        outdated = [
            one.wording
            for one, answer in zip(asked, kept, strict=True)
            if answer is None or self._age(answer.answered_at) > limit or answer.answered_at < one.item.changed_at
        ]
        wanted = [wording for wording in outdated if self._first(f"ask:{company.id}:{sorted(wording.items())}")]
        since = self._clock()
        if wanted:
            self._source.ask(company.id, wanted)
            self._wake(OFFICIAL_JOB, company.id)
        if not outdated:
            return kept

        def all_there() -> bool:
            answers = self._source.official(company.id, outdated)
            return all(one is not None and age(one.answered_at, since) <= _ASK_SECONDS for one in answers)

        self._refresher.wait(all_there)
        return self._source.official(company.id, wordings)

    def _answer(self, basis: Basis, asked: _Asked, official: Official | None, own: Own) -> Answer | Refused:
        question = asked.question
        if official is not None and not official.error and self._age(official.answered_at) <= self._stale_if_error:
            return self._officially(basis, asked, official, own)
        if question.variant is not None or question.location is not None:
            if not basis.companion:
                return Refused(question, "BadRequest", _NO_PLACES)
            if official is not None and official.error:
                return Refused(question, "BadRequest", official.error)
            return Refused(question, "Internal_TenantUnavailable", "Business Central is being asked; try again.")
        if basis.lines_at is None or self._age(basis.lines_at) > self._stale_if_error:
            text = "Open orders have not been read lately; Business Central is being asked. Try again."
            return Refused(question, "Internal_TenantUnavailable", text)
        return by_ourselves(basis, asked.item, question, own, self._clock(), self._source.formula)

    def _officially(self, basis: Basis, asked: _Asked, official: Official, own: Own) -> Answer:
        lately = basis.lines_at is not None and self._age(basis.lines_at) <= self._stale_if_error
        return by_business_central(
            basis, asked.item, asked.question, own, self._clock(), official, lines_at=basis.lines_at if lately else None
        )

    def _age(self, at: datetime) -> int:
        return age(at, self._clock())

    def _wake_once(self, job: str, company: Company) -> None:
        if self._first(f"wake:{job}:{company.id}", _WAKE_SECONDS):
            self._wake(job, company.id)

    def _first(self, name: str, seconds: int = _ASK_SECONDS) -> bool:
        try:
            return self._cache.add(name, b"1", seconds)
        except CacheUnavailable:
            return True  # asked twice is better than never


def _wording(question: Question, item: Item) -> Mapping[str, Any]:
    return {
        "item": item.number,
        "variant": question.variant,
        "location": question.location,
        "date": question.day.isoformat(),
        "quantity": format(question.quantity.normalize() + Decimal(0), "f"),
    }


def _unknown(company: Company, question: Question) -> Refused:
    if question.product:
        text = (
            f"No item of {company.name} is coupled to product {question.product}: couple it "
            "(python -m bridge couple ITEM-PRODUCT), or ask by the item's number."
        )
    else:
        text = f'{company.name} has no item with the number "{question.item[:60]}": compare it with Business Central.'
    return Refused(question, "Internal_RecordNotFound", text)

"""What can be promised of items: Business Central's own calculation where the companion is, ours where it is not.

Nothing here asks Business Central. The official answer is one the worker fetched: kept as long as it is young and its
item has not moved since, shared by all who ask the same, fetched anew by one flight otherwise. While it is not there,
an item as a whole is answered by our own calculation, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway.availability.model import Company
from gateway.availability.service import Availability
from gateway.cache.base import Cache, CacheUnavailable
from gateway.freshness import Refresher
from gateway.item_availability.model import (
    NOT_COUNTED,
    OFFICIAL_FORMULA,
    Answer,
    Basis,
    Item,
    Official,
    Own,
    Question,
    Refused,
    Source,
)

OFFICIAL_JOB, LINES_JOB = "ITEM-AVAILABILITY", "OPEN-LINES"
_WAKE_SECONDS = 3
_ASK_SECONDS = 5
"""How often one question is put to the worker at the most."""


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
        max_age: int,
        stale_if_error: int,
    ) -> None:
        self._source = source
        self._availability = availability
        self._refresher = refresher
        self._cache = cache
        self._wake = wake
        self._clock = clock
        self.max_age = max_age
        self._stale_if_error = stale_if_error

    def company(self, name: str | None, company_id: str | None, asked: str) -> Company:
        """The company meant, as for stock itself."""
        return self._availability.company(name, company_id, asked)

    def answers(self, company: Company, questions: Sequence[Question], newest: int | None) -> list[Answer | Refused]:
        """One for each question, in order. ``newest`` is the age the caller accepts, None when ours will do. Raises
        Unavailable when stock itself is too old to be told."""
        if newest is not None:
            self._refresher.bring(company.id, newest)
        self._availability.freshness(company)
        basis = self._source.basis(company.id)
        found = self._items(company, questions)
        asked = [_Asked(one, item, _wording(one, item)) for one, item in found if item is not None]
        official = self._officials(company, asked, newest) if basis.companion else [None] * len(asked)
        if basis.lines_at is None or self._age(basis.lines_at) > self.max_age:
            self._wake_once(LINES_JOB, company)
        own = self._source.own(
            company.id, [(one.item.item_id, one.question.day, one.question.quantity) for one in asked]
        )
        given = iter(zip(asked, official, own, strict=True))
        return [
            self._answer(basis, *next(given)) if item is not None else _unknown(question) for question, item in found
        ]

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
            return all(one is not None and self._age_at(one.answered_at, since) <= _ASK_SECONDS for one in answers)

        self._refresher.wait(all_there)
        return self._source.official(company.id, wordings)

    def _answer(self, basis: Basis, asked: _Asked, official: Official | None, own: Own) -> Answer | Refused:
        question = asked.question
        if official is not None and not official.error and self._age(official.answered_at) <= self._stale_if_error:
            return self._officially(basis, asked, official, own)
        if question.variant is not None or question.location is not None:
            if not basis.companion:
                text = "Stock by location or variant is known with the companion only; ask for the item as a whole."
                return Refused(question, "BadRequest", text)
            if official is not None and official.error:
                return Refused(question, "BadRequest", official.error)
            return Refused(question, "Internal_TenantUnavailable", "Business Central is being asked; try again.")
        if basis.lines_at is None or self._age(basis.lines_at) > self._stale_if_error:
            text = "Open orders have not been read lately; Business Central is being asked. Try again."
            return Refused(question, "Internal_TenantUnavailable", text)
        return self._by_ourselves(basis, asked, own, basis.lines_at)

    def _officially(self, basis: Basis, asked: _Asked, official: Official, own: Own) -> Answer:
        terms = official.terms
        whole = asked.question.variant is None and asked.question.location is None and basis.lines_at is not None
        return Answer(
            **_who(asked),
            on_hand=terms["inventory"],
            reserved=terms["reservedOnInventory"],
            on_sales_orders=own.promise.on_sales_orders if whole and not own.left_out else None,
            on_purchase_orders=own.promise.on_purchase_orders if whole and not own.left_out else None,
            in_transfer=None,
            scheduled_receipt=terms["scheduledReceipt"],
            gross_requirement=terms["grossRequirement"],
            projected=terms["inventory"] + terms["scheduledReceipt"] - terms["grossRequirement"],
            available_to_promise=terms["availableToPromise"],
            uncommitted=None,
            earliest=official.earliest,
            official=True,
            formula=OFFICIAL_FORMULA,
            not_counted=(),
            as_of=official.answered_at,
            age=self._age(official.answered_at),
            ledger_entry=basis.ledger_entry,
        )

    def _by_ourselves(self, basis: Basis, asked: _Asked, own: Own, lines_at: datetime) -> Answer:
        figures, stock = own.promise, asked.item.inventory
        left_out = (f"{own.left_out} order lines in another unit than {asked.item.unit}",) if own.left_out else ()
        as_of = min(lines_at, basis.tailed_at or lines_at)
        return Answer(
            **_who(asked),
            on_hand=stock,
            reserved=None,
            on_sales_orders=figures.on_sales_orders,
            on_purchase_orders=figures.on_purchase_orders,
            in_transfer=None,
            scheduled_receipt=None,
            gross_requirement=None,
            projected=stock + figures.on_purchase_orders - figures.on_sales_orders,
            available_to_promise=figures.available_to_promise,
            uncommitted=figures.uncommitted,
            earliest=figures.earliest,
            official=False,
            formula=self._source.formula,
            not_counted=(*NOT_COUNTED, *left_out),
            as_of=as_of,
            age=self._age(as_of),
            ledger_entry=basis.ledger_entry,
        )

    def _age(self, at: datetime) -> int:
        return self._age_at(at, self._clock())

    @staticmethod
    def _age_at(at: datetime, now: datetime) -> int:
        return max(0, int((now - at).total_seconds()))

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


def _who(asked: _Asked) -> dict[str, Any]:
    item = asked.item
    return {
        "item_id": item.item_id,
        "product_id": item.product_id,
        "number": item.number,
        "name": item.name,
        "unit": item.unit,
        "blocked": item.blocked,
        "question": asked.question,
    }


def _unknown(question: Question) -> Refused:
    named = f"coupled to product {question.product}" if question.product else f'with the number "{question.item[:60]}"'
    return Refused(question, "Internal_RecordNotFound", f"There is no item {named}.")

"""The HTTP side of ItemAvailability: one item or several by address, a whole order's lines in one POST.

    GET  …/ODataV4/ItemAvailability?item=1000&location=MAIN&date=2026-03-10&quantity=5
    POST …/ODataV4/ItemAvailability_Calculate        {"questions": [{"item": "1000", "quantity": 5}, …]}

Both also below ``Company('…')``. They read only; the POST is there because an order does not fit an address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.routing import BaseConverter

from gateway.availability import render
from gateway.availability.tokens import UNHELD
from gateway.errors import (
    ODATA_HEADERS,
    BadRequest,
    MethodNotAllowed,
    ODataError,
    RecordNotFound,
    ResourceNotFound,
    Unavailable,
)
from gateway.freshness import NOT_REVALIDATED, STALE, wished
from gateway.item_availability.model import MOST_QUESTIONS, Answer, Question, Refused
from gateway.item_availability.service import ItemAvailability

SET, ACTION = "ItemAvailability", "ItemAvailability_Calculate"
_ANY = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
_PLACE = re.compile(
    r"(?P<prefix>(?:.*/)?ODataV4)/"
    r"(?:Company\((?:'(?P<name>(?:[^']|'')*)'|Id=(?P<id>[0-9a-fA-F-]{36}))\)/)?"
    r"(?P<resource>ItemAvailability(?:_Calculate)?)/?"
)
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_KNOWN = frozenset({"item", "product", "variant", "location", "date", "quantity"})
_SHARED = _KNOWN - {"item", "product"}
_OPTIONS = frozenset({"company", "$format"})
_RETRY_SECONDS = 2
_FIGURES = {
    "OnHand": "on_hand",
    "InTransfer": "in_transfer",
    "Reserved": "reserved",
    "OnPurchaseOrders": "on_purchase_orders",
    "TransferReceipt": "transfer_receipt",
    "ScheduledReceipt": "scheduled_receipt",
    "ReservedReceipt": "reserved_receipt",
    "OnSalesOrders": "on_sales_orders",
    "LaterDemand": "later_demand",
    "GrossRequirement": "gross_requirement",
    "ReservedRequirement": "reserved_requirement",
    "Projected": "projected",
    "AvailableToPromise": "available_to_promise",
    "Uncommitted": "uncommitted",
}
"""Figures as they are shown, in the order of the formula."""


class ItemPath(BaseConverter):
    """Paths that end in one of our two resources; looked at before the path of the compatible service."""

    regex = r"(?:.*/)?ODataV4/(?:Company\(.*\)/)?ItemAvailability(?:_Calculate)?/?"
    part_isolating = False
    weight = 50


def blueprint(service: ItemAvailability, public_url: str) -> Blueprint:
    """Routes of the service; links are built from ``public_url``."""
    routes = Blueprint("item_availability", __name__)
    answers = _Answers(service, public_url)

    @routes.record_once
    def _know_paths(state: Any) -> None:
        state.app.url_map.converters["items"] = ItemPath
        state.add_url_rule("/<items:path>", "answer", answers.answer, methods=_ANY, provide_automatic_options=False)

    return routes


class _Answers:
    def __init__(self, service: ItemAvailability, public_url: str) -> None:
        self._service = service
        self._public_url = public_url

    def answer(self, path: str) -> Response:
        """A question by address, or many in a body."""
        place = _PLACE.fullmatch(path)
        if place is None:
            raise ResourceNotFound(f'There is nothing at "{path[:200]}".')
        reads = place["resource"] == SET
        allowed = ("GET", "HEAD") if reads else ("POST",)
        if request.method == "OPTIONS":
            return Response(status=204, headers={"Allow": ", ".join((*allowed, "OPTIONS"))})
        if request.method not in allowed:
            refusal = MethodNotAllowed(request.method)
            refusal.headers["Allow"] = ", ".join((*allowed, "OPTIONS"))
            raise refusal
        questions = self._by_address() if reads else self._by_body()
        name = place["name"].replace("''", "'") if place["name"] is not None else None
        company_id = place["id"].lower() if place["id"] else None
        company = self._service.company(name, company_id, request.args.get("company", ""))
        newest = wished(request.headers.get("Cache-Control", ""), one_row=True)
        answers = self._service.answers(company, questions, newest)
        given = [one for one in answers if isinstance(one, Answer)]
        if not given and len(answers) == 1:
            raise _error(answers[0])
        root = f"{self._public_url}/{place['prefix'].lstrip('/')}"
        body = {"@odata.context": f"{root}/$metadata#{SET}", "value": [_row(one) for one in answers]}
        response = Response(
            render.dump(body), headers=ODATA_HEADERS | {"Content-Type": "application/json; odata.metadata=minimal"}
        )
        if given:
            age = max(one.age for one in given)
            response.headers["Age"] = str(age)
            if age > self._service.max_age:
                response.headers.add("Warning", STALE)
            if newest is not None and age > newest:
                response.headers.add("Warning", NOT_REVALIDATED)
        return response

    def _by_address(self) -> list[Question]:
        for name in request.args:
            if name not in _KNOWN | _OPTIONS:
                raise BadRequest(f'"{name[:60]}" is not served on {SET}; docs/item-availability.md lists what is.')
        shared = {
            name: request.args[name] for name in ("variant", "location", "date", "quantity") if name in request.args
        }
        named = [{key: value} for key in ("item", "product") for value in request.args.getlist(key)]
        return self._questions([{**shared, **one} for one in named], numbered=False)

    def _by_body(self) -> list[Question]:
        try:
            body = json.loads(request.get_data(), parse_float=Decimal)
        except (ValueError, RecursionError):
            raise BadRequest("The body is no JSON.") from None
        rows = body.get("questions") if isinstance(body, dict) else None
        if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
            raise BadRequest('The body is {"questions": [{"item": …, "quantity": …}, …]}.')
        return self._questions(rows)

    def _questions(self, rows: Sequence[Mapping[str, Any]], *, numbered: bool = True) -> list[Question]:
        if not rows:
            raise BadRequest("Name at least one item (its number) or product (its id in Sales).")
        if len(rows) > MOST_QUESTIONS:
            raise BadRequest(f"{len(rows)} questions; one request takes at most {MOST_QUESTIONS}.")
        today = self._service.today()
        return [
            _question(f"Question {number}: " if numbered else "", row, today)
            for number, row in enumerate(rows, start=1)
        ]


def _question(where: str, row: Mapping[str, Any], today: date) -> Question:
    """``where`` begins what is said of a question that cannot be read."""
    if unknown := sorted(set(row) - _KNOWN):
        raise BadRequest(f'{where}"{unknown[0][:60]}" is not known; known are {", ".join(sorted(_KNOWN))}.')
    item, product = _text(where, row, "item", 20) or "", _text(where, row, "product", 36) or ""
    if bool(item) == bool(product):
        raise BadRequest(f"{where}name the item or the product, one of them.")
    if product and _GUID.fullmatch(product) is None:
        raise BadRequest(f"{where}product is not a GUID.")
    variant, location = _text(where, row, "variant", 10), _text(where, row, "location", 10)
    return Question(
        item=item.upper(),
        product=product.lower(),
        variant=variant.upper() if variant is not None else None,
        location=location.upper() if location is not None else None,
        day=_day(where, row.get("date"), today),
        quantity=_quantity(where, row.get("quantity", 1)),
    )


def _text(where: str, row: Mapping[str, Any], name: str, most: int) -> str | None:
    value = row.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > most or UNHELD.search(value)):
        raise BadRequest(f"{where}{name} is text of at most {most} characters.")
    return value


def _day(where: str, value: Any, today: date) -> date:
    if value in (None, ""):
        return today
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadRequest(f"{where}date is a day such as 2026-03-10.") from None
    if abs((day - today).days) > 36_500:
        raise BadRequest(f"{where}date is more than a hundred years away.")
    return day


def _quantity(where: str, value: Any) -> Decimal:
    problem = BadRequest(f"{where}quantity is a number from 0 to 999999999 with at most five decimals.")
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)) or len(str(value)) > 20:
        raise problem
    try:
        quantity = Decimal(value)
    except InvalidOperation:
        raise problem from None
    if not quantity.is_finite() or not 0 <= quantity <= 999_999_999 or quantity != quantity.quantize(Decimal("1e-5")):
        raise problem
    return quantity


def _error(refused: Answer | Refused) -> ODataError:
    assert isinstance(refused, Refused)
    if refused.code == Unavailable.code:
        return Unavailable(refused.text, seconds=_RETRY_SECONDS)
    return RecordNotFound(refused.text) if refused.code == RecordNotFound.code else BadRequest(refused.text)


def _row(answer: Answer | Refused) -> dict[str, Any]:
    asked = answer.question
    given: dict[str, Any] = {
        "Variant": asked.variant,
        "Location": asked.location,
        "Date": asked.day.isoformat(),
        "Quantity": asked.quantity,
    }
    if isinstance(answer, Refused):
        named: dict[str, Any] = {"CRM_ID": asked.product} if asked.product else {"ItemNo": asked.item}
        return {**named, **given, "error": {"code": answer.code, "message": answer.text}}
    return {
        "ItemNo": answer.number,
        "Description": answer.name,
        "CRM_ID": answer.product_id or None,
        "Integration_ID": answer.item_id,
        **given,
        "UOM": answer.unit,
        "Blocked": answer.blocked,
        **{shown: getattr(answer.figures, own) for shown, own in _FIGURES.items()},
        "EarliestDate": answer.earliest.isoformat() if answer.earliest is not None else None,
        "Method": "BusinessCentral" if answer.official else "OwnCalculation",
        "Formula": answer.formula,
        "NotCounted": list(answer.not_counted),
        "NotKnown": dict(answer.not_known),
        "AsOf": answer.as_of.isoformat().replace("+00:00", "Z"),
        "Age": answer.age,
        "LedgerEntry": answer.ledger_entry,
    }

"""Availability as callers get it: which company, how fresh, which page. Never asks Business Central.

An answer's age is the time since the last complete tail of its company's item ledger began. Past ``max_age`` the job
that tails is woken, once for all readers, and the aged answer is given; past ``stale_if_error`` there is no answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer
from odata_query import ast

from gateway.availability.model import KEYS, PAGE_SIZE, PROPERTIES, SET, Company, Edm, Row, Source
from gateway.availability.options import Options
from gateway.cache.base import Cache, CacheUnavailable
from gateway.errors import BadRequest, CompanyNotFound, RecordNotFound, ResourceNotFound, Unavailable
from gateway.watch import View, Watch

JOB = "AVAILABILITY"
_WAKE_SECONDS = 3
"""How often a company's job is woken by readers at the most."""
_KEPT_SECONDS = 60
_KEPT_ROWS = 100


@dataclass(frozen=True, slots=True)
class Freshness:
    """``version`` is that of the state the answer was made from; ``age`` is in whole seconds."""

    company_id: str
    version: str
    age: int


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, how many there are in all when asked, and where the next page begins (empty when there is none)."""

    rows: Sequence[Row]
    count: int | None
    token: str
    remaining_top: int | None


@dataclass(frozen=True, slots=True)
class CachedRow:
    """A row as it comes back from the cache."""

    crm_id: str
    integration_id: str
    table_id: int
    item_no: str
    uom: str
    inventory: Decimal


@dataclass(frozen=True, slots=True)
class Rules:
    """``default_company`` is a name or an id, empty when the only company is the default; times in seconds."""

    default_company: str
    max_age: int
    stale_if_error: int
    retry_after: int


class Availability:
    """``wake`` makes a company's job due now and tells the worker."""

    def __init__(
        self,
        source: Source,
        watch: Watch,
        cache: Cache,
        wake: Callable[[str, str], None],
        clock: Callable[[], datetime],
        rules: Rules,
        secret: str,
    ) -> None:
        self._source = source
        self._watch = watch
        self._cache = cache
        self._wake = wake
        self._clock = clock
        self._rules = rules
        self._tokens = URLSafeSerializer(secret, salt="skiptoken")

    def view(self) -> View:
        """The state answers are made from."""
        return self._watch.view()

    def company(self, name: str | None, company_id: str | None, asked: str) -> Company:
        """The company meant: the path's, else the query's, else the default, else the only one."""
        companies = self.view().companies
        if name is not None:
            found = [one for one in companies if one.name == name]
        elif company_id is not None:
            found = [one for one in companies if one.id == company_id]
        elif wanted := asked or self._rules.default_company:
            found = [one for one in companies if wanted == one.name or wanted.lower() == one.id]
        else:
            found = list(companies) if len(companies) == 1 else []
        if found:
            return found[0]
        wanted = name or company_id or asked or self._rules.default_company
        raise CompanyNotFound(
            f'There is no company "{wanted[:60]}" here; names are case-sensitive.'
            if wanted
            else "The address names no company, and none is the default."
        )

    def freshness(self, company: Company) -> Freshness:
        """How old answers for this company are. Raises ResourceNotFound when it is not published, Unavailable when they
        are too old to be given."""
        view = self.view()
        if company.id in view.unpublished:
            raise ResourceNotFound(f"Resource not found for the segment '{SET}'.")
        tailed_at = view.tails.get(company.id)
        age = None if tailed_at is None else max(0, int((self._clock() - tailed_at).total_seconds()))
        if age is None or age > self._rules.max_age:
            self._wake_once(company)
        if age is None or age > self._rules.stale_if_error:
            known = "not known yet" if age is None else f"{age} seconds old"
            raise Unavailable(
                f"Stock of this company is {known}; Business Central is being asked.", seconds=self._rules.retry_after
            )
        return Freshness(company.id, view.version, age)

    def still_good(self, company_id: str, view: View, now: datetime) -> int | None:
        """The age of answers for this company when they may be given without further ado, else None."""
        tailed_at = view.tails.get(company_id)
        if tailed_at is None:
            return None
        age = max(0, int((now - tailed_at).total_seconds()))
        return age if age <= self._rules.max_age else None

    def _wake_once(self, company: Company) -> None:
        try:
            first = self._cache.add(f"wake:{company.id}", b"1", _WAKE_SECONDS)
        except CacheUnavailable:
            first = True  # waking twice costs little, not waking leaves readers with old answers
        if first:
            self._wake(JOB, company.id)

    def row(self, company: Company, key: tuple[str, str], *, version: str = "") -> Row:
        """One row by its key. Raises RecordNotFound."""
        rows = self._rows(
            company,
            Options(pairs=(), filter_text="key", condition=_is_row(key)),
            version,
            after=None,
            limit=1,
            name=":".join(key),
        )
        if not rows:
            raise RecordNotFound("There is no coupled item with this key.")
        return rows[0]

    def page(self, company: Company, options: Options, *, version: str = "") -> Page:
        """One page. With ``version`` the shared cache may answer; without it the database does. Raises BadRequest for
        a ``$skiptoken`` that is not of this company, filter and order."""
        after: list[Any] | None = None
        skip, top = options.skip, options.top
        asked = _digest(company.id, options.filter_text, options.order)
        if options.token:
            after, top = self._opened(options, asked)
            skip = 0
        size = min(options.page_size, PAGE_SIZE)
        # A page is followed by a link only when more was asked for than fits; one row more tells whether there is more.
        fits = top is not None and top <= size
        limit = top if fits and top is not None else size + 1
        rows = self._rows(company, options, version, after=after, limit=limit, skip=skip, name="page") if limit else ()
        token, remaining = "", None
        if not fits and len(rows) > size:
            rows = rows[:size]
            remaining = None if top is None else top - size
            values = [str(PROPERTIES[name].of(rows[-1])) for name, _ in options.order]
            token = str(self._tokens.dumps({"a": values, "f": asked, "t": remaining}))
        count = self.count(company, options) if options.count else None
        return Page(rows, count, token, remaining)

    def count(self, company: Company, options: Options) -> int:
        """Rows after the filter, before ``$top`` and ``$skip``."""
        return self._source.count(company.id, condition=options.condition)

    def _opened(self, options: Options, asked: str) -> tuple[list[Any], int | None]:
        try:
            found = self._tokens.loads(options.token)
        except BadSignature:
            raise BadRequest("$skiptoken is not one of ours, or has been changed.") from None
        if found["f"] != asked:
            raise BadRequest("$skiptoken belongs to another company, $filter or $orderby; follow links as they are.")
        convert: dict[Edm, Callable[[str], Any]] = {Edm.INT32: int, Edm.DECIMAL: Decimal}
        values = zip(options.order, found["a"], strict=True)
        return [convert.get(PROPERTIES[name].edm, str)(text) for (name, _), text in values], found["t"]

    def _rows(
        self,
        company: Company,
        options: Options,
        version: str,
        *,
        after: Sequence[Any] | None,
        limit: int,
        skip: int = 0,
        name: str,
    ) -> Sequence[Row]:
        key = _digest(name, version, company.id, options.filter_text, options.order, after, limit, skip)
        if version and (kept := self._kept(key)) is not None:
            return kept
        rows = self._source.rows(
            company.id, condition=options.condition, order=options.order, after=after, skip=skip, limit=limit
        )
        if version and len(rows) <= _KEPT_ROWS:
            self._keep(key, rows)
        return rows

    def _kept(self, key: str) -> Sequence[Row] | None:
        try:
            found = self._cache.get(f"rows:{key}")
        except CacheUnavailable:
            return None
        if found is None:
            return None
        return [
            CachedRow(crm_id, integration_id, table_id, item_no, uom, Decimal(inventory))
            for crm_id, integration_id, table_id, item_no, uom, inventory in json.loads(found)
        ]

    def _keep(self, key: str, rows: Sequence[Row]) -> None:
        plain = [
            [row.crm_id, row.integration_id, row.table_id, row.item_no, row.uom, str(row.inventory)] for row in rows
        ]
        try:
            self._cache.set(f"rows:{key}", json.dumps(plain).encode(), _KEPT_SECONDS)
        except CacheUnavailable:
            return  # answered from the database again next time


def _is_row(key: tuple[str, str]) -> ast._Node:
    first, second = (
        ast.Compare(ast.Eq(), ast.Identifier(name), ast.GUID(value)) for name, value in zip(KEYS, key, strict=True)
    )
    return ast.BoolOp(ast.And(), first, second)


def _digest(*facts: object) -> str:
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest()

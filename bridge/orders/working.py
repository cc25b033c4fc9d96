"""What the work on one chunk of journal rows carries along, whether they are orders or quotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import structlog

from bridge.clients.errors import RemoteError
from bridge.clients.odata import Row
from bridge.context import CompanyContext
from bridge.orders.document import ORDER, Document
from bridge.orders.errors import OrderProblem, Unreadable
from bridge.orders.gather import Surroundings
from bridge.orders.lookups import Lookups
from bridge.orders.remote import problem_of
from bridge.orders.request import OrderRequest
from bridge.orders.translate import translate
from bridge.store.models import JournalEntry

_log = structlog.get_logger(__name__)


class Working:
    """``listed`` are the Sales rows the pick-up has just read, by id; ``problems`` is what came in the way, by entry
    id. The work itself is the subclass's."""

    document: Document = ORDER

    def __init__(
        self,
        ctx: CompanyContext,
        surroundings: Surroundings,
        entries: Sequence[JournalEntry],
        listed: Mapping[str, Row],
    ) -> None:
        self.ctx = ctx
        self.surroundings = surroundings
        self.entries = entries
        self.problems: dict[str, list[OrderProblem]] = {}
        self.counts: Counter[str] = Counter()
        self._listed = listed
        self._rows: dict[str, Row] = {}

    def _requests(self, entries: Sequence[JournalEntry]) -> list[tuple[JournalEntry, OrderRequest]]:
        """Those of these rows that can be created, each with its request; the others get their problems."""
        if not entries:
            return []
        rows = [self._rows[entry.sales_id] for entry in entries]
        try:
            lookups = self.surroundings.lookups(rows, self.document)
        except RemoteError as error:
            self._fail_all(entries, error)
            return []
        translated = []
        for entry, row in zip(entries, rows, strict=True):
            result = self._translated(entry, row, lookups)
            if isinstance(result, OrderRequest):
                translated.append((entry, result))
            else:
                for problem in result:
                    self._fail(entry, problem)
        return translated

    def _translated(self, entry: JournalEntry, row: Row, lookups: Lookups) -> OrderRequest | list[OrderProblem]:
        try:
            return translate(row, lookups, self.document)
        except Exception as error:  # noqa: BLE001 - one odd row must not hold up the other 49
            _log.exception("document not readable", kind=entry.kind, number=entry.sales_number)
            return [Unreadable(entry.sales_number, text=f"{type(error).__name__}: {error}")]

    def _fail(self, entry: JournalEntry, problem: OrderProblem) -> None:
        self.problems.setdefault(entry.id, []).append(problem)

    def _fail_all(self, entries: Sequence[JournalEntry], error: RemoteError) -> None:
        for entry in entries:
            self._fail(entry, problem_of(entry.sales_number, error))

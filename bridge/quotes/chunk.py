"""Take up to 50 journal rows of quotes as far as they go: look, close, translate, create or revise, end, write down.

A row may come in any state a crash can leave. Where it stands is decided by looking at Sales first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from bridge.clients.companion import CreatedOrder
from bridge.clients.errors import RemoteError
from bridge.clients.odata import Row
from bridge.orders.document import QUOTE
from bridge.orders.errors import OrderProblem, SalesOrderGone
from bridge.orders.gather import QUOTE_MAPPING
from bridge.orders.pickup import belongs_elsewhere
from bridge.orders.record import write_down
from bridge.orders.remote import problem_of
from bridge.orders.working import Working
from bridge.quotes.create import QuoteDraft, create, save
from bridge.quotes.errors import NeedsCompanion, QuoteProblem, SameAsOrder, WonWithoutOrder
from bridge.quotes.pickup import CLOSED, QUOTES, is_wanted, is_won, orders_of
from bridge.quotes.request import QuoteRequest, quote_request, revision_of
from bridge.quotes.win import finish
from bridge.store import couplings, journal, quotes
from bridge.store.journal import State
from bridge.store.models import JournalEntry


class QuoteChunk(Working):
    """The work on one chunk of quotes."""

    document = QUOTE

    def bring_over(self) -> Counter[str]:
        """Create or revise what is active or won, and close what is not wanted any more."""
        steps = self._look()
        self._close(steps)
        self._clear_up(steps[Step.UNSURE])
        for entry in steps[Step.WITHOUT_ORDER]:
            self._fail(entry, WonWithoutOrder(entry.sales_number))
        self._create(steps[Step.CREATE])
        return self._write_down()

    def end_won(self) -> Counter[str]:
        """Bring won quotes to their end."""
        steps = self._look()
        self._close(steps)
        entries = steps[Step.FINISH]
        for entry_id, problem in finish(self.ctx, entries, self._rows, self.surroundings.company_row_id).items():
            self.counts["quotes_won"] += problem is None
            if problem is not None:
                self.problems[entry_id] = [problem]
        return self._write_down()

    def _look(self) -> dict[Step, list[JournalEntry]]:
        """Have the Sales row of each and decide its step. Rows not listed are read."""
        steps: dict[Step, list[JournalEntry]] = {step: [] for step in Step}
        entries = list(self.entries)
        self._rows = {
            entry.sales_id: self._listed[entry.sales_id] for entry in entries if entry.sales_id in self._listed
        }
        unread = [entry for entry in entries if entry.sales_id not in self._rows]
        try:
            self._rows |= QUOTES.again(self.ctx.sales, [entry.sales_id for entry in unread])
        except RemoteError as error:
            self._fail_all(unread, error)
            entries = [entry for entry in entries if entry not in unread]
        for entry in entries:
            row = self._rows.get(entry.sales_id)
            steps[step_of(entry, row, self.surroundings.company_row_id)].append(entry)
        return steps

    def _close(self, steps: Mapping[Step, Sequence[JournalEntry]]) -> None:
        for step, reason in _REASONS.items():
            self._end(steps[step], reason)
        self._end(steps[Step.SETTLED], "")
        for entry in steps[Step.GONE]:
            if entry.state == State.BC_CREATING:
                self._fail(entry, SalesOrderGone(entry.sales_number))

    def _end(self, entries: Sequence[JournalEntry], reason: str) -> None:
        now = self.ctx.clock()
        ended: dict[str, Any] = {"state": State.DONE, "ended_at": now if reason else None, "end_reason": reason}
        journal.change(self.ctx.db, {entry.id: dict(ended) for entry in entries}, now)

    def _clear_up(self, entries: Sequence[JournalEntry]) -> None:
        """Quotes whose creation had an unknown outcome and that are not wanted any more: find out what is there, so
        that a later revision replaces it."""
        for entry, request in self._translate(entries):
            try:
                documents = self.ctx.bc.find_order_by_reference(request.your_reference, request.customer_number)
            except RemoteError as error:
                self._fail(entry, problem_of(entry.sales_number, error))
                continue
            found = next((one for one in documents if one.document_type == "Quote"), None)
            coupled = couplings.by_bc_ids(self.ctx.db, self.ctx.company.id, QUOTE_MAPPING, [found.id] if found else [])
            if found is not None and not coupled:
                there = CreatedOrder(found.id, found.number, found.status, True, "", ())
                save(self.ctx, [(QuoteDraft(entry, request, won=False), there)])
            else:
                self._end([entry], _reason_of(self._rows[entry.sales_id]))

    def _translate(self, entries: Sequence[JournalEntry]) -> list[tuple[JournalEntry, QuoteRequest]]:
        """Those that can be created; the others get their problems."""
        if not entries:
            return []
        try:
            setup = self.surroundings.setup()
        except RemoteError as error:
            self._fail_all(entries, error)
            return []
        if setup is None or not setup.knows_quotes:
            for entry in entries:
                self._fail(entry, NeedsCompanion(entry.sales_number))
            return []
        translated = self._requests(entries)
        return [(entry, quote_request(self._rows[entry.sales_id], request)) for entry, request in translated]

    def _create(self, entries: Sequence[JournalEntry]) -> None:
        drafts = []
        translated = self._translate(entries)
        earlier = self._earlier([entry for entry, _ in translated])
        for entry, request in translated:
            before = earlier.get(entry.id)
            if before is not None:
                request = request.in_place_of(before) if before else request
                drafts.append(QuoteDraft(entry, request, is_won(self._rows[entry.sales_id])))
        for entry_id, made in create(self.ctx, drafts).items():
            if made.problem is not None:
                self.problems[entry_id] = [made.problem]
            else:
                how = "revised" if made.revised else "adopted" if made.existed else "created"
                self.counts[f"quotes_{how}"] += 1

    def _earlier(self, entries: Sequence[JournalEntry]) -> dict[str, str]:
        """Entry id → the Business Central quote of an earlier revision, blank where none is coupled. Entries are left
        out while nobody knows whether their earlier revision has arrived: they wait for the next run."""
        later = [entry for entry in entries if revision_of(self._rows[entry.sales_id])]
        numbers = {entry.sales_number for entry in later}
        db, company_id = self.ctx.db, self.ctx.company.id
        coupled = couplings.by_sales_names(db, company_id, QUOTE_MAPPING, numbers)
        unsure = {(row.sales_number, row.sales_id) for row in quotes.in_doubt(db, company_id, numbers)}
        found = {entry.id: "" for entry in entries}
        for entry in later:
            before = [row for row in coupled.get(entry.sales_number, ()) if row.sales_id != entry.sales_id]
            if before:
                found[entry.id] = before[0].bc_id
            elif any(number == entry.sales_number and other != entry.sales_id for number, other in unsure):
                del found[entry.id]
        return found

    def _write_down(self) -> Counter[str]:
        write_down(self.ctx, self.entries, self.problems)
        self.counts["quotes_failed"] = len(self.problems)
        return self.counts

    def _fail(self, entry: JournalEntry, problem: OrderProblem) -> None:
        super()._fail(entry, problem if isinstance(problem, QuoteProblem) else SameAsOrder(problem))


class Step(Enum):
    """What an open journal row of a quote needs next."""

    GONE = "Sales has deleted the quote"
    WITHDRAWN = "a draft again, and nothing was created"
    CLOSED = "lost, canceled or revised, and nothing was created"
    ELSEWHERE = "another company has it"
    UNSURE = "not wanted any more, but it may have been created"
    WITHOUT_ORDER = "won without an order; nothing is created yet"
    CREATE = "create it, or fill the quote of its earlier revision"
    FINISH = "won, and in Business Central; end it"
    SETTLED = "in Business Central, and not won: nothing to do"


_REASONS = {
    Step.GONE: "deleted-in-sales",
    Step.WITHDRAWN: "not-active",
    Step.CLOSED: "closed",
    Step.ELSEWHERE: "taken-elsewhere",
}


def step_of(entry: JournalEntry, row: Row | None, company_row_id: str) -> Step:
    """Decide by the journal row and the Sales row alone."""
    if row is None:
        return Step.GONE
    if entry.bc_order_id is not None:
        return Step.FINISH if is_won(row) else Step.SETTLED
    if not is_wanted(row) and entry.state == State.BC_CREATING:
        return Step.UNSURE
    if belongs_elsewhere(row, company_row_id):
        return Step.ELSEWHERE
    if is_won(row) and not orders_of(row) and entry.state == State.SEEN:
        return Step.WITHOUT_ORDER
    if is_wanted(row):
        return Step.CREATE
    return Step.CLOSED if row.get("statecode") == CLOSED else Step.WITHDRAWN


def _reason_of(row: Row) -> str:
    return _REASONS[Step.CLOSED if row.get("statecode") == CLOSED else Step.WITHDRAWN]

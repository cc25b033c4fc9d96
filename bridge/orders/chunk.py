"""Take up to 50 journal rows as far as they go: look, translate, create, acknowledge, release again, write down.

A row may come in any state a crash can leave. Where it stands is decided by looking at Sales first; every step behind
looks for its own effect before it makes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum

from bridge.clients.errors import RemoteError
from bridge.clients.odata import Row, any_of
from bridge.orders import create_without_companion, hold
from bridge.orders.acknowledge import Delivery, acknowledge
from bridge.orders.compare import in_words
from bridge.orders.create import (
    MAPPING,
    couple,
    coupling_of,
    create,
    find_existing,
    left_as_it_is,
    posted_documents,
    save_created,
)
from bridge.orders.creation import Creation, Draft
from bridge.orders.discounts import keep_discounts
from bridge.orders.errors import (
    AlreadyCoupledElsewhere,
    AmountsDiffer,
    BusinessCentralOrderGone,
    NotSubmittedButCreated,
    OrderProblem,
    SalesOrderGone,
)
from bridge.orders.lines import id_of
from bridge.orders.pickup import belongs_elsewhere, is_stamped, is_submitted, read_again
from bridge.orders.record import close, write_down
from bridge.orders.release import ReleaseOutcome, release_again
from bridge.orders.remote import problem_of
from bridge.orders.translate import reference_of
from bridge.orders.working import Working
from bridge.store import couplings, journal
from bridge.store.journal import ReleaseState, State
from bridge.store.models import JournalEntry


class Chunk(Working):
    """The work on one chunk of orders."""

    def run(self) -> Counter[str]:
        """Do it all; answers the counts of docs/vocabulary.md."""
        open_ = [entry for entry in self.entries if entry.state != State.ACK_DONE]
        steps = self._look(open_)
        self._close(steps)
        self._clear_up(steps[Step.UNSURE])
        deliver, lost = self._check_known(steps[Step.KNOWN])
        made = self._create(steps[Step.CREATE] + lost)
        there = steps[Step.DELIVER] + deliver
        self._acknowledge(there + made)
        # what an earlier run created and could not release is looked at too: that run may have ended before it told so
        unreleased = [entry for entry in there if entry.release_state in journal.UNRELEASED]
        self._release(unreleased + [entry for entry in self.entries if entry.state == State.ACK_DONE])
        write_down(self.ctx, self.entries, self.problems)
        self.counts["failed"] = len(self.problems)
        return self.counts

    def _look(self, entries: Sequence[JournalEntry]) -> dict[Step, list[JournalEntry]]:
        """Have the Sales row of each and decide its step. Rows not listed, or acknowledged once already, are read."""
        steps: dict[Step, list[JournalEntry]] = {step: [] for step in Step}
        unread = [e for e in entries if e.sales_id not in self._listed or e.acknowledged_at is not None]
        self._rows = {e.sales_id: self._listed[e.sales_id] for e in entries if e.sales_id in self._listed}
        try:
            again = read_again(self.ctx.sales, [entry.sales_id for entry in unread])
        except RemoteError as error:
            self._fail_all(unread, error)
            entries = [entry for entry in entries if entry not in unread]
        else:
            for entry in unread:
                self._rows.pop(entry.sales_id, None)
            self._rows |= again
        for entry in entries:
            step = step_of(entry, self._rows.get(entry.sales_id), self.surroundings.company_row_id)
            steps[step].append(entry)
        reopened = [entry for entry in entries if entry.ended_at is not None]
        journal.change(
            self.ctx.db, {entry.id: {"ended_at": None, "end_reason": ""} for entry in reopened}, self.ctx.clock()
        )
        return steps

    def _close(self, steps: Mapping[Step, Sequence[JournalEntry]]) -> None:
        close(self.ctx, steps[Step.GONE], "deleted-in-sales")
        close(self.ctx, steps[Step.WITHDRAWN], "not-submitted", note=True)
        close(self.ctx, steps[Step.ELSEWHERE], "taken-elsewhere")
        for entry in steps[Step.GONE]:
            if entry.state == State.BC_CREATING:
                self._fail(entry, SalesOrderGone(entry.sales_number))

    def _clear_up(self, entries: Sequence[JournalEntry]) -> None:
        """Orders whose creation had an unknown outcome and that are not wanted any more: find out what is there."""
        for draft in self._translate(entries):
            try:
                find = create_without_companion.find_existing if self.surroundings.setup() is None else find_existing
                existing = find(self.ctx, draft.request)
            except RemoteError as error:
                self._fail(draft.entry, problem_of(draft.entry.sales_number, error))
                continue
            if existing is None:
                close(self.ctx, [draft.entry], "not-submitted", note=True)
                continue
            save_created(self.ctx, [(draft, existing)], left_as_it_is)
            self._fail(draft.entry, NotSubmittedButCreated(draft.entry.sales_number, number=existing.order_number))

    def _check_known(self, entries: Sequence[JournalEntry]) -> tuple[list[JournalEntry], list[JournalEntry]]:
        """Orders that were acknowledged before and are submitted again: those Business Central still has, or has
        posted, are acknowledged anew; those an operator has uncoupled are created anew; the rest needs a decision."""
        if not entries:
            return [], []
        ctx = self.ctx
        try:
            ids = [entry.bc_order_id for entry in entries if entry.bc_order_id]
            rows = ctx.bc.rows(
                "salesOrders", purpose="look for known orders", filter=any_of("id", ids), select=("id",), fresh=True
            )
            present = {id_of(row, "id") for row in rows}
            missing = [entry for entry in entries if entry.bc_order_id not in present]
            posted = posted_documents(ctx, {reference_of(entry.sales_number) for entry in missing}) if missing else {}
        except RemoteError as error:
            self._fail_all(entries, error)
            return [], []
        coupled = couplings.by_sales_ids(ctx.db, ctx.company.id, MAPPING, [entry.sales_id for entry in missing])
        deliver = [entry for entry in entries if entry.bc_order_id in present]
        lost = []
        for entry in missing:
            if reference_of(entry.sales_number) in posted:
                deliver.append(entry)
            elif entry.sales_id not in coupled:
                lost.append(entry)
            else:
                number = entry.bc_order_number
                self._fail(entry, BusinessCentralOrderGone(entry.sales_number, number=number, id=entry.sales_id))
        forgotten = {"bc_order_id": None, "bc_order_number": None, "bc_status": "", "release_state": ReleaseState.NONE}
        journal.change(ctx.db, {entry.id: dict(forgotten) for entry in lost}, ctx.clock())
        return deliver, lost

    def _translate(self, entries: Sequence[JournalEntry]) -> list[Draft]:
        """Those that can be created; the others get their problems."""
        return [Draft(entry, request) for entry, request in self._requests(entries)]

    def _create(self, entries: Sequence[JournalEntry]) -> list[JournalEntry]:
        """Create what can be created; answers the rows that Business Central has now, as saved."""
        drafts = self._translate(entries)
        if not drafts:
            return []
        setup = self.surroundings.setup()
        if setup is None:
            results = create_without_companion.create(self.ctx, drafts)
        else:
            results = create(self.ctx, drafts, calc_invoice_discount=setup.calc_invoice_discount)
        for entry_id, creation in results.items():
            if creation.problems:
                self.problems[entry_id] = list(creation.problems)
            if creation.order_id:
                self.counts["adopted" if creation.existed else "created"] += 1
                released = creation.release is not None and creation.release.state is ReleaseState.RELEASED
                self.counts["released"] += released
        there = [entry_id for entry_id, creation in results.items() if creation.order_id]
        return list(journal.by_ids(self.ctx.db, there).values())

    def _acknowledge(self, entries: Sequence[JournalEntry]) -> None:
        if not entries:
            return
        conflicts = couple(self.ctx, {entry.id: coupling_of(entry) for entry in entries})
        for entry in entries:
            if entry.id in conflicts:
                self._fail(entry, AlreadyCoupledElsewhere(entry.sales_number, number=entry.bc_order_number))
        deliveries = [Delivery(entry, self._rows[entry.sales_id]) for entry in entries if entry.id not in conflicts]
        outcome = acknowledge(self.ctx, deliveries, self.surroundings.company_row_id)
        for delivery in deliveries:
            came = outcome[delivery.entry.id]
            self.counts["acknowledged"] += came.done
            if came.problem is not None:
                self._fail(delivery.entry, came.problem)

    def _release(self, entries: Sequence[JournalEntry]) -> None:
        """Orders that are done but for their release."""
        now = self.ctx.clock()
        changes: dict[str, dict[str, object]] = {}
        by_id = {entry.id: entry for entry in entries}
        drafts: dict[str, Draft] = {}
        outcomes = release_again(self.ctx, entries, lambda held: self._compare(held, drafts))
        for entry_id, outcome in outcomes.items():
            if outcome.problem is not None:
                self._fail(by_id[entry_id], outcome.problem)
            changes[entry_id] = {"bc_status": outcome.status, "release_state": outcome.state}
            if outcome.state is ReleaseState.RELEASED:
                changes[entry_id]["released_at"] = now
                self.counts["released"] += 1
        journal.change(self.ctx.db, changes, now)
        self._keep_discounts([drafts[entry_id] for entry_id in outcomes if entry_id in drafts], outcomes)

    def _compare(self, entries: Sequence[JournalEntry], drafts: dict[str, Draft]) -> Mapping[str, OrderProblem | None]:
        """Hold these orders, as Business Central has them now, against what Sales has now: which must wait, and why.
        Those that need not are put into ``drafts``."""
        waiting: dict[str, OrderProblem | None] = {entry.id: None for entry in entries}
        try:
            unread = [entry.sales_id for entry in entries if entry.sales_id not in self._rows]
            self._rows |= read_again(self.ctx.sales, unread) if unread else {}
            present = [entry for entry in entries if entry.sales_id in self._rows]
            wanted = self._translate(present)
            found = hold.compare(self.ctx, {draft.entry.bc_order_id or "": draft.request for draft in wanted})
        except RemoteError as error:
            self._fail_all(entries, error)
            return waiting
        for entry in entries:
            if entry not in present:
                waiting[entry.id] = SalesOrderGone(entry.sales_number)
        for draft in wanted:
            number = draft.entry.bc_order_number or ""
            differing = found.get(draft.entry.bc_order_id or "", [])
            if differing and hold.is_on(self.ctx):
                waiting[draft.entry.id] = hold.held_for(draft.entry.sales_number, number, differing)
                continue
            if differing:
                what = in_words(differing)
                self._fail(draft.entry, AmountsDiffer(draft.entry.sales_number, number=number, what=what))
            del waiting[draft.entry.id]
            drafts[draft.entry.id] = draft
        return waiting

    def _keep_discounts(self, drafts: Sequence[Draft], outcomes: Mapping[str, ReleaseOutcome]) -> None:
        """For held orders that were released just now: what releasing itself made of their discount."""
        setup = self.surroundings.setup() if drafts else None
        if setup is None or not setup.calc_invoice_discount:
            return
        made = {
            draft.entry.id: Creation(
                draft.entry.bc_order_id or "", draft.entry.bc_order_number or "", release=outcomes[draft.entry.id]
            )
            for draft in drafts
        }
        (hold.keep_discounts_or_hold if hold.is_on(self.ctx) else keep_discounts)(self.ctx, drafts, made)
        for draft in drafts:
            for problem in made[draft.entry.id].problems:
                self._fail(draft.entry, problem)


class Step(Enum):
    """What an open journal row needs next."""

    GONE = "Sales has deleted the order"
    WITHDRAWN = "not submitted any more, and nothing was created"
    ELSEWHERE = "another company or another bridge has it"
    UNSURE = "not wanted any more, but it may have been created"
    CREATE = "create it"
    KNOWN = "it was in Business Central once; see whether it still is"
    DELIVER = "it is in Business Central; acknowledge it"


def step_of(entry: JournalEntry, row: Row | None, company_row_id: str) -> Step:
    """Decide by the journal row and the Sales row alone."""
    if row is None:
        return Step.GONE
    if entry.bc_order_id is not None:
        return Step.KNOWN if entry.state == State.SEEN and not is_stamped(row) else Step.DELIVER
    elsewhere = is_stamped(row) or belongs_elsewhere(row, company_row_id)
    if is_submitted(row) and not elsewhere:
        return Step.CREATE
    if entry.state == State.BC_CREATING:
        return Step.UNSURE
    return Step.ELSEWHERE if elsewhere else Step.WITHDRAWN

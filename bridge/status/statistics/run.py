"""One run of the job CUSTOMER STATISTICS, or of one customer on demand: read the figures, tell Sales what differs.

A row in Sales is made once per account, with 1 in every amount (one that was never other than 0 would be shown as
dashes), linked to the account, and then told the true figures, all in one change set. Its id is chosen before it is
sent. With nothing to do a run is two reads in Business Central.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bridge.clients.errors import AlreadyExists, NotFound
from bridge.clients.odata import any_of, query_options, quote_text
from bridge.clients.sales import ChangeSet, Part, Read, Write
from bridge.context import CompanyContext, Outcome
from bridge.records import guid
from bridge.status.here import has_companion, pause
from bridge.status.invoices.run import refresh_payments
from bridge.status.statistics import errors
from bridge.status.statistics.figures import AS_OF, Figures, read
from bridge.status.statistics.tail import customers_with_news
from bridge.store import couplings, failures, statistics, watermarks
from bridge.store.failures import Problem
from bridge.store.models_returns import StatisticsRow

ENTITY_SET = "nav_accountstatisticses"
LINK = "nav_accountstatisticsid"
AT_ONCE = 300
_READ_AT_ONCE = 40
_NOT_INSTALLED = "Sales has no account statistics (nav_accountstatistics): the integration solution is not installed."


def update_statistics(ctx: CompanyContext) -> Outcome:
    """Bring the statistics of all coupled customers up to date. Raises RemoteError when a system does not answer."""
    counts: Counter[str] = Counter()
    if not couplings.count_by_mapping(ctx.db, ctx.company.id).get(statistics.CUSTOMER):
        return Outcome()
    removed = _remove(ctx, counts)
    statistics.ensure(ctx.db, ctx.company.id)
    found, moved = customers_with_news(ctx)
    statistics.mark_due(ctx.db, ctx.company.id, found)
    statistics.mark_day(ctx.db, ctx.company.id, ctx.clock().date())
    for name, value in moved.items():
        if value != watermarks.get(ctx.db, ctx.company.id, name):
            watermarks.move(ctx.db, ctx.company.id, name, value, ctx.clock())
    failed = 0
    tried: set[str] = set()
    while not ctx.stopping():
        rows = statistics.due(ctx.db, ctx.company.id, ctx.clock(), AT_ONCE)
        rows = [row for row in rows if row.customer_id not in tried]
        if not rows:
            break
        tried |= {row.customer_id for row in rows}
        handful = _Handful(ctx, rows, counts)
        failed += handful.run()
        if handful.not_installed:
            return Outcome(counts=dict(counts), notes=(_NOT_INSTALLED,))
    return Outcome(counts=dict(counts), failed=failed + removed)


def update_one(ctx: CompanyContext, wanted: str) -> Outcome:
    """The same for one customer, by number, name or either id, and what is paid of their invoices. Moves no watermark.
    Raises CustomerNotCoupled."""
    found = next((row for row in couplings.find(ctx.db, wanted) if row.mapping == statistics.CUSTOMER), None)
    if found is None or found.company_id != ctx.company.id:
        raise errors.CustomerNotCoupled(wanted)
    counts: Counter[str] = Counter()
    statistics.put_back(ctx.db, [found.bc_id])
    statistics.ensure(ctx.db, ctx.company.id)
    handful = _Handful(ctx, statistics.due(ctx.db, ctx.company.id, ctx.clock(), 1, only=found.bc_id), counts)
    failed = handful.run()
    payments = refresh_payments(ctx, found.bc_id)
    counts.update(payments.counts)
    notes = (_NOT_INSTALLED,) if handful.not_installed else ()
    return Outcome(counts=dict(counts), failed=failed + payments.failed, notes=notes)


def _remove(ctx: CompanyContext, counts: Counter[str]) -> int:
    """Delete the rows of customers that were uncoupled; answers how many could not be."""
    rows = statistics.left_over(ctx.db, ctx.company.id)
    written = [row for row in rows if row.told]
    gone = [row.customer_id for row in rows if not row.told]
    if written:
        writes = [Write("DELETE", f"{ENTITY_SET}({row.sales_id})") for row in written]
        results = ctx.sales.batch(writes, purpose="delete statistics", repeatable=True)
        for row, result in zip(written, results, strict=True):
            if result.error is None or isinstance(result.error, NotFound):
                gone.append(row.customer_id)
                counts["deleted"] += result.error is None
    statistics.forget(ctx.db, ctx.company.id, gone)
    failures.resolve(ctx.db, ctx.company.id, errors.SUBJECT, gone, ctx.clock())
    return len(rows) - len(gone)


class _Handful:
    """Some customers whose figures are wanted."""

    def __init__(self, ctx: CompanyContext, rows: Sequence[StatisticsRow], counts: Counter[str]) -> None:
        self._ctx = ctx
        self._rows = rows
        self._counts = counts
        self._changes: dict[str, dict[str, Any]] = {}
        self._reports: list[Problem] = []
        self._skipped: list[str] = []
        self.not_installed = False

    def run(self) -> int:
        """Do it; answers how many failures are listed. Raises RemoteError; repeatable then."""
        figures = read(self._ctx, [row.customer_id for row in self._rows])
        there = []
        for row in self._rows:
            if row.customer_id in figures:
                there.append(row)
            else:
                self._missing(row, f"The customer coupled to account {row.account_id}")
        new = [row for row in there if not row.told]
        linked, currency, lookup = self._look(new) if new else ({}, "", "")
        if self.not_installed:
            return 0
        writes: list[tuple[StatisticsRow, Figures, ChangeSet]] = []
        for row in there:
            wanted = figures[row.customer_id]
            if row.told:
                differing = _differing(row, wanted)
                if differing:
                    write = Write("PATCH", f"{ENTITY_SET}({row.sales_id})", differing)
                    writes.append((row, wanted, ChangeSet((write,))))
                else:
                    self._same(row)
            elif row.account_id not in linked:
                self._missing(row, f"Account {row.account_id}")
            elif linked[row.account_id]:
                # somebody made it, perhaps we ourselves in a run that did not live to remember it
                self._changes[row.customer_id] = {"sales_id": linked[row.account_id]}
                write = Write("PATCH", f"{ENTITY_SET}({linked[row.account_id]})", dict(wanted))
                writes.append((row, wanted, ChangeSet((write,))))
            else:
                writes.append((row, wanted, _creation(row, wanted, currency, lookup)))
        if writes:
            self._write(writes)
        return self._save()

    def _look(self, rows: Sequence[StatisticsRow]) -> tuple[dict[str, str], str, str]:
        """Which statistics these accounts have already, the local currency in Sales, and how the link is called."""
        ctx = self._ctx
        ids = sorted({row.account_id for row in rows})
        code = ctx.bc.bridge_setup().lcy_code if has_companion(ctx) else self._local_currency()
        questions = _by_id("accounts", "accountid", ("accountid", f"_{LINK}_value"), ids)
        money = query_options(select=("transactioncurrencyid",), filter=f"isocurrencycode eq {quote_text(code)}")
        way = query_options(
            select=("ReferencingEntityNavigationPropertyName",), filter=f"ReferencingAttribute eq {quote_text(LINK)}"
        )
        questions.append(Read(f"transactioncurrencies?{money}"))
        questions.append(Read(f"EntityDefinitions(LogicalName='account')/ManyToOneRelationships?{way}"))
        results = ctx.sales.batch(questions, purpose="look for statistics")
        answers = []
        for result in results:
            if result.error is not None and result.error.can_retry:
                raise result.error
            answers.append((result.body or {}).get("value", []) if result.error is None else [])
        *accounts, currencies, ways = answers
        if not ways:
            self.not_installed = True
            return {}, "", ""
        link = f"_{LINK}_value"
        linked = {guid(row["accountid"]): guid(row[link]) if row[link] else "" for part in accounts for row in part}
        currency = guid(currencies[0]["transactioncurrencyid"]) if currencies else ""
        return linked, currency, str(ways[0]["ReferencingEntityNavigationPropertyName"])

    def _local_currency(self) -> str:
        rows = self._ctx.bc.rows("companyInformation", purpose="read local currency", select=("id", "currencyCode"))
        return next((str(row["currencyCode"]) for row in rows), "")

    def _write(self, writes: Sequence[tuple[StatisticsRow, Figures, ChangeSet]]) -> None:
        """Write, and look in the same batch whether the accounts of rows that are there already are there too."""
        ctx = self._ctx
        ids = sorted({row.account_id for row, _, _ in writes if row.told})
        looks = _by_id("accounts", "accountid", ("accountid",), ids)
        parts: list[Part] = [*looks, *(part for _, _, part in writes)]
        results = ctx.sales.batch(parts, purpose="write statistics", repeatable=True)
        seen = {
            guid(row["accountid"]) for result in results[: len(looks)] for row in (result.body or {}).get("value", [])
        }
        looked = all(result.error is None for result in results[: len(looks)])
        for (row, wanted, _), result in zip(writes, results[len(looks) :], strict=True):
            error = result.error
            if looked and row.told and row.account_id not in seen:
                self._missing(row, f"Account {row.account_id}")
            elif error is None:
                self._counts["modified" if row.told else "inserted"] += 1
                self._told(row, wanted)
            elif isinstance(error, NotFound | AlreadyExists):
                # the row or the account was deleted, or the row is there: the next run looks before it writes
                again = ctx.clock() + pause(row.attempts)
                self._changes[row.customer_id] = {"told": {}, "attempts": row.attempts + 1, "next_attempt_at": again}
                self._counts["waiting"] += 1
            else:
                again = ctx.clock() + pause(row.attempts)
                self._changes[row.customer_id] = {"attempts": row.attempts + 1, "next_attempt_at": again}
                if error.can_retry or error.outcome_unknown:
                    self._counts["waiting"] += 1
                else:
                    self._reports.append(errors.refused(row, error, again))

    def _told(self, row: StatisticsRow, wanted: Figures) -> None:
        now = self._ctx.clock()
        self._changes[row.customer_id] = self._changes.get(row.customer_id, {}) | {
            "told": {name: str(value) for name, value in wanted.items()},
            "told_at": now,
        }
        self._same(row)

    def _same(self, row: StatisticsRow) -> None:
        self._changes[row.customer_id] = self._changes.get(row.customer_id, {}) | {
            "is_due": False,
            "attempts": 0,
            "next_attempt_at": None,
            "read_on": self._ctx.clock().date(),
        }

    def _missing(self, row: StatisticsRow, where: str) -> None:
        self._reports.append(errors.missing(row, where))
        self._skipped.append(row.customer_id)

    def _save(self) -> int:
        ctx, now = self._ctx, self._ctx.clock()
        statistics.change(ctx.db, ctx.company.id, self._changes)
        if self._skipped:
            statistics.skip(ctx.db, ctx.company.id, self._skipped)
        listed = {one.record_id for one in self._reports}
        well = [row.customer_id for row in self._rows if row.customer_id not in listed]
        failures.resolve(ctx.db, ctx.company.id, errors.SUBJECT, well, now)
        failures.report(ctx.db, ctx.company.id, self._reports, now)
        return len(self._reports)


def _by_id(entity_set: str, key: str, columns: Sequence[str], ids: Sequence[str]) -> list[Read]:
    return [
        Read(f"{entity_set}?{query_options(select=columns, filter=any_of(key, ids[start : start + _READ_AT_ONCE]))}")
        for start in range(0, len(ids), _READ_AT_ONCE)
    ]


def _differing(row: StatisticsRow, wanted: Figures) -> Figures:
    """What Sales has not been told yet; the day of the figures alone is no news, but goes along with any."""
    changed = {name: value for name, value in wanted.items() if row.told.get(name) != str(value)}
    return {} if set(changed) <= {AS_OF} else changed


def _creation(row: StatisticsRow, wanted: Figures, currency: str, lookup: str) -> ChangeSet:
    path = f"{ENTITY_SET}({row.sales_id})"
    ones = {name: Decimal(1) for name, value in wanted.items() if isinstance(value, Decimal)}
    first = {**wanted, **ones, LINK: row.sales_id}
    if currency:
        first["transactioncurrencyid@odata.bind"] = f"/transactioncurrencies({currency})"
    return ChangeSet(
        (
            Write("POST", ENTITY_SET, first),
            Write("PATCH", f"accounts({row.account_id})", {f"{lookup}@odata.bind": f"/{path}"}),
            Write("PATCH", path, {name: wanted[name] for name in ones}),
        )
    )

"""Commands that do work: the worker, and one run of each job, now."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

import click
import structlog

from bridge import logs
from bridge.availability.official import answer_questions
from bridge.availability.open_lines import refresh_open_lines
from bridge.availability.push import JOB as PUSH_QUANTITIES
from bridge.availability.push import push_quantities
from bridge.availability.tail import refresh
from bridge.cli.common import (
    State,
    company_option,
    json_option,
    pass_state,
    report,
    stop_on_signals,
)
from bridge.cli.output import progress_bar
from bridge.clients.calls import CallKey, Calls, Count
from bridge.clients.errors import RemoteError
from bridge.context import CompanyContext, Outcome
from bridge.explain import explain
from bridge.settings import Settings
from bridge.setup.hooks import renew_hooks
from bridge.setup.publish import renew_key
from bridge.status.back import push_all
from bridge.status.invoices.run import sync_invoices
from bridge.status.notes.run import sync_notes
from bridge.status.push.run import push_orders
from bridge.status.run import push_status
from bridge.status.statistics.run import update_one, update_statistics
from bridge.store import jobs, pushed, remote_calls
from bridge.store.database import Database
from bridge.store.remote_calls import Asked
from bridge.wiring import Bridge, build
from bridge.work.dramatiq_backend import DramatiqSpread
from bridge.work.pick_up import pick_up
from bridge.work.recurring import Recurring, define
from bridge.work.runner import JobRunner
from bridge.work.spread import Spread
from bridge.work.threads import ThreadSpread
from bridge.work.worker import Worker

OPEN_LINES_SECONDS = 20
"""Below the shortest sensible AVAILABILITY_MAX_AGE: answers rest on these too."""
PUSH_QUANTITY_SECONDS = 60
QUESTIONS_SECONDS = 3600
"""Questions wake their job; the timer only clears away what nobody asks any more."""
RENEW_HOOKS_SECONDS = 3600
RENEW_KEY_SECONDS = 86_400
_LOOK_AGAIN_SECONDS = 0.5

_log = structlog.get_logger(__name__)


def recurring_jobs(settings: Settings, *, full_availability: bool = False) -> Sequence[Recurring]:
    """What runs for every company, and how often."""
    push = (Recurring(PUSH_QUANTITIES, PUSH_QUANTITY_SECONDS, push_quantities),)
    return (
        *(push if settings.push_quantity_on_hand else ()),
        Recurring("PICK-UP", settings.pick_up_seconds, pick_up),
        Recurring("PUSH-STATUS", settings.push_status_seconds, push_status),
        Recurring("SALESORDER-ORDER", settings.invoices_seconds, push_orders),
        Recurring("POSTEDSALESINV-INV", settings.invoices_seconds, sync_invoices),
        Recurring("SALES ORDER NOTES", settings.notes_seconds, sync_notes),
        Recurring("CUSTOMER STATISTICS", settings.statistics_seconds, update_statistics),
        Recurring("AVAILABILITY", settings.availability_poll_seconds, partial(refresh, full=full_availability)),
        Recurring("OPEN-LINES", OPEN_LINES_SECONDS, refresh_open_lines),
        Recurring("ITEM-AVAILABILITY", QUESTIONS_SECONDS, answer_questions),
        Recurring("RENEW-HOOKS", RENEW_HOOKS_SECONDS, renew_hooks),
        Recurring("RENEW-KEY", RENEW_KEY_SECONDS, renew_key),
    )


class _Served:
    """The companies a worker serves, looked up once Business Central or the saved list can name them."""

    def __init__(self, bridge: Bridge, recurring: Sequence[Recurring]) -> None:
        self._bridge = bridge
        self._recurring = recurring
        self.contexts: dict[str, CompanyContext] = {}

    def prepare(self) -> bool:
        """Define the jobs of every company; False while nobody can say which companies there are."""
        try:
            companies = self._bridge.companies()
        except RemoteError as error:
            if not error.can_retry:
                raise
            _log.warning("waiting for Business Central to name its companies", error=str(explain(error)))
            return False
        self.contexts = {company.id: self._bridge.context(company) for company in companies}
        pushes = self._bridge.settings.push_quantity_on_hand
        define(
            self._bridge.db,
            companies,
            self._recurring,
            self._bridge.clock(),
            switched_off=() if pushes else (PUSH_QUANTITIES,),
        )
        if not pushes:
            pushed.forget(self._bridge.db)
        _log.info("worker ready", companies=[company.name for company in companies], owner=self._bridge.owner)
        return True


class _CallsLog:
    """Tells what the remote systems were asked since the last time, by purpose: in the log, and in the database."""

    def __init__(self, calls: Calls, db: Database) -> None:
        self._calls = calls
        self._db = db
        self._logged: dict[CallKey, Count] = {}
        self._saved: dict[CallKey, Count] = {}

    def write(self) -> None:
        now = self._calls.snapshot()
        news = _since(self._logged, now)
        self._logged = now
        if news:
            asked = {f"{key.side.value} {key.verb} {key.purpose}": count.requests for key, count in news.items()}
            _log.info("remote calls", by_purpose=asked)
        unsaved = [
            Asked(key.side.value, key.verb, key.purpose, count.requests, count.operations)
            for key, count in _since(self._saved, now).items()
        ]
        if remote_calls.add(self._db, unsaved):
            self._saved = now


def _since(before: Mapping[CallKey, Count], now: Mapping[CallKey, Count]) -> dict[CallKey, Count]:
    news = {key: count - before.get(key, Count()) for key, count in sorted(now.items())}
    return {key: count for key, count in news.items() if count.requests}


@click.command()
def work() -> None:
    """Run the worker: timers, due jobs, queue.

    Any number of workers may run at once. SIGTERM or Ctrl-C ends it cleanly: what is begun is finished, nothing new is
    started.
    """
    settings = Settings.from_environment()
    logs.set_up(settings.log_format, level=logging.INFO)
    stop = threading.Event()
    bridge = build(settings, stop=stop)
    recurring = recurring_jobs(settings)
    served = _Served(bridge, recurring)
    worker = Worker(
        bridge.db,
        _runner(bridge, recurring, served),
        _spread(settings),
        clock=bridge.clock,
        prepare=served.prepare,
        stop=stop,
        redis_url=settings.redis_url,
        each_minute=_CallsLog(bridge.calls, bridge.db).write,
    )
    try:
        with stop_on_signals(stop, worker.stop):
            worker.run()
    finally:
        bridge.close()
    _log.info("worker stopped")


def _runner(bridge: Bridge, recurring: Sequence[Recurring], served: _Served) -> JobRunner:
    return JobRunner(
        bridge.db,
        recurring,
        lambda: served.contexts,
        owner=bridge.owner,
        lease=timedelta(seconds=bridge.settings.work_lease_seconds),
        clock=bridge.clock,
    )


def _spread(settings: Settings) -> Spread:
    if settings.redis_url:
        return DramatiqSpread(settings.redis_url, settings.work_threads)
    return ThreadSpread(settings.work_threads)


@click.command("pick-up")
@company_option
@json_option
@pass_state
def pick_up_once(state: State) -> None:
    """Pick up once, now: quotes that are active or won, and submitted orders, which are released and acknowledged."""
    company = state.one_company()
    with progress_bar() as progress, stop_on_signals(state.stop):
        outcome = pick_up(state.bridge.context(company, progress))
    report(state, "Pick-up", company, outcome, ("order", "quote"))


@click.command("push-status")
@company_option
@json_option
@pass_state
def push_status_once(state: State) -> None:
    """Bring to Sales once, now: status and posts, changed orders, invoices and their payment, notes."""
    company = state.one_company()
    with progress_bar() as progress, stop_on_signals(state.stop):
        outcome = push_all(state.bridge.context(company, progress))
    report(state, "Status", company, outcome, ("status", "invoice", "push", "note"))


@click.command("update-statistics")
@click.argument("customer", required=False)
@company_option
@json_option
@pass_state
def update_statistics_once(state: State, customer: str | None) -> None:
    """Bring account statistics in Sales up to date once, now: of all coupled customers, or of CUSTOMER alone.

    CUSTOMER is a number, a name, or an id of either side. What is paid of their invoices is read anew as well.
    """
    company = state.one_company()
    with progress_bar() as progress, stop_on_signals(state.stop):
        context = state.bridge.context(company, progress)
        outcome = update_one(context, customer) if customer else update_statistics(context)
    report(state, "Statistics", company, outcome, ("statistics", "invoice"))


@click.command("refresh-availability")
@click.option("--full", is_flag=True, help="Read every item anew instead of tailing the ledger.")
@company_option
@json_option
@pass_state
def refresh_availability(state: State, full: bool) -> None:
    """Tail the item ledger once, now, or rebuild the projection with --full."""
    bridge, company = state.bridge, state.one_company()
    with progress_bar() as progress, stop_on_signals(state.stop):
        outcome = _alone(bridge, bridge.context(company, progress), full=full)
    report(state, "Availability", company, outcome, ("availability",))


def _alone(bridge: Bridge, context: CompanyContext, *, full: bool) -> Outcome:
    """Run the AVAILABILITY job under its lease: two tails at once could write an older answer over a newer one."""
    recurring = [job for job in recurring_jobs(bridge.settings, full_availability=full) if job.name == "AVAILABILITY"]
    jobs.define(bridge.db, context.company.id, recurring[0].name, recurring[0].seconds, bridge.clock())
    runner = JobRunner(
        bridge.db,
        recurring,
        lambda: {context.company.id: context},
        owner=bridge.owner,
        lease=timedelta(seconds=bridge.settings.work_lease_seconds),
        clock=bridge.clock,
    )
    told = False
    while (ran := runner.run_now(context.company.id, recurring[0].name, context.progress)) is None:
        if not told:
            click.echo("Another process is refreshing; waiting for it to end.", err=True)
            told = True
        if bridge.stop.wait(_LOOK_AGAIN_SECONDS):
            return Outcome(notes=("Stopped before it could begin.",))
    if ran.error is not None:
        raise ran.error
    return ran.outcome or Outcome()

"""What the commands share: options, the bridge they work with, errors as one line, exit codes, a clean stop.

Exit codes: 0 done; 1 something failed and is listed; 2 the call itself was wrong.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

import click
import structlog

from bridge import logs, overview
from bridge.cli.output import describe_counts, failure_rows, print_json, print_table
from bridge.clients.errors import RemoteError
from bridge.context import Outcome
from bridge.coupling.errors import MappingUnknown, NotOfThisMapping, RecordNotFound
from bridge.errors import BridgeError, CompanyUnknown, NotConfigured, SettingInvalid
from bridge.explain import explain
from bridge.records import Company
from bridge.settings import Settings
from bridge.setup.deploy import SolutionManaged, SolutionUnknown
from bridge.store import companies
from bridge.store.database import DatabaseFailed
from bridge.wiring import Bridge, build, choose

DONE, FAILED, WRONG_CALL = 0, 1, 2

_WRONG_CALLS = (
    *(SettingInvalid, NotConfigured, CompanyUnknown, SolutionUnknown, SolutionManaged),
    *(MappingUnknown, RecordNotFound, NotOfThisMapping),
)
"""Errors that say: this cannot have been meant so. The others say: this did not work."""

F = TypeVar("F", bound=Callable[..., Any])

_log = structlog.get_logger(__name__)


@dataclass
class State:
    """What one call of the command line carries along: its shared options, and the bridge once something needs it."""

    as_json: bool = False
    company: str | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    _bridge: Bridge | None = None

    @property
    def bridge(self) -> Bridge:
        """Settings read, logging set up, database open. Raises SettingInvalid, SchemaOutOfDate."""
        if self._bridge is None:
            settings = Settings.from_environment()
            # a person reads the command's own answer; who collects JSON logs wants the lines as well
            logs.set_up(settings.log_format, level=logging.INFO if settings.log_format == "json" else logging.CRITICAL)
            self._bridge = build(settings, stop=self.stop)
        return self._bridge

    def one_company(self) -> Company:
        """The company this call is about: ``--company``, else the first of BC_COMPANY. Asks Business Central."""
        known = self.bridge.companies()
        return choose(known, [self.company])[0] if self.company else known[0]

    def company_filter(self) -> str | None:
        """The id of ``--company`` among the companies known here; None for all. Asks nobody."""
        if not self.company:
            return None
        saved = [Company(row.id, row.name, row.display_name) for row in companies.all_companies(self.bridge.db)]
        return choose(saved, [self.company])[0].id

    def close(self) -> None:
        if self._bridge is not None:
            self._bridge.close()


pass_state = click.make_pass_decorator(State, ensure=True)


def _remember(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    def callback(context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
        if value:
            setattr(context.ensure_object(State), name, value)
        return value

    return callback


def json_option(command: F) -> F:
    """``--json``: one JSON document instead of tables."""
    return click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=_remember("as_json"),
        help="One JSON document instead of tables.",
    )(command)


def company_option(command: F) -> F:
    """``--company``: another company than the default one."""
    return click.option(
        "--company",
        metavar="NAME|ID",
        expose_value=False,
        callback=_remember("company"),
        help="Company, by name or id.",
    )(command)


class BridgeGroup(click.Group):
    """Turns the errors we foresee into one readable line and the right exit code; others keep their traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        state = ctx.ensure_object(State)
        try:
            return super().invoke(ctx)
        except (BridgeError, RemoteError, DatabaseFailed) as error:
            _show(error, as_json=state.as_json)
            ctx.exit(WRONG_CALL if isinstance(error, _WRONG_CALLS) else FAILED)
        finally:
            if ctx.parent is None:
                state.close()


def _show(error: Exception, *, as_json: bool) -> None:
    why = explain(error)
    if not why.foreseen:
        _log.critical("the database failed", exc_info=error)
    if as_json:
        print_json({"error": {"code": why.code, "text": why.text, "next_step": why.advice}})
    click.secho(f"{why.code}: {why}", err=True, fg="red" if sys.stderr.isatty() else None)


def not_built_yet(command: str) -> NoReturn:
    """For verbs whose place is kept."""
    click.echo(f"{command}: not built yet.", err=True)
    raise SystemExit(WRONG_CALL)


@contextmanager
def stop_on_signals(stop: threading.Event, also: Callable[[], None] = lambda: None) -> Iterator[None]:
    """While inside, SIGTERM and Ctrl-C ask for a clean end instead of breaking off; a second one breaks off."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def ask(number: int, _frame: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        stop.set()
        also()

    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def report(state: State, what: str, company: Company, outcome: Outcome, subjects: tuple[str, ...]) -> NoReturn:
    """Print what a run came to, with the failures of these subjects when it left some, and end with 0 or 1."""
    listed = [row for row in overview.failure_list(state.bridge.db, company.id) if row.subject in subjects]
    calls = {
        f"{key.side.value} {key.verb} {key.purpose}": count.requests
        for key, count in sorted(state.bridge.calls.snapshot().items())
    }
    _log.info(
        f"{what} finished",
        company=company.name,
        counts=dict(outcome.counts),
        failed=outcome.failed,
        remote_calls=calls,
    )
    if state.as_json:
        print_json(
            {
                "company": company.name,
                "counts": dict(outcome.counts),
                "failed": outcome.failed,
                "notes": list(outcome.notes),
                "failures": listed,
                "remote_calls": calls,
            }
        )
    else:
        click.echo(f"{what}, {company.name}: {describe_counts(outcome.counts)}.")
        for note in outcome.notes:
            click.echo(note)
        if outcome.failed:
            print_table("Stuck", failure_rows(listed), empty="")
    raise SystemExit(FAILED if outcome.failed else DONE)

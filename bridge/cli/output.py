"""What a command prints: readable tables for people, or with ``--json`` exactly one JSON document for machines.

Answers go to standard output; progress, hints and errors go to standard error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from bridge.context import Progress as Report
from bridge.context import no_progress
from bridge.overview import FailureView

_NARROWEST = 100
"""Columns to assume where nobody is looking at a terminal: a log file or a pipe should not break words."""


def print_json(document: object) -> None:
    """One JSON document on standard output; times as ISO 8601, quantities as text that keeps every digit."""
    click.echo(json.dumps(document, default=_plain, ensure_ascii=False, indent=2))


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def print_table(title: str, rows: Sequence[Mapping[str, object]], *, empty: str) -> None:
    """A table whose columns are the keys of the first row, or the sentence ``empty`` when there is no row."""
    if not rows:
        click.echo(empty)
        return
    table = Table(title=title, title_justify="left", show_lines=len(rows) > 1 and len(rows[0]) > 6)
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_readable(value)) for value in row.values()))
    console = Console(soft_wrap=False)
    if not console.is_terminal:
        console.width = max(console.width, _NARROWEST + 60)
    console.print(table)


def _readable(value: object) -> str:
    match value:
        case None | "":
            return "–"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%SZ")
        case Decimal():
            return f"{value:f}"
        case Mapping():
            return _counts(value)
        case _:
            return str(value)


def _counts(counts: Mapping[Any, Any]) -> str:
    return ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counts.items() if count) or "nothing to do"


def describe_counts(counts: Mapping[str, int]) -> str:
    """Counts as a person says them: ``3 created, 1 failed``; zeros are left out."""
    return _counts(counts)


def failure_rows(failures: Sequence[FailureView]) -> list[dict[str, object]]:
    """The columns in which failures are shown to people."""
    return [
        {
            "Record": failure.record,
            "Code": failure.code,
            "What": failure.what,
            "Next step": failure.next_step,
            "Heals by itself": failure.heals_by_itself,
            "Since": failure.since,
            "Tries": failure.tries,
            "Next try": failure.next_try,
        }
        for failure in failures
    ]


@contextmanager
def progress_bar() -> Iterator[Report]:
    """A progress line on standard error while long work goes on; silent where nobody is looking."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield no_progress
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def report(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=of or None)
            bar.update(tasks[what], completed=done, total=of or None)

        yield report

"""How the demo speaks: numbered steps, sentences, real requests and answers. Readable without colour and in a log."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote_plus

from rich.console import Console
from rich.markup import escape
from rich.rule import Rule

WIDTH = 110


class StepFailed(Exception):
    """A step of the walk did not come out; ``step`` names it."""

    def __init__(self, step: str, reason: Exception) -> None:
        self.step = step
        super().__init__(f"{step}: {reason}")


class Teller:
    """Writes the story to ``console``."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._steps = 0

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One numbered step; whatever fails inside is raised as :class:`StepFailed` with its name."""
        self._steps += 1
        heading = f"{self._steps}. {title}"
        self.console.print()
        self.console.print(Rule(f"[bold]{escape(heading)}[/bold]", align="left", style="dim"), width=WIDTH)
        try:
            yield
        except StepFailed:
            raise
        except Exception as error:
            raise StepFailed(heading, error) from error

    def say(self, text: str) -> None:
        self.console.print(escape(text))

    def done(self, text: str) -> None:
        self.console.print(f"[green]✓[/green] {escape(text)}")

    def failed(self, text: str) -> None:
        self.console.print(f"[red]✗[/red] {escape(text)}")

    def command(self, text: str, output: str = "") -> None:
        """A command as typed, and what it printed."""
        self.console.print(f"  [bold cyan]$ {escape(text)}[/bold cyan]")
        for line in output.strip().splitlines():
            self.console.print(f"    {escape(line)}")

    def request(self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        """A request, its address decoded so that it can be read."""
        self.console.print(f"  [bold cyan]→ {method} {escape(unquote_plus(url))}[/bold cyan]")
        for name, value in (headers or {}).items():
            self.console.print(f"    [dim]{escape(name)}: {escape(value)}[/dim]")
        self._json(body)

    def answer(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        self.console.print(f"  [bold]← {status}[/bold]")
        for name, value in (headers or {}).items():
            self.console.print(f"    [dim]{escape(name)}: {escape(value)}[/dim]")
        self._json(body)

    def _json(self, body: Any) -> None:
        if body is None:
            return
        for line in json.dumps(body, ensure_ascii=False, indent=2).splitlines():
            self.console.print(f"    {escape(line)}")

"""The product as it ships, run as its own processes: commands, gateway and worker. For demo, tests and bench."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import requests

from demo.processes import ROOT, Child, environment, free_port

START_SECONDS = 60
COMMAND_SECONDS = 300


class CommandFailed(AssertionError):
    """A command ended with a code that was not expected; holds what it printed."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended."""

    command: str
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed with ``--json``."""
        try:
            return json.loads(self.out)
        except ValueError as error:
            raise CommandFailed(f"not JSON: {self}") from error

    def expect(self, *codes: int) -> Finished:
        """Itself, when it ended with one of these codes; :class:`CommandFailed` otherwise."""
        if self.code not in codes:
            raise CommandFailed(f"expected code {' or '.join(map(str, codes))}: {self}")
        return self

    def __str__(self) -> str:
        return f"{self.command}\nended with code {self.code}\n{self.out}{self.err}"


class Gateway:
    """The web role on a free port, answering."""

    def __init__(self, child: Child, address: str) -> None:
        self.child, self.address = child, address

    def get(self, path: str, *, timeout: float = 30, **options: Any) -> requests.Response:
        """One GET, on a connection of its own."""
        return requests.get(self.address + path, timeout=timeout, **options)

    def stop(self) -> None:
        self.child.stop()


class Product:
    """One installation: ``env`` is its whole configuration; logs go to ``folder``."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self.folder = folder
        self.env = dict(env)
        self.python = [sys.executable]
        self._children: list[Child] = []

    def upgrade(self) -> None:
        """Bring the database to this version, as the Procfile's release step does."""
        self.run("bridge.store", "upgrade").expect(0)

    def run(self, module: str, *arguments: str, seconds: float = COMMAND_SECONDS, **extra: str) -> Finished:
        """``python -m module arguments`` to its end; ``extra`` are further settings."""
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment(self.env | extra),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        shown = " ".join(["python", *command[1:]])
        return Finished(shown, done.returncode, done.stdout, done.stderr)

    def bridge(self, *arguments: str, seconds: float = COMMAND_SECONDS, **extra: str) -> Finished:
        """``python -m bridge arguments`` to its end."""
        return self.run("bridge", *arguments, seconds=seconds, **extra)

    def new_key(self, user: str, *options: str) -> str:
        """A fresh web service access key of ``user``."""
        made = self.run("gateway", "keys", "create", user, *options, "--json").expect(0)
        return str(made.json["key"])

    @cached_property
    def gateway_address(self) -> str:
        """Where :meth:`gateway` will listen; known before it starts, so that others can be told."""
        return f"http://127.0.0.1:{free_port()}"

    def gateway(self, *, address: str = "", **extra: str) -> Gateway:
        """gunicorn as the Procfile has it, until it answers."""
        address = address or self.gateway_address
        settings = {"PUBLIC_URL": address} | self.env | extra
        command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", address.removeprefix("http://")]
        child = self.start("gateway", command, settings)
        child.wait_ready(lambda: _alive(address), START_SECONDS)
        return Gateway(child, address)

    def worker(self, name: str = "worker", **extra: str) -> Child:
        """``python -m bridge work``, started; it needs no time to be ready that anybody could rely on."""
        return self.start(name, [sys.executable, "-m", "bridge", "work"], self.env | extra)

    def start(self, name: str, command: list[str], env: Mapping[str, str]) -> Child:
        child = Child(name, command, log=self.folder / f"{name}.log", env=environment(env))
        self._children.append(child)
        return child

    def stop(self) -> None:
        """End everything it started, the youngest first."""
        while self._children:
            self._children.pop().stop()

    def tails(self) -> str:
        """The ends of all logs."""
        return "\n".join(child.tail() for child in self._children)


def _alive(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=2).ok
    except requests.RequestException:
        return False

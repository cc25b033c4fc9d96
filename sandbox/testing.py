"""A sandbox for tests and scripts: started as a process of its own, ended with it, its control routes as methods.

with Sandbox() as sandbox:
    sandbox.env                                  # the settings of a client
    sandbox.business_central.post("post-stock", item="TENT-LEI-2", quantity=5)
    with sandbox.kept():                         # whatever happens here is undone
        sandbox.fault(kind="after", path="salesOrders", times=1)
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

START_SECONDS = 60
TALK_SECONDS = 60
END_SECONDS = 30


class SandboxRefused(Exception):
    """The sandbox did not start, or a control route said no; the message is its own."""


class Control:
    """The ``/_sandbox`` routes of one system."""

    def __init__(self, address: str, patience: float = TALK_SECONDS) -> None:
        self.address, self._patience = address, patience
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method: str, name: str, /, body: Any = None, **query: Any) -> Any:
        """One request; the JSON answered, None for an empty answer. Raises SandboxRefused."""
        url = f"{self.address}/_sandbox/{name}{'?' + urlencode(query) if query else ''}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the sandbox's own address
            url, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with self._opener.open(request, timeout=self._patience) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise SandboxRefused(f"{method} {name}: {error.code} {error.read().decode()}") from None
        return json.loads(text) if text else None

    def get(self, route: str, /, **query: Any) -> Any:
        """``GET`` a control route."""
        return self.call("GET", route, **query)

    def post(self, route: str, /, **body: Any) -> Any:
        """``POST`` to a control route; the arguments are the JSON object."""
        return self.call("POST", route, body)


class Sandbox:
    """``python -m sandbox`` with ``options``. Entering starts it and waits until it answers; leaving ends it.

    ``patience`` is how many seconds the start, a control route or the end may take: a company of 100,000 items takes
    its time.
    """

    env: Mapping[str, str]
    """The settings it wrote for its clients."""
    business_central: Control
    sales: Control

    def __init__(self, *options: str, patience: float = START_SECONDS) -> None:
        self._options = options
        self._patience = patience
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-testing-")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._folder.cleanup()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        try:
            self.end()
        finally:
            self._folder.cleanup()

    def start(self) -> None:
        """Start the process and wait for its settings. Raises SandboxRefused with what it said if it ends instead."""
        env_file, log = Path(self._folder.name, "env"), Path(self._folder.name, "log")
        command = [sys.executable, "-m", "sandbox", "--env-file", str(env_file), *self._options]
        root = str(Path(__file__).parent.parent)
        paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        env_file.unlink(missing_ok=True)  # of a run that was killed
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONPATH": paths}
            )
        until = time.monotonic() + self._patience
        while not env_file.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise SandboxRefused(log.read_text("utf-8").strip() or "The sandbox did not start.")
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.02)
        self.env = dict(one.split("=", 1) for one in shlex.split(env_file.read_text("utf-8")))
        bc = urlsplit(self.env["BC_URL"])
        patience = max(TALK_SECONDS, self._patience)
        self.business_central = Control(f"{bc.scheme}://{bc.netloc}", patience)
        self.sales = Control(self.env["SALES_URL"], patience)

    def end(self) -> None:
        """End it by SIGTERM; its state file is written before it is gone. Raises SandboxRefused if it failed."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            status = process.wait(max(END_SECONDS, self._patience))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise SandboxRefused("The sandbox did not end in time.") from None
        if status:
            raise SandboxRefused(Path(self._folder.name, "log").read_text("utf-8").strip())

    def kill(self) -> None:
        """End it as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    @property
    def pid(self) -> int:
        """The id of the running process."""
        if self._process is None:
            raise SandboxRefused("The sandbox is not running.")
        return self._process.pid

    def reset(self) -> None:
        """Rows, clock, faults, log and sign-in as at the start."""
        self.sales.post("reset")

    def snapshot(self, name: str) -> None:
        """Keep rows and clock of both systems."""
        self.sales.post("snapshots", name=name)

    def restore(self, name: str) -> None:
        """Back to a snapshot."""
        self.sales.post("restore", name=name)

    @contextmanager
    def kept(self, name: str = "kept") -> Iterator[None]:
        """Undo at the end what happens inside: rows and clock are put back, faults are taken away."""
        self.snapshot(name)
        try:
            yield
        finally:
            self.clear_faults()
            self.restore(name)

    def fault(self, **rule: Any) -> None:
        """Add a rule; its parts are those of :class:`sandbox.faults.Rule`."""
        self.sales.call("POST", "faults", rule)

    def clear_faults(self) -> None:
        """Behave well from now on."""
        self.sales.call("DELETE", "faults")

    def latency(self, milliseconds: float) -> None:
        """Add this to every request of both systems."""
        self.sales.post("latency", milliseconds=milliseconds)

    def advance(self, seconds: float) -> None:
        """Let time pass in both systems at once."""
        self.sales.post("clock", advance=seconds)

    def sign_in(self, **switches: Any) -> None:
        """Spoil signing in; see :class:`sandbox.identities.SignInSwitches`. Nothing given: all in order again."""
        self.sales.call("POST", "sign-in", switches)

    def requests(self, **query: Any) -> list[dict[str, Any]]:
        """What was asked of all three systems, in order of arrival."""
        return list(self.sales.get("requests", **query)["requests"])

    def counts(self) -> dict[str, Any]:
        """Requests and operations by system and purpose."""
        return dict(self.sales.get("requests", limit=1)["counts"])

    def forget_requests(self) -> None:
        """Empty the log."""
        self.sales.call("DELETE", "requests")

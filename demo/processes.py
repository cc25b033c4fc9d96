"""Child processes and waiting, for demo, tests and bench: everything starts with a log and ends with its starter.

Nothing here sleeps and hopes: :func:`until` asks again and again until a deadline, and says what it waited for.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TypeVar

ROOT = Path(__file__).resolve().parent.parent
T = TypeVar("T")

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT", "COVERAGE_PROCESS_START")
_PR_SET_PDEATHSIG = 1


class TookTooLong(AssertionError):
    """A deadline passed; says what was awaited."""


class ChildFailed(AssertionError):
    """A child process ended, or could not start, when it should have been running; holds the end of its log."""


def until(condition: Callable[[], T | None], seconds: float, what: str) -> T:
    """Ask ``condition`` until it answers something true, and return that; :class:`TookTooLong` after ``seconds``."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    waiting = threading.Event()
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TookTooLong(f"waited {seconds:g} seconds for: {what}")
        waiting.wait(pause)
        pause = min(pause * 1.5, 0.25)


def free_port() -> int:
    """A port on 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """What a child gets: the few variables every program needs and ``extra``, so that a developer's own settings
    never leak into it. This Python's folder leads PATH, so that ``gunicorn`` and ``python`` are ours."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    passed["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), passed.get("PATH", os.defpath)))
    return passed | {"PYTHONUNBUFFERED": "1"} | dict(extra)


def _end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent dies, however it dies; elsewhere than on Linux nothing happens."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One running process in its own process group, its output in a log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path = ROOT,
        user: int | None = None,
        group: int | None = None,
    ) -> None:
        self.name, self.log = name, log
        log.parent.mkdir(parents=True, exist_ok=True)
        self._output: IO[bytes] = log.open("ab")
        self.process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=dict(env),
            user=user,
            group=group,
            extra_groups=[] if user is not None else None,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def wait_ready(self, condition: Callable[[], T | None], seconds: float) -> T:
        """Until ``condition`` holds; :class:`ChildFailed` at once when the process ends first, or at the deadline."""

        def look() -> T | None:
            if not self.running:
                raise ChildFailed(f"{self.name} ended with code {self.process.returncode}")
            return condition()

        try:
            return until(look, seconds, f"{self.name} to be ready")
        except (TookTooLong, ChildFailed) as error:
            self.kill()
            raise ChildFailed(f"{error}\n{self.tail()}") from error

    def stop(self, seconds: float = 15) -> int:
        """SIGTERM, time to finish, then the hard way for the whole group; the exit code."""
        if self.running:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        return self.kill()

    def kill(self) -> int:
        """SIGKILL to the process and what it started; the exit code."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        code = self.process.wait()
        self._output.close()
        return code

    def tail(self, lines: int = 30) -> str:
        """The end of its log, headed by its name."""
        text = self.log.read_text("utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join([f"--- end of {self.log.name} ({self.name})", *text.splitlines()[-lines:]])

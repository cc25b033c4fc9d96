"""Named checks, each with a hint for whoever reads it. What each looks at is decided in :mod:`gateway.wiring`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

_SECONDS = 2.0
"""A check that takes longer has failed: a load balancer does not wait."""
_KEPT_SECONDS = 1.0


class Status(StrEnum):
    """``DEGRADED``: this process answers, something behind it is away. ``FAILED``: it cannot answer."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; ``hint`` is the next step and empty when all is well."""

    status: Status
    detail: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """``run`` must not raise for what it looks at; what it raises all the same counts as failed."""

    name: str
    run: Callable[[], Finding]


class SharedFlag(Protocol):
    """A number that the master process and its workers see alike."""

    value: int


class Drain:
    """Whether this process is about to stop: it then says so to whoever sends it requests, and still answers them."""

    def __init__(self) -> None:
        self._flag: SharedFlag | None = None
        self._begun = False

    def share(self, flag: SharedFlag) -> None:
        """Follow a flag that another process raises (gunicorn.conf.py)."""
        self._flag = flag

    def begin(self) -> None:
        self._begun = True

    @property
    def is_on(self) -> bool:
        return self._begun or (self._flag is not None and self._flag.value != 0)


class Checks:
    """Runs all checks side by side, each within a time limit, at most once a second however often it is asked."""

    def __init__(self, checks: Sequence[Check], ticks: Callable[[], float]) -> None:
        self._checks = checks
        self._ticks = ticks
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._found: list[tuple[str, Finding]] = []
        self._found_at = float("-inf")

    def run(self) -> list[tuple[str, Finding]]:
        """Each check's name and finding."""
        with self._lock:
            if self._ticks() - self._found_at >= _KEPT_SECONDS:
                self._found = self._run()
                self._found_at = self._ticks()
            return self._found

    def _run(self) -> list[tuple[str, Finding]]:
        if self._pool is None:  # made here and not at start: threads do not survive the fork into a worker
            self._pool = ThreadPoolExecutor(max_workers=2 * len(self._checks), thread_name_prefix="check")
        futures = [(check.name, self._pool.submit(check.run)) for check in self._checks]
        found: list[tuple[str, Finding]] = []
        for name, future in futures:
            try:
                found.append((name, future.result(timeout=_SECONDS)))
            except TimeoutError:
                future.cancel()
                found.append((name, Finding(Status.FAILED, f"no answer within {_SECONDS:g} seconds")))
            except Exception as error:  # noqa: BLE001 - whatever a check trips over is its finding
                found.append((name, Finding(Status.FAILED, f"could not be checked: {type(error).__name__}")))
        return found

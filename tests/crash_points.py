"""Ends a process at every moment at which it can matter: before and after each remote call and each commit.

A run that nobody disturbs gives the list of moments. The same work is then begun again in the same world once for each
of them and ended there: from that moment on nothing is sent and nothing committed any more, leases stay behind. A
restarted process must bring both systems to the state that the undisturbed run left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from bridge.clients.transport import Call, Transport
from bridge.store import database


class Stopped(BaseException):
    """The process ended."""


class Moments:
    """The moments of one run, in order, by name. ``stop_at`` is the one at which the process ends, counted from 0."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.names: list[str] = []
        self.stopped = False
        self._stop_at = stop_at

    def reach(self, name: str) -> None:
        """The process has come as far as this. Raises Stopped when it ends here, or has ended before."""
        if not self.stopped:
            self.stopped = len(self.names) == self._stop_at
            self.names.append(name)
        if self.stopped:
            raise Stopped(name)


@contextmanager
def watched(stop_at: int | None = None) -> Iterator[Moments]:
    """Count the moments of what runs inside, and end it at one of them."""
    moments = Moments(stop_at)
    attempt = Transport._attempt

    def attempted(transport: Transport, call: Call, *arguments: Any) -> Any:
        name = f"{call.method} for {transport.side.value}: {call.purpose}"
        moments.reach(f"before {name}")
        reply = attempt(transport, call, *arguments)
        moments.reach(f"after {name}")
        return reply

    def before_commit(session: Session) -> None:
        if _writes(session):
            moments.reach("before a commit")

    def after_commit(session: Session) -> None:
        if _writes(session):
            moments.reach("after a commit")

    event.listen(Session, "before_commit", before_commit)
    event.listen(Session, "after_commit", after_commit)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Transport, "_attempt", attempted)
            yield moments
    finally:
        event.remove(Session, "before_commit", before_commit)
        event.remove(Session, "after_commit", after_commit)


def _writes(session: Session) -> bool:
    return not session.get_bind().get_execution_options().get(database._READ, False)


def moments_of(work: Callable[[], object]) -> list[str]:
    """The moments of this work when nobody disturbs it."""
    with watched() as moments:
        work()
    return moments.names


def that_matter(names: list[str]) -> list[int]:
    """The first of these moments, and those behind a write or a commit. All others leave behind what the one before
    them left: a process that ends before a call and one that ends after the step before it cannot be told apart."""
    return [0, *(at for at, name in enumerate(names) if name.startswith("after") and not name.startswith("after GET"))]


def stop_at(moment: int, work: Callable[[], object]) -> str:
    """Do this work and end it at that moment; the moment's name. AssertionError when it never came so far."""
    with watched(moment) as moments:
        try:
            work()
        except Stopped:
            assert moments.stopped
    assert moments.stopped, f"the work was over after {len(moments.names)} moments, before moment {moment}"
    return moments.names[moment]

"""What the batches of both systems share: cutting them to size, and keeping what earlier ones brought."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from bridge.clients.errors import RemoteError

Part = TypeVar("Part")
Result = TypeVar("Result")


def cut(parts: Iterable[Part], *, most: int, weigh: Callable[[Part], int] = lambda part: 1) -> list[list[Part]]:
    """Cut into runs that weigh ``most`` at the most, in order, no part cut. Raises ValueError for a part too heavy."""
    runs: list[list[Part]] = []
    room = 0
    for part in parts:
        weight = weigh(part)
        if weight > most:
            raise ValueError(f"one part holds {weight} requests; {most} are allowed in a batch")
        if weight > room:
            runs.append([])
            room = most
        runs[-1].append(part)
        room -= weight
    return runs


def send_all(
    runs: Sequence[Sequence[Part]],
    send: Callable[[Sequence[Part]], list[Result]],
    lost: Callable[[Part, RemoteError], Result],
) -> list[Result]:
    """Send run after run. A failure of the first is raised: nothing is known then but the failure. A failure of a
    later one must not lose the results so far, so it becomes the result of its parts, and of all parts not sent."""
    results: list[Result] = []
    failure: RemoteError | None = None
    for number, run in enumerate(runs):
        if failure is not None:
            results += [lost(part, failure) for part in run]
            continue
        try:
            results += send(run)
        except RemoteError as error:
            if number == 0:
                raise
            results += [lost(part, error) for part in run]
            failure = error.restated(type(error), f"not sent, because the batch before it failed: {error.text}")
    return results

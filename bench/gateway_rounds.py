"""Measuring in rounds: every server once per round, one after the other, so that whatever else the machine does meets
all of them alike; medians over the rounds are told."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.gateway_load import LoadFailed, Seen, ask
from bench.gateway_servers import Server

AT_HALF = 64
"""Connections at half load: so many that one waiting for its answer hardly changes the rate."""
_STEP = 4999
"""How far into its file each round begins behind the one before."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing measured again in every round."""

    server: str
    kind: str
    connections: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: what wrk saw, and the processor time of the server in microseconds per request."""

    seen: Seen
    processor: float


Results = Mapping[Cell, Sequence[Sample]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often."""

    rounds: int
    seconds: float
    connections: Sequence[int]


@dataclass(frozen=True, slots=True)
class Contender:
    """A server with what it is asked: a file of requests by kind, and the headers."""

    server: Server
    files: Mapping[str, Path]
    headers: Mapping[str, str]

    def run(self, kind: str, connections: int, seconds: float, begin: int, pause: float = 0) -> Sample:
        before = self.server.processor_seconds()
        seen = ask(
            self.server.address,
            self.files[kind],
            self.headers,
            connections=connections,
            seconds=seconds,
            begin=begin,
            pause=pause,
        )
        if seen.refused or seen.broken:
            raise LoadFailed(
                f"{self.server.name}, {kind}, {connections} connections: {seen.refused} refused and {seen.broken}"
                f" broken of {seen.requests}\n{self.server.child.tail(5)}"
            )
        return Sample(seen, (self.server.processor_seconds() - before) / max(1, seen.requests) * 1e6)


def measure(contenders: Sequence[Contender], plan: Plan, tell: Callable[[str], None]) -> Results:
    """All cells, round by round."""
    results: dict[Cell, list[Sample]] = defaultdict(list)
    for number in range(plan.rounds):
        tell(f"round {number + 1} of {plan.rounds}")
        # Who comes first changes from round to round: nobody always follows the same neighbour.
        turned = [*contenders[number % len(contenders) :], *contenders[: number % len(contenders)]]
        for kind in contenders[0].files:
            for connections in plan.connections:
                for one in turned:
                    if kind in one.files:
                        sample = one.run(kind, connections, plan.seconds, begin=number * _STEP)
                        results[Cell(one.server.name, kind, connections)].append(sample)
    return results


def at_half_load(contenders: Sequence[Contender], kind: str, rate: float, plan: Plan) -> Results:
    """The same rate for each contender, in turns: pauses are chosen so that requests arrive that often."""
    results: dict[Cell, list[Sample]] = defaultdict(list)
    for number in range(plan.rounds):
        for one in contenders[:: 1 if number % 2 else -1]:
            sample = one.run(kind, AT_HALF, plan.seconds * 2, begin=number * _STEP, pause=AT_HALF / rate * 1000)
            results[Cell(one.server.name, kind, AT_HALF)].append(sample)
    return results


def median(samples: Sequence[Sample], what: str) -> float:
    return float(statistics.median(getattr(one.seen, what) for one in samples))


def ratio(results: Results, first: Cell, second: Cell) -> float:
    """Median over the rounds of the ratio within each round; infinite where the second answered nothing."""
    pairs = zip(results[first], results[second], strict=True)
    return statistics.median(
        one.seen.rate / other.seen.rate if other.seen.requests else float("inf") for one, other in pairs
    )

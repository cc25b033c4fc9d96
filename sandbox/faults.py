"""Misbehaviour on demand: rules that say which request goes wrong, how, and how often.

Choices are drawn from a seeded generator per rule: the same seed and the same order of requests fail alike. A rule that
was never matched does nothing; the first rule that fires wins.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from random import Random
from typing import Any

SYSTEMS = ("business-central", "sales", "sign-in", "*")
STATUS_KINDS = ("408", "411", "413", "429", "500", "502", "503", "504")
BODIES = ("json", "html", "empty")
"""What comes with a status: the system's own error, or what a machine in front of it sends instead."""
KINDS = ("before", "after", "slow", "cut", *STATUS_KINDS)
READS = ("GET", "HEAD", "OPTIONS")


class FaultInvalid(ValueError):
    """A rule that cannot be understood; the message says which part and what is possible."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of misbehaviour.

    ``before``: connection closed, nothing done. ``after``: done, but no reply. ``cut``: done, the reply breaks off half
    way. ``slow``: ``seconds`` of delay first. A number: that status instead of doing anything, with ``retry_after`` as
    header if given and a ``body`` as the system sends it, or as a machine in front of it does. ``skip`` lets the first
    matching requests pass, ``times`` limits how often the rule fires, ``rate`` is the share of the matching requests it
    fires for.
    """

    kind: str
    system: str = "*"
    method: str = ""
    path: str = ""
    rate: float = 1.0
    times: int | None = None
    skip: int = 0
    seconds: float = 1.0
    retry_after: float | None = None
    body: str = "json"
    writes_only: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise FaultInvalid(f"fault kind {self.kind!r}: expected one of {', '.join(KINDS)}")
        if self.system not in SYSTEMS:
            raise FaultInvalid(f"fault system {self.system!r}: expected one of {', '.join(SYSTEMS)}")
        if self.body not in BODIES:
            raise FaultInvalid(f"fault body {self.body!r}: expected one of {', '.join(BODIES)}")
        if not 0 <= self.rate <= 1:
            raise FaultInvalid(f"fault rate {self.rate!r}: expected a number from 0 to 1")
        try:
            re.compile(self.path)
        except re.error as error:
            raise FaultInvalid(f"fault path {self.path!r} is not a regular expression: {error}") from error

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Rule:
        """Build a rule from its JSON form; FaultInvalid names what is not understood."""
        names = {f.name for f in fields(cls)}
        unknown = sorted(set(body) - names)
        if unknown:
            raise FaultInvalid(f"fault has no {unknown[0]!r}; known are {', '.join(sorted(names))}")
        if "kind" not in body:
            raise FaultInvalid(f"fault without kind: expected one of {', '.join(KINDS)}")
        return cls(**{**body, "kind": str(body["kind"])})

    def as_json(self) -> dict[str, Any]:
        """The rule as the control route shows it."""
        return asdict(self)


class _Armed:
    """A rule with what it has counted so far."""

    def __init__(self, rule: Rule, seed: int) -> None:
        self.rule = rule
        self.matched = 0
        self.fired = 0
        self._path = re.compile(rule.path)
        self._random = Random(rule.seed or seed)  # noqa: S311 - repeatable on purpose

    def __getstate__(self) -> tuple[Any, ...]:
        return self.rule, self.matched, self.fired, self._random.getstate()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        rule, matched, fired, drawn = state
        _Armed.__init__(self, rule, 0)
        self.matched, self.fired = matched, fired
        self._random.setstate(drawn)

    def fires(self, system: str, method: str, path: str) -> bool:
        rule = self.rule
        if rule.system not in ("*", system) or (rule.method and rule.method.upper() != method):
            return False
        if (rule.writes_only and method in READS) or not self._path.search(path):
            return False
        self.matched += 1
        if self.matched <= rule.skip or (rule.times is not None and self.fired >= rule.times):
            return False
        if rule.rate < 1 and self._random.random() >= rule.rate:
            return False
        self.fired += 1
        return True


class Faults:
    """The rules in force. Thread-safe."""

    def __init__(self, rules: Iterable[Rule] = (), seed: int = 0) -> None:
        self._at_start = tuple(rules)
        self._seed = seed
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        self.reset()

    def choose(self, system: str, method: str, path: str) -> Rule | None:
        """The rule that spoils this request, if any does. Counts the request."""
        if not self._armed:
            return None
        with self._lock:
            return next((armed.rule for armed in self._armed if armed.fires(system, method, path)), None)

    def add(self, rules: Iterable[Rule]) -> None:
        """Put rules in force behind those that are."""
        with self._lock:
            self._armed = [*self._armed, *(_Armed(rule, self._seed + i) for i, rule in enumerate(rules, 1))]

    def clear(self) -> None:
        """Behave well from now on."""
        with self._lock:
            self._armed = []

    def reset(self) -> None:
        """Back to the rules of the start, with fresh counts."""
        with self._lock:
            self._armed = [_Armed(rule, self._seed + i) for i, rule in enumerate(self._at_start, 1)]

    def dump(self) -> list[_Armed]:
        """The rules in force with what they have counted and what they would draw next, for :meth:`load`."""
        with self._lock:
            return list(self._armed)

    def load(self, kept: list[_Armed]) -> None:
        """Put kept rules in force, and no others; unless rules were given at the start, which then stay alone."""
        with self._lock:
            if not self._at_start:
                self._armed = list(kept)

    def as_json(self) -> list[dict[str, Any]]:
        """The rules in force with how often each matched and fired."""
        with self._lock:
            return [{**a.rule.as_json(), "matched": a.matched, "fired": a.fired} for a in self._armed]


def parse_faults(text: str) -> tuple[Rule, ...]:
    """Read ``--faults``: JSON (a rule or a list), or ``kind:rate[:writes][:html|:empty]`` and ``seed:n``, by commas."""
    if not text.strip():
        return ()
    if text.lstrip()[0] in "[{":
        try:
            loaded = json.loads(text)
        except ValueError as error:
            raise FaultInvalid(f"faults are not JSON: {error}") from error
        return tuple(Rule.from_json(body) for body in (loaded if isinstance(loaded, list) else [loaded]))
    seed = 0
    rules: list[dict[str, Any]] = []
    for part in (p.strip() for p in text.split(",")):
        kind, *rest = part.split(":")
        try:
            if kind == "seed":
                seed = int(rest[0])
                continue
            rate, words = float(rest[0]) if rest else 1.0, rest[1:]
            if unknown := set(words) - {"writes", *BODIES}:
                raise ValueError(unknown)
            body = next((word for word in words if word in BODIES), "json")
            rules.append({"kind": kind, "rate": rate, "writes_only": "writes" in words, "body": body})
        except (ValueError, IndexError) as error:
            raise FaultInvalid(
                f"fault {part!r}: expected kind:rate, with :writes, :html or :empty behind it, or seed:number"
            ) from error
    return tuple(Rule.from_json({**body, "seed": seed + i if seed else 0}) for i, body in enumerate(rules))

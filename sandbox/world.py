"""Everything the two stand-ins share: lock, clock, faults, request log, tokens, addresses and the company's data.

A system registers how it is (re)seeded and how its state is taken out and put back, and is thereby part of ``reset``,
of snapshots and of the state file. Ids that one system must know of the other are made here from names, so that they
are the same in every start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import Clock
from sandbox.company import CompanyData
from sandbox.faults import Faults, Rule
from sandbox.identities import Application, Directory, SignInSwitches, made_id
from sandbox.request_log import RequestLog
from sandbox.state_file import freeze, thaw
from sandbox.tokens import Tokens

BUSINESS_CENTRAL = "business-central"
SALES = "sales"
SIGN_IN = "sign-in"

__all__ = [
    "BUSINESS_CENTRAL",
    "SALES",
    "SIGN_IN",
    "Addresses",
    "Kept",
    "SnapshotUnknown",
    "World",
    "company_id",
    "made_id",
]


def company_id(name: str) -> str:
    """The id Business Central gives a company; Sales knows it as the company's external id."""
    return made_id("company", name)


@dataclass(slots=True)
class Addresses:
    """Where the servers listen, without trailing slash; blank until they do."""

    business_central: str = ""
    sales: str = ""
    sign_in: str = ""
    sales_secure: str = ""
    """Sales by HTTPS beside plain HTTP, for clients that refuse anything else; blank when it was not asked for."""


class SnapshotUnknown(LookupError):
    """There is no snapshot of that name; the message lists those there are."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How one system's state is taken out and put back.

    ``dump`` answers live objects, ``load`` takes what ``dump`` once answered. ``named`` are objects the state points at
    that are not part of it (schemas, methods to call back): they are kept by name and found again in the present run.
    """

    dump: Callable[[], Any]
    load: Callable[[Any], None]
    named: Mapping[str, object] = field(default_factory=dict)


class World:
    """One sandbox. Whoever reads or changes a system's rows holds ``lock``."""

    def __init__(
        self,
        data: CompanyData,
        *,
        rules: Iterable[Rule] = (),
        latency: float = 0.0,
        webhook_delay: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.data = data
        self.latency = latency
        """Seconds added to every request of the two business systems."""
        self.webhook_delay = webhook_delay
        """Seconds Business Central collects changes before it notifies."""
        self.seed = seed
        self.lock = threading.RLock()
        self.clock = Clock()
        self.faults = Faults(rules, seed)
        self.log = RequestLog()
        self.tokens = Tokens()
        self.directory = Directory(data)
        self.addresses = Addresses()
        self.stopping = threading.Event()
        self.changes = 0
        """Rises with every request that may have changed something: tells the state file whether there is work."""
        self._seeders: list[Callable[[], None]] = []
        self._stoppers: list[Callable[[], None]] = []
        self._kept: dict[str, Kept] = {}
        self._snapshots: dict[str, bytes] = {}

    @property
    def application(self) -> Application:
        """The integration's own app registration."""
        return self.directory.application

    def register(
        self,
        seed: Callable[[], None],
        stop: Callable[[], None] | None = None,
        *,
        system: str = "",
        kept: Kept | None = None,
    ) -> None:
        """Add a system: ``seed`` fills it from ``data`` (now, and at each reset), ``stop`` ends its threads.

        With ``system`` and ``kept`` its state is part of snapshots and of the state file.
        """
        with self.lock:
            seed()
            self._seeders.append(seed)
            if kept is not None:
                self._kept[system] = kept
        if stop is not None:
            self._stoppers.append(stop)

    def reset(self) -> None:
        """Back to the state of the start: rows, clock, faults and log; latency, tokens and snapshots stay."""
        with self.lock:
            self.clock.reset()
            for seed in self._seeders:
                seed()
            self.directory.switches = SignInSwitches()
            self.faults.reset()
            self.log.clear()

    def take_out(self) -> bytes:
        """Rows, clock and the directory's secrets as bytes that only the same version of the sandbox can read."""
        with self.lock:
            states = {system: kept.dump() for system, kept in self._kept.items()}
            state = {"clock": self.clock.offset, "secrets": self.directory.dump(), "systems": states}
            return freeze(state, self._named())

    def put_back(self, frozen: bytes, *, with_secrets: bool = False) -> None:
        """Make rows and clock what ``take_out`` once saw; the secrets too if asked. Faults and log stay as they are.

        Raises StateUnreadable when the bytes are not such a state; nothing is changed then.
        """
        with self.lock:
            state = thaw(frozen, self._named())
            for system, kept in self._kept.items():
                kept.load(state["systems"][system])
            self.clock.offset = state["clock"]
            if with_secrets:
                self.directory.load(state["secrets"])

    def snapshot(self, name: str) -> None:
        """Keep rows and clock under ``name``, in memory; an older one of that name is replaced."""
        self._snapshots[name] = self.take_out()

    def restore(self, name: str) -> None:
        """Back to a snapshot, as often as wanted. Raises SnapshotUnknown."""
        frozen = self._snapshots.get(name)
        if frozen is None:
            known = ", ".join(sorted(self._snapshots)) or "none"
            raise SnapshotUnknown(f"There is no snapshot {name!r}. There are: {known}.")
        self.put_back(frozen)

    def snapshots(self) -> dict[str, int]:
        """The snapshots there are, with their sizes in bytes."""
        return {name: len(frozen) for name, frozen in sorted(self._snapshots.items())}

    def forget_snapshots(self) -> None:
        """Drop all snapshots."""
        self._snapshots.clear()

    def stop(self) -> None:
        """End whatever runs beside the servers. May be called twice."""
        self.stopping.set()
        while self._stoppers:
            self._stoppers.pop()()

    def _named(self) -> dict[str, object]:
        found: dict[str, object] = {"clock": self.clock, "world": self}
        for system, kept in self._kept.items():
            found |= {f"{system}/{name}": value for name, value in kept.named.items()}
        return found

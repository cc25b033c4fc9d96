"""Everything the two stand-ins share: lock, clock, faults, request log, tokens, addresses and the company's data.

A system registers how it is (re)seeded and how its state is taken out and put back, and is thereby part of ``reset``,
of snapshots and of the state file. Ids that one system must know of the other are made here from names, so that they
are the same in every start.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sandbox.clock import Clock
from sandbox.company import CompanyData
from sandbox.faults import Faults, Rule
from sandbox.request_log import RequestLog
from sandbox.state_file import freeze, thaw

BUSINESS_CENTRAL = "business-central"
SALES = "sales"
SIGN_IN = "sign-in"

TOKEN_SECONDS = 3599


def made_id(*names: str) -> str:
    """A GUID made from names: the same names give the same id in every start."""
    return str(uuid5(NAMESPACE_URL, "sandbox:" + "/".join(names)))


def company_id(name: str) -> str:
    """The id Business Central gives a company; Sales knows it as the company's external id."""
    return made_id("company", name)


@dataclass(frozen=True, slots=True)
class Application:
    """The app registration that signs in to both systems. The secret is new in every start."""

    tenant_id: str = made_id("tenant", "contoso")
    tenant_domain: str = "contoso"
    client_id: str = made_id("application", "bridge")
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(30), repr=False)


@dataclass(slots=True)
class Addresses:
    """Where the servers listen, without trailing slash; blank until they do."""

    business_central: str = ""
    sales: str = ""
    sign_in: str = ""


@dataclass(frozen=True, slots=True)
class _Grant:
    client_id: str
    audience: str
    until: float


class Tokens:
    """Bearer tokens: opaque to clients, good for one system, for a little under an hour of real time.

    Real time, because the client's token cache runs on it too: pushing the sandbox's clock must not lock clients out.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._grants: dict[str, _Grant] = {}
        self._lock = threading.Lock()

    def issue(self, client_id: str, audience: str, seconds: float = TOKEN_SECONDS) -> str:
        """A new token of ``client_id`` for the system ``audience``."""
        token = secrets.token_urlsafe(48)
        now = self._monotonic()
        with self._lock:
            self._grants = {known: grant for known, grant in self._grants.items() if grant.until > now}
            self._grants[token] = _Grant(client_id, audience, now + seconds)
        return token

    def check(self, token: str, audience: str) -> str | None:
        """The client id behind a token, or None if it is unknown, run out, or meant for another system."""
        grant = self._grants.get(token)
        if grant is None or grant.audience != audience or grant.until <= self._monotonic():
            return None
        return grant.client_id

    def revoke_all(self) -> None:
        """Make every token invalid at once, as after a change of the secret."""
        with self._lock:
            self._grants = {}


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
        self.application = Application()
        self.addresses = Addresses()
        self.stopping = threading.Event()
        self.changes = 0
        """Rises with every request that may have changed something: tells the state file whether there is work."""
        self._seeders: list[Callable[[], None]] = []
        self._stoppers: list[Callable[[], None]] = []
        self._kept: dict[str, Kept] = {}
        self._snapshots: dict[str, bytes] = {}

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
        """Back to the state of the start: rows, clock, faults and log; tokens and snapshots stay good."""
        with self.lock:
            self.clock.reset()
            for seed in self._seeders:
                seed()
            self.faults.reset()
            self.log.clear()

    def take_out(self) -> bytes:
        """Rows, clock and the application's secret as bytes that only the same version of the sandbox can read."""
        with self.lock:
            states = {system: kept.dump() for system, kept in self._kept.items()}
            state = {"clock": self.clock.offset, "secret": self.application.secret, "systems": states}
            return freeze(state, self._named())

    def put_back(self, frozen: bytes, *, with_secret: bool = False) -> None:
        """Make rows and clock what ``take_out`` once saw; the secret too if asked. Faults and log stay as they are.

        Raises StateUnreadable when the bytes are not such a state; nothing is changed then.
        """
        with self.lock:
            state = thaw(frozen, self._named())
            for system, kept in self._kept.items():
                kept.load(state["systems"][system])
            self.clock.offset = state["clock"]
            if with_secret:
                self.application = replace(self.application, secret=state["secret"])

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

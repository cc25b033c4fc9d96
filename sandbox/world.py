"""Everything the two stand-ins share: lock, clock, faults, request log, tokens, addresses and the company's data.

A system registers how it is (re)seeded, and is thereby part of ``reset``. Ids that one system must know of the other
are made here from names, so that they are the same in every start.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid5

from sandbox.clock import Clock
from sandbox.company import CompanyData
from sandbox.faults import Faults, Rule
from sandbox.request_log import RequestLog

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
        self._seeders: list[Callable[[], None]] = []
        self._stoppers: list[Callable[[], None]] = []

    def register(self, seed: Callable[[], None], stop: Callable[[], None] | None = None) -> None:
        """Add a system: ``seed`` fills it from ``data`` (now, and at each reset), ``stop`` ends its threads."""
        with self.lock:
            seed()
            self._seeders.append(seed)
        if stop is not None:
            self._stoppers.append(stop)

    def reset(self) -> None:
        """Back to the state of the start: rows, clock, faults and log; tokens stay good."""
        with self.lock:
            self.clock.reset()
            for seed in self._seeders:
                seed()
            self.faults.reset()
            self.log.clear()

    def stop(self) -> None:
        """End whatever runs beside the servers. May be called twice."""
        self.stopping.set()
        while self._stoppers:
            self._stoppers.pop()()

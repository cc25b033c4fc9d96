"""Everything the two stand-ins share: lock, clock, faults, request log, tokens, addresses and the company's data.

A system registers how it is (re)seeded and how its state is taken out and put back, and is thereby part of ``reset``,
of snapshots and of the state file. Ids that one system must know of the other are made here from names, so that they
are the same in every start.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import Clock
from sandbox.company import CompanyData
from sandbox.faults import Faults, Rule
from sandbox.frozen import freeze, thaw
from sandbox.identities import Application, Directory, SignInSwitches, made_id
from sandbox.request_log import RequestLog
from sandbox.rows import KeptTable, Row
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
    """How one system's state is taken out and put back: its rows table by table, and the rest in one piece.

    ``dump`` answers live objects without their rows, ``load`` takes what ``dump`` once answered; ``tables`` are then
    filled again, and ``filled`` is called. ``named`` are objects the state points at that are not part of it (schemas,
    methods to call back): they are kept by name and found again in the present run.
    """

    dump: Callable[[], Any]
    load: Callable[[Any], None]
    tables: Callable[[], Mapping[str, KeptTable]]
    named: Mapping[str, object] = field(default_factory=dict)
    filled: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class TakenRows:
    """Rows of one table by id. ``whole``: they are all; otherwise those that changed, None for one that is gone."""

    whole: bool
    rows: Mapping[str, Row | None]


@dataclass(frozen=True, slots=True)
class Taken:
    """The state at one moment. ``tables`` go by system and table; what is in none of them is in ``rest``."""

    rest: bytes
    tables: Mapping[str, TakenRows]


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
        self.save: Callable[[], int] | None = None
        """Writes the state file now and answers how many rows that took; None where there is no such file."""
        self._seeders: list[Callable[[], None]] = []
        self._stoppers: list[Callable[[], None]] = []
        self._kept: dict[str, Kept] = {}
        self._snapshots: dict[str, Taken] = {}

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

    def take_out(self) -> Taken:
        """Everything as it is now. Quick, as rows are pointed at and not copied: they are never changed in place."""
        with self.lock:
            tables = {name: TakenRows(True, dict(table.all_rows())) for name, table in self._tables().items()}
            return Taken(self._rest(), tables)

    def take_changes(self, *, whole: bool = False) -> Taken:
        """What was written since the last call, or everything; for one who writes it down each time."""
        taken: dict[str, TakenRows] = {}
        with self.lock:
            for name, table in self._tables().items():
                written, rows = table.watch(), table.all_rows()
                if whole or written is None:
                    taken[name] = TakenRows(True, dict(rows))
                elif written:
                    taken[name] = TakenRows(False, {row_id: rows.get(row_id) for row_id in written})
            return Taken(self._rest(), taken)

    def watch(self) -> None:
        """What is there now is written down already: the next ``take_changes`` answers what comes after."""
        with self.lock:
            for table in self._tables().values():
                table.watch()

    def put_back(self, rest: bytes, rows: Callable[[str], Iterable[Row]], *, whole: bool = False) -> None:
        """Make rows and clock what they were, ``rows`` answering those of a table by its name.

        ``whole``: faults, latency, sign-in and the secrets too; otherwise those stay as they are. Raises
        StateUnreadable when ``rest`` is no such state (nothing is changed then), or when ``rows`` raises it.
        """
        with self.lock:
            state = thaw(rest, self._named())
            for system, kept in self._kept.items():
                kept.load(state["systems"][system])
                gc.collect()  # what was there goes before what comes: both at once would need room for two
                for name, table in kept.tables().items():
                    table.refill(rows(f"{system}/{name}"))
                kept.filled()
            self.clock.offset = state["clock"]
            if whole:
                self.directory.load(state["secrets"])
                self.directory.switches = state["switches"]
                self.latency = state["latency"]
                self.faults.load(state["faults"])

    def snapshot(self, name: str) -> None:
        """Keep rows and clock under ``name``, in memory; an older one of that name is replaced.

        It costs the rows that are changed later, and a list of the others.
        """
        self._snapshots[name] = self.take_out()

    def restore(self, name: str) -> None:
        """Back to a snapshot, as often as wanted. Raises SnapshotUnknown."""
        taken = self._snapshots.get(name)
        if taken is None:
            known = ", ".join(sorted(self._snapshots)) or "none"
            raise SnapshotUnknown(f"There is no snapshot {name!r}. There are: {known}.")
        tables = taken.tables
        self.put_back(taken.rest, lambda table: [row for row in tables[table].rows.values() if row is not None])

    def snapshots(self) -> dict[str, int]:
        """The snapshots there are, with the number of rows each holds."""
        return {
            name: sum(len(table.rows) for table in taken.tables.values())
            for name, taken in sorted(self._snapshots.items())
        }

    def forget_snapshots(self) -> None:
        """Drop all snapshots."""
        self._snapshots.clear()

    def stop(self) -> None:
        """End whatever runs beside the servers. May be called twice."""
        self.stopping.set()
        while self._stoppers:
            self._stoppers.pop()()

    def _tables(self) -> dict[str, KeptTable]:
        return {
            f"{system}/{name}": table for system, kept in self._kept.items() for name, table in kept.tables().items()
        }

    def _rest(self) -> bytes:
        state = {
            "clock": self.clock.offset,
            "secrets": self.directory.dump(),
            "switches": self.directory.switches,
            "latency": self.latency,
            "faults": self.faults.dump(),
            "systems": {system: kept.dump() for system, kept in self._kept.items()},
        }
        return freeze(state, self._named())

    def _named(self) -> dict[str, object]:
        found: dict[str, object] = {"clock": self.clock, "world": self}
        for system, kept in self._kept.items():
            found |= {f"{system}/{name}": value for name, value in kept.named.items()}
        return found

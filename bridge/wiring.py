"""Build everything from the settings, by hand: database, sign-in, transports, clients, companies, contexts.

Nothing is opened at import. A :class:`Bridge` is built once per process and shared by its threads; the remote systems
are first asked when somebody asks them.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import structlog

from bridge.clients.business_central import BusinessCentral
from bridge.clients.calls import Calls
from bridge.clients.errors import RemoteError
from bridge.clients.sales import Sales
from bridge.clients.sign_in import BasicSignIn, EntraSignIn, SignIn
from bridge.clients.transport import Transport
from bridge.context import CompanyContext, Progress, no_progress
from bridge.errors import CompanyUnknown, NotConfigured
from bridge.records import Clock, Company, Side, utc_now
from bridge.settings import Settings
from bridge.store import companies
from bridge.store.database import Database, check_schema, upgrade

BUSINESS_CENTRAL_SCOPE = "https://api.businesscentral.dynamics.com/.default"
BUSINESS_CENTRAL_CONCURRENCY = 4
"""Requests under way at once. Business Central queues or refuses more than five of one user."""
SALES_CONCURRENCY = 8
"""Requests under way at once. Dataverse allows more; our batches make more of little use."""

_log = structlog.get_logger(__name__)


def open_database(settings: Settings) -> Database:
    """The database with this program's tables. A SQLite file is created and upgraded on the way, a server's database is
    only checked (docs/decisions/0003): raises SchemaOutOfDate."""
    database = Database(settings.database_url)
    if database.is_sqlite:
        upgrade(database)
    else:
        check_schema(database)
    return database


def new_owner() -> str:
    """A name for this process in leases, never used twice: machine, process number, and something random."""
    return f"{socket.gethostname()[:50]}:{os.getpid()}:{secrets.token_hex(4)}"


def require(settings: Settings, *names: str) -> None:
    """Raise :class:`NotConfigured` naming every one of these settings that is empty."""
    missing = [name.upper() for name in names if not _value(settings, name)]
    if missing:
        raise NotConfigured(*missing)


def _value(settings: Settings, name: str) -> object:
    value = getattr(settings, name)
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


@dataclass(frozen=True)
class Bridge:
    """What one process works with. ``stop`` is set when the process is to end: waits are cut short, work winds down."""

    settings: Settings
    db: Database
    clock: Clock
    owner: str
    stop: threading.Event
    calls: Calls

    @cached_property
    def sales(self) -> Sales:
        require(self.settings, "sales_url")
        return Sales(
            Transport(
                Side.SALES,
                self.settings.sales_url,
                self._entra.for_scope(f"{self.settings.sales_url}/.default"),
                calls=self.calls,
                timeout=self.settings.remote_timeout_seconds,
                concurrency=SALES_CONCURRENCY,
                stop=self.stop,
            )
        )

    @cached_property
    def business_central(self) -> BusinessCentral:
        require(self.settings, "bc_url")
        return BusinessCentral(
            Transport(
                Side.BUSINESS_CENTRAL,
                self.settings.bc_url,
                self._business_central_sign_in(),
                calls=self.calls,
                timeout=self.settings.remote_timeout_seconds,
                concurrency=BUSINESS_CENTRAL_CONCURRENCY,
                stop=self.stop,
            )
        )

    @cached_property
    def _entra(self) -> EntraSignIn:
        settings = self.settings
        certificate = settings.entra_client_certificate
        require(settings, "entra_tenant_id", "entra_client_id", *([] if certificate else ["entra_client_secret"]))
        return EntraSignIn(
            settings.entra_authority,
            settings.entra_tenant_id,
            settings.entra_client_id,
            scope=BUSINESS_CENTRAL_SCOPE,
            secret=settings.entra_client_secret.get_secret_value(),
            certificate_path=certificate,
            timeout=settings.remote_timeout_seconds,
        )

    def _business_central_sign_in(self) -> SignIn:
        if self.settings.bc_auth == "oauth":
            return self._entra
        require(self.settings, "bc_username", "bc_access_key")
        return BasicSignIn(self.settings.bc_username, self.settings.bc_access_key.get_secret_value())

    def companies(self) -> list[Company]:
        """The companies of BC_COMPANY, the default first, saved for the gateway. While Business Central is away: the
        saved ones. Raises CompanyUnknown, NotConfigured, or RemoteError when none are saved."""
        try:
            found = choose(self.business_central.companies(), self.settings.bc_company)
        except RemoteError as error:
            saved = [Company(row.id, row.name, row.display_name) for row in companies.all_companies(self.db)]
            if not saved or not error.can_retry:
                raise
            _log.warning("business central is away, using the companies as saved", error=str(error))
            return choose(saved, self.settings.bc_company or [saved[0].id])
        companies.save(self.db, found)
        return found

    def context(self, company: Company, progress: Progress = no_progress) -> CompanyContext:
        """The surroundings of work in one company."""
        return CompanyContext(
            db=self.db,
            company=company,
            bc=self.business_central.in_company(company),
            sales=self.sales,
            settings=self.settings,
            clock=self.clock,
            owner=self.owner,
            stopping=self.stop.is_set,
            progress=progress,
        )

    def close(self) -> None:
        """Close what was opened. Clients nobody asked for were never built."""
        for client in ("sales", "business_central"):
            if client in self.__dict__:
                self.__dict__[client].transport.close()
        self.db.close()


def build(settings: Settings, *, clock: Clock = utc_now, stop: threading.Event | None = None) -> Bridge:
    """Open the database and put the rest within reach. Raises SchemaOutOfDate."""
    return Bridge(
        settings=settings,
        db=open_database(settings),
        clock=clock,
        owner=new_owner(),
        stop=stop or threading.Event(),
        calls=Calls(),
    )


def choose(known: list[Company], wanted: Iterable[str]) -> list[Company]:
    """The known companies that are wanted, in that order, by name or id. With none wanted a single known one is it."""
    wanted = list(wanted)
    if not wanted and len(known) == 1:
        return known
    if not wanted:
        raise NotConfigured("BC_COMPANY")
    chosen: dict[str, Company] = {}
    for text in wanted:
        company = next((one for one in known if one.name == text or one.id == text.lower()), None)
        if company is None:
            raise CompanyUnknown(text, sorted(one.name for one in known))
        chosen[company.id] = company
    return list(chosen.values())

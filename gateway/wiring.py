"""Builds everything the gateway needs from its settings, written out by hand. Opens no connection by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from limits.storage import MemoryStorage, Storage
from structlog.typing import FilteringBoundLogger

from bridge.errors import SchemaOutOfDate
from bridge.records import Side, utc_now
from bridge.secrets import hook_secret
from bridge.store.database import Database
from bridge.store.gateway import GatewayStore, StoreUnavailable
from bridge.store.gateway_items import GatewayItems
from gateway.availability.service import Availability, Rules
from gateway.cache.base import Cache, CacheUnavailable
from gateway.cache.counted import CountedCache
from gateway.cache.memory import MemoryCache
from gateway.freshness import Refresher
from gateway.guards import Limits
from gateway.health.checks import Check, Checks, Drain, Finding, Status
from gateway.item_availability.service import ItemAvailability
from gateway.keys import KeyRing, LastUsed
from gateway.logbook import Logbook
from gateway.logs import logger, request_lines
from gateway.metrics import Metrics, RemoteCount
from gateway.settings import GatewaySettings
from gateway.throttle import Allowance, Guesses
from gateway.watch import Watch

_WAKE_CHANNEL = "wake"
"""With the cache's prefix: bridge:wake, which workers listen to."""

_WORKER_LATE_SECONDS = 60
"""A worker looks for due jobs every few seconds, and leases of one that died run out sooner than this."""


@dataclass(frozen=True, slots=True)
class HookSecrets:
    """What a webhook of each side must bring."""

    sales: str
    business_central: str


@dataclass(frozen=True, slots=True)
class Services:
    """The parts an application is made of. ``unavailable`` are the exceptions that say the state cannot be asked."""

    availability: Availability
    item_availability: ItemAvailability
    refresher: Refresher
    ring: KeyRing
    limits: Limits
    checks: Checks
    drain: Drain
    metrics: Metrics
    logbook: Logbook
    log: FilteringBoundLogger
    wake: Callable[[str, str | None], None]
    hook_secrets: HookSecrets
    clock: Callable[[], datetime]
    unavailable: tuple[type[Exception], ...]
    close: Callable[[], None]


def _beside(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


def build(
    settings: GatewaySettings,
    *,
    clock: Callable[[], datetime] = utc_now,
    ticks: Callable[[], float] = time.monotonic,
    log_stream: TextIO | None = None,
    spawn: Callable[[Callable[[], None]], None] = _beside,
    pause: Callable[[float], object] | None = None,
) -> Services:
    """``ticks`` answers monotonic seconds; log lines go to ``log_stream``, else to standard output; ``spawn`` runs what
    no caller should wait for; ``pause`` is how a request waits some seconds for the worker."""
    database = Database(settings.database_url)
    store = GatewayStore(database, clock)

    def ages() -> dict[str, float]:
        try:
            view = watch.view()
        except StoreUnavailable:
            return {}  # the check of the database says so; other numbers are still worth having
        return {
            one.name: (clock() - view.tails[one.id]).total_seconds() for one in view.companies if one.id in view.tails
        }

    def remote() -> Sequence[RemoteCount]:
        try:
            return store.remote_calls()
        except StoreUnavailable:
            return ()

    metrics = Metrics(processes=settings.web_concurrency, ages=ages, remote=remote)
    shared, counters = _cache(settings, ticks)
    cache = CountedCache(shared, metrics.cache_read)
    watch = Watch(store.changes, cache, ticks)
    log = logger(settings.log_format, log_stream)
    secret = settings.secret_key.get_secret_value()

    def wake(job: str, company_id: str | None) -> None:
        store.wake(job, company_id)
        try:
            cache.publish(_WAKE_CHANNEL, job)
        except CacheUnavailable as error:
            log.warning("wake-up not announced; the worker finds the due job by itself", job=job, error=str(error))

    availability = Availability(
        source=store,
        watch=watch,
        cache=cache,
        wake=wake,
        clock=clock,
        rules=Rules(
            default_company=settings.bc_company[0] if settings.bc_company else "",
            max_age=settings.availability_max_age,
            stale_if_error=settings.availability_stale_if_error,
            retry_after=settings.availability_poll_seconds,
        ),
        secret=secret,
    )
    items = GatewayItems(database, clock)
    refresher = Refresher(cache, wake, items.tailed_at, watch.forget, clock, pause or threading.Event().wait)

    return Services(
        availability=availability,
        item_availability=ItemAvailability(
            items,
            availability,
            refresher,
            cache,
            wake,
            clock,
            time_zone=settings.time_zone,
            max_age=settings.availability_max_age,
            stale_if_error=settings.availability_stale_if_error,
        ),
        refresher=refresher,
        ring=KeyRing(store.keys_of, lambda: watch.view().keys, clock),
        limits=Limits(
            per_key=Allowance(settings.requests_limit, counters),
            per_address=Allowance(settings.requests_limit, counters),
            guesses=Guesses(settings.guesses_limit, counters),
            used=LastUsed(
                store.key_used,
                ticks,
                spawn,
                lambda error: log.warning("last use of a key not noted", error=type(error).__name__),
            ),
        ),
        checks=Checks(_checks(settings, store, watch, cache, clock), ticks),
        drain=Drain(),
        metrics=metrics,
        logbook=Logbook(request_lines(settings.log_format, log_stream), metrics.count),
        log=log,
        wake=wake,
        hook_secrets=HookSecrets(hook_secret(secret, Side.SALES), hook_secret(secret, Side.BUSINESS_CENTRAL)),
        clock=clock,
        unavailable=(StoreUnavailable,),
        close=database.close,
    )


def _cache(settings: GatewaySettings, ticks: Callable[[], float]) -> tuple[Cache, Storage]:
    if not settings.redis_url:
        return MemoryCache(ticks), MemoryStorage()
    from gateway.cache.redis import RedisCache, counters  # only an install with Redis loads its client

    return RedisCache(settings.redis_url), counters(settings.redis_url)


def _checks(
    settings: GatewaySettings, store: GatewayStore, watch: Watch, cache: Cache, clock: Callable[[], datetime]
) -> list[Check]:
    def database() -> Finding:
        try:
            store.check()
        except StoreUnavailable:
            return Finding(Status.FAILED, "not reachable", "Is DATABASE_URL right, and does the server run?")
        except SchemaOutOfDate as error:
            return Finding(Status.FAILED, error.text, error.advice)
        return Finding(Status.OK, "reachable, tables up to date")

    def shared_cache() -> Finding:
        try:
            cache.ping()
        except CacheUnavailable:
            return Finding(
                Status.DEGRADED, "not reachable", "Answers come from the database; is REDIS_URL right, does it run?"
            )
        return Finding(Status.OK, "reachable" if settings.redis_url else "in this process")

    def companies() -> Finding:
        try:
            known = watch.view().companies
        except StoreUnavailable:
            return Finding(Status.FAILED, "cannot be read", "See the check of the database.")
        if not known:
            return Finding(Status.FAILED, "none known yet", "Start the worker: python -m bridge work")
        return Finding(Status.OK, f"{len(known)} known")

    def worker() -> Finding:
        try:
            late = store.waiting_seconds()
        except StoreUnavailable:
            return Finding(Status.DEGRADED, "cannot be known", "See the check of the database.")
        if late > _WORKER_LATE_SECONDS:
            return Finding(
                Status.DEGRADED,
                f"no worker has taken what has been due for {int(late)} s",
                "Start the worker: python -m bridge work. What waits: python -m bridge jobs",
            )
        return Finding(Status.OK, "nothing has waited for one")

    def availability() -> Finding:
        try:
            view = watch.view()
        except StoreUnavailable:
            return Finding(Status.FAILED, "cannot be read", "See the check of the database.")
        ages = [
            (clock() - view.tails[one.id]).total_seconds() if one.id in view.tails else None for one in view.companies
        ]
        if not ages:
            return Finding(Status.DEGRADED, "no company is known yet", "See the check of the companies.")
        late = [age for age in ages if age is None or age > settings.availability_max_age]
        if late:
            oldest = None if None in late else max(int(age) for age in late if age is not None)
            known = "one was never read" if oldest is None else f"the oldest {oldest} s ago"
            gone = oldest is None or oldest > settings.availability_stale_if_error
            return Finding(
                Status.DEGRADED,
                f"{len(late)} of {len(ages)} companies not read within {settings.availability_max_age} s, {known}"
                + ("; readers of it get 503" if gone else ""),
                "Does the worker run, and does Business Central answer? python -m bridge jobs",
            )
        return Finding(Status.OK, f"oldest answer {max((int(age) for age in ages if age is not None), default=0)} s")

    return [
        Check("database", database),
        Check("cache", shared_cache),
        Check("companies", companies),
        Check("worker", worker),
        Check("availability", availability),
    ]

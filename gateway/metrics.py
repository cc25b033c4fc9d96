"""Numbers for Prometheus, and the guarded page that shows them. With several processes they are added up from files in
PROMETHEUS_MULTIPROC_DIR, which gunicorn.conf.py provides."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from gateway.logbook import Entry

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Metrics:
    """What is counted of each request. ``processes`` says whether several processes add up. Asked whenever the page is:
    ``ages`` answers by company how many seconds ago its ledger was last read, ``remote`` what workers asked of the
    remote systems."""

    def __init__(
        self,
        *,
        processes: int,
        ages: Callable[[], Mapping[str, float]] = dict,
        remote: Callable[[], Iterable[RemoteCount]] = tuple,
    ) -> None:
        self._told = _Told(ages, remote)
        self._several = processes > 1
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "gateway_requests_total", "Requests answered", ["method", "status", "memo"], registry=self._registry
        )
        self._seconds = Latencies(
            "gateway_request_seconds", "Seconds to answer", buckets=_BUCKETS, registry=self._registry
        )
        self._refusals = Counter(
            "gateway_refusals_total",
            "Requests refused or failed, by the reason in the log",
            ["reason"],
            registry=self._registry,
        )
        self._cache = Counter(
            "gateway_cache_reads_total",
            "Readings of the cache behind the hot answers, by what was looked for and whether it was there",
            ["what", "outcome"],
            registry=self._registry,
        )
        self._registry.register(self._told)

    def count(self, entries: Sequence[Entry]) -> None:
        """Count answered requests."""
        for labels, number in Tally((one.method, one.status, one.memo) for one in entries).items():
            method, status, memo = labels
            # Method names are the caller's to invent: not a row for each.
            known = method if method in _METHODS else "other"
            self._requests.labels(known, str(status), "hit" if memo else "miss").inc(number)
        self._seconds.observe_all([one.seconds for one in entries])
        for reason, number in Tally(one.failure for one in entries if one.failure).items():
            self._refusals.labels(reason).inc(number)

    def cache_read(self, what: str, outcome: str) -> None:
        """Count one reading of the cache: hit, miss or away."""
        self._cache.labels(what, outcome).inc()

    def text(self) -> bytes:
        """The numbers in Prometheus' own format."""
        if not self._several:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        together.register(self._told)
        return generate_latest(together)


class Latencies(Histogram):
    """A histogram that takes many values at once, at the price of one."""

    def observe_all(self, seconds: Sequence[float]) -> None:
        self._sum.inc(sum(seconds))
        for bucket, number in Tally(bisect_left(self._upper_bounds, one) for one in seconds).items():
            self._buckets[bucket].inc(number)


class RemoteCount(Protocol):
    """So many requests and operations of all workers with one purpose."""

    @property
    def system(self) -> str: ...
    @property
    def purpose(self) -> str: ...
    @property
    def verb(self) -> str: ...
    @property
    def requests(self) -> int: ...
    @property
    def operations(self) -> int: ...


class _Told(Collector):
    """What other processes have left in the database, asked anew for every scrape."""

    def __init__(self, ages: Callable[[], Mapping[str, float]], remote: Callable[[], Iterable[RemoteCount]]) -> None:
        self._ages = ages
        self._remote = remote

    def collect(self) -> Iterator[Metric]:
        ages = GaugeMetricFamily(
            "gateway_projection_age_seconds", "Seconds since a company's ledger was last read", labels=["company"]
        )
        for company, seconds in self._ages().items():
            ages.add_metric([company], seconds)
        yield ages
        labels = ["system", "verb", "purpose"]
        requests = CounterMetricFamily(
            "bridge_remote_requests", "Requests of workers to a remote system", labels=labels
        )
        operations = CounterMetricFamily(
            "bridge_remote_operations", "Operations in those requests: each part of a batch is one", labels=labels
        )
        for one in self._remote():
            requests.add_metric([one.system, one.verb, one.purpose], one.requests)
            operations.add_metric([one.system, one.verb, one.purpose], one.operations)
        yield requests
        yield operations


_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def blueprint(metrics: Metrics, write_up: Callable[[], None]) -> Blueprint:
    """The page of numbers; ``write_up`` counts what this process has noted and not counted yet."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    def show() -> Response:
        write_up()
        return Response(metrics.text(), content_type=CONTENT_TYPE_LATEST)

    return routes

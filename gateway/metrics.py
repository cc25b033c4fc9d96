"""Numbers for Prometheus, and the guarded page that shows them. With several processes they are added up from files in
PROMETHEUS_MULTIPROC_DIR, which gunicorn.conf.py provides."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping, Sequence

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from gateway.logbook import Entry

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Metrics:
    """What is counted of each request. ``processes`` says whether several processes add up; ``ages`` answers by company
    how many seconds ago its ledger was last read, asked whenever the page is."""

    def __init__(self, *, processes: int, ages: Callable[[], Mapping[str, float]] = dict) -> None:
        self._ages = _Ages(ages)
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
        self._registry.register(self._ages)

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

    def text(self) -> bytes:
        """The numbers in Prometheus' own format."""
        if not self._several:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        together.register(self._ages)
        return generate_latest(together)


class Latencies(Histogram):
    """A histogram that takes many values at once, at the price of one."""

    def observe_all(self, seconds: Sequence[float]) -> None:
        self._sum.inc(sum(seconds))
        for bucket, number in Tally(bisect_left(self._upper_bounds, one) for one in seconds).items():
            self._buckets[bucket].inc(number)


class _Ages(Collector):
    """The age of what each company's answers rest on, as a number of its own for every scrape."""

    def __init__(self, ages: Callable[[], Mapping[str, float]]) -> None:
        self._ages = ages

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "gateway_projection_age_seconds", "Seconds since a company's ledger was last read", labels=["company"]
        )
        for company, seconds in self._ages().items():
            family.add_metric([company], seconds)
        yield family


_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def blueprint(metrics: Metrics, write_up: Callable[[], None]) -> Blueprint:
    """The page of numbers; ``write_up`` counts what this process has noted and not counted yet."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    def show() -> Response:
        write_up()
        return Response(metrics.text(), content_type=CONTENT_TYPE_LATEST)

    return routes

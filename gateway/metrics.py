"""Numbers for Prometheus, and the guarded page that shows them. With several processes they are added up from files in
PROMETHEUS_MULTIPROC_DIR, which gunicorn.conf.py provides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

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
        self._seconds = Histogram(
            "gateway_request_seconds", "Seconds to answer", buckets=_BUCKETS, registry=self._registry
        )
        self._refusals = Counter(
            "gateway_refusals_total",
            "Requests refused or failed, by the reason in the log",
            ["reason"],
            registry=self._registry,
        )
        self._registry.register(self._ages)
        self._children: dict[tuple[str, str, bool], Counter] = {}

    def count(self, method: str, status: str, seconds: float, *, memo: bool) -> None:
        """Count one request; ``memo`` says whether a hot answer was given."""
        labels = (method, status, memo)
        child = self._children.get(labels)
        if child is None:
            known = method if method in _METHODS else "other"
            child = self._children[labels] = self._requests.labels(known, status, "hit" if memo else "miss")
            if known == "other":  # method names are the caller's to invent: not one entry for each
                del self._children[labels]
        child.inc()
        self._seconds.observe(seconds)

    def refused(self, reason: str) -> None:
        """Count one refusal; reasons are the log's words, of which there are few."""
        self._refusals.labels(reason).inc()

    def text(self) -> bytes:
        """The numbers in Prometheus' own format."""
        if not self._several:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        together.register(self._ages)
        return generate_latest(together)


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


def blueprint(metrics: Metrics) -> Blueprint:
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    def show() -> Response:
        return Response(metrics.text(), content_type=CONTENT_TYPE_LATEST)

    return routes

"""Figures for Prometheus. Labels are bounded: the rule of a route, never its path.

With several processes (`mpanel run`) the supervisor sets
PROMETHEUS_MULTIPROC_DIR, and any web process answers for all of them.
"""

import os
from collections.abc import Callable, Iterable
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from app.kernel import db, logs

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_log = logs.get("metrics")

REGISTRY = CollectorRegistry()

REQUESTS = Counter("mpanel_requests", "Answers given", ["method", "route", "status"], registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "mpanel_request_seconds",
    "Time from first to last byte in the panel",
    ["route"],
    registry=REGISTRY,
    buckets=_SECONDS,
)
DELIVERIES = Counter("mpanel_deliveries", "Rows of waiting work settled", ["queue", "outcome"], registry=REGISTRY)
JOBS = Counter("mpanel_jobs", "Runs of bells and schedules", ["name", "outcome"], registry=REGISTRY)
JOB_SECONDS = Histogram(
    "mpanel_job_seconds", "Time of such a run", ["name"], buckets=(*_SECONDS, 60.0, 600.0), registry=REGISTRY
)
SIGN_INS = Counter("mpanel_sign_ins", "Attempts to sign in", ["outcome"], registry=REGISTRY)
LIMITED = Counter("mpanel_limited", "Requests refused with 429", ["rule"], registry=REGISTRY)

Gauge = tuple[str, str, dict[str, str], float]
"""Name, help, labels, value."""

_gauges: list[Callable[[], Iterable[Gauge]]] = []


def gauges(read: Callable[[], Iterable[Gauge]]) -> Callable[[], Iterable[Gauge]]:
    """Register a function that reads figures when somebody asks for them."""
    _gauges.append(read)
    return read


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answer. `route` is the rule that matched, or `none`; never the path."""
    answers, time_taken = _figures(method if method in METHODS else "(other)", route, status)
    answers.inc()
    time_taken.observe(seconds)


@lru_cache(maxsize=5000)
def _figures(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """The two figures of one kind of answer: finding them by their labels costs more than counting."""
    return REQUESTS.labels(method, route, str(status)), REQUEST_SECONDS.labels(route)


def text() -> bytes:
    """Everything, as Prometheus reads it."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR") and values.ValueClass is not values.MutexValue:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_Own())
    registry.register(_Gauges())
    return generate_latest(registry)


class _Own(Collector):
    def collect(self) -> Iterable[Metric]:
        yield from REGISTRY.collect()


@gauges
def _pool() -> Iterable[Gauge]:
    """This process's connections to the database."""
    pool = db.engine().pool
    for state in ("size", "checkedin", "checkedout", "overflow"):
        count = getattr(pool, state, None)
        if count is not None:
            yield "mpanel_database_pool", "Connections of the answering process", {"state": state}, max(0, count())


class _Gauges(Collector):
    def collect(self) -> Iterable[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        up = GaugeMetricFamily("mpanel_figures_up", "1 when the figures of the store could be read")
        works = 1.0
        for read in _gauges:
            try:
                for name, explanation, labels, value in read():
                    family = families.setdefault(name, GaugeMetricFamily(name, explanation, labels=list(labels)))
                    family.add_metric(list(labels.values()), value)
            except Exception as problem:
                _log.warning("figures not read", error=type(problem).__name__)
                works = 0.0
        up.add_metric([], works)
        yield from (up, *families.values())

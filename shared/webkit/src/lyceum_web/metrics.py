"""Figures for Prometheus: how many requests, how long, how many at this moment.

Labels are the route's template, never a path: a path holds ids, and there would be a time series for each.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

METRICS = "/metrics"

UNMATCHED = "unmatched"
"""The route of a request that no route is there for."""

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds: from a page that touches nothing to the longest that a request may take."""


@dataclass(slots=True)
class _Series:
    """Requests of one method, route and status: how many, how long in all, how many up to each bound of `_BUCKETS`."""

    count: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(_BUCKETS) + 1))

    def add(self, other: "_Series") -> None:
        self.count += other.count
        self.seconds += other.seconds
        self.buckets = [one + two for one, two in zip(self.buckets, other.buckets, strict=True)]


class _Requests(Collector):
    """Counts on the loop alone, so without a lock; makes figures of it when somebody looks."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.series: dict[tuple[str, str, int], _Series] = {}

    def collect(self) -> Iterator[Metric]:
        """Give the figures as they are now."""
        series = dict(self.series)
        requests = CounterMetricFamily(
            "http_server_requests", "Requests answered.", labels=("method", "route", "status")
        )
        for (method, route, status), each in series.items():
            requests.add_metric((method, route, str(status)), each.count)
        yield requests
        yield _durations(series)
        yield GaugeMetricFamily("http_server_requests_in_flight", "Requests being answered.", self.in_flight)


def _durations(series: Mapping[tuple[str, str, int], _Series]) -> Metric:
    routes: dict[tuple[str, str], _Series] = {}
    for (method, route, _), each in series.items():
        routes.setdefault((method, route), _Series()).add(each)
    durations = HistogramMetricFamily(
        "http_server_request_duration_seconds",
        "From the arrival of a request to the end of its answer.",
        labels=("method", "route"),
    )
    bounds = [floatToGoString(bound) for bound in (*_BUCKETS, math.inf)]  # type: ignore[no-untyped-call] # as it comes
    for labels, each in routes.items():
        durations.add_metric(labels, list(zip(bounds, accumulate(each.buckets), strict=True)), each.seconds)
    return durations


class Figures:
    """The figures of one application, in a registry of its own: a second application in a process adds to its own.

    Args:
        collectors: figures of the service itself.
    """

    def __init__(self, collectors: Iterable[Collector] = ()) -> None:
        self.registry = CollectorRegistry()
        self._requests = _Requests()
        for collector in (self._requests, *collectors):
            self.registry.register(collector)
        for kind in (ProcessCollector, PlatformCollector, GCCollector):
            kind(registry=self.registry)

    def arrived(self) -> None:
        """Count one more request that is being answered."""
        self._requests.in_flight += 1

    def answered(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count one request, which is not being answered any more."""
        requests = self._requests
        requests.in_flight -= 1
        key = (method, route or UNMATCHED, status)
        series = requests.series.get(key)
        if series is None:
            series = requests.series[key] = _Series()
        series.count += 1
        series.seconds += seconds
        series.buckets[bisect_left(_BUCKETS, seconds)] += 1


def metrics_routes(figures: Figures) -> list[Route]:
    """The page that Prometheus reads; not for the public, so a proxy in front must not pass it on."""

    async def metrics(_: Request) -> Response:
        text = await run_in_threadpool(generate_latest, figures.registry)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [Route(METRICS, metrics, include_in_schema=False)]

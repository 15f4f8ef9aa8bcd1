"""Figures for Prometheus: how many requests, how long, how many at this moment.

Labels are the route's template, never a path: a path holds ids, and there would be a time series for each.
"""

from collections.abc import Iterable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

METRICS = "/metrics"

UNMATCHED = "unmatched"
"""The route of a request that no route is there for."""

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds: from a page that touches nothing to the longest that a request may take."""


class Figures:
    """The figures of one application, in a registry of its own: a second application in a process adds to its own.

    Attributes:
        in_flight: requests being answered; counted on the loop alone, so without a lock.

    Args:
        collectors: figures of the service itself.
    """

    def __init__(self, collectors: Iterable[Collector] = ()) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "http_server_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "http_server_request_duration_seconds",
            "From the arrival of a request to the end of its answer.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.in_flight = 0
        gauge = Gauge("http_server_requests_in_flight", "Requests being answered.", registry=self.registry)
        gauge.set_function(lambda: self.in_flight)
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        for collector in collectors:
            self.registry.register(collector)
        for kind in (ProcessCollector, PlatformCollector, GCCollector):
            kind(registry=self.registry)

    def answered(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count one request."""
        requests, histogram = self._of(method, route or UNMATCHED, status)
        requests.inc()
        histogram.observe(seconds)

    def _of(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        key = (method, route, status)
        found = self._known.get(key)
        if found is None:
            found = self._requests.labels(method, route, str(status)), self._seconds.labels(method, route)
            self._known[key] = found
        return found


def metrics_routes(figures: Figures) -> list[Route]:
    """The page that Prometheus reads; not for the public, so a proxy in front must not pass it on."""

    async def metrics(_: Request) -> Response:
        text = await run_in_threadpool(generate_latest, figures.registry)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [Route(METRICS, metrics, include_in_schema=False)]

"""Figures for Prometheus: how many wait, and who was turned away."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from chat_service.waits import Waits


class WaitFigures(Collector):
    """What an operator watches: waits that come near the most that there may be, and clients that wait too often."""

    def __init__(self, waits: Waits) -> None:
        self._waits = waits

    def collect(self) -> Iterator[Metric]:
        """Give every figure as it is now."""
        waits = self._waits
        yield GaugeMetricFamily("chat_waits", "Requests that wait for a message.", waits.count)
        refused = CounterMetricFamily("chat_waits_refused", "Waits that were refused, by reason.", labels=["reason"])
        refused.add_metric(["user"], waits.refused_users)
        refused.add_metric(["process"], waits.refused_full)
        yield refused

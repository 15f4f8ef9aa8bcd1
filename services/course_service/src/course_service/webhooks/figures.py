"""Figures on what is told by payment providers and what is left to do, read from the store when somebody asks."""

import logging
from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from course_service.purchases.repository import PurchaseRepository
from course_service.states import WebhookStatus
from course_service.webhooks.repository import WebhookEventRepository
from lyceum_database import DatabaseError

log = logging.getLogger(__name__)


class SalesFigures(Collector):
    """Events by status, and orders with something left to do. Replicas that share a database see the same ones."""

    def __init__(self, events: WebhookEventRepository, orders: PurchaseRepository) -> None:
        self._events = events
        self._orders = orders

    def describe(self) -> Iterable[Metric]:
        """Name the figures without asking the store."""
        return _events(), _orders()

    def collect(self) -> Iterable[Metric]:
        """Count; nothing is told while the database is away."""
        events, orders = _events(), _orders()
        try:
            for status in (WebhookStatus.RECEIVED, WebhookStatus.DEAD):
                events.add_metric([status.value], self._events.count(status))
            orders.add_metric([], self._orders.count_unsettled())
        except DatabaseError as exc:
            log.debug("no figures on sales: %s", exc)
        return events, orders


def _events() -> GaugeMetricFamily:
    text = "Events of payment providers that wait to be acted upon (received), or for a person (dead)."
    return GaugeMetricFamily("course_payment_events", text, labels=["status"])


def _orders() -> GaugeMetricFamily:
    return GaugeMetricFamily("course_purchases_unsettled", "Orders of which something is left to do.")

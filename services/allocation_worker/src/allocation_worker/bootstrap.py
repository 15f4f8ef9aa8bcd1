"""The composition root: the only place that connects and builds. Everything is built once."""

from collections.abc import Iterable
from functools import partial
from random import Random
from typing import Any

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.registry import Collector
from pymongo import MongoClient

from allocation_worker import storage
from allocation_worker.figures import FairnessFigures
from allocation_worker.handlers import BeforeAttempt, bound
from allocation_worker.instance import ServiceHolder
from allocation_worker.program import AllocationWorker
from allocation_worker.settings import WorkerSettings
from allocation_worker.topics import read_topic
from keylane import Every, RetryPolicy, Worker
from keylane.metrics import EveryCollector, RelayCollector, WorkerCollector
from keylane.mongo import MongoInbox, OutboxRelay
from lyceum_allocation import AllocationRepository, AllocationService, CapacityRepository, Contended
from lyceum_database import OUTAGES, DatabaseError, connect
from lyceum_program.errors import StartRefused
from modelguard import ModelCheckError, check


def build(
    settings: WorkerSettings,
    holder: ServiceHolder,
    *,
    before_attempt: BeforeAttempt | None = None,
    retry: RetryPolicy | None = None,
    client_class: type[Any] = MongoClient,
) -> AllocationWorker:
    """Check the models, connect, and build one of everything.

    Raises:
        StartRefused: a model is missing or unfit, or the database settings cannot work.
        ConfigurationError: the runtime cannot work as configured.
    """
    try:
        check()
        connect(settings.mongo, client_class=client_class)
    except (ModelCheckError, DatabaseError) as exc:
        raise StartRefused(str(exc)) from exc
    service = AllocationService(
        allocations=AllocationRepository(),
        capacities=CapacityRepository(),
        random=Random(),
        scarcity=settings.scarcity,
    )
    holder.hold(service)
    worker = _worker(settings, holder, before_attempt, retry)
    relay = OutboxRelay(storage.outbox_collection(), settings.kafka, topic_prefix=settings.topic_prefix)
    figures = FairnessFigures(service.fairness)
    timers = _timers(settings, service, figures)
    return AllocationWorker(
        settings=settings,
        service=service,
        worker=worker,
        others=(*timers, relay),
        registry=_registry((WorkerCollector(worker), RelayCollector(relay), EveryCollector(*timers), figures)),
    )


def _timers(settings: WorkerSettings, service: AllocationService, figures: FairnessFigures) -> tuple[Every, ...]:
    reconcile = partial(service.reconcile_due, older_than=settings.reconcile_interval)
    return tuple(
        Every(name, interval, step, outages=(*OUTAGES, Contended))
        for name, interval, step in (
            ("sweeper", settings.sweep_interval, service.sweep),
            ("reconciler", settings.reconcile_interval / 12, reconcile),
            ("fairness", settings.fairness_interval, figures.refresh),
        )
    )


def _registry(collectors: Iterable[Collector]) -> CollectorRegistry:
    """A registry of this program's own: building a second one in a process must not trip over the first."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    for kind in (ProcessCollector, PlatformCollector, GCCollector):
        kind(registry=registry)
    return registry


def _worker(
    settings: WorkerSettings, holder: ServiceHolder, before_attempt: BeforeAttempt | None, retry: RetryPolicy | None
) -> Worker:
    return Worker(
        settings.group,
        [read_topic(settings)],
        bound(holder.get, before_attempt=before_attempt),
        inbox=MongoInbox(storage.inbox_collection()),
        retry=retry,
        concurrency=settings.concurrency,
        settings=settings.kafka,
        lease=settings.inbox_lease,
        outages=OUTAGES,
    )

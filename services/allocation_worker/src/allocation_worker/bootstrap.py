"""The composition root: the only place that connects and builds. Everything is built once."""

from random import Random
from typing import Any

from pymongo import MongoClient

from allocation_worker import storage
from allocation_worker.errors import OUTAGES, StartRefused
from allocation_worker.handlers import BeforeAttempt, bound
from allocation_worker.instance import ServiceHolder
from allocation_worker.program import AllocationWorker
from allocation_worker.settings import WorkerSettings
from allocation_worker.topics import read_topic
from keylane import Every, RetryPolicy, Worker
from keylane.mongo import MongoInbox, OutboxRelay
from lyceum_allocation import AllocationRepository, AllocationService, CapacityRepository, Contended
from lyceum_database import DatabaseError, connect
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
    return AllocationWorker(
        settings=settings,
        service=service,
        worker=_worker(settings, holder, before_attempt, retry),
        others=(
            Every("sweeper", settings.sweep_interval, service.sweep, outages=(*OUTAGES, Contended)),
            Every("reconciler", settings.reconcile_interval, service.reconcile, outages=(*OUTAGES, Contended)),
            OutboxRelay(storage.outbox_collection(), settings.kafka, topic_prefix=settings.topic_prefix),
        ),
    )


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

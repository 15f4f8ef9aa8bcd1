"""The allocation worker on the demo's stage, and the steps that a deployment runs before it."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from allocation_worker import storage, topics
from allocation_worker.handlers import BeforeAttempt
from allocation_worker.main import initialize, shutdown
from allocation_worker.program import AllocationWorker
from allocation_worker.settings import WorkerSettings
from keylane import KafkaSettings, RetryPolicy, ensure_topics
from lyceum_allocation import CapacityRepository, TrainerRow, import_trainers
from lyceum_database import UserRepository
from lyceum_database.embedded import EmbeddedMongoClient
from lyceum_devstack.demo.plan import MAX_ATTEMPTS
from lyceum_devstack.demo.stage import Stage

RETRY = RetryPolicy(max_attempts=MAX_ATTEMPTS, base=timedelta(seconds=0.2), factor=2.0)
"""As in production, but impatient: a person is watching."""
SWEEP_EVERY = timedelta(seconds=5)


@contextmanager
def built_worker(stage: Stage, before_attempt: BeforeAttempt) -> Iterator[AllocationWorker]:
    """Initialize the worker as its own program does, and shut it down at the end of the block.

    Args:
        stage: Where it is to work.
        before_attempt: Called before each run of a handler; what it raises fails that run.

    Raises:
        StartRefused: A model is missing or unfit, or the address of MongoDB cannot be used.
    """
    settings = WorkerSettings(
        mongo=stage.mongo,
        kafka=KafkaSettings(bootstrap_servers=stage.bootstrap),
        group=stage.group,
        topic_prefix=stage.topic_prefix,
        sweep_interval=SWEEP_EVERY,
    )
    try:
        if stage.embedded_mongo:
            yield initialize(settings, before_attempt=before_attempt, retry=RETRY, client_class=EmbeddedMongoClient)
        else:
            yield initialize(settings, before_attempt=before_attempt, retry=RETRY)
    finally:
        shutdown()


async def deploy(worker: AllocationWorker, trainers: Sequence[TrainerRow], *, create_topics: bool) -> None:
    """Create what the worker only verifies, and import the trainers.

    Raises:
        Unavailable: MongoDB does not answer.
        BrokerUnavailableError: Kafka does not answer.
        FileRefused: The trainers clash with what is stored.
        ImportInterrupted: MongoDB failed half-way.
    """
    await asyncio.to_thread(storage.create)
    if create_topics:
        await ensure_topics(worker.settings.kafka, topics.specs(worker.settings))
    await asyncio.to_thread(import_trainers, trainers, users=UserRepository(), capacities=CapacityRepository())

"""The worker on an embedded database and a Kafka of its own, both empty per test."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from allocation_worker import storage
from allocation_worker.main import initialize, shutdown
from allocation_worker.program import AllocationWorker
from allocation_worker.settings import WorkerSettings
from allocation_worker.topics import specs
from keylane import KafkaSettings, Message, RetryPolicy, dead_letter_topic
from keylane.kafka import KafkaBroker
from keylane.testing import MockCluster, until
from lyceum_allocation import CapacityRepository
from lyceum_allocation.testing import trainer
from lyceum_contracts import Envelope, Event, encode
from lyceum_database import connect
from lyceum_database.embedded import EmbeddedMongoClient, embedded_settings

PARTITIONS = 2
NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
_numbers = itertools.count()


@pytest.fixture(scope="session")
def cluster() -> Iterator[MockCluster]:
    with MockCluster() as started:
        yield started


@dataclass
class Stage:
    """Servers of one test, and what a producer and an operator do there."""

    settings: WorkerSettings
    sent: dict[str, bytes] = field(default_factory=dict)

    @property
    def letters_topic(self) -> str:
        return dead_letter_topic(f"{self.settings.topic_prefix}purchases", self.settings.group)

    def hire(self, trainer_id: str, *, capacity: int, **fields: Any) -> None:
        CapacityRepository().insert(trainer(trainer_id, capacity=capacity, **fields))

    async def publish(self, event: Event, *, event_id: str, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        record = encode(event, Envelope(id=event_id, source="/test", time=NOW))
        self.sent[event_id] = record.value
        publisher = KafkaBroker(self.settings.kafka).publisher()
        await (
            await publisher.send(
                self.settings.topic_prefix + record.topic,
                key=record.key,
                value=record.value,
                headers=[*record.headers, *headers],
            )
        )
        await publisher.close(timeout_s=2)

    @asynccontextmanager
    async def working(
        self, *, before_attempt: Callable[[Message], None] | None = None, max_attempts: int = 5
    ) -> AsyncIterator[AllocationWorker]:
        """Run a worker for the length of the block; it is ready when the block begins."""
        program = initialize(
            self.settings,
            before_attempt=before_attempt,
            retry=RetryPolicy(max_attempts=max_attempts, base=timedelta(milliseconds=20)),
            client_class=EmbeddedMongoClient,
        )
        running = asyncio.create_task(program.run())
        try:
            await until(lambda: program.ready or running.done(), what="a ready worker")
            if running.done():
                running.result()
            yield program
        finally:
            await program.stop()
            await asyncio.wait_for(running, 20)

    async def letters(self) -> list[tuple[bytes, dict[str, bytes | None]]]:
        """Everything in the dead-letter topic: value and headers."""
        found: list[tuple[bytes, dict[str, bytes | None]]] = []
        subscription = KafkaBroker(self.settings.kafka).subscription(
            f"reader-{next(_numbers)}", [self.letters_topic], _Nothing()
        )
        await subscription.start()
        for _ in range(10):
            batch = await subscription.poll(max_records=100, timeout_s=0.1)
            found += [(record.value or b"", dict(record.headers)) for records in batch.values() for record in records]
        await subscription.close(timeout_s=2)
        return found


class _Nothing:
    async def assigned(self, partitions: Any) -> None:
        """A reader keeps nothing."""

    async def revoked(self, partitions: Any) -> None:
        """A reader keeps nothing."""

    def skipped(self, tp: Any, first: int, next_: int) -> None:
        """Nothing is deleted in a test."""


@pytest.fixture
def stage(cluster: MockCluster) -> Iterator[Stage]:
    # A group of its own: the mock cluster makes a member of a known group wait for a whole session.
    number = next(_numbers)
    prefix = f"test-{number}."
    settings = WorkerSettings(
        mongo=embedded_settings("worker"),
        kafka=KafkaSettings(
            bootstrap_servers=cluster.bootstrap,
            session_timeout=timedelta(seconds=2),
            heartbeat_interval=timedelta(seconds=0.5),
            stop_timeout=timedelta(seconds=10),
        ),
        group=f"worker-{number}",
        topic_prefix=prefix,
        sweep_interval=timedelta(seconds=0.2),
        concurrency=4,
    )
    made = Stage(settings)
    for spec in specs(settings):
        cluster.create_topic(spec.name, PARTITIONS)
    connect(settings.mongo, client_class=EmbeddedMongoClient)
    storage.create()
    yield made
    shutdown()

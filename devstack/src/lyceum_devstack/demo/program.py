"""The allocation worker, put together for the demo's stage."""

import asyncio
import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from keylane import Every, Fatal, KafkaSettings, Message, RetryPolicy, TopicSpec, Worker, ensure_topics
from keylane.mongo import MongoInbox, OutboxRelay
from lyceum_allocation import Allocation, AllocationRepository, AllocationService, CapacityRepository, TrainerCapacity
from lyceum_allocation import skill as skill_of
from lyceum_contracts import DEFAULT_ORG, ContractError, PurchaseCreated, PurchaseRefunded
from lyceum_database import close, connect, ensure_indexes, ping
from lyceum_database.embedded import EmbeddedMongoClient
from lyceum_devstack.demo.plan import MAX_ATTEMPTS
from lyceum_devstack.demo.stage import PARTITIONS, Stage
from lyceum_devstack.demo.witness import INBOX, database

RETRY = RetryPolicy(max_attempts=MAX_ATTEMPTS, base=timedelta(seconds=0.2), factor=2.0)
"""As in production, but impatient: a person is watching."""
SWEEP_EVERY = timedelta(seconds=5)


class Program:
    """The worker with its relay and its sweeper. Used once.

    Args:
        stage: Where it works.
        before_attempt: Called before each run of a handler; what it raises fails that run.
    """

    def __init__(self, stage: Stage, before_attempt: Callable[[Message], None]) -> None:
        self._stage = stage
        self._before_attempt = before_attempt
        self._parts: tuple[Worker, OutboxRelay, Every] | None = None

    async def prepare(self, trainers: Path) -> int:
        """Connect, do what the deploy steps do, import the trainers; returns how many there are.

        Raises:
            Unavailable: MongoDB does not answer.
            BrokerUnavailableError: Kafka does not answer.
        """
        stage = self._stage
        kafka = KafkaSettings(bootstrap_servers=stage.bootstrap)
        _connect(stage)
        await asyncio.to_thread(ping)
        await asyncio.to_thread(ensure_indexes, [Allocation, TrainerCapacity])
        if not stage.embedded_kafka:
            await ensure_topics(kafka, [TopicSpec(name, PARTITIONS) for name in stage.topics])
        self._parts = self._build(kafka)
        return await asyncio.to_thread(_import, trainers)

    def _build(self, kafka: KafkaSettings) -> tuple[Worker, OutboxRelay, Every]:
        service = AllocationService(allocations=AllocationRepository(), capacities=CapacityRepository())
        inbox = MongoInbox(database()[INBOX])
        inbox.create_indexes()
        handlers = {
            PurchaseCreated.type: self._handler(PurchaseCreated, service.allocate),
            PurchaseRefunded.type: self._handler(PurchaseRefunded, service.refund),
        }
        stage = self._stage
        return (
            Worker(stage.group, [stage.purchases], handlers, inbox=inbox, retry=RETRY, settings=kafka),
            OutboxRelay(database()["allocations"], kafka, topic_prefix=stage.topic_prefix),
            Every("sweeper", SWEEP_EVERY, service.sweep),
        )

    def _handler(
        self, contract: type[PurchaseCreated | PurchaseRefunded], act: Callable[..., None]
    ) -> Callable[[Message], None]:
        def handle(message: Message) -> None:
            self._before_attempt(message)
            try:
                event = contract.parse(message.data)
            except ContractError as exc:
                raise Fatal(str(exc)) from exc
            org_id = message.headers.get("ce_orgid", DEFAULT_ORG.encode()).decode()
            act(event, org_id=org_id, cause_id=message.id)

        return handle

    async def run(self) -> None:
        """Work until `stop()`."""
        await asyncio.gather(*(part.run() for part in self._parts or ()))

    async def stop(self) -> None:
        """Finish what is running and leave."""
        await asyncio.gather(*(part.stop() for part in self._parts or ()))

    def close(self) -> None:
        """Close the connection."""
        close()


def _connect(stage: Stage) -> None:
    if stage.embedded_mongo:
        connect(stage.mongo, client_class=EmbeddedMongoClient)
    else:
        connect(stage.mongo)


def _import(path: Path) -> int:
    capacities = CapacityRepository()
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        capacity = int(row["capacity"])
        skills = [
            skill_of(subject, language)
            for subject in row["subjects"].split(";")
            for language in row["languages"].split(";")
        ]
        capacities.insert(
            TrainerCapacity(id=row["trainer_id"], capacity=capacity, free=capacity, skills=sorted(skills))
        )
    return len(rows)

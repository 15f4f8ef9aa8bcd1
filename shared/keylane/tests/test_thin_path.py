"""The whole way on the mock cluster: outbox, topic, handler, dead letter."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import mongomock

from keylane import KafkaSettings, MemoryInbox, Message, RetryPolicy, Worker, missing_topics
from keylane.mongo import OutboxRelay
from keylane.testing import until

if TYPE_CHECKING:
    from keylane.testing import MockCluster


async def test_an_outbox_entry_reaches_its_handler_and_a_hopeless_one_the_dead_letters(
    cluster: MockCluster, topic: str
) -> None:
    settings = KafkaSettings(bootstrap_servers=cluster.bootstrap)
    documents: Any = mongomock.MongoClient(tz_aware=True).db.documents
    for number in range(20):
        headers = {"ce_id": f"e{number}", "ce_type": "made"}
        entry = {"id": f"e{number}", "type": "made", "topic": topic, "key": "k", "headers": headers}
        entry["value"] = json.dumps({"number": number})
        documents.insert_one({"_id": number, "outbox": [entry], "outbox_due": datetime.now(UTC)})
    numbers: list[int] = []

    def handle(message: Message) -> None:
        if message.data["number"] == 3:
            raise ValueError("never")
        numbers.append(message.data["number"])

    worker = Worker(
        "g",
        [topic],
        {"made": handle},
        inbox=MemoryInbox(),
        settings=settings,
        retry=RetryPolicy(base=timedelta(milliseconds=1)),
    )
    relay = OutboxRelay(documents, settings, threads=1)
    running = [asyncio.create_task(worker.run()), asyncio.create_task(relay.run())]
    await until(lambda: worker.counts.done == 19 and worker.counts.dead == 1)
    assert worker.ready
    await asyncio.gather(worker.stop(), relay.stop())
    await asyncio.gather(*running)

    assert sorted(numbers) == [number for number in range(20) if number != 3]
    assert documents.count_documents({"outbox_due": {"$exists": True}}) == 0
    assert worker.counts.failed == 5


async def test_missing_topics_are_named(cluster: MockCluster, topic: str) -> None:
    settings = KafkaSettings(bootstrap_servers=cluster.bootstrap)

    assert await missing_topics(settings, [topic, "absent"]) == ["absent"]

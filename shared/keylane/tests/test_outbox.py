"""The whole way on the mock cluster: outbox, topic, handler, dead letter."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import mongomock

from keylane.mongo import OutboxRelay
from keylane.testing import until

if TYPE_CHECKING:
    from keylane import Message
    from keylane.testing import Rig


async def test_an_outbox_entry_reaches_its_handler_and_a_hopeless_one_the_dead_letters(mock: Rig) -> None:
    documents: Any = mongomock.MongoClient(tz_aware=True).db.documents
    for number in range(20):
        headers = {"ce_id": f"e{number}", "ce_type": "made"}
        entry = {"id": f"e{number}", "type": "made", "topic": mock.topic, "key": "k", "headers": headers}
        entry["value"] = json.dumps({"number": number})
        documents.insert_one({"_id": number, "outbox": [entry], "outbox_due": datetime.now(UTC)})
    numbers: list[int] = []

    def handle(message: Message) -> None:
        if message.data["number"] == 3:
            raise ValueError("never")
        numbers.append(message.data["number"])

    worker = mock.start({"made": handle}, app_version="1.2.3")
    relay = OutboxRelay(documents, mock.settings, threads=1)
    relaying = asyncio.create_task(relay.run())
    await until(lambda: worker.counts.done == 19 and worker.counts.dead == 1)
    assert worker.ready
    await relay.stop()
    await relaying
    (letter,) = await mock.letters(1)

    assert sorted(numbers) == [number for number in range(20) if number != 3]
    assert documents.count_documents({"outbox_due": {"$exists": True}}) == 0
    assert worker.counts.failed == 5
    assert dict(letter.headers)["x-dlq-app-version"] == b"1.2.3"

"""A relay whose acknowledgement is late: the same send is waited for, by it and by its replicas."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import mongomock

from keylane.mongo import OutboxRelay
from keylane.testing import InMemoryBroker, until

if TYPE_CHECKING:
    import pytest

LEASE = timedelta(milliseconds=150)


@dataclass
class LateBroker(InMemoryBroker):
    """Hands out acknowledgements that a test gives when it likes."""

    sent: list[asyncio.Future[None]] = field(default_factory=list)

    def publisher(self, *, compress: bool = False) -> Any:
        return self

    async def send(self, topic: str, **_: Any) -> asyncio.Future[None]:
        self.sent.append(asyncio.get_running_loop().create_future())
        return self.sent[-1]

    async def close(self, *, timeout_s: float) -> None: ...


async def test_an_entry_whose_acknowledgement_is_late_is_sent_once_whoever_looks() -> None:
    documents: Any = mongomock.MongoClient(tz_aware=True).db.documents
    entry = {"id": "e", "type": "made", "topic": "t", "key": "k", "value": "{}", "headers": {"ce_id": "e"}}
    documents.insert_one({"_id": 1, "outbox": [entry], "outbox_due": datetime.now(UTC)})
    broker = LateBroker()
    options: dict[str, Any] = {"lease": LEASE, "interval": timedelta(milliseconds=10), "threads": 1}
    relays = [OutboxRelay(documents, broker=broker, **options) for _ in range(2)]
    running = [asyncio.create_task(relay.run()) for relay in relays]
    await until(lambda: broker.sent)
    leases = {documents.find_one()["outbox_due"]}

    def many_leases() -> bool:
        leases.add(documents.find_one()["outbox_due"])
        return len(leases) > 8

    await until(many_leases, what="the lease to be kept")
    assert len(broker.sent) == 1, "sent again while its first send was under way"
    assert any("no acknowledgement yet" in relay.why_unready for relay in relays)
    broker.sent[0].set_result(None)
    await until(lambda: documents.find_one()["outbox"] == [])
    await until(lambda: all(relay.ready for relay in relays))
    for relay in relays:
        await relay.stop()
    await asyncio.gather(*running)

    assert len(broker.sent) == 1


async def test_a_send_that_the_client_cancels_is_said_and_made_again(caplog: pytest.LogCaptureFixture) -> None:
    documents: Any = mongomock.MongoClient(tz_aware=True).db.documents
    entry = {"id": "e", "type": "made", "topic": "t", "key": "k", "value": "{}", "headers": {"ce_id": "e"}}
    documents.insert_one({"_id": 1, "outbox": [entry], "outbox_due": datetime.now(UTC)})
    broker = LateBroker()
    relay = OutboxRelay(documents, broker=broker, lease=LEASE, interval=timedelta(milliseconds=10), threads=1)
    running = asyncio.create_task(relay.run())
    await until(lambda: broker.sent)
    broker.sent[0].cancel()
    await until(lambda: not relay.ready)
    assert relay.why_unready == "broker: outbox of 1: CancelledError"
    await until(lambda: len(broker.sent) == 2)
    broker.sent[1].set_result(None)
    await until(lambda: documents.find_one()["outbox"] == [] and relay.ready)
    await relay.stop()
    await running

    assert [record.getMessage() for record in caplog.records if getattr(record, "action", "") == "defect"] == [
        "outbox of 1 could not be published"
    ]

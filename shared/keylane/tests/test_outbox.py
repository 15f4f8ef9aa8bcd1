"""The whole way on the mock cluster: outbox, topic, handler, dead letter."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import mongomock
import pytest

from keylane import BrokerUnavailableError
from keylane.mongo import OutboxRelay
from keylane.testing import InMemoryBroker, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

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


def entry(id_: str, topic: str) -> dict[str, Any]:
    return {"id": id_, "type": "made", "topic": topic, "key": "k", "value": "{}", "headers": {"ce_id": id_}}


@dataclass
class Outbox:
    """A collection, a relay on an in-memory broker, and the ids that it has published."""

    documents: Any
    broker: InMemoryBroker
    relays: list[tuple[OutboxRelay, asyncio.Task[None]]] = field(default_factory=list)

    def add(self, number: int, *ids: str) -> None:
        entries = [entry(id_, "t") for id_ in ids]
        self.documents.insert_one({"_id": number, "outbox": entries, "outbox_due": datetime.now(UTC)})

    def start(self, **options: Any) -> OutboxRelay:
        fast = {"interval": timedelta(milliseconds=10), "lease": timedelta(milliseconds=300), "threads": 1}
        relay = OutboxRelay(self.documents, broker=self.broker, **{**fast, **options})
        self.relays.append((relay, asyncio.create_task(relay.run())))
        return relay

    def published(self) -> list[str]:
        return [dict(record.headers)["ce_id"].decode() for record in self.broker.records("t")]  # type: ignore[union-attr]  # never null here

    def empty(self) -> bool:
        return bool(self.documents.count_documents({"outbox_due": {"$exists": True}}) == 0)


@pytest.fixture
async def outbox() -> AsyncIterator[Outbox]:
    broker = InMemoryBroker()
    broker.create_topic("t", 1)
    made = Outbox(mongomock.MongoClient(tz_aware=True).db.documents, broker)
    yield made
    for relay, task in made.relays:
        await relay.stop()
        await task


async def test_entries_of_a_document_leave_in_order_and_the_document_is_clean(outbox: Outbox) -> None:
    outbox.add(1, "a", "b", "c")
    outbox.start()
    await until(outbox.empty)

    assert outbox.published() == ["a", "b", "c"]
    assert outbox.documents.find_one() == {"_id": 1, "outbox": []}


async def test_a_document_that_is_not_due_is_left_alone(outbox: Outbox) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    outbox.documents.insert_one({"_id": 1, "outbox": [entry("a", "t")], "outbox_due": later})
    outbox.add(2, "b")
    outbox.start()
    await until(lambda: outbox.published() == ["b"])

    assert outbox.documents.find_one({"_id": 1})["outbox_due"] > datetime.now(UTC)


async def test_a_broker_that_is_away_keeps_the_entries_and_makes_the_relay_unready(outbox: Outbox) -> None:
    outbox.broker.set_down()
    outbox.add(1, "a", "b")
    relay = outbox.start()
    await until(lambda: "broker" in relay.why_unready)
    assert not outbox.empty()
    outbox.broker.set_up()
    await until(lambda: outbox.empty() and relay.ready)

    assert outbox.published() == ["a", "b"]


async def test_an_entry_that_is_added_meanwhile_is_published_too(outbox: Outbox) -> None:
    relay = OutboxRelay(outbox.documents, broker=outbox.broker, threads=1)
    outbox.add(1, "a")
    (taken,) = relay._documents.take_due(10, frozenset())
    more = {"$push": {"outbox": entry("b", "t")}, "$set": {"outbox_due": datetime.now(UTC)}}
    outbox.documents.update_one({"_id": 1}, more)
    relay._documents.remove(1, [one["id"] for one in taken["outbox"]])

    assert [one["id"] for one in outbox.documents.find_one()["outbox"]] == ["b"]
    outbox.start()
    await until(outbox.empty)
    assert outbox.published() == ["b"]


async def test_two_relays_do_not_take_the_same_document(outbox: Outbox) -> None:
    first = OutboxRelay(outbox.documents, broker=outbox.broker, threads=1)
    second = OutboxRelay(outbox.documents, broker=outbox.broker, threads=1)
    for number in range(10):
        outbox.add(number, f"e{number}")
    stale = list(outbox.documents.find({}, {"outbox": 1, "outbox_due": 1}))
    assert len(first._documents.take_due(100, frozenset())) == 10
    outbox.documents.find = lambda *_: Cursor(stale)  # what the second one read before the first one wrote

    assert second._documents.take_due(100, frozenset()) == []


async def test_an_unacknowledged_entry_stays_in_its_document(outbox: Outbox) -> None:
    relay = OutboxRelay(outbox.documents, broker=outbox.broker, threads=1)
    outbox.add(1, "a")
    (taken,) = relay._documents.take_due(10, frozenset())
    refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    refused.set_exception(BrokerUnavailableError("refused"))
    relay._publisher = Refusing(refused)
    await relay._publish(taken)

    assert outbox.documents.find_one()["outbox"]
    assert "refused" in relay.why_unready


async def test_a_prefix_is_put_before_every_topic(outbox: Outbox) -> None:
    outbox.broker.create_topic("demo.t", 1)
    outbox.add(1, "a")
    outbox.start(topic_prefix="demo.")
    await until(outbox.empty)

    assert len(outbox.broker.records("demo.t")) == 1


@dataclass
class Cursor:
    found: list[dict[str, Any]]

    def sort(self, *_: Any) -> Cursor:
        return self

    def limit(self, _: int) -> list[dict[str, Any]]:
        return self.found


@dataclass
class Refusing:
    answer: asyncio.Future[None]

    async def send(self, topic: str, **_: Any) -> asyncio.Future[None]:
        return self.answer

    async def close(self, *, timeout_s: float) -> None: ...

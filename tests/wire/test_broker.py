"""The broker that everything else here relies on: what it acknowledged survives whatever is done to its process."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from keylane import KafkaSettings, TopicSpec, ensure_topics, missing_topics
from real_servers import Server

pytestmark = pytest.mark.wire

HOLD_SECONDS = 20


@pytest.fixture
def topic() -> str:
    """A name that no other test uses."""
    return f"facts-{secrets.token_hex(4)}"


@asynccontextmanager
async def producer(broker: Server) -> AsyncIterator[AIOKafkaProducer]:
    client = AIOKafkaProducer(bootstrap_servers=broker.address, acks="all", enable_idempotence=True)
    await client.start()
    try:
        yield client
    finally:
        await client.stop()


async def everything(broker: Server, topic: str, count: int) -> list[bytes]:
    """The first `count` records of the topic, and whatever follows them at once."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker.address, auto_offset_reset="earliest")
    await consumer.start()
    found: list[bytes] = []
    try:
        async with asyncio.timeout(HOLD_SECONDS):
            while len(found) < count:
                batches = await consumer.getmany(timeout_ms=200)
                found += [record.value for records in batches.values() for record in records]
    finally:
        await consumer.stop()
    return found


async def test_acknowledged_records_survive_kill_9(broker: Server, topic: str) -> None:
    await ensure_topics(KafkaSettings(bootstrap_servers=broker.address), [TopicSpec(topic, partitions=1)])
    sent = [f"fact {number}".encode() for number in range(50)]
    async with producer(broker) as client:
        for value in sent[:25]:
            await client.send_and_wait(topic, value)
        broker.kill()
        await asyncio.to_thread(broker.start)
        for value in sent[25:]:
            await client.send_and_wait(topic, value)

    assert await everything(broker, topic, len(sent)) == sent


async def test_a_send_to_a_frozen_broker_ends_after_the_thaw_and_is_stored_once(broker: Server, topic: str) -> None:
    await ensure_topics(KafkaSettings(bootstrap_servers=broker.address), [TopicSpec(topic, partitions=1)])
    async with producer(broker) as client:
        await client.send_and_wait(topic, b"before")
        broker.freeze()
        pending = asyncio.create_task(client.send_and_wait(topic, b"meanwhile"))
        done, _ = await asyncio.wait([pending], timeout=1)
        assert not done
        broker.thaw()
        await asyncio.wait_for(pending, HOLD_SECONDS)

    assert await everything(broker, topic, 2) == [b"before", b"meanwhile"]


async def test_a_missing_topic_stays_missing(broker: Server, topic: str) -> None:
    """Nothing is created by asking for it: a wrong name is found at start, not filled with nothing."""
    settings = KafkaSettings(bootstrap_servers=broker.address)
    assert await missing_topics(settings, [topic]) == [topic]
    assert await missing_topics(settings, [topic]) == [topic]

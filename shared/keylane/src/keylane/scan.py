"""Reading a Kafka topic from its beginning to its present end, outside of any group."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaTopicPartition
from aiokafka.errors import KafkaError

from keylane.connection import bounded, connection, words
from keylane.dismantle import dismantle, started
from keylane.errors import BrokerUnavailableError, ConfigurationError
from keylane.metadata import partition_counts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from keylane.broker import Record
    from keylane.settings import KafkaSettings


async def scan(settings: KafkaSettings, topic: str) -> AsyncIterator[Record]:
    """Every record that the topic holds now, in order per partition; nothing is committed.

    Raises:
        ConfigurationError: The topic does not exist.
        BrokerUnavailableError: The broker is away, or gave nothing within the request timeout.
    """
    count = (await partition_counts(settings, [topic])).get(topic)
    if count is None:
        raise ConfigurationError(f"topic {topic} does not exist")
    partitions = [KafkaTopicPartition(topic, partition) for partition in range(count)]
    timeout_s = settings.request_timeout.total_seconds()
    consumer = AIOKafkaConsumer(enable_auto_commit=False, auto_offset_reset="earliest", **connection(settings))
    try:
        async with asyncio.timeout(timeout_s):
            await started(consumer.start())
            ends = await _ends(consumer, partitions)
        while ends:
            async with asyncio.timeout(timeout_s):
                batch = await _batch(consumer, ends)
            for record in batch:
                yield record
    except (KafkaError, TimeoutError, OSError) as exc:
        raise BrokerUnavailableError(f"read {topic}: {words(exc)}") from exc
    finally:
        await bounded(consumer.stop(), timeout_s=2.0)
        await dismantle(consumer)


async def _ends(consumer: Any, partitions: list[Any]) -> dict[Any, int]:
    """Where each partition that holds anything ends."""
    consumer.assign(partitions)
    first = await consumer.beginning_offsets(partitions)
    last = await consumer.end_offsets(partitions)
    return {tp: end for tp, end in last.items() if end > first[tp]}


async def _batch(consumer: Any, ends: dict[Any, int]) -> list[Record]:
    """The next records; returns once a position has moved, past records or gaps in the offsets, and never before.

    Partitions read to their end leave `ends`.
    """
    before = {tp: await consumer.position(tp) for tp in ends}
    while True:
        batch = await consumer.getmany(*ends, timeout_ms=100)
        positions = {tp: await consumer.position(tp) for tp in ends}
        if batch or positions != before:
            break
    found = [record for tp, records in batch.items() for record in records if record.offset < ends[tp]]
    for tp, position in positions.items():
        if position >= ends[tp]:
            del ends[tp]
    return found

"""Reading a Kafka topic outside of any group: from its beginning to its present end, or single records of it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaTopicPartition
from aiokafka.errors import KafkaError

from keylane.connection import bounded, connection, words
from keylane.dismantle import dismantle, started
from keylane.errors import BrokerUnavailableError, ConfigurationError
from keylane.metadata import partition_counts

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Mapping

    from keylane.broker import Record
    from keylane.settings import KafkaSettings

FAR: Final = 500
"""Offsets that are read and left out rather than sought over: a seek throws away what was fetched ahead."""


async def scan(settings: KafkaSettings, topic: str) -> AsyncIterator[Record]:
    """Every record that the topic holds now, in order per partition; nothing is committed.

    Raises:
        ConfigurationError: The topic does not exist.
        BrokerUnavailableError: The broker is away, or gave nothing within the request timeout.
    """
    async with _reader(settings, topic) as (consumer, ends):
        while ends:
            async with asyncio.timeout(settings.request_timeout.total_seconds()):
                batch = await _batch(consumer, ends)
            for record in batch:
                yield record


async def pick(
    settings: KafkaSettings, topic: str, batches: Iterable[Mapping[int, Collection[int]]]
) -> AsyncGenerator[list[Record], None]:
    """Records by partition and offset, a list for each batch; those that are gone are left out.

    Raises:
        ConfigurationError: The topic does not exist.
        BrokerUnavailableError: As `scan`.
    """
    async with _reader(settings, topic) as (consumer, ends):
        for batch in batches:
            wanted = {KafkaTopicPartition(topic, partition): offsets for partition, offsets in batch.items()}
            left = {tp: sorted(one for one in offsets if one < ends.get(tp, 0)) for tp, offsets in wanted.items()}
            yield await _picked(consumer, left, settings.request_timeout.total_seconds())


@asynccontextmanager
async def _reader(settings: KafkaSettings, topic: str) -> AsyncIterator[tuple[Any, dict[Any, int]]]:
    """A consumer at the beginning of the topic, and where each of its partitions ends that holds anything."""
    count = (await partition_counts(settings, [topic])).get(topic)
    if count is None:
        raise ConfigurationError(f"topic {topic} does not exist")
    partitions = [KafkaTopicPartition(topic, partition) for partition in range(count)]
    consumer = AIOKafkaConsumer(enable_auto_commit=False, auto_offset_reset="earliest", **connection(settings))
    try:
        async with asyncio.timeout(settings.request_timeout.total_seconds()):
            await started(consumer.start())
            ends = await _ends(consumer, partitions)
        yield consumer, ends
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
    batch, positions = await _moved(consumer, ends)
    found = [record for record in batch if record.offset < ends[KafkaTopicPartition(record.topic, record.partition)]]
    for tp, position in positions.items():
        if position >= ends[tp]:
            del ends[tp]
    return found


async def _picked(consumer: Any, left: dict[Any, list[int]], timeout_s: float) -> list[Record]:
    """The records at these offsets, which are in order."""
    found: list[Record] = []
    wanted = {(tp.partition, offset) for tp, offsets in left.items() for offset in offsets}
    async with asyncio.timeout(timeout_s):
        positions = {tp: await consumer.position(tp) for tp in left}
    while left := {tp: _ahead(consumer, tp, positions[tp], offsets) for tp, offsets in left.items() if offsets}:
        async with asyncio.timeout(timeout_s):
            batch, positions = await _moved(consumer, left)
        found += (record for record in batch if (record.partition, record.offset) in wanted)
        left = {tp: [one for one in offsets if one >= positions[tp]] for tp, offsets in left.items()}
    return found


def _ahead(consumer: Any, tp: Any, position: int, offsets: list[int]) -> list[int]:
    """The offsets, with the consumer where it reads them next."""
    if not 0 <= offsets[0] - position <= FAR:
        consumer.seek(tp, offsets[0])
    return offsets


async def _moved(consumer: Any, partitions: Collection[Any]) -> tuple[list[Record], dict[Any, int]]:
    """The next records of these, and the positions behind them, once one of them has moved."""
    before = {tp: await consumer.position(tp) for tp in partitions}
    while True:
        batch = await consumer.getmany(*partitions, timeout_ms=100)
        positions = {tp: await consumer.position(tp) for tp in partitions}
        if batch or positions != before:
            return [record for records in batch.values() for record in records], positions

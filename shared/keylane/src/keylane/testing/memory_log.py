"""The log of the in-memory broker: partitions of records, with gaps where a test wants them."""

from __future__ import annotations

import asyncio
import itertools
import time
import zlib
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keylane.broker import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from keylane.broker import RawHeaders


@dataclass(frozen=True, slots=True)
class MemoryRecord:
    """A record of the in-memory log; attributes as in `keylane.broker.Record`."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: RawHeaders


@dataclass(slots=True)
class _Partition:
    records: list[MemoryRecord] = field(default_factory=list)
    start: int = 0
    end: int = 0


class MemoryLog:
    """Topics and their records; for one event loop."""

    def __init__(self) -> None:
        self._logs: dict[TopicPartition, _Partition] = {}
        self._arrival = asyncio.Event()
        self._sent = itertools.count()

    def create_topic(self, name: str, partitions: int) -> None:
        """Create a topic.

        Raises:
            ValueError: It exists already.
        """
        if self.partition_count(name):
            raise ValueError(f"topic {name} exists already")
        for partition in range(partitions):
            self._logs[TopicPartition(name, partition)] = _Partition()

    def partition_count(self, topic: str) -> int:
        """Partitions of a topic; 0 when it does not exist."""
        return sum(1 for tp in self._logs if tp.topic == topic)

    def partitions_of(self, topics: Collection[str]) -> list[TopicPartition]:
        """All partitions of these topics, in order."""
        return sorted(tp for tp in self._logs if tp.topic in topics)

    def append(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]] = (),
        partition: int | None = None,
    ) -> MemoryRecord:
        """Write a record at once; a key goes to one partition always."""
        if partition is None:
            partition = (next(self._sent) if key is None else zlib.crc32(key)) % self.partition_count(topic)
        log = self._logs[TopicPartition(topic, partition)]
        record = MemoryRecord(topic, partition, log.end, int(time.time() * 1000), key, value, tuple(headers))
        log.records.append(record)
        log.end += 1
        self.wake()
        return record

    def skip_offsets(self, topic: str, partition: int, count: int) -> None:
        """Leave a gap in the offsets, as transaction markers and compaction do."""
        self._logs[TopicPartition(topic, partition)].end += count

    def delete_records(self, topic: str, partition: int, before: int) -> None:
        """Delete what stands before an offset, as retention does."""
        log = self._logs[TopicPartition(topic, partition)]
        log.records = [record for record in log.records if record.offset >= before]
        log.start = before

    def start_of(self, tp: TopicPartition) -> int:
        """The first offset that retention left."""
        return self._logs[tp].start

    def end_of(self, tp: TopicPartition) -> int:
        """The offset that the next record gets."""
        return self._logs[tp].end

    def position_of(self, tp: TopicPartition, position: int) -> int:
        """A position, moved past offsets that hold no record if only such are left."""
        log = self._logs[tp]
        return position if self.read(tp, position, 1) else max(position, log.end)

    def records(self, topic: str) -> list[MemoryRecord]:
        """Everything in a topic, by partition and offset."""
        return [record for tp in self.partitions_of([topic]) for record in self._logs[tp].records]

    def read(self, tp: TopicPartition, position: int, limit: int) -> list[MemoryRecord]:
        """Records at or after a position."""
        records = self._logs[tp].records
        start = bisect_left(records, position, key=lambda record: record.offset)
        return records[start : start + limit]

    def wake(self) -> None:
        """Let whoever waits for a record look again."""
        self._arrival.set()

    async def arrival(self, timeout_s: float) -> None:
        """Wait for a new record, at most `timeout_s`."""
        self._arrival.clear()
        waiting = asyncio.ensure_future(self._arrival.wait())
        try:
            await asyncio.wait([waiting], timeout=timeout_s)
        finally:
            waiting.cancel()

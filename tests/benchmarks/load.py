"""What is published for a benchmark: small purchases as CloudEvents, their keys drawn from a seed."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confluent_kafka import Producer

from keylane import KafkaSettings, TopicSpec, ensure_topics

if TYPE_CHECKING:
    from collections.abc import Iterator

Headers = list[tuple[str, str | bytes | None]]

TYPE = "purchase.created"
FLUSH_S = 60.0
PRODUCER = {
    "enable.idempotence": True,
    "linger.ms": 5,
    "queue.buffering.max.messages": 1_000_000,
    "log_level": 0,
}


@dataclass(frozen=True)
class Load:
    """Records of one topic: the same for the same arguments, in this process or another.

    Attributes:
        keys: Different keys over all partitions.
    """

    topic: str
    partitions: int
    records: int
    keys: int
    seed: int = 7

    def keys_of(self, partition: int) -> list[int]:
        """The key of the record at each offset of a partition."""
        chance = random.Random(self.seed * 1_000 + partition)
        return chance.choices(range(self.keys // self.partitions), k=self.records // self.partitions)

    def all_keys(self) -> list[list[int]]:
        return [self.keys_of(partition) for partition in range(self.partitions)]


def publish(bootstrap: str, load: Load) -> None:
    """Create the topic and fill it.

    Raises:
        RuntimeError: Kafka did not take every record.
    """
    create(bootstrap, load.topic, load.partitions)
    producer = Producer({"bootstrap.servers": bootstrap, **PRODUCER})
    for partition, key, offset in _interleaved(load):
        value, headers = event(partition, offset)
        producer.produce(load.topic, value, b"key-%d-%d" % (partition, key), partition=partition, headers=headers)
    if left := producer.flush(FLUSH_S):
        raise RuntimeError(f"{left} records of {load.topic} were not acknowledged")


def create(bootstrap: str, topic: str, partitions: int, **config: str) -> None:
    settings = KafkaSettings(bootstrap_servers=bootstrap)
    asyncio.run(ensure_topics(settings, [TopicSpec(topic, partitions, config=config)]))


def event(partition: int, offset: int, **more: object) -> tuple[bytes, Headers]:
    """A record's value and headers; the value says where it stands, for clients that show a handler nothing else."""
    data = {"p": partition, "n": offset, "student": f"student-{offset % 997}", "amount_minor": 4900, **more}
    headers: Headers = [
        ("ce_id", b"event-%d-%d" % (partition, offset)),
        ("ce_type", TYPE.encode()),
        ("ce_source", b"/bench"),
        ("ce_specversion", b"1.0"),
        ("ce_time", b"2026-01-31T09:30:00+00:00"),
        ("content-type", b"application/json"),
    ]
    return json.dumps(data, separators=(",", ":")).encode(), headers


def _interleaved(load: Load) -> Iterator[tuple[int, int, int]]:
    keys = load.all_keys()
    for offset in range(load.records // load.partitions):
        for partition in range(load.partitions):
            yield partition, keys[partition][offset], offset

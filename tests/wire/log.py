"""The log as an outsider sees it: an ordinary Kafka client that knows nothing of the worker."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from lyceum_contracts import Record

DELIVERY_SECONDS = 20.0
READING_SECONDS = 20.0
NO_LEADER_YET = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError._UNKNOWN_PARTITION,
)


def publish(bootstrap: str, records: Sequence[Record]) -> None:
    """Send records and wait until every one is acknowledged."""
    refused: list[KafkaError] = []
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "log_level": 0})

    def note(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            refused.append(error)

    for record in records:
        producer.produce(record.topic, record.value, record.key, headers=list(record.headers), on_delivery=note)
    left = producer.flush(DELIVERY_SECONDS)
    assert not left, f"{left} records were not acknowledged"
    assert not refused, refused


def read(bootstrap: str, topic: str) -> list[Record]:
    """Every record that the topic holds now."""
    reader = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False, "log_level": 0}
    )
    try:
        return [_record(topic, message) for message in _messages(reader, topic)]
    finally:
        reader.close()


def _messages(reader: Consumer, topic: str) -> Iterator[Message]:
    ends = {
        number: _end(reader, topic, number) for number in reader.list_topics(topic, timeout=5).topics[topic].partitions
    }
    left = sum(ends.values())
    reader.assign([TopicPartition(topic, number, 0) for number, end in ends.items() if end])
    deadline = time.monotonic() + READING_SECONDS
    while left:
        assert time.monotonic() < deadline, f"{left} records of {topic} were not delivered"
        message = reader.poll(0.2)
        if message is not None and message.error() is None:
            left -= 1
            yield message


def _end(reader: Consumer, topic: str, number: int) -> int:
    """The end of one partition; one that was made a moment ago may have no leader yet."""
    deadline = time.monotonic() + READING_SECONDS
    while True:
        try:
            _, end = reader.get_watermark_offsets(TopicPartition(topic, number), timeout=5)
        except KafkaException as exc:
            if exc.args[0].code() not in NO_LEADER_YET or time.monotonic() > deadline:
                raise
        else:
            return int(end)


def _record(topic: str, message: Message) -> Record:
    headers: Any = message.headers() or ()  # a list of pairs here; the client's types allow for more
    return Record(topic, message.key() or b"", message.value() or b"", tuple(headers))

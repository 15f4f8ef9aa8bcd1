"""The demo's own Kafka client: an ordinary one that knows nothing of the worker."""

import time
from collections.abc import Callable, Iterator, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from keylane import ConfigurationError, KafkaSettings
from lyceum_devstack.check import Position, Sent
from lyceum_devstack.demo.plan import Outgoing
from lyceum_devstack.errors import ServerError

ANSWER_WITHIN_S = 6.0
"""A server that is silent for this long is taken for unreachable; with what comes before it, under 10 s."""
DELIVER_WITHIN_S = 30.0
READ_WITHIN_S = 20.0
LOOK_AGAIN_AFTER_S = 0.1
PARTITIONER = "murmur2_random"
"""Kafka's own, which the platform's relays use too; librdkafka's default would put a key into another partition."""
_NO_LEADER_YET = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
)


def refuse_shapeless(bootstrap: str) -> None:
    """Look at the address as the worker will, before anybody is asked.

    Raises:
        ServerError: It is no address.
    """
    try:
        KafkaSettings(bootstrap_servers=bootstrap)
    except ConfigurationError as exc:
        raise ServerError(
            f"KAFKA_BOOTSTRAP holds {bootstrap!r}: give host:port, or several with commas between"
        ) from exc


def refuse_unreachable(bootstrap: str, *, within_s: float = ANSWER_WITHIN_S) -> None:
    """Ask the cluster for its brokers.

    Raises:
        ServerError: No answer in time.
    """
    probe = Producer({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        probe.list_topics(timeout=within_s)
    except KafkaException as exc:
        raise ServerError(
            f"Kafka at {bootstrap} does not answer within {within_s:.0f} s: is KAFKA_BOOTSTRAP right?"
        ) from exc


class Publisher:
    """Sends records in order and remembers where each one lies in the log."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._producer = Producer(
            {"bootstrap.servers": bootstrap, "enable.idempotence": True, "partitioner": PARTITIONER, "log_level": 0}
        )
        self._topic = topic
        self._sent: dict[int, Sent] = {}
        self._refused: list[str] = []

    def publish(self, records: Sequence[Outgoing]) -> list[Sent]:
        """Publish `records` in this order.

        Raises:
            ServerError: Kafka refused a record, or did not acknowledge all of them in time.
        """
        for number, record in enumerate(records):
            self._producer.produce(
                self._topic,
                record.value,
                record.key,
                headers=list(record.headers),
                on_delivery=self._noting(number, record),
            )
            self._producer.poll(0)
        unsent = self._producer.flush(DELIVER_WITHIN_S)
        if unsent or self._refused:
            raise ServerError(f"Kafka took {len(self._sent)} of {len(records)} records: {self._why_refused()}")
        return [self._sent[number] for number in range(len(records))]

    def _noting(self, number: int, record: Outgoing) -> Callable[[KafkaError | None, Message], None]:
        def note(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                self._refused.append(error.str())
                return
            position = position_of(message)
            self._sent[number] = Sent(
                position, record.event_id, record.key, record.value, record.doomed, record.failures
            )

        return note

    def _why_refused(self) -> str:
        return self._refused[0] if self._refused else f"the rest was not acknowledged within {DELIVER_WITHIN_S:.0f} s"


class Offsets:
    """Where a consumer group stands. Asks as a bystander: it never joins."""

    def __init__(self, bootstrap: str, group: str, topic: str) -> None:
        self._client = Consumer(_bystander(bootstrap, group))
        self._topic = topic

    def committed(self, partitions: int) -> dict[int, int]:
        """Partition -> first offset that is not completed; 0 where the group has committed nothing.

        Raises:
            ServerError: Kafka does not answer.
        """
        asked = [TopicPartition(self._topic, partition) for partition in range(partitions)]
        try:
            answers = self._client.committed(asked, timeout=ANSWER_WITHIN_S)
        except KafkaException as exc:
            raise ServerError(f"Kafka does not say how far the group has come: {exc}") from exc
        return {answer.partition: max(answer.offset, 0) for answer in answers}

    def close(self) -> None:
        """Leave nothing behind."""
        self._client.close()


def read_all(bootstrap: str, topic: str, partitions: int) -> Iterator[Message]:
    """Yield every record that a topic holds now, each partition in order.

    Raises:
        ServerError: Kafka does not deliver them in time.
    """
    reader = Consumer(_bystander(bootstrap, "lyceum-demo-reader"))
    try:
        ends = {number: end_of(reader, topic, number) for number in range(partitions)}
        open_ends = {number: end for number, end in ends.items() if end > 0}
        reader.assign([TopicPartition(topic, number, 0) for number in open_ends])
        deadline = time.monotonic() + READ_WITHIN_S
        while open_ends:
            message = reader.poll(0.2)
            if time.monotonic() > deadline:
                raise ServerError(f"Kafka did not deliver all of topic {topic} within {READ_WITHIN_S:.0f} s")
            if message is None or message.error():
                continue
            yield message
            partition, offset = position_of(message)
            if offset + 1 >= ends[partition]:
                open_ends.pop(partition, None)
    finally:
        reader.close()


def end_of(reader: Consumer, topic: str, partition: int) -> int:
    """Tell the offset that the next record of a partition will have.

    Raises:
        ServerError: Kafka does not tell it in time.
    """
    deadline = time.monotonic() + ANSWER_WITHIN_S
    while True:
        try:
            return int(reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=ANSWER_WITHIN_S)[1])
        except KafkaException as exc:
            # A topic that was made a moment ago has no leader yet everywhere.
            if exc.args[0].code() not in _NO_LEADER_YET or time.monotonic() > deadline:
                raise ServerError(f"Kafka does not say how long topic {topic} is: {exc}") from exc
        time.sleep(LOOK_AGAIN_AFTER_S)


def position_of(message: Message) -> Position:
    """Tell where a record lies that Kafka acknowledged or delivered; such a record has a place."""
    partition, offset = message.partition(), message.offset()
    if partition is None or offset is None:
        raise ServerError("Kafka handed over a record without its partition and offset")
    return Position(partition, offset)


def _bystander(bootstrap: str, group: str) -> dict[str, str | int | bool]:
    return {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "log_level": 0,
    }

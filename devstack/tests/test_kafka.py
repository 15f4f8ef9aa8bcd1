"""The demo's Kafka client against a cluster: what was published can be found again, and silence has a limit."""

import asyncio
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from keylane import KafkaSettings
from keylane.kafka import KafkaBroker
from keylane.testing import MockCluster
from lyceum_devstack.demo import kafka
from lyceum_devstack.demo.kafka import Offsets, Publisher, end_of, position_of, read_all, refuse_unreachable
from lyceum_devstack.demo.plan import Outgoing
from lyceum_devstack.errors import ServerError

TOPIC, PARTITIONS = "purchases", 3


@pytest.fixture(scope="module")
def cluster() -> Iterator[MockCluster]:
    with MockCluster() as cluster:
        cluster.create_topic(TOPIC, PARTITIONS)
        cluster.create_topic("empty", PARTITIONS)
        cluster.create_topic("shared", PARTITIONS)
        yield cluster


def outgoing(number: int) -> Outgoing:
    value = None if number == 3 else f"value {number}".encode()
    return Outgoing(f"e{number}", f"key {number % 5}".encode(), value, (("ce_id", b"\xff"),), fact=None)


def test_records_are_found_where_the_acknowledgement_says(cluster: MockCluster) -> None:
    sent = Publisher(cluster.bootstrap, TOPIC).publish([outgoing(number) for number in range(40)])
    read = {position_of(message): message for message in read_all(cluster.bootstrap, TOPIC, PARTITIONS)}
    assert len(read) == len(sent) == 40
    for record in sent:
        message = read[record.position]
        assert (message.key(), message.value()) == (record.key, record.value)
        assert message.headers() == [("ce_id", b"\xff")]
    for key in {record.key for record in sent}:
        lane = [record.position for record in sent if record.key == key]
        assert lane == sorted(lane), "records of one key keep their order"
        assert len({position.partition for position in lane}) == 1


async def test_a_key_goes_where_the_platform_puts_it(cluster: MockCluster) -> None:
    keys = [f"key {number}".encode() for number in range(12)]
    publisher = KafkaBroker(KafkaSettings(bootstrap_servers=cluster.bootstrap)).publisher()
    try:
        for key in keys:
            await (await publisher.send("shared", key=key, value=b"first", headers=[]))
    finally:
        await publisher.close(timeout_s=5.0)

    again = [Outgoing(None, key, b"again", (), fact=None) for key in keys]
    await asyncio.to_thread(Publisher(cluster.bootstrap, "shared").publish, again)

    places: dict[bytes, set[int]] = {}
    for message in await asyncio.to_thread(lambda: list(read_all(cluster.bootstrap, "shared", PARTITIONS))):
        places.setdefault(message.key() or b"", set()).add(position_of(message).partition)
    assert {key: len(partitions) for key, partitions in places.items()} == dict.fromkeys(keys, 1)


def test_an_empty_topic_reads_as_nothing(cluster: MockCluster) -> None:
    assert list(read_all(cluster.bootstrap, "empty", PARTITIONS)) == []


def test_a_group_that_never_committed_stands_at_the_start(cluster: MockCluster) -> None:
    offsets = Offsets(cluster.bootstrap, "nobody", TOPIC)
    try:
        assert offsets.committed(PARTITIONS) == {0: 0, 1: 0, 2: 0}
    finally:
        offsets.close()


def test_an_unreachable_server_is_named_in_time() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(ServerError, match=address):
            refuse_unreachable(address, within_s=1.0)
        assert time.monotonic() - started < 3


class Reader:
    """Answers with these, one after the other, and then again with the last."""

    def __init__(self, *answers: int) -> None:
        self._answers = list(answers)

    def get_watermark_offsets(self, *_: Any, **__: Any) -> tuple[int, int]:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer < 0:
            return 0, -answer
        raise KafkaException(KafkaError(answer))


def test_a_topic_whose_leader_is_not_known_yet_is_asked_again() -> None:
    reader: Any = Reader(KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, -7)
    assert end_of(reader, TOPIC, 0) == 7


@pytest.mark.parametrize("code", [KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.TOPIC_AUTHORIZATION_FAILED])
def test_a_topic_that_stays_silent_is_named(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    monkeypatch.setattr(kafka, "ANSWER_WITHIN_S", 0.2)
    reader: Any = Reader(code)
    with pytest.raises(ServerError, match="how long topic purchases is"):
        end_of(reader, TOPIC, 0)

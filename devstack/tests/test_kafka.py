"""The demo's Kafka client against a cluster: what was published can be found again, and silence has a limit."""

import socket
import time
from collections.abc import Iterator

import pytest

from keylane.testing import MockCluster
from lyceum_devstack.demo.kafka import Offsets, Publisher, position_of, read_all, refuse_unreachable
from lyceum_devstack.demo.plan import Outgoing
from lyceum_devstack.errors import ServerError

TOPIC, PARTITIONS = "purchases", 3


@pytest.fixture(scope="module")
def cluster() -> Iterator[MockCluster]:
    with MockCluster() as cluster:
        cluster.create_topic(TOPIC, PARTITIONS)
        cluster.create_topic("empty", PARTITIONS)
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

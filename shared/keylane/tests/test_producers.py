"""A producer that had a failure is replaced, so that a refused record never refuses those behind it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from keylane import BrokerUnavailableError, KafkaSettings, TopicSpec, ensure_topics
from keylane.kafka import KafkaBroker
from keylane.producers import Producers
from keylane.testing import API_PRODUCE, MockCluster, until

if TYPE_CHECKING:
    from keylane.testing import Rig

TOO_LARGE = 10


class Producer:
    """What aiokafka's producer does, as far as it is used."""

    def __init__(self) -> None:
        self.sent: list[asyncio.Future[None]] = []
        self.stopped = False
        self.refuses = False

    async def start(self) -> None: ...

    async def send(self, topic: str, **_: Any) -> asyncio.Future[None]:
        if self.refuses:
            raise MessageSizeTooLargeError
        self.sent.append(asyncio.get_running_loop().create_future())
        return self.sent[-1]

    async def stop(self) -> None:
        assert all(future.done() for future in self.sent), "stopped while it may yet write a record"
        self.stopped = True


class Stage:
    def __init__(self) -> None:
        self.built: list[Producer] = []
        self.producers = Producers(self._build)

    def _build(self) -> Producer:
        self.built.append(Producer())
        return self.built[-1]


async def test_a_failed_record_ends_its_producer_once_all_its_records_are_settled() -> None:
    stage = Stage()
    failing, pending = await stage.producers.send("t"), await stage.producers.send("t")
    failing.set_exception(MessageSizeTooLargeError())
    await asyncio.sleep(0)
    third = await stage.producers.send("t")
    first, second = stage.built

    assert third is second.sent[0], "a new producer took it"
    assert not first.stopped
    pending.set_result(None)
    await until(lambda: first.stopped)
    third.set_result(None)
    await stage.producers.close(timeout_s=1)
    assert second.stopped


async def test_a_producer_that_takes_nothing_any_more_is_replaced() -> None:
    stage = Stage()
    sent = await stage.producers.send("t")
    sent.set_result(None)
    await asyncio.sleep(0)
    stage.built[0].refuses = True
    with pytest.raises(MessageSizeTooLargeError):
        await stage.producers.send("t")
    (await stage.producers.send("t")).set_result(None)

    assert len(stage.built) == 2
    await until(lambda: stage.built[0].stopped)


async def test_one_without_a_failure_is_kept() -> None:
    stage = Stage()
    for _ in range(10):
        (await stage.producers.send("t")).set_result(None)

    assert len(stage.built) == 1


async def test_a_refused_record_does_not_refuse_those_behind_it(mock: Rig, cluster: MockCluster) -> None:
    publisher = KafkaBroker(mock.settings).publisher()
    record: dict[str, Any] = {"key": b"k", "value": b"v", "headers": []}
    await (await publisher.send(mock.topic, **record))
    cluster.fail_next(API_PRODUCE, [TOO_LARGE])
    with pytest.raises(BrokerUnavailableError):
        await (await publisher.send(mock.topic, **record))
    cluster.clear_failures(API_PRODUCE)
    await (await publisher.send(mock.topic, **record))
    await publisher.close(timeout_s=2)

    assert len(await mock.read(mock.topic, 2)) == 2


@pytest.mark.wire
async def test_a_broker_takes_records_behind_one_that_it_refused(kafka: Rig) -> None:
    """As the mock cluster checks no sequence numbers."""
    topic = f"{kafka.topic}.small"
    await ensure_topics(kafka.settings, [TopicSpec(topic, 1, config={"max.message.bytes": "1000"})])
    publisher = KafkaBroker(kafka.settings).publisher()
    await (await publisher.send(topic, key=b"k", value=b"1", headers=[]))
    with pytest.raises(BrokerUnavailableError):
        await (await publisher.send(topic, key=b"k", value=b"x" * 5_000, headers=[]))
    for value in (b"2", b"3"):
        await (await publisher.send(topic, key=b"k", value=value, headers=[]))
    await publisher.close(timeout_s=2)

    assert [record.value for record in await kafka.read(topic, 3)] == [b"1", b"2", b"3"]


@pytest.mark.wire
async def test_a_send_to_a_topic_that_is_missing_says_so(kafka: Rig) -> None:
    impatient = replace(kafka.settings, request_timeout=timedelta(seconds=0.5))

    assert "no broker has told of this topic: is it missing?" in await refusal(impatient)


async def test_of_a_broker_that_is_away_nobody_says_that_it_has_no_such_topic() -> None:
    away = KafkaSettings(bootstrap_servers="127.0.0.1:1", request_timeout=timedelta(seconds=0.5))

    assert "missing" not in await refusal(away)


async def refusal(settings: KafkaSettings) -> str:
    publisher = KafkaBroker(settings).publisher()
    try:
        with pytest.raises(BrokerUnavailableError) as error:
            await publisher.send("absent", key=None, value=b"", headers=[])
    finally:
        await publisher.close(timeout_s=10)
    return str(error.value)

"""What only a real broker does: sequence numbers, static membership, commits amid a rebalance that takes long."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.produce import ProduceRequest

from keylane import MemoryInbox, Message
from keylane.kafka import KafkaBroker
from keylane.testing import until

if TYPE_CHECKING:
    from keylane.testing import Rig

pytestmark = pytest.mark.wire


async def test_a_lost_acknowledgement_leaves_one_record(kafka: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker has written it, the reply is cut off, the client sends it again: the sequence number tells."""
    real = AIOKafkaConnection.send
    produced: list[str] = []

    async def lost(connection: AIOKafkaConnection, answer: Any) -> None:
        await answer
        connection.close(reason=None)
        raise KafkaConnectionError("the reply was cut off")

    def send(connection: AIOKafkaConnection, request: Any, *args: Any, **named: Any) -> Any:
        answer = real(connection, request, *args, **named)
        if not isinstance(request, ProduceRequest):
            return answer
        produced.append("sent")
        return lost(connection, answer) if len(produced) <= 2 else answer

    monkeypatch.setattr(AIOKafkaConnection, "send", send)
    await kafka.publish("e", data={})

    assert len(produced) == 3, "nothing was lost"
    assert len(await kafka.read(kafka.topic, 1)) == 1


def static(rig: Rig, name: str, **changes: Any) -> dict[str, Any]:
    settings = dataclasses.replace(rig.settings, group_instance_id=name, **changes)
    return {"settings": settings, "broker": KafkaBroker(settings)}


async def test_a_static_member_that_restarts_keeps_its_partitions_and_its_peer_its_peace(
    kafka: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "keylane")
    inbox = MemoryInbox()
    runs: list[str] = []
    handlers = {"made": lambda message: runs.append(message.id)}

    def rebalances() -> int:
        return [getattr(record, "action", "") for record in caplog.records].count("assigned")

    peer = kafka.start(handlers, inbox=inbox, **static(kafka, "peer"))
    await until(lambda: peer.ready)
    first = kafka.start(handlers, inbox=inbox, **static(kafka, "restarted"))
    await until(lambda: first.ready and rebalances() == 3, what="both to own their share")
    await first.stop()
    second = kafka.start(handlers, inbox=inbox, **static(kafka, "restarted"))
    await until(lambda: second.ready)
    for number in range(40):
        await kafka.publish(f"e{number}", key=f"k{number}", data={})
    await until(lambda: len(runs) == 40)

    assert rebalances() == 4, "only the one that restarted was assigned anew"
    assert peer.counts.done > 0
    assert second.counts.done > 0


async def test_a_member_that_joins_while_another_drains_for_longer_than_a_request_takes(kafka: Rig) -> None:
    settings = dataclasses.replace(
        kafka.settings, drain_timeout=timedelta(seconds=4), request_timeout=timedelta(seconds=1)
    )
    options: dict[str, Any] = {"settings": settings, "inbox": MemoryInbox()}
    running = asyncio.Event()
    runs: list[str] = []

    async def handle(message: Message) -> None:
        runs.append(message.id)
        if message.id == "slow":
            running.set()
            await asyncio.sleep(2.5)

    await kafka.publish("slow", key="slow", data={})
    one = kafka.start({"made": handle}, broker=KafkaBroker(settings), **options)
    await asyncio.wait_for(running.wait(), 15)
    other = kafka.start({"made": handle}, broker=KafkaBroker(settings), **options)
    await until(lambda: other.ready, timeout_s=10)
    for number in range(40):
        await kafka.publish(f"e{number}", key=f"k{number}", data={})
    await until(lambda: one.counts.done + other.counts.done == 41, timeout_s=10)

    assert len(runs) == 41
    assert other.counts.done > 0

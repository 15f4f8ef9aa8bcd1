"""A client that ends in any state leaves no connection open and nothing for the loop's end to complain about."""

from __future__ import annotations

import asyncio
import gc
import signal
import uuid
import warnings
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.conn import AIOKafkaConnection

from keylane import BrokerUnavailableError, KafkaSettings, MemoryInbox, Worker, missing_topics
from keylane.kafka import KafkaBroker
from keylane.testing import MockCluster

if TYPE_CHECKING:
    from collections.abc import Coroutine

FROZEN_MS = 60_000
LOOK, START = 1, 2
"""Which metadata request: of the worker's first look at its topics, or of its consumer's start."""


def settings_of(cluster: MockCluster) -> KafkaSettings:
    return KafkaSettings(
        bootstrap_servers=cluster.bootstrap,
        request_timeout=timedelta(seconds=2),
        heartbeat_interval=timedelta(milliseconds=100),
        drain_timeout=timedelta(milliseconds=100),
        stop_timeout=timedelta(seconds=1),
    )


def run_and_collect(work: Coroutine[Any, Any, None]) -> list[str]:
    """Run it in a loop of its own; what Python and the client complain about until the loop's end."""
    gc.collect()
    complaints: list[str] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["message"]))
        await work

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(watched())
        gc.collect()
    return complaints + [str(one.message) for one in caught if issubclass(one.category, ResourceWarning)]


@pytest.mark.parametrize(
    ("request_name", "time"),
    [
        ("ApiVersionRequest", LOOK),
        ("MetadataRequest", LOOK),
        ("MetadataRequest", START),
        ("FindCoordinatorRequest", 1),
        ("JoinGroupRequest", 1),
        ("SyncGroupRequest", 1),
        ("OffsetFetchRequest", 1),
        ("FetchRequest", 1),
        ("HeartbeatRequest", 1),
    ],
)
def test_a_worker_that_stops_while_a_request_hangs_closes_everything(
    cluster: MockCluster, monkeypatch: pytest.MonkeyPatch, request_name: str, time: int
) -> None:
    topic = f"leak-{uuid.uuid4().hex[:8]}"
    for name in (topic, f"{topic}.{topic}.dlq", f"{topic}.{topic}.replay"):
        cluster.create_topic(name, 1)
    sent: list[str] = []

    async def work() -> None:
        reached = asyncio.Event()

        def send(connection: Any, request: Any, *args: Any, **named: Any) -> Any:
            sent.append(type(request).__name__)
            if sent.count(request_name) == time and not reached.is_set():
                cluster.set_round_trip(FROZEN_MS)
                reached.set()
            return real(connection, request, *args, **named)

        real = AIOKafkaConnection.send
        monkeypatch.setattr(AIOKafkaConnection, "send", send)
        worker = Worker(topic, [topic], {"made": print}, inbox=MemoryInbox(), settings=settings_of(cluster))
        running = asyncio.create_task(worker.run())
        await asyncio.wait_for(reached.wait(), 10)
        await asyncio.sleep(0.01)  # the request is on its way
        await worker.stop()
        await running

    try:
        complaints = run_and_collect(work())
    finally:
        cluster.set_round_trip(0)
    assert complaints == []


def test_a_first_look_that_runs_out_of_time_closes_its_connection(cluster: MockCluster) -> None:
    async def work() -> None:
        cluster.set_round_trip(400)  # the versions arrive in time, the metadata does not
        settings = KafkaSettings(bootstrap_servers=cluster.bootstrap, request_timeout=timedelta(milliseconds=600))
        with pytest.raises(BrokerUnavailableError):
            await missing_topics(settings, ["t"])

    try:
        assert run_and_collect(work()) == []
    finally:
        cluster.set_round_trip(0)


def test_a_publisher_whose_broker_takes_no_more_bytes_closes_its_connection() -> None:
    async def work() -> None:
        publisher = KafkaBroker(settings_of(cluster)).publisher()
        await (await publisher.send("t", key=None, value=b"first", headers=[]))
        cluster._process.send_signal(signal.SIGSTOP)
        for _ in range(2):
            await publisher.send("t", key=None, value=b"x" * 8_000_000, headers=[])
        await asyncio.sleep(0.1)  # more than a socket's buffer is written
        await publisher.close(timeout_s=0.3)

    with MockCluster() as cluster:
        cluster.create_topic("t", 1)
        try:
            assert run_and_collect(work()) == []
        finally:
            cluster._process.send_signal(signal.SIGCONT)

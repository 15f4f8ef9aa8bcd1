"""One rig over three brokers: in memory, the mock cluster, and (marked wire) a real Kafka."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.consumer.group_coordinator import CoordinatorGroupRebalance

from keylane import KafkaSettings, TopicSpec, ensure_topics
from keylane.kafka import KafkaBroker
from keylane.testing import InMemoryBroker, MockCluster, Rig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

PARTITIONS = 4
numbers = itertools.count()


@pytest.fixture(scope="session")
def cluster() -> Iterator[MockCluster]:
    with MockCluster() as running:
        yield running


def settings_for(bootstrap: str, **changes: Any) -> KafkaSettings:
    """Settings that make tests fast: short sessions, frequent commits."""
    fast = {
        "session_timeout": timedelta(seconds=2),
        "heartbeat_interval": timedelta(milliseconds=300),
        "drain_timeout": timedelta(seconds=0.5),
        "stop_timeout": timedelta(seconds=6),
        "request_timeout": timedelta(seconds=3),
        "commit_interval": timedelta(milliseconds=20),
    }
    return KafkaSettings(bootstrap_servers=bootstrap, **{**fast, **changes})


async def _kafka_rig(bootstrap: str) -> Rig:
    settings = settings_for(bootstrap)
    topic = f"t{os.getpid()}-{next(numbers)}-{uuid.uuid4().hex[:6]}"
    broker = KafkaBroker(settings)
    return Rig(broker, settings, topic, broker.publisher(), group=f"g-{topic}")


@contextlib.asynccontextmanager
async def rig_on(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """A rig on one of the three brokers."""
    if kind == "memory":
        broker = InMemoryBroker()
        rig = Rig(broker, settings_for("memory:1"), "t", broker.publisher())
        for name in rig.topics:
            broker.create_topic(name, PARTITIONS)
    elif kind == "mock":
        cluster: MockCluster = request.getfixturevalue("cluster")
        rig = await _kafka_rig(cluster.bootstrap)
        for name in rig.topics:
            cluster.create_topic(name, PARTITIONS)
    else:
        rig = await _kafka_rig(os.environ["KAFKA_BOOTSTRAP"])  # noqa: TID251  the wire tests' one setting
        spec = TopicSpec(rig.topic, PARTITIONS)
        await ensure_topics(rig.settings, [spec, spec.dead_letters(rig.group), spec.replays(rig.group)])
    try:
        yield rig
    finally:
        await rig.stop()
        await rig.publisher.close(timeout_s=2.0)


@pytest.fixture(params=["memory", "mock", pytest.param("kafka", marks=pytest.mark.wire)])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """The same promise on every broker."""
    async with rig_on(request.param, request) as made:
        yield made


@pytest.fixture
async def memory(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """For promises of the runtime alone."""
    async with rig_on("memory", request) as made:
        yield made


@pytest.fixture
async def mock(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """For promises about the client and the protocol."""
    async with rig_on("mock", request) as made:
        yield made


@pytest.fixture
async def kafka(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """For promises that only a real broker can keep; such tests are marked wire."""
    async with rig_on("kafka", request) as made:
        yield made


@pytest.fixture
def patient_leader(monkeypatch: pytest.MonkeyPatch) -> None:
    """For two members in one loop: the mock cluster refuses a follower that syncs after the leader, so it waits."""
    real = CoordinatorGroupRebalance._on_join_leader

    async def later(rebalance: Any, response: Any) -> Any:
        await asyncio.sleep(0.05)
        return await real(rebalance, response)

    monkeypatch.setattr(CoordinatorGroupRebalance, "_on_join_leader", later)

"""I8 and I10: stopping, revoking and broken brokers."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from keylane import ConfigurationError, KafkaSettings, MemoryInbox, Message, RetryPolicy, Worker
from keylane.broker import TopicPartition
from keylane.errors import StoreUnavailableError
from keylane.kafka import KafkaBroker
from keylane.testing import FaultyInbox, InMemoryBroker, MockCluster, Rig, until
from keylane.testing.memory_broker import MemorySubscription

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def own(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Rig, MockCluster]]:
    """A rig on a cluster of its own, which may be broken."""
    with MockCluster() as cluster:
        settings = KafkaSettings(
            bootstrap_servers=cluster.bootstrap,
            session_timeout=timedelta(seconds=2),
            heartbeat_interval=timedelta(milliseconds=300),
            drain_timeout=timedelta(milliseconds=500),
            stop_timeout=timedelta(seconds=3),
            request_timeout=timedelta(seconds=2),
            commit_interval=timedelta(milliseconds=20),
        )
        broker = KafkaBroker(settings)
        rig = Rig(broker, settings, "t", broker.publisher())
        for name in rig.topics:
            cluster.create_topic(name, 4)
        yield rig, cluster
        await rig.stop()
        await rig.publisher.close(timeout_s=1)


def client_tasks() -> set[str]:
    """Tasks of the Kafka client that are still running."""
    found = (repr(task.get_coro()) for task in asyncio.all_tasks() if task is not asyncio.current_task())
    return {coro for coro in found if any(part in coro for part in ("Kafka", "Coordinator", "Fetcher", "Sender"))}


@pytest.mark.parametrize("state", ["down", "frozen"])
async def test_stop_keeps_its_deadline_while_the_broker_is_away_and_leaves_no_task(
    own: tuple[Rig, MockCluster], state: str
) -> None:
    rig, cluster = own
    running, gate = asyncio.Event(), asyncio.Event()

    async def handle(message: Message) -> None:
        if message.id == "hang":
            running.set()
            await gate.wait()
        elif message.id == "bad":
            raise ValueError("its letter cannot be written")

    await rig.publish("bad", key="b", data={})
    await rig.publish("hang", key="h", data={})
    await rig.publisher.close(timeout_s=1)
    worker = rig.worker({"made": handle})
    task = asyncio.create_task(worker.run())
    await asyncio.wait_for(running.wait(), 15)
    if state == "down":
        cluster.set_down()
    else:
        cluster.set_round_trip(60_000)
    started = time.monotonic()
    await worker.stop()
    took = time.monotonic() - started
    await task

    assert took < 3.0 + 1.0, "stop() must return within stop_timeout"
    assert client_tasks() == set()


async def test_stop_returns_while_the_broker_was_never_there(memory: Rig) -> None:
    settings = KafkaSettings(bootstrap_servers="127.0.0.1:1", request_timeout=timedelta(seconds=1))
    worker = Worker("g", ["t"], {"made": lambda _: None}, inbox=MemoryInbox(), settings=settings)
    task = asyncio.create_task(worker.run())
    await until(lambda: "127.0.0.1:1" in worker.why_unready)
    assert not worker.ready
    assert worker.alive, "waiting is no reason to be restarted"
    started = time.monotonic()
    await worker.stop()
    await task

    assert time.monotonic() - started < 3


@pytest.mark.parametrize("call", ["partitions", "start", "poll"])
async def test_stop_waits_for_no_answer_of_the_broker(memory: Rig, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """As a poll during a rebalance that cannot end, or a first look at a broker that is frozen."""
    asked = asyncio.Event()

    async def never(*_: object, **__: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(InMemoryBroker if call == "partitions" else MemorySubscription, call, never)
    worker = memory.start({"made": lambda _: None})
    await asyncio.wait_for(asked.wait(), 10)
    started = time.monotonic()
    await memory.stop()

    assert time.monotonic() - started < memory.settings.stop_timeout.total_seconds() / 2
    assert worker.alive


async def test_a_client_that_cancels_its_own_call_is_a_broker_that_is_away(
    memory: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gives_up(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as broken:
        broken.setattr(MemorySubscription, "poll", gives_up)
        worker = memory.start({"made": lambda _: None})
        await until(lambda: "gave up" in worker.why_unready)
    await until(lambda: worker.ready)


async def test_a_broker_that_goes_and_comes_back_costs_no_attempt_and_no_record(own: tuple[Rig, MockCluster]) -> None:
    rig, cluster = own
    inbox = MemoryInbox()
    attempts: list[int] = []
    for number in range(20):
        await rig.publish(f"e{number}", key=f"k{number}", data={})
    worker = rig.start({"made": lambda message: attempts.append(message.attempt)}, inbox=inbox)
    await until(lambda: worker.counts.done == 20)
    cluster.set_down()
    await asyncio.sleep(1.0)
    cluster.set_up()
    for number in range(20, 40):
        await rig.publish(f"e{number}", key=f"k{number}", data={})
    await until(lambda: worker.counts.done == 40)

    assert attempts == [1] * 40
    assert worker.counts.failed == 0


async def test_a_missing_topic_ends_the_start_with_one_clear_line(mock: Rig) -> None:
    worker = Worker("g", ["absent"], {"made": lambda _: None}, inbox=MemoryInbox(), settings=mock.settings)
    with pytest.raises(
        ConfigurationError, match=r"^missing topic absent, absent\.g\.replay, absent\.g\.dlq: create it"
    ):
        await worker.run()


async def test_cancelling_run_stops_the_worker(memory: Rig) -> None:
    worker = memory.worker({"made": lambda _: None})
    task = asyncio.create_task(worker.run())
    await until(lambda: worker.ready)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert memory.broker._group(memory.group).members == []  # type: ignore[attr-defined]  # the in-memory broker's


async def test_a_thread_that_outlives_the_drain_keeps_its_claim_and_its_outcome(memory: Rig) -> None:
    inbox = MemoryInbox()
    gate = threading.Event()
    runs: list[str] = []

    def handle(message: Message) -> None:
        runs.append(message.id)
        assert gate.wait(20)

    await memory.publish("e", data={})
    worker = memory.start({"made": handle}, inbox=inbox)
    await until(lambda: runs)
    membership = worker._membership
    assert membership is not None
    partitions = list(membership.owned)
    await membership.revoked(partitions)
    await membership.assigned(partitions)
    key = f"{memory.group}:e"
    assert inbox._entries[key].owner, "another owner could run it beside the thread"
    gate.set()
    await until(lambda: inbox._entries[key].state == "done")

    assert inbox._entries[key].attempts == 0
    assert runs == ["e"]


async def test_partitions_move_to_a_second_worker_and_back_without_a_second_effect(memory: Rig) -> None:
    inbox = MemoryInbox()
    effects: list[str] = []
    order: dict[bytes | None, list[int]] = {}

    async def handle(message: Message) -> None:
        await asyncio.sleep(0.002)
        effects.append(message.id)
        order.setdefault(message.key, []).append(message.data["n"])

    async def publish(start: int) -> None:
        for number in range(start, start + 100):
            await memory.publish(f"e{number}", key=f"k{number % 9}", data={"n": number})

    await publish(0)
    first = memory.start({"made": handle}, inbox=inbox)
    await until(lambda: first.counts.done > 10)
    second = memory.start({"made": handle}, inbox=inbox)
    await publish(100)
    await until(lambda: second.counts.done > 10)
    await second.stop()
    await publish(200)
    await until(lambda: first.counts.done + second.counts.done == 300)
    await first.stop()

    assert sorted(effects) == sorted(f"e{number}" for number in range(300))
    assert all(numbers == sorted(numbers) for numbers in order.values())
    commits_only_grow(memory)


async def test_offsets_with_gaps_are_committed_to_the_end(memory: Rig) -> None:
    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    for number in range(5):
        await memory.publish(f"e{number}", data={})
        for partition in range(4):
            broker.skip_offsets(memory.topic, partition, 3)
    worker = memory.start({"made": lambda _: None})
    await until(lambda: worker.counts.done == 5)
    last = broker.records(memory.topic)[-1]
    behind = last.offset + 1 + 3  # the position: a lag that is told from the last record would never reach 0
    await until(lambda: broker.committed(memory.group).get(worker_tp(last.topic, last.partition)) == behind)
    await memory.stop()


async def test_refused_commits_are_survived_and_made_good(memory: Rig) -> None:
    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    broker.refuse_commits(1)
    await memory.publish("e", data={})
    worker = memory.start({"made": lambda _: None})
    await until(lambda: worker.counts.done == 1)
    await until(lambda: sum(broker.committed(memory.group).values()) == 1, timeout_s=5)


async def test_a_handler_cut_short_by_a_revoke_gives_its_claim_back(memory: Rig) -> None:
    inbox = FaultyInbox(MemoryInbox())
    running = asyncio.Event()

    async def handle(message: Message) -> None:
        running.set()
        if message.fence == 1:
            await asyncio.sleep(60)

    await memory.publish("e", data={})
    worker = memory.start({"made": handle}, inbox=inbox)
    await asyncio.wait_for(running.wait(), 10)
    other = memory.start({"made": handle}, inbox=inbox)
    await until(lambda: worker.counts.done + other.counts.done == 1, timeout_s=10)

    assert worker.counts.failed + other.counts.failed == 0
    assert inbox.calls["release"] == 1


def commits_only_grow(rig: Rig) -> None:
    assert isinstance(rig.broker, InMemoryBroker)
    seen: dict[object, int] = {}
    for group, tp, offset in rig.broker.commits:
        assert offset >= seen.get((group, tp), -1), f"{tp} was committed back"
        seen[group, tp] = offset


def worker_tp(topic: str, partition: int) -> TopicPartition:
    return TopicPartition(topic, partition)


async def test_a_stop_leaves_no_task_that_waits_for_the_store(memory: Rig) -> None:
    """The runs are over, and the store hangs as their outcomes are told to it for the last time."""
    inbox, hangs = FaultyInbox(MemoryInbox()), asyncio.Event()

    async def away_then_hanging() -> None:
        if not hangs.is_set():
            raise StoreUnavailableError("away")
        await asyncio.Event().wait()

    inbox.before("finish", away_then_hanging)

    async def handle(_: Message) -> None:
        await asyncio.sleep(0)

    before = asyncio.all_tasks()
    worker = memory.start({"made": handle}, inbox=inbox, retry=RetryPolicy(outages_to_open=1_000))
    for number in range(20):
        await memory.publish(f"e{number}", key=f"k{number}", data={})
    await until(lambda: worker.standing().parked == 20)
    hangs.set()
    await memory.stop()

    assert asyncio.all_tasks() == before

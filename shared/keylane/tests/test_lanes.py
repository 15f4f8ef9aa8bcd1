"""What a hand-over stops: queued heads, heads that are being claimed, and nothing beside them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from keylane import MemoryInbox, Message
from keylane.broker import TopicPartition
from keylane.lane import Lane, Outcome
from keylane.lanes import SLICE_S, Lanes
from keylane.partition import MAX_HELD_BYTES, Partition
from keylane.testing import FaultyInbox, InMemoryBroker, MemoryRecord, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keylane.broker import Record
    from keylane.testing import Rig


def record(offset: int, *, value: bytes = b"") -> MemoryRecord:
    return MemoryRecord("t", 0, offset, 0, b"k%d" % offset, value, ())


async def test_nothing_queued_of_a_withdrawn_partition_starts() -> None:
    """One runner is busy; what waits behind it, and what a poll under way still brings, must not run after it."""
    ran: list[tuple[TopicPartition, int]] = []
    gate = asyncio.Event()

    async def run(lane: Lane) -> Outcome:
        ran.append((lane.partition.tp, lane.queue[0].offset))
        await gate.wait()
        return Outcome.COMPLETED

    going, staying = Partition(TopicPartition("t", 0)), Partition(TopicPartition("t", 1))
    lanes = Lanes(run, concurrency=1)
    lanes.offer(going, [record(0), record(1)])
    lanes.offer(staying, [record(2)])
    await until(lambda: ran)
    lanes.withdraw([going])
    lanes.offer(going, [record(3)])
    gate.set()
    await until(lambda: len(ran) > 1)
    await lanes.close()

    assert ran == [(going.tp, 0), (staying.tp, 2)]
    assert going.watermark == 1, "what did run counts until the hand-over's commit"


async def test_what_still_comes_for_a_withdrawn_partition_takes_no_shorter_way() -> None:
    taken: list[TopicPartition] = []

    def swift(records: Sequence[Record], *_: object) -> tuple[int, None]:
        taken.extend(TopicPartition(one.topic, one.partition) for one in records)
        return len(records), None

    async def run(_: Lane) -> Outcome:
        raise AssertionError("all of it is finished at once")

    going, staying = Partition(TopicPartition("t", 1)), Partition(TopicPartition("t", 0))
    lanes = Lanes(run, swift=swift)
    lanes.withdraw([going])
    lanes.offer(going, [MemoryRecord("t", 1, 0, 0, b"k", b"", ())])
    lanes.offer(staying, [record(0)])
    await until(lambda: staying.watermark == 1)
    await lanes.close()

    assert (taken, going.watermark) == ([staying.tp], None)


async def test_what_was_held_of_a_partition_is_given_back_in_full() -> None:
    """Batches that come while others wait are counted as a whole, then record by record; else it would pause for ever."""
    gate = asyncio.Event()

    async def run(_: Lane) -> Outcome:
        await gate.wait()
        return Outcome.COMPLETED

    partition = Partition(TopicPartition("t", 0))
    lanes = Lanes(run, concurrency=1)
    for first in range(0, 40, 4):
        lanes.offer(
            partition, [record(offset, value=b"x" * (MAX_HELD_BYTES // 30)) for offset in range(first, first + 4)]
        )
    assert partition.full
    gate.set()
    await until(lambda: partition.watermark == 40)
    await lanes.close()

    assert (partition.full, partition.has_room, partition.unfinished) == (False, True, 0)


async def test_a_lane_that_gets_ready_in_the_very_moment_the_last_runner_ends_is_run() -> None:
    """The runner gives way after a long slice; a pause of nothing ends in the same round of the loop as the runner."""
    runs: list[int] = []

    async def run(lane: Lane) -> Outcome | float:
        runs.append(lane.queue[0].offset)
        if len(runs) == 1:
            time.sleep(SLICE_S * 2)  # noqa: ASYNC251  a handler that takes more than its slice
            return 0.0
        return Outcome.COMPLETED

    lanes = Lanes(run, concurrency=1)
    lanes.offer(Partition(TopicPartition("t", 0)), [record(0)])
    await until(lambda: len(runs) == 2, timeout_s=5)
    await lanes.close()


@pytest.mark.parametrize("concurrency", [1, 3, 50])
async def test_heads_that_suspend_get_as_many_runners_as_they_may(concurrency: int) -> None:
    running, most = 0, 0

    async def run(_: Lane) -> Outcome:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        return Outcome.COMPLETED

    partition = Partition(TopicPartition("t", 0))
    lanes = Lanes(run, concurrency=concurrency)
    lanes.offer(partition, [record(offset) for offset in range(80)])
    await until(lambda: partition.watermark == 80)

    assert most == concurrency
    await until(lambda: not lanes._runners)


async def test_a_handler_does_not_start_once_its_partition_is_handed_over(memory: Rig) -> None:
    """The claim was under way when the hand-over interrupted the lane: it is given back, uncounted."""
    store = MemoryInbox()
    inbox = FaultyInbox(store)
    gate = asyncio.Event()
    inbox.after("claim", gate.wait)
    runs: list[str] = []
    await memory.publish("e", data={})
    worker = memory.start({"made": lambda message: runs.append(message.id)}, inbox=inbox)
    await until(lambda: inbox.calls["claim"] == 1)
    membership = worker._membership
    assert membership is not None
    handing = asyncio.create_task(membership.revoked(list(membership.owned)))
    (lane,) = worker._lanes._running
    await until(lambda: lane.interrupted)
    gate.set()
    await handing
    entry = store._entries[f"{memory.group}:e"]

    assert runs == []
    assert (entry.state, entry.owner, entry.attempts, entry.claims) == ("pending", "", 0, 0)


async def test_a_runner_that_was_interrupted_is_as_good_as_new(memory: Rig) -> None:
    """Else libraries that count cancellations (anyio's scopes do) take the next handler in it for a cancelled one."""
    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    running = asyncio.Event()
    cancellations: list[int] = []

    async def handle(message: Message) -> None:
        if message.id == "long":
            running.set()
            await asyncio.Event().wait()
        task = asyncio.current_task()
        assert task is not None
        cancellations.append(task.cancelling())

    worker = memory.start({"made": handle}, concurrency=1)
    await until(lambda: worker.ready)
    for partition, id_ in enumerate((b"long", b"next")):
        headers = [("ce_id", id_), ("ce_type", b"made")]
        broker.append(memory.topic, key=b"k", value=b"{}", headers=headers, partition=partition)
        await asyncio.wait_for(running.wait(), 10)
    membership = worker._membership
    assert membership is not None
    await until(lambda: len(worker._lanes._intake) == 1)
    await membership.revoked([TopicPartition(memory.topic, 0)])
    await until(lambda: worker.counts.done == 1)

    assert cancellations == [0]

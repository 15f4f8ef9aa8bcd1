"""What a membership commits, and when it stops fetching."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from keylane import MemoryInbox, Message, Worker, membership, partition
from keylane.broker import TopicPartition
from keylane.commits import Commits
from keylane.errors import CommitRefusedError
from keylane.health import Health
from keylane.measures import Measures
from keylane.partition import Partition
from keylane.testing import InMemoryBroker, MemoryRecord, until
from keylane.testing.memory_broker import MemorySubscription

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from keylane.testing import Rig

TP = TopicPartition("t", 0)


class Subscription:
    """Notes commits; refuses them on demand."""

    def __init__(self) -> None:
        self.commits: list[Mapping[TopicPartition, int]] = []
        self.refuse = False

    async def start(self) -> None: ...
    async def poll(self, *, max_records: int, timeout_s: float) -> Mapping[TopicPartition, Sequence[MemoryRecord]]:
        return {}

    def end(self, tp: TopicPartition) -> int | None: ...
    def position(self, tp: TopicPartition) -> int | None: ...
    def pause(self, partitions: Iterable[TopicPartition]) -> None: ...
    def resume(self, partitions: Iterable[TopicPartition]) -> None: ...
    async def close(self, *, timeout_s: float) -> None: ...

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        if self.refuse:
            raise CommitRefusedError("on demand")
        self.commits.append(dict(offsets))


def finished(count: int) -> Partition:
    made = Partition(TP)
    for offset in range(count):
        record = MemoryRecord("t", 0, offset, 0, None, b"", ())
        made.came([record], 0.0)
        made.fetched(record)
        made.complete(record)
    return made


async def test_nothing_is_committed_for_a_partition_of_an_earlier_epoch() -> None:
    subscription, stale = Subscription(), finished(5)
    owned: dict[TopicPartition, Partition] = {TP: stale}
    commits = Commits(subscription, owned, Health("w"), Measures())
    owned[TP] = Partition(TP)
    await commits.commit([stale])
    del owned[TP]
    await commits.commit([stale])

    assert subscription.commits == []


async def test_an_offset_is_committed_once_and_again_after_a_refusal() -> None:
    subscription, mine = Subscription(), finished(5)
    commits = Commits(subscription, {TP: mine}, Health("w"), Measures())
    subscription.refuse = True
    await commits.commit([mine])
    subscription.refuse = False
    await commits.commit([mine])
    await commits.commit([mine])

    assert subscription.commits == [{TP: 5}]


async def test_what_was_finished_while_draining_is_committed_before_the_partitions_go(memory: Rig) -> None:
    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    running, gate = asyncio.Event(), asyncio.Event()

    async def handle(_: Message) -> None:
        running.set()
        await gate.wait()

    record = broker.append(memory.topic, key=b"k", value=b"{}", headers=[("ce_id", b"e"), ("ce_type", b"made")])
    worker = memory.start({"made": handle})
    await asyncio.wait_for(running.wait(), 10)
    membership = worker._membership
    assert membership is not None
    revoking = asyncio.create_task(membership.revoked(list(membership.owned)))
    await asyncio.sleep(0)
    gate.set()
    await revoking

    assert membership.owned == {}
    assert broker.committed(memory.group)[TopicPartition(memory.topic, record.partition)] == 1


async def test_a_stuck_key_bounds_what_may_be_delivered_again_and_the_rest_comes_later(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A partition fetched that far beyond its oldest unfinished record is paused, and resumed."""
    monkeypatch.setattr(partition, "MAX_SPAN_OFFSETS", 50)
    monkeypatch.setattr(membership, "POLL_RECORDS", 20)
    gate = asyncio.Event()

    async def handle(message: Message) -> None:
        if message.id == "stuck":
            await gate.wait()

    await rig.publish("stuck", key="stuck", data={})
    await asyncio.gather(*(rig.publish(f"e{number}", key=f"k{number}", data={}) for number in range(800)))
    worker = rig.start({"made": handle})
    await until(lambda: _paused(worker))
    others = 800 - 200 - 100  # the stuck partition holds about a quarter
    await until(lambda: worker.counts.done > others, what="the other partitions")
    (stuck,) = _paused(worker)
    assert 50 <= stuck._end + stuck.waiting <= 50 + 20, "no more than the bound and one poll"
    gate.set()
    await until(lambda: worker.counts.done == 801)


async def test_a_key_whose_records_queue_up_bounds_what_is_held_and_nothing_else_does(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I9: other keys of its partition go on, until the records behind the stuck one are as many as may be held."""
    monkeypatch.setattr(partition, "MAX_HELD_RECORDS", 50)
    monkeypatch.setattr(membership, "POLL_RECORDS", 20)
    gate = asyncio.Event()
    most = [0]

    async def handle(message: Message) -> None:
        most[0] = max(most[0], *(one.unfinished for one in _owned(worker)))
        if message.key == b"stuck":
            await gate.wait()

    await rig.publish("stuck", key="stuck", data={})
    await asyncio.gather(*(rig.publish(f"e{number}", key=f"k{number}", data={}) for number in range(800)))
    worker = rig.start({"made": handle})
    await until(lambda: worker.counts.done == 800)
    assert _paused(worker) == []
    await asyncio.gather(*(rig.publish(f"s{number}", key="stuck", data={}) for number in range(200)))
    await until(lambda: _paused(worker))
    gate.set()
    await until(lambda: worker.counts.done == 1_001)

    assert most[0] <= 50 + 20, "no more than the bound and one poll"


async def test_a_paused_partition_is_looked_at_often_as_no_poll_sees_that_it_has_room(
    memory: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its keys would stand still for the rest of a poll in which nothing can come."""
    monkeypatch.setattr(partition, "MAX_HELD_RECORDS", 4)
    gate, waits = asyncio.Event(), []
    poll = MemorySubscription.poll

    async def noted(self: MemorySubscription, *, max_records: int, timeout_s: float) -> Any:
        waits.append((bool(_paused(worker)), timeout_s))
        return await poll(self, max_records=max_records, timeout_s=timeout_s)

    async def handle(_: Message) -> None:
        await gate.wait()

    monkeypatch.setattr(MemorySubscription, "poll", noted)
    for number in range(5):
        await memory.publish(f"e{number}", key="k", data={})
    worker = memory.start({"made": handle})
    await until(lambda: _paused(worker) and len(waits) > 5)
    gate.set()
    await until(lambda: worker.counts.done == 5 and not waits[-1][0])

    assert set(waits) == {(False, membership.POLL_S), (True, membership.FULL_POLL_S)}


async def test_what_finishes_behind_a_stuck_key_is_no_more_than_the_inbox_remembers(
    memory: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I2: else all of it would run again after a hand-over, as each new mark pushes out the one that is asked next."""
    monkeypatch.setattr(membership, "POLL_RECORDS", 5)
    inbox, gate, runs = MemoryInbox(capacity=60), asyncio.Event(), Counter[str]()

    async def handle(message: Message) -> None:
        runs[message.id] += 1
        if message.id == "stuck":
            await gate.wait()

    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    for number in range(300):
        id_ = b"e%d" % number if number else b"stuck"
        headers = [("ce_id", id_), ("ce_type", b"made")]
        broker.append(memory.topic, key=id_, value=b"{}", headers=headers, partition=0)
    worker = memory.start({"made": handle}, inbox=inbox)
    await until(lambda: _paused(worker))
    assert [one.span for one in _paused(worker)] <= [60 // 2 + membership.POLL_RECORDS]
    await memory.stop()
    assert len(runs) > 20, "one stuck partition may use half of what is remembered"
    gate.set()
    again = memory.start({"made": handle}, inbox=inbox)
    await until(lambda: len(runs) == 300 and again.counts.done + again.counts.duplicate == 300)

    assert [id_ for id_, count in runs.items() if count > 1 and id_ != "stuck"] == []


async def test_partitions_that_are_stuck_together_share_what_the_inbox_remembers(
    memory: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "POLL_RECORDS", 5)
    gate = asyncio.Event()

    async def handle(message: Message) -> None:
        if message.id.startswith("stuck"):
            await gate.wait()

    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    for number in range(400):
        id_ = b"e%d" % number if number >= 4 else b"stuck%d" % number
        headers = [("ce_id", id_), ("ce_type", b"made")]
        broker.append(memory.topic, key=id_, value=b"{}", headers=headers, partition=number % 4)
    worker = memory.start({"made": handle}, inbox=MemoryInbox(capacity=120))
    await until(lambda: len(_paused(worker)) == 4)
    assert sum(one.span for one in _owned(worker)) <= 120
    gate.set()
    await until(lambda: worker.counts.done == 400)


@pytest.mark.parametrize("capacity", [1, 6])
async def test_an_inbox_that_remembers_next_to_nothing_stops_no_partition_for_good(
    memory: Rig, monkeypatch: pytest.MonkeyPatch, capacity: int
) -> None:
    """Neither from the start, nor where a key that is stuck uses up all that may be remembered."""
    monkeypatch.setattr(membership, "POLL_RECORDS", 5)
    gate = asyncio.Event()

    async def handle(message: Message) -> None:
        if message.id == "stuck":
            await gate.wait()
        await asyncio.sleep(0)

    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    for number in range(80):
        id_ = b"e%d" % number if number else b"stuck"
        headers = [("ce_id", id_), ("ce_type", b"made")]
        broker.append(memory.topic, key=id_, value=b"{}", headers=headers, partition=number % 4)
    worker = memory.start({"made": handle}, inbox=MemoryInbox(capacity=capacity))
    await until(lambda: worker.counts.done >= 60, what="the other partitions to be worked off")
    await until(lambda: [one.tp.partition for one in _paused(worker)] == [0])
    gate.set()
    await until(lambda: worker.counts.done == 80)


def _owned(worker: Worker) -> list[Partition]:
    return list(worker._membership.owned.values()) if worker._membership is not None else []


def _paused(worker: Worker) -> list[Partition]:
    return [one for one in _owned(worker) if one.paused and one.full]

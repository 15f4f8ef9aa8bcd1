"""Where a feed goes on after a record that the client cannot read, or a position that the log no longer holds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.errors import OffsetOutOfRangeError

from keylane import feed as module
from keylane.broker import TopicPartition
from keylane.feed import Feed

if TYPE_CHECKING:
    from collections.abc import Callable

GIVEN, NEW, OLD, QUIET, PAUSED = (TopicPartition("t", number) for number in range(5))
UNREADABLE = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")


class Scripted:
    """A consumer of aiokafka that answers its polls by a script.

    Attributes:
        log: The offsets that each partition holds.
        script: What the polls return or raise, and where the client stands then.
        fetched: Which partitions were fetched from where.
        meanwhile: Happens during each call to the broker.
    """

    def __init__(self) -> None:
        self.log = {GIVEN: range(6), NEW: range(3, 6), OLD: range(9), QUIET: range(4), PAUSED: range(9)}
        self.committed_at = {OLD: 5, QUIET: 4, PAUSED: 0}
        self.positions = {GIVEN: 0, NEW: 3, OLD: 5, QUIET: 4, PAUSED: 0}
        self.script: list[tuple[Any, dict[TopicPartition, int]]] = []
        self.fetched: list[tuple[TopicPartition, int]] = []
        self.assigned = set(self.log)
        self.meanwhile: Callable[[], object] = lambda: None
        assignment = SimpleNamespace(state_value=self.state)
        self._subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=assignment))
        cluster = SimpleNamespace(leader_for_partition=lambda _: 0)
        self._client = SimpleNamespace(cluster=cluster, send=self.send)

    def state(self, tp: TopicPartition) -> SimpleNamespace:
        return SimpleNamespace(position=self.positions[tp], has_valid_position=True)

    async def getmany(self, *_: object, **__: object) -> Any:
        answer, positions = self.script.pop(0)
        self.positions |= positions
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def send(self, _: int, request: Any) -> Any:
        self.meanwhile()
        ((topic, ((partition, position, _size),)),) = request._topics
        self.fetched.append((TopicPartition(topic, partition), position))
        return SimpleNamespace(topics=[(topic, [(partition, b"bytes")])])

    async def committed(self, tp: TopicPartition) -> int | None:
        return self.committed_at.get(tp)

    async def beginning_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: self.log[tp].start for tp in tps}

    async def end_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        self.meanwhile()
        return {tp: self.log[tp].stop for tp in tps}

    def assignment(self) -> set[TopicPartition]:
        return set(self.assigned)

    def paused(self) -> set[TopicPartition]:
        return {PAUSED}

    def seek(self, tp: TopicPartition, offset: int) -> None:
        assert tp in self.assigned, "aiokafka refuses that"
        self.positions[tp] = offset


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    made = Scripted()

    def read(_: bytes, tp: TopicPartition, start: int) -> tuple[list[Any], int]:
        return [SimpleNamespace(offset=offset) for offset in made.log[tp] if offset >= start], made.log[tp].stop

    monkeypatch.setattr(module, "read", read)
    return made


def records(*offsets: int) -> list[SimpleNamespace]:
    return [SimpleNamespace(offset=offset) for offset in offsets]


async def poll(feed: Feed) -> dict[TopicPartition, list[int]]:
    batch = await feed.poll(max_records=500, timeout_s=0)
    return {tp: [record.offset for record in found] for tp, found in batch.items()}


async def test_each_partition_is_read_again_from_where_its_delivery_ended(consumer: Scripted) -> None:
    feed = Feed(consumer, lambda *_: None)
    consumer.script = [({GIVEN: records(0, 1)}, {GIVEN: 2}), (UNREADABLE, {GIVEN: 6, OLD: 7})]
    await poll(feed)

    assert await poll(feed) == {GIVEN: [2, 3, 4, 5], NEW: [3, 4, 5], OLD: [5, 6, 7, 8]}
    assert sorted(consumer.fetched) == [(GIVEN, 2), (NEW, 3), (OLD, 5), (QUIET, 4)]
    assert consumer.positions == {GIVEN: 6, NEW: 6, OLD: 9, QUIET: 4, PAUSED: 0}
    assert feed.position(GIVEN) == 6, "nothing is astray any more"


async def test_what_was_read_again_is_delivered_once(consumer: Scripted) -> None:
    feed = Feed(consumer, lambda *_: None)
    consumer.script = [(UNREADABLE, {}), (UNREADABLE, {})]
    await poll(feed)
    consumer.log[OLD] = range(12)

    assert await poll(feed) == {OLD: [9, 10, 11]}


async def test_what_was_read_for_an_assignment_that_is_over_is_dropped(consumer: Scripted) -> None:
    feed = Feed(consumer, lambda *_: None)
    consumer.script = [(UNREADABLE, {})]
    consumer.meanwhile = feed.begin
    before = dict(consumer.positions)

    assert await poll(feed) == {}
    assert consumer.positions == before, "the next owner's, which may be this member again"


async def test_no_position_is_set_for_a_partition_that_is_gone(consumer: Scripted) -> None:
    feed = Feed(consumer, lambda *_: None)
    consumer.script = [(UNREADABLE, {})]
    consumer.meanwhile = consumer.assigned.clear
    before = dict(consumer.positions)
    await poll(feed)

    assert consumer.positions == before


async def test_a_position_out_of_range_is_found_anew_for_its_own_assignment_only(consumer: Scripted) -> None:
    told: list[tuple[TopicPartition, int, int]] = []
    feed = Feed(consumer, lambda *what: told.append(what))
    consumer.script = [(OffsetOutOfRangeError({NEW: 1}), {})] * 2
    consumer.meanwhile = feed.begin
    await poll(feed)
    assert (told, consumer.positions[NEW]) == ([], 3)
    consumer.positions[NEW] = 1
    consumer.meanwhile = lambda: None
    await poll(feed)

    assert (told, consumer.positions[NEW]) == ([(NEW, 1, 3)], 3)

"""A broker in this process that keeps Kafka's promises to keylane: the same contract tests run on both."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keylane.broker import TopicPartition
from keylane.errors import BrokerUnavailableError, CommitRefusedError, ConfigurationError
from keylane.testing.memory_log import MemoryLog

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Mapping, Sequence

    from keylane.broker import Listener, Publisher, Record, Subscription
    from keylane.testing.memory_log import MemoryRecord


@dataclass(slots=True)
class _Group:
    members: list[MemorySubscription] = field(default_factory=list)
    committed: dict[TopicPartition, int] = field(default_factory=dict)
    rebalancing: asyncio.Lock = field(default_factory=asyncio.Lock)


class InMemoryBroker(MemoryLog):
    """Topics, consumer groups with eager rebalances, and faults on demand; for one event loop.

    Attributes:
        commits: Every accepted commit, in order: for assertions about offsets.
    """

    def __init__(self) -> None:
        super().__init__()
        self._groups: dict[str, _Group] = {}
        self._down = False
        self._failing_topics: set[str] = set()
        self._refused_commits = 0
        self.commits: list[tuple[str, TopicPartition, int]] = []

    # --- for tests ---------------------------------------------------------------------------------------------

    def committed(self, group: str) -> dict[TopicPartition, int]:
        """A group's committed offsets."""
        return dict(self._group(group).committed)

    def rewind(self, group: str, topic: str) -> None:
        """Forget what a group committed of a topic: its next members read that again, as after a takeover."""
        committed = self._group(group).committed
        for tp in [tp for tp in committed if tp.topic == topic]:
            del committed[tp]

    @property
    def is_down(self) -> bool:
        """Whether it answers nothing."""
        return self._down

    def set_down(self) -> None:
        """Answer nothing until `set_up()`: sends and commits fail, polls are empty."""
        self._down = True

    def set_up(self) -> None:
        """Answer again."""
        self._down = False
        self.wake()

    def fail_sends(self, topic: str) -> None:
        """Refuse records to one topic until `allow_sends()`."""
        self._failing_topics.add(topic)

    def allow_sends(self, topic: str) -> None:
        """Accept records again."""
        self._failing_topics.discard(topic)

    def refuse_commits(self, count: int) -> None:
        """Refuse the next commits as a group that has moved on does."""
        self._refused_commits = count

    # --- the port ----------------------------------------------------------------------------------------------

    def subscription(self, group: str, topics: Sequence[str], listener: Listener) -> Subscription:
        """A new member of `group`, not yet started."""
        return MemorySubscription(self, group, frozenset(topics), listener)

    def publisher(self, *, compress: bool = False) -> Publisher:  # noqa: ARG002  nothing to compress here
        """A new publisher."""
        return MemoryPublisher(self)

    async def scan(self, topic: str) -> AsyncIterator[MemoryRecord]:
        """Every record that a topic holds now."""
        self.check_up()
        if not self.partition_count(topic):
            raise ConfigurationError(f"topic {topic} does not exist")
        for record in self.records(topic):
            yield record

    async def pick(
        self, topic: str, batches: Iterable[Mapping[int, Collection[int]]]
    ) -> AsyncGenerator[list[Record], None]:
        """Records of a topic by partition and offset, a list for each batch."""
        self.check_up()
        if not self.partition_count(topic):
            raise ConfigurationError(f"topic {topic} does not exist")
        for batch in batches:
            self.check_up()
            places = [(TopicPartition(topic, part), offset) for part, some in batch.items() for offset in sorted(some)]
            at = ((record, offset) for tp, offset in places for record in self.read(tp, offset, 1))
            yield [record for record, offset in at if record.offset == offset]

    async def partitions(self, topics: Iterable[str]) -> Mapping[str, int]:
        """Partition counts of those of `topics` that exist."""
        self.check_up()
        return {topic: count for topic in topics if (count := self.partition_count(topic))}

    # --- for subscriptions and publishers ------------------------------------------------------------------------

    def check_up(self) -> None:
        """Raise while the broker is down.

        Raises:
            BrokerUnavailableError: It is down.
        """
        if self._down:
            raise BrokerUnavailableError("the in-memory broker is down")

    def check_sends(self, topic: str) -> None:
        """Raise while sends to the topic fail.

        Raises:
            BrokerUnavailableError: The broker is down, refuses this topic, or the topic does not exist.
        """
        self.check_up()
        if topic in self._failing_topics or not self.partition_count(topic):
            raise BrokerUnavailableError(f"send to {topic}: refused")

    async def join(self, member: MemorySubscription) -> None:
        """Add a member and rebalance."""
        self.check_up()
        group = self._group(member.group)
        await self._rebalance(group, [*group.members, member])

    async def leave(self, member: MemorySubscription) -> None:
        """Remove a member and rebalance."""
        group = self._group(member.group)
        if member in group.members:
            group.members.remove(member)
            await self._rebalance(group, list(group.members))

    def evict(self, member: MemorySubscription) -> None:
        """Remove a member without telling it, as a session that runs out does; the others get its partitions later."""
        self._group(member.group).members.remove(member)

    def commit(self, member: MemorySubscription, offsets: Mapping[TopicPartition, int]) -> None:
        """Accept offsets of partitions that the member owns.

        Raises:
            CommitRefusedError: It does not own one of them, or commits are made to be refused.
        """
        self.check_up()
        group = self._group(member.group)
        if self._refused_commits:
            self._refused_commits -= 1
            raise CommitRefusedError("refused on demand")
        if member not in group.members or not set(offsets) <= set(member.positions):
            raise CommitRefusedError("the group has moved on")
        group.committed.update(offsets)
        self.commits.extend((member.group, tp, offset) for tp, offset in offsets.items())

    def _group(self, name: str) -> _Group:
        return self._groups.setdefault(name, _Group())

    async def _rebalance(self, group: _Group, members: list[MemorySubscription]) -> None:
        async with group.rebalancing:
            await asyncio.gather(*(member.lose() for member in group.members))
            group.members = members
            for index, member in enumerate(members):
                wanted = self.partitions_of(member.topics)
                mine = wanted[index :: len(members)]
                await member.gain({tp: group.committed.get(tp, self.start_of(tp)) for tp in mine})
        self.wake()


class MemorySubscription:
    """A member of a group of the in-memory broker."""

    def __init__(self, broker: InMemoryBroker, group: str, topics: frozenset[str], listener: Listener) -> None:
        self._broker = broker
        self._listener = listener
        self._paused: set[TopicPartition] = set()
        self.group = group
        self.topics = topics
        self.positions: dict[TopicPartition, int] = {}

    async def start(self) -> None:
        """Join the group."""
        await self._broker.join(self)

    async def poll(self, *, max_records: int, timeout_s: float) -> Mapping[TopicPartition, Sequence[MemoryRecord]]:
        """Records of partitions that are not paused."""
        batch = self._take(max_records)
        if not batch:
            await self._broker.arrival(timeout_s)
            batch = self._take(max_records)
        return batch

    def end(self, tp: TopicPartition) -> int | None:
        """The end of the log."""
        return self._broker.end_of(tp) if tp in self.positions else None

    def position(self, tp: TopicPartition) -> int | None:
        """The offset after all that was delivered."""
        position = self.positions.get(tp)
        return None if position is None else self._broker.position_of(tp, position)

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Stop fetching these."""
        self._paused.update(partitions)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Fetch these again."""
        self._paused.difference_update(partitions)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit explicit offsets."""
        self._broker.commit(self, offsets)

    async def close(self, *, timeout_s: float) -> None:
        """Leave the group."""
        leaving = asyncio.ensure_future(self._broker.leave(self))
        await asyncio.wait([leaving], timeout=timeout_s)

    async def lose(self) -> None:
        """Be revoked everything."""
        if self.positions:
            await self._listener.revoked(list(self.positions))
        self.positions = {}
        self._paused.clear()

    async def gain(self, positions: dict[TopicPartition, int]) -> None:
        """Be assigned partitions."""
        await self._listener.assigned(list(positions))
        self.positions = positions

    def _take(self, max_records: int) -> dict[TopicPartition, list[MemoryRecord]]:
        batch: dict[TopicPartition, list[MemoryRecord]] = {}
        if self._broker.is_down:
            return batch
        for tp in self.positions.keys() - self._paused:
            if (first := self._broker.start_of(tp)) > self.positions[tp]:
                self._listener.skipped(tp, self.positions[tp], first)
                self.positions[tp] = first
            if found := self._broker.read(tp, self.positions[tp], max_records):
                batch[tp] = found
                self.positions[tp] = found[-1].offset + 1
                max_records -= len(found)
        return batch


class MemoryPublisher:
    """Writes to the in-memory log."""

    def __init__(self, broker: InMemoryBroker) -> None:
        self._broker = broker

    async def send(
        self, topic: str, *, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
    ) -> asyncio.Future[None]:
        """Write a record; its future is done."""
        self._broker.check_sends(topic)
        self._broker.append(topic, key=key, value=value, headers=headers)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async def close(self, *, timeout_s: float) -> None:
        """Nothing is buffered."""

"""A broker that notes every fetch and commit, and says which commit broke the rule: I5 on any broker."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from keylane.broker import Broker, Listener, Record, Subscription, TopicPartition


@dataclass
class Witness:
    """Stands in for `broker`, whose members it watches.

    Attributes:
        finished: Ids of events that ended (done or dead), told by the test's handlers.
        committed: The last offset that was accepted, by partition.
        broken: What should not have happened.
    """

    broker: Broker
    finished: set[str] = field(default_factory=set)
    committed: dict[TopicPartition, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.broker, name)

    def subscription(self, group: str, topics: Sequence[str], listener: Listener) -> Subscription:
        return Watched(self, group, topics, listener)


class Watched:
    """One membership under watch; also the listener of the real one, so that it knows each epoch."""

    def __init__(self, witness: Witness, group: str, topics: Sequence[str], listener: Listener) -> None:
        self._witness = witness
        self._listener = listener
        self._subscription = witness.broker.subscription(group, topics, self)
        self._fetched: dict[TopicPartition, list[tuple[int, str]]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._subscription, name)

    async def assigned(self, partitions: Collection[TopicPartition]) -> None:
        self._fetched.update((tp, []) for tp in partitions)
        await self._listener.assigned(partitions)

    async def revoked(self, partitions: Collection[TopicPartition]) -> None:
        await self._listener.revoked(partitions)
        for tp in partitions:
            self._fetched.pop(tp, None)

    def skipped(self, tp: TopicPartition, first: int, next_: int) -> None:
        self._listener.skipped(tp, first, next_)

    async def poll(self, *, max_records: int, timeout_s: float) -> Mapping[TopicPartition, Sequence[Record]]:
        batch = await self._subscription.poll(max_records=max_records, timeout_s=timeout_s)
        for tp, records in batch.items():
            if tp in self._fetched:
                self._fetched[tp] += [(record.offset, _id(record)) for record in records]
        return batch

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        for tp, offset in offsets.items():
            self._check(tp, offset)
        await self._subscription.commit(offsets)
        for tp, offset in offsets.items():
            if offset <= self._witness.committed.get(tp, -1):
                self._witness.broken.append(f"{tp}: committed {offset} after {self._witness.committed[tp]}")
            self._witness.committed[tp] = offset

    def _check(self, tp: TopicPartition, offset: int) -> None:
        if tp not in self._fetched:
            self._witness.broken.append(f"{tp}: committed {offset}, not owned in this epoch")
            return
        below = [(at, id_) for at, id_ in self._fetched[tp] if at < offset]
        if not below or below[-1][0] != offset - 1:
            self._witness.broken.append(f"{tp}: committed {offset}, not one past a fetched record")
        open_ = [f"{id_}@{at}" for at, id_ in below if id_ not in self._witness.finished]
        if open_:
            self._witness.broken.append(f"{tp}: committed {offset} past {open_}")


def _id(record: Record) -> str:
    return (dict(record.headers).get("ce_id") or b"").decode()

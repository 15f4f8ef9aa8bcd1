"""Bare members of a group, without a worker: what the broker port itself gives and takes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keylane.testing import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from keylane.broker import Record, Subscription, TopicPartition
    from keylane.testing import Rig


@dataclass
class Member:
    """One membership that notes what it owns and what it reads.

    Attributes:
        before_loss: Called while its partitions are being taken away, when offsets may still be committed.
    """

    rig: Rig
    owned: set[TopicPartition] = field(default_factory=set)
    read: list[Record] = field(default_factory=list)
    before_loss: Callable[[], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        self.subscription: Subscription = self.rig.broker.subscription(self.rig.group, [self.rig.topic], self)

    async def assigned(self, partitions: Collection[TopicPartition]) -> None:
        self.owned |= set(partitions)

    async def revoked(self, partitions: Collection[TopicPartition]) -> None:
        if self.owned and self.before_loss is not None:
            await self.before_loss()
        self.owned -= set(partitions)

    def skipped(self, tp: TopicPartition, first: int, next_: int) -> None:
        raise AssertionError(f"{tp}: {first} to {next_} are gone")

    async def join(self) -> Member:
        await self.subscription.start()
        return self

    async def poll(self, *, max_records: int = 500, timeout_s: float = 0.2) -> list[Record]:
        """One poll, in the order in which records came."""
        batch = await self.subscription.poll(max_records=max_records, timeout_s=timeout_s)
        found = [record for records in batch.values() for record in records]
        self.read += found
        return found

    async def until_read(self, count: int, *, max_records: int = 500) -> list[Record]:
        """Poll until that many records were read in all."""
        async with asyncio.timeout(15):
            while len(self.read) < count:
                await self.poll(max_records=max_records)
        return self.read

    async def until_owning(self, count: int) -> None:
        await until(lambda: len(self.owned) == count, timeout_s=15, what=f"{count} partitions, not {self.owned}")

    async def leave(self) -> None:
        await self.subscription.close(timeout_s=3)

"""One membership of a consumer group, from joining to leaving: polls, pauses, rebalances."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, TypeVar

from keylane.commits import Commits
from keylane.errors import BrokerUnavailableError
from keylane.inbox import InProcess
from keylane.lasting import lasting
from keylane.partition import Partition

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Sequence

    from keylane.broker import Broker, TopicPartition
    from keylane.health import Health
    from keylane.lanes import Lanes
    from keylane.measures import Measures
    from keylane.processor import Processor
    from keylane.settings import KafkaSettings
    from keylane.stopping import Stop

log = logging.getLogger("keylane")
T = TypeVar("T")

POLL_S: Final = 0.2
"""Longest wait of one poll, in seconds."""
FULL_POLL_S: Final = 0.01
"""The same while a partition is paused until it has room, which no poll can see: 0.2 s are 1,000 records and more."""
POLL_RECORDS: Final = 500
"""Most records taken by one poll: how far a partition may overshoot its bounds."""
INTERRUPT_S: Final = 2.0
"""How long cancelled handlers are waited for, in seconds."""
LET_GO_S: Final = 2.0
"""How long the store is given to take back the claims of parked messages, in seconds; else their leases run out."""


class Membership:
    """Feeds the lanes from one subscription, and hands partitions over when they are revoked or the worker stops."""

    def __init__(  # noqa: PLR0913  the parts of a worker that a membership works with
        self,
        broker: Broker,
        group: str,
        topics: Sequence[str],
        *,
        settings: KafkaSettings,
        lanes: Lanes,
        processor: Processor,
        health: Health,
        measures: Measures,
        stop: Stop,
        tick: Callable[[], None],
    ) -> None:
        self._group = group
        self._settings = settings
        self._lanes = lanes
        self._processor = processor
        inbox = processor.inbox
        self._remembered = inbox.capacity if isinstance(inbox, InProcess) else None
        self._health = health
        self._measures = measures
        self._stop = stop
        self._tick = tick
        self.owned: dict[TopicPartition, Partition] = {}
        self._subscription = broker.subscription(group, topics, self)
        self._commits = Commits(self._subscription, self.owned, health, measures)

    async def serve(self) -> None:
        """Join, work until a stop is requested, hand over and leave.

        Raises:
            BrokerUnavailableError: The membership broke; another may be built.
        """
        committing: asyncio.Task[None] | None = None
        try:
            await self._answer(self._subscription.start())
            if not self._stop.asked:
                self._health.well("broker")
                interval_s = self._settings.commit_interval.total_seconds()
                regularly = lasting(lambda: self._commits.regularly(interval_s), name="commits", health=self._health)
                committing = asyncio.get_running_loop().create_task(regularly)
                await self._poll()
        finally:
            if committing is not None:
                committing.cancel()
                await asyncio.wait([committing], timeout=1.0)
            await self._leave()

    async def assigned(self, partitions: Collection[TopicPartition]) -> None:
        """Begin a new epoch for each of these partitions."""
        for tp in partitions:
            self.owned[tp] = Partition(tp)
        self._measures.rebalances += 1
        log.info("%s owns %d partitions", self._group, len(self.owned), extra={"action": "assigned"})

    async def revoked(self, partitions: Collection[TopicPartition]) -> None:
        """Let running handlers end, and what is left before what is done; settle what is held, commit, and forget."""
        going = [self.owned[tp] for tp in partitions if tp in self.owned]
        await self._hand_over(going, drain_s=self._settings.drain_timeout.total_seconds())

    def skipped(self, tp: TopicPartition, first: int, next_: int) -> None:
        """Say loudly that retention was faster than the group."""
        self._processor.counts.skipped += next_ - first
        log.error(
            "%s-%d: offsets %d to %d were deleted by retention before group %s read them",
            tp.topic,
            tp.partition,
            first,
            next_ - 1,
            self._group,
            extra={"action": "retention_jump", "tp": str(tp), "skipped": next_ - first},
        )

    def holdings(self) -> tuple[list[Partition], dict[TopicPartition, int]]:
        """What is owned, and where those logs end as far as that is known; from any thread."""
        owned = list(self.owned.values())
        ends = {partition.tp: self._subscription.end(partition.tp) for partition in owned}
        return owned, {tp: end for tp, end in ends.items() if end is not None}

    async def _answer(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What the broker says, or nothing once a stop is asked for."""
        try:
            return await self._stop.unless_asked(work, tick=self._tick)
        except ConnectionAbortedError as exc:
            raise BrokerUnavailableError(str(exc)) from exc

    async def _poll(self) -> None:
        while not self._stop.asked:
            self._tick()
            batch = await self._answer(self._subscription.poll(max_records=POLL_RECORDS, timeout_s=self._poll_s()))
            if batch is None:  # given up: the positions may be behind records that it took and never returned
                return
            for tp, records in batch.items():
                partition = self.owned.get(tp)
                if partition is not None and records:
                    self._measures.fetched += len(records)
                    self._lanes.offer(partition, records)
            self._pass_gaps()
            self._throttle()
            await asyncio.sleep(0)

    def _poll_s(self) -> float:
        if self._processor.circuit.holds_everything:
            return POLL_S
        return FULL_POLL_S if any(partition.paused for partition in self.owned.values()) else POLL_S

    def _share_what_is_remembered(self) -> None:
        """What a hand-over may have delivered again must not be more than the inbox remembers, or all of it runs.

        One partition alone gets half of that; the others still get their share of the other half. However little that
        is, each may go on while nothing of it is unfinished.
        """
        if self._remembered is None or not self.owned:
            return
        half = self._remembered // 2
        total = sum(partition.span for partition in self.owned.values())
        for partition in self.owned.values():
            partition.max_span = max(1, half // len(self.owned), half - (total - partition.span))

    def _pass_gaps(self) -> None:
        """Follow the positions of partitions that rest: behind a transaction's marker the lag would never reach 0."""
        for tp, partition in self.owned.items():
            if (position := self._subscription.position(tp)) is not None:
                partition.passed(position)

    def _throttle(self) -> None:
        """Pause partitions that are full, and resume them at half; all of them, while nothing can run."""
        self._share_what_is_remembered()
        held = self._processor.circuit.holds_everything
        for partition in self.owned.values():
            if (held or partition.full) and not partition.paused:
                partition.paused = True
                self._subscription.pause([partition.tp])
            elif partition.paused and partition.has_room and not held:
                partition.paused = False
                self._subscription.resume([partition.tp])

    async def _hand_over(self, going: list[Partition], *, drain_s: float) -> None:
        self._lanes.withdraw(going)
        if not await self._lanes.drained(going, timeout_s=drain_s):
            self._lanes.interrupt(going)
            await self._lanes.drained(going, timeout_s=INTERRUPT_S)
        await self._let_go(going)
        await self._commits.commit(going)
        self._lanes.forget(going)
        for partition in going:
            if self.owned.get(partition.tp) is partition:
                del self.owned[partition.tp]

    async def _let_go(self, going: list[Partition]) -> None:
        """Give up what parked lanes hold; a store that is away must not hold up the group."""
        loop = asyncio.get_running_loop()
        letting = [loop.create_task(self._processor.let_go(lane)) for lane in self._lanes.parked(going)]
        try:
            if letting:
                await asyncio.wait(letting, timeout=LET_GO_S)
        finally:
            for task in letting:
                task.cancel()

    async def _leave(self) -> None:
        """Hand everything over and leave, within what is left of the stop's time."""
        budget_s = self._stop.left_s()
        drain_s = min(self._settings.drain_timeout.total_seconds(), budget_s * 0.5)
        going = list(self.owned.values())
        handing = asyncio.get_running_loop().create_task(self._hand_over(going, drain_s=drain_s))
        await asyncio.wait([handing], timeout=budget_s * 0.7)
        if not handing.done():
            handing.cancel()
        elif handing.cancelled():
            log.error("handing over was cancelled from within", extra={"action": "defect"})
        elif (error := handing.exception()) is not None:
            log.error("handing over failed: %s", error, exc_info=error, extra={"action": "defect"})
        self._lanes.withdraw(going)
        for lane in self._lanes.parked(going):
            self._processor.left(lane)
        self._lanes.forget(going)
        self.owned.clear()
        await self._subscription.close(timeout_s=max(0.2, min(self._stop.left_s() * 0.5, budget_s * 0.2)))

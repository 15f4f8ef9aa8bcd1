"""Lanes: records of one key one after another, lanes side by side, a parked lane in nobody's way."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from math import inf
from typing import TYPE_CHECKING, Final, cast

from keylane.intake import Intake, Order, Way
from keylane.lane import Cut, Lane, Outcome
from keylane.lines import fields

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence

    from keylane.broker import Record
    from keylane.inbox import Claim
    from keylane.intake import Swift
    from keylane.partition import Partition

log = logging.getLogger("keylane")

SLICE_S: Final = 0.005
"""A runner whose handlers never suspend lets the loop run others (polls, heartbeats) after this long, in seconds."""
LOST_PAUSE_S: Final = 5.0
"""Pause of a lane whose runner was torn down from outside, in seconds: its record is kept."""


class Lanes:
    """Runs the heads of ready lanes, round robin, at most `concurrency` at a time.

    Args:
        run: Takes a lane and advances its head; returns an outcome, or seconds to park the lane.
        swift: What finishes most records at once.
        order: Which records share a lane. Without a key a record has a lane of its own.
        concurrency: Heads that run at one time.
    """

    def __init__(
        self,
        run: Callable[[Lane], Awaitable[Outcome | float]],
        *,
        swift: Swift | None = None,
        order: Order = "key",
        concurrency: int = 64,
    ) -> None:
        self._run = run
        self._concurrency = concurrency
        self._ready: deque[Lane] = deque()
        self._intake = Intake(swift or (lambda *_: (0, Way.LANE)), order, self._ready)
        self._lanes = self._intake.lanes
        self._running: set[Lane] = set()
        self._runners: set[asyncio.Task[None]] = set()
        self._starting = 0
        self._new_ones_next = False
        self._waiting = 0
        self._closed = False
        self._idle_waiters: list[tuple[Collection[Partition], asyncio.Future[None]]] = []

    def offer(self, partition: Partition, records: Sequence[Record]) -> None:
        """Queue fetched records behind all others; those of a withdrawn partition never run."""
        self._intake.offer(partition, records)
        if self._intake and not self._starting:
            self._start_runner()

    def withdraw(self, partitions: Collection[Partition]) -> None:
        """Leave what is queued and parked to whoever owns these partitions next, but for what `drain_to` says."""
        self._intake.withdraw(partitions)
        for partition in partitions:
            if not partition.revoked:
                lanes = self._lanes.get(partition, {}).values()
                partition.revoke(lane.queue[0].offset for lane in lanes if lane in self._running)
                for lane in lanes:
                    self._end_parking(lane)

    def _end_parking(self, lane: Lane) -> None:
        if lane.timer is not None:
            lane.timer.cancel()
            lane.timer = None
            self._waiting -= 1
            lane.partition.leave(lane.queue[0].offset)

    async def drained(self, partitions: Collection[Partition], *, timeout_s: float) -> bool:
        """Wait until nothing of these partitions runs or may be begun; whether that came true in time."""
        if not self._busy_with(partitions):
            return True
        waiter = asyncio.get_running_loop().create_future()
        entry = (partitions, waiter)
        self._idle_waiters.append(entry)
        try:
            await asyncio.wait([waiter], timeout=timeout_s)
        finally:
            self._idle_waiters.remove(entry)
        return waiter.done()

    def interrupt(self, partitions: Collection[Partition]) -> int:
        """Cancel the handlers that are running for these partitions; how many lanes were asked to stop."""
        for partition in partitions:
            partition.leave(0)
        lanes = [lane for lane in self._running if lane.partition in partitions]
        for lane in lanes:
            lane.interrupted = True
            lane.cut_short(Cut.HAND_OVER)
        return len(lanes)

    def cut_overdue(self, now: float, *, again_s: float) -> float:
        """Cancel the handlers on the loop whose time is up; returns when the next one's is, infinite without one.

        Args:
            now: Monotonic seconds.
            again_s: One that has not ended this long after it was cancelled is cancelled once more.
        """
        soonest = inf
        for lane in list(self._running):
            if lane.deadline <= now:
                if lane.cut is None:
                    lane.cut_short(Cut.OVERRUN)
                else:
                    lane.cut_again()
                    _warn_of(lane, again_s)
                lane.deadline = now + again_s
            soonest = min(soonest, lane.deadline)
        return soonest

    def lease_lost(self, claim: Claim) -> None:
        """Cancel the handler on the loop that runs under this claim: whatever it still did, its result is refused."""
        for lane in list(self._running):
            if lane.deadline < inf and lane.head is not None and lane.head.claim is claim:
                lane.cut_short(Cut.LEASE_LOST)

    def parked(self, partitions: Collection[Partition]) -> Iterator[Lane]:
        """Lanes that wait and whose head has been run."""
        for partition in partitions:
            for lane in self._lanes.get(partition, {}).values():
                if lane.head is not None and lane not in self._running:
                    yield lane

    def wake(self, lanes: Iterable[Lane]) -> None:
        """Let those of these lanes that are parked run now."""
        for lane in lanes:
            if lane.timer is not None and not lane.partition.revoked:
                lane.timer.cancel()
                self._end_wait(lane)

    def forget(self, partitions: Collection[Partition]) -> None:
        """Drop the lanes of partitions that are gone; a run that goes on ends without them."""
        for partition in partitions:
            partition.leave(0)
            self._lanes.pop(partition, None)

    @property
    def running(self) -> int:
        """Heads that run now."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Lanes that are parked now."""
        return self._waiting

    async def close(self) -> None:
        """Cancel every runner, whatever it is doing, and start none."""
        self._closed = True
        for runner in self._runners:
            runner.cancel()
        if self._runners:
            await asyncio.wait(self._runners, timeout=1.0)

    def _end_wait(self, lane: Lane) -> None:
        self._waiting -= 1
        self._make_ready(lane)

    def _make_ready(self, lane: Lane) -> None:
        lane.timer = None
        self._ready.append(lane)
        if not self._starting:
            self._start_runner()

    def _start_runner(self) -> None:
        if len(self._runners) < self._concurrency:
            self._starting += 1
            runner = asyncio.get_running_loop().create_task(self._serve(), name="keylane-runner")
            self._runners.add(runner)

    async def _serve(self) -> None:
        """Run ready heads until there is none.

        Whoever takes a lane while more are ready sees to it that another runner is about to start, a new runner to two:
        handlers that suspend get all the runners they need within a few rounds of the loop, those that never do need
        hardly any.
        """
        self._starting -= 1
        me, wanted = cast("asyncio.Task[None]", asyncio.current_task()), 2
        ready, intake, running, run = self._ready, self._intake, self._running, self._run
        slice_end = time.monotonic() + SLICE_S
        try:
            while ready or intake:
                lane = self._next_lane(slice_end)
                if lane is None:
                    slice_end = await self._give_way(slice_end)
                    continue
                while (ready or intake) and self._starting < wanted and len(self._runners) < self._concurrency:
                    self._start_runner()
                wanted = 1
                if lane.partition.revoked and not lane.partition.may_start(lane.queue[0].offset):
                    continue
                lane.runner = me
                running.add(lane)
                outcome: Outcome | float = LOST_PAUSE_S
                try:
                    outcome = await run(lane)
                finally:
                    running.discard(lane)
                    lane.runner = None
                    self._settle(lane, outcome)
                if me.cancelling():  # its handler did not say so: libraries would take the next for a cancelled one
                    return
                slice_end = await self._give_way(slice_end)
        finally:  # not by a callback, which comes too late for a lane that gets ready in the same round of the loop
            self._runners.discard(me)
            if (ready or intake) and not self._starting and not self._closed:
                self._start_runner()

    def _next_lane(self, until: float) -> Lane | None:
        """In turns from those that are ready and from what has none yet."""
        if self._ready and not (self._intake and self._new_ones_next):
            self._new_ones_next = True
            return self._ready.popleft()
        self._new_ones_next = False
        return self._intake.next_lane(until)

    async def _give_way(self, slice_end: float) -> float:
        """Let the loop run others at the end of a slice; when the next one ends."""
        if time.monotonic() <= slice_end:
            return slice_end
        await asyncio.sleep(0)
        return time.monotonic() + SLICE_S

    def _settle(self, lane: Lane, outcome: Outcome | float) -> None:
        if not self._closed:
            self._place(lane, outcome)
        if self._idle_waiters:
            self._wake_idle_waiters()

    def _place(self, lane: Lane, outcome: Outcome | float) -> None:
        if outcome is Outcome.COMPLETED:
            lane.partition.complete(lane.queue.popleft())
            lane.head = None
            if lane.queue:
                self._make_ready(lane)
            elif (lanes := self._lanes.get(lane.partition)) is not None:
                lanes.pop(lane.key, None)
        elif lane.partition.revoked:
            lane.partition.leave(lane.queue[0].offset)
        elif isinstance(outcome, float):
            self._waiting += 1
            lane.timer = asyncio.get_running_loop().call_later(outcome, self._end_wait, lane)

    def _busy_with(self, partitions: Collection[Partition]) -> bool:
        if any(partition.draining for partition in partitions):
            return True
        return any(lane.partition in partitions for lane in self._running)

    def _wake_idle_waiters(self) -> None:
        for partitions, waiter in self._idle_waiters:
            if not waiter.done() and not self._busy_with(partitions):
                waiter.set_result(None)


def _warn_of(lane: Lane, again_s: float) -> None:
    event = None if lane.head is None else lane.head.event
    log.warning(
        "a handler on the loop has gone on for %s s since it was cancelled: it is cancelled again",
        again_s,
        extra=fields(lane.queue[0], event, action="overrun"),
    )

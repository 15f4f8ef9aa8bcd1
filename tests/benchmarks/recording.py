"""What every contestant's handler does: note the record, and perhaps wait a little before."""

from __future__ import annotations

import asyncio
import random
import time
from array import array
from typing import TYPE_CHECKING

from .verifying import OFFSET_BITS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

DELAYS_S = tuple(random.Random(11).uniform(0.0, 0.005) for _ in range(4_096))
"""0 to 5 ms, the same for the same record in every run."""

SETTLES_AFTER_S = 1.0
"""Records published before this are no sample of latency: some waited for the consumer to join."""


class Recorder:
    """Counts completions from the first record that a handler is given to the last one wanted.

    Attributes:
        completed: Places in order of completion.
        latencies_ms: From publishing to completion, once the run has settled.
    """

    def __init__(self, target: int) -> None:
        self.completed = array("q")
        self._closed = False
        self.latencies_ms: list[float] = []
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self._target = target
        self._began = 0.0
        self._began_cpu = 0.0
        self._over = asyncio.Event()

    def is_closed(self) -> bool:
        """Whether the run is over: its last record came, or its time is up."""
        return self._closed

    def begin(self) -> None:
        if not self._began:
            self._began, self._began_cpu = time.monotonic(), time.process_time()

    def note(self, partition: int, offset: int) -> None:
        if self._closed:
            return
        completed = self.completed
        if not completed:
            self.begin()
        completed.append(partition << OFFSET_BITS | offset)
        if len(completed) == self._target:
            self.close()

    def close(self) -> None:
        """Stop the clocks."""
        if not self._closed:
            self._closed = True
            if self._began:
                self.seconds = time.monotonic() - self._began
                self.cpu_seconds = time.process_time() - self._began_cpu
            self._over.set()

    def expired(self, limit_s: float) -> bool:
        return bool(self._began) and time.monotonic() - self._began > limit_s

    async def over(self, limit_s: float) -> None:
        """Return when the run is over; `limit_s` counts from the first record."""
        while not self._closed:
            try:
                await asyncio.wait_for(self._over.wait(), 0.05)
            except TimeoutError:
                if self.expired(limit_s):
                    self.close()

    def stamped(self, partition: int, offset: int, at_ns: int) -> None:
        """Note a record that says when it was published, by this machine's monotonic clock."""
        if self._began and at_ns > (self._began + SETTLES_AFTER_S) * 1e9:
            self.latencies_ms.append((time.monotonic_ns() - at_ns) / 1e6)
        self.note(partition, offset)

    async def wait(self, offset: int) -> None:
        """What a handler with something to wait for does."""
        self.begin()
        await asyncio.sleep(DELAYS_S[offset % len(DELAYS_S)])

    def wait_blocking(self, offset: int) -> None:
        self.begin()
        time.sleep(DELAYS_S[offset % len(DELAYS_S)])


async def while_open(
    running: Awaitable[None], recorder: Recorder, limit_s: float, *, stop: Callable[[], None] = lambda: None
) -> None:
    """Let a runtime work until the recorder is closed, then end it; raise what it raises."""
    work = asyncio.ensure_future(running)
    watch = asyncio.ensure_future(recorder.over(limit_s))
    await asyncio.wait([work, watch], return_when=asyncio.FIRST_COMPLETED)
    watch.cancel()
    stop()
    await work

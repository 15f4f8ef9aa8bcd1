"""A wish to stop with a deadline, and waits that end with it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")


class Stop:
    """Whether a part of a program was asked to stop, and how long it still has.

    Args:
        timeout_s: Seconds from the first request to the deadline.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._asked = asyncio.Event()
        self._deadline = float("inf")

    @property
    def asked(self) -> bool:
        """Whether a stop was requested."""
        return self._asked.is_set()

    def request(self) -> None:
        """Ask for a stop; repeated requests do not move the deadline."""
        if not self._asked.is_set():
            self._deadline = time.monotonic() + self._timeout_s
            self._asked.set()

    def left_s(self) -> float:
        """Seconds to the deadline, at most the whole timeout; 0 when it has passed."""
        return min(self._timeout_s, max(0.0, self._deadline - time.monotonic()))

    async def rest(self, seconds: float) -> None:
        """Sleep, but no longer than until a stop is requested."""
        waiting = asyncio.get_running_loop().create_task(self._asked.wait())
        await asyncio.wait([waiting], timeout=seconds)
        waiting.cancel()

    async def unless_asked(self, work: Coroutine[Any, Any, T], *, tick: Callable[[], None]) -> T | None:
        """The work's result; `tick` is called every second. Asked to stop, the work is abandoned and there is none.

        Raises:
            ConnectionAbortedError: The work was cancelled from within, as aiokafka does with the broker away.
        """
        loop = asyncio.get_running_loop()
        working, asked = loop.create_task(work), loop.create_task(self._asked.wait())
        try:
            while not working.done() and not asked.done():
                tick()
                await asyncio.wait([working, asked], timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
            if not working.done():
                working.cancel()
                await asyncio.wait([working], timeout=1.0)
        if self.asked and (not working.done() or working.cancelled()):
            return None
        if working.cancelled():
            raise ConnectionAbortedError("the client gave up without a word")
        return working.result()

    async def join(self, main: asyncio.Task[Any] | None) -> None:
        """Wait for a task that heeds this stop, until the deadline; then cancel it."""
        self.request()
        if main is None or main is asyncio.current_task():
            return
        await asyncio.wait([main], timeout=self.left_s())
        if not main.done():
            main.cancel()
            await asyncio.wait([main], timeout=1.0)


def told_to_end() -> bool:
    """Whether somebody cancelled the current task; else a CancelledError in it is an error of what it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0

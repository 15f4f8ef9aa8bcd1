"""How long a request may take.

All requests may take equally long, so the first that began is the first that is late: one timer of the loop does for
all of them. `asyncio.timeout`, with a timer for each, took a tenth of a small request's time.
"""

import asyncio
from typing import Any


class Wait:
    """One request's time.

    Attributes:
        late: it is over; the request's task was cancelled for it.
    """

    __slots__ = ("_cancelling", "_task", "ends_at_s", "late")

    def __init__(self, task: "asyncio.Task[Any]", ends_at_s: float) -> None:
        self._task = task
        self._cancelling = task.cancelling()
        self.ends_at_s = ends_at_s
        self.late = False

    def end(self) -> None:
        """Cancel the request: its time is over."""
        self.late = True
        self._task.cancel()

    def explains(self) -> bool:
        """Tell whether the `CancelledError` at hand came of lateness alone. Asked once, as it is caught."""
        return self.late and self._task.uncancel() <= self._cancelling


class Patience:
    """Cancels requests that take too long; for one event loop at a time.

    Args:
        seconds: from `begin` until then.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waits: dict[Wait, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> Wait:
        """Start the time of the request that the current task answers; give it to `end` when it is answered."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None  # noqa: S101 - only callbacks run outside of a task
        wait = Wait(task, loop.time() + self._seconds)
        self._waits[wait] = None
        if self._timer is None or self._loop is not loop:
            self._loop = loop
            self._timer = loop.call_at(wait.ends_at_s, self._look)
        return wait

    def end(self, wait: Wait) -> None:
        """Let a request take as long as it likes from now on. Safe to repeat."""
        self._waits.pop(wait, None)

    def _look(self) -> None:
        assert self._loop is not None  # noqa: S101 - it was set with the timer
        now = self._loop.time()
        for wait in list(self._waits):
            if wait.ends_at_s > now:
                self._timer = self._loop.call_at(wait.ends_at_s, self._look)
                return
            del self._waits[wait]
            wait.end()
        self._timer = None

"""A bounded pool of daemon threads for work that blocks.

Unlike concurrent.futures, a thread that never returns does not keep the process from exiting.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
Job = tuple["Callable[[], Any]", "asyncio.Future[Any]", asyncio.AbstractEventLoop]


class Threads:
    """Runs functions in at most `size` threads, started as they are needed.

    Args:
        name: Prefix of the threads' names.
        size: Calls that run at one time; more wait in order.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._size = size
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy = 0

    def submit(self, function: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """Run `function(*args)` with the caller's context variables; cancelling the future does not stop the call."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._busy += 1
        future.add_done_callback(self._one_less)
        if self._busy > len(self._threads) and len(self._threads) < self._size:
            thread = threading.Thread(target=self._serve, name=f"{self._name}-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._jobs.put((partial(contextvars.copy_context().run, function, *args), future, loop))
        return future

    def close(self) -> None:
        """Let idle threads end; one that is in a call ends after it."""
        for _ in self._threads:
            self._jobs.put(None)
        self._threads.clear()

    def _one_less(self, _: asyncio.Future[Any]) -> None:
        self._busy -= 1

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            call, future, loop = job
            try:
                result = call()
            except BaseException as exc:  # noqa: BLE001  carried to the caller, whatever it is
                _hand_over(loop, future, None, exc)
            else:
                _hand_over(loop, future, result, None)
            del job, call, future


def _hand_over(
    loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any], result: Any, error: BaseException | None
) -> None:
    try:
        loop.call_soon_threadsafe(_settle, future, result, error)
    except RuntimeError:  # the loop is closed: nobody waits any more
        return


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    elif isinstance(error, StopIteration):
        future.set_exception(RuntimeError(f"a call in a thread raised {error!r}"))
    else:
        future.set_exception(error)

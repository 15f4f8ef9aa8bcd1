"""One call for everybody who asks for the same thing at the same moment."""

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from functools import partial
from threading import Lock
from typing import Any, Generic, TypeVar

from starlette.concurrency import run_in_threadpool

T = TypeVar("T")


class Flights(Generic[T]):
    """Blocking calls on a thread, at most one at a time for each name; whoever asks meanwhile gets its result.

    Waiting takes no thread. Who stops waiting (its client hung up) does not disturb the others.
    """

    def __init__(self) -> None:
        self._flying: dict[Hashable, Future[T]] = {}
        self._running: set[asyncio.Task[Any]] = set()
        self._turn = Lock()

    async def join(self, name: Hashable, call: Callable[[], T]) -> T:
        """Return what the call of this name returns, starting it if it is not under way.

        Raises:
            Exception: whatever the call raised, for everybody who waited.
        """
        return await asyncio.wrap_future(self.start(name, call))

    def start(self, name: Hashable, call: Callable[[], T]) -> Future[T]:
        """Start the call of this name, unless it is under way, and return its outcome to come."""
        with self._turn:
            flying = self._flying.get(name)
            if flying is not None:
                return flying
            flying = self._flying[name] = Future()
        flying.set_running_or_notify_cancel()  # from here on nobody can cancel it for the others
        task = asyncio.get_running_loop().create_task(run_in_threadpool(call))
        self._running.add(task)
        task.add_done_callback(partial(self._land, name, flying))
        return flying

    def _land(self, name: Hashable, flying: "Future[T]", task: "asyncio.Task[T]") -> None:
        self._running.discard(task)
        with self._turn:
            del self._flying[name]
        if task.cancelled():  # the loop ends
            flying.set_exception(asyncio.CancelledError())
        elif (error := task.exception()) is not None:
            flying.set_exception(error)
        else:
            flying.set_result(task.result())

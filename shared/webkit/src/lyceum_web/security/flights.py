"""One call for everybody who asks for the same thing at the same moment."""

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import Future
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
        task = asyncio.get_running_loop().create_task(self._fly(name, call, flying))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return flying

    async def _fly(self, name: Hashable, call: Callable[[], T], flying: "Future[T]") -> None:
        try:
            result = await run_in_threadpool(call)
        except BaseException as exc:  # noqa: BLE001 - handed on to everybody who waits
            self._land(name)
            flying.set_exception(exc)
        else:
            self._land(name)
            flying.set_result(result)

    def _land(self, name: Hashable) -> None:
        with self._turn:
            del self._flying[name]

"""A lock that lets those who wait for it through in an order of their own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Turnstile(Generic[T]):
    """Lets one thread at a time through; of those who wait, the one with the smallest place.

    For a queue this is more than courtesy: whoever comes through finds those in front of him served, so that nothing
    has to be reckoned or read again on behalf of neighbours in the same process. What they want themselves, they hand
    over: who is inside may see to it.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._is_taken = False
        self._waiting: list[tuple[Any, int, threading.Lock, T | None]] = []
        self._arrivals = 0

    @contextmanager
    def passed(self, place: Any, handed: T | None = None) -> Iterator[Callable[[], list[T]]]:
        """Wait for one's turn, and keep everybody else out for the length of the block.

        Args:
            place: among those who wait.
            handed: what whoever is inside meanwhile may see to.

        Yields:
            What those who wait now have handed over.
        """
        self._enter(place, handed)
        try:
            yield self._handed
        finally:
            self._leave()

    def _handed(self) -> list[T]:
        with self._mutex:
            return [handed for *_, handed in self._waiting if handed is not None]

    def _enter(self, place: Any, handed: T | None) -> None:
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return
            gate = threading.Lock()
            gate.acquire()
            self._arrivals += 1
            # Of equal places the first to arrive; locks themselves cannot be compared.
            heappush(self._waiting, (place, self._arrivals, gate, handed))
        gate.acquire()

    def _leave(self) -> None:
        with self._mutex:
            if self._waiting:
                heappop(self._waiting)[2].release()
            else:
                self._is_taken = False

"""A few at a time, a few more waiting, the rest refused at once."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from auth_service.passwords.exceptions import Overloaded


class Turns:
    """Lets `width` threads in, has `waiting` more wait up to `patience_s` seconds each, and refuses all others.

    Hashing takes a core and tens of megabytes for as long as it lasts: without a bound, a burst of sign-ins would take
    every core and the memory, and nobody would get an answer in time.

    Attributes:
        refused: how many were, so far.
    """

    def __init__(self, *, width: int, waiting: int, patience_s: float) -> None:
        self._width = self._free = width
        self._places = self._room = waiting
        self.refused = 0
        self._patience_s = patience_s
        self._changed = threading.Condition()

    @property
    def running(self) -> int:
        """How many have a turn now."""
        return self._width - self._free

    @property
    def waiting(self) -> int:
        """How many wait for one now."""
        return self._places - self._room

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold one of the turns for the length of the block.

        Raises:
            Overloaded: nobody may wait any more, or the wait took too long.
        """
        self._enter()
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> None:
        with self._changed:
            if self._free == 0:
                self._wait()
            self._free -= 1

    def _wait(self) -> None:
        if self._room == 0:
            self.refused += 1
            raise Overloaded
        self._room -= 1
        deadline = time.monotonic() + self._patience_s
        try:
            while self._free == 0:
                if not self._changed.wait(max(0.0, deadline - time.monotonic())) and time.monotonic() >= deadline:
                    self.refused += 1
                    raise Overloaded
        finally:
            self._room += 1

    def _leave(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify()

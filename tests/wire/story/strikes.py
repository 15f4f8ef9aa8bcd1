"""kill -9 of one process of each program amid the load; each is started again at once."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from .program import Program

LOOK_EVERY_S = 0.02


class Strike(NamedTuple):
    """Attributes:
    after: orders that were confirmed before.
    victim: who is killed then.
    """

    after: int
    victim: Program


@dataclass(frozen=True, slots=True)
class Struck:
    """A process that was killed.

    Attributes:
        at: orders that were confirmed when it died.
    """

    name: str
    at: int


class Striker:
    """Kills by itself, in a thread of its own.

    Args:
        strikes: in their order.
        orders: tells how many orders are confirmed.
    """

    def __init__(self, strikes: Sequence[Strike], orders: Callable[[], int]) -> None:
        self.struck: list[Struck] = []
        self._strikes = strikes
        self._orders = orders
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="striker")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        for strike in self._strikes:
            while self._orders() < strike.after:
                if self._over.is_set():
                    return
                time.sleep(LOOK_EVERY_S)
            strike.victim.kill()
            self.struck.append(Struck(strike.victim.name, self._orders()))
            strike.victim.start()

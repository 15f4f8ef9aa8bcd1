"""Telling a caller how far long work is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Progress = Callable[[int, int], object]
"""Told after each letter that something is done with: how many are done, and of how many."""
Watch = Callable[[str, int], object]
"""Told of the work before that: what is done to how many by now, such as `records read`, 12000."""

TOLD_EVERY: Final = 100
"""Records between two calls of a watch."""


def untold(done: int, total: int) -> None:
    """Tell nobody."""


class Tally:
    """Counts, and tells of every hundredth."""

    def __init__(self, what: str, watch: Watch) -> None:
        self._what = what
        self._watch = watch
        self._count = 0

    def one_more(self) -> None:
        """Count one."""
        self._count += 1
        if self._count % TOLD_EVERY == 0:
            self._watch(self._what, self._count)


def unwatched(what: str, done: int) -> None:
    """Tell nobody."""

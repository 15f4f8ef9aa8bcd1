"""Whether the time of a refused sign-in tells who has an account.

One client asks in turn for an account with a wrong password and for one that is not there. The figure is the chance
that a request of the first kind takes longer than one of the second (the area under the ROC curve, Mann and Whitney's
U over all pairs): 50 % is a coin, 100 % tells them apart each time.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from .judging import Row, at_most

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FARTHEST = 5.0
"""Percentage points from a coin. A guesser who asks again and again gets better than any such figure says: the limits
of tries are for that."""


def told_apart(known: Sequence[float], unknown: Sequence[float]) -> float:
    """The chance, in percent, that one of the first takes longer than one of the second; a tie is half of each."""
    ordered = sorted(unknown)
    below = sum(bisect_left(ordered, each) + bisect_right(ordered, each) for each in known) / 2
    return below / (len(known) * len(unknown)) * 100


def accounts_told_apart(refused: Callable[[bool], None], rounds: int) -> list[Row]:
    """Ask in turn, and say how well the times tell the two kinds apart."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number in range(rounds):
        for exists in (True, False) if number % 2 else (False, True):
            began = time.perf_counter()
            refused(exists)
            taken[exists].append(time.perf_counter() - began)
    chance = told_apart(taken[True], taken[False])
    figure = f"{chance:.1f} % of {rounds * rounds:,} pairs"
    return [at_most("an account tells itself by taking longer (50 is a coin)", figure, abs(chance - 50), FARTHEST)]

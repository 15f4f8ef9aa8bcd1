"""What a worker's parts measure as they go: plain numbers that one loop writes and anybody reads, without a lock."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORT_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper bounds, in seconds, of runs of handlers and of waits: from a look-up to the longest run allowed by default."""
REQUEST_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds, in seconds, of one request and of the loop's lag."""
RUNS: Final = (1.0, 2.0, 3.0, 4.0, 5.0, 10.0)
"""Upper bounds of runs that one message took."""


class Histogram:
    """Counts of values by upper bound, inclusive.

    Attributes:
        bounds: Ascending upper bounds.
        total: Sum of all values.
        count: How many there were.
    """

    __slots__ = ("_above", "_least", "bounds", "count", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self._least = self.bounds[0]
        self._above = [0] * (len(self.bounds) + 1)
        self.total = 0.0
        self.count = 0

    def observe(self, value: float) -> None:
        """Count one value; the least bucket, which a fast handler always meets, is not even looked up."""
        self.count += 1
        self.total += value
        if value > self._least:
            self._above[bisect_left(self.bounds, value)] += 1

    def bound_of(self, value: float) -> float:
        """The greatest value that is counted where this one is."""
        place = bisect_left(self.bounds, value)
        return self.bounds[place] if place < len(self.bounds) else inf

    def observe_alike(self, count: int, total: float, value: float) -> None:
        """Count some values that are all counted where this one is.

        Args:
            count: How many; may be 0.
            total: Their sum.
            value: One like them.
        """
        self.count += count
        self.total += total
        if value > self._least:
            self._above[bisect_left(self.bounds, value)] += count

    def cumulative(self) -> list[int]:
        """How many values were at most each bound; the last, beyond all bounds, is `count`."""
        above = self._above[1:]
        least = max(0, self.count - sum(above))
        return list(accumulate([least, *above]))


class Measures:
    """Everything a worker measures beside its counts of outcomes.

    Attributes:
        fetched: Records taken from the log.
        dead: Messages that died, by reason.
        letters_failed: Dead letters that could not be written, each try counted.
        commits_refused: The group had moved on.
        commits_failed: No answer in time.
        rebalances: Assignments received.
        handler_s: Seconds from handing a message to its handler to the end of the run.
        queue_s: Seconds from the fetch of a record to its first run.
        late: Messages that were done, but not in their first run.
        runs: Runs that those took, and the dead; what is done in its first run, as nearly all are, is only in
            `Counts.done`.
        commit_s: Seconds per accepted commit.
        loop_lag_s: Seconds by which the event loop was late.
    """

    __slots__ = (
        "commit_s",
        "commits_failed",
        "commits_refused",
        "dead",
        "fetched",
        "handler_s",
        "late",
        "letters_failed",
        "loop_lag_s",
        "queue_s",
        "rebalances",
        "runs",
    )

    def __init__(self) -> None:
        self.fetched = 0
        self.dead: Counter[str] = Counter()
        self.late = 0
        self.letters_failed = 0
        self.commits_refused = 0
        self.commits_failed = 0
        self.rebalances = 0
        self.handler_s = Histogram(SHORT_S)
        self.queue_s = Histogram(SHORT_S)
        self.runs = Histogram(RUNS)
        self.commit_s = Histogram(REQUEST_S)
        self.loop_lag_s = Histogram(REQUEST_S)

    def done_late(self, runs: int) -> None:
        """A message is done after failed runs."""
        self.late += 1
        self.runs.observe(runs)

    def died(self, reason: str, runs: int) -> None:
        """A dead letter is written."""
        self.dead[reason] += 1
        self.runs.observe(runs)

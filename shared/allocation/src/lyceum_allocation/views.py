"""Who was free a moment ago: one read of the trainers serves several students."""

import time
from collections.abc import Callable
from datetime import timedelta
from random import Random

from lyceum_allocation.allocations import Queue
from lyceum_allocation.candidates import CandidatePool
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.supply import RecentSupply

VIEW_KEPT = timedelta(seconds=1)
"""The choice may be stale, the claim cannot: so much later a process sees that others made a trainer busier."""

MOST_VIEWS = 1_000
"""Of some dozens of trainers each: a few tens of megabytes at most."""


class RecentViews:
    """The last view of each queue's trainers. For any number of threads, one at a time per queue."""

    def __init__(
        self,
        capacities: CapacityRepository,
        *,
        kept: timedelta,
        random: Random,
        scarcity: bool,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capacities = capacities
        self._kept_s = kept.total_seconds()
        self._random = random
        self._scarcity = scarcity
        self._monotonic = monotonic
        self._supply = RecentSupply(capacities)
        self._views: dict[Queue, CandidatePool] = {}

    def new(self, queue: Queue) -> CandidatePool:
        """Give a view that is not read yet."""
        return CandidatePool(
            self._capacities,
            queue,
            random=self._random,
            scarcity=self._scarcity,
            supply=self._supply,
            monotonic=self._monotonic,
        )

    def of(self, queue: Queue) -> CandidatePool:
        """Give the view that was kept, if it is still of use, or a new one."""
        # Taken out: whoever fails over it leaves nothing half noted behind.
        view = self._views.pop(queue, None)
        if view is not None and view.recall(not_before_s=self._monotonic() - self._kept_s):
            return view
        return self.new(queue)

    def keep(self, queue: Queue, view: CandidatePool) -> None:
        """Keep a view for whoever comes next."""
        if not self._kept_s:
            return
        if len(self._views) >= MOST_VIEWS:
            self._views.clear()
        self._views[queue] = view

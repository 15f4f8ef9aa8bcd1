"""How many trainers there are for a skill, counted now and then: what a choice is explained with."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from lyceum_allocation.allocations import Queue
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.choice import Supply

KEPT_S = 60.0
"""A count is an explanation, nothing is decided by it: once a minute and skill costs a purchase nothing."""

MOST_SKILLS = 10_000
"""More counts than these are not kept: whoever sends made-up skills fills no memory."""


@dataclass(frozen=True, slots=True)
class _Counted:
    supply: Supply
    until_s: float


class RecentSupply:
    """The supply of each skill, at most a minute old. For any number of threads."""

    def __init__(
        self, capacities: CapacityRepository, *, kept_s: float = KEPT_S, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._capacities = capacities
        self._kept_s = kept_s
        self._monotonic = monotonic
        self._counted: dict[Queue, _Counted] = {}

    def of(self, queue: Queue) -> Supply:
        """Give the supply of a skill in an organization, counting it if nobody did for a while."""
        now = self._monotonic()
        known = self._counted.get(queue)
        if known is None or now >= known.until_s:
            if len(self._counted) >= MOST_SKILLS:
                self._counted.clear()
            known = self._counted[queue] = _Counted(self._capacities.supply(queue), now + self._kept_s)
        return known.supply

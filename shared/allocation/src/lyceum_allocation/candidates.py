"""The trainers of one skill who have a free seat, read page by page as far as they are needed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from lyceum_allocation.allocations import Queue
from lyceum_allocation.capacities import PAGE, CapacityRepository
from lyceum_allocation.choice import choice
from lyceum_allocation.models import Allocation
from lyceum_allocation.rules import Candidate, Wish, ranked
from lyceum_allocation.supply import RecentSupply

WEIGHT = 1
"""Every student uses one seat."""


def wish_of(allocation: Allocation, now: datetime) -> Wish:
    """Read from an allocation what this student needs of a trainer, after waiting until now."""
    since = allocation.waiting_since
    return Wish(
        skill=allocation.skill or "",
        second_skill=allocation.second_skill,
        wants=frozenset(allocation.wants),
        excluded=frozenset(allocation.excluded),
        previous_trainer_id=allocation.trainer_id,
        weight=WEIGHT,
        waited=timedelta(0) if since is None else now - since,
    )


class CandidatePool:
    """A reader's view of who is free. It may be stale; a claim says so, and the trainer is then read again."""

    def __init__(
        self,
        capacities: CapacityRepository,
        queue: Queue,
        *,
        random: Random,
        scarcity: bool,
        supply: RecentSupply | None = None,
    ) -> None:
        self._supply = supply or RecentSupply(capacities)
        self._capacities = capacities
        self._queue = queue
        self._random = random
        self._scarcity = scarcity
        self._known: dict[str, Candidate] = {}
        self._read = 0
        self._whole = False

    def free_seats(self) -> int:
        """Count free seats among the trainers read so far, at least one page."""
        if not self._read and not self._whole:
            self._read_on()
        return sum(max(candidate.free, 0) for candidate in self._known.values())

    def read_again(self) -> None:
        """Forget what was read."""
        self._known.clear()
        self._read, self._whole = 0, False

    def best(self, wish: Wish, now: datetime) -> Candidate | None:
        """Choose a trainer for this student, reading further pages while none of those read will do."""
        while True:
            able = ranked(self._known.values(), wish, now=now, random=self._random, scarcity=self._scarcity)
            if able or self._whole:
                return able[0] if able else None
            self._read_on()

    def explain(self, chosen: Candidate, wish: Wish, now: datetime) -> Mapping[str, Any]:
        """Say why this one: what is kept with the allocation. Called before `claimed`, which changes the scores."""
        supply = self._supply.of(self._queue)
        known = list(self._known.values())
        return choice(chosen, known, wish, skill=self._queue.skill, supply=supply, now=now, scarcity=self._scarcity)

    def claimed(self, candidate: Candidate, weight: int, now: datetime) -> None:
        """Take note of a claim that succeeded."""
        self._known[candidate.trainer_id] = candidate.with_seat(weight, now)

    def stale(self, candidate: Candidate) -> None:
        """Read a trainer again after a claim that failed."""
        current = self._capacities.find_candidate(candidate.trainer_id)
        if current is None:
            del self._known[candidate.trainer_id]
        else:
            self._known[candidate.trainer_id] = current

    def _read_on(self) -> None:
        page = self._capacities.candidates(self._queue, skip=self._read)
        self._known.update((candidate.trainer_id, candidate) for candidate in page)
        self._read += len(page)
        self._whole = len(page) < PAGE

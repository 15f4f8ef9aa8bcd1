"""The trainers of one skill who have a free seat, read page by page as far as they are needed."""

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from lyceum_allocation.allocations import Queue
from lyceum_allocation.capacities import PAGE, CapacityRepository
from lyceum_allocation.choice import choice
from lyceum_allocation.models import Allocation
from lyceum_allocation.rules import Candidate, Wish, ranked, refusal
from lyceum_allocation.states import AllocationState
from lyceum_allocation.supply import RecentSupply

WEIGHT = 1
"""Every student uses one seat."""


def wish_of(allocation: Allocation, now: datetime) -> Wish:
    """Read from an allocation what this student needs of a trainer, after waiting until now.

    Whoever is being moved does not need the trainer whom he has.
    """
    since = allocation.waiting_since
    present = allocation.trainer_id if allocation.state == AllocationState.MOVING else None
    return Wish(
        skill=allocation.skill or "",
        second_skill=allocation.second_skill,
        wants=frozenset(allocation.wants),
        excluded=frozenset(allocation.excluded) | ({present} if present else frozenset()),
        previous_trainer_id=None if present else allocation.trainer_id,
        weight=WEIGHT,
        waited=timedelta(0) if since is None else now - since,
    )


class CandidatePool:
    """A reader's view of who is free. It may be stale; a claim says so, and the trainer is then read again.

    A view that was read for somebody else, moments ago, is good for a yes: a claim succeeds only while the trainer is
    as he was read. It is never good for a no, as a seat may have come free since.

    Attributes:
        is_recalled: the view was read for somebody else.
    """

    def __init__(
        self,
        capacities: CapacityRepository,
        queue: Queue,
        *,
        random: Random,
        scarcity: bool,
        supply: RecentSupply | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._supply = supply or RecentSupply(capacities)
        self._capacities = capacities
        self._queue = queue
        self._random = random
        self._scarcity = scarcity
        self._known: dict[str, Candidate] = {}
        self._reserved: Counter[str] = Counter()
        self._read = 0
        self._whole = False
        self._monotonic = monotonic
        self._read_at_s = -math.inf
        self._unread_from_milli = 0
        self.is_recalled = False

    def recall(self, *, not_before_s: float) -> bool:
        """Use the view once more, if it was read lately and still shows the least utilised trainers."""
        self._reserved.clear()
        self.is_recalled = True
        free = [known.util_milli for known in self._known.values() if known.free > 0]
        # Those on the pages behind it are as utilised as its last trainer was, or more.
        return self._read_at_s >= not_before_s and bool(free) and (self._whole or min(free) <= self._unread_from_milli)

    def has_seats(self) -> bool:
        """Tell whether a seat is free that is not reserved, as far as is known; reads at least one page."""
        if self.is_recalled:
            return True
        if not self._read and not self._whole:
            self._read_on()
        return not self._whole or any(candidate.free > 0 for candidate in self._unreserved())

    def read_again(self) -> None:
        """Forget what was read and reserved."""
        self._known.clear()
        self._reserved.clear()
        self._read, self._whole, self.is_recalled = 0, False, False

    def best(self, wish: Wish, now: datetime) -> Candidate | None:
        """Choose a trainer for this student, reading further pages while none of those read will do.

        None of a view that is recalled says nothing: it has to be read again.
        """
        while True:
            able = ranked(self._unreserved(), wish, now=now, random=self._random, scarcity=self._scarcity)
            if able or self._whole or self.is_recalled:
                return able[0] if able else None
            self._read_on()

    def reserve(self, candidate: Candidate) -> None:
        """Leave a seat of this trainer to somebody whom another process serves."""
        self._reserved[candidate.trainer_id] += 1

    @property
    def has_reserved(self) -> bool:
        """Whether any seat is left to somebody else."""
        return bool(self._reserved)

    def is_reserved(self, wish: Wish, now: datetime) -> bool:
        """Tell whether this student could have a seat, were it not left to somebody else."""
        return any(
            refusal(self._known[trainer_id], wish, now) is None
            for trainer_id in self._reserved
            if trainer_id in self._known
        )

    def explain(self, chosen: Candidate, wish: Wish, now: datetime) -> Mapping[str, Any]:
        """Say why this one: what is kept with the allocation. Called before `claimed`, which changes the scores."""
        supply = self._supply.of(self._queue)
        known = list(self._known.values())
        chosen = self._known.get(chosen.trainer_id, chosen)
        return choice(chosen, known, wish, skill=self._queue.skill, supply=supply, now=now, scarcity=self._scarcity)

    def claimed(self, candidate: Candidate, weight: int, now: datetime) -> None:
        """Take note of a claim that succeeded."""
        self._known[candidate.trainer_id] = self._known[candidate.trainer_id].with_seat(weight, now)

    def refused(self, candidate: Candidate) -> None:
        """Read a trainer again after a claim that failed, and everybody if he was known from an earlier view."""
        if self.is_recalled:
            # Nobody was passed over by that view: a new one shows no seat that somebody in front should have had.
            self.read_again()
            return
        current = self._capacities.find_candidate(candidate.trainer_id)
        if current is None:
            del self._known[candidate.trainer_id]
        else:
            self._known[candidate.trainer_id] = current

    def _unreserved(self) -> list[Candidate]:
        if not self._reserved:
            return list(self._known.values())
        return [replace(known, free=known.free - self._reserved[known.trainer_id]) for known in self._known.values()]

    def _read_on(self) -> None:
        if not self._read:
            self._read_at_s = self._monotonic()
        page = self._capacities.candidates(self._queue, skip=self._read)
        self._known.update((candidate.trainer_id, candidate) for candidate in page)
        self._read += len(page)
        self._whole = len(page) < PAGE
        self._unread_from_milli = page[-1].util_milli if page else 0

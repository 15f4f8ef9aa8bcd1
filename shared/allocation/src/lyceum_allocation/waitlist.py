"""Draining a waitlist: whoever waits longest for a skill is served first, whoever drains."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from threading import Lock

from lyceum_allocation import transitions
from lyceum_allocation.allocations import AllocationRepository, Position, Queue, queues_of
from lyceum_allocation.candidates import CandidatePool, wish_of
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.models import Allocation
from lyceum_allocation.seating import Seating
from lyceum_allocation.supply import RecentSupply
from lyceum_database import Clock

LEASE = timedelta(seconds=10)
"""Longer than a claim takes. A process that dies holds up its one student until the sweeper comes by after that."""


class Waitlist:
    """Serves the queue of a skill in order. Any number of processes may drain the same queue.

    A student with a running lease is being served by another process. He is passed only while there are more free seats
    than students so passed; otherwise this process stops, and leaves the rest to the other one, which looks again when
    it is done. A student is in the queue, and a seat is free, before anybody looks: so whoever stopped was seen.
    """

    def __init__(
        self,
        *,
        allocations: AllocationRepository,
        capacities: CapacityRepository,
        seating: Seating,
        clock: Clock,
        random: Random,
        scarcity: bool,
    ) -> None:
        self._allocations = allocations
        self._capacities = capacities
        self._seating = seating
        self._clock = clock
        self._random = random
        self._scarcity = scarcity
        self._supply = RecentSupply(capacities)
        self._turns: dict[Queue, Lock] = {}

    def drain(self, queue: Queue, *, cause_id: str | None) -> set[str]:
        """Give free seats of a skill to those who wait for it; returns the ids of the allocations seated."""
        seated: set[str] = set()
        to_drain = {queue}
        while to_drain:
            queue, shared = to_drain.pop(), set[Queue]()
            # One thread of a process serves everybody; several would only take the same trainers from each other.
            with self._turns.setdefault(queue, Lock()):
                while self._pass(queue, seated, shared, cause_id):
                    pass
            # Whom this process served stands in these too: somebody may have stopped there because of it.
            to_drain |= shared
        return seated

    def _pass(self, queue: Queue, seated: set[str], shared: set[Queue], cause_id: str | None) -> bool:
        """Go through the queue once. True if another process may have stopped because of this one: look again."""
        pool = CandidatePool(self._capacities, queue, random=self._random, scarcity=self._scarcity, supply=self._supply)
        if not pool.free_seats():
            return False
        tried = left = False
        elsewhere = reserved = 0
        for waiter in self._in_order(queue):
            if self._is_served_elsewhere(waiter):
                elsewhere, left = elsewhere + 1, True
                continue
            if elsewhere > reserved:
                # Counted after those students were: who was passed has a seat to himself among them.
                pool.read_again()
                reserved = elsewhere
            if pool.free_seats() <= elsewhere:
                return tried
            now = self._clock()
            if pool.best(wish_of(waiter, now), now) is None:
                left = True
                continue
            tried = True
            shared.update(other for other in queues_of(waiter, now) if other != queue)
            if not self._allocations.write(waiter, transitions.lease(self._clock() + LEASE)):
                elsewhere, left = elsewhere + 1, True
            elif not self._serve(waiter, pool, seated, cause_id):
                left = True
        return tried and left

    def _in_order(self, queue: Queue) -> Iterator[Allocation]:
        """Yield who waits, page by page: who came meanwhile is at the end."""
        last: Position | None = None
        while page := self._allocations.waiting(queue, now=self._clock(), after=last):
            for waiter in page:
                last = Position.of(waiter)
                yield waiter

    def _serve(self, waiter: Allocation, pool: CandidatePool, seated: set[str], cause_id: str | None) -> bool:
        if self._seating.find_seat(waiter, cause_id=cause_id) or self._seating.claim_seat(
            waiter, pool, cause_id=cause_id
        ):
            seated.add(waiter.id)
            return True
        # If this is not written, somebody changed the allocation meanwhile, and the lease runs out by itself.
        self._allocations.write(waiter, transitions.waitlist(waiter) or transitions.unlease(), cause_id=cause_id)
        return False

    def _is_served_elsewhere(self, waiter: Allocation) -> bool:
        return waiter.claiming_until is not None and self._clock() < waiter.claiming_until

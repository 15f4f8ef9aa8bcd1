"""One process's turn at the waitlist: whom it serves, whom it leaves to others, and when it has to look again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lyceum_allocation import moving, transitions
from lyceum_allocation.allocations import PAGE, AllocationRepository, Position, Queue, queues_of
from lyceum_allocation.candidates import CandidatePool, wish_of
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.models import Allocation
from lyceum_allocation.patience import Patience
from lyceum_allocation.rules import Candidate
from lyceum_allocation.seating import Result, Seating
from lyceum_allocation.states import AllocationState
from lyceum_allocation.transitions import Change
from lyceum_database import Clock

LEASE = timedelta(seconds=10)
"""Longer than a claim takes. A process that dies holds up its one student until the sweeper comes by after that."""


@dataclass(slots=True)
class Lease:
    """A lease that this process wrote.

    Attributes:
        allocation: for whom.
        is_fresh: the epoch began with it, so nobody can have claimed a seat before.
    """

    allocation: Allocation
    is_fresh: bool = True
    _name: tuple[str, int, datetime | None] = field(init=False)

    def __post_init__(self) -> None:
        self._name = _name_of(self.allocation)

    def is_on(self, waiter: Allocation) -> bool:
        """Tell whether a waiter still has this lease."""
        return self._name == _name_of(waiter)


@dataclass(slots=True, kw_only=True)
class Turn:
    """Goes through queues, one after the other.

    Attributes:
        is_owing: a seat came free, or a note said so: whoever serves the one for whom this turn stops has to know.
        seated: allocations that have their seat now.
        freed: skills of trainers who have a seat more now.
        look_again: queues in which somebody relies on it.
    """

    allocations: AllocationRepository
    capacities: CapacityRepository
    seating: Seating
    clock: Clock
    patience: Patience
    cause_id: str | None
    own: Lease | None
    is_owing: bool = False
    seated: set[str] = field(default_factory=set)
    freed: set[str] = field(default_factory=set)
    look_again: set[Queue] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.is_owing = self.own is None

    def take(self, queue: Queue, pool: CandidatePool) -> None:
        """Serve a queue until nobody is left who fits a free seat, or somebody else sees to the rest."""
        while not self._walk(queue, pool):
            # Somebody was faster at one of these students, or what was recalled does not do: everything is read anew.
            pool.read_again()
        if self.own is not None:
            own, self.own = self.own.allocation, None
            self.let_wait(own)

    def let_wait(self, waiter: Allocation) -> None:
        """End a lease: nobody is free for him. A move is given up then, unless his trainer has left for good."""
        current, lease, queues = waiter, Lease(waiter), queues_of(waiter, self.clock())
        for repeat in self.patience.attempts(f"end the lease on allocation {waiter.id}"):
            if repeat:
                current = self.allocations.get(waiter.id)
            if not lease.is_on(current):
                self.look_again.update(queues)
                return
            was_awaited, change = current.lease_awaited, self._unserved(current)
            if change is None or self.allocations.write(current, change, cause_id=self.cause_id):
                if was_awaited or repeat:
                    self.look_again.update(queues)
                return

    def _walk(self, queue: Queue, pool: CandidatePool) -> bool:
        """Go through a queue once. False if everything has to be read anew."""
        passed: Allocation | None = None
        is_anybody_skipped = False
        for page in self._pages(queue) if pool.has_seats() else ():
            rest = self._behind_its_own(page, queue, pool)
            if rest is None:
                return False
            served_elsewhere = {waiter.id: waiter for waiter in rest if self._is_served_elsewhere(waiter)}
            if served_elsewhere and (passed or is_anybody_skipped):
                # To count again now would show seats that fit somebody whom this turn went past already.
                return self._leave_a_note(passed or next(iter(served_elsewhere.values())))
            if served_elsewhere:
                # Counted after those students were: a seat that is gone by now may be one of theirs.
                pool.read_again()
            for waiter in rest:
                passed = waiter if waiter.id in served_elsewhere else passed
                best = self._best(waiter, pool)
                if best is None and (pool.is_recalled or pool.is_reserved(wish_of(waiter, self.clock()), self.clock())):
                    return not pool.is_recalled and self._leave_a_note(passed or waiter)
                if best is None:
                    is_anybody_skipped = True
                elif not self._reserve_or_serve(waiter, best, queue, pool, is_passed=passed is waiter):
                    return False
            if not pool.has_seats():
                break
        return not (self.is_owing and passed and pool.has_reserved) or self._leave_a_note(passed)

    def _behind_its_own(self, page: list[Allocation], queue: Queue, pool: CandidatePool) -> list[Allocation] | None:
        """Serve this turn's own student if he stands in front: nobody else's needs have to be known for that.

        Returns:
            Whom to look at then: nobody, if all behind him are being served. None if everything has to be read anew.
        """
        if not self._is_own(page[0]) or self._best(page[0], pool) is None:
            return page
        if not self._serve(page[0], queue, pool):
            return None
        is_all_served = len(page) < PAGE and all(map(self._is_served_elsewhere, page[1:]))
        return [] if is_all_served and not self.is_owing else page[1:]

    def _reserve_or_serve(
        self, waiter: Allocation, best: Candidate, queue: Queue, pool: CandidatePool, *, is_passed: bool
    ) -> bool:
        """Leave a seat to whom another process serves, or serve him. False as `_serve`."""
        if is_passed:
            pool.reserve(best)
            return True
        return self._serve(waiter, queue, pool)

    def _best(self, waiter: Allocation, pool: CandidatePool) -> Candidate | None:
        now = self.clock()
        return pool.best(wish_of(waiter, now), now)

    def _pages(self, queue: Queue) -> Iterator[list[Allocation]]:
        last: Position | None = None
        known = None if self.own is None else self.own.allocation
        while page := self.allocations.waiting(queue, now=self.clock(), after=last, known=known):
            # Taken now: whoever is served has no place any more.
            last = Position.of(page[-1])
            yield page
            if len(page) < PAGE:
                return

    def _serve(self, waiter: Allocation, queue: Queue, pool: CandidatePool) -> bool:
        """Seek a seat under a lease. False if somebody else was faster to write to the allocation."""
        is_own = self._is_own(waiter)
        if not (is_own and self.own and self.own.is_fresh):
            # Nobody claims without a lease: where none is, there is no seat to be found.
            had_lease = waiter.claiming_until is not None
            if not self.allocations.write(waiter, transitions.lease(self.clock() + LEASE)):
                return False
        else:
            had_lease = False
        if is_own:
            self.own = None
        result = self.seating.find_seat(waiter, cause_id=self.cause_id) if had_lease else Result()
        if not result.seated:
            result |= self.seating.claim_seat(waiter, pool, cause_id=self.cause_id)
        self._note(waiter, result)
        if not result.seated and not result.was_disturbed:
            self.let_wait(waiter)
            if pool.is_reserved(wish_of(waiter, self.clock()), self.clock()):
                self.look_again.add(queue)
        return True

    def _note(self, waiter: Allocation, result: Result) -> None:
        self.freed |= result.freed
        if result.seated:
            self.seated.add(waiter.id)
        if result.was_disturbed:
            self._look_again_for(waiter)

    def _look_again_for(self, waiter: Allocation) -> None:
        self.look_again.update(queues_of(waiter, self.clock()))

    def _leave_a_note(self, passed: Allocation) -> bool:
        """Ask whoever serves this student to look again when he is done. False if nobody serves him any more."""
        return passed.lease_awaited or self.allocations.write(passed, transitions.leave_a_note())

    def _unserved(self, seen: Allocation) -> Change | None:
        if seen.state == AllocationState.MOVING:
            holder = self.capacities.find_candidate(seen.trainer_id or "")
            if holder is not None and holder.active:
                return moving.give_up(seen, self.clock())
        return transitions.end_lease(seen)

    def _is_served_elsewhere(self, waiter: Allocation) -> bool:
        return is_running(waiter.claiming_until, self.clock()) and not self._is_own(waiter)

    def _is_own(self, waiter: Allocation) -> bool:
        return self.own is not None and self.own.is_on(waiter)


def _name_of(allocation: Allocation) -> tuple[str, int, datetime | None]:
    """No two leases of an epoch end at the same moment: the next one begins when the last one is over."""
    return allocation.id, allocation.epoch, allocation.claiming_until


def lease_until(now: datetime) -> datetime:
    """End of a lease that begins now, as it is stored: in whole milliseconds."""
    until = now + LEASE
    return until.replace(microsecond=until.microsecond // 1000 * 1000)


def is_running(claiming_until: datetime | None, now: datetime) -> bool:
    """Tell whether somebody may still seek a seat under a lease that ends then.

    A lease that ends later than any could was written by a host whose clock is wrong: it would hold its student up for
    as long as that clock is ahead. Taking it for over is safe, as every write is conditional.
    """
    return claiming_until is not None and now < claiming_until <= now + 2 * LEASE

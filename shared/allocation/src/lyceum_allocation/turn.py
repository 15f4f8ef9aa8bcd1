"""One process's turn at the waitlist: whom it serves, whom it leaves to others, and when it has to look again."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from lyceum_allocation import moving, transitions
from lyceum_allocation.allocations import PAGE, AllocationRepository, Position, Queue, queues_of
from lyceum_allocation.candidates import CandidatePool, wish_of
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.errand import Errand
from lyceum_allocation.lease import LEASE, Lease, is_running
from lyceum_allocation.models import Allocation
from lyceum_allocation.patience import Patience
from lyceum_allocation.rules import Candidate
from lyceum_allocation.seating import Result, Seating
from lyceum_allocation.states import AllocationState
from lyceum_allocation.transitions import Change
from lyceum_database import Clock


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
    own: Errand | None
    is_owing: bool = False
    seated: set[str] = field(default_factory=set)
    freed: set[str] = field(default_factory=set)
    look_again: set[Queue] = field(default_factory=set)
    _errands: dict[str, Errand] = field(default_factory=dict)
    _neighbours: Callable[[], Iterable[Errand]] = field(default=tuple)

    def __post_init__(self) -> None:
        self.is_owing = self.own is None

    def take(self, queue: Queue, pool: CandidatePool, neighbours: Callable[[], Iterable[Errand]] = tuple) -> None:
        """Serve a queue until nobody is left who fits a free seat, or somebody else sees to the rest.

        Args:
            queue: whom to serve.
            pool: who is free.
            neighbours: gives the errands of threads that wait behind this one: their students are served as its own
                one is. For whom there is no seat in this turn, his own thread looks again.
        """
        self._neighbours = neighbours
        while not self._walk(queue, pool):
            # Somebody was faster at one of these students, or what was recalled does not do: everything is read anew.
            pool.read_again()
        if self.own is not None:
            own, self.own = self.own, None
            self.let_wait(own.lease.allocation, own.cause_id)

    def let_wait(self, waiter: Allocation, cause_id: str | None = None) -> None:
        """End a lease: nobody is free for him. A move is given up then, unless his trainer has left for good."""
        current, lease, queues = waiter, Lease(waiter), queues_of(waiter, self.clock())
        for repeat in self.patience.attempts(f"end the lease on allocation {waiter.id}"):
            if repeat:
                current = self.allocations.get(waiter.id)
            if not lease.is_on(current):
                self.look_again.update(queues)
                return
            was_awaited, change = current.lease_awaited, self._unserved(current)
            if change is None or self.allocations.write(current, change, cause_id=cause_id):
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
        """Serve this turn's own students as long as they stand in front: nobody else's needs have to be known for that.

        Returns:
            Whom to look at then: nobody, if all behind them are being served. None if everything has to be read anew.
        """
        served = 0
        for waiter in page:
            if not self._is_own(waiter) or self._best(waiter, pool) is None:
                break
            if not self._serve(waiter, queue, pool):
                return None
            served += 1
        is_all_served = served and len(page) < PAGE and all(map(self._is_served_elsewhere, page[served:]))
        return [] if is_all_served and not self.is_owing else page[served:]

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
        while page := self.allocations.waiting(queue, now=self.clock(), after=last, known=self._taken_over()):
            # Taken now: whoever is served has no place any more.
            last = Position.of(page[-1])
            # Whoever came while this was read, and is on it.
            self._taken_over()
            yield page
            if len(page) < PAGE:
                return

    def _taken_over(self) -> dict[str, Allocation]:
        """Take over what neighbours have handed over by now; gives the students as their threads know them."""
        own = () if self.own is None else (self.own,)
        self._errands = {one.lease.allocation.id: one for one in (*self._neighbours(), *own) if not one.is_begun}
        return {student: one.lease.allocation for student, one in self._errands.items()}

    def _serve(self, waiter: Allocation, queue: Queue, pool: CandidatePool) -> bool:
        """Seek a seat under a lease. False if everything has to be read anew."""
        errand, had_lease = self._errands.get(waiter.id) if self._is_own(waiter) else None, False
        if errand is None or not errand.lease.is_fresh:
            # Nobody claims without a lease: where none is, there is no seat to be found.
            had_lease = waiter.claiming_until is not None
            if not self.allocations.write(waiter, transitions.lease(self.clock() + LEASE)):
                return False
        cause_id = self.cause_id if errand is None else errand.cause_id
        seek = partial(self._seek, waiter, queue, pool, cause_id=cause_id, had_lease=had_lease)
        return self._run(errand, seek)

    def _run(self, errand: Errand | None, seek: Callable[[], None]) -> bool:
        """Seek a seat, for whomever; what a neighbour's errand fails with is no news of this turn's own student."""
        if errand is None:
            seek()
            return True
        if errand is self.own:
            self.own = None
            errand.run(seek)
            return True
        try:
            errand.run(seek)
        except Exception:  # noqa: BLE001 - kept in the errand: its own thread raises it
            return False
        return True

    def _seek(
        self, waiter: Allocation, queue: Queue, pool: CandidatePool, *, cause_id: str | None, had_lease: bool
    ) -> None:
        result = self.seating.find_seat(waiter, cause_id=cause_id) if had_lease else Result()
        if not result.seated:
            result |= self.seating.claim_seat(waiter, pool, cause_id=cause_id)
        self._note(waiter, result)
        if not result.seated and not result.was_disturbed:
            self.let_wait(waiter, cause_id)
            if pool.is_reserved(wish_of(waiter, self.clock()), self.clock()):
                self.look_again.add(queue)

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
        errand = self._errands.get(waiter.id)
        return errand is not None and not errand.is_begun and errand.lease.is_on(waiter)

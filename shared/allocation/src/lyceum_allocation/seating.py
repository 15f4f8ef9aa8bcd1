"""Steps 2 to 4 of the protocol: find or claim a seat, confirm it, give back what is dead."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lyceum_allocation import transitions
from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.candidates import WEIGHT, CandidatePool, wish_of
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.keys import seat_key, seat_owner
from lyceum_allocation.models import Allocation, TrainerCapacity
from lyceum_allocation.patience import Patience
from lyceum_allocation.states import AllocationState
from lyceum_database import Clock

if TYPE_CHECKING:
    from lyceum_allocation.rules import Candidate

OWNERS_AT_ONCE = 1000
"""Allocations in one read of the reconciler: about a megabyte."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of seeking one seat.

    Attributes:
        seated: the student has it.
        freed: skills of trainers who have a seat more now.
        was_disturbed: somebody wrote to the allocation meanwhile, perhaps because he waits for this to end.
    """

    seated: bool = False
    freed: frozenset[str] = frozenset()
    was_disturbed: bool = False

    def __or__(self, other: "Result") -> "Result":
        return Result(self.seated or other.seated, self.freed | other.freed, self.was_disturbed or other.was_disturbed)


NOBODY = Result()


class Seating:
    """Takes and gives back seats. Every method may be repeated, by anybody, at any time."""

    def __init__(
        self,
        *,
        allocations: AllocationRepository,
        capacities: CapacityRepository,
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._allocations = allocations
        self._capacities = capacities
        self._clock = clock
        self._patience = patience

    def find_seat(self, allocation: Allocation, *, cause_id: str | None) -> Result:
        """Go on from the seat that a predecessor claimed before he died, if there is one."""
        result = NOBODY
        for holder in self._capacities.holders([seat_key(allocation.id, allocation.epoch)]):
            result |= self._confirm(allocation, holder.id, allocation.epoch, cause_id=cause_id)
        return result

    def claim_seat(self, allocation: Allocation, pool: CandidatePool, *, cause_id: str | None) -> Result:
        """Claim the best trainer who is free for this student, if there is one, and confirm."""
        key = seat_key(allocation.id, allocation.epoch)
        refused: Candidate | None = None
        for _ in self._patience.attempts(f"claim for allocation {allocation.id}"):
            if refused is not None:
                pool.refused(refused)
            now = self._clock()
            wish = wish_of(allocation, now)
            chosen = pool.best(wish, now)
            if chosen is None:
                return NOBODY
            decision = pool.explain(chosen, wish, now)
            if self._capacities.claim(chosen, key, weight=WEIGHT):
                pool.claimed(chosen, WEIGHT, now)
                return self._confirm(
                    allocation, chosen.trainer_id, allocation.epoch, cause_id=cause_id, decision=decision
                )
            refused = chosen
        raise AssertionError("attempts() raises Contended, it does not end")  # pragma: no cover

    def settle(self, allocations: Iterable[Allocation], *, cause_id: str | None) -> set[str]:
        """Finish or undo whatever seats anybody left behind for these allocations, at any epoch.

        Returns:
            The skills of the trainers who have a seat more now.
        """
        owners = {allocation.id: allocation for allocation in allocations}
        keys = [seat_key(owner.id, epoch) for owner in owners.values() for epoch in range(1, owner.epoch + 1)]
        return self._judge(self._capacities.holders(keys) if keys else (), owners, cause_id)

    def reconcile(self) -> set[str]:
        """Step 7: judge every seat there is by its allocation, page by page.

        Finds what nobody else looks for: a seat that a process claimed for somebody else's allocation before it died.

        Returns:
            The skills of the trainers who have a seat more now.
        """
        freed: set[str] = set()
        last_id: str | None = None
        while page := self._capacities.with_seats(after_id=last_id):
            last_id = page[-1].id
            freed |= self._judge_seats([(one.id, *seat_owner(seat.k)) for one in page for seat in one.seats])
        return freed

    def reconcile_due(self, *, not_since: datetime, pages: int) -> set[str]:
        """Step 7 in small shares: judge the seats at which no process looked since then, at most so many pages.

        Returns:
            The skills of the trainers who have a seat more now.
        """
        freed: set[str] = set()
        for _ in range(pages):
            page = self._capacities.due_for_judgement(not_since=not_since)
            if not page:
                break
            # First, so that others take other trainers; if this process dies now, they come round once more.
            self._capacities.mark_judged(page)
            freed |= self._judge_seats([(trainer, *seat_owner(key)) for trainer, keys in page.items() for key in keys])
        return freed

    def _judge_seats(self, seats: Sequence[tuple[str, str, int]]) -> set[str]:
        """Judge seats: (trainer, allocation, epoch)."""
        freed: set[str] = set()
        for start in range(0, len(seats), OWNERS_AT_ONCE):
            some = seats[start : start + OWNERS_AT_ONCE]
            # Nearly all seats are as they should be: documents are made of the others only.
            unsettled = self._allocations.not_holding(some)
            keys = [seat_key(owner, epoch) for _, owner, epoch in some if owner in unsettled]
            if keys:
                holders = self._capacities.holders(keys)
                freed |= self._judge(holders, self._allocations.by_id(unsettled), None)
        return freed

    def _judge(
        self, holders: Iterable[TrainerCapacity], owners: Mapping[str, Allocation], cause_id: str | None
    ) -> set[str]:
        """Finish, keep or release each seat of these allocations; tells the skills of who has a seat more."""
        freed: set[str] = set()
        for holder in holders:
            for allocation_id, epoch in map(seat_owner, (seat.k for seat in holder.seats)):
                if allocation_id in owners:
                    freed |= self._keep(owners[allocation_id], holder, epoch, cause_id)
        return freed

    def _keep(
        self, allocation: Allocation, holder: TrainerCapacity, epoch: int, cause_id: str | None
    ) -> frozenset[str]:
        """Confirm, keep or release one seat; tells the skills of who has a seat more."""
        if transitions.seeks(allocation, epoch):
            return self._confirm(allocation, holder.id, epoch, cause_id=cause_id).freed
        return self._give_back_if_dead(allocation, holder.id, epoch, holder) or frozenset()

    def _confirm(
        self,
        allocation: Allocation,
        trainer_id: str,
        epoch: int,
        *,
        cause_id: str | None,
        decision: Mapping[str, Any] | None = None,
    ) -> Result:
        """Tell the student of a seat that exists, or give the seat back if its epoch is over.

        Whoever is moved has his new seat now: only then the old one is given back.
        """
        current, old = allocation, None
        for repeat in self._patience.attempts(f"confirm allocation {allocation.id}"):
            if repeat:
                current = self._allocations.get(allocation.id)
            disturbed = bool(repeat) or current.lease_awaited
            if current.state == AllocationState.MOVING:
                old = current.trainer_id or "", current.seat_epoch or 0
            change = transitions.confirm(current, trainer_id, epoch, self._clock(), decision)
            if change is None or self._allocations.write(current, change, cause_id=cause_id):
                break
        freed = self._give_back_if_dead(current, trainer_id, epoch)
        if freed is not None:
            return Result(freed=freed, was_disturbed=True)
        if change is not None and old is not None:
            freed = self._give_back_if_dead(current, *old)
        return Result(seated=True, freed=freed or frozenset(), was_disturbed=disturbed)

    def _give_back_if_dead(
        self, seen: Allocation, trainer_id: str, epoch: int, holder: TrainerCapacity | None = None
    ) -> frozenset[str] | None:
        """The one place where seats are given back. A seat that is gone already counts as given back.

        `holder` is the trainer as he was read, if he was; somebody who changed him since is noticed by the release.

        Returns:
            The skills of the trainer, or None if the seat is somebody's or may become so.
        """
        if not transitions.is_dead(seen, trainer_id, epoch):
            return None
        key = seat_key(seen.id, epoch)
        for repeat in self._patience.attempts(f"release seat {key}"):
            if repeat or holder is None:
                holder = self._capacities.find(trainer_id)
            if holder is None:
                return frozenset()
            if self._capacities.release(holder, key):
                return frozenset(holder.skills)
        raise AssertionError("attempts() raises Contended, it does not end")  # pragma: no cover

"""Trainers who go on leave, leave for good, or come back, and what becomes of their students."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from lyceum_allocation import moving
from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.errors import Contended, LeaveInterrupted, LeaveRefused
from lyceum_allocation.models import Allocation, TrainerCapacity
from lyceum_allocation.moves import Moves
from lyceum_allocation.patience import Patience
from lyceum_allocation.states import AllocationState, MoveOutcome, MoveReason
from lyceum_allocation.substitutes import Substitutes
from lyceum_allocation.waitlist import Waitlist
from lyceum_database import Clock, DatabaseError

SWEEPER = "sweeper"
"""Who moves a student if nobody is known who sent his trainer on leave."""


class Left(NamedTuple):
    """What became of a trainer's students: how many have another trainer, keep him, or wait for another one."""

    moved: int
    stayed: int
    waiting: int


def _untold(_outcome: MoveOutcome) -> None:
    """Nobody wants to know how far it is."""


class Leaves:
    """The trainer is marked first, so he gets nobody new; then his students are moved, one by one, in order of id.

    A process that dies in between is finished by the next sweep: it finds students of marked trainers. Who has been
    moved is no longer his student, so everything may be repeated.
    """

    def __init__(
        self,
        *,
        allocations: AllocationRepository,
        capacities: CapacityRepository,
        moves: Moves,
        waitlist: Waitlist,
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._allocations = allocations
        self._capacities = capacities
        self._moves = moves
        self._waitlist = waitlist
        self._clock = clock
        self._patience = patience

    def leave(
        self,
        trainer_id: str,
        *,
        until: datetime | None,
        for_good: bool,
        actor: str,
        progress: Callable[[MoveOutcome], None] = _untold,
    ) -> Left:
        """See `AllocationService.leave`."""
        self._check(until, for_good=for_good)
        self._mark(trainer_id, active=not for_good, until=until, actor=actor)
        outcomes: list[MoveOutcome] = []
        try:
            for student in self._students(trainer_id):
                outcomes.append(self._leave(student, trainer_id, actor, for_good=for_good))
                progress(outcomes[-1])
        except (DatabaseError, Contended) as exc:
            raise LeaveInterrupted(
                f"{exc}: trainer {trainer_id} is marked as away and gets nobody new, {len(outcomes)} of his students "
                "were seen to; the sweep of the workers goes on with the others, and so does the same command"
            ) from exc
        return Left(*(outcomes.count(o) for o in (MoveOutcome.MOVED, MoveOutcome.STAYED, MoveOutcome.WAITING)))

    def come_back(self, trainer_id: str, *, actor: str) -> int:
        """See `AllocationService.come_back`."""
        trainer = self._mark(trainer_id, active=True, until=None, actor=actor)
        stayed = sum(self._stay(student) for student in self._students(trainer_id, AllocationState.MOVING))
        self._waitlist.serve(trainer.skills, cause_id=None, org_id=trainer.org_id)
        return stayed

    def finish(self) -> int:
        """Move the students whom nobody moved yet, as far as somebody is free for them; returns how many moved."""
        substitutes = self._waitlist.substitutes()
        return sum(self._finish(trainer, substitutes) for trainer in self._capacities.away(now=self._clock()))

    def _finish(self, trainer: TrainerCapacity, substitutes: Substitutes) -> int:
        actor, moved = trainer.leave_actor or SWEEPER, 0
        for student in self._students(trainer.id, AllocationState.ASSIGNED):
            # Who is back some day keeps his students: no write, and no new epoch, unless it helps one of them.
            if not trainer.active or substitutes.is_one_for(student):
                moved += self._move(student, trainer.id, actor) == MoveOutcome.MOVED
                substitutes.changed_by(student)
        return moved

    def _students(self, trainer_id: str, *states: AllocationState) -> Iterator[Allocation]:
        last_id: str | None = None
        wanted = states or (AllocationState.ASSIGNED, AllocationState.MOVING)
        while page := self._allocations.students_of(trainer_id, states=wanted, after_id=last_id):
            last_id = page[-1].id
            yield from page

    def _leave(self, student: Allocation, trainer_id: str, actor: str, *, for_good: bool) -> MoveOutcome:
        outcome = self._move(student, trainer_id, actor)
        # He waited as his trainer had left for good; now that one comes back.
        is_kept = outcome == MoveOutcome.WAITING and not for_good and self._stay(self._allocations.get(student.id))
        return MoveOutcome.STAYED if is_kept else outcome

    def _move(self, student: Allocation, trainer_id: str, actor: str) -> MoveOutcome:
        return self._moves.move(
            student.id,
            reason=MoveReason.LEAVE,
            actor=actor,
            override=True,
            keeps_out=False,
            from_trainer_id=trainer_id,
            cause_id=None,
        )

    def _stay(self, student: Allocation) -> bool:
        """Give a move up that waits for another trainer. False if the student has one by now."""
        trainer_id = student.trainer_id
        for repeat in self._patience.attempts(f"keep allocation {student.id} with its trainer"):
            current = self._allocations.get(student.id) if repeat else student
            change = moving.give_up(current, self._clock()) if current.trainer_id == trainer_id else None
            if change is None:
                return False
            if self._allocations.write(current, change):
                return True
        raise AssertionError("attempts() raises Contended, it does not end")  # pragma: no cover

    def _mark(self, trainer_id: str, *, active: bool, until: datetime | None, actor: str) -> TrainerCapacity:
        for _ in self._patience.attempts(f"mark trainer {trainer_id}"):
            trainer = self._capacities.get(trainer_id)
            if (trainer.active, trainer.on_leave_until) == (active, until):
                return trainer
            if self._capacities.mark(trainer, active=active, on_leave_until=until, actor=actor):
                return trainer
        raise AssertionError("attempts() raises Contended, it does not end")  # pragma: no cover

    def _check(self, until: datetime | None, *, for_good: bool) -> None:
        if for_good == (until is not None):
            raise LeaveRefused("a leave ends at a moment or is for good: say one of the two")
        if until is not None and until.tzinfo is None:
            raise LeaveRefused(f"{until.isoformat()} has no time zone: say which one is meant")
        if until is not None and until <= self._clock():
            raise LeaveRefused(f"{until.isoformat()} is over: name a moment that is still to come")

"""What would become of a trainer's students if he left: played through on a copy, shown before anything is done."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from lyceum_allocation.allocations import PAGE, AllocationRepository, Position, Queue
from lyceum_allocation.candidates import WEIGHT, wish_of
from lyceum_allocation.models import Allocation
from lyceum_allocation.rules import Candidate, ranked
from lyceum_allocation.states import AllocationState, MoveOutcome
from lyceum_allocation.survey import Survey
from lyceum_database import Clock


@dataclass(frozen=True, slots=True)
class Prospect:
    """A student of a trainer who might leave.

    Attributes:
        outcome: what would become of him if nobody bought, refunded or left meanwhile. Among trainers of equal standing
            one is drawn, so with scarce seats and unlike wishes it may turn out for another student than is shown.
    """

    allocation_id: str
    student_id: str
    course_id: str
    skill: str
    outcome: MoveOutcome


@dataclass(slots=True)
class _Copy:
    """The trainers of a subject as they were read, and the seats that were given in play."""

    teachers: dict[str, Candidate]
    random: Random
    scarcity: bool
    queues: set[Queue] = field(default_factory=set)
    served: set[str] = field(default_factory=set)

    def seat(self, student: Allocation, now: datetime) -> bool:
        """Give a student a seat, as the service would. False if nobody is free for him."""
        wish = wish_of(student, now)
        able = ranked(self.teachers.values(), wish, now=now, random=self.random, scarcity=self.scarcity)
        if not able:
            return False
        self.teachers[able[0].trainer_id] = able[0].with_seat(WEIGHT, now)
        self.served.add(student.id)
        return True

    @property
    def has_seats(self) -> bool:
        """Whether any seat is left at all."""
        return any(teacher.free >= WEIGHT for teacher in self.teachers.values())


class Prospects:
    """Looks ahead, by what is stored now: seats are handed out in the order in which leaving would hand them out."""

    def __init__(
        self, allocations: AllocationRepository, *, clock: Clock, random: Random | None = None, scarcity: bool = False
    ) -> None:
        self._allocations = allocations
        self._clock = clock
        self._random = random or Random()
        self._scarcity = scarcity
        self._survey = Survey()

    def of(self, trainer_id: str, *, for_good: bool) -> Iterator[Prospect]:
        """Yield the students of a trainer, in order of their allocations' ids."""
        copies: dict[tuple[str, str], _Copy] = {}
        for student in self._students(trainer_id):
            subject = (student.org_id, (student.skill or "").partition("|")[0])
            if subject not in copies:
                copies[subject] = self._copy(*subject, without=trainer_id)
            outcome = self._outcome(student, copies[subject], for_good=for_good)
            yield Prospect(student.id, student.student_id, student.course_id, student.skill or "", outcome)

    def _students(self, trainer_id: str) -> Iterator[Allocation]:
        served, last_id = (AllocationState.ASSIGNED, AllocationState.MOVING), None
        while page := self._allocations.students_of(trainer_id, states=served, after_id=last_id):
            last_id = page[-1].id
            yield from page

    def _copy(self, org_id: str, subject: str, *, without: str) -> _Copy:
        teachers = {one.trainer_id: one for one in self._survey.teaching(org_id=org_id, subject=subject)}
        teachers.pop(without, None)
        return _Copy(teachers, self._random, self._scarcity)

    def _outcome(self, student: Allocation, copy: _Copy, *, for_good: bool) -> MoveOutcome:
        now = self._clock()
        self._serve_queue(Queue(student.org_id, student.skill or ""), copy, now)
        if student.id in copy.served or copy.seat(_moving(student, now), now):
            return MoveOutcome.MOVED
        return MoveOutcome.WAITING if for_good else MoveOutcome.STAYED

    def _serve_queue(self, queue: Queue, copy: _Copy, now: datetime) -> None:
        """Serve who waits already: whoever is moved stands behind them."""
        if queue in copy.queues:
            return
        copy.queues.add(queue)
        last: Position | None = None
        while copy.has_seats and (page := self._allocations.waiting(queue, now=now, after=last)):
            last = Position.of(page[-1])
            for waiter in page:
                copy.seat(waiter, now)
            if len(page) < PAGE:
                return


def _moving(student: Allocation, now: datetime) -> Allocation:
    """The student as a move makes him: not on his way back to anybody, and new in the queue."""
    if student.state == AllocationState.MOVING:
        return student
    copy = Allocation(**{name: getattr(student, name) for name in _LOOKED_AT})
    copy.state, copy.waiting_since = AllocationState.MOVING, now
    return copy


_LOOKED_AT = ("id", "org_id", "skill", "second_skill", "wants", "excluded", "trainer_id")

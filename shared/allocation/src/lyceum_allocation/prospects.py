"""Who would have to be moved if a trainer left, and how many others could take each: shown before anything is done."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.candidates import wish_of
from lyceum_allocation.models import Allocation
from lyceum_allocation.rules import Candidate, refusal
from lyceum_allocation.states import AllocationState
from lyceum_allocation.survey import Survey
from lyceum_database import Clock


@dataclass(frozen=True, slots=True)
class Prospect:
    """A student of a trainer who might leave.

    Attributes:
        others: trainers who could take the student this moment. Each is counted for every student whom he could take,
            so if it is small for many, not all of them will find somebody.
    """

    allocation_id: str
    student_id: str
    course_id: str
    skill: str
    others: int


class Prospects:
    """Looks ahead, by what is stored now."""

    def __init__(self, allocations: AllocationRepository, *, clock: Clock) -> None:
        self._allocations = allocations
        self._clock = clock
        self._survey = Survey()

    def of(self, trainer_id: str) -> Iterator[Prospect]:
        """Yield the students of a trainer, in order of their allocations' ids."""
        teachers: dict[tuple[str, str], list[Candidate]] = {}
        for student in self._students(trainer_id):
            subject = (student.org_id, (student.skill or "").partition("|")[0])
            if subject not in teachers:
                teachers[subject] = list(self._survey.teaching(org_id=subject[0], subject=subject[1]))
            others = self._others(student, trainer_id, teachers[subject])
            yield Prospect(student.id, student.student_id, student.course_id, student.skill or "", others)

    def _students(self, trainer_id: str) -> Iterator[Allocation]:
        served, last_id = (AllocationState.ASSIGNED, AllocationState.MOVING), None
        while page := self._allocations.students_of(trainer_id, states=served, after_id=last_id):
            last_id = page[-1].id
            yield from page

    def _others(self, student: Allocation, trainer_id: str, teachers: list[Candidate]) -> int:
        now = self._clock()
        wish = wish_of(student, now)
        wish = replace(wish, excluded=wish.excluded | {trainer_id})
        return sum(refusal(teacher, wish, now) is None for teacher in teachers)

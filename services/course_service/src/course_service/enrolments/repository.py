"""The door to enrolments."""

from course_service.changes import ChangingRepository
from course_service.models import Enrolment
from course_service.states import EnrolmentStatus
from lyceum_allocation import allocation_id
from lyceum_database import Clock, utc_now
from lyceum_database.repository import PAGE


def enrolment_id(org_id: str, student_id: str, course_id: str) -> str:
    """Name the one enrolment of a student in a course; alike to its allocation, which has the same three."""
    return allocation_id(org_id, student_id, course_id)


class EnrolmentRepository(ChangingRepository[Enrolment]):
    """Enrolments, found by whose they are."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Enrolment, clock=clock)

    def of(self, org_id: str, student_id: str, course_id: str) -> Enrolment | None:
        """Return a student's enrolment in a course, also one that gives no access."""
        return self.find(enrolment_id(org_id, student_id, course_id), org_id=org_id)

    def active_of(self, student_id: str, *, org_id: str, after_id: str | None, limit: int = PAGE) -> list[Enrolment]:
        """Return the courses that a student may attend, in order of id."""
        active = EnrolmentStatus.ACTIVE.value
        return self.list_(org_id=org_id, student_id=student_id, status=active, after_id=after_id, limit=limit)

"""The door to doubts."""

from collections.abc import Iterable

from chat_service.models.doubt import Doubt
from chat_service.states import DoubtStatus
from lyceum_database import Clock, Repository, utc_now
from lyceum_database.repository import PAGE

WAITING = (DoubtStatus.OPEN, DoubtStatus.ASSIGNED, DoubtStatus.REOPENED)


class DoubtRepository(Repository[Doubt]):
    """Doubts, found by id, by student, by course, or by the trainer who owes an answer."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Doubt, clock=clock)

    def by_client_id(self, student_id: str, client_id: str) -> Doubt | None:
        """Return what this student asked under this id of his own, or None."""
        return self._first(student_id=student_id, client_id=client_id)

    def owed_by(self, trainer_id: str, *, statuses: Iterable[DoubtStatus] = WAITING, limit: int = PAGE) -> list[Doubt]:
        """Return the trainer's doubts in these states, the most urgent first; those without a due moment lead."""
        wanted = [status.value for status in statuses]
        return self._select(trainer_id=trainer_id, status__in=wanted, order="sla.next_due_at", limit=limit)

    def of_course(self, course_id: str, *, status: DoubtStatus, org_id: str, limit: int = PAGE) -> list[Doubt]:
        """Return the course's doubts in one state, the newest first."""
        return self._select(course_id=course_id, org_id=org_id, status=status.value, order="-created_at", limit=limit)

    def of_student(self, student_id: str, *, limit: int = PAGE) -> list[Doubt]:
        """Return what a student asked, the newest first."""
        return self._select(student_id=student_id, order="-created_at", limit=limit)

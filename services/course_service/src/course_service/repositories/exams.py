"""The door to exams."""

from course_service.models.exam import Exam
from lyceum_database import Clock, Repository, utc_now
from lyceum_database.repository import PAGE


class ExamRepository(Repository[Exam]):
    """Exams, found by id or by course."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Exam, clock=clock)

    def of_course(self, course_id: str, *, org_id: str, after_id: str | None = None, limit: int = PAGE) -> list[Exam]:
        """Return the course's exams, in order of id."""
        return self.list_(course_id=course_id, org_id=org_id, after_id=after_id, limit=limit)

    def of_lesson(self, course_id: str, lesson_id: str, *, org_id: str) -> list[Exam]:
        """Return all exams of one lesson, in order of id."""
        return self._select(order="pk", course_id=course_id, lesson_id=lesson_id, org_id=org_id)
